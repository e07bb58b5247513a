"""Train the model that chooses a digest's sentences.

    python -m eval.train.selection --data ../shared/bench

It reads ``digests`` (papers judged sentence by sentence) and ``roles`` (sentences of public sets
with their role, those whose licence allows shipped weights) and writes the weights that
``app.choose.model`` reads, in some minutes and the same to the byte each time.

First step, for each item a logistic regression: positive are the sentences that the reader accepts,
those that they would print count three times, both sides weigh the same. Its features are TF-IDF of
n-grams in at least three papers, the dense features, and what linear models of the public sets'
roles say of the sentence; since these are linear too, their weights are added up to one block.
Second step, two logistic regressions an item over the logits of the first, made by models that have
not seen the paper (folds by field). Third step, two more over these logits and the states of the
sentences, in equal parts with a hidden layer that all items share and that sees the dense features
too: the mean of both logits. An item is not stated if its best sentence is less likely than three
quarters of the best accepted one of every training paper. The states come of arithmetic that
another processor may round otherwise, so the bytes are the same only on the same kind of machine.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.choose.features import Dense, dense, grams_of, ngrams, words_of
from app.choose.model import (
    WEIGHTS,
    Block,
    Heads,
    Model,
    Network,
    context_of,
    from_bytes,
    likely_of,
    may_stand,
    states_of,
)
from app.choose.sentences import prose_sentences, quotable
from app.choose.template import TEMPLATE
from eval.corpus import json_lines
from eval.judged import Judge, Judged, read_judged
from index.config import Settings
from index.embed.states import MiddleLayer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from index.embed.states import SentenceEncoder

    Matrix = NDArray[np.float64]

ITEMS = tuple(item.name for item in TEMPLATE if item.selection == "evidence")
PAPERS_LEAST = 3  # in which an n-gram must occur to have a weight
_DOCUMENTS_LEAST = 10  # the same for the public sets
# How many n-grams of a block are kept, those that weigh most.
_MOST = {"sentence": 4000, "before": 1500, "after": 1500, "headings": 800, "opening": 800}
_MOST_ROLE = 3000
_SCALE = {"sentence": 2.0, "before": 0.5, "after": 0.5, "headings": 1.0, "opening": 1.0}
_LIKENESS = 0.5  # standard deviation that likenesses are given; places are 0 or 1
# Inverse strength of regularisation.
_C, _C_ROLES, _C_CONTEXT, _C_STATES = 0.1, 1.0, 0.02, 0.003
_FOLDS = 4  # of fields, for the logits that the second step learns from
_SILENT = 0.75  # share of the least likely best sentence, below which an item is not stated
_IDEAL = 3.0  # weight of a sentence that the reader would print
_OPTIMUM = 1e-8  # of the gradient, so that the last digits of a logit do not move the weights
_NEVER = -4.0  # bias of an item that no paper has
_CONSTANT = 1e-6  # standard deviation up to which a column has one value
_STEPS = 63  # in which the weights of a block are stored, and those of the hidden layer
_FINE_STEPS = 999  # those of regressions of the second and third step
# The hidden layer: its units, how often it sees all sentences, how many at a time.
_UNITS, _EPOCHS, _BATCH = 64, 25, 256
_LEFT_OUT, _UNITS_LEFT_OUT = 0.2, 0.5  # share of features and units that are dropped in training
_RATE, _DECAY = 2e-3, 0.3  # of AdamW
_SEED = 0

ROLES: dict[str, tuple[str, ...]] = {
    "csabstruct": ("background", "method", "result", "objective"),
    "aclsum": ("challenge", "approach", "outcome"),
    "raamove": ("BAC", "GAP", "PUR", "MTD", "RST", "CLN", "CTN", "IMP"),
    "kilicoglu_limits": ("limitation",),
    "clscisumm": ("method", "results", "implication", "aim"),
    "sciarg": (
        "result", "motivation_background", "proposal", "observation", "proposal_implementation",
        "conclusion", "motivation_problem",
    ),
}  # fmt: skip
"""The public sets and those of their labels that are learned."""

_ACL_ID = re.compile(r"aclsum-(?:[A-Z](?P<short>\d\d)-|(?P<long>20\d\d)\.)")


@dataclass(frozen=True, slots=True)
class TrainingPaper:
    """One judged paper as numbers. ``labels`` is (sentences, items): 2 to print, 1 to accept.

    ``allowed`` says which may be quoted, (sentences, items), and ``states`` is (sentences, width).
    """

    id: str
    group: str
    counts: Sequence[Mapping[str, Counter[str]]]
    dense: Dense
    sections: Sequence[int]  # a number for each sentence
    labels: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    states: Matrix

    def context(self, logits: Matrix) -> Matrix:
        """What the second step sees of these logits of the first."""
        return context_of(logits, self.dense.alike, self.sections)


@dataclass(frozen=True, slots=True)
class RoleModel:
    """What public sets say of a sentence: ``block`` has a column for each of their labels."""

    block: Block
    documents: int


@dataclass(frozen=True, slots=True)
class RoleSentence:
    """A sentence of a public set."""

    document: str
    grams: Counter[str]
    labels: frozenset[str]


def training_paper(judged: Judged, encoder: SentenceEncoder) -> TrainingPaper:
    """The numbers of one judged paper. Raises what ``encoder`` raises."""
    sentences = prose_sentences(judged.paper)
    labels = np.zeros((len(sentences), len(ITEMS)), dtype=np.int64)
    for column, name in enumerate(ITEMS):
        ideal, ok = Judge(judged.items[name].ideal), Judge(judged.items[name].ok)
        for row, one in enumerate(sentences):
            labels[row, column] = 2 if ideal.accepts(one.text) else int(ok.accepts(one.text))
    found, quotes = dense(judged.paper, sentences), quotable(sentences)
    return TrainingPaper(
        judged.paper.id, judged.group, ngrams(sentences), found,
        [one.section for one in sentences], labels, may_stand(sentences, quotes, ITEMS),
        states_of([one.text for one in sentences], encoder),
    )  # fmt: skip


# --- n-grams --------------------------------------------------------------------------------------


def _in_papers(counts: Iterable[tuple[str, Counter[str]]], least: int) -> dict[str, int]:
    """In how many papers each n-gram occurs, given pairs of a paper and a sentence's n-grams."""
    papers: dict[str, set[str]] = defaultdict(set)
    for paper, grams in counts:
        for gram in grams:
            papers[gram].add(paper)
    return {gram: len(papers[gram]) for gram in sorted(papers) if len(papers[gram]) >= least}


