"""Hard layouts: one paper set in the manner of many journals and conferences, with its truth.

    python data/layouts.py DIR
    gloss eval structure --data DIR/truth.json

Each style is a row of a table: columns, how the title, the authors and the abstract are set, and
how headings are numbered and printed. The text is made up. Needs ``pip install typst``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

TITLE = "Counting the Leaves of Sparse Forests: A Study of Patience"
AUTHORS = (
    "Ada M. Lovelace",
    "José García-López",
    "Wei Zhang",
    "Pieter van der Berg",
    "Łukasz Kowalski",
)
SENTENCES = (
    "Every leaf of the {} is counted by hand before the winter storms arrive.",
    "We find that patient readers agree on nine of ten {}s, and on all of their twigs.",
    "The counts of two readers of the {} differ by less than 3.5 leaves for each branch.",
    "A {} that stands alone is counted twice, once in spring and once in autumn.",
    "Earlier work has counted the {} from the air, which hides its lower branches.",
    "This makes the {} slow to count, but nobody has to guess what stood behind a trunk.",
    "In the north, where a {} has few leaves, the count is a sample of the branches.",
    "To count a {} one needs a ladder, a notebook, and the consent of the birds.",
    "It follows that the number of leaves grows with the age of the {} until it falls.",
    "Figure 1 shows the {}, and the appendix lists each of the trees by name.",
)
# As many as share no factor with the sentences: no line of text comes back soon.
TREES = (
    "alder", "aspen", "beech", "birch", "cedar", "cherry", "chestnut", "cypress", "elder", "elm",
    "hazel", "hornbeam", "juniper", "larch", "lime", "maple", "oak", "olive", "pine", "plane",
    "poplar", "rowan", "spruce", "sycamore", "walnut", "willow", "yew",
)  # fmt: skip
# Level and title; the appendix comes after the references.
BODY = (
    (1, "Introduction"),
    (1, "Related Work"),
    (2, "Counting from the Air"),
    (2, "Counting by Ear"),
    (1, "Our Approach"),
    (2, "Choosing Trees"),
    (3, "Oaks and Elms"),
    (3, "Needles"),
    (2, "Counting in Pairs with a Notebook That Two Readers Keep Without Ever Comparing It"),
    (1, "Experiments"),
    (2, "Forests"),
    (2, "Readers"),
    (1, "Results and Discussion"),
    (1, "Conclusions"),
)
APPENDIX = ((1, "Further Counts"), (2, "The Old Oak"), (1, "Notes for Readers"))


@dataclass(frozen=True, slots=True)
class Style:
    """How a paper is set. ``faces`` are Typst functions, one for each level of headings."""

    name: str
    columns: int = 1
    font: str = "New Computer Modern"
    size: float = 10.0
    title: str = 'text(size: 17pt, weight: "bold", it)'
    # marked, cells, commas, capitals, inline, bars, turned, footnotes, told
    authors: str = "marked"
    abstract: str = "heading"  # heading, run-in, dash, none
    numbers: tuple[str, ...] = ("1", "1.1", "1.1.1")  # patterns for each level; empty: none
    faces: tuple[str, ...] = (
        'text(size: 12pt, weight: "bold", it)',
        'text(size: 10pt, weight: "bold", it)',
        'text(size: 10pt, weight: "bold", it)',
    )
    align: str = "left"
    align_to: int = 2  # the deepest level that is aligned so
    run_in_from: int = 9  # headings of this level and deeper open the paragraph
    end: str = ""  # what a run-in heading ends with
    appendix: str = "A"  # how the appendix numbers its sections; empty: it has none
    appendix_word: str = ""
    references: str = "References"
    levels: int = 3


_BOLD = 'text(weight: "bold", it)'
_ITALIC = 'text(style: "italic", it)'
_SMALL = "sc(it)"
_PLAIN = "it"

STYLES = (
    Style("article", faces=(f'text(size: 14pt, {_BOLD[5:]}', f'text(size: 12pt, {_BOLD[5:]}', _BOLD)),
    Style("times-two-columns", columns=2, font="Libertinus Serif", authors="cells"),
    Style("conference-bold-cells", authors="cells", size=10, title=_BOLD.replace("weight", "size: 17pt, weight")),
    Style("conference-dots", columns=2, numbers=("1.", "1.1.", "1.1.1."), faces=(f'text(size: 12pt, {_BOLD[5:]}', _BOLD, _SMALL)),
    Style("roman-small-capitals", columns=2, font="Libertinus Serif", title="text(size: 24pt, it)", authors="commas", abstract="dash", numbers=("I.", "A.", "1)"), faces=(_SMALL, _ITALIC, _ITALIC), align="center", run_in_from=3, end=":", appendix_word="Appendix "),
    Style("roman-bold-capitals", columns=2, numbers=("I.", "A.", "1."), faces=("upper(" + _BOLD + ")", _BOLD, f"text(style: \"italic\", {_BOLD})"), align="center", abstract="none", authors="commas", appendix_word="Appendix "),
    Style("capitals-two-columns", columns=2, font="Libertinus Serif", size=9, title='text(size: 18pt, weight: "bold", it)', faces=('text(size: 11pt, weight: "bold", upper(it))', 'text(size: 11pt, weight: "bold", it)', 'text(size: 9pt, style: "italic", it)'), numbers=("1.", "1.1", "1.1.1"), authors="cells"),
    Style("capitals-inline-authors", font="Libertinus Serif", size=9, authors="inline", abstract="none", faces=('text(weight: "bold", upper(it))', _BOLD, _ITALIC), run_in_from=3, end="."),
    Style("springer", authors="commas", abstract="run-in", faces=(f'text(size: 12pt, {_BOLD[5:]}', _BOLD, _BOLD), run_in_from=3, end="."),
    Style("elsevier", columns=2, numbers=("1.", "1.1.", "1.1.1."), faces=(_BOLD, _ITALIC, _ITALIC), title="text(size: 17pt, it)", authors="commas", appendix_word="Appendix "),
    Style("mathematics", numbers=("1.", "1.1.", "1.1.1."), title='text(weight: "bold", upper(it))', authors="capitals", abstract="run-in", faces=(_SMALL, _BOLD, _ITALIC), align="center", run_in_from=2, end="."),
    Style("run-in-sections", numbers=("1.", "1.1.", "1.1.1."), authors="capitals", title='text(size: 14pt, weight: "bold", upper(it))', abstract="run-in", faces=(_BOLD, _BOLD, _ITALIC), run_in_from=1, end="."),
    Style("astronomy", columns=2, font="Libertinus Serif", size=9, authors="marked", numbers=("1", "1.1", "1.1.1"), faces=('text(weight: "bold", upper(it))', _BOLD, _ITALIC), appendix_word="Appendix "),
    Style("italic-subsections", columns=2, numbers=("1.", "1.1.", "1.1.1."), faces=(_SMALL, _ITALIC, _ITALIC), align="center", authors="commas"),
    Style("no-numbers", numbers=("", "", ""), faces=(f'text(size: 14pt, {_BOLD[5:]}', f'text(size: 12pt, {_BOLD[5:]}', _BOLD), appendix="", authors="commas"),
    Style("no-numbers-two-columns", columns=2, font="Libertinus Serif", numbers=("", ""), faces=('text(size: 12pt, weight: "bold", it)', 'text(size: 10pt, style: "italic", weight: "bold", it)'), levels=2, appendix="", authors="marked", abstract="run-in"),
    Style("no-numbers-capitals", numbers=("", ""), faces=('text(weight: "bold", upper(it))', _BOLD), levels=2, appendix="", authors="commas", align="center"),
    Style("sans-headings", font="New Computer Modern", faces=('text(font: "DejaVu Sans Mono", size: 12pt, weight: "bold", it)', 'text(font: "DejaVu Sans Mono", size: 10pt, weight: "bold", it)', 'text(font: "DejaVu Sans Mono", size: 9pt, weight: "bold", it)'), authors="marked", abstract="none"),
    Style("plain-third-level", columns=2, authors="footnotes", faces=(f'text(size: 12pt, {_BOLD[5:]}', _BOLD, _PLAIN)),
    Style("centred-over-flush", columns=2, authors="told", numbers=("", "", ""), faces=(_BOLD, _BOLD, f'text(style: "italic", {_BOLD[5:]}'), align="center", align_to=1, appendix=""),
    Style("title-as-large-as-text", columns=2, title=_BOLD, authors="turned", abstract="heading", faces=(_BOLD, _BOLD, _BOLD)),
    Style("bars", numbers=("1 |", "1.1 |", "1.1.1 |"), authors="bars", faces=('text(font: "DejaVu Sans Mono", weight: "bold", upper(it))', f'text(font: "DejaVu Sans Mono", {_BOLD[5:]}', _ITALIC)),
    Style("large-plain-headings", title="text(size: 20pt, it)", faces=("text(size: 14pt, it)", "text(size: 12pt, it)", "text(size: 10pt, style: \"italic\", it)"), authors="commas"),
)  # fmt: skip


def source(style: Style) -> str:
    """The paper in Typst."""
    lines = [
        "// every small letter as a small capital, in a smaller size, as TeX fonts print them",
        "#let sc(it) = { let said = if type(it) == str { it } else { it.text }",
        "  for c in said.clusters() { if c == lower(c) { text(size: 0.8em, upper(c)) } else { c } } }",
        f'#set page("us-letter", margin: (x: 60pt, y: 72pt), columns: {style.columns},',
        "  footer: context align(center, counter(page).display()))",
        f'#set text(font: "{style.font}", size: {style.size}pt)',
        "#set par(justify: true, first-line-indent: 1em, leading: 0.52em, spacing: 0.6em)",
        f"#let titled(it) = {style.title}",
    ]
    for level, face in enumerate(style.faces, start=1):
        lines.append(f"#let h{level}(it) = {face}")
    lines += [*_front(style), *_sections(style)]
    return "\n".join(lines)


def truth(style: Style, pdf: str) -> dict[str, Any]:
    """What a reader should find in it, in the format of ``gloss eval structure``."""
    headings = [{"title": title, "level": level} for level, title in _headings(style)]
    authors = list(AUTHORS)
    if style.authors == "capitals":
        authors = [name.upper() for name in authors]
    if style.authors == "turned":
        authors = [_turned(name) for name in authors]
    return {
        "pdf": pdf,
        "title": TITLE,
        "authors": authors,
        "affiliations": _affiliations(style),
        "abstract": _abstract(),
        "sections": headings,
        "levels": "all",
        "run_in": _run_in(style),
        "sections_from": "data/layouts.py",
    }


def _run_in(style: Style) -> list[str]:
    """The labels that paragraphs begin with."""
    inside = [title for level, title in BODY if style.run_in_from <= level <= style.levels]
    return ["Abstract"] * (style.abstract in ("run-in", "dash")) + inside


_PLACES = ("University of Leaves", "Institute of Patience")


def _affiliations(style: Style) -> list[list[str]]:
    """Each author's places."""
    if style.authors in ("cells", "turned"):
        return [[_PLACES[0]] for _ in AUTHORS]
    if style.authors in ("inline", "commas", "capitals"):
        return [[f"{_PLACES[0]}, Norway"] for _ in AUTHORS]
    return [[_PLACES[number % 2]] for number in range(len(AUTHORS))]


