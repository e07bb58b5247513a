"""A paper as the sentences that may answer a question, each with its context.

Every sentence counts, short ones, list items, captions and footnotes too: the question says what
the sentence alone leaves open. A row of a table is read with its caption and the heads of its
columns; the title page counts by its lines.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from app.check.tokens import Token, TokenizedText
from index.paper import BlockKind, Paper, Role
from index.spans import Span

CandidateKind = Literal["paragraph", "caption", "footnote", "row", "front"]

_KINDS: dict[BlockKind, CandidateKind] = {"caption": "caption", "footnote": "footnote"}
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence, a row of a table or a line of the title page, and where it is."""

    span: Span
    text: str  # with single spaces
    context: str  # what it is read with: a row's caption and column heads; often empty
    kind: CandidateKind
    role: Role
    heading: str  # the title of its section
    place: float  # in the paper: 0 at its head, 1 at its end
    in_section: float  # the same in its section

    @property
    def read(self) -> str:
        """The text with its context."""
        return f"{self.context} {self.text}" if self.context else self.text


@dataclass(frozen=True)
class ReadPaper:
    """Sentences of one paper in reading order, and how rare words are in the whole of it."""

    paper_id: str
    sentences: tuple[AnswerSentence, ...]
    words: tuple[tuple[Token, ...], ...]  # the content words of each, with its context, in order
    stems: tuple[Counter[str], ...]  # how often each sentence has each stem
    rarity: dict[str, float]  # inverse document frequency of each stem, among all sentences
    unknown: float  # the same of a word that the paper does not have
    mean_length: float  # content words of a sentence

    @classmethod
    def of(cls, paper: Paper) -> ReadPaper:
        """All that may be quoted of a paper: everything except its bibliography."""
        sentences = tuple(_sentences(paper))
        words = tuple(content_words(one.read) for one in sentences)
        stems = tuple(Counter(word.stem for word in of_sentence) for of_sentence in words)
        count = Counter(stem for of_sentence in stems for stem in of_sentence)
        total = len(sentences)
        return cls(
            paper.id,
            sentences,
            words,
            stems,
            {stem: math.log(1 + (total - n + 0.5) / (n + 0.5)) for stem, n in count.items()},
            math.log(1 + (total + 0.5) / 0.5),
            sum(map(len, words)) / max(total, 1) or 1.0,
        )

    def part(self, numbers: Sequence[int]) -> ReadPaper:
        """The sentences of these numbers alone; words are as rare as in the whole paper."""
        return replace(
            self,
            sentences=tuple(self.sentences[number] for number in numbers),
            words=tuple(self.words[number] for number in numbers),
            stems=tuple(self.stems[number] for number in numbers),
        )

    @cached_property
    def vocabulary(self) -> dict[str, str]:
        """A word, of letters only, for each stem: the first of them in the alphabet."""
        words = {
            (one.word, one.stem)
            for of_sentence in self.words
            for one in of_sentence
            if len(one.word) > 2 and one.word.isalpha()
        }
        return {stem: word for word, stem in sorted(words, reverse=True)}

    def weight(self, stem: str) -> float:
        """How much it says that a sentence has this word."""
        return self.rarity.get(stem, self.unknown)


def content_words(text: str) -> tuple[Token, ...]:
    """The words that carry meaning, in order."""
    return tuple(token for token in TokenizedText(text).tokens if token.is_content)


def _sentences(paper: Paper) -> list[AnswerSentence]:
    spans: list[tuple[Span, CandidateKind, str]] = [
        (one.span, _KINDS.get(one.kind, "paragraph"), "") for one in paper.sentences
    ]
    spans += [(block.span, "front", "") for block in paper.blocks if block.kind == "front"]
    for table in paper.tables:
        heads = [cell.span.of(paper.text) for row in table.header for cell in row]
        context = " ".join(" ".join([table.caption.of(paper.text), *heads]).split())
        rows = [Span(row[0].span.start, row[-1].span.end) for row in table.rows if row]
        if all(one.end <= two.start for one, two in pairwise(rows)):  # row by row in the text
            spans += [(row, "row", context) for row in rows]
    starts = [section.span.start for section in paper.sections]
    found = []
    for span, kind, context in sorted(spans, key=lambda one: one[0]):
        text = " ".join(span.of(paper.text).split())
        number = bisect_right(starts, span.start) - 1
        section = paper.sections[number] if number >= 0 else None
        if not _WORD.search(text) or (section is not None and section.role == "references"):
            continue
        within = (span.start - section.span.start) / max(len(section.span), 1) if section else 0.0
        found.append(
            AnswerSentence(
                span=span,
                text=text,
                context=context,
                kind=kind,
                role=section.role if section else "other",
                heading=section.title if section else "",
                place=span.start / max(len(paper.text), 1),
                in_section=within,
            )
        )
    return found