def _block(found: Mapping[str, int], papers: int, columns: int) -> Block:
    """A block without weights yet."""
    rows = {gram: at for at, gram in enumerate(sorted(found))}
    counted = np.array([found[gram] for gram in rows], dtype=np.float64)
    rarity = np.log((1 + papers) / (1 + counted)) + 1
    return Block(rows, rarity, np.zeros((len(rows), columns)))


def _matrix(counts: Sequence[Counter[str]], block: Block) -> csr_matrix:
    """TF-IDF rows of unit length, as ``Block.scores`` makes them."""
    from scipy.sparse import csr_matrix

    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for grams in counts:
        at, row = block.row(grams)
        values.extend(row.tolist())
        columns.extend(at.tolist())
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(counts), len(block.rows)))


def _heaviest(block: Block, most: int) -> list[str]:
    names = list(block.rows)
    order = np.argsort(-np.abs(block.weights * block.rarity[:, None]).max(1), kind="stable")
    return [names[at] for at in order[:most]]


def _regression(x: Any, y: NDArray[np.bool_], weights: Matrix, c: float) -> tuple[Matrix, float]:
    from sklearn.linear_model import LogisticRegression

    if len(set(y.tolist())) < 2:  # an item that no paper of the fold has, or all have
        return np.zeros(x.shape[1]), -_NEVER if y.any() else _NEVER
    fitted = LogisticRegression(C=c, solver="liblinear", random_state=0, max_iter=500)
    fitted.fit(x, y, sample_weight=weights)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _balanced(y: NDArray[np.bool_], weights: Matrix) -> Matrix:
    """The weights, the positive ones scaled so that they sum up to the negative ones."""
    positive = float((weights * y).sum())
    return np.where(y, weights * (float((~y).sum()) / max(positive, 1e-9)), weights)


# --- the public sets ------------------------------------------------------------------------------


def role_model(folder: Path) -> RoleModel:
    """Linear models of the roles in public sets. Raises ``DataUnusable``."""
    sets = {name: list(_role_sentences(folder / f"{name}.jsonl")) for name in ROLES}
    among = [(one.document, one.grams) for found in sets.values() for one in found]
    documents = len({document for document, _ in among})
    found = _in_papers(among, _DOCUMENTS_LEAST)
    block = _block(found, documents, 0)
    whole = Block(block.rows, block.rarity, _role_weights(sets, block))
    block = _block({gram: found[gram] for gram in _heaviest(whole, _MOST_ROLE)}, documents, 0)
    return RoleModel(Block(block.rows, block.rarity, _role_weights(sets, block)), documents)


