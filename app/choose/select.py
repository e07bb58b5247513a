"""The quotes of a whole digest, chosen at once.

Items compete for sentences, and no sentence is quoted twice. First every item gets one, so that the
sum of their values is greatest (an assignment); then the best of what is left is added wherever an
item has room and gains by it. A sentence that says what is quoted already is left out. An item
whose best sentence is much less likely than that of any paper that trained the model stays empty:
the paper does not state it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.choose.model import Scores, score, shipped
from app.choose.sentences import PaperSentence, prose_sentences, quotable
from app.choose.template import TEMPLATE, Item
from index.paper import Paper
from index.spans import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.embed.states import SentenceEncoder

    Matrix = NDArray[np.float64]

_PAIR = 2  # sentences; an item of more is a list
_NEARLY, _ENOUGH = 0.8, 0.8  # a further one of a list needs this share of the first's, or this
_TOO_ALIKE = 0.6  # cosine from which two sentences say the same
_AMONG = 16  # of an item's sentences that compete

Rank = Callable[[Paper, Sequence[PaperSentence], Sequence[Span | None]], Scores]
"""Scores the sentences of a paper, given what may be quoted of each."""


def shipped_rank(encoder: SentenceEncoder) -> Rank:
    """By the weights that come with gloss."""
    return lambda paper, sentences, quotes: score(paper, sentences, quotes, shipped(), encoder)


@dataclass(frozen=True, slots=True)
class Selection:
    """The quotes of each item in reading order, and how many failed the check."""

    spans: Mapping[str, tuple[Span, ...]]
    rejected: int = 0


def select(
    paper: Paper,
    rank: Rank,
    holds: Callable[[Span], bool] = lambda span: True,
) -> Selection:
    """The quotes for all items that are chosen by evidence.

    ``rank`` scores the sentences. ``holds`` says whether a quote passes the check; the next best
    takes the place of one that does not. Raises what ``rank`` raises.
    """
    items = [item for item in TEMPLATE if item.selection == "evidence"]
    sentences = prose_sentences(paper)
    quotes = quotable(sentences)
    if not any(quotes):
        return Selection({item.name: () for item in items})
    chosen = _Chosen(items, sentences, quotes, rank(paper, sentences, quotes), holds)
    chosen.assign()
    chosen.add()
    return Selection(
        {
            item.name: tuple(sorted(span for at in found if (span := quotes[at]) is not None))
            for item, found in zip(items, chosen.found, strict=True)
        },
        chosen.rejected,
    )


class _Chosen:
    """The state of choosing: what each item has so far, by the numbers of the sentences."""

    def __init__(
        self,
        items: Sequence[Item],
        sentences: Sequence[PaperSentence],
        quotes: Sequence[Span | None],
        scores: Scores,
        holds: Callable[[Span], bool],
    ) -> None:
        import numpy as np

        columns = [scores.items.index(item.name) for item in items]
        self._items = items
        self._quotes = quotes
        self._alike = scores.alike
        self._good = scores.good[:, columns]
        self._value = self._good + scores.ideal[:, columns]
        self._holds = holds
        roles = np.array([one.role for one in sentences])
        readable = np.array([quote is not None for quote in quotes])
        allowed = np.array([[role in item.roles for item in items] for role in roles])
        self._allowed = allowed & readable[:, None] & self._stated(scores.least[columns], allowed)
        self._failed: set[int] = set()
        self.found: list[list[int]] = [[] for _ in items]
        self.rejected = 0

    def _stated(self, least: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether the paper states each item: its best sentence is likely enough, (items,)."""
        import numpy as np

        best = (self._good * allowed).max(0)
        return np.asarray(best >= least)

    def assign(self) -> None:
        """One sentence for each item, so that the sum of their values is greatest."""
        from scipy.optimize import linear_sum_assignment

        while True:
            among = sorted({at for item in range(len(self._items)) for at in self._best(item)})
            if not among:
                return
            worth = self._value[among] * self._allowed[among]
            rows, columns = linear_sum_assignment(-worth)
            pairs = [
                (among[row], item)
                for row, item in zip(rows.tolist(), columns.tolist(), strict=True)
                if self._allowed[among[row], item]
            ]
            clash = self._clash(pairs)
            if clash is None:
                for at, item in pairs:
                    self.found[item].append(at)
                return
            self._allowed[clash] = False

    def _clash(self, pairs: Sequence[tuple[int, int]]) -> int | None:
        """The worst sentence that fails the check or says what another says, if there is one."""
        order = sorted(pairs, key=lambda pair: (-self._value[pair], pair))
        kept: list[int] = []
        for at, _ in order:
            if not self._passes(at) or self._repeats(at, kept):
                return at
            kept.append(at)
        return None

    def add(self) -> None:
        """More sentences, the best first, where an item has room."""
        pairs = sorted(
            ((at, item) for item in range(len(self._items)) for at in self._best(item)),
            key=lambda pair: (-self._value[pair], pair),
        )
        for at, item in pairs:
            have = self.found[item]
            if not have or len(have) >= self._items[item].most:
                continue
            taken = [one for found in self.found for one in found]
            if self._gains(item, at) and not self._repeats(at, taken) and self._passes(at):
                have.append(at)

    def _gains(self, item: int, at: int) -> bool:
        """Whether an item is better with this sentence beside what it has.

        One of two sentences is, where the sum of what is expected of it grows: the share of right
        quotes, one that a reader would print, and at least half that are right (ADR 25). A list is
        as long as its sentences are nearly as likely as the first.
        """
        first = self.found[item][0]
        good, other = self._good[first, item], self._good[at, item]
        if self._items[item].most > _PAIR:
            return bool(other >= min(_ENOUGH, _NEARLY * good))
        ideal = self._value[first, item] - good
        other_ideal = self._value[at, item] - other
        more_right = (other - good) / 2  # of both quotes, where one was right with ``good``
        more_ideal = other_ideal * (1 - ideal)
        more_useful = other * (1 - good)
        return bool(more_right + more_ideal + more_useful > 0)

    def _best(self, item: int) -> Iterator[int]:
        """The numbers of the item's best sentences that may be quoted for it."""
        import numpy as np

        order = np.argsort(
            -np.where(self._allowed[:, item], self._value[:, item], -1), kind="stable"
        )
        return (int(at) for at in order[:_AMONG] if self._allowed[at, item])

    def _passes(self, at: int) -> bool:
        quote = self._quotes[at]
        if at in self._failed or quote is None:
            return False
        if not self._holds(quote):
            self._failed.add(at)
            self.rejected += 1
            return False
        return True

    def _repeats(self, at: int, others: Sequence[int]) -> bool:
        """Whether it shares words of the paper with one of ``others``, or says the same."""
        mine = self._quotes[at]
        return any(
            at == other
            or self._alike[at, other] > _TOO_ALIKE
            or (
                mine is not None
                and (theirs := self._quotes[other]) is not None
                and mine.start < theirs.end
                and theirs.start < mine.end
            )
            for other in others
        )
