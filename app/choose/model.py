"""How well each sentence of a paper fits each item: a linear model in two steps.

The first step adds the weights of a sentence's n-grams and dense features to one logit an item. The
second sees the logits of all items, how they rank among those of the paper, and those of the
neighbours, the section and sentences elsewhere that share words. It gives two probabilities: that a
careful reader accepts the sentence under the item's heading, and that they would print it.
``python -m eval.train.selection`` makes the weights; ADR 25 has the figures. Words that the model
has not seen add nothing, so in another language its dense features decide.
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

from app.choose.features import Dense, dense, ngrams
from app.choose.sentences import PaperSentence
from index.paper import Paper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

WEIGHTS = Path(__file__).with_name("selector.json.gz")
_BESIDE = 2  # sentences before and after, which are not elsewhere
_SHARES_WORDS = 0.25  # cosine from which a sentence elsewhere may say the same


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
class Model:
    """The weights. Items are columns, in the order of ``items``."""

    items: tuple[str, ...]
    blocks: Mapping[str, Block]
    names: tuple[str, ...]  # of the dense features
    dense: Matrix  # (features, items)
    bias: NDArray[np.float64]  # (items,)
    good: Matrix  # (context features + 1, items); the last row is the bias
    ideal: Matrix
    least: NDArray[np.float64]  # (items,), see ``Scores``

    def logits(self, counts: Sequence[Mapping[str, Counter[str]]], found: Dense) -> Matrix:
        """The first step, (sentences, items)."""
        order = [found.names.index(name) for name in self.names]
        added = found.values[:, order] @ self.dense + self.bias
        for name, block in self.blocks.items():
            added += block.scores([one[name] for one in counts])
        return added


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


def score(paper: Paper, sentences: Sequence[PaperSentence], model: Model) -> Scores:
    """How well each sentence fits each item. At least one sentence."""
    import numpy as np

    found = dense(paper, sentences)
    logits = model.logits(ngrams(sentences), found)
    seen = context_of(logits, found.alike, [one.section for one in sentences])

    def probability(weights: Matrix) -> Matrix:
        return np.asarray(1 / (1 + np.exp(-(seen @ weights[:-1] + weights[-1]))))

    good, ideal = probability(model.good), probability(model.ideal)
    return Scores(model.items, good, ideal, model.least, found.alike)


@cache
def shipped() -> Model:
    """The model that comes with gloss."""
    return from_bytes(WEIGHTS.read_bytes())


def from_bytes(packed: bytes) -> Model:
    """The model that ``to_bytes`` wrote."""
    import numpy as np

    said: dict[str, Any] = json.loads(gzip.decompress(packed))

    def matrix(rows: list[list[int]], unit: float) -> Matrix:
        return np.array(rows, dtype=np.float64) * unit

    blocks = {}
    for name, block in said["blocks"].items():
        rows = {gram: at for at, gram in enumerate(block["ngrams"])}
        rarity = np.log((1 + block["papers"]) / (1 + np.array(block["in_papers"]))) + 1
        blocks[name] = Block(rows, rarity, matrix(block["weights"], block["unit"]))
    return Model(
        items=tuple(said["items"]),
        blocks=blocks,
        names=tuple(said["dense"]["names"]),
        dense=np.array(said["dense"]["weights"]),
        bias=np.array(said["bias"]),
        good=np.array(said["good"]),
        ideal=np.array(said["ideal"]),
        least=np.array(said["least"]),
    )
