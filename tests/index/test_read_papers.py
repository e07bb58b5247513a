"""Real papers: every span fits, every box holds its words, and the structure is what people see."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from index.paper import Paper, Section
from index.read.page.letters import may_sign
from index.spans import Span

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
SAMPLES = sorted((ROOT / "data").glob("*.pdf"))
OPEN = sorted((SHARED / "papers" / "open").glob("*.pdf"))
MARKDOWN = [
    *sorted((ROOT / "data").glob("choosing*.md")),
    *sorted((SHARED / "seed").glob("24*.md")),
]
TRUTH_FILE = SHARED / "papers" / "truth" / "structure.json"
TRUTH = json.loads(TRUTH_FILE.read_text("utf-8")) if TRUTH_FILE.exists() else []
shared = pytest.mark.skipif(not OPEN, reason="../shared is not here")

# Accents that are drawn as a glyph of their own, and the dotless i below them.
ACCENTS = str.maketrans("ı", "i", "´`¨ˆ˜¸ˇ˘˙˚˝¯")


def letters(text: str) -> str:
    """Letters and digits without accents."""
    plain = unicodedata.normalize("NFKD", text.translate(ACCENTS))
    return "".join(c for c in plain if c.isalnum()).lower()


def every_span(paper: Paper) -> list[Span]:
    """The spans of all nouns of a paper."""
    nouns: list[Any] = [*paper.sections, *paper.blocks, *paper.sentences, *paper.words]
    single = [paper.abstract] if paper.abstract else []
    return [
        *(noun.span for noun in nouns), *(figure.caption for figure in paper.figures),
        *paper.affiliations, *paper.keywords, *paper.links, *single,
    ]  # fmt: skip


def names(path: Path) -> str:
    return path.stem


# Published papers of the default run: two columns of authors, numbers of affiliations, tables. What
# is peculiar to the others has a page of its own in the tests of layouts.
KEPT = {"0807.3577", "1706.03762"}


def kept(cases: Iterable[Any], name_of: Callable[[Any], str]) -> list[Any]:
    """Those of these papers as they are, and the others as slow ones."""
    return [
        case
        if name_of(case) in KEPT
        else pytest.param(*(case if type(case) is tuple else (case,)), marks=pytest.mark.slow)
        for case in cases
    ]


def check_every_span_is_inside_the_text_and_holds_something(paper: Paper) -> None:
    for span in every_span(paper):
        assert span.end <= len(paper.text)
    for span in [*paper.affiliations, *paper.keywords, *paper.links]:
        assert span.of(paper.text).strip() == span.of(paper.text) != ""


def check_sections_cover_the_text_side_by_side(paper: Paper) -> None:
    assert paper.sections[0].span.start == 0
    assert paper.sections[-1].span.end == len(paper.text)
    for before, after in pairwise(paper.sections):
        assert before.span.end == after.span.start


def check_blocks_and_sentences_are_in_order_and_apart(paper: Paper) -> None:
    for spans in (
        [block.span for block in paper.blocks],
        [sentence.span for sentence in paper.sentences],
    ):
        assert all(before.end <= after.start for before, after in pairwise(spans))


def check_a_sentence_lies_in_one_block_of_its_kind_and_in_one_section(paper: Paper) -> None:
    blocks = iter(paper.blocks)
    block = next(blocks)
    for sentence in paper.sentences:
        while not block.span.contains(sentence.span):
            block = next(blocks)
        assert block.kind == sentence.kind
        section: Section = paper.section_at(sentence.span.start)
        assert section.span.contains(sentence.span)


def check_links_are_whole_and_single(paper: Paper) -> None:
    for link in paper.links:
        address = link.of(paper.text)
        assert address.count("://") <= 1
        assert not re.search(r"\s", address)


SHAPES = (
    check_every_span_is_inside_the_text_and_holds_something,
    check_sections_cover_the_text_side_by_side,
    check_blocks_and_sentences_are_in_order_and_apart,
    check_a_sentence_lies_in_one_block_of_its_kind_and_in_one_section,
    check_links_are_whole_and_single,
)


@pytest.mark.parametrize("path", [*SAMPLES, *kept(OPEN, names), *MARKDOWN], ids=names)
def test_the_parts_of_every_paper_fit(
    paper_of: Callable[[Path], Paper], path: Path, subtests: pytest.Subtests
) -> None:
    for check in SHAPES:
        with subtests.test(check.__name__):
            check(paper_of(path))


def drawn_words(page: Any) -> list[tuple[float, float, str]]:
    """Middle and text of the words on a page; what has no code in its font is left out."""
    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    words = page.get_text("words", flags=flags)
    return [((x0 + x1) / 2, (y0 + y1) / 2, text) for x0, y0, x1, y1, text, *_ in words]


@cache
def drawn(path: Path) -> dict[int, list[tuple[float, float, str]]]:
    document: Any = pymupdf.open(path)
    with document:
        return {number: drawn_words(page) for number, page in enumerate(document, 1)}


@cache
def signs(path: Path) -> dict[int, list[tuple[float, float]]]:
    """By page the middles of characters whose font has signs for letters."""
    opened: Any = pymupdf.open
    with opened(path) as document:
        return {
            number: [
                ((one["bbox"][0] + one["bbox"][2]) / 2, (one["bbox"][1] + one["bbox"][3]) / 2)
                for block in page.get_text("rawdict", flags=0)["blocks"]
                for line in block["lines"]
                for span in line["spans"]
                if may_sign(span["font"])
                for one in span["chars"]
            ]
            for number, page in enumerate(document, 1)
        }


@cache
def box_misses(path: Path, paper_of: Callable[[Path], Paper]) -> tuple[str, ...]:
    """The sentences whose boxes hold other words on the page than their own."""
    paper = paper_of(path)
    misses = []
    for sentence in paper.sentences:
        boxes = paper.boxes(sentence.span)
        held: Counter[str] = Counter()
        for page in {box.page for box in boxes}:
            here = [box for box in boxes if box.page == page]
            for x, y, text in drawn(path)[page]:
                if any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in here):
                    held.update(letters(text))
        if held != Counter(letters(sentence.span.of(paper.text))):
            misses.append(sentence.span.of(paper.text))
    return tuple(misses)


@pytest.mark.parametrize("path", SAMPLES, ids=names)
def test_in_our_samples_every_box_holds_exactly_its_sentence(
    paper_of: Callable[[Path], Paper], path: Path
) -> None:
    assert box_misses(path, paper_of) == ()


@shared
@pytest.mark.slow
def test_boxes_hold_exactly_their_sentence_in_the_open_papers(
    paper_of: Callable[[Path], Paper],
) -> None:
    sentences = sum(len(paper_of(path).sentences) for path in OPEN)
    misses = [miss for path in OPEN for miss in box_misses(path, paper_of)]
    assert sentences > 2000
    assert 1 - len(misses) / sentences >= 0.995, misses[:5]


@pytest.mark.parametrize("path", [*SAMPLES, *kept(OPEN, names)], ids=names)
def test_a_word_in_the_text_is_the_word_on_the_page(
    paper_of: Callable[[Path], Paper], path: Path
) -> None:
    """At a word's place in the text stands what the page draws at its box."""
    paper = paper_of(path)
    at: dict[tuple[int, int, int], list[str]] = {}
    for page, words in drawn(path).items():
        for x, y, text in words:
            at.setdefault((page, round(x), round(y)), []).append(letters(text))
    wrong = 0
    for word in paper.words:
        box = word.box
        x, y = round((box.x0 + box.x1) / 2), round((box.y0 + box.y1) / 2)
        near = [
            text for dx in (-1, 0, 1) for dy in (-1, 0, 1)
            for text in at.get((box.page, x + dx, y + dy), ())
        ]  # fmt: skip
        if any(box.x0 < a < box.x1 and box.y0 < b < box.y1 for a, b in signs(path)[box.page]):
            continue  # the page draws "D" for "="
        wrong += bool(near) and letters(word.span.of(paper.text)) not in near
    assert wrong <= 0.005 * len(paper.words)


