"""What a new version of a paper keeps of a former version's digest: claim by claim, by quotes.

A quote stands where the new text has it word for word; white space and the hyphens of words are
folded, and a sentence must be a whole sentence again. Otherwise the sentence that comes nearest is
looked for, by the words that both have in the same order, and the difference is shown. Numbers are
words like others: one that changed is a change, however near the sentence is.

Nearness is by words and not by vectors, because it is to be seen what was put in place of what; a
sentence that says the same in other words is for a person to find.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from app.digest import Citation, Claim, Digest, Header, Language
from app.write.saved import from_text
from index.errors import GlossError
from index.hits import Passage
from index.paper import Paper
from index.spans import Span

if TYPE_CHECKING:
    from index.catalog import KeptDigest
    from index.library import Papers

Fate = Literal["stands", "changed", "lost"]
_FATES: tuple[Fate, ...] = ("lost", "changed", "stands")  # the worst first

# Of difflib's ratio over words: 0.6 lets two fifths of the words be replaced. Of 300 sentences that
# were drawn from ten papers, 6 % have another one that near in their own paper (9 % at 0.5, 3 % at
# 0.7), most of which say nearly the same; the median is at 0.29.
CLOSE = 0.6
# Keywords and addresses are too short for two of them to be versions of one.
_WORDS_LEAST = 4

_LETTER = r"[^\W\d_]"
# The hyphen of a compound, or of a line's end, between two letters; else white space.
_FOLDED = re.compile(rf"(?<={_LETTER})[-\u2010\u2011\u00ad]\s*(?={_LETTER})|\s+")
_TOKEN = re.compile(
    r"(?:(?<![\w)\]])[-−+±])?\d+(?:[.,]\d+)*\w*(?:\s?%)?"  # a number with its sign
    rf"|{_LETTER}+(?:['’-]?\w+)*"
    r"|[^\w\s]|_"
)
_ENDS = re.compile(r"[.!?。！？][\"'”’)\]]*$")
# What may stand beside words that are quoted, so that neither a word nor a number goes on there.
_BEFORE = re.compile(r"(?:^|[^\w.,:/@#&=~%$€£−–+±-])$")
_BEFORE_NAME = re.compile(r"\d$")  # the mark of a footnote, before a name
_AFTER = re.compile(r"[,;:.!?)\]}\"'”’]*(?:\s|$)")
_SENTENCE_BEFORE = re.compile(r"(?:^|[.!?:;][\"'”’)\]]*\s)$")


class NothingToCompare(GlossError):
    """No digest of a former version of a paper is saved."""

    def __init__(self, paper_id: str, lang: str, others: Sequence[str] = ()) -> None:
        if others:
            said = f"no digest in {lang} of a former version is kept; there is one in "
            said += f"{', '.join(others)}: gloss diff {paper_id} --lang {others[0]}"
        else:
            said = (
                "no digest of a former version is kept, so there is nothing to compare; "
                "one that was written before a new version is added stays"
            )
        super().__init__(f"{paper_id}: {said}")
        self.paper_id = paper_id
        self.lang = lang


@dataclass(frozen=True, slots=True)
class WordChange:
    """Words of the former version and those that replace them; one of them may be empty."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class QuoteChange:
    """The fate of a quote that a claim cites.

    ``now`` is where they are in the new version, or what comes nearest there; its passage's id is
    empty where it lies in none, as in the references. ``closeness`` is 1 for what stands, and the
    best that was found for what is lost.
    """

    fate: Fate
    quote: str
    passage_id: str
    page: int | None
    now: Citation | None = None
    words: tuple[WordChange, ...] = ()
    closeness: float = 1.0


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A claim of the former digest with the fates of its quotes; it has at least one quote."""

    section: str  # the digest's: "key_takeaways"
    claim: Claim
    quotes: tuple[QuoteChange, ...]

    @property
    def fate(self) -> Fate:
        """The worst fate of its quotes: a claim rests on all of them."""
        return min((one.fate for one in self.quotes), key=_FATES.index, default="lost")


@dataclass(frozen=True, slots=True)
class DigestDiff:
    """The claims of a former version's digest beside the current version."""

    former: Header
    paper_id: str
    version: int | None  # the one that is here now
    title: str
    lang: Language
    writer: str
    claims: tuple[ClaimChange, ...]

    def of(self, fate: Fate) -> tuple[ClaimChange, ...]:
        """The claims with that fate, in the digest's order."""
        return tuple(one for one in self.claims if one.fate == fate)


