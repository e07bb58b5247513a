"""The library as a list: sorted, filtered and in pages, so that 5,000 papers show no lag."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from app.interests.filters import folded
from app.show.text import plain
from app.show.views import author_line
from index.errors import PaperNotFound
from index.library import PaperTags
from index.notes import TAG_MOST

if TYPE_CHECKING:
    from app.digest import Language
    from index.library import Papers, ShelfRow

Order = Literal["title", "authors", "date", "added", "digest", "size"]
ORDERS: tuple[Order, ...] = get_args(Order)
PAGE = 50  # rows: what a screen or two show
_MOST_LETTERS = 200  # of a filter
_REMEMBERED = 4  # libraries in a state: that of all, and those of some visitors


@dataclass(frozen=True, slots=True)
class ShelfView:
    """Which part of the list is shown, and how it is sorted."""

    order: Order = "added"
    down: bool = True
    page: int = 1  # from 1
    text: str = ""
    tag: str = ""  # only papers that are tagged so, in any case, or words of which are

    @classmethod
    def of(cls, sent: object, text: str = "") -> ShelfView:
        """What a browser has sent, which may be anything."""
        given = sent if isinstance(sent, dict) else {}
        page, tag = given.get("page"), given.get("tag")
        return cls(
            order=next((one for one in ORDERS if one == given.get("order")), "added"),
            down=given.get("down") is not False,
            page=page if isinstance(page, int) and 0 < page < 10**6 else 1,
            text=text[:_MOST_LETTERS],
            tag=tag[:TAG_MOST] if isinstance(tag, str) else "",
        )

    def sent(self) -> dict[str, object]:
        """What the browser sends back."""
        return {"order": self.order, "down": self.down, "page": self.page, "tag": self.tag}


@dataclass(frozen=True, slots=True)
class ShelfLine:
    """A row as a reader sees it."""

    id: str
    name: str  # the id with its version
    title: str
    authors: str
    date: str
    added: str
    status: str
    reason: str
    categories: str
    digests: tuple[str, ...]
    size: str
    removable: bool
    tags: PaperTags


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """A page of the list. ``papers`` counts all that the filter lets pass."""

    lines: tuple[ShelfLine, ...]
    view: ShelfView
    papers: int
    of: int  # all in the library
    tags: tuple[str, ...] = ()  # all that there are

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(-(-self.papers // PAGE), 1)

    @property
    def first(self) -> int:
        """The number of its first row, from 1."""
        return (self.view.page - 1) * PAGE + 1

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A row with what it is found and sorted by."""

    row: ShelfRow
    text: str
    keys: dict[Order, str]
    tags: PaperTags


@dataclass(eq=False)
class Shelves:
    """The lists of libraries, each made ready once for as long as nothing changes."""

    _ready: OrderedDict[Hashable, list[_Sorted]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(
        self, library: Papers, view: ShelfView, lang: Language, hidden: frozenset[str] = frozenset()
    ) -> ShelfPage:
        """The page of a view; the last one there is where it asks for a later one.

        ``hidden`` are papers that are about to be removed.
        """
        words = folded(view.text).split()
        rows = [one for one in self._rows(library) if one.row.id not in hidden]
        found = [one for one in rows if all(word in one.text for word in words)]
        names = sorted({tag for one in rows for tag in one.tags.all}, key=str.casefold)
        if view.tag:
            tag = view.tag.casefold()
            found = [one for one in found if tag in map(str.casefold, one.tags.all)]
        found.sort(key=lambda one: one.keys[view.order], reverse=view.down)
        last = max(-(-len(found) // PAGE), 1)
        view = replace(view, page=min(view.page, last))
        start = (view.page - 1) * PAGE
        lines = (_line(library, one, lang) for one in found[start : start + PAGE])
        there = tuple(one for one in lines if one)
        return ShelfPage(there, view, len(found), len(rows), tuple(names))

    def _rows(self, library: Papers) -> list[_Sorted]:
        revision = library.revision
        with self._lock:
            if revision in self._ready:
                self._ready.move_to_end(revision)
                return self._ready[revision]
        tags = library.notes.tags_by_paper() if library.notes is not None else {}
        ready = [_sorted(row, tags.get(row.id, PaperTags())) for row in library.shelf()]
        with self._lock:
            self._ready[revision] = ready
            while len(self._ready) > _REMEMBERED:
                self._ready.popitem(last=False)
        return ready


def _sorted(row: ShelfRow, tags: PaperTags) -> _Sorted:
    title = folded(row.title) or folded(row.id)
    authors = folded(" ".join(row.authors))
    others = folded(" ".join((*row.categories, *tags.all)))
    text = f"{title} {authors} {others} {row.id.casefold()}"
    return _Sorted(
        row,
        text,
        {
            "title": f"{title}\0{row.id}",
            "authors": f"{authors}\0{row.id}",
            "date": f"{row.date}\0{row.id}",
            "added": f"{row.added}\0{row.id}",
            "digest": f"{' '.join(row.digests)}\0{row.id}",
            "size": f"{_size(row):015}\0{row.id}",
        },
        tags,
    )


def _line(library: Papers, one: _Sorted, lang: Language) -> ShelfLine | None:
    row = one.row
    try:
        whole = library.row(row.id)
    except PaperNotFound:
        return None  # removed a moment ago
    return ShelfLine(
        id=row.id,
        name=f"{row.id}v{whole.version}" if whole.version else row.id,
        title=plain(row.title) or row.id,
        authors=author_line(row.authors[:3], lang) + (" …" if len(row.authors) > 3 else ""),
        date=row.date,
        added=row.added[:10],
        status=row.status,
        reason=whole.reason,
        categories=", ".join(row.categories),
        digests=row.digests,
        size=f"{max(_size(row) / 1e6, 0.1):.1f} MB" if _size(row) else "",
        removable=library.may_remove(row.id),
        tags=one.tags,
    )


def _size(row: ShelfRow) -> int:
    """The bytes of the paper's file; 0 of one that did not become a paper."""
    return row.size if row.status == "ok" else 0
