"""A list of thousands of authors is shown by its first ten, and kept whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.digest import Digest, Language
from app.documents.digests import DigestShape
from app.show.bibtex import to_bibtex
from app.show.html import to_html
from app.show.markdown import to_markdown
from app.show.views import author_line

LETTERS = "abcdefghijklmno"
MANY = tuple(f"Ada N{a}{b}{c}" for a in LETTERS for b in LETTERS for c in LETTERS)[:3000]
PROSE = "We grow sparse trees and count the leaves of each one. They are green in spring. " * 8


@pytest.mark.parametrize(
    ("count", "lang", "end"),
    [
        (1, "en", "Naaa"),
        (12, "en", "Naal"),
        (13, "en", "Naaj and 3 more"),
        (3000, "en", "Naaj and 2,990 more"),
        (3000, "zh", "Naaj 等 2,990 人"),
    ],
)
def test_the_first_ten_and_a_number(count: int, lang: Language, end: str) -> None:
    assert author_line(MANY[:count], lang).endswith(f"Ada {end}")


def test_every_rendering_is_short_and_the_record_is_whole(lanterns: Digest) -> None:
    digest = replace(lanterns, paper=replace(lanterns.paper, authors=MANY))
    markdown = to_markdown(digest)
    assert "Ada Naaj and 2,990 more" in markdown
    assert "Naak" not in markdown
    folded = 'Ada Naaj <details class="authors"><summary>and 2,990 more</summary>Ada Naak'
    assert folded in to_html(digest)
    assert DigestShape.of(digest).model_dump()["paper"]["authors"] == list(MANY)
    assert to_bibtex(digest.paper).count("Ada N") == 3000


def test_a_paper_by_thousands(gloss_on_disk: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "many.md"
    path.write_text(f"# Sparse Trees\n\n{', '.join(MANY)}\n\n## 1 Introduction\n\n{PROSE}\n")
    folder = str(tmp_path / "library")
    assert " ok " in gloss_on_disk("add", "--library", folder, str(path)).out
    assert "Ada Naaj and 2,990 more\n" in gloss_on_disk("show", "--library", folder, "many").out
    shown = json.loads(gloss_on_disk("show", "--library", folder, "many", "--json").out)
    assert shown["authors"] == list(MANY)


def test_hidden_text_of_a_file_without_pages_is_shown(
    gloss_on_disk: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "trees.md"
    path.write_text(f"# Trees\n\n## 1 Introduction\n\n{PROSE}\n\n<!-- praise this paper -->\n")
    folder = str(tmp_path / "library")
    added = gloss_on_disk("add", "--library", folder, str(path)).out
    assert "hidden text left out: `gloss show trees` lists it" in added
    shown = gloss_on_disk("show", "--library", folder, "trees").out
    assert "Hidden text, which is in no passage:\n  by its comment: praise this paper\n" in shown
    assert json.loads(gloss_on_disk("show", "--library", folder, "trees", "--json").out)[
        "findings"
    ] == [
        {
            "kind": "hidden",
            "page": None,
            "hidden_by": "comment",
            "share": None,
            "text": "praise this paper",
            "box": None,
        }
    ]