def paper_diff(library: Papers, paper_id: str, lang: Language = "en") -> DigestDiff:
    """The last digest of a paper's former version in a language, beside the paper as it is now.

    Of several writers' digests it is the one that was saved last. Raises ``PaperNotFound``, and
    ``NothingToCompare`` where no such digest is kept.
    """
    kept = library.former_digests(paper_id)
    former = next(_read(kept, lang), None)
    if former is None:
        others = sorted({one.lang for one in kept if one.lang != lang})
        raise NothingToCompare(paper_id, lang, others)
    paper = library.paper(former.paper.id)
    return diff(former, paper, library.passages(paper.id))


def _read(kept: Sequence[KeptDigest], lang: Language) -> Iterator[Digest]:
    for one in kept:
        digest = from_text(one.text) if one.lang == lang else None
        if digest is not None:
            yield digest


def diff(former: Digest, paper: Paper, passages: Sequence[Passage]) -> DigestDiff:
    """The claims of a digest beside another version of its paper."""
    text = _NewText(paper, passages)
    cited = [
        (section.name, claim, _quotes(claim.citations))
        for section in former.sections
        for claim in section.items
    ]
    standing = {
        quote.quote: found
        for _, _, quotes in cited
        for quote in quotes
        if (found := text.find(quote)) is not None
    }
    # What stands for a quote of its own is no changed version of another.
    taken = [one.span for one in standing.values()]
    changes = tuple(
        ClaimChange(
            section,
            claim,
            tuple(
                _change(quote, standing[quote.quote])
                if quote.quote in standing
                else text.nearest(quote, taken)
                for quote in quotes
            ),
        )
        for section, claim, quotes in cited
    )
    return DigestDiff(
        former=former.paper,
        paper_id=paper.id,
        version=paper.version,
        title=paper.title,
        lang=former.lang,
        writer=former.writer,
        claims=changes,
    )


def _change(quote: Citation, now: Citation) -> QuoteChange:
    return QuoteChange("stands", quote.quote, quote.passage_id, quote.page, now)


def _quotes(citations: Sequence[Citation]) -> list[Citation]:
    """The quotes; a sentence that is cited in two parts, for the passages it lies in, as one."""
    joined: list[Citation] = []
    for one in citations:
        last = joined[-1] if joined else None
        if (
            last is not None
            and 0 <= one.span.start - last.span.end <= 2
            and not _ENDS.search(last.quote)
        ):
            joined[-1] = replace(
                last,
                quote=f"{last.quote} {one.quote}",
                span=Span(last.span.start, one.span.end),
                boxes=last.boxes + one.boxes,
            )
        else:
            joined.append(one)
    return joined


@dataclass(frozen=True, slots=True)
class _Folded:
    """Text on one line, without the hyphens of words; ``places`` has each character's origin."""

    text: str
    places: tuple[int, ...]  # one more than characters: the last is the end

    @classmethod
    def of(cls, text: str) -> _Folded:
        parts: list[str] = []
        places: list[int] = []
        at = 0
        for found in _FOLDED.finditer(text):
            parts.append(text[at : found.start()])
            places.extend(range(at, found.start()))
            if found.group().isspace():
                parts.append(" ")
                places.append(found.start())
            at = found.end()
        parts.append(text[at:])
        places.extend(range(at, len(text) + 1))
        return cls("".join(parts), tuple(places))


