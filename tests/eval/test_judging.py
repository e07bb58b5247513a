"""What a person judges, saved and read back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.digest import Citation, Claim, Digest, DigestSection, Header, Support
from eval.corpus import DataUnusable
from eval.judging import FORM, Judgement, agreement, drawn, page, read_judgements, sentences_of
from index.spans import Box, Span

HEADER = Header("2401.00001", 1, "Lanterns", (), None, (), "pdf", None)


def digest() -> Digest:
    def claim(text: str) -> Claim:
        citation = Citation("p#x.1", f"{text} quoted", Span(0, 3), (Box(2, 0, 0, 1, 1),))
        return Claim(text, "compressed", (citation,), Support(0.7, "supported", ()))

    sections = (
        DigestSection("summary", (claim("One <b>bold</b> claim."), claim("Two."))),
        DigestSection("links", (claim("https://a.org"),)),
        DigestSection("limits", ()),
    )
    return Digest(HEADER, "en", "local", sections)


def said(*answers: str) -> list[Judgement]:
    """Judgements from "su" (the checker: supported, the person: unsupported) and the like."""
    checker = {"s": "supported", "u": "unsupported"}
    person = {"s": "yes", "u": "no", "?": "unclear", "-": ""}
    return [
        Judgement(str(at), checker[one[0]], person[one[1]], "yes" if at else "no")  # type: ignore[arg-type]
        for at, one in enumerate(answers)
    ]


def test_sentences_are_drawn_by_seed_and_fields_are_not() -> None:
    sentences = sentences_of([digest()])
    assert [one.id for one in sentences] == ["2401.00001/en/summary.1", "2401.00001/en/summary.2"]
    assert sentences[0].places == ("p#x.1, page 2",)
    many = sentences * 20
    assert drawn(many, 5) == drawn(many, 5)
    assert drawn(many, 5) != drawn(many, 5, seed=6)
    assert drawn(sentences, 5) == sentences


def test_the_page_has_everything_and_asks_nobody() -> None:
    shown = page(sentences_of([digest()]), "local")
    assert "One &lt;b&gt;bold&lt;/b&gt; claim." in shown
    assert "One &lt;b&gt;bold&lt;/b&gt; claim. quoted" in shown
    assert "score 0.70" in shown
    assert shown.count('data-of="supported"') == 2 * 3
    names = re.findall(r'type="radio" name="([^"]+)"', shown)
    assert len(set(names)) == 4  # two questions on each of two sentences
    assert not re.search(r"https?://|src=|<link", shown)


def test_what_the_page_saves_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "judgements.json"
    one = {"id": "a", "verdict": "supported", "supported": "yes", "readable": ""}
    path.write_text(json.dumps({"form": FORM, "judgements": [one]}), encoding="utf-8")
    assert read_judgements(path) == [Judgement("a", "supported", "yes", "")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "was not saved by the page"),
        (json.dumps({"form": FORM}), "has no judgements"),
        (json.dumps({"form": FORM, "judgements": [{"id": "a"}]}), "judgement 1 lacks"),
        (
            json.dumps(
                {
                    "form": FORM,
                    "judgements": [
                        {"id": "a", "verdict": "supported", "supported": "maybe", "readable": ""}
                    ],
                }
            ),
            "judgement 1 lacks",
        ),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "judgements.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataUnusable, match=why):
        read_judgements(path)


def test_agreement_leaves_out_what_is_unclear() -> None:
    found = agreement(said("ss", "ss", "su", "uu", "u?", "s-"))
    assert (found.judged, found.supported, found.unsupported, found.unclear) == (5, 2, 2, 1)
    assert found.agreement == 0.75
    # By chance: 3/4 * 2/4 + 1/4 * 2/4 = 1/2.
    assert found.kappa == 0.5
    assert found.disagreed == ("2",)
    assert found.readable == pytest.approx(5 / 6, abs=1e-4)


def test_who_always_says_the_same_has_no_kappa() -> None:
    assert agreement(said("ss", "su")).kappa is None
    assert agreement([]).agreement is None