# --- structure ------------------------------------------------------------------------------------


def bare(title: str) -> str:
    """A heading without its number."""
    return letters(re.sub(r"^\s*(?:\d+(?:\.\d+)*|[IVX]+|[A-H](?:\.\d+)*)[.)]?\s+", "", title))


# Unnumbered sections that the truth lists for some papers and leaves out for others.
OPTIONAL = {"abstract", "acknowledgments", "acknowledgements", "references"}


def headings_f1(paper: Paper, truth: dict[str, Any]) -> float:
    """F1 of the headings at the levels that the truth holds."""
    wanted = Counter(bare(title) for title in truth["sections"])
    levels = truth["levels"]
    inside = [
        section
        for section in paper.sections
        if section.title
        and (levels == "all" or (section.level in levels and section.role != "appendix"))
    ]
    found = Counter(bare(section.title) for section in inside)
    for title in OPTIONAL - set(wanted):
        del found[title]
    return 2 * (found & wanted).total() / (found.total() + wanted.total())


def truth_name(truth: dict[str, Any]) -> str:
    return Path(truth["pdf"]).stem


def check_title_and_authors_are_those_of_the_paper(paper: Paper, truth: dict[str, Any]) -> None:
    assert paper.title == truth["title"]
    assert list(paper.authors) == truth["authors"]


def check_headings(paper: Paper, truth: dict[str, Any]) -> None:
    assert headings_f1(paper, truth) >= 0.92


def check_the_abstract(paper: Paper, truth: dict[str, Any]) -> None:
    assert paper.abstract is not None
    if truth["abstract"] is not None:
        found = Counter(re.findall(r"\w+", paper.abstract.of(paper.text).lower()))
        wanted = Counter(re.findall(r"\w+", truth["abstract"].lower()))
        # In the truth of N18-3011 a footnote counts as part of the abstract.
        assert 2 * (found & wanted).total() / (found.total() + wanted.total()) >= 0.92