def _role_sentences(file: Path) -> Iterator[RoleSentence]:
    """The sentences of a set that weights which are given away may be trained on."""
    for said in json_lines(file):
        match = _ACL_ID.match(said["doc_id"])
        year = int(match["long"] or f"20{match['short']}") if match else 2016
        if 2016 <= year <= 2050:  # earlier texts of the ACL may be measured with only
            labels = said["label"] if isinstance(said["label"], list) else [said["label"]]
            grams = Counter(grams_of(words_of(said["text"])))
            yield RoleSentence(said["doc_id"], grams, frozenset(labels))


def _role_weights(sets: Mapping[str, Sequence[RoleSentence]], block: Block) -> Matrix:
    columns = []
    for name, labels in ROLES.items():
        x = _matrix([one.grams for one in sets[name]], block)
        for label in labels:
            y = np.array([label in one.labels for one in sets[name]])
            weights, _ = _regression(x, y, _balanced(y, np.ones(len(y))), _C_ROLES)
            columns.append(weights * (_LIKENESS / max(float(np.std(x @ weights)), 1e-9)))
    return np.column_stack(columns)


# --- the two steps --------------------------------------------------------------------------------


def train(papers: Sequence[TrainingPaper], roles: RoleModel | None) -> Model:
    """The model of these papers. ``roles`` is None for one without public sets."""
    kept = _vocabulary(papers, roles)
    unseen: dict[str, Matrix] = {}  # what the second step sees of each paper
    fields = sorted({paper.group for paper in papers})
    for fold in range(min(_FOLDS, len(fields))):
        left_out = set(fields[fold::_FOLDS])
        first = _first_step([one for one in papers if one.group not in left_out], roles, kept)
        for paper in papers:
            if paper.group in left_out:
                unseen[paper.id] = paper.context(first.logits(paper.counts, paper.dense))
    whole = _first_step(papers, roles, kept)
    contexts = [unseen[paper.id] for paper in papers]
    every = [np.ones(len(paper.labels), dtype=bool) for paper in papers]
    second = _heads(contexts, papers, every)
    mean = np.round(np.vstack([paper.states for paper in papers]).mean(0), 3)
    read = [
        np.hstack([seen, paper.states - mean, whole.places(paper.dense)])
        for seen, paper in zip(contexts, papers, strict=True)
    ]
    likely = [_likely(seen, paper, second) for seen, paper in zip(contexts, papers, strict=True)]
    third = _network(read, papers, likely, contexts[0].shape[1] + len(mean))
    return Model(ITEMS, whole.blocks, whole.names, whole.dense, whole.bias, second, third, mean)


def _likely(seen: Matrix, paper: TrainingPaper, second: Heads) -> NDArray[np.bool_]:
    """The sentences of a paper that the third step sees, (sentences,)."""
    found = np.zeros(len(seen), dtype=bool)
    good, ideal = second.probabilities(seen)
    found[likely_of(good + ideal, paper.allowed)] = True
    return found


def _heads(
    seen: Sequence[Matrix],
    papers: Sequence[TrainingPaper],
    among: Sequence[NDArray[np.bool_]],
) -> Heads:
    """The second step, from what it sees of all sentences of each paper.

    ``among`` are the sentences whose best decides whether an item is stated.
    """
    stacked = np.vstack(seen)
    labels = np.vstack([paper.labels for paper in papers])
    good, ideal = (_probable(stacked, labels >= least, _C_CONTEXT) for least in (1, 2))
    heads = Heads(good, ideal, np.zeros(0))
    return replace(heads, least=_least(heads, seen, papers, among))


def _network(
    seen: Sequence[Matrix],
    papers: Sequence[TrainingPaper],
    among: Sequence[NDArray[np.bool_]],
    regressed: int,
) -> Network:
    """The third step. The regressions see the first ``regressed`` columns."""
    stacked = np.vstack(seen)
    labels = np.vstack([paper.labels for paper in papers])
    direct = np.zeros((stacked.shape[1] + 1, 2 * len(ITEMS)))
    columns = [*range(regressed), -1]
    direct[columns] = np.hstack(
        [_probable(stacked[:, :regressed], labels >= least, _C_STATES) for least in (1, 2)]
    )
    layer, out, bias = _hidden(
        stacked,
        np.hstack([labels >= 1, labels >= 2]),
        np.vstack([np.hstack([paper.allowed] * 2) for paper in papers]),
    )
    direct[-1] += bias
    network = Network(
        _rounded(direct / 2, _FINE_STEPS), _rounded(layer), _rounded(out / 2, _FINE_STEPS),
        np.zeros(0),
    )  # fmt: skip
    return replace(network, least=_least(network, seen, papers, among))


