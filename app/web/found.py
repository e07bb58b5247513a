"""What a search, and a question, find: HTML whose entries lead to their places in papers.

An entry's address is that of the place: ``?paper=2407.03300&at=1204-1310``, characters of the
paper's text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from app.answer.questions import is_english
from app.digest import Language
from app.show.html import fill
from app.show.own_notes import found_notes
from app.show.text import plain, snippet, snippet_at
from app.show.views import found_claim_view, sources
from app.web.media import address_of
from app.web.quoted import Quoted, as_text, cited, quoted
from app.web.texts import texts
from app.write.ask import knows_english_only
from index.errors import GlossError, NoDigests
from index.hits import ClaimHit, Hit, SearchFilter
from index.notes import Located
from index.spans import Span

if TYPE_CHECKING:
    from index.library import Papers

HITS = 10  # that are shown
_LOOKED_AT = 40  # of which they are taken, so that one paper does not fill the screen
OF_ONE_PAPER = 3
# Below this likeness (a cosine of the English model, by which passages without the query's words
# are scored) a passage is about something else: of queries without sense or about other subjects
# the best was at .35, of those about the library's papers at .43 and more.
_FAR = 0.4

_QUESTION = re.compile(
    r"^\W*(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|had|"
    r"can|could|will|would|should|may|might|must)\b.*\s\S|[?？]\s*$|"
    r"什么|多少|为什么|为何|如何|怎么|怎样|是否|哪[些个种里]|谁|吗",
    re.I | re.S,
)


def is_question(query: str) -> bool:
    """Whether a query asks, so that an answer is looked for: "how ...", "...?"."""
    return _QUESTION.search(query) is not None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """The place of an entry: its paper, and its span in the paper's text."""

    paper_id: str
    title: str
    where: str
    page: int | None
    span: Span

    @property
    def address(self) -> str:
        """Where the app shows it."""
        asked = {"paper": self.paper_id, "at": f"{self.span.start}-{self.span.end}"}
        return f"?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: HTML, its places in the same order, and their number in words.

    ``notes`` is the HTML of the reader's own that a search found beside them; an answer has none.
    """

    shown: str
    places: list[FoundPlace]
    outcome: Literal[
        "passages", "far", "digests", "no_digests", "no_papers", "answered", "not_answered"
    ]
    lang: Language
    notes: str = ""

    @property
    def said(self) -> str:
        """One line, which is read out."""
        say = texts()[self.lang]
        if self.outcome in ("not_answered", "no_digests", "no_papers"):
            return say[f"search_{self.outcome}"]
        if not self.places:
            return say["search_none_title"]
        papers = len({one.paper_id for one in self.places})
        return say[f"search_found_{self.outcome}"].format(len(self.places), papers)


@dataclass(frozen=True, slots=True)
class Entry:
    """A hit in words: where it is, and the part of it that has the query's words."""

    place: FoundPlace
    seen: Quoted
    quotes: tuple[str, ...] = ()  # what a sentence of ours rests on
    lang: str = "en"


@dataclass(frozen=True, slots=True)
class PaperEntries:
    """The hits of one paper, best first; ``more`` were left out."""

    paper_id: str
    title: str
    entries: tuple[Entry, ...]
    more: int


def found_in_nothing(lang: Language, samples: bool) -> Found:
    """What a search of a library without papers finds: how to add some."""
    shown = fill("nothing.html", say=texts()[lang], samples=samples)
    return Found(shown, [], "no_papers", lang)


def found_passages(
    library: Papers, query: str, wanted: SearchFilter, lang: Language, key: str
) -> Found:
    """The passages that fit a query best, by paper; ``key`` is that of the session."""
    hits = library.search(query, _LOOKED_AT, wanted)
    papers = [
        replace(
            one, entries=tuple(_as_printed(library, key, entry, query) for entry in one.entries)
        )
        for one in _by_paper([_entry_of(hit, query) for hit in hits], wanted)
    ]
    places = [entry.place for paper in papers for entry in paper.entries]
    far = _is_far(library, query, hits)
    shown = _filled("hits.html", library, query, lang, papers=papers, far=far)
    return Found(shown, places, "far" if far else "passages", lang)


def found_in_digests(
    library: Papers, query: str, wanted: SearchFilter, lang: Language, key: str
) -> Found:
    """The sentences of digests that fit a query best, by paper."""
    try:
        hits = library.search_claims(query, _LOOKED_AT, wanted)
    except NoDigests as error:
        if error.unsearchable:
            raise
        shown = fill("empty.html", said=texts()[lang]["search_no_digests_told"])
        return Found(shown, [], "no_digests", lang)
    papers = _by_paper([_entry_of_claim(library, key, hit, lang) for hit in hits], wanted)
    places = [entry.place for paper in papers for entry in paper.entries]
    shown = _filled("hits.html", library, query, lang, papers=papers, far=False)
    return Found(shown, places, "digests", lang)


