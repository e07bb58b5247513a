"""The place of each figure and table, on pages of known layout and on real papers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from index.config import Settings
from index.embed import Embedder
from index.errors import SourceNotFound
from index.library import Library
from index.paper import Figure, Paper
from index.read import Reader
from index.read.floats.captions import figure_name
from index.read.front.identity import identify
from index.read.page.pdf import read_pages
from index.read.page.pictures import draw_crop
from index.read.understand import understand
from index.sources import find_sources
from index.spans import Box, Word

OPEN = sorted((Path(__file__).parents[3] / "shared" / "papers" / "open").glob("*.pdf"))
TRUTH = Path(__file__).with_name("figures_truth.json")
WORDS = re.findall(
    r"[\w.]+",
    "Sparse trees grow where dense forests once stood and every leaf of them is counted by hand "
    "before the winter storms arrive from northern hills while patient readers compare the totals.",
)
WIDTHS = {  # in points, at 10 pt
    said: pymupdf.get_text_length(said, "tiro", 10) for said in (*WORDS, "counted", " ")
}


# --- pages of known layout ------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A rectangle in points."""

    x0: float
    y0: float
    x1: float
    y1: float


class Sheet:
    """A file of pages in the making: running text, drawings, captions, each where it is told."""

    def __init__(self) -> None:
        self.document = pymupdf.open()
        self.told = 0
        self.add_page()

    def add_page(self) -> None:
        self.page = self.document.new_page(width=612, height=792)

    def prose(self, x0: float, y0: float, x1: float, lines: int) -> float:
        """Full lines of running text, 10 pt; returns the bottom of the last one."""
        y = y0
        for _ in range(lines):
            said: list[str] = []
            left = x1 - x0 - WIDTHS["counted"]
            while left > 0:
                said.append(WORDS[self.told % len(WORDS)])
                left -= WIDTHS[said[-1]] + WIDTHS[" "]
                self.told += 1
            self.page.insert_text((x0, y + 9), " ".join(said), fontname="tiro", fontsize=10)
            y += 12
        return y

    def caption(self, x0: float, y0: float, text: str) -> None:
        self.page.insert_text((x0, y0 + 8), text, fontname="tiro", fontsize=9)

    def plot(self, place: Place) -> None:
        """Axes with a curve and small numbers, all inside ``place``."""
        x0, y0, x1, y1 = place.x0, place.y0, place.x1, place.y1
        axes = pymupdf.Rect(x0 + 14, y0, x1, y1 - 12)
        self.page.draw_rect(axes, color=(0, 0, 0), width=0.5)
        self.page.draw_line((axes.x0, axes.y1), (axes.x1, axes.y0), color=(0.8, 0, 0))
        for step in range(4):
            x = axes.x0 + (axes.width - 14) * step / 3
            self.page.insert_text((x, y1 - 2), f"{step}.5", fontname="helv", fontsize=6)
            y = axes.y0 + 8 + (axes.height - 10) * step / 3
            self.page.insert_text((x0, y), f"{step}", fontname="helv", fontsize=6)

    def picture(self, place: Place) -> None:
        pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 20, 20), False)
        pixels.set_rect(pixels.irect, (30, 120, 200))
        corners = (place.x0, place.y0, place.x1, place.y1)
        self.page.insert_image(corners, pixmap=pixels, keep_proportion=False)

    def table(self, place: Place, rules: bool = True, rows: int = 5) -> None:
        """Rows of a name and four numbers; with rules above, below and under the head."""
        step = (place.y1 - place.y0) / rows
        for row in range(rows):
            y = place.y0 + row * step + 0.75 * step
            for column in range(5):
                x = place.x0 + 4 + (place.x1 - place.x0) * column / 5
                said = "Model" if column == 0 else f"{row}{column}.{column}"
                self.page.insert_text((x, y), said, fontname="tiro", fontsize=9)
        if rules:
            for y in (place.y0, place.y0 + step, place.y1):
                self.page.draw_line((place.x0, y), (place.x1, y), width=0.6)

    def read(self, folder: Path, rotation: int = 0) -> Paper:
        path = self.save(folder, rotation)
        return understand(read_pages(path, 50), identify("paper", "", ""))

    def save(self, folder: Path, rotation: int = 0) -> Path:
        path = folder / "paper.pdf"
        for page in self.document:
            page.set_rotation(rotation)
        self.document.save(path)
        return path


def found(paper: Paper) -> dict[str, Figure]:
    return {figure.label: figure for figure in paper.figures}


