"""A paper cut into passages: whole sentences of one section, some 200 word pieces each.

LlamaIndex's ``SentenceSplitter`` was considered. It finds where a chunk starts by searching its
text in the document, which goes wrong where text repeats; here a passage is a span to begin with.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, islice, pairwise, takewhile
from math import ceil
from operator import itemgetter

from index.hits import Passage
from index.paper import Block, BlockKind, Paper, Section, Sentence
from index.spans import Span

CountTokens = Callable[[Sequence[str]], list[int]]
"""Word pieces of each text, as the embedding model counts them."""

# Word pieces of a passage, wanted and at most (ADR 9). MiniLM cuts silently at 256, so a passage
# stays well below.
TOKENS = 128
TOKENS_MAX = 160
# A remainder shorter than this says too little to be found or cited on its own.
SMALL = 40
_PART = 100_000  # characters that are counted at a time

_FLOATS: frozenset[BlockKind] = frozenset({"caption", "table", "footnote"})
_LEADS: frozenset[BlockKind] = frozenset({"heading", "run-in"})  # these stay with what they head
_LINED: frozenset[BlockKind] = frozenset({"table", "front"})  # lines, not sentences, make them up
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch that is kept whole, with its number of word pieces."""

    span: Span
    tokens: int


class TooManyPassages(Exception):
    """A text gives more passages than it may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} passages, the most that one file may give")


def split(
    paper: Paper,
    count_tokens: CountTokens,
    target: int = TOKENS,
    maximum: int = TOKENS_MAX,
    most: int | None = None,
) -> tuple[Passage, ...]:
    """Passages in text order, disjoint, none over ``maximum`` word pieces, none across a section.

    Bibliographies are left out: their titles match almost any query and drown the text that answers
    it. Captions, tables and footnotes are packed apart from the running text around them, unless
    they are small. A sentence over ``maximum`` is cut between words, a word over it between
    characters. The front matter's passages are named ``front``. A heading with nothing under it,
    or a stray sign, gives no passage.

    Raises ``TooManyPassages`` for more than ``most``, as soon as that is known.
    """
    if not 1 <= target <= maximum:
        raise ValueError(f"passage size {target} must be between 1 and the maximum, {maximum}")
    if most is not None and _has_more(paper.text, count_tokens, most * maximum):
        raise TooManyPassages(most)
    sections = paper.sections or (Section("", "other", 1, Span(0, len(paper.text))),)
    order = _Order.of(paper)
    runs = [
        (number, run)
        for number, section in enumerate(sections)
        if section.role != "references"
        for run in _runs(paper, section, order)
    ]
    texts = [span.of(paper.text) for _, run in runs for span in run]
    counts = iter(count_tokens(texts) if texts else [])
    packed: list[tuple[int, Span]] = []  # section number, passage
    for number, of_section in groupby(runs, key=itemgetter(0)):
        inside: list[_Piece] = []
        for _, run in of_section:
            pieces: list[_Piece] = []
            for span in run:
                piece = _Piece(span, next(counts))
                pieces.extend(_fitted(piece, paper.text, count_tokens, target, maximum))
            inside.extend(_packed(pieces, target, maximum))
        inside = _without_small(inside, paper.text, maximum)
        packed.extend((number, piece.span) for piece in inside)
    # A sum of counts can miss by a little: some tokenizers count differently at a seam.
    totals = count_tokens([span.of(paper.text) for _, span in packed]) if packed else []
    numbers: Counter[str] = Counter()
    named = paper.id + (f"v{paper.version}" if paper.version else "")
    passages: list[Passage] = []
    for (number, whole), tokens in zip(packed, totals, strict=True):
        section = sections[number]
        front = (
            bool(paper.sections) and number == 0 and section.role == "other" and not section.title
        )
        name = "front" if front else section.role
        for span in _cut(whole, tokens, paper.text, count_tokens, maximum):
            numbers[name] += 1
            passages.append(
                Passage(
                    id=f"{named}#{name}.{numbers[name]}",
                    paper_id=paper.id,
                    section=section.title,
                    role=section.role,
                    span=span,
                    text=span.of(paper.text),
                )
            )
        if most is not None and len(passages) > most:
            raise TooManyPassages(most)
    return tuple(passages)


def _has_more(text: str, count_tokens: CountTokens, most: int) -> bool:
    """Whether a text has more than ``most`` word pieces.

    A piece has a character at least, so most texts need no count; that of a long one is taken part
    by part, since counting one word of millions of signs takes gigabytes.
    """
    left = most
    for start in range(0, len(text) if len(text) > most else 0, _PART):
        left -= count_tokens([text[start : start + _PART]])[0]
        if left < 0:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Order:
    """Blocks and sentences by where they end, so that a section finds its own without a scan."""

    blocks: tuple[Block, ...]
    block_ends: list[int]
    sentences: tuple[Sentence, ...]
    sentence_ends: list[int]

    @classmethod
    def of(cls, paper: Paper) -> _Order:
        blocks = tuple(sorted(paper.blocks, key=lambda block: block.span))
        sentences = tuple(sorted(paper.sentences, key=lambda sentence: sentence.span))
        return cls(
            blocks,
            list(accumulate((block.span.end for block in blocks), max)),
            sentences,
            list(accumulate((sentence.span.end for sentence in sentences), max)),
        )

    def blocks_in(self, span: Span) -> Iterator[Block]:
        """Blocks that overlap the span."""
        first = bisect_right(self.block_ends, span.start)
        rest = islice(self.blocks, first, None)
        return takewhile(lambda block: block.span.start < span.end, rest)

    def sentences_in(self, span: Span) -> Iterator[Sentence]:
        """Sentences that overlap the span."""
        first = bisect_right(self.sentence_ends, span.start)
        rest = islice(self.sentences, first, None)
        return takewhile(lambda sentence: sentence.span.start < span.end, rest)


def _runs(paper: Paper, section: Section, order: _Order) -> Iterator[list[Span]]:
    """The section's running text and its floats, each as the spans to be kept whole."""
    blocks = _blocks(paper, section.span, order)
    for _, group in groupby(blocks, key=lambda block: (block.kind in _FLOATS, _left_out(block))):
        run = list(group)
        if _left_out(run[0]) or all(block.kind == "heading" for block in run):
            continue
        spans = [
            trimmed
            for span in _tiled(paper, run, order)
            if (trimmed := _trimmed(span, paper.text)) is not None
        ]
        if any(character.isalnum() for span in spans for character in span.of(paper.text)):
            yield spans