def _turned(name: str) -> str:
    """The last name first: "Lovelace, Ada M."."""
    first, last = name.split(" ", 1) if "van" in name else name.rsplit(" ", 1)
    return f"{last}, {first}"


def typeset(folder: Path) -> Path:
    """Print every style into ``folder``; returns the truth file beside them."""
    import typst

    folder.mkdir(parents=True, exist_ok=True)
    papers = []
    for style in STYLES:
        name = f"{style.name}.pdf"
        typst.compile(
            source(style).encode(), output=folder / name, format="pdf", ignore_system_fonts=True
        )
        papers.append(truth(style, name))
    path = folder / "truth.json"
    path.write_text(json.dumps(papers, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _headings(style: Style) -> list[tuple[int, str]]:
    found = [(level, title) for level, title in BODY if level <= style.levels]
    found.append((1, style.references))
    if style.appendix:
        found += [(level, title) for level, title in APPENDIX if level <= style.levels]
    return found


def sentences() -> Iterator[str]:
    """The sentences of a paper, in order, without end."""
    for sentence, tree in zip(cycle(SENTENCES), cycle(TREES), strict=False):
        yield sentence.format(tree)


def _abstract() -> str:
    return " ".join(islice(sentences(), 5))


def _front(style: Style) -> list[str]:
    title = f'#titled("{TITLE}")'
    lines = [f"#align(center)[{title}]", "#v(8pt)"]
    if style.authors == "cells":
        cells = [
            f'text(weight: "bold")[{n}] + linebreak() + [University of Leaves] + linebreak() + [{n[0].lower()}\\@leaves.edu]'
            for n in AUTHORS
        ]
        lines.append(
            f"#align(center, grid(columns: 3, column-gutter: 20pt, row-gutter: 9pt, {', '.join(cells)}))"
        )
    elif style.authors == "marked":
        names = ", ".join(
            f"{n}#super[{1 + i % 2}{',∗' if i == 0 else ''}]" for i, n in enumerate(AUTHORS)
        )
        lines.append(
            f"#align(center)[{names} \\ #super[1]University of Leaves, #super[2]Institute of Patience \\ #text(size: 9pt)[ada\\@leaves.edu]]"
        )
    elif style.authors == "bars":
        names = " | ".join(f"{n}#super[{1 + i % 2}]" for i, n in enumerate(AUTHORS))
        lines.append(
            f"{names}\n\n#super[1]{_PLACES[0]} \\ #super[2]{_PLACES[1]}\n\n"
            f"*Correspondence* \\ {AUTHORS[0]}, {_PLACES[0]}. \\ Email: ada\\@leaves.edu"
        )
    elif style.authors == "turned":
        names = "; ".join(_turned(name) for name in AUTHORS)
        lines.append(f"#align(center)[{names} \\ {_PLACES[0]} \\ 3 May 2021]")
    elif style.authors == "footnotes":
        names = ", ".join(f"{n}#super[{1 + i % 2}]" for i, n in enumerate(AUTHORS))
        lines.append(f"#align(center)[{names}]")
    elif style.authors == "told":
        lines.append(f"#align(center)[{', '.join(AUTHORS[:-1])}, and {AUTHORS[-1]}]")
    elif style.authors == "inline":
        for name in AUTHORS:
            lines.append(f"#text(size: 11pt)[{name.upper()}], University of Leaves, Norway\n")
    else:
        said = f"{', '.join(AUTHORS[:-1])} and {AUTHORS[-1]}"
        said = said.upper() if style.authors == "capitals" else said
        lines.append(
            f'#align(center)[{said} \\ #text(style: "italic", size: 9pt)[University of Leaves, Norway]]'
        )
    lines.append("#v(10pt)")
    abstract = _abstract()
    said = {
        "heading": f'#align(center, text(weight: "bold")[Abstract])\n{abstract}',
        "run-in": f'#h1("Abstract.") {abstract}',
        "dash": f'#text(weight: "bold")[#text(style: "italic")[Abstract]—{abstract}]',
        "none": abstract,
    }[style.abstract]
    if style.columns == 2:
        above = "\n".join(lines)
        above = f'#place(top + center, scope: "parent", float: true)[{above}]'
        return [above, *_foot(style), said, "#v(6pt)"]
    return [*lines, f"#pad(x: 24pt)[{said}]", "#v(6pt)"]


def _foot(style: Style) -> list[str]:
    """Where the authors are, at the foot of the first column."""
    if style.authors == "footnotes":
        said = (
            f"#super[\\*]Equal contribution. #super[1]{_PLACES[0]}. #super[2]{_PLACES[1]}. "
            f"Correspondence to: {AUTHORS[0]} \\<ada\\@leaves.edu\\>."
        )
    elif style.authors == "told":
        short = [f"{name[0]}. {name.split(' ', 1)[1]}" for name in AUTHORS]
        said = (
            f"A. M. Lovelace, {short[2]} and Ł. Kowalski are with the {_PLACES[0]} "
            f"(e-mail: ada\\@leaves.edu). {short[1]} and {short[3]} are with the {_PLACES[1]}."
        )
    else:
        return []
    return [f"#place(bottom, float: true, text(size: 8pt)[{said}])"]


def _sections(style: Style) -> list[str]:
    said = islice(sentences(), 5, None)
    counters = [0, 0, 0]
    lines: list[str] = []

    def prose(count: int) -> str:
        return " ".join(next(said) for _ in range(count))

    for level, title in BODY:
        if level > style.levels:
            continue
        counters[level - 1] += 1
        counters[level:] = [0] * (3 - level)
        number = _number(style.numbers[level - 1], counters[:level])
        lines.append(_heading(style, level, number, title))
        lines += [prose(9), "", prose(14), ""]
        if title == "Choosing Trees":
            lines += [
                "$ L(theta) = sum_(i=1)^N log p_theta (y_i | x_i) + lambda norm(theta)^2 $",
                "",
            ]
        if title == "Our Approach":
            lines.append(
                "#figure(rect(width: 60%, height: 70pt)[forest], caption: [A forest. All of its trees are counted.])"
            )
        if title == "Forests":
            lines.append(
                "#figure(table(columns: 3, [Forest], [Trees], [Leaves], [North], [31], [9,120], [South], [12], [7,004]), caption: [The forests.], kind: table)"
            )
    lines.append(_heading(style, 1, "", style.references, alone=True))
    for year in range(1999, 2009):
        lines += [
            f"[{year - 1998}] A. Forester and B. Walker. The {year} count of leaves. _Journal of Trees_, 3(2):{year - 1980}–{year - 1970}, {year}.",
            "",
        ]
    if style.appendix:
        letter = -1
        inner = 0
        for level, title in APPENDIX:
            if level > style.levels:
                continue
            letter, inner = (letter + 1, 0) if level == 1 else (letter, inner + 1)
            mark = "." if style.numbers[0].endswith(".") or style.appendix_word else ""
            name = f"{style.appendix_word}{chr(65 + letter)}{mark}"
            if level == 2:
                name = f"{chr(65 + letter)}.{inner}{mark}"
            lines += [_heading(style, level, name, title, alone=True), prose(9), ""]
    return lines


def _number(pattern: str, counters: list[int]) -> str:
    if not pattern:
        return ""
    if pattern[0] == "1" and "." in pattern.strip("."):
        said = ".".join(str(count) for count in counters)
        return said + ("." if pattern.endswith(".") else "")
    last = counters[-1]
    shown = {"1": str(last), "I": ("", "I", "II", "III", "IV", "V", "VI", "VII")[min(last, 7)]}
    return shown.get(pattern[0], chr(64 + last)) + pattern[1:]


def _heading(style: Style, level: int, number: str, title: str, alone: bool = False) -> str:
    gap = "#h(0.8em)" if number else ""
    face = f"#h{min(level, len(style.faces))}"
    printed = f'{face}("{number}"){gap}' if number else ""
    printed += f'{face}("{title}{style.end if level >= style.run_in_from and not alone else ""}")'
    if level >= style.run_in_from and not alone:
        return f"\n{printed} "
    side = style.align if level <= style.align_to else "left"
    return f"\n#v(7pt)\n#block(sticky: true, width: 100%, align({side})[#set par(justify: false)\n{printed}])\n#v(2pt)\n"


if __name__ == "__main__":
    sys.stdout.write(f"{typeset(Path(sys.argv[1]))}\n")
