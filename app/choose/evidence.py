"""For each item of the template, the words of the paper that answer it.

Candidates are sentences that stand on their own; a sentence that leans on the one before ("However, …")
is taken together with it or not at all. Each is scored by the item's question, its cue, the section it
stands in and how central it is to the paper; near-duplicates of what was already chosen are left out
(maximal marginal relevance, Carbonell & Goldstein 1998).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.check.tokens import stem
from app.choose.template import Item
from index.paper import Paper, Role
from index.read.text.headings import title_role
from index.spans import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WORDS_LEAST, WORDS_MOST = 7, 60  # of one quote; longer sentences are rarely read to their end
_SIMILARITY, _CUE, _CENTRAL, _ROLE, _EARLY = 1.0, 0.25, 0.45, 0.22, 0.08
_LONG = 0.1  # what length costs
_REDUNDANCY = 0.35  # how much likeness to a chosen quote costs
_TOO_ALIKE = 0.86  # cosine from which two quotes say the same

_LEANS = re.compile(
    r"[(\[\"“'‘]*(?:(?:However|Nevertheless|Nonetheless|Therefore|Thus|Hence|Consequently|Accordingly|"
    r"Moreover|Furthermore|Additionally|Also|Besides|Yet|But|And|Or|So|Similarly|Likewise|Conversely|"
    r"Instead|Otherwise|Rather|Again|Indeed|Note|Still|Meanwhile|Then|Next|Thereby|Specifically|Concretely|"
    r"Formally|Finally|Lastly|First|Firstly|Second|Secondly|Third|Thirdly|Overall|Interestingly|"
    r"Surprisingly|Alternatively|Afterwards?|Here|More|Particularly|Altogether|Eventually)\b(?! (?:and|order|of the)\b)"
    r"|(?:They|It|He|She|Its|Their|Them|Those|Such|That|One such|Another|Others?|Both|Either|Neither|Each of)\b"
    r"|(?:This|These)\b(?! (?:paper|work|article|study|report|letter|note|survey|thesis)\b)"
    r"|The (?:former|latter|second|third|first|other|others|same|above|resulting|following|rest|remaining|next|last)\b"
    r"|In (?:this|these|that|such|those|both|contrast|addition|particular|turn|other|short|fact|general|order|doing|all(?!,)|each|the (?:first|second|third|latter|former|following|next|previous|same|above|other|case))\b(?! (?:paper|work|article|study|report|letter|survey)\b)"
    r"|Of (?:these|those|course|particular)\b|To (?:this|that|do|demonstrate,|address (?:this|these)|counteract|tackle (?:this|these)|solve (?:this|these)|overcome (?:this|these)|see|illustrate)\b"
    r"|For (?:this|these|that|those|example|instance|each|both|all|such|details|more|further)\b"
    r"|As (?:a (?:result|consequence|side)|such|an (?:example|alternative)|before|above|mentioned|noted|discussed|described|shown|seen|expected|in|side|we|can|for|with)\b"
    r"|On (?:the (?:other|one|contrary)|each|this|these)\b|Among (?:them|these|those)\b|With (?:this|these|that|such)\b"
    r"|Given (?:this|these|that|such)\b|By (?:doing|this|these|contrast|comparison)\b|Doing so\b|Because (?:of|it|they)\b"
    r"|After (?:that|this)\b|Unlike (?:this|these|them|it)\b|(?:While|Since|If|When|Although|Though|Even|As|Because|Unless|Once|Whereas) (?:this|these|it|they|so|such|that)\b"
    r"|(?:See|Let|Recall|Suppose|Assume|Consider|Where|Equation|Eq|Figure|Fig|Table|Algorithm|Section|Appendix|Step|Line|Theorem|Lemma)\b"
    r"|(?:Our|The) (?:second|third|final|next|last|other) |That is\b|At (?:this|that|the same)\b|From (?:this|these|that)\b"
    r"|(?:There|Then) (?:we|it)\b|Not only\b|Without (?:this|these|it)\b|During (?:this|these)\b|Of the\b|Most of (?:these|them)\b|Some of (?:these|them)\b|All of (?:these|them)\b|All (?:these|this)\b|"
    r"[ivx\d]{1,3}[.)]|\(?[ivx\d]{1,3}\))",
)  # fmt: skip
_SIGNPOST = re.compile(
    r"(?:rest|remainder) of (?:this|the) (?:paper|article)|organi[sz]ed as follows|in (?:this|the next|the following|the subsequent) (?:sub)?sections?\b|in what follows|we first (?:outline|describe|present|review)"
    r"|(?:^|\W)(?:section|sec\.|§) ?\d|(?:as follows|the following|listed below|shown below|given by|defined as|reads|such that|of the form)\s*[:.]?$"
    r"|we (?:will )?(?:now|next|first|then) (?:describe|discuss|present|turn|show|explain|introduce)|(?:described|discussed|presented|shown|given) (?:above|below|earlier)"
    r"|(?:will )?starts? with a (?:brief|short)|we (?:briefly|conclude)|before we|^to (?:sum up|conclude)|for (?:more )?details|\beq(?:uation)?s?\.?\s*\(|\bin the (?:table|figure)\b|\bhere\b|mentioned (?:earlier|above|before)|^to demonstrate,|see (?:table|figure|fig|appendix|section)|footnote \d|\b(?:below|above)\.$|due to space|in (?:the )?appendix"
    r"|(?:table|figure|fig\.) ?\d+ (?:shows?|presents?|gives?|lists?|reports?|summari[sz]es|compares|illustrates|depicts|plots|contains)"
    r"|(?:are|is) (?:shown|listed|given|presented|reported|summari[sz]ed|depicted|illustrated|found|displayed) in (?:table|fig)",
    re.I,
)
_UNFINISHED = re.compile(r"[.!?][\"'”’)\]]*\d{0,2}$|[。！？]$")
_POINTS = re.compile(
    r"\b(?:tables?|figures?|figs?\.|sections?|secs?\.|appendix|app\.|algorithms?|listing|equations?|eqs?\.|eqn)\s*\(?(?-i:[\dA-Z])",
    re.I,
)
_POINTER = re.compile(r"\b(?:this|these|those|such)\s+(?P<to>[\w-]+(?:\s+[\w-]+){0,2})", re.I)
_NO_POINTER = re.compile(
    r"(?:paper|work|article|study|report|letter|note|survey|thesis|way|year|time|day|century|reason|end|as|a|an)\b",
    re.I,
)
# A row of a table or a date that was taken for the head of a sentence.
_TORN = re.compile(r"(?:(?:[A-Z]\S*|\d\S*)\s+){7}|\d[\d.:/-]*\s+[A-Z][a-z]")
# In a section on limitations, any wording of a shortfall will do.
_SHORTFALL = re.compile(
    r"\b(?:limit|not\b|cannot|lack|challeng|fail|future work|remain|difficult|restrict|costly|slow|drawback)",
    re.I,
)
_GARBLED = re.compile(r"\)!|!\w|![)\]]|\(\s|\s\)")  # a formula in pieces
_BRACKETED = re.compile(r"\([^()]*\)")
# Such an opening says where more is to be seen; the sentence is whole without it.
_AS_SHOWN = re.compile(r"^As (?:shown|seen|listed|reported) in (?:Table|Fig(?:ure|\.)) ?\d+\w?, ")
# What the authors offer is whole without the want that it meets.
_OFFER = re.compile(
    r"^To (?:address|tackle|solve|overcome) (?:this|these)(?: \w+){0,2}, (?:we|this paper)\b.{0,40}?\b(?:propos|present|introduc)"
)
_MATHS = frozenset("=<>≤≥∈∑∏∫√∂∇±·≈∼|{}^∥→←⟨⟩∗˙¯�∀∃∪∩⊂⊤⊥∞⃗′")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote for an item, and how well it fits."""

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence, or two that belong together."""

    paper_id: str
    span: Span
    text: str
    role: Role
    section: int  # the section's number in the paper
    place: float  # 0 at the head of its section, 1 at its end


def candidates(paper: Paper) -> list[Candidate]:
    """Every quote that makes sense without its context, in reading order."""
    found: list[Candidate] = []
    starts = [section.span.start for section in paper.sections]
    blocks = {block.span.start: block.span for block in paper.blocks if block.kind == "paragraph"}
    labels = [block.span for block in paper.blocks if block.kind == "run-in"]
    previous: Span | None = None
    block: Span | None = None
    for sentence in paper.sentences:
        if sentence.kind != "paragraph":
            continue
        here = blocks.get(sentence.span.start)
        if here is not None or block is None or not block.contains(sentence.span):
            previous, block = None, here or _block_of(blocks.values(), sentence.span)
        section = paper.section_at(sentence.span.start)
        number = starts.index(section.span.start)
        span = sentence.span
        text = span.of(paper.text)
        if _LEANS.match(text) and previous is not None:
            before = previous.of(paper.text)
            span = Span(previous.start, sentence.span.end) if stands_alone(before) else span
        quote = span.of(paper.text)
        opening = quote.removesuffix(text) or quote  # the sentence that nothing stands before
        previous = sentence.span
        if not (stands_alone(quote) and reads_well(text) and reads_well(quote)):
            continue
        if points_back(opening):
            continue
        place = (span.start - section.span.start) / max(len(section.span), 1)
        role = _labelled_role(paper, labels, block) or section.role
        found.append(Candidate(paper.id, span, quote, role, number, place))
    return found


def _labelled_role(paper: Paper, labels: Sequence[Span], block: Span | None) -> Role | None:
    """``limitations`` for a paragraph that is labelled so at its head, as many papers have it."""
    for label in labels:
        if block is not None and 0 <= block.start - label.end <= 2:
            role = title_role(label.of(paper.text))
            return role if role == "limitations" else None
    return None


def _block_of(blocks: Iterable[Span], span: Span) -> Span | None:
    return next((block for block in blocks if block.contains(span)), None)


def stands_alone(text: str) -> bool:
    """Whether a sentence stands alone: no "Of these", "In this case", "However" at its head."""
    leans = _LEANS.match(text) and not (_AS_SHOWN.match(text) or _OFFER.match(text))
    return (text[0].isupper() or text[0].isdigit() or text[0] in '"“') and not leans


def points_back(text: str) -> bool:
    """Whether "this task" or "these models" stands for something that the text has not named.

    A word after the pointer that stands before it too, with whatever ending, is its name.
    """
    for match in _POINTER.finditer(text):
        if _NO_POINTER.match(match["to"]):
            continue
        before = {stem(word.lower()) for word in re.findall(r"[\w-]{4,}", text[: match.start()])}
        if not any(stem(word.lower()) in before for word in match["to"].split()):
            return True
    return False


def reads_well(text: str) -> bool:
    """Whether it is a whole sentence of prose: not a formula, a signpost, a stub or an endless one."""
    words = text.split()
    letters = sum(character.isalpha() for character in text)
    maths = sum(character in _MATHS for character in text)
    prose = sum(1 for word in words if sum(c.isalpha() for c in word) >= 3)
    return (
        WORDS_LEAST <= len(words) <= WORDS_MOST
        and letters >= 0.68 * len(text.replace(" ", ""))
        and maths <= 2
        and prose >= 0.5 * len(words)
        and bool(_UNFINISHED.search(text))
        and "←" not in text
        and not _SIGNPOST.search(text)
        and not _TORN.match(text)
        and not _GARBLED.search(text)
        and not _POINTS.search(_AS_SHOWN.sub("", _BRACKETED.sub("", text)))
        and text.count("(") == text.count(")")
        and text.count("[") == text.count("]")
    )


_CALLED = re.compile(
    r"\b(?:propos|introduc|present|develop|describ|call(?:ed)?\b|named\b|dubbed)\w*[^.;:]{0,60}?"
    r"(?:, the (?P<the>[A-Z][a-z]\w+)|\b(?P<name>[A-Z][a-z]*-?[A-Z][\w-]*[A-Z\d]|(?<=\()[A-Z][\w-]*[A-Z]s(?=\))))\b"
)


def own_voice(paper: Paper) -> re.Pattern[str]:
    """How the authors speak of their own work: "we", "our", "this paper", and the name they gave it.

    The name is read from the title ("DisCo-Diff: ...") and from "we propose ..., the Transformer".
    """
    names = {
        word.strip(":,.")
        for word in paper.title.split()
        if re.search(r"[a-z-][A-Z]|[A-Z]{2}", word)
    }
    if ":" in paper.title:
        head = paper.title.split(":")[0]
        names.add(head if len(head.split()) <= 4 else "")
    if paper.abstract:
        names |= {
            match["name"] or match["the"]
            for match in _CALLED.finditer(paper.abstract.of(paper.text))
        }
    names |= {name.replace("-", "") for name in names if "-" in name}  # as torn texts spell it
    named = [re.escape(name) for name in sorted(names) if len(name) > 2]
    return re.compile(
        r"\b(?:"
        + "|".join(
            [
                r"(?i:we|our(?! (?:universe|world|galaxy|solar|planet|society|daily|understanding|knowledge))|"
                r"this (?:paper|work|article|study|report))",
                *named,
            ]
        )
        + r")\b"
    )


class Pool:
    """Quotes of one paper or of several; the best are chosen that differ from each other.

    ``vectors`` are theirs, of unit length, shape (n, dimension). ``holds`` says whether a quote
    passes the check; one that does not is counted in ``rejected`` and the next best takes its place.
    """

    def __init__(
        self,
        quotes: Sequence[Candidate],
        vectors: Vectors,
        holds: Callable[[Candidate], bool] = lambda quote: True,
    ) -> None:
        self.rejected = 0
        self._quotes = quotes
        self._vectors = vectors
        self._holds = holds

    def take(
        self, chosen: list[int], among: list[int], most: int, score: Callable[[int], float]
    ) -> None:
        """Add the best of ``among`` to ``chosen`` until there are ``most``, none like another."""
        scores = {i: score(i) for i in among}
        while len(chosen) < most:
            among = [i for i in among if not self.repeats(i, chosen)]
            if not among:
                return
            best = max(among, key=lambda i: (scores[i] - self._cost(i, chosen), -i))
            if self._holds(self._quotes[best]):
                chosen.append(best)
            else:
                self.rejected += 1
                among.remove(best)

    def repeats(self, i: int, others: list[int]) -> bool:
        """Whether quote ``i`` shares words of the paper with one of ``others``, or says the same."""
        quote = self._quotes[i]
        for j in others:
            other = self._quotes[j]
            if quote.paper_id == other.paper_id and (
                quote.span.start < other.span.end and other.span.start < quote.span.end
            ):
                return True
            if float(self._vectors[i] @ self._vectors[j]) > _TOO_ALIKE:
                return True
        return False

    def _cost(self, i: int, chosen: list[int]) -> float:
        """The penalty for similarity to the chosen quotes, with a small one for the same section."""
        if not chosen:
            return 0.0
        alike = max(float(self._vectors[i] @ self._vectors[j]) for j in chosen)
        same = sum(self._section(i) == self._section(j) for j in chosen)
        return _REDUNDANCY * alike + 0.06 * same

    def _section(self, i: int) -> tuple[str, int]:
        return self._quotes[i].paper_id, self._quotes[i].section


class PassageEmbedder(Protocol):
    """The part of an embedding model that choosing needs; vectors have unit length."""

    def embed_sentences(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, (n, dimension), the same on every machine."""

    def embed_query(self, text: str) -> Vectors:
        """The vector of a question, (dimension,)."""


