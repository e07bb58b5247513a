"""Near-copies: papers that share much of their words speak with one voice in an answer.

Whoever can add papers to a library could have its answers say one thing by adding the same paper
many times over, a little changed. So a question to the whole library reads only the best placed of
papers that share words, and quotes no paper more than once.

Two papers are near-copies where a share of the runs of three words of the shorter one is in the
other: of all of both, or of a passage of each that was found. Measured on 37 papers of one field:
different papers share at most .05 of their runs, and two passages of them at most .10; copies in
which each tenth word was changed share .53, each fifth .27 (docs/adr/0035-near-copies-have-one-
voice.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.catalog.words import in_words
from index.hits import Hit
from index.paper import Paper

RUN = 3  # words
SHARED = 0.15  # of the runs of the shorter of two papers
SHARED_PASSAGE = 0.3  # of those of the shorter of two passages
SHARED_LEAST = 12  # runs: less is a phrase that any two papers of a field may have
_DEEPEST = 640  # hits that are looked at to find others than near-copies
_KEPT = 64  # papers whose runs are remembered


def runs_of(text: str) -> frozenset[str]:
    """All runs of words of a text, in any case, without accents and signs."""
    words = in_words(text).split()
    return frozenset(" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def share_words(one: frozenset[str], other: frozenset[str], least: float = SHARED) -> bool:
    """Whether texts with these runs are near-copies, or one holds much of the other."""
    shared = len(one & other)
    return shared >= SHARED_LEAST and shared >= least * min(len(one), len(other))


@dataclass(frozen=True, slots=True)
class _Voice:
    """A paper by its words: those of each passage that was found, and all."""

    found: tuple[frozenset[str], ...]
    whole: frozenset[str]

    def is_that_of(self, other: _Voice) -> bool:
        return share_words(self.whole, other.whole) or any(
            share_words(mine, theirs, SHARED_PASSAGE)
            for mine in self.found
            for theirs in other.found
        )


def without_copies(
    search: Callable[[int], Sequence[Hit]], most: int, paper: Callable[[str], Paper]
) -> list[Hit]:
    """The best ``most`` hits, of each group of near-copies those of the best placed paper alone.

    ``search(n)`` gives the best n. Where near-copies crowd them, it is asked for more.
    """
    deep = most
    while True:
        hits = list(search(deep))
        kept = _of_originals(hits, most, paper)
        if len(kept) >= most or len(hits) < deep or deep >= _DEEPEST:
            return kept
        deep *= 4


def _of_originals(hits: Sequence[Hit], most: int, paper: Callable[[str], Paper]) -> list[Hit]:
    texts: dict[str, list[str]] = {}
    for hit in hits:
        texts.setdefault(hit.passage.paper_id, []).append(hit.passage.text)
    voices: list[_Voice] = []  # of copies, too: a copy of a copy is one
    originals: dict[str, bool] = {}
    kept: list[Hit] = []
    for hit in hits:
        paper_id = hit.passage.paper_id
        if paper_id not in originals:
            voice = _Voice(tuple(map(runs_of, texts[paper_id])), _whole(paper(paper_id).text))
            originals[paper_id] = not any(voice.is_that_of(other) for other in voices)
            voices.append(voice)
        if originals[paper_id]:
            kept.append(hit)
        if len(kept) == most:
            break
    return kept


_whole = lru_cache(_KEPT)(runs_of)