def _left_out(block: Block) -> bool:
    return block.kind == "reference"


def _blocks(paper: Paper, within: Span, order: _Order) -> Iterator[Block]:
    """The blocks of a section, clipped to it; text that no block has counts as a paragraph."""
    end = within.start
    for block in order.blocks_in(within):
        start, stop = max(block.span.start, end), min(block.span.end, within.end)
        if start >= stop:
            continue
        if _trimmed(Span(end, start), paper.text):
            yield Block("paragraph", Span(end, start))
        yield Block(block.kind, Span(start, stop))
        end = stop
    if _trimmed(Span(end, within.end), paper.text):
        yield Block("paragraph", Span(end, within.end))


def _tiled(paper: Paper, run: Sequence[Block], order: _Order) -> list[Span]:
    """The run cut at its sentences and blocks; never inside a sentence or after a heading."""
    whole = Span(run[0].span.start, run[-1].span.end)
    inside = [
        Span(max(sentence.span.start, whole.start), min(sentence.span.end, whole.end))
        for sentence in order.sentences_in(whole)
    ]
    cuts = {whole.start, whole.end}
    cuts.update(sentence.start for sentence in inside)
    cuts.update(block.span.start for block in run)
    for block in run:
        if block.kind in _LINED:
            text = block.span.of(paper.text)
            cuts.update(block.span.start + match.end() for match in re.finditer(r"\n", text))
    for before, block in pairwise(run):
        if before.kind in _LEADS:
            cuts.discard(block.span.start)
    ordered = sorted(cuts)
    kept: list[int] = []
    sentences = iter([*inside, Span(whole.end, whole.end)])
    sentence = next(sentences)
    for cut in ordered:
        while sentence.end <= cut and sentence.start < whole.end:
            sentence = next(sentences)
        if not sentence.start < cut < sentence.end:
            kept.append(cut)
    return [Span(start, end) for start, end in pairwise(kept)]


def _trimmed(span: Span, text: str) -> Span | None:
    """The span without white space at its ends; nothing if there is nothing else."""
    part = span.of(text)
    if not part.strip():
        return None
    start = span.start + len(part) - len(part.lstrip())
    return Span(start, start + len(part.strip()))