def notes_found(library: Papers, query: str, wanted: SearchFilter, lang: Language) -> str:
    """The reader's notes with the words of a query, as HTML of their own; empty without any."""
    found = found_notes(library, query, wanted)
    if not found:
        return ""

    def address(one: Located) -> str:
        at = f"{one.span.start}-{one.span.end}" if one.span is not None else ""
        named = {"paper": one.paper_id} | ({"at": at} if at else {})
        return f"?{urlencode(named)}" if one.where != "removed" else ""

    places = [(one, address(one), plain(one.place.title) or one.paper_id) for one in found]
    return fill("notes_found.html", say=texts()[lang], places=places, query=query)


def answer_of(
    library: Papers, question: str, wanted: SearchFilter, lang: Language, key: str
) -> Found:
    """Sentences that answer a question, each with its place; or that none does."""
    from app.write.ask import ask

    answer = ask(library, question, within=wanted)
    places = [
        FoundPlace(
            one.paper_id,
            plain(one.title) or one.paper_id,
            one.section,
            one.claim.citations[0].page,
            one.claim.citations[0].span,
        )
        for one in answer.sentences
    ]
    seen = [
        cited(
            library,
            one.paper_id,
            address_of(key, one.paper_id),
            one.claim.text,
            one.claim.citations,
        )
        for one in answer.sentences
    ]
    shown = _filled(
        "answer.html",
        library,
        question,
        lang,
        sources=list(zip(sources(answer, lang), places, seen, strict=True)),
        found=answer.found,
    )
    return Found(shown, places, "answered" if answer.found else "not_answered", lang)


def _filled(template: str, library: Papers, query: str, lang: Language, **values: object) -> str:
    return fill(
        template,
        say=texts()[lang],
        query=query,
        english_only=not is_english(query) and knows_english_only(library.model),
        **values,
    )


def _is_far(library: Papers, query: str, hits: Sequence[Hit]) -> bool:
    """Whether no passage has a word of the query, and the nearest are not near."""
    without_its_words = bool(hits) and all(hit.found_by == "dense" for hit in hits)
    return without_its_words and knows_english_only(library.model) and hits[0].score < _FAR


def _by_paper(entries: Sequence[Entry], wanted: SearchFilter) -> list[PaperEntries]:
    """The best entries by paper, of each a few; of one paper that was asked for, as many as fit."""
    each = HITS if wanted.paper_id is not None else OF_ONE_PAPER
    of: dict[str, list[Entry]] = {}
    left, over = HITS, dict[str, int]()
    for entry in entries:
        kept = of.get(entry.place.paper_id, [])
        if left and len(kept) < each:
            of.setdefault(entry.place.paper_id, []).append(entry)
            left -= 1
        else:
            over[entry.place.paper_id] = over.get(entry.place.paper_id, 0) + 1
    return [
        PaperEntries(
            paper, kept[0].place.title, tuple(kept), over.get(paper, 0) if each < HITS else 0
        )
        for paper, kept in of.items()
    ]


def _entry_of(hit: Hit, query: str) -> Entry:
    passage = hit.passage
    page = hit.boxes[0].page if hit.boxes else None
    title = plain(hit.title) or passage.paper_id
    place = FoundPlace(passage.paper_id, title, plain(passage.section), page, passage.span)
    return Entry(place, as_text(snippet(passage.text, query)))


def _as_printed(library: Papers, key: str, entry: Entry, query: str) -> Entry:
    """An entry that is shown, its part of the passage as people read it."""
    place = entry.place
    try:
        text = place.span.of(library.paper(place.paper_id).text)
    except GlossError:  # gone meanwhile, or damaged: whoever opens it is told
        return entry
    start, end = snippet_at(text, query)
    part = Span(place.span.start + start, place.span.start + end)
    if entry.seen != as_text(snippet(text, query)) or not part:  # another edition came meanwhile
        return entry
    cut = (bool(text[:start].strip()), bool(text[end:].strip()))
    address = address_of(key, place.paper_id)
    return replace(entry, seen=quoted(library, place.paper_id, address, part, cut))


def _entry_of_claim(library: Papers, key: str, hit: ClaimHit, lang: Language) -> Entry:
    seen, claim = found_claim_view(hit, lang), hit.claim
    first = claim.citations[0]
    where = " · ".join(part for part in (seen.section, seen.part) if part)
    place = FoundPlace(claim.paper_id, seen.title, where, first.page, first.span)
    spoken = "zh-CN" if claim.lang == "zh" and seen.quotes else "en"
    address = address_of(key, claim.paper_id)
    shown = cited(library, claim.paper_id, address, claim.text, claim.citations)
    return Entry(place, shown, seen.quotes, spoken)
