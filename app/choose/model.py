"""How well each sentence of a paper fits each item: a linear model in three steps.

The first step adds the weights of a sentence's n-grams and dense features to one logit an item. The
second sees the logits of all items, how they rank among those of the paper, and those of the
neighbours, the section and sentences elsewhere that share words. It gives two probabilities: that a
careful reader accepts the sentence under the item's heading, and that they would print it. The
third does the same for the likeliest sentences of each item, with a hidden layer beside the
regressions, and sees what the middle layers of a language model make of them as well
(``index.embed.states``, ADR 38); the others are not quoted.
``python -m eval.train.selection`` makes the weights; ADR 25 has the figures. Words that the model
has not seen add nothing, so in another language its dense features decide, and no third step.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.check.tokens import STOP_WORDS
from app.choose.features import Dense, dense, ngrams, words_of
from app.choose.sentences import PaperSentence
from app.choose.template import ITEMS
from index.paper import Paper
from index.spans import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.embed.states import SentenceEncoder

    Matrix = NDArray[np.float64]

WEIGHTS = Path(__file__).with_name("selector.json.gz")
_BESIDE = 2  # sentences before and after, which are not elsewhere
_SHARES_WORDS = 0.25  # cosine from which a sentence elsewhere may say the same
LIKELY = 12  # sentences of each item that the third step sees
_DIGITS = 3  # decimals of a state, so that it hardly differs between machines
_ENGLISH = 0.2  # share of function words; English prose has some 0.4, French and German under 0.1


@dataclass(frozen=True, slots=True)
class Block:
    """The n-grams of one of ``BLOCKS``: their rows, rarity (idf) and weights, (n-grams, items)."""

    rows: Mapping[str, int]
    rarity: NDArray[np.float64]
    weights: Matrix

    def scores(self, counts: Sequence[Counter[str]]) -> Matrix:
        """What the n-grams of each sentence add to each item, (sentences, items)."""
        import numpy as np

        found = np.zeros((len(counts), self.weights.shape[1]))
        for row, grams in zip(found, counts, strict=True):
            at, values = self.row(grams)
            row += values @ self.weights[at]
        return found

    def row(self, grams: Counter[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """TF-IDF of a sentence's known n-grams, of unit length: their rows and values."""
        import numpy as np

        known = sorted(
            (self.rows[gram], count) for gram, count in grams.items() if gram in self.rows
        )
        at = np.array([number for number, _ in known], dtype=np.int64)
        values = (1 + np.log([n for _, n in known])) * self.rarity[at]
        return at, values / max(float(np.linalg.norm(values)), 1e-9)


@dataclass(frozen=True, slots=True)
class Heads:
    """Two logistic regressions an item, (features + 1, items); the last row is the bias."""

    good: Matrix
    ideal: Matrix
    least: NDArray[np.float64]  # (items,), see ``Scores``

    def probabilities(self, seen: Matrix) -> tuple[Matrix, Matrix]:
        """That a careful reader accepts it, and would print it; each (sentences, items)."""
        return probability(seen, self.good), probability(seen, self.ideal)


@dataclass(frozen=True, slots=True)
class Network:
    """The third step: regressions and a hidden layer that all items share; their logits add up.

    Columns of ``direct`` and ``out`` are all items, accepted, and then all items, printed.
    """

    direct: Matrix  # (features + 1, 2 x items); the last row is the bias
    layer: Matrix  # (features + 1, units); the last row is the bias
    out: Matrix  # (units, 2 x items)
    least: NDArray[np.float64]  # (items,), see ``Scores``

    def probabilities(self, seen: Matrix) -> tuple[Matrix, Matrix]:
        """As of ``Heads``."""
        import numpy as np

        hidden = np.maximum(seen @ self.layer[:-1] + self.layer[-1], 0)
        logits = seen @ self.direct[:-1] + self.direct[-1] + hidden @ self.out
        good, ideal = np.split(1 / (1 + np.exp(-logits)), 2, axis=1)
        return good, ideal