def check_affiliations_are_plain(paper: Paper, truth: dict[str, Any]) -> None:
    places = [span.of(paper.text) for span in paper.affiliations]
    assert places
    for place in places:
        assert "@" not in place
        assert not re.match(r"[*∗†‡§¶⋆\ufffd]|\d{1,2}[A-Z ]", place)


STRUCTURE = (
    check_title_and_authors_are_those_of_the_paper,
    check_headings,
    check_the_abstract,
    check_affiliations_are_plain,
)


@pytest.mark.skipif(not TRUTH, reason="../shared is not here")
@pytest.mark.parametrize("truth", kept(TRUTH, truth_name), ids=truth_name)
def test_structure_is_what_people_see(
    paper_of: Callable[[Path], Paper], truth: dict[str, Any], subtests: pytest.Subtests
) -> None:
    paper = paper_of(SHARED / truth["pdf"])
    for check in STRUCTURE:
        with subtests.test(check.__name__):
            check(paper, truth)


@pytest.mark.skipif(not TRUTH, reason="../shared is not here")
@pytest.mark.slow
def test_headings_over_all_papers(paper_of: Callable[[Path], Paper]) -> None:
    scores = [headings_f1(paper_of(SHARED / truth["pdf"]), truth) for truth in TRUTH]
    assert sum(scores) / len(scores) >= 0.98


@shared
@pytest.mark.parametrize(
    ("name", "said"),
    [
        # Torn by a figure at the head of the next page.
        ("sparse_diffusion_policy", "In the case of continual learning, when only task J"),
        ("2005.11401", "but have only explored open-domain extractive question answering."),
        # Torn by a figure in the other column.
        ("dyer12", "plugged into various meta-algorithms for distributed processing."),
        # A line in typewriter type in the middle of its paragraph.
        ("2005.11401", "This example shows how parametric and non-parametric memories work"),
    ],
)
@pytest.mark.slow
def test_torn_sentences_are_whole(paper_of: Callable[[Path], Paper], name: str, said: str) -> None:
    paper = paper_of(SHARED / "papers" / "open" / f"{name}.pdf")
    assert any(said in sentence.span.of(paper.text) for sentence in paper.sentences)


@shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ALCE", "https://github.com/princeton-nlp/ALCE"),
        ("P14-1059", "http://wacky.sslmit.unibo.it"),
        ("smola10", "http://code.google.com/p/protobuf/"),
    ],
)
def test_addresses_that_break_at_a_line_end_are_whole(
    paper_of: Callable[[Path], Paper], name: str, address: str
) -> None:
    paper = paper_of(SHARED / "papers" / "open" / f"{name}.pdf")
    assert address in [link.of(paper.text) for link in paper.links]


@shared
@pytest.mark.slow
def test_affiliations_on_one_line_are_apart(paper_of: Callable[[Path], Paper]) -> None:
    paper = paper_of(SHARED / "papers" / "open" / "2005.11401.pdf")
    assert [span.of(paper.text) for span in paper.affiliations] == [
        "Facebook AI Research", "University College London", "New York University",
    ]  # fmt: skip


FACEBOOK, LONDON, NEW_YORK = (
    "Facebook AI Research",
    "University College London",
    "New York University",
)
SEATTLE = "Allen Institute for Artificial Intelligence, Seattle WA 98103, USA"


@shared
@pytest.mark.parametrize(
    ("name", "author", "places"),
    kept([
        # By a raised number, two of them, and over two lines.
        ("2005.11401", "Patrick Lewis", [FACEBOOK, LONDON]),
        ("2005.11401", "Ethan Perez", [NEW_YORK]),
        ("0807.3577", "Krzysztof Bolejko", [
            "School of Physics, University of Melbourne, VIC 3010, Australia",
            "Nicolaus Copernicus Astronomical Center, Bartycka 18, 00-716 Warsaw, Poland",
        ]),
        ("sparse_diffusion_policy", "Mingxiao Huo", ["Carnegie Mellon University"]),
        # By the column; one author's column has an address alone.
        ("1706.03762", "Aidan N. Gomez", ["University of Toronto"]),
        ("1706.03762", "Illia Polosukhin", []),
        ("smola10", "Alexander Smola", [
            "Yahoo! Research, Santa Clara, CA, USA", "Australian National University, Canberra",
        ]),
        # One for all; and one for all who have no mark.
        ("ALCE", "Danqi Chen", ["Department of Computer Science, Princeton University"]),
        ("N18-3011", "Oren Etzioni", [SEATTLE]),
        ("N18-3011", "Doug Downey", ["Northwestern University, Evanston IL 60208, USA"]),
    ], itemgetter(0)),
)  # fmt: skip
def test_an_author_has_the_affiliations_that_the_page_says(
    paper_of: Callable[[Path], Paper], name: str, author: str, places: list[str]
) -> None:
    paper = paper_of(SHARED / "papers" / "open" / f"{name}.pdf")
    assert len(paper.author_affiliations) == len(paper.authors)
    own = paper.author_affiliations[paper.authors.index(author)]
    said = [" ".join(paper.affiliations[n].of(paper.text).split()) for n in own]
    assert said == places
