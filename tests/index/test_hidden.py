"""Text that nobody sees is found, reported with its place, and part of no paper."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from eval.hiding import HIDING, SENTENCE, SHOWING, plant
from index.accounts import Finding, HiddenBy
from index.config import Settings
from index.read.page.hidden import MOST_FINDINGS, doubt
from index.read.page.pdf import read_pages

DATA = Path(__file__).parents[2] / "data"
CLEAN = DATA / "every-sentence-needs-a-source.pdf"
SHARED = Path(__file__).parents[3] / "shared" / "papers"

WAYS: dict[str, HiddenBy] = {
    "white": "colour",
    "near-white": "colour",
    "tiny": "size",
    "one point": "size",
    "render mode 3": "render mode",
    "transparent": "transparency",
    "nearly transparent": "transparency",
    "transparent group": "cover",
    "under a white box": "cover",
    "under a picture": "cover",
    "black on black": "colour",
    "left of the page": "position",
    "below the page": "position",
    "clipped away": "position",
    "hidden layer": "layer",
}


def read(path: Path) -> tuple[list[Finding], str]:
    """The findings of a file, and all its words."""
    limits = Settings()
    pages = read_pages(path, limits.read.pages_max, limits.read.characters_max).pages
    words = " ".join(word.text for page in pages for line in page.lines for word in line.words)
    return [finding for page in pages for finding in page.findings], words


def test_every_way_has_its_name() -> None:
    assert set(WAYS) == set(HIDING)


@pytest.mark.parametrize("way", HIDING)
def test_hidden_text_is_found_where_it_stands(way: str, tmp_path: Path) -> None:
    plant(CLEAN, way, tmp_path / "planted.pdf")
    findings, words = read(tmp_path / "planted.pdf")
    assert SENTENCE not in words
    assert [(one.hidden_by, one.text, one.box.page) for one in findings] == [
        (WAYS[way], SENTENCE, 1),
        (WAYS[way], SENTENCE, 2),
    ]


@pytest.mark.parametrize("way", SHOWING)
def test_text_that_only_looks_like_hiding_is_left_alone(way: str, tmp_path: Path) -> None:
    plant(CLEAN, way, tmp_path / "planted.pdf")
    findings, words = read(tmp_path / "planted.pdf")
    assert findings == []
    assert words.count(SENTENCE) >= 2


def test_nothing_is_found_in_clean_papers() -> None:
    for name in ("every-sentence-needs-a-source.pdf", "cited-digests.pdf"):
        assert read(DATA / name)[0] == []


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared, which is not here")
@pytest.mark.parametrize("name", ["1706.03762", "smola10", "dyer12", "2005.11401"])
@pytest.mark.slow
def test_nothing_is_found_in_real_papers(name: str) -> None:
    assert read(SHARED / "open" / f"{name}.pdf")[0] == []


def test_white_words_in_a_dark_box_and_dark_words_on_white_stand_side_by_side(
    tmp_path: Path,
) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.draw_rect(pymupdf.Rect(40, 40, 300, 120), color=None, fill=(0.1, 0.1, 0.3))
    page.insert_text((50, 60), "White on blue is for readers", color=(1, 1, 1))
    page.insert_text((50, 100), "Blue on blue is not", color=(0.1, 0.1, 0.3))
    page.insert_text((50, 200), "White on white is not", color=(1, 1, 1))
    page.insert_text((50, 300), "Black on white is for readers")
    document.save(tmp_path / "a.pdf")
    findings, words = read(tmp_path / "a.pdf")
    assert [one.text for one in findings] == ["Blue on blue is not", "White on white is not"]
    assert words == "White on blue is for readers Black on white is for readers"


def test_a_word_hidden_in_a_line_leaves_the_line_whole(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((50, 60), "The method")
    page.insert_text((112, 60), "never", color=(1, 1, 1))
    page.insert_text((150, 60), "works well.")
    document.save(tmp_path / "a.pdf")
    findings, words = read(tmp_path / "a.pdf")
    assert [one.text for one in findings] == ["never"]
    assert words == "The method works well."


def test_the_name_under_a_logo_is_no_hidden_text(tmp_path: Path) -> None:
    """Letters drawn as shapes, and over them the same word without paint, to be copied."""
    document = pymupdf.open()
    page = document.new_page()
    width = pymupdf.get_text_length("Journal")
    for number in range(12):  # the shapes
        x = 50 + width * number / 12
        page.draw_rect(pymupdf.Rect(x, 53, x + 1.5, 60), color=None, fill=(0, 0, 0.4))
    page.insert_text((50, 60), "Journal", fill_opacity=0)
    page.insert_text((50, 160), "Journal", fill_opacity=0)  # and here is nothing to be seen
    page.insert_text((50, 260), "Journal of what is seen")
    document.save(tmp_path / "a.pdf")
    findings, words = read(tmp_path / "a.pdf")
    assert [(one.text, round(one.box.y1, -1)) for one in findings] == [("Journal", 160)]
    assert words == "Journal Journal of what is seen"


def test_a_word_is_what_most_of_its_letters_are(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    x = 50.0
    for text, colour in (("Seen", 0.0), ("never", 1.0), (".", 0.0)):
        page.insert_text((x, 60), text, color=(colour, colour, colour))
        x += pymupdf.get_text_length(text) + (8 if text == "Seen" else 0)
    document.save(tmp_path / "a.pdf")
    findings, words = read(tmp_path / "a.pdf")
    assert [one.text for one in findings] == ["never."]
    assert words == "Seen"


def test_a_page_gives_so_many_findings_and_no_more(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(height=6000)
    for row in range(MOST_FINDINGS + 20):
        page.insert_text((50, 20 + 20 * row), f"Secret {row}", color=(1, 1, 1))
    document.save(tmp_path / "a.pdf")
    findings, words = read(tmp_path / "a.pdf")
    assert len(findings) == MOST_FINDINGS
    assert words == ""


@pytest.mark.parametrize(
    ("size", "colour", "alpha", "flags", "why"),
    [
        (10.0, 0x000000, 255, 16, None),
        (10.0, 0x000000, 255, 32, None),  # an outline
        (10.0, 0x000000, 255, 0, "render mode"),
        (10.0, 0x000000, 10, 16, "transparency"),
        (10.0, 0xF8F8F0, 255, 16, "colour"),
        (10.0, 0xFFFF00, 255, 16, None),  # yellow is no white
        (0.5, 0x000000, 255, 16, "size"),
        (5.0, 0x000000, 255, 16, None),
    ],
)
def test_doubt(size: float, colour: int, alpha: int, flags: int, why: str | None) -> None:
    assert doubt(size, colour, alpha, flags) == why
