"""Measures how well Chinese questions find English abstracts, and what that costs in English.

``--data`` names a folder in the form of SciFact's, as for ``gloss eval search``: by its claims the
same index is measured in English. The Chinese questions are ``data/chinese_pairs.jsonl``: each was
written for the one abstract that answers it, before any model had seen it. Settings are chosen by
the part ``tune``; ``report`` is what is reported.

The abstracts are those that answer a question, and others drawn by a seed. Each question is asked
among all of them, and a Chinese one also among those of the Chinese questions alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.corpus import Corpus, DataUnusable, Way, corpus, json_lines
from eval.evaluation import Report
from eval.measures import mean, ndcg, recall, reciprocal_rank
from eval.search import read_claims, read_corpus
from index.config import Settings

_PAIRS = Path(__file__).parents[1] / "data" / "chinese_pairs.jsonl"
_SEED = 20261124
_POOL = 1500  # abstracts: the answers, and others drawn by the seed
_CLAIMS = 200  # English questions, drawn by the seed
_PASSAGES = 400  # that are looked at for a question


@dataclass(frozen=True, slots=True)
class LanguageQuestion:
    """A question and the abstracts that answer it; ``part`` groups questions for the report."""

    question: str
    answers: frozenset[str]
    part: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The abstracts that were found for a question, best first."""

    asked: LanguageQuestion
    found: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The rank of the first abstract that answers, from 1; 0 if none was found."""
        ranks = (at for at, one in enumerate(self.found, 1) if one in self.asked.answers)
        return next(ranks, 0)

    def among(self, abstracts: frozenset[str]) -> Ranking:
        """The same without other abstracts."""
        return Ranking(self.asked, tuple(one for one in self.found if one in abstracts))


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Rank abstracts for Chinese, and English, questions. Raises ``DataUnusable``."""
    if len(data) != 1:
        raise DataUnusable(None, "give one folder with corpus.jsonl and claims: --data FOLDER")
    papers = {paper.id: paper for paper in read_corpus(data[0] / "corpus.jsonl")}
    asked = list(chinese())
    lost = [one for one in asked if not one.answers <= papers.keys()]
    if lost:
        raise DataUnusable(
            data[0], f"has no abstract for {len(lost)} of {len(asked)} questions of {_PAIRS.name}"
        )
    answers = frozenset(answer for one in asked for answer in one.answers)
    drawn = random.Random(_SEED)
    claims = [
        LanguageQuestion(one.text, one.relevant, "english")
        for one in read_claims(data[0])
        if one.relevant and one.relevant <= papers.keys()
    ]
    asked += drawn.sample(claims, min(_CLAIMS, len(claims)))
    pool = {answer for one in asked for answer in one.answers}
    others = [one for one in papers if one not in pool]
    pool |= set(drawn.sample(others, min(max(_POOL - len(pool), 0), len(others))))
    with corpus(settings, [papers[one] for one in papers if one in pool]) as made:
        rankings = {way: [_ranking(made, one, way) for one in asked] for way in made.ways}
        best = made.ways[-1]
        among = f"among {len(answers)}"
        scores = {
            part: {way: _scores(ranked) for way, ranked in of_part.items()}
            for part, of_part in _parts(rankings, answers, among).items()
        }
        measures: dict[str, object] = {
            "model": settings.model,
            "abstracts": len(pool),
            "passages": len(made.passages),
            "passages_per_cpu_second": made.cost.rate,
            **scores,
        }
    missed = [one for one in rankings[best] if one.asked.part != "english" and one.rank != 1]
    measures["missed"] = [
        {"question": one.asked.question, "part": one.asked.part, "rank": one.rank} for one in missed
    ]
    rows = (
        (part, way, *(f"{value:.3f}" for value in of_way.values()))
        for part, ways in scores.items()
        for way, of_way in ways.items()
    )
    notes = (
        f"{one.asked.part}, rank {one.rank or 'none'} of {len(pool)}: {one.asked.question}"
        for one in missed
    )
    return Report(measures, (("questions", "", *_NAMES), *rows), tuple(notes))


def chinese() -> Iterator[LanguageQuestion]:
    """The Chinese questions, in parts ``tune`` and ``report``."""
    for pair in json_lines(_PAIRS):
        yield LanguageQuestion(pair["question"], frozenset([pair["doc_id"]]), pair["part"])


def _ranking(made: Corpus, asked: LanguageQuestion, way: Way) -> Ranking:
    # All passages: the answer may be the first of sixty and still far down among the others.
    found = made.rank(asked.question, way, max(_PASSAGES, len(made.passages)))
    return Ranking(asked, tuple(dict.fromkeys(passage.paper_id for passage in found)))


def _parts(
    rankings: Mapping[Way, Sequence[Ranking]], answers: frozenset[str], among: str
) -> dict[str, dict[Way, list[Ranking]]]:
    parts: dict[str, dict[Way, list[Ranking]]] = {}
    for way, ranked in rankings.items():
        for one in ranked:
            parts.setdefault(one.asked.part, {}).setdefault(way, []).append(one)
    for part in [part for part in parts if part != "english"]:
        parts[f"{part} {among}"] = {
            way: [one.among(answers) for one in ranked] for way, ranked in parts[part].items()
        }
    return parts


_NAMES = ("right_first", "recall@10", "mrr@10", "ndcg@10")


def _scores(rankings: Sequence[Ranking]) -> dict[str, float]:
    pairs = [(one.found, one.asked.answers) for one in rankings]
    values = (
        mean(float(one.rank == 1) for one in rankings),
        mean(recall(found, answers, 10) for found, answers in pairs),
        mean(reciprocal_rank(found, answers, 10) for found, answers in pairs),
        mean(ndcg(found, answers, 10) for found, answers in pairs),
    )
    return dict(zip(_NAMES, values, strict=True))
