"""Finds the paragraphs of the front matter: title, authors in cells, a cover page."""

from __future__ import annotations

from collections.abc import Sequence

from index.read.front.authors import until_prose
from index.read.front.cells import in_cells
from index.read.front.noted import is_list_of_places
from index.read.order.layout import Layout, Paragraph
from index.read.page.pages import Line, PageContent
from index.read.text.labels import INDEXING, KEYWORDS_LABEL

_LISTED_LINES = 120  # the longest list of affiliations


def split_title(parts: Sequence[Paragraph], title: set[int]) -> list[Paragraph]:
    """The paragraphs, with what is set in one block with the title apart from it: the names and
    places, and the running text below them.
    """
    done: list[Paragraph] = []
    for part in parts:
        titled = [any(id(word) in title for word in line.words) for line in part.lines]
        last = max((n for n, inside in enumerate(titled) if inside), default=len(titled) - 1)
        below = part.lines[last + 1 :]
        if not below:
            done.append(part)
            continue
        front = until_prose(below)
        for lines in (part.lines[: last + 1], front, below[len(front) :]):
            if lines:
                done.append(Paragraph(part.kind, list(lines)))
    return done


def read_front_cells(
    parts: Sequence[Paragraph], layout: Layout, title: set[int]
) -> tuple[list[Paragraph], list[Line]]:
    """The front matter with the cells below the title joined, and the lines of these.

    Lines of authors side by side are joined in ``parts``, row by row.
    """
    places = [n for n, part in enumerate(parts) if any(id(word) in title for word in part.words)]
    first = places[0] if places else len(parts)
    done = list(parts[:first])
    below: list[Line] = []
    after: list[Paragraph] = []
    for part in parts[first:]:
        said = [line for line in part.lines if any(id(word) in title for word in line.words)]
        if said:
            done.append(Paragraph(part.kind, said))
        if part.kind == "caption" or KEYWORDS_LABEL.match(part.text) or INDEXING.match(part.text):
            after.append(part)
        else:
            titled = {id(line) for line in said}
            below += [line for line in part.lines if id(line) not in titled]
    words = {id(word) for line in below for word in line.words}
    apart = [line for line in layout.first_page if any(id(word) in words for word in line.words)]
    found = {id(word) for line in apart for word in line.words}
    cells = in_cells(apart if found == words else below)
    done += [Paragraph("paragraph", lines) for lines in cells]
    return [*done, *after], [line for lines in cells for line in lines]


def by_block(page: PageContent) -> list[list[Line]]:
    """The upright lines of a cover page by their blocks."""
    blocks: dict[int, list[Line]] = {}
    for line in page.lines:
        if line.upright:
            blocks.setdefault(line.block, []).append(line)
    return list(blocks.values())


def lists_of_places(parts: Sequence[Paragraph]) -> list[list[Line]]:
    """The lines of blocks that list the authors' affiliations, with their continuations."""
    found: list[list[Line]] = []
    for place, part in enumerate(parts):
        if part.kind == "caption" or not is_list_of_places(part.text):
            continue
        lines = list(part.lines)
        for following in parts[place + 1 :]:
            first = following.lines[0]
            near = first.page == lines[-1].page and abs(first.y0 - lines[-1].y1) < 0.9 * first.size
            if not near or abs(first.size - lines[-1].size) > 0.6 or len(lines) > _LISTED_LINES:
                break
            lines += following.lines
        found.append(lines)
    return found
