"""The reader's notes and tags on a library's papers, and where their words are now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from index.catalog import Catalog
from index.errors import PaperDamaged, PaperNotFound
from index.library.access import Access
from index.library.ids import Ids
from index.notes import (
    Anchor,
    Located,
    NoteNotFound,
    NoteUnusable,
    Place,
    anchor_of,
    locate,
    matches,
    note_text,
    occurrences,
    says,
    tag_name,
)
from index.paper import Paper
from index.room import LEAST
from index.spans import Span


@dataclass(frozen=True, slots=True)
class PaperTags:
    """The tags of a paper, and those that only words of it have; by name."""

    own: tuple[str, ...] = ()
    of_words: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return (*self.own, *self.of_words)


@dataclass(eq=False)
class OwnNotes:
    """Notes and tags of an open library. Each change is one transaction.

    ``span`` is of words of the paper as it is now; without one the note is on the paper. All
    methods that change something raise ``LibraryReadOnly`` and ``DiskFull``.
    """

    _catalog: Catalog
    _access: Access
    _ids: Ids

    def add(self, paper_id: str, text: str, span: Span | None = None) -> Located:
        """Store a note. Raises ``PaperNotFound`` and ``NoteUnusable``."""
        text = note_text(text)
        key, anchor = self._spot(paper_id, span)
        return self._located(self._catalog.notes.add_note(key, anchor, text))

    def change(self, number: int, text: str) -> Located:
        """Store another text of a note. Raises ``NoteUnusable``."""
        text = note_text(text)
        self._access.check(margin=LEAST)
        return self._located(self._catalog.notes.change_note(number, text))

    def delete(self, number: int) -> None:
        """Delete a note. Raises ``NoteUnusable`` where there is none of that number."""
        self._access.check(margin=LEAST)
        self._catalog.notes.delete_note(number)

    def check_on(self, named: str, number: int) -> None:
        """Raise ``NoteUnusable`` unless a note of that number is on the paper that is named.

        The paper may have been removed.
        """
        for one in self.find():
            if any(note.number == number for note in one.place.notes):
                wanted = {one.paper_id, one.place.paper_key}
                if named in wanted or self._is_paper(named, one.place.paper_key):
                    return
                raise NoteUnusable(f"note {number} is on {one.paper_id}, not on {named}")
        raise NoteNotFound(f"note {number}: no such note; `gloss notes` lists them")

    def _is_paper(self, named: str, paper_key: str) -> bool:
        try:
            return self._ids.edition(named).paper_key == paper_key
        except PaperNotFound:
            return False

    def tag(self, paper_id: str, name: str, span: Span | None = None) -> Located:
        """Tag a paper or words of it. Raises ``PaperNotFound`` and ``NoteUnusable``."""
        name = tag_name(name)
        key, anchor = self._spot(paper_id, span)
        return self._located(self._catalog.notes.add_tag(key, anchor, name))

    def untag(self, paper_id: str, name: str, span: Span | None = None) -> None:
        """Take a tag away. Raises ``PaperNotFound``, and ``NoteUnusable`` where it is not there."""
        self._access.check(margin=LEAST)
        for one in self.of(paper_id):
            there = one.span == span if one.where == "here" else False
            if there and (span is not None) == (one.place.anchor is not None):
                self._catalog.notes.delete_tag(one.place.number, name)
                return
        raise NoteNotFound(f"{name}: no such tag on {paper_id}")

    def of(self, paper_id: str) -> list[Located]:
        """The places of one paper, the paper itself first. Raises ``PaperNotFound``."""
        edition = self._ids.edition(paper_id)
        places = self._catalog.notes.places(edition.paper_key)
        return [self._here(place, edition.paper_id, edition.number) for place in places]

    def find(self, query: str = "", tag: str = "") -> list[Located]:
        """The places with all words of ``query`` in their notes, tags or words, and with a tag,
        in any case; of papers that were removed, too."""
        wanted = tag.casefold()
        return [
            self._resolved(place)
            for place in self._catalog.notes.places()
            if matches(place, query)
            and (not wanted or wanted in (name.casefold() for name in place.tags))
        ]

    def saying(self, words: Collection[str]) -> list[Located]:
        """The places on which the reader's own words have all of these, in any case.

        None without words; of papers that were removed, too.
        """
        places = self._catalog.notes.places() if words else ()
        return [self._resolved(place) for place in places if says(place, words)]

    def tagged(self, tag: str) -> list[str]:
        """The ids of the papers that are here and tagged so, in any case, or words of which are.

        In order.
        """
        wanted = tag.casefold()
        rows = self._catalog.notes.tags_of_papers()
        return list(dict.fromkeys(one for one, name, _ in rows if name.casefold() == wanted))

    def tags_by_paper(self) -> dict[str, PaperTags]:
        """The tags of the papers that have any, by the id of the paper."""
        own: dict[str, list[str]] = {}
        of_words: dict[str, list[str]] = {}
        for paper_id, name, is_own in self._catalog.notes.tags_of_papers():
            (own if is_own else of_words).setdefault(paper_id, []).append(name)
        found = {}
        for paper_id in (*own, *of_words):
            there = {name.casefold(): name for name in own.get(paper_id, ())}
            others = {name.casefold(): name for name in of_words.get(paper_id, ())}
            rest = tuple(name for key, name in others.items() if key not in there)
            found[paper_id] = PaperTags(tuple(there.values()), rest)
        return found

    def tags(self) -> dict[str, int]:
        """All tags, each with the number of places that have it, by name."""
        counts: dict[str, int] = {}
        for place in self._catalog.notes.places():
            for name in place.tags:
                counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items(), key=lambda one: (one[0].casefold(), one[0])))

    def quoted(self, paper_id: str, words: str) -> Span:
        """Where words are in a paper; raises ``NoteUnusable`` unless that is one place."""
        paper = self._paper(paper_id)
        found = occurrences(words, paper)
        if len(found) != 1:
            how = f"{len(found)} times" if found else "nowhere"
            raise NoteUnusable(
                f"{paper_id}: these words are {how} in it; give some that are there once, as the "
                "paper has them"
            )
        return found[0]

    def _paper(self, paper_id: str) -> Paper:
        try:
            return self._catalog.contents.paper(self._ids.edition(paper_id).number)
        except KeyError:
            raise PaperNotFound(paper_id) from None

    def _spot(self, paper_id: str, span: Span | None) -> tuple[str, Anchor | None]:
        """What a place is stored by; words that another place has already are its."""
        self._access.check(margin=LEAST)
        edition = self._ids.edition(paper_id)
        if span is None:
            return edition.paper_key, None
        for one in self.of(paper_id):
            if one.span == span and one.place.anchor is not None:
                return edition.paper_key, one.place.anchor
        return edition.paper_key, anchor_of(self._paper(paper_id), span)

    def _located(self, number: int) -> Located:
        return self._resolved(self._catalog.notes.place(number))

    def _resolved(self, place: Place) -> Located:
        current = self._catalog.editions.find("paper_key", place.paper_key, "current")
        page = place.anchor.page if place.anchor is not None else None
        if place.removed or not current:
            return Located(place, place.paper_key, "removed", None, page)
        try:
            return self._here(place, current[0].paper_id, current[0].number)
        except PaperDamaged:  # which is named by whatever needs the paper itself
            return Located(place, current[0].paper_id, "gone", None, page)

    def _here(self, place: Place, paper_id: str, number: int) -> Located:
        anchor = place.anchor
        if anchor is None:
            return Located(place, paper_id, "here")
        paper = self._catalog.contents.paper(number)
        span = locate(anchor, paper)
        if span is None:
            return Located(place, paper_id, "gone", None, anchor.page)
        boxes = paper.boxes(span)
        return Located(place, paper_id, "here", span, boxes[0].page if boxes else None)
