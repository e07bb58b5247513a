"""Fit the line that adds up what the cross-encoder gives and what the rules see, and report it.

    python data/support_model/calibrate.py BENCH FOLDER [--measures FILE]

It is fitted on pairs that the cross-encoder did not learn from: of those permitted sets whose
sources are texts and not single sentences, and made of papers. Each set has the same weight and
each label half of it, so that 0.5 lies between the two whatever their shares are. The figures of
these sets are those of five folds, each scored by a line that was fitted on the four others; the
sets that are not permitted were never seen. ``ingredients`` are the cross-encoder alone, the rules
alone, and both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pairs import OTHERS, PERMITTED, Pair, abstracts, labelled_sets, made_of, split_of
from sklearn.linear_model import LogisticRegression

from app.check.entailment import SourcedClaim, features
from app.check.window import window
from eval.measures import auroc, balanced_accuracy, mean
from index.embed.pairs import PairScorer

TOKENS_MOST = 256
FOLDS = 5
MEASURED = (
    "healthver_dev",
    "qags_cnndm",
    "scifact_train",
    "summedits_news",
    "summedits_qmsumm",
    "wice_dev",
)
FITTED_ON = ("scifact_train", "wice_dev", "made")
INGREDIENTS = {
    "cross-encoder": ("always", "cross-encoder"),
    "rules": ("always", "rules"),
    "both": ("always", "cross-encoder", "rules"),
}


def held_out(bench: Path) -> dict[str, list[Pair]]:
    """The pairs that were not learnt from, set by set."""
    folders = [bench / "entailment", bench / "faithfulness"]
    cut = labelled_sets(folders, set(MEASURED))
    sets = labelled_sets(folders, set(MEASURED), whole=True)
    found = {}
    for name, pairs in sets.items():
        if name not in PERMITTED:
            found[name] = pairs
            continue
        learnt, measured = split_of(cut[name], 0.4)
        by_window = dict(zip(cut[name], pairs, strict=True))
        known = {by_window[pair].source for pair in learnt}
        whole = [by_window[pair] for pair in measured]
        found[name] = [pair for pair in whole if pair.source not in known]
    texts = abstracts(bench / "scifact" / "corpus.jsonl")
    found["made"] = made_of(texts[len(texts) * 19 // 20 :], 800)
    return found


def seen(model: PairScorer, pairs: Sequence[Pair]) -> list[dict[str, float]]:
    """What there is to add up, for each pair."""
    given = model.scores([(window(pair.source, pair.claim), pair.claim) for pair in pairs])
    return [
        features(one, SourcedClaim(pair.claim, (pair.source,)))
        for one, pair in zip(given, pairs, strict=True)
    ]


def fitted(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weights of the line. The first column is the constant."""
    return (
        LogisticRegression(C=1.0, fit_intercept=False, max_iter=1000)
        .fit(rows, labels, sample_weight=weights)
        .coef_[0]
    )


def main() -> None:
    """Fit, write ``support.json``, and print what each ingredient brings."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("bench", type=Path)
    asked.add_argument("model", type=Path)
    asked.add_argument("--measures", type=Path)
    given = asked.parse_args()
    model = PairScorer(given.model, TOKENS_MOST)
    sets = held_out(given.bench)
    values = {name: seen(model, pairs) for name, pairs in sets.items()}
    labels = {name: np.array([p.supported for p in pairs]) for name, pairs in sets.items()}

    def table(names: Sequence[str], of: str) -> np.ndarray:
        return np.array([[row[name] for name in names] for row in values[of]])

    def line(names: Sequence[str], fold: int | None = None) -> np.ndarray:
        rows, said, weights = [], [], []
        for name in FITTED_ON:
            keep = np.array([fold is None or i % FOLDS != fold for i in range(len(sets[name]))])
            of = labels[name][keep]
            rows.append(table(names, name)[keep])
            said.append(of)
            weights.append(np.where(of, 0.5 / max(of.sum(), 1), 0.5 / max((~of).sum(), 1)) * 300)
        return fitted(np.concatenate(rows), np.concatenate(said), np.concatenate(weights))

    ingredients = {}
    for what, names in INGREDIENTS.items():
        whole, folds = line(names), [line(names, fold) for fold in range(FOLDS)]
        measures = {}
        for name in (*MEASURED, "made"):
            rows = table(names, name)
            by = [folds[i % FOLDS] if name in FITTED_ON else whole for i in range(len(rows))]
            scores = [float(row @ weights) for row, weights in zip(rows, by, strict=True)]
            truth = labels[name].tolist()
            measures[name] = {
                "pairs": len(rows),
                "balanced_accuracy": round(balanced_accuracy([s >= 0 for s in scores], truth), 4),
                "auroc": round(auroc(scores, truth), 4),
            }
        measures["mean of six"] = {
            one: round(mean(measures[name][one] for name in MEASURED), 4)
            for one in ("balanced_accuracy", "auroc")
        }
        ingredients[what] = measures
    names = INGREDIENTS["both"]
    about = {
        "threshold": 0.5,
        "tokens_most": TOKENS_MOST,
        "weights": dict(zip(names, (round(float(w), 4) for w in line(names)), strict=True)),
        "learnt_from": sorted(PERMITTED),
        "fitted_on": list(FITTED_ON),
        "not_learnt_from": sorted(OTHERS),
    }
    (given.model / "support.json").write_text(json.dumps(about, indent=1) + "\n")
    said = json.dumps(
        {"fitted_on": {n: len(sets[n]) for n in FITTED_ON}, "ingredients": ingredients}, indent=1
    )
    if given.measures:
        given.measures.write_text(said + "\n")
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