@dataclass(frozen=True, slots=True)
class Model:
    """The weights. Items are columns, in the order of ``items``."""

    items: tuple[str, ...]
    blocks: Mapping[str, Block]
    names: tuple[str, ...]  # of the dense features
    dense: Matrix  # (features, items)
    bias: NDArray[np.float64]  # (items,)
    second: Heads  # over ``context_of`` the logits
    third: Network  # over these, the states less ``mean_state``, and the dense features
    mean_state: NDArray[np.float64]  # (width,)

    def logits(self, counts: Sequence[Mapping[str, Counter[str]]], found: Dense) -> Matrix:
        """The first step, (sentences, items)."""
        added = self.places(found) @ self.dense + self.bias
        for name, block in self.blocks.items():
            added += block.scores([one[name] for one in counts])
        return added

    def places(self, found: Dense) -> Matrix:
        """The dense features in the model's order, (sentences, features)."""
        return found.values[:, [found.names.index(name) for name in self.names]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities, each (sentences, items), and how alike the sentences are, 0..1."""

    items: tuple[str, ...]
    good: Matrix  # that a careful reader accepts it
    ideal: Matrix  # that they would print it
    least: NDArray[np.float64]  # (items,): of an item whose best is less likely, nothing is stated
    alike: Matrix  # (sentences, sentences)


def context_of(logits: Matrix, alike: Matrix, sections: Sequence[int]) -> Matrix:
    """What the second step sees of one paper's logits, (sentences, 7 x items).

    The logits; their rank in the paper, as a logarithm; their distance from the paper's mean in
    standard deviations; that of the sentence before and of the one after; the mean distance of the
    sentences elsewhere that share words with it (abstract, text and conclusion repeat each other),
    and that of its section. ``alike`` is (sentences, sentences), ``sections`` a number for each.
    """
    import numpy as np

    rank = np.log1p(np.argsort(np.argsort(-logits, axis=0, kind="stable"), axis=0, kind="stable"))
    away = (logits - logits.mean(0)) / np.maximum(logits.std(0), 1e-9)
    none = np.zeros((1, logits.shape[1]))
    before, after = np.vstack([none, away[:-1]]), np.vstack([away[1:], none])
    place = np.arange(len(logits))
    elsewhere = np.abs(place[:, None] - place[None]) > _BESIDE
    twins = np.where(elsewhere & (alike > _SHARES_WORDS), alike, 0.0)
    of_twins = twins @ away / np.maximum(twins.sum(1, keepdims=True), _SHARES_WORDS)
    _, section = np.unique(sections, return_inverse=True)
    inside = np.eye(int(section.max()) + 1)[section]  # (sentences, sections)
    of_section = inside @ ((inside.T @ away) / inside.sum(0)[:, None])
    return np.hstack([logits, rank, away, before, after, of_twins, of_section])


def score(
    paper: Paper,
    sentences: Sequence[PaperSentence],
    quotes: Sequence[Span | None],
    model: Model,
    encoder: SentenceEncoder,
) -> Scores:
    """How well each sentence fits each item. At least one sentence, ``quotes`` as of ``quotable``.

    Raises what ``encoder`` raises, which is asked about English papers only.
    """
    import numpy as np

    found = dense(paper, sentences)
    logits = model.logits(ngrams(sentences), found)
    seen = context_of(logits, found.alike, [one.section for one in sentences])
    good, ideal = model.second.probabilities(seen)
    if not is_english([one.text for one in sentences]):
        return Scores(model.items, good, ideal, model.second.least, found.alike)
    likely = likely_of(good + ideal, may_stand(sentences, quotes, model.items))
    states = states_of([sentences[at].text for at in likely], encoder) - model.mean_state
    read = np.zeros((2, *good.shape))
    read[:, likely] = model.third.probabilities(
        np.hstack([seen[likely], states, model.places(found)[likely]])
    )
    return Scores(model.items, read[0], read[1], model.third.least, found.alike)


def may_stand(
    sentences: Sequence[PaperSentence], quotes: Sequence[Span | None], items: Sequence[str]
) -> NDArray[np.bool_]:
    """Which sentences may be quoted for which item, (sentences, items): by their sections, and
    whether there is a quote of them (``app.choose.sentences.quotable``).
    """
    import numpy as np

    allowed = [[one.role in ITEMS[item].roles for item in items] for one in sentences]
    readable = [quote is not None for quote in quotes]
    return np.asarray(np.array(allowed) & np.array(readable)[:, None])


def likely_of(value: Matrix, allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The numbers of the ``LIKELY`` sentences of greatest value of each item, in reading order."""
    import numpy as np

    order = np.argsort(-np.where(allowed, value, -1.0), axis=0, kind="stable")[:LIKELY]
    best = np.zeros(value.shape, dtype=bool)
    np.put_along_axis(best, order, True, axis=0)
    return np.flatnonzero((best & allowed).any(1))


def states_of(texts: Sequence[str], encoder: SentenceEncoder) -> Matrix:
    """What the encoder makes of sentences, (sentences, width)."""
    import numpy as np

    return np.asarray(np.round(encoder.states(texts), _DIGITS), dtype=np.float64)


def is_english(texts: Sequence[str]) -> bool:
    """Whether sentences are in English, by the share of English function words among all words."""
    words = [word for text in texts for word in words_of(text) if word[0].isalpha()]
    known = sum(word in STOP_WORDS and word.isascii() for word in words)
    return known >= _ENGLISH * max(len(words), 1)


def probability(seen: Matrix, weights: Matrix) -> Matrix:
    """Of logistic regressions, (sentences, items); the last row of ``weights`` is the bias."""
    import numpy as np

    return np.asarray(1 / (1 + np.exp(-(seen @ weights[:-1] + weights[-1]))))


@cache
def shipped() -> Model:
    """The model that comes with gloss."""
    return from_bytes(WEIGHTS.read_bytes())


def from_bytes(packed: bytes) -> Model:
    """The model that ``to_bytes`` wrote."""
    import numpy as np

    said: dict[str, Any] = json.loads(gzip.decompress(packed))

    def matrix(unit: float, weights: list[list[int]]) -> Matrix:
        return np.array(weights, dtype=np.float64) * unit

    blocks = {}
    for name, block in said["blocks"].items():
        rows = {gram: at for at, gram in enumerate(block["ngrams"])}
        rarity = np.log((1 + block["papers"]) / (1 + np.array(block["in_papers"]))) + 1
        blocks[name] = Block(rows, rarity, matrix(block["unit"], block["weights"]))

    def heads(part: dict[str, Any]) -> Heads:
        return Heads(matrix(**part["good"]), matrix(**part["ideal"]), np.array(part["least"]))

    def network(part: dict[str, Any]) -> Network:
        direct, layer, out = (matrix(**part[name]) for name in ("direct", "layer", "out"))
        return Network(direct, layer, out, np.array(part["least"]))

    return Model(
        items=tuple(said["items"]),
        blocks=blocks,
        names=tuple(said["dense"]["names"]),
        dense=np.array(said["dense"]["weights"]),
        bias=np.array(said["bias"]),
        second=heads(said["second"]),
        third=network(said["third"]),
        mean_state=np.array(said["mean_state"]),
    )