def likeness(box: Box | None, place: Place) -> float:
    """Intersection over union; 0 without a box."""
    if box is None:
        return 0.0
    wide = min(box.x1, place.x1) - max(box.x0, place.x0)
    high = min(box.y1, place.y1) - max(box.y0, place.y0)
    both = max(wide, 0.0) * max(high, 0.0)
    one = (box.x1 - box.x0) * (box.y1 - box.y0)
    return both / (one + (place.x1 - place.x0) * (place.y1 - place.y0) - both)


def cuts_prose(paper: Paper, box: Box) -> bool:
    """Whether a word of running text reaches into the box."""
    return any(
        word.box.page == box.page
        and word.box.x0 < box.x1 - 0.5
        and word.box.x1 > box.x0 + 0.5
        and word.box.y0 < box.y1 - 0.5
        and word.box.y1 > box.y0 + 0.5
        for block in paper.blocks
        if block.kind in ("paragraph", "heading", "caption")
        for word in paper.words.within(block.span)
    )


def check(paper: Paper, wanted: dict[str, Place], least: float = 0.85) -> None:
    figures = found(paper)
    assert set(figures) == set(wanted)
    for label, place in wanted.items():
        box = figures[label].box
        assert likeness(box, place) >= least, (label, box)
        assert box is not None
        assert not cuts_prose(paper, box), label


L0, L1, R0, R1 = 54, 297, 315, 558  # the edges of two columns


def two_columns(sheet: Sheet, top: float = 60, lines: int = 55) -> None:
    sheet.prose(L0, top, L1, lines)
    sheet.prose(R0, top, R1, lines)


