"""Measures how well the support check separates supported from unsupported claims.

``--data`` names files of JSON lines, or folders of them, and may be given often: ``source``,
``claim`` and ``label`` (1: people say that the source supports the claim). Each file is a set; of a
large one ``PAIRS_MOST`` pairs are drawn by seed. Papers (PDF, Markdown, HTML) in place of it, and
the sample papers without ``--data``, give pairs that are made: true quotes, and quotes made false
in ways that are known (``eval.corruption``).

What is measured is the score that a claim gets (``app.check.support.Checker``): the support
model's where there is one (``GLOSS_SUPPORT_MODEL``), else that of the rules. The threshold is the
model's own, fixed beforehand. A digest asks for more: there a claim must keep every rule, too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.check.entailment import SourcedClaim, open_support_model
from app.check.rules import RULES
from app.check.support import Checker
from app.choose.sentences import quotes_of
from eval.corpus import DataUnusable, json_lines
from eval.corruption import Labelled, generated
from eval.evaluation import Report
from eval.measures import auroc, balanced_accuracy, mean
from eval.pages import fill, write_page
from index.config import Settings
from index.read import KINDS, Reader

PAIRS_MOST = 2000  # of a set
SEED = 16
_BINS = 10
_WORST = 20
_SHOWN = 600  # characters of a text on the page
_SAMPLES = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with its score, the rules that it broke, and the score from which one passes."""

    pair: Labelled
    score: float
    broken: tuple[str, ...]
    threshold: float

    @property
    def said(self) -> bool:
        """The verdict: supported."""
        return self.score >= self.threshold

    @property
    def wrong_by(self) -> float:
        """The distance of the score beyond the threshold on the wrong side; below 0 if right."""
        return (self.threshold - self.score) * (1 if self.pair.supported else -1)


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Judge all pairs, set by set. Raises ``DataUnusable``."""
    sets, papers = read_sets(data)
    if papers or not data:
        sets["generated"] = from_papers(settings, papers or sorted(_samples()))
    checker = Checker(open_support_model(settings))
    judged: dict[str, list[Judged]] = {}
    milliseconds: dict[str, float] = {}
    for name, pairs in sets.items():
        began = time.perf_counter()
        judged[name] = judge(pairs, checker)
        milliseconds[name] = 1000 * (time.perf_counter() - began) / len(pairs)
    scores = {name: _of_set(judged[name], milliseconds[name]) for name in sets}
    everything = [one for of_set in judged.values() for one in of_set]
    spent = sum(milliseconds[name] * len(judged[name]) for name in sets)
    measures: dict[str, object] = {
        "balanced_accuracy": _mean_of(scores, "balanced_accuracy"),
        "auroc": _mean_of(scores, "auroc"),
        "sets": scores,
        "ms_per_pair": round(spent / len(everything), 2),
        "judge": checker.name,
        "threshold": checker.threshold,
        "pairs": len(everything),
        "calibration": calibration(everything),
    }
    worst = {name: _worst(of_set) for name, of_set in judged.items()}
    text = fill("support.html", measures=measures, worst=worst, shown=_SHOWN)
    page = write_page(settings, "support", text)
    measures["page"] = str(page)
    return Report(measures, tuple(_table(measures, scores)), tuple(_notes(scores, checker, page)))


def read_sets(data: Sequence[Path]) -> tuple[dict[str, list[Labelled]], list[Path]]:
    """The sets of pairs that were given, by the names of their files, and the papers.

    Raises ``DataUnusable``.
    """
    sets: dict[str, list[Labelled]] = {}
    papers: list[Path] = []
    for path in data:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files = [file for file in inside if file.suffix.lower() == ".jsonl"]
        found = [] if files else [file for file in inside if file.suffix.lower() in KINDS]
        papers += found
        if not files and not found:
            raise DataUnusable(path, "is not a .jsonl of pairs, a paper, or a folder of either")
        for file in files:
            name = file.stem if file.stem not in sets else str(file)
            sets[name] = read_pairs(file)
    return sets, papers


def read_pairs(path: Path) -> list[Labelled]:
    """The pairs of a file, at most ``PAIRS_MOST``. Raises ``DataUnusable``."""
    pairs = []
    for number, entry in enumerate(json_lines(path), 1):
        source, claim, label = (entry.get(name) for name in ("source", "claim", "label"))
        if not isinstance(source, str) or not isinstance(claim, str) or label not in (0, 1):
            raise DataUnusable(path, f"line {number} lacks source, claim or a label of 0 or 1")
        pairs.append(Labelled(claim, (source,), bool(label)))
    if not pairs:
        raise DataUnusable(path, "has no pairs")
    if len(pairs) > PAIRS_MOST:
        pairs = random.Random(SEED).sample(pairs, PAIRS_MOST)
    return pairs


def from_papers(settings: Settings, files: Sequence[Path]) -> list[Labelled]:
    """Pairs that are made of the papers' quotes. Raises ``DataUnusable``."""
    quotes = []
    with Reader(settings) as reader:
        for file in files:
            reading = reader.read(file)
            if reading.paper is not None:
                text = reading.paper.text
                said = (" ".join(span.of(text).split()) for span in quotes_of(reading.paper))
                quotes.append(list(dict.fromkeys(said)))
    pairs = generated(quotes, SEED)
    if not pairs:
        raise DataUnusable(files[0] if files else None, "no quote could be made of these papers")
    if len({pair.supported for pair in pairs}) == 1:
        raise DataUnusable(files[0], "too little text to make pairs of")
    return pairs