class Selector:
    """Chooses the evidence of one paper, item after item.

    Nothing is quoted twice, unless an item would be left empty. ``holds`` is that of ``Pool``.
    """

    def __init__(
        self,
        paper: Paper,
        embedder: PassageEmbedder,
        holds: Callable[[Span], bool] = lambda span: True,
    ) -> None:
        self._embedder = embedder
        self._all = candidates(paper)
        voice = own_voice(paper)
        self._own = [bool(voice.search(candidate.text)) for candidate in self._all]
        core = paper.abstract.of(paper.text) if paper.abstract else paper.title
        texts = [candidate.text for candidate in self._all]
        vectors = embedder.embed_sentences([core[:1200] or paper.title or "paper", *texts])
        self._vectors = vectors[1:]
        self._central = self._vectors @ vectors[0]
        self._pool = Pool(self._all, self._vectors, lambda quote: holds(quote.span))
        self._used: list[int] = []

    @property
    def rejected(self) -> int:
        """How many quotes failed the check."""
        return self._pool.rejected

    def choose(self, item: Item) -> list[Evidence]:
        """The best quotes for ``item``, at most ``item.most``, in reading order."""
        every = range(len(self._all))
        allowed = [i for i in every if self._allowed(i, item)]
        fresh = [i for i in allowed if not self._pool.repeats(i, self._used)]
        question = self._embedder.embed_query(item.question)

        def score(i: int) -> float:
            return self._score(i, item, float(self._vectors[i] @ question))

        chosen: list[int] = []
        self._pool.take(chosen, fresh, item.most, score)
        more = [i for i in every if self._fills(i, item)] if len(chosen) < item.least else []
        self._pool.take(
            chosen, [i for i in more if not self._pool.repeats(i, self._used)], item.least, score
        )
        if not chosen and item.reuse:  # a quote twice is better than a false "not stated"
            self._pool.take(chosen, allowed, 1, score)
        self._used += chosen
        return [Evidence(self._all[i].span, score(i)) for i in sorted(chosen)]

    def _fills(self, i: int, item: Item) -> bool:
        """Whether it may complete an item with too few quotes."""
        candidate = self._all[i]
        early = candidate.role == "abstract" and candidate.place < 0.25  # speaks of the field
        barred = item.never is not None and item.never.search(candidate.text)
        return candidate.role in item.fill and not early and not barred

    def _allowed(self, i: int, item: Item) -> bool:
        candidate = self._all[i]
        if item.never is not None and item.never.search(candidate.text):
            return False
        if item.voice == "others" and self._own[i]:
            return False
        cue = item.cue is not None and bool(item.cue.search(candidate.text))
        # Conclusion and results speak of the paper itself, and so does the abstract once it has
        # introduced the field.
        itself = cue and (
            candidate.role in ("conclusion", "results")
            or (candidate.role == "abstract" and candidate.place > 0.25)
        )
        if candidate.role == "limitations":
            cue = itself = cue or bool(_SHORTFALL.search(candidate.text))
        if item.voice == "own" and not (self._own[i] or itself):
            return False
        if candidate.role in item.roles:
            return cue or not item.cue_required
        return cue and candidate.role in item.also

    def _score(self, i: int, item: Item, similarity: float) -> float:
        candidate = self._all[i]
        cue = item.cue is not None and bool(item.cue.search(candidate.text))
        order = (
            item.roles.index(candidate.role) if candidate.role in item.roles else len(item.roles)
        )
        preferred = 1 - order / max(len(item.roles), 1)
        return (
            _SIMILARITY * similarity
            + _CUE * cue
            + _CENTRAL * float(self._central[i])
            + _ROLE * preferred
            + _EARLY * (1 - candidate.place)
            - _LONG * (len(candidate.text.split()) > 40)
        )