def _fold(text: str) -> str:
    return _Folded.of(text).text.strip()


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Words, numbers and marks of a folded text, and where they are in it."""

    text: str
    ends: tuple[tuple[int, int], ...]
    tokens: tuple[str, ...]
    words: tuple[str, ...]  # the same in lower case, without marks

    @classmethod
    def of(cls, text: str) -> _Tokens:
        found = list(_TOKEN.finditer(text))
        tokens = tuple("".join(one.group().split()) for one in found)
        words = tuple(one.casefold() for one in tokens if any(map(str.isalnum, one)))
        return cls(text, tuple(one.span() for one in found), tokens, words)

    def slice(self, first: int, last: int) -> str:
        """The text of tokens ``first`` to ``last`` (exclusive)."""
        return self.text[self.ends[first][0] : self.ends[last - 1][1]] if first < last else ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    span: Span
    tokens: _Tokens


class _NewText:
    """The current version, in which former quotes are looked for."""

    def __init__(self, paper: Paper, passages: Sequence[Passage]) -> None:
        self._paper = paper
        self._passages = sorted(passages, key=lambda one: one.span)
        self._starts = [one.span.start for one in self._passages]
        self._folded = _Folded.of(paper.text)
        self._begins = {
            part.span.start
            for parts in (paper.sections, paper.blocks, paper.sentences)
            for part in parts
        }
        self._windows: dict[int, list[_Candidate]] = {}

    def find(self, quote: Citation) -> Citation | None:
        """Where a quote stands word for word; of several places one in a like section, if any."""
        places = [self._citation(span) for span in self._found(_fold(quote.quote))]
        alike = (one for one in places if one.passage_id and one.role == quote.role)
        cited = (one for one in places if one.passage_id)
        return next(alike, None) or next(cited, None) or next(iter(places), None)

    def _found(self, wanted: str) -> Iterator[Span]:
        text, places = self._folded.text, self._folded.places
        sentence = bool(_ENDS.search(wanted))
        at = text.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if self._apart(at, end, sentence):
                yield Span(places[at], places[end - 1] + 1)
            at = text.find(wanted, at + 1)

    def _apart(self, start: int, end: int, sentence: bool) -> bool:
        """Whether folded text is bounded on the left and the right."""
        text = self._folded.text
        before, after = text[max(0, start - 4) : start], text[end : end + 8]
        if not _AFTER.match(after):
            return False
        if sentence:
            begins = self._folded.places[start] in self._begins
            return begins or bool(_SENTENCE_BEFORE.search(before))
        named = text[start].isupper() and bool(_BEFORE_NAME.search(before))
        return named or bool(_BEFORE.search(before))

    def nearest(self, quote: Citation, taken: Sequence[Span]) -> QuoteChange:
        """The quote as changed, or as lost where no sentence comes near.

        ``taken`` are places that other quotes have.
        """
        wanted = _Tokens.of(_fold(quote.quote))
        lost = QuoteChange("lost", quote.quote, quote.passage_id, quote.page, closeness=0.0)
        if len(quote.quote.split()) < _WORDS_LEAST:
            return lost
        # One sequence is prepared once, and those that share too few words are passed over.
        matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted.words)
        best, closeness = None, 0.0
        for one in self._candidates(self._sentences_of(quote.quote)):
            matcher.set_seq1(one.tokens.words)
            if matcher.real_quick_ratio() <= closeness or matcher.quick_ratio() <= closeness:
                continue
            ratio = matcher.ratio()
            if ratio > closeness and not any(_overlap(one.span, span) for span in taken):
                best, closeness = one, ratio
        if best is None or closeness < CLOSE:
            return replace(lost, closeness=closeness)
        words = _word_changes(wanted, best.tokens)
        now = self._citation(best.span)
        if not words:  # but for white space, every word and mark is the same
            return _change(quote, now)
        return replace(lost, fate="changed", now=now, words=words, closeness=closeness)

    def _sentences_of(self, quote: str) -> int:
        from index.read.text.sentences import split_sentences

        return max(1, sum(1 for _ in split_sentences(quote, Span(0, len(quote)))))

    def _candidates(self, sentences: int) -> list[_Candidate]:
        """As many sentences in a row as the quote has, and what is listed on the first page."""
        if sentences not in self._windows:
            paper = self._paper
            every = paper.sentences
            spans = [
                Span(every[at].span.start, every[at + sentences - 1].span.end)
                for at in range(len(every) - sentences + 1)
                if every[at].kind == every[at + sentences - 1].kind
            ]
            spans += [*paper.affiliations, *(figure.caption for figure in paper.figures)]
            self._windows[sentences] = [
                _Candidate(span, _Tokens.of(_fold(span.of(paper.text))))
                for span in dict.fromkeys(spans)
            ]
        return self._windows[sentences]

    def _citation(self, span: Span) -> Citation:
        at = bisect_right(self._starts, span.start) - 1
        inside = at >= 0 and span.start < self._passages[at].span.end
        passage_id = self._passages[at].id if inside else ""
        return Citation(passage_id, span.of(self._paper.text), span, self._paper.boxes(span))


def _word_changes(before: _Tokens, after: _Tokens) -> tuple[WordChange, ...]:
    matcher = SequenceMatcher(None, before.tokens, after.tokens, autojunk=False)
    return tuple(
        WordChange(before.slice(a, b), after.slice(c, d))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    )


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