def _samples() -> Iterator[Path]:
    yield from _SAMPLES.glob("*.pdf")
    yield from _SAMPLES.glob("choosing-*.md")


def judge(pairs: Sequence[Labelled], checker: Checker) -> list[Judged]:
    """The verdict of the check on each pair."""
    found = checker.check([SourcedClaim(pair.claim, pair.sources) for pair in pairs])
    return [
        Judged(
            pair,
            support.score,
            tuple(rule for rule in RULES if rule not in support.checks),
            checker.threshold,
        )
        for pair, support in zip(pairs, found, strict=True)
    ]


def calibration(judged: Sequence[Judged]) -> list[dict[str, float]]:
    """For each tenth of the scores: how many pairs, their mean score, the share supported.

    A score that were a probability would have the two alike.
    """
    bins: list[list[Judged]] = [[] for _ in range(_BINS)]
    for one in judged:
        bins[min(int(one.score * _BINS), _BINS - 1)].append(one)
    return [
        {
            "from": at / _BINS,
            "pairs": len(of_bin),
            "score": mean(one.score for one in of_bin),
            "supported": mean(one.pair.supported for one in of_bin),
        }
        for at, of_bin in enumerate(bins)
        if of_bin
    ]


def _of_set(judged: Sequence[Judged], milliseconds: float) -> dict[str, object]:
    labels = [one.pair.supported for one in judged]
    accuracy = balanced_accuracy([one.said for one in judged], labels)
    area = auroc([one.score for one in judged], labels)
    true = [one for one in judged if one.pair.supported]
    false = [one for one in judged if not one.pair.supported]
    of_set: dict[str, object] = {
        "pairs": len(judged),
        "supported": mean(labels),
        "balanced_accuracy": None if accuracy is None else round(accuracy, 4),
        "auroc": None if area is None else round(area, 4),
        "false_refused": mean(not one.said for one in false) if false else None,
        "true_refused": mean(not one.said for one in true) if true else None,
        "ms_per_pair": round(milliseconds, 2),
        "rules": {
            rule: {
                "false_refused": mean(rule in one.broken for one in false),
                "true_refused": mean(rule in one.broken for one in true),
            }
            for rule in RULES
        },
    }
    kinds = dict.fromkeys(one.pair.kind for one in judged if one.pair.kind)
    if kinds:
        of_kind = {kind: [one for one in judged if one.pair.kind == kind] for kind in kinds}
        of_set["kinds"] = {
            kind: {
                "pairs": len(those),
                "supported": those[0].pair.supported,
                "refused": mean(not one.said for one in those),
            }
            for kind, those in of_kind.items()
        }
    return of_set


def _mean_of(scores: Mapping[str, Mapping[str, object]], name: str) -> float | None:
    """The mean over the sets that have the measure: a set with one label has not."""
    values = [one for one in (of_set[name] for of_set in scores.values()) if isinstance(one, float)]
    return mean(values) if values else None


def _worst(judged: Sequence[Judged]) -> list[Judged]:
    wrong = [one for one in judged if one.said != one.pair.supported]
    return sorted(wrong, key=lambda one: -one.wrong_by)[:_WORST]


def _table(
    measures: Mapping[str, object], scores: Mapping[str, Mapping[str, object]]
) -> Iterator[tuple[str, ...]]:
    names = ("balanced_accuracy", "auroc", "false_refused", "true_refused", "ms_per_pair")
    yield ("set", "pairs", *(name.replace("_", " ") for name in names))
    for set_name, one in scores.items():
        yield (set_name, str(one["pairs"]), *(_shown(one[name]) for name in names))
    whole = ("balanced_accuracy", "auroc")
    yield ("mean", "", *(_shown(measures[name]) for name in whole), "", "", "")


def _shown(value: object) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _notes(
    scores: Mapping[str, Mapping[str, object]], checker: Checker, page: Path
) -> Iterator[str]:
    for name, of_set in scores.items():
        kinds = of_set.get("kinds")
        if isinstance(kinds, dict):
            yield f"{name}, refused by kind:"
            for kind, one in kinds.items():
                label = "true " if one["supported"] else "false"
                yield f"  {label}  {kind:<24} {one['refused']:6.1%} of {one['pairs']}"
    yield f"judged by {checker.name}, supported from {checker.threshold:g} on"
    if checker.name == "rules":
        yield "the score is an order, no probability; rules do not understand what they compare"
    yield f"calibration and the worst cases: {page}"