def _hidden(
    seen: Matrix, labels: NDArray[np.bool_], counted: NDArray[np.bool_]
) -> tuple[Matrix, Matrix, Matrix]:
    """A hidden layer with its bias, the weights of what it gives, and their bias.

    ``counted`` are the sentences that may stand under an item, (sentences, labels).
    """
    import torch
    from torch import nn

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order
    torch.manual_seed(_SEED)
    mean, spread = seen.mean(0), seen.std(0)
    spread = np.where(spread > _CONSTANT, spread, np.inf)  # such a column decides nothing
    x = torch.tensor((seen - mean) / spread, dtype=torch.float32)
    y = torch.tensor(labels, dtype=torch.float32)
    weight = torch.tensor(counted, dtype=torch.float32)
    layer, out = nn.Linear(x.shape[1], _UNITS), nn.Linear(_UNITS, y.shape[1])
    network = nn.Sequential(
        nn.Dropout(_LEFT_OUT), layer, nn.ReLU(), nn.Dropout(_UNITS_LEFT_OUT), out
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * -(-len(x) // _BATCH)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(x))
        for rows in (order[at : at + _BATCH] for at in range(0, len(x), _BATCH)):
            loss = nn.functional.binary_cross_entropy_with_logits(
                network(x[rows]), y[rows], weight=weight[rows]
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            rate.step()
    torch.set_num_threads(threads)

    def weights(of: nn.Linear) -> tuple[Matrix, Matrix]:
        return of.weight.detach().double().numpy().T, of.bias.detach().double().numpy()

    (inner, inner_bias), (outer, outer_bias) = weights(layer), weights(out)
    inner = inner / spread[:, None]
    return np.vstack([inner, inner_bias - mean @ inner]), outer, outer_bias


def _least(
    step: Heads | Network,
    seen: Sequence[Matrix],
    papers: Sequence[TrainingPaper],
    among: Sequence[NDArray[np.bool_]],
) -> Matrix:
    """For each item, the probability below which its best sentence states nothing."""
    best = []
    for rows, chosen, paper in zip(seen, among, papers, strict=True):
        good, _ = step.probabilities(rows[chosen])
        accepted = paper.labels[chosen] >= 1
        best.append(np.where(accepted.any(0), np.where(accepted, good, 0.0).max(0), 1.0))
    return np.asarray(np.floor(_SILENT * np.min(best, 0) * 1e3) / 1e3)


def _vocabulary(
    papers: Sequence[TrainingPaper], roles: RoleModel | None
) -> dict[str, dict[str, int]]:
    """For each block, the n-grams that weigh most, and in how many papers they occur."""
    ids = [paper.id for paper in papers for _ in paper.counts]
    counts = [one for paper in papers for one in paper.counts]
    every = {
        name: _in_papers(zip(ids, (one[name] for one in counts), strict=True), PAPERS_LEAST)
        for name in _MOST
    }
    fitted = _first_step(papers, roles, every)
    kept = {n: _heaviest(fitted.blocks[n], most) for n, most in _MOST.items()}
    return {name: {gram: every[name][gram] for gram in kept[name]} for name in _MOST}


def _probable(seen: Matrix, labels: NDArray[np.bool_], c: float) -> Matrix:
    """Probabilities that are counted with: the bias is not held near 0, as liblinear would."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = seen.mean(0), seen.std(0)
    spread = np.where(spread > _CONSTANT, spread, np.inf)  # such a column decides nothing
    columns = []
    for y in labels.T:
        weights, bias = np.zeros(seen.shape[1]), -_NEVER if y.any() else _NEVER
        if len(set(y.tolist())) == 2:  # else no paper has the item, or all
            fitted = LogisticRegression(C=c, solver="newton-cholesky", tol=_OPTIMUM)
            fitted.fit((seen - mean) / spread, y)
            weights, bias = fitted.coef_[0] / spread, float(fitted.intercept_[0])
        columns.append([*weights, bias - float(weights @ mean)])
    return _rounded(np.array(columns, dtype=np.float64).T, _FINE_STEPS)


def _first_step(
    papers: Sequence[TrainingPaper],
    roles: RoleModel | None,
    vocabulary: Mapping[str, Mapping[str, int]],
) -> Model:
    """The first step of the model; the second is empty."""
    counts = [one for paper in papers for one in paper.counts]
    labels = np.vstack([paper.labels for paper in papers])
    names = papers[0].dense.names
    values = np.vstack([paper.dense.values for paper in papers])
    likeness = np.array([name.startswith("~") for name in names])
    mean = np.where(likeness, values.mean(0), 0.0)
    scale = np.where(likeness, _LIKENESS / np.maximum(values.std(0), 1e-9), 1.0)
    values = (values - mean) * scale
    said = roles.block.scores([one["role"] for one in counts]) if roles else values[:, :0]
    empty = {name: _block(found, len(papers), 0) for name, found in vocabulary.items()}
    weights, bias = _fit(counts, values, said, labels, empty)
    blocks = {n: Block(b.rows, b.rarity, _rounded(weights[n])) for n, b in empty.items()}
    if roles is not None:
        block = roles.block
        blocks["role"] = Block(block.rows, block.rarity, _rounded(block.weights @ weights["role"]))
    on_dense = weights["dense"] * scale[:, None]
    none = np.zeros((0, 0))
    bias = np.round(bias - mean @ on_dense, 4)
    return Model(
        ITEMS, blocks, names, np.round(on_dense, 4), bias,
        Heads(none, none, none), Network(none, none, none, none), none,
    )  # fmt: skip


def _fit(
    counts: Sequence[Mapping[str, Counter[str]]],
    values: Matrix,
    said: Matrix,
    labels: NDArray[np.int64],
    blocks: Mapping[str, Block],
) -> tuple[dict[str, Matrix], Matrix]:
    """The weights of each kind of features, (features, items), and the biases."""
    from scipy.sparse import csr_matrix, hstack

    parts: dict[str, Any] = {
        name: _matrix([one[name] for one in counts], block) * _SCALE[name]
        for name, block in blocks.items()
    }
    parts |= {"dense": csr_matrix(values), "role": csr_matrix(said)}
    x = hstack(list(parts.values())).tocsr()
    fitted = []
    for column in labels.T:
        y = column >= 1
        fitted.append(_regression(x, y, _balanced(y, np.where(column == 2, _IDEAL, 1.0)), _C))
    weights = np.column_stack([one for one, _ in fitted])
    ends = np.cumsum([part.shape[1] for part in parts.values()])[:-1]
    split = dict(zip(parts, np.split(weights, ends), strict=True))
    scaled = {name: part * _SCALE.get(name, 1.0) for name, part in split.items()}
    return scaled, np.array([one for _, one in fitted])


def _rounded(weights: Matrix, steps: int = _STEPS) -> Matrix:
    unit = _unit(weights, steps)
    return np.asarray(np.round(weights / unit) * unit)


def _unit(weights: Matrix, steps: int = _STEPS) -> float:
    return float(f"{np.abs(weights).max(initial=1e-9) / steps:.6g}")


# --- the file -------------------------------------------------------------------------------------


def to_bytes(model: Model, papers: int, roles: RoleModel | None) -> bytes:
    """The model as a file: JSON, compressed; ``app.choose.model.from_bytes`` reads it."""
    blocks = {}
    for name, block in model.blocks.items():
        of = roles.documents if roles is not None and name == "role" else papers
        unit = _unit(block.weights)
        blocks[name] = {
            "papers": of,
            "ngrams": list(block.rows),
            "in_papers": np.round((1 + of) / np.exp(block.rarity - 1) - 1).astype(int).tolist(),
            "unit": unit,
            "weights": np.round(block.weights / unit).astype(int).tolist(),
        }
    said = {
        "items": model.items,
        "blocks": blocks,
        "dense": {"names": model.names, "weights": model.dense.tolist()},
        "bias": model.bias.tolist(),
        "second": {
            "good": _said(model.second.good, _FINE_STEPS),
            "ideal": _said(model.second.ideal, _FINE_STEPS),
            "least": model.second.least.tolist(),
        },
        "third": {
            "direct": _said(model.third.direct, _FINE_STEPS),
            "layer": _said(model.third.layer, _STEPS),
            "out": _said(model.third.out, _FINE_STEPS),
            "least": model.third.least.tolist(),
        },
        "mean_state": model.mean_state.tolist(),
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _said(weights: Matrix, steps: int) -> dict[str, Any]:
    unit = _unit(weights, steps)
    return {"unit": unit, "weights": np.round(weights / unit).astype(int).tolist()}


def main() -> None:
    """Train on the data of ``--data`` and write the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with digests and roles")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    asked = parser.parse_args()
    encoder = MiddleLayer(Settings().cache)
    papers = [training_paper(one, encoder) for one in read_judged(asked.data / "digests")]
    roles = role_model(asked.data / "roles")
    packed = to_bytes(train(papers, roles), len(papers), roles)
    from_bytes(packed)
    asked.out.write_bytes(packed)
    sys.stdout.write(f"{asked.out}: {len(packed):,} bytes, of {len(papers)} papers\n")


if __name__ == "__main__":
    main()
