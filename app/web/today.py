"""The papers of a day as a session sees them: ranked, with why, what was read, and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.digest import Language
from app.documents.papers import abstract_of
from app.interests import interests_of
from app.interests.filters import PaperFilter
from app.interests.nearness import Ranked, by_nearness
from app.show.pieces import Piece
from app.show.text import plain
from app.show.views import author_line
from app.web.errors import line_of
from app.web.quoted import sentence_pieces
from app.write.saved import from_text
from index.errors import GlossError

if TYPE_CHECKING:
    from index.config import Settings
    from index.library import Papers, ShelfRow

DAYS = 60  # that can be chosen
MOST = 200  # papers of a day that are shown


@dataclass(frozen=True, slots=True)
class DayFilter:
    """What of a day is shown. ``day`` is ISO; empty for the last on which papers came in."""

    day: str = ""
    papers: PaperFilter = field(default_factory=PaperFilter)
    unread: bool = False
    tag: str = ""  # only papers that are tagged so, or words of which are


@dataclass(frozen=True, slots=True)
class DayLine:
    """A paper of the day as a reader sees it."""

    id: str
    name: str
    title: str
    authors: str
    date: str
    categories: str
    summary: tuple[Piece, ...]  # of its saved digest; empty without one
    near: str  # the title of the kept paper that it is near
    near_id: str  # that paper's, where it is in the library
    read: bool
    kept: bool | None  # None for a paper of one's own, which is kept without a mark
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayList:
    """The papers of a day that pass, the nearest first, and the days that there are."""

    day: str
    days: tuple[str, ...]
    lines: tuple[DayLine, ...]
    papers: int  # of the day
    unread: int  # of these
    ranked: bool
    tags: tuple[str, ...] = ()  # all that papers of the day have
    failure: str = ""  # why the papers could not be compared with all that the reader keeps


def day_list(
    library: Papers, settings: Settings, wanted: DayFilter, lang: Language = "en"
) -> DayList:
    """The list of a day."""
    rows = [row for row in library.shelf() if row.status == "ok"]
    days = sorted({row.added[:10] for row in rows}, reverse=True)[:DAYS]
    day = wanted.day if wanted.day in days else next(iter(days), "")
    there = {row.id: row for row in rows if row.added[:10] == day}
    ranked, failure = _ranked(library, settings, list(there), lang)
    read, kept = library.marked("read"), library.marked("kept")
    brought = library.marked("brought")
    known = library.notes.tags_by_paper() if library.notes is not None else {}
    tags = {one: known[one].all for one in there if one in known}
    tagged = _tagged(tags, wanted.tag)
    lines = [
        replace(
            _line(
                library,
                there[one.paper_id],
                one,
                one.paper_id in read,
                one.paper_id in kept if one.paper_id in brought else None,
                lang,
            ),
            tags=tags.get(one.paper_id, ()),
        )
        for one in ranked
        if tagged(one.paper_id)
        and not (wanted.unread and one.paper_id in read)
        and _passes(library, there[one.paper_id], wanted.papers)
    ]
    return DayList(
        day=day,
        days=tuple(days),
        lines=tuple(lines[:MOST]),
        papers=len(there),
        unread=len(there.keys() - read),
        ranked=any(one.near for one in ranked),
        tags=tuple(sorted({name for names in tags.values() for name in names}, key=str.casefold)),
        failure=failure,
    )


def _tagged(tags: Mapping[str, Sequence[str]], tag: str) -> Callable[[str], bool]:
    """Whether a paper has the tag, in any case; an empty one has every paper."""
    wanted = tag.casefold()
    return lambda paper_id: not wanted or wanted in map(str.casefold, tags.get(paper_id, ()))


def _ranked(
    library: Papers, settings: Settings, ids: Sequence[str], lang: Language
) -> tuple[tuple[Ranked, ...], str]:
    try:
        kept = interests_of(library, settings)
        return by_nearness(ids, library.mean_vectors(), kept), ""
    except GlossError as error:
        return tuple(map(Ranked, ids)), line_of(error, lang)


def _passes(library: Papers, row: ShelfRow, wanted: PaperFilter) -> bool:
    if not wanted:
        return True
    if wanted.passes(row.title, "", row.authors):
        return True
    if not wanted.keywords:
        return False
    try:
        return wanted.passes("", abstract_of(library.paper(row.id)), ())
    except GlossError:  # damaged, or removed a moment ago
        return False


def _line(
    library: Papers,
    row: ShelfRow,
    ranked: Ranked,
    read: bool,
    kept: bool | None,
    lang: Language,
) -> DayLine:
    near = ranked.near
    return DayLine(
        id=row.id,
        name=row.id,
        title=plain(row.title) or row.id,
        authors=author_line(row.authors, lang),
        date=row.date,
        categories=", ".join(row.categories),
        summary=_summary(library, row, lang),
        near=near.title if near else "",
        near_id=near.paper_id if near else "",
        read=read,
        kept=kept,
    )


def _summary(library: Papers, row: ShelfRow, lang: Language) -> tuple[Piece, ...]:
    """The first sentence of the saved digest, in the reader's language where there is one."""
    if not row.digests:
        return ()
    saved: Language = lang if lang in row.digests else "en"
    try:
        kept = library.newest_digest(row.id, saved, "extractive")
    except GlossError:
        return ()
    digest = from_text(kept.text) if kept else None
    if digest is None:
        return ()
    claim = digest.summary
    return sentence_pieces(library, row.id, claim.text, claim.citations) if claim else ()


def words_of(said: str | None) -> tuple[str, ...]:
    """What a person typed, with commas between."""
    parts = (one.strip() for one in (said or "")[:1000].replace("，", ",").split(","))
    return tuple(one for one in parts if any(map(str.isalnum, one)))