def _fitted(
    piece: _Piece, text: str, count_tokens: CountTokens, target: int, maximum: int
) -> list[_Piece]:
    """The piece itself, or parts of it of even size that are each within ``maximum``."""
    if piece.tokens <= maximum:
        return [piece]
    words = [
        Span(piece.span.start + match.start(), piece.span.start + match.end())
        for match in _WORD.finditer(piece.span.of(text))
    ]
    counts = count_tokens([word.of(text) for word in words])
    atoms: list[_Piece] = []
    for word, tokens in zip(words, counts, strict=True):
        atoms.extend(_halved(_Piece(word, tokens), text, count_tokens, min(target, maximum)))
    return [_joined(group) for group in _balanced(atoms, target, maximum)]


def _halved(piece: _Piece, text: str, count_tokens: CountTokens, maximum: int) -> Iterator[_Piece]:
    """A word without spaces (a sequence, Chinese) as parts that are each within ``maximum``."""
    if piece.tokens <= maximum or len(piece.span) < 2:
        yield piece
        return
    middle = (piece.span.start + piece.span.end) // 2
    halves = [Span(piece.span.start, middle), Span(middle, piece.span.end)]
    for half, tokens in zip(halves, count_tokens([h.of(text) for h in halves]), strict=True):
        yield from _halved(_Piece(half, tokens), text, count_tokens, maximum)


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    return _Piece(
        Span(pieces[0].span.start, pieces[-1].span.end), sum(piece.tokens for piece in pieces)
    )


def _packed(pieces: Sequence[_Piece], target: int, maximum: int) -> list[_Piece]:
    """Pieces joined into passages of even size, a small one joined to a neighbour where it fits."""
    passages = [_joined(group) for group in _balanced(pieces, target, maximum)]
    number = 0
    while number < len(passages):
        if passages[number].tokens < SMALL:
            for first in (number - 1, number):  # the neighbour before, else the one after
                pair = passages[first : first + 2] if first >= 0 else []
                if len(pair) == 2 and sum(part.tokens for part in pair) <= maximum:
                    passages[first : first + 2] = [_joined(pair)]
                    number = first - 1
                    break
        number = max(number, -1) + 1
    return passages


def _without_small(passages: list[_Piece], text: str, maximum: int) -> list[_Piece]:
    """A small caption, footnote or label joined to what stands beside it in the section.

    Alone it outranks the text that explains it: a query's words fill it from end to end.
    """
    joined: list[_Piece] = []
    for piece in passages:
        last = joined[-1] if joined else None
        if (
            last is not None
            and min(last.tokens, piece.tokens) < SMALL
            and not text[last.span.end : piece.span.start].strip()
            and last.tokens + piece.tokens <= maximum
        ):
            joined[-1] = _joined([last, piece])
        else:
            joined.append(piece)
    return joined


def _balanced(pieces: Sequence[_Piece], target: int, maximum: int) -> Iterator[list[_Piece]]:
    """Pieces in order, in groups as near to one even size as they come."""
    left = sum(piece.tokens for piece in pieces)
    group: list[_Piece] = []
    size = 0
    goal = _goal(left, target, maximum)
    for piece in pieces:
        nearer_without = size + piece.tokens - goal > goal - size
        if group and (size + piece.tokens > maximum or nearer_without):
            yield group
            left -= size
            group, size = [], 0
            goal = _goal(left, target, maximum)
        group.append(piece)
        size += piece.tokens
    if group:
        yield group


def _goal(tokens: int, target: int, maximum: int) -> float:
    """The even size nearest to ``target`` that ``tokens`` can be cut into."""
    return tokens / max(round(tokens / target), ceil(tokens / maximum), 1)


def _cut(
    span: Span, tokens: int, text: str, count_tokens: CountTokens, maximum: int
) -> Iterator[Span]:
    """The span, or halves of it cut between words, each within ``maximum``."""
    if tokens <= maximum or len(span) < 2:
        yield span
        return
    middle = (span.start + span.end) // 2
    gaps = [span.start + gap.start() for gap in re.finditer(r"\s+", span.of(text))]
    cut = min(gaps, key=lambda gap: abs(gap - middle)) if gaps else middle
    for half in (Span(span.start, cut), Span(cut, span.end)):
        part = _trimmed(half, text)
        if part is not None:
            yield from _cut(part, count_tokens([part.of(text)])[0], text, count_tokens, maximum)
