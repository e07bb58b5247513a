"""Measures each rule of the support check, alone and with the others, beside word overlap.

    python eval/measure/support_rules.py FOLDER... [--papers QASPER_PAPERS.jsonl]

Each ``*.jsonl`` of the folders is a set of pairs that people labelled. A set is shuffled by seed
and cut in two: details of the rules were chosen on the even half (``--half 0``), figures are those
of the odd one, at most 2,000 pairs of each. The threshold of word overlap is the one that does best
on the even half of all sets. ``--papers`` makes pairs of those papers' sentences.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.check.rules import RULES, outcomes
from app.check.support import Checker
from app.check.tokens import Pair
from app.choose.sentences import quotes_of
from eval.corruption import Labelled, generated
from eval.measure.word_overlap import overlap
from eval.measures import balanced_accuracy, mean
from eval.support import PAIRS_MOST, SEED, judge


def half_of(path: Path, half: int) -> list[Labelled]:
    """The even or the odd pairs of a set, shuffled by seed."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(SEED).shuffle(rows)
    return [
        Labelled(row["claim"], (row["source"],), bool(row["label"]))
        for row in rows[half::2][:PAIRS_MOST]
    ]


def rounded(value: float | None) -> float | None:
    """To three decimals."""
    return None if value is None else round(value, 3)


def accuracy(said: Iterable[bool], pairs: Sequence[Labelled]) -> float | None:
    """Balanced accuracy over pairs."""
    return balanced_accuracy(list(said), [pair.supported for pair in pairs])


def overlaps(pairs: Sequence[Labelled]) -> list[float]:
    """The word overlap of each pair."""
    return [overlap(pair.sources[0], pair.claim) for pair in pairs]


def best_threshold(sets: Sequence[list[Labelled]]) -> float:
    """Of word overlap, on these pairs."""
    scored = [(overlaps(pairs), pairs) for pairs in sets]

    def total(threshold: float) -> float:
        return sum(
            accuracy((one >= threshold for one in scores), pairs) or 0.0 for scores, pairs in scored
        )

    return max((at / 50 for at in range(51)), key=total)


def measure(paths: Sequence[Path], half: int) -> Iterator[dict[str, object]]:
    """A row for each set: all rules, word overlap, and each rule alone."""
    threshold = best_threshold([half_of(path, 0) for path in paths])
    for path in paths:
        pairs = half_of(path, half)
        found = [outcomes(Pair.of(pair.claim, pair.sources)) for pair in pairs]
        alone = {
            rule: rounded(accuracy((of_pair[at].held for of_pair in found), pairs))
            for at, rule in enumerate(RULES)
        }
        rules = rounded(accuracy((all(o.held for o in of_pair) for of_pair in found), pairs))
        words = rounded(accuracy((one >= threshold for one in overlaps(pairs)), pairs))
        yield {
            "set": path.stem,
            "pairs": len(pairs),
            "rules": rules,
            "word overlap": words,
            **alone,
        }


def of_papers(path: Path) -> dict[str, object]:
    """The share of refused pairs, for each kind of generated pairs."""
    from eval.questions import read_questions

    papers = {one.paper.id: one.paper for one in read_questions(path)}
    quotes = [
        [" ".join(span.of(paper.text).split()) for span in quotes_of(paper)]
        for paper in papers.values()
    ]
    judged = judge(generated(quotes, SEED), Checker())
    kinds = dict.fromkeys(one.pair.kind for one in judged)
    return {
        kind: {
            "pairs": sum(one.pair.kind == kind for one in judged),
            "refused": mean(not one.said for one in judged if one.pair.kind == kind),
        }
        for kind in kinds
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--half", type=int, default=1)
    parser.add_argument("--papers", type=Path)
    given = parser.parse_args()
    files = [path for folder in given.folders for path in sorted(folder.glob("*.jsonl"))]
    rows = list(measure(files, given.half)) if files else []
    names = [name for name in (rows[0] if rows else {}) if name not in ("set", "pairs")]
    means = {name: mean(v for row in rows if isinstance(v := row[name], float)) for name in names}
    made = of_papers(given.papers) if given.papers else {}
    json.dump({"sets": rows, "mean": means, "papers": made}, sys.stdout, indent=1)
    sys.stdout.write("\n")
