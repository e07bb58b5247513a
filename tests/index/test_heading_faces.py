"""Headings that differ from the text by colour, family, slope or place alone, and labels."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from thinned import some

from index.paper import Block, BlockKind, Paper
from index.read.front.identity import identify
from index.read.front.keywords import keyword_lists, keyword_spans
from index.read.page.pages import Line, PageContent, PageWord, Style
from index.read.page.pdf import _without_letters, read_pages
from index.read.text.headings import assign_roles, parse_heading
from index.read.text.roles import match_title
from index.read.understand import understand
from index.spans import Span

typst = pytest.importorskip("typst")
DIGESTS = Path(__file__).parents[3] / "shared" / "papers" / "digests"


def _layouts() -> ModuleType:
    path = Path(__file__).parents[2] / "data" / "layouts.py"
    spec = importlib.util.spec_from_file_location("layouts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["layouts"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


LAYOUTS = _layouts()
_BOLD = 'text(weight: "bold", it)'
_ITALIC = 'text(style: "italic", it)'
_MONO = 'text(font: "DejaVu Sans Mono", it)'
_BLUE = 'text(fill: rgb("#1f4e9e"), it)'
_RED = 'text(fill: rgb("#a01010"), it)'
_TOP = 'text(size: 12pt, weight: "bold", it)'
_DOTS = ("1.", "1.1.", "1.1.1.")


def _style(name: str, faces: tuple[str, ...], **how: Any) -> Any:
    how.setdefault("authors", "commas")
    if "numbers" in how and not how["numbers"][-1]:
        how.setdefault("appendix", "")
    return LAYOUTS.Style(name, faces=faces, levels=len(faces), **how)


STYLES = (
    _style("blue-numbered", (_BLUE,) * 3),
    _style("red-numbered-two-columns", (_RED,) * 3, columns=2, font="Libertinus Serif",
           numbers=_DOTS),
    _style("red-without-numbers", (_RED, 'text(fill: rgb("#a01010"), style: "italic", it)'),
           columns=2, numbers=("", "")),
    _style("blue-of-one-level", (_BLUE,), numbers=("",)),
    _style("typewriter-numbered", (_MONO,) * 3),
    _style("typewriter-numbered-two-columns", (_MONO,) * 3, columns=2, numbers=_DOTS),
    _style("small-capitals-centred", ("sc(it)", _ITALIC), numbers=("", ""), align="center",
           align_to=1),
    _style("large-and-light", ("text(size: 12.5pt, it)", "text(size: 11pt, it)"), columns=2,
           numbers=("", "")),
    _style("italic-below-numbers", (_TOP, _ITALIC), columns=2, numbers=("1.", "")),
    _style("red-below-numbers", (_TOP, _RED), columns=2, numbers=("1", "")),
    _style("small-capitals-below-numbers", (f"upper({_BOLD})", "sc(it)"), numbers=("1.", "")),
    _style("small-bold-below-numbers", (_TOP, 'text(size: 9pt, weight: "bold", it)'),
           numbers=("1", "")),
    _style("type-of-the-text", ("it",) * 2, appendix=""),
    _style("type-of-the-text-centred", ("it",) * 2, numbers=("I.", "A."), align="center",
           appendix=""),
)  # fmt: skip


def _read(folder: Path, source: str) -> Paper:
    path = folder / "paper.pdf"
    typst.compile(source.encode(), output=path, format="pdf", ignore_system_fonts=True)
    return understand(read_pages(path, 50), identify("paper", "", ""))


def _said(title: str) -> str:
    return parse_heading(title).title_alone.casefold()


@pytest.mark.parametrize("style", some(STYLES), ids=lambda style: style.name)
def test_headings_in_a_second_face_are_found(style: Any, tmp_path: Path) -> None:
    paper = _read(tmp_path, LAYOUTS.source(style))
    found = [_said(section.title) for section in paper.sections if section.title]
    wanted = [_said(one["title"]) for one in LAYOUTS.truth(style, "")["sections"]]
    found = [title for title in found if title != "abstract"]
    if style.name == "type-of-the-text-centred":  # a centred title as wide as its text is not told
        found, wanted = ([t for t in one if len(t) < 60] for one in (found, wanted))
    assert found == wanted
    roles = {_said(section.title): section.role for section in paper.sections}
    assert (roles["introduction"], roles["our approach"]) == ("introduction", "method")


_FRAME = """
#set page("us-letter", margin: 72pt)
#set text(font: "Libertinus Serif", size: 10pt)
#set par(justify: true, first-line-indent: 1em, leading: 0.52em, spacing: 0.6em)
#let h(it) = block(above: 9pt, below: 5pt, it)
#align(center, text(size: 17pt)[Counting the Leaves of Sparse Forests])
#align(center)[Ada Lovelace and Wei Zhang]
#align(center)[*Abstract*]
"""
_PROSE = (
    "Every leaf of the tree is counted by hand before the winter storms arrive in the north. "
    "We find that patient readers agree on nine of ten trees, and on all of their twigs. "
    "The counts of two readers differ by less than three leaves for each of the branches. "
)


def _titles(paper: Paper) -> list[str]:
    return [section.title for section in paper.sections if section.title]


def _printed(folder: Path, *parts: str) -> Paper:
    return _read(folder, _FRAME + "\n\n".join((_PROSE, *parts)))


def test_headings_one_above_the_other_are_two(tmp_path: Path) -> None:
    colour = '#h(text(fill: rgb("#1f4e9e"))[{}])'
    heads = [colour.format(f"#{title!r}".replace("'", '"').replace("#", "#", 1)) for title in (
        "1 Introduction", "2 Experiments", "2.1 Counting Trees", "3 Conclusion")]  # fmt: skip
    paper = _printed(tmp_path, heads[0], _PROSE, heads[1], heads[2], _PROSE, heads[3], _PROSE)
    assert _titles(paper)[-4:] == [
        "1 Introduction", "2 Experiments", "2.1 Counting Trees", "3 Conclusion",
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["(Verifiable) Secret Sharing", "“Leaves” in the Wild"])
def test_a_title_may_begin_with_a_bracket_or_a_quotation_mark(tmp_path: Path, title: str) -> None:
    paper = _printed(
        tmp_path, "#h[*1 Introduction*]", _PROSE, f"#h[_1.1 {title}_]", _PROSE,
        "#h[*2 Results*]", _PROSE, "#h[*3 Conclusion*]", _PROSE,
    )  # fmt: skip
    assert f"1.1 {title}" in _titles(paper)


def test_a_numbered_label_in_italics_may_end_upright(tmp_path: Path) -> None:
    label = "_1) Kate's tree_ eVSS:"
    paper = _printed(tmp_path, "#h[*I. Introduction*]", _PROSE, f"{label} {_PROSE}",
                     "#h[*II. Results*]", _PROSE, "#h[*III. Conclusion*]", _PROSE)  # fmt: skip
    sentences = [one.span.of(paper.text) for one in paper.sentences]
    assert not any("eVSS:" in sentence for sentence in sentences)


def test_a_bold_label_of_two_lines_is_whole(tmp_path: Path) -> None:
    label = (
        '#text(font: "DejaVu Sans Mono", size: 8pt, weight: "bold")[Impact of the Notes: '
        "Counted and Countable Leaves of All of the Trees That Were Seen in the North and in the "
        "South.]"
    )
    paper = _printed(tmp_path, "#h[*1 Introduction*]", _PROSE, f"#par[{label} {_PROSE}]",
                     "#h[*2 Results*]", _PROSE, "#h[*3 Conclusion*]", _PROSE)  # fmt: skip
    sentences = [one.span.of(paper.text) for one in paper.sentences]
    assert not any("Notes:" in sentence or "in the South" in sentence for sentence in sentences)


def test_a_numbered_list_in_the_type_of_the_text_is_no_outline(tmp_path: Path) -> None:
    items = [f"#h[{n} Leaves of the {tree}]" for n, tree in enumerate(("elm", "oak", "yew"), 1)]
    paper = _printed(tmp_path, *[part for item in items for part in (item, _PROSE)])
    assert not any("Leaves of the" in title for title in _titles(paper))


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("pcr", ["Repeat testing model", "Sensitivity Analysis"]),
        ("dkg", ["C. (Verifiable) Secret Sharing"]),
        ("prescient", ["Exp. 3. Conforming the teleoperation to the intended motion"]),
    ],
)
def test_headings_of_papers_that_were_read_as_sentences(
    published_paper: Callable[[Path], Paper], name: str, titles: list[str]
) -> None:
    assert set(titles) <= set(_titles(published_paper(DIGESTS / f"{name}.pdf")))


# --- roles ----------------------------------------------------------------------------------------


def _roles(*titles: str) -> list[str]:
    return [one.role for one in assign_roles([parse_heading(title) for title in titles])]


def test_what_opens_an_analysis_is_the_method_of_a_paper_without_one() -> None:
    assert _roles(
        "1 Introduction", "2 Water consumption analysis", "2.1 Quantifying water",
        "2.2 Effect of time", "3 Conclusion",
    ) == ["introduction", "results", "method", "results", "conclusion"]  # fmt: skip
    assert _roles(
        "1 Introduction", "2 Our model", "3 Cost analysis", "3.1 Quantifying water",
        "3.2 Effect of time", "4 Conclusion",
    )[3] == "results"  # fmt: skip
    assert _roles("1 Introduction", "2 Results", "2.1 Leaves", "2.2 Twigs")[2] == "results"


@pytest.mark.parametrize("title", ["4.1 Hypotheses", "4.1 Participants", "4.1 Materials"])
def test_a_part_of_an_experiment_is_no_method_of_the_paper(title: str) -> None:
    assert _roles("1 Introduction", "4 Experiments", title)[2] == "experiments"
    assert _roles("1 Introduction", "4 Experiment 1", "4.1 Method")[2] == "method"
    assert _roles("1 Introduction", "2 Method", title.replace("4.1", "2.1"))[2] == "method"


def test_what_follows_the_results_is_results_without_a_heading_of_the_introduction() -> None:
    assert _roles(
        "Results", "Counting under pressure: theory and evidence", "Discussion", "Methods"
    ) == ["results", "results", "discussion", "method"]


def test_limits_of_the_paper_are_limitations_and_those_of_others_are_not() -> None:
    assert match_title("Limits of our approach").role == "limitations"
    assert match_title("Limitations of existing models").role == "background"
    assert _roles("1 Introduction", "References", "A Proofs", "E Limitations")[3] == "limitations"


# --- keywords, losses -----------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["Word count: 111", "Received: 3 May 2021", "PACS 42.50"])
def test_a_line_of_numbers_is_no_keyword(after: str) -> None:
    text = f"word learning; order effects; temporal contiguity {after}"
    found = [span.of(text) for span in keyword_spans(text, Span(0, len(text)))]
    assert found == ["word learning", "order effects", "temporal contiguity"]


def test_a_keyword_may_have_a_colon() -> None:
    text = "deep learning; Case study: leaves"
    assert keyword_spans(text, Span(0, len(text)))[1].of(text) == "Case study: leaves"


@pytest.mark.parametrize(
    ("pieces", "keywords"),
    [
        (["Keywords: trees; forests", "We grow trees."], ["trees", "forests"]),
        (["KEYWORDS", "trees, forests", "We grow, we cut."], ["trees", "forests"]),
        (["Author Keywords", "trees; forests", "Dates"], ["trees", "forests"]),
        (["Additional Key Words and Phrases: trees, forests"], ["trees", "forests"]),
        (["# Keywords", "trees, forests"], ["trees", "forests"]),
        (["Keywords", "- trees", "- forests", "We grow trees."], ["trees", "forests"]),
        (["关键词", "水文，预报"], ["水文", "预报"]),
        # The list was lost, or is none: sentences stay what they are.
        (["KEYWORDS", "Trees grow in forests all over the world for thousands of years."], []),
        (["KEYWORDS", "# Introduction", "trees, forests"], []),
        (["Keywords have been used to find papers since the first libraries were opened."], []),
    ],
)
def test_keywords_stand_behind_or_below_their_label(pieces: list[str], keywords: list[str]) -> None:
    texts = [piece.removeprefix("# ").removeprefix("- ") for piece in pieces]
    text = "\n".join(texts)
    blocks: list[Block] = []
    items: set[int] = set()
    for piece, said in zip(pieces, texts, strict=True):
        start = blocks[-1].span.end + 1 if blocks else 0
        kind: BlockKind = "heading" if piece.startswith("#") else "paragraph"
        blocks.append(Block(kind, Span(start, start + len(said))))
        if piece.startswith("-"):
            items.add(start)
    lists = keyword_lists(text, blocks, items)
    assert [span.of(text) for found in lists.values() for span in found] == keywords


def test_why_letters_cannot_be_read_names_no_second_share() -> None:
    style = Style(10.0, False, False, False, False, False, "Any")
    words = [
        PageWord(text, 0, 0, 9, 9, ((text, style),)) for text in ("leaf", "\ufffd\ufffd", "of")
    ]
    reason = _without_letters(PageContent(1, 600, 800, [Line(1, 0, words)]))
    assert reason and "%" not in reason


# --- marks of authors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        "#super[∗]Ada Lovelace, #super[†]Wei Zhang, \\ #super[†]Ben Ito, #super[∗]Carl Brown",
        "#super[§]Ada Lovelace, #super[‡]Wei Zhang, \\ #super[‡]Ben Ito, #super[§]Carl Brown",
    ],
)
def test_marks_may_stand_before_their_names(tmp_path: Path, names: str) -> None:
    one, other = ("∗", "†") if "∗" in names else ("§", "‡")
    places = f"#super[{one}]University of Leaves, #super[{other}]Institute of Patience"
    front = _FRAME.replace(
        "#align(center)[Ada Lovelace and Wei Zhang]", f"#align(center)[{names} \\ {places}]"
    )
    paper = _read(tmp_path, f"{front}\n{_PROSE}\n\n#h[*1 Introduction*]\n\n{_PROSE}\n\n{_PROSE}")
    assert paper.authors == ("Ada Lovelace", "Wei Zhang", "Ben Ito", "Carl Brown")
    said = [place.of(paper.text).strip(" ,") for place in paper.affiliations]
    whose = [[said[number] for number in numbers] for numbers in paper.author_affiliations]
    leaves, patience = ["University of Leaves"], ["Institute of Patience"]
    assert whose == [leaves, patience, patience, leaves]


def test_marks_after_the_names_stay_theirs(tmp_path: Path) -> None:
    front = _FRAME.replace(
        "#align(center)[Ada Lovelace and Wei Zhang]",
        "#align(center)[Ada Lovelace#super[1], Wei Zhang#super[2] \\ "
        "#super[1]University of Leaves, #super[2]Institute of Patience]",
    )
    paper = _read(tmp_path, f"{front}\n{_PROSE}\n\n#h[*1 Introduction*]\n\n{_PROSE}\n\n{_PROSE}")
    assert paper.author_affiliations == ((0,), (1,))
