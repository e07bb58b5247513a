"""How often a page is gone through: each pass costs as much as all that is understood of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pymupdf
import pytest

from index.read.page.devices import listed, rendered
from index.read.page.pages import Area
from index.read.page.pdf import read_pages

_PASSES = ("extractDICT", "extractRAWDICT", "extractWORDS", "extractText")


def _pdf(path: Path, *lines: str) -> Path:
    document = pymupdf.open()
    page = document.new_page(width=400, height=200)
    for number, line in enumerate(lines):
        page.insert_text((40, 40 + 40 * number), line, fontsize=11)
    document.save(path)
    return path


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each of PyMuPDF's ways to get text is taken."""
    taken: Counter[str] = Counter()

    def counted(name: str) -> object:
        own = getattr(pymupdf.TextPage, name)

        def ask(*arguments: object, **named: object) -> object:
            taken[name] += 1
            return own(*arguments, **named)

        return ask

    for name in _PASSES:
        monkeypatch.setattr(pymupdf.TextPage, name, counted(name))
    return taken


def test_a_plain_page_is_asked_once_for_words_and_once_for_type(
    tmp_path: Path, passes: Counter[str]
) -> None:
    path = _pdf(
        tmp_path / "plain.pdf", "Trees keep their leaves in mild winters.", "Others do not."
    )
    pages = read_pages(path, 5)
    assert [line.text for line in pages.pages[0].lines][1] == "Others do not."
    assert passes == {"extractWORDS": 1, "extractDICT": 1}


def test_only_the_line_whose_words_are_cut_is_asked_for_its_letters(
    tmp_path: Path, passes: Counter[str]
) -> None:
    path = _pdf(tmp_path / "glued.pdf", "The leaves stay green.Winters are mild.", "Others fall.")
    words = [word for line in read_pages(path, 5).pages[0].lines for word in line.words]
    green, winters = words[3], words[4]
    assert [word.text for word in (green, winters)] == ["green.", "Winters"]
    assert green.x1 == pytest.approx(winters.x0, abs=0.5)
    assert passes["extractRAWDICT"] == 1


def test_a_page_is_drawn_without_its_text_but_with_its_shapes() -> None:
    document = pymupdf.open()
    page = document.new_page(width=200, height=100)
    page.draw_rect(pymupdf.Rect(110, 20, 150, 60), fill=(0, 0, 0))
    page.insert_text((20, 50), "Leaves", fontsize=20)
    drawing, area = listed(page), Area(0, 0, 200, 100)
    seen, _ = rendered(drawing, area, with_text=True)
    bare, _ = rendered(drawing, area, with_text=False)
    assert seen[:, :100].min() < 50
    assert bare[:, :100].min() == 255
    assert (bare[:, 100:] == seen[:, 100:]).all()
    assert bare[40, 130].max() < 50