def test_a_figure_between_paragraphs_of_one_column(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    plot = Place(150, 230, 450, 400)
    sheet.plot(plot)
    sheet.caption(200, 412, "Figure 1: What the trees do over the years.")
    sheet.prose(72, 450, 540, 20)
    check(sheet.read(tmp_path), {"Figure 1": plot})


def test_figures_at_the_head_of_each_column(tmp_path: Path) -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.add_page()
    left, right = Place(L0, 60, L1, 200), Place(R0 + 20, 60, R1 - 20, 260)
    sheet.plot(left)
    sheet.caption(L0, 210, "Figure 1: The left one of the two.")
    sheet.prose(L0, 240, L1, 40)
    sheet.picture(right)
    sheet.caption(R0, 270, "Figure 2: The right one of the two.")
    sheet.prose(R0, 300, R1, 35)
    check(sheet.read(tmp_path), {"Figure 1": left, "Figure 2": right})


def test_a_figure_across_both_columns(tmp_path: Path) -> None:
    sheet = Sheet()
    two_columns(sheet)
    sheet.add_page()
    wide = Place(L0, 60, R1, 220)
    sheet.plot(wide)
    sheet.caption(
        L0, 232, "Figure 1: One that is as wide as the page, with a caption that is as wide as it "
        "and says a lot."
    )  # fmt: skip
    two_columns(sheet, 270, 38)
    check(sheet.read(tmp_path), {"Figure 1": wide})


def test_side_by_side_with_captions_side_by_side(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 10)
    left, right = Place(72, 200, 292, 340), Place(320, 220, 540, 340)
    sheet.plot(left)
    sheet.picture(right)
    sheet.caption(80, 352, "Figure 1: How it was in the first year.")
    sheet.caption(330, 352, "Figure 2: How it was in the second year.")
    sheet.prose(72, 390, 540, 25)
    check(sheet.read(tmp_path), {"Figure 1": left, "Figure 2": right})


def test_a_grid_of_parts_with_labels_is_one_figure(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 10)
    for row in range(2):
        for column in range(3):
            x, y = 72 + 160 * column, 200 + 120 * row
            sheet.picture(Place(x, y, x + 140, y + 90))
            sheet.page.insert_text((x + 40, y + 104), f"({'abcdef'[3 * row + column]}) trees",
                                   fontname="tiro", fontsize=10)  # fmt: skip
    sheet.caption(72, 440, "Figure 1: Six kinds of trees, each seen from the same side.")
    sheet.prose(72, 470, 540, 20)
    check(sheet.read(tmp_path), {"Figure 1": Place(72, 200, 532, 427)})


def test_tables_stand_above_or_below_their_captions(tmp_path: Path) -> None:
    for below in (True, False):
        sheet = Sheet()
        sheet.prose(72, 60, 540, 10)
        places = [Place(120, 230, 480, 310), Place(120, 440, 480, 520)]
        for number, place in enumerate(places, 1):
            sheet.table(place)
            y = place.y0 - 18 if below else place.y1 + 8
            sheet.caption(140, y, f"Table {number}: What was counted in year {number}.")
        sheet.prose(72, 345, 540, 5)
        sheet.prose(72, 560, 540, 12)
        check(sheet.read(tmp_path), {"Table 1": places[0], "Table 2": places[1]})


def test_tables_one_upon_the_other_take_each_their_own(tmp_path: Path) -> None:
    for below in (True, False):
        sheet = Sheet()
        places = [Place(120, 90, 480, 170), Place(120, 220, 480, 300), Place(120, 350, 480, 430)]
        for number, place in enumerate(places, 1):
            sheet.table(place)
            y = place.y0 - 18 if below else place.y1 + 8
            sheet.caption(140, y, f"Table {number}: What was counted in year {number}.")
        sheet.prose(72, 480, 540, 20)
        paper = sheet.read(tmp_path)
        check(paper, {f"Table {n}": place for n, place in enumerate(places, 1)})


def test_a_table_without_rules(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    place = Place(120, 240, 480, 320)
    sheet.caption(140, 222, "Table 1: What was counted in the second year.")
    sheet.table(place, rules=False)
    sheet.prose(72, 350, 540, 25)
    check(sheet.read(tmp_path), {"Table 1": Place(124, 243, 450, 319)}, least=0.75)


def test_a_figure_with_text_around_it(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.prose(72, 204, 340, 16)
    plot = Place(360, 210, 540, 340)
    sheet.plot(plot)
    sheet.caption(360, 350, "Figure 1: Trees over the years.")
    sheet.prose(72, 396, 540, 25)
    check(sheet.read(tmp_path), {"Figure 1": plot})


def test_an_algorithm_stands_between_its_rules(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.page.draw_line((72, 230), (540, 230), width=0.8)
    sheet.page.insert_text((72, 241), "Algorithm 1", fontname="tibo", fontsize=10)
    sheet.page.insert_text((130, 241), "Counting the leaves", fontname="tiro", fontsize=10)
    sheet.page.draw_line((72, 245), (540, 245), width=0.4)
    for row, code in enumerate(["for each tree do", "count its leaves", "end for", "return sum"]):
        x = 90 if row == 1 else 76
        sheet.page.insert_text((x, 256 + 12 * row), code, fontname="tiro", fontsize=10)
    sheet.page.draw_line((72, 297), (540, 297), width=0.8)
    sheet.prose(72, 320, 540, 25)
    check(sheet.read(tmp_path), {"Algorithm 1": Place(72, 245, 540, 297)})


def test_a_caption_without_its_figure_has_no_box(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 40)
    sheet.plot(Place(72, 560, 540, 730))
    sheet.add_page()
    sheet.caption(72, 60, "Figure 1: The plot that ended the page before.")
    sheet.prose(72, 90, 540, 40)
    figure = found(sheet.read(tmp_path))["Figure 1"]
    assert (figure.page, figure.box) == (2, None)


def test_a_figure_on_page_one_over_the_abstract(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.page.insert_text((150, 80), "How Trees Are Counted", fontname="tibo", fontsize=18)
    sheet.page.insert_text((240, 110), "Ada Lovelace", fontname="tiro", fontsize=11)
    wide = Place(72, 140, 540, 260)
    sheet.picture(wide)
    sheet.caption(72, 270, "Figure 1: Every tree of the forest, seen from above at noon.")
    sheet.page.insert_text((72, 310), "Abstract", fontname="tibo", fontsize=12)
    sheet.prose(72, 320, 540, 8)
    sheet.page.insert_text((72, 440), "1 Introduction", fontname="tibo", fontsize=12)
    sheet.prose(72, 450, 540, 20)
    paper = sheet.read(tmp_path)
    check(paper, {"Figure 1": wide})
    assert paper.title == "How Trees Are Counted"
    assert paper.authors == ("Ada Lovelace",)
    assert paper.abstract is not None


def test_what_is_clipped_away_or_white_is_not_there(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.page.draw_rect(pymupdf.Rect(40, 215, 580, 395), color=None, fill=(1, 1, 1))
    sheet.caption(200, 412, "Figure 1: The middle of a picture.")
    sheet.prose(72, 450, 540, 20)
    # A picture over most of the page, of which a window shows.
    sheet.picture(Place(20, 20, 600, 700))
    stream = sheet.document.get_new_xref()
    sheet.document.update_object(stream, "<<>>")
    contents = sheet.page.get_contents()
    drawing = sheet.document.xref_stream(contents[-1])
    window = b"q 150 402 300 160 re W n " + drawing + b" Q"  # from the page's foot: y 230 to 390
    sheet.document.update_stream(contents[-1], window)
    check(sheet.read(tmp_path), {"Figure 1": Place(150, 230, 450, 390)})


def test_a_sentence_that_begins_with_a_name_is_no_caption(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.caption(72, 208, "Figure 1 shows how many trees there are in each of the forests today.")
    sheet.prose(72, 240, 540, 5)
    plot = Place(150, 320, 450, 480)
    sheet.plot(plot)
    sheet.caption(200, 492, "Figure 1: What the trees do over the years.")
    sheet.prose(72, 530, 540, 15)
    paper = sheet.read(tmp_path)
    check(paper, {"Figure 1": plot})
    assert found(paper)["Figure 1"].caption.of(paper.text).startswith("Figure 1: What")


@pytest.mark.parametrize(
    ("caption", "label", "kind", "stem"),
    [
        ("Figure 1: Trees.", "Figure 1", "figure", "figure-1"),
        ("Fig. 2. Trees.", "Fig. 2", "figure", "figure-2"),
        ("TABLE II Trees", "TABLE II", "table", "table-ii"),
        ("Figure S1: Trees.", "Figure S1", "figure", "figure-s1"),
        ("Figure A.1. Trees.", "Figure A.1", "figure", "figure-a.1"),
        ("Supplementary Figure 3: Trees.", "Supplementary Figure 3", "figure",
         "supplementary-figure-3"),
        ("Extended Data Fig. 1 | Trees.", "Extended Data Fig. 1", "figure",
         "extended-data-figure-1"),
        ("Algorithm 4 Trees", "Algorithm 4", "algorithm", "algorithm-4"),
        ("Scheme 1. Trees", "Scheme 1", "scheme", "scheme-1"),
        ("Listing 3: Trees", "Listing 3", "listing", "listing-3"),
    ],
)  # fmt: skip
def test_names(caption: str, label: str, kind: str, stem: str) -> None:
    name = figure_name(caption)
    assert name is not None
    assert (name.label, name.kind, name.stem) == (label, kind, stem)


@pytest.mark.parametrize(
    "text", ["Boxes 3 to 5", "figures 3 and 4", "Table is set", "The Figure 1"]
)
def test_no_names(text: str) -> None:
    assert figure_name(text) is None


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_crop_is_upright_as_the_page_is_seen(tmp_path: Path, rotation: int) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    place = Place(100, 230, 500, 330)
    sheet.picture(place)
    sheet.page.draw_rect(pymupdf.Rect(100, 230, 150, 280), color=None, fill=(1, 0, 0))
    sheet.caption(200, 345, "Figure 1: A picture with a red corner.")
    sheet.prose(72, 380, 540, 20)
    path = sheet.save(tmp_path, rotation)
    paper = understand(read_pages(path, 50), identify("paper", "", ""))
    box = found(paper)["Figure 1"].box
    assert likeness(box, place) > 0.9
    assert box is not None
    image = Image.open(io.BytesIO(draw_crop(path, box, 2.0))).convert("RGB")
    wide, high = round(2 * (box.x1 - box.x0)), round(2 * (box.y1 - box.y0))
    seen = (wide, high) if rotation in (0, 180) else (high, wide)
    assert abs(image.width - seen[0]) <= 3
    assert abs(image.height - seen[1]) <= 3
    corners = {0: (0.1, 0.2), 90: (0.8, 0.1), 180: (0.9, 0.8), 270: (0.2, 0.9)}
    x, y = corners[rotation]
    red, _, blue = image.getpixel((int(x * image.width), int(y * image.height)))
    assert red > 200 > 100 > blue


def test_a_crop_is_never_larger_than_four_million_pixels(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    path = sheet.save(tmp_path)
    image = Image.open(io.BytesIO(draw_crop(path, Box(1, 0, 0, 612, 792), 50.0)))
    assert 3_800_000 < image.width * image.height < 4_050_000


def test_the_reader_draws_in_its_worker(tmp_path: Path, started_reader: Reader) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    path = sheet.save(tmp_path)
    picture = started_reader.render_figure(path, Box(1, 72, 60, 540, 90), 2.0)
    assert Image.open(io.BytesIO(picture)).size == (936, 60)
    with pytest.raises(SourceNotFound, match="page 7 cannot be drawn"):
        started_reader.render_figure(path, Box(7, 0, 0, 10, 10), 2.0)


def test_a_page_of_very_many_drawings_is_read_in_time(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.caption(72, 700, "Figure 1: A cloud of points.")
    points = b"\n".join(
        b"%d %d 1 1 re f" % (80 + n * 37 % 450, 120 + n * 91 % 400) for n in range(60_000)
    )
    xref = sheet.document.get_new_xref()
    sheet.document.update_object(xref, "<<>>")
    sheet.document.update_stream(xref, points)
    contents = [*sheet.page.get_contents(), xref]
    sheet.document.xref_set_key(
        sheet.page.xref, "Contents", "[" + " ".join(f"{one} 0 R" for one in contents) + "]"
    )
    check(sheet.read(tmp_path), {"Figure 1": Place(80, 272, 531, 672)})


# --- real papers ----------------------------------------------------------------------------------


@pytest.mark.skipif(not OPEN, reason="../shared is not here")
def test_the_places_of_real_figures(published_paper: Callable[[Path], Paper]) -> None:
    """The truth was read off the pages by hand: boxes without captions, in points."""
    truth = json.loads(TRUTH.read_text(encoding="utf-8"))
    assert sum(len(one["figures"]) for one in truth) == 38
    missed: list[str] = []
    for one in truth:
        path = TRUTH.parent / one["pdf"]
        paper = published_paper(path)
        figures = found(paper)
        assert set(figures) == {wanted["label"] for wanted in one["figures"]}
        for wanted in one["figures"]:
            figure = figures[wanted["label"]]
            close = likeness(figure.box, Place(*wanted["box"])) >= 0.7
            if not close or figure.page != wanted["page"]:
                missed.append(f"{path.name} {wanted['label']}: {figure.box}")
    assert missed == []


@pytest.mark.skipif(not OPEN, reason="../shared is not here")
@pytest.mark.parametrize("path", OPEN, ids=lambda path: path.stem)
def test_boxes_of_real_papers_are_apart_and_cut_no_text(
    published_paper: Callable[[Path], Paper], path: Path
) -> None:
    paper = published_paper(path)
    assert paper.figures
    boxes = [(one.label, one.box) for one in paper.figures if one.box is not None]
    assert len(boxes) == len(paper.figures)
    for number, (label, box) in enumerate(boxes):
        for other_label, other in boxes[number + 1 :]:
            if other.page == box.page:
                place = Place(other.x0, other.y0, other.x1, other.y1)
                assert likeness(box, place) < 0.02, (label, other_label)
        assert not [word for word in body_words(paper) if _middle_in(word.box, box)], label


def body_words(paper: Paper) -> list[Word]:
    """The words of captions, headings and running text."""
    kinds = ("heading", "caption", "run-in", "paragraph", "reference")
    spans = [block.span for block in paper.blocks if block.kind in kinds]
    return [word for span in spans for word in paper.words.within(span)]


def _middle_in(word: Box, box: Box) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return word.page == box.page and box.x0 < x < box.x1 and box.y0 < y < box.y1


def test_a_library_gives_a_figure_by_its_name(
    tmp_path: Path, fake_embedder: Embedder, started_reader: Reader
) -> None:
    sheet = Sheet()
    sheet.prose(72, 60, 540, 12)
    sheet.picture(Place(150, 230, 450, 400))
    sheet.caption(200, 412, "Fig. 1: What the trees do over the years.")
    sheet.prose(72, 450, 540, 20)
    sheet.add_page()
    sheet.caption(72, 60, "Table 1: What was on the page before.")
    sheet.prose(72, 90, 540, 40)
    path = sheet.save(tmp_path)
    settings = Settings(library=tmp_path / "library")
    with Library.open(settings, embedder=fake_embedder, reader=started_reader) as library:
        paper_id = library.add(find_sources([str(path)]).found[0]).paper_id
        for label in ("Fig. 1", "figure 1", "1"):
            image = Image.open(io.BytesIO(library.figure_image(paper_id, label, 2.0)))
            assert abs(image.width - 608) <= 2
        with pytest.raises(SourceNotFound, match="Table 1 was not found on its page"):
            library.figure_image(paper_id, "Table 1")
        with pytest.raises(SourceNotFound, match=r"has no Figure 7; its figures: Fig\. 1, Table 1"):
            library.figure_image(paper_id, "Figure 7")
