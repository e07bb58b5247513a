"""Measures which questions are answered, and whether from the annotated evidence.

    python eval/measure/asking.py PAPERS.jsonl

The file has papers in the format of QASPER. Each becomes a paper of a library, and each question
with evidence in a paragraph is asked of the paper that it is about, which should answer, and of the
others, which should not (some do: "What are the results?" has an answer everywhere). The questions
that every annotator called unanswerable are asked of their own paper. An answer hits where one of
its sentences lies in an evidence paragraph. The model is that of ``GLOSS_MODEL``.

"kept out" chooses, for each paper, the threshold on the questions about the others, by the mean of
the share answered that should be and the share refused that should be, and counts what it does to
the questions about that paper.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.write.ask import LEAST, Answer, ask
from index.config import Settings
from index.library import Library
from index.sources import find_sources

THRESHOLDS = [round(0.4 + 0.02 * step, 2) for step in range(26)]
SHOWN = (0.5, 0.56, 0.6, 0.62, 0.64, 0.66, 0.7, 0.76, 0.8)


@dataclass(frozen=True)
class AskedQuestion:
    """A question about ``about``, asked of ``paper``, and what the best sentence of it scored."""

    text: str
    about: str
    paper: str
    answerable: bool
    score: float


def letters(text: str) -> str:
    """The text's letters and digits, which survive any reading."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def as_markdown(paper: dict[str, Any]) -> str:
    """The paper as Markdown."""
    parts = [f"# {paper['title']}", "## Abstract", paper["abstract"]]
    texts = paper["full_text"]
    for name, paragraphs in zip(texts["section_name"], texts["paragraphs"], strict=True):
        heading = str(name or "Introduction").rpartition(":::")[2].strip()
        parts += [f"## {heading}", *(one for one in paragraphs if one.strip())]
    return "\n\n".join(parts) + "\n"


def hits(answer: Answer, evidence: Sequence[str]) -> int:
    """The number of the answer's sentences in an evidence paragraph."""
    said = [letters(one.claim.text) for one in answer.sentences]
    return sum(any(one in paragraph for paragraph in evidence) for one in said)


def best(answer: Answer) -> float:
    """The best sentence's score."""
    return max((one.score for one in answer.sentences), default=0.0)


def rates(asked: Sequence[AskedQuestion], least: float) -> dict[str, float]:
    """The effect of a threshold; precision and recall are of refusals."""
    refused = [one for one in asked if one.score < least]
    rightly = sum(not one.answerable for one in refused)
    open_ones = sum(not one.answerable for one in asked)
    answerable = len(asked) - open_ones
    return {
        "precision": round(rightly / len(refused), 3) if refused else 1.0,
        "recall": round(rightly / open_ones, 3) if open_ones else 1.0,
        "answered": round(1 - (len(refused) - rightly) / answerable, 3),
    }


def balance(asked: Sequence[AskedQuestion], least: float) -> float:
    """The mean of both shares that are right."""
    at = rates(asked, least)
    return (at["recall"] + at["answered"]) / 2


def measure(path: Path) -> dict[str, Any]:
    """The tables of ADR 15."""
    lines = path.read_text(encoding="utf-8").splitlines()
    papers = {one["id"]: one for one in map(json.loads, lines)}
    asked: list[AskedQuestion] = []
    own: list[tuple[bool, bool, list[bool]]] = []
    counted = [0, 0]
    everywhere: list[tuple[bool, bool]] = []
    unanswerable: list[dict[str, Any]] = []
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(library=Path(folder, "library"))
        for name, paper in papers.items():
            Path(folder, f"{name}.md").write_text(as_markdown(paper), encoding="utf-8")
        with Library.open(settings) as library:
            for source in find_sources([Path(folder, f"{name}.md") for name in papers]).found:
                library.add(source)
            for about, paper in papers.items():
                qas = paper["qas"]
                for text, answers in zip(qas["question"], qas["answers"], strict=True):
                    given = answers["answer"]
                    quoted = {part for one in given for part in one["evidence"]}
                    evidence = [letters(part) for part in quoted if "FLOAT SELECTED" not in part]
                    if all(one["unanswerable"] for one in given):
                        score = best(ask(library, text, about, least=-1))
                        unanswerable.append({"question": text, "score": round(score, 3)})
                        asked.append(AskedQuestion(text, about, about, False, score))
                    if not evidence:
                        continue
                    forced = {name: ask(library, text, name, least=-1) for name in papers}
                    for target, answer in forced.items():
                        asked.append(
                            AskedQuestion(text, about, target, target == about, best(answer))
                        )
                    shorter = [ask(library, text, about, most=n, least=-1) for n in (1, 3)]
                    began = time.perf_counter()
                    there = ask(library, text, about)
                    seconds.append(time.perf_counter() - began)
                    freely = [hits(one, evidence) > 0 for one in (*shorter, forced[about])]
                    own.append((there.found, hits(there, evidence) > 0, freely))
                    counted[0] += len(there.sentences)
                    counted[1] += hits(there, evidence)
                    wide = ask(library, text)
                    everywhere.append((wide.found, hits(wide, evidence) > 0))
    kept_out = [
        (one.answerable, one.score >= least)
        for about in papers
        for least in [
            max(THRESHOLDS, key=lambda t: balance([x for x in asked if x.about != about], t))
        ]
        for one in asked
        if one.about == about
    ]
    count = len(own)
    return {
        "questions": {"answerable": count, "of other papers": count * (len(papers) - 1)},
        "unanswerable": unanswerable,
        "threshold": {str(t): rates(asked, t) for t in SHOWN},
        "best threshold": max(THRESHOLDS, key=lambda t: balance(asked, t)),
        "kept out": {
            "answered": round(sum(said for good, said in kept_out if good) / count, 3),
            "refused": round(
                sum(not said for good, said in kept_out if not good) / (len(kept_out) - count), 3
            ),
        },
        "asked of its paper": {
            "threshold": LEAST,
            "answered": round(sum(one[0] for one in own) / count, 3),
            "evidence hit": round(sum(one[1] for one in own) / count, 3),
            "evidence hit of those answered": round(
                sum(one[1] for one in own) / max(sum(one[0] for one in own), 1), 3
            ),
            "sentences": counted[0],
            "sentences in evidence": counted[1],
            "evidence hit without threshold, 1, 3 and 5 sentences": [
                round(sum(one[2][at] for one in own) / count, 3) for at in range(3)
            ],
        },
        "asked of all papers": {
            "answered": round(sum(one[0] for one in everywhere) / count, 3),
            "evidence hit": round(sum(one[1] for one in everywhere) / count, 3),
        },
        "wrongly refused": [
            f"{one.score:.2f} {one.text}" for one in asked if one.answerable and one.score < LEAST
        ],
        "wrongly answered": [
            f"{one.score:.2f} {one.text} ({one.paper})"
            for one in asked
            if not one.answerable and one.score >= LEAST
        ],
        "median seconds": round(sorted(seconds)[len(seconds) // 2], 3),
    }


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1])), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
