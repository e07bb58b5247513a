"""What stands beside a digest in the browser: the paper's pages, its figures, files to download.

Pages are pictures, with their words as text over them (ADR 19). Addresses begin with the key of a
session, so that who may read a library may see its pages; they carry a part of the file's hash, so
that a browser may keep what it was given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from app.controls import escaped_in_json
from app.digest import Claim, Digest, Language
from app.show.figures import Pictures, all_within, quoted_figures
from app.web.quoted import line_places
from index.errors import GlossError
from index.paper import Paper
from index.spans import Box, PageSize, Span

if TYPE_CHECKING:
    from fastapi import APIRouter

    from app.web.session import Session, Sessions
    from index.library import Papers

Form = Literal["md", "html", "json", "bib"]
FORMS: dict[Form, str] = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "bib": "application/x-bibtex; charset=utf-8",
}

SCALES = (1.0, 1.5, 2.0, 3.0)  # pixels a point; a browser chooses by the width it has
_MARK_PADDING = 1.0  # points around marked words
_YEAR = 31_536_000


def view_router(sessions: Sessions) -> APIRouter:
    """The addresses under ``/view``: ``/view/{key}/{paper}/pages/3.png?scale=2`` and so on."""
    from fastapi import APIRouter, Header, HTTPException, Query, Response

    router = APIRouter(prefix="/view", include_in_schema=False)

    def answered(
        key: str,
        paper_id: str,
        known: str | None,
        name: str,
        media: str,
        make: Callable[[Session, Paper], bytes],
    ) -> Response:
        session = sessions.by_key(key)
        if session is None:
            raise HTTPException(404, "not here any more: open the paper again")
        try:
            paper = session.library.paper(paper_id)
            tag = f'"{paper.sha256[:32]}-{name}"'
            headers = {"Cache-Control": f"private, max-age={_YEAR}", "ETag": tag}
            if known is not None and tag in known:
                return Response(status_code=304, headers=headers)
            return Response(make(session, paper), media_type=media, headers=headers)
        except GlossError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/{key}/{paper_id:path}/pages/{number}.png")
    def page(
        key: str,
        paper_id: str,
        number: int,
        scale: float = Query(2.0, ge=0.25, le=4.0),
        if_none_match: str | None = Header(None),
    ) -> Response:
        near = min(SCALES, key=lambda one: abs(one - scale))  # few of them, to be kept

        def draw(session: Session, paper: Paper) -> bytes:
            return session.drawn.page(session.library, paper_id, number, (), near, few_colours=True)

        return answered(key, paper_id, if_none_match, f"{number}-{near:g}", "image/png", draw)

    @router.get("/{key}/{paper_id:path}/pages/{number}.json")
    def words(
        key: str, paper_id: str, number: int, if_none_match: str | None = Header(None)
    ) -> Response:
        def listed(session: Session, paper: Paper) -> bytes:
            sizes = session.library.page_sizes(paper_id)
            found = page_words(paper, number, sizes[number - 1]) if 0 < number <= len(sizes) else []
            printed = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            return escaped_in_json(printed).encode()

        name = f"words-and-starts-{number}"
        return answered(key, paper_id, if_none_match, name, "application/json", listed)

    @router.get("/{key}/{paper_id:path}/figures/{label}.png")
    def figure(
        key: str, paper_id: str, label: str, if_none_match: str | None = Header(None)
    ) -> Response:
        def draw(session: Session, paper: Paper) -> bytes:
            return session.drawn.figure(session.library, paper, label)

        tag = quote(label, safe="")
        return answered(key, paper_id, if_none_match, tag, "image/png", draw)

    @router.get("/{key}/{paper_id:path}/lines/{start}-{end}/{number}.png")
    def lines(
        key: str,
        paper_id: str,
        start: int,
        end: int,
        number: int,
        if_none_match: str | None = Header(None),
    ) -> Response:
        def draw(session: Session, paper: Paper) -> bytes:
            sizes = session.library.page_sizes(paper_id)
            there = 0 <= start < end <= len(paper.text)
            places = line_places(paper, Span(start, end), sizes) if there else []
            if not 0 <= number < len(places):
                raise HTTPException(404, f"no lines {start}-{end} are on a page of this paper")
            place = places[number]
            width = sizes[place.page - 1].width
            return session.drawn.lines(session.library, paper_id, place, width)

        name = f"lines-{start}-{end}-{number}"
        return answered(key, paper_id, if_none_match, name, "image/png", draw)

    @router.get("/{key}/{paper_id:path}/digest.{form}")
    def digest(
        key: str, paper_id: str, form: Form, lang: Language = "en", writer: str = "extractive"
    ) -> Response:
        from app.show.text import file_slug

        session = sessions.by_key(key)
        if session is None:
            raise HTTPException(404, "not here any more: open the paper again")
        try:
            text = written(
                session.library, session.saved(paper_id, lang, writer), form, session.drawn
            )
        except GlossError as error:
            raise HTTPException(404, str(error)) from error
        name = f"{file_slug(paper_id)}.{form}"
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "private, no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(text, media_type=FORMS[form], headers=headers)

    return router


def page_words(paper: Paper, page: int, size: PageSize) -> list[list[list[Any]]]:
    """The words of a page by printed line: ``[x0, y0, x1, y1, word, start]``, in points as
    people see it; ``start`` is the word's first character in the paper's text.

    Lines of a page that the file turns have boxes for finding a word, and not for reading along.
    """
    lines: dict[int, list[list[Any]]] = {}
    for word in paper.words.on(page):
        box = size.seen(word.box)
        corners = [round(one, 2) for one in (box.x0, box.y0, box.x1, box.y1)]
        lines.setdefault(word.line, []).append(
            [*corners, word.span.of(paper.text), word.span.start]
        )
    return list(lines.values())


def marks_of(claim: Claim, sizes: Sequence[PageSize]) -> list[list[list[float]]]:
    """Where the words of each citation are, as ``marks_at`` has it."""
    return [marks_at(cited.boxes, sizes) for cited in claim.citations]


def marks_at(boxes: Sequence[Box], sizes: Sequence[PageSize]) -> list[list[float]]:
    """Boxes as ``[page, left, top, width, height]`` for each line, in percent of the page."""

    def mark(box: Box) -> list[float]:
        size = sizes[box.page - 1]
        seen = size.seen(box)
        x0, y0 = seen.x0 - _MARK_PADDING, seen.y0 - _MARK_PADDING
        x1, y1 = seen.x1 + _MARK_PADDING, seen.y1 + _MARK_PADDING
        parts = (x0 / size.width, y0 / size.height, (x1 - x0) / size.width, (y1 - y0) / size.height)
        return [box.page, *(round(100 * part, 3) for part in parts)]

    return [mark(box) for box in boxes if box.page <= len(sizes)]


def text_blocks(paper: Paper) -> list[tuple[str, Span]]:
    """A paper without pages as blocks to be read: ``heading`` or ``paragraph``, side by side."""
    blocks: list[tuple[str, Span]] = []
    end = 0
    for block in paper.blocks:
        if block.span.start > end and paper.text[end : block.span.start].strip():
            blocks.append(("paragraph", Span(end, block.span.start)))
        if block.span.end > end:
            kind = "heading" if block.kind == "heading" else "paragraph"
            blocks.append((kind, Span(max(block.span.start, end), block.span.end)))
            end = block.span.end
    if paper.text[end:].strip():
        blocks.append(("paragraph", Span(end, len(paper.text))))
    return blocks


def address_of(key: str, paper_id: str) -> str:
    """Where what belongs to a paper is found: ``/view/library/2407.03300``."""
    return f"/view/{quote(key, safe='')}/{quote(paper_id)}"


def figure_addresses(address: str, paper: Paper, digest: Digest) -> dict[str, str]:
    """The pictures of the captions that the digest quotes, by the sentence's name."""
    version = paper.sha256[:12]
    return {
        name: f"{address}/figures/{quote(figure.label, safe='')}.png?v={version}"
        for name, figure in quoted_figures(paper, digest).items()
    }


def written(library: Papers, digest: Digest, form: Form, drawn: Pictures) -> str:
    """A digest as a file; as HTML with its figures in it."""
    from app.documents.digests import DigestShape
    from app.show.bibtex import to_bibtex
    from app.show.html import to_html
    from app.show.markdown import to_markdown

    match form:
        case "md":
            return to_markdown(digest)
        case "html":
            return to_html(digest, all_within(library, digest, drawn))
        case "json":
            return DigestShape.of(digest).to_json()
        case "bib":
            return to_bibtex(digest.paper)
