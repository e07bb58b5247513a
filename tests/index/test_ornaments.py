"""Marks that are no part of a sentence, and sentences with signs that cannot be read."""

from __future__ import annotations

import pytest

from index.read.text.ornaments import is_readable, without_ornaments
from index.spans import Span


def _left(said: str) -> str | None:
    one = without_ornaments(f"ab {said}", Span(3, 3 + len(said)))
    return None if one is None else one.of(f"ab {said}")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("\ufffdWhat is the share of trials?", "What is the share of trials?"),
        ("\ufffd What is the share?", "What is the share?"),
        ("\uf0b7 We propose a model.", "We propose a model."),
        ("\uf0b7we propose a model.", "\uf0b7we propose a model."),  # a letter may be missing
        ("\ufffdfficient methods are few.", "\ufffdfficient methods are few."),
        ("\uf0b7 we propose a model.", "we propose a model."),
        ("• We propose a model.", "We propose a model."),
        ("•We propose a model.", "We propose a model."),
        ("❖ “Quoted” words.", "“Quoted” words."),
        ("□ An open box.", "An open box."),
        ("□p holds where p holds.", "□p holds where p holds."),
        ("■, control; □, treated.", "■, control; □, treated."),
        ("This completes the proof. ■", "This completes the proof."),
        ("This completes the proof. \ufffd", "This completes the proof."),
        ("the value is \ufffd", "the value is \ufffd"),
        ("\uf06e\uf06e", None),
        ("■" * 60 + ", controls", "■" * 60 + ", controls"),  # in one pass, however many
        (f"It ends. {'■ ' * 60}- no", f"It ends. {'■ ' * 60}- no"),
        ("■ ■", None),
        ("∗ We share first authorship.", "∗ We share first authorship."),
        ("Plain words.", "Plain words."),
    ],
)
def test_ornaments_are_no_part_of_a_sentence(said: str, left: str | None) -> None:
    assert _left(said) == left


@pytest.mark.parametrize(
    ("said", "readable"),
    [("r.id \uf8ff i.", False), ("a \ufffd b", False), ("\U000f0001", False), ("é ≤ “b”", True)],
)
def test_a_sign_without_a_letter_is_not_readable(said: str, readable: bool) -> None:
    assert is_readable(said, Span(0, len(said))) is readable
