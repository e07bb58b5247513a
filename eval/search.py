"""Measures search: claims, for which people named the abstracts to be found in a corpus.

``--data`` names a folder in the form of SciFact's: ``corpus.jsonl`` (``doc_id``, ``title``,
``sentences``) and a file of claims, ``claims*.jsonl`` (``claim``, and ``cited_doc_ids``: the
relevant abstracts, which BEIR takes for its judgements). Claims whose abstracts are not in the
corpus are left out. A paper's rank is that of its best passage.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.corpus import Corpus, DataUnusable, Way, corpus, json_lines, text_paper
from eval.evaluation import Report
from eval.measures import mean, ndcg, recall, reciprocal_rank
from eval.pages import Ranked, fill, first_rank, first_ranks, recall_curves, write_page
from index.config import Settings
from index.paper import Paper

_PASSAGES = 400  # that are asked for, so that a hundred papers are among them
_WORST = 20


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A query and the papers that answer it."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class RankedPapers:
    """The papers that were found for a claim, best first."""

    claim: LabelledQuery
    found: tuple[str, ...]

    @property
    def measures(self) -> dict[str, float]:
        """Of this claim alone."""
        found, relevant = self.found, self.claim.relevant
        return {
            "ndcg@10": ndcg(found, relevant, 10),
            "recall@10": recall(found, relevant, 10),
            "recall@100": recall(found, relevant, 100),
            "mrr@10": reciprocal_rank(found, relevant, 10),
        }


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Rank the corpus for every claim, by each way and both. Raises ``DataUnusable``."""
    if len(data) != 1:
        raise DataUnusable(None, "give one folder with corpus.jsonl and claims: --data FOLDER")
    papers, claims = read_corpus(data[0] / "corpus.jsonl"), read_claims(data[0])
    ids = {paper.id for paper in papers}
    claims = [one for one in claims if one.relevant and one.relevant <= ids]
    if not claims:
        raise DataUnusable(data[0], "none of its claims names an abstract of its corpus")
    answers: dict[Way, list[RankedPapers]] = {}
    seconds: dict[Way, float] = {}
    with corpus(settings, papers) as made:
        for way in made.ways:
            began = time.perf_counter()
            answers[way] = [_answer(made, claim, way) for claim in claims]
            seconds[way] = (time.perf_counter() - began) / len(claims)
        best = made.ways[-1]
        cost, passages = made.cost, len(made.passages)
    means = {way: _means(of_way) for way, of_way in answers.items()}
    titles = {paper.id: paper.title for paper in papers}
    names = tuple(means[best])
    table = (
        ("", *names, "ms a query"),
        *(
            (way, *(f"{means[way][name]:.4f}" for name in names), f"{1000 * seconds[way]:.0f}")
            for way in answers
        ),
    )
    worst = sorted(answers[best], key=lambda one: one.measures["ndcg@10"])[:_WORST]
    page = write_page(
        settings,
        "search",
        fill(
            "retrieval.html",
            title="How papers are found",
            about=f"{len(claims)} claims, {len(papers)} papers, model {settings.model}.",
            curves=recall_curves({way: _ranked(of_way) for way, of_way in answers.items()}),
            table=table,
            best=best,
            ranks=first_ranks(_ranked(answers[best])),
            instead="What came first",
            worst=[
                (
                    first_rank(one.found, one.claim.relevant),
                    one.claim.text,
                    titles[one.found[0]] if one.found else "nothing",
                )
                for one in worst
            ],
        ),
    )
    measures: dict[str, object] = {
        **{str(way): means[way] for way in answers},
        "claims": len(claims),
        "papers": len(papers),
        "passages": passages,
        "passages_per_cpu_second": cost.rate,
        "seconds_per_query": {str(way): round(of_way, 4) for way, of_way in seconds.items()},
        "per_query": list(_per_query(answers, best)),
        "page": str(page),
    }
    return Report(measures, table, tuple(_notes(settings, measures, cost.kept, worst, titles)))


def read_corpus(path: Path) -> list[Paper]:
    """A paper for each abstract. Raises ``DataUnusable``."""
    papers = []
    for number, entry in enumerate(json_lines(path), 1):
        try:
            abstract = " ".join(str(one).strip() for one in entry["sentences"])
            paper_id, title = str(entry["doc_id"]), str(entry["title"])
        except (KeyError, TypeError) as error:
            raise DataUnusable(
                path, f"line {number} lacks doc_id, title or sentences ({error})"
            ) from error
        papers.append(text_paper(paper_id, title, [("", [abstract])])[0])
    return papers


def read_claims(folder: Path) -> list[LabelledQuery]:
    """The claims of all files ``claims*.jsonl``. Raises ``DataUnusable``."""
    paths = sorted(folder.glob("claims*.jsonl"))
    if not paths:
        raise DataUnusable(folder, "has no claims*.jsonl")
    claims = []
    for path in paths:
        for number, entry in enumerate(json_lines(path), 1):
            try:
                relevant = frozenset(str(one) for one in entry["cited_doc_ids"])
                claims.append(
                    LabelledQuery(str(entry.get("id", number)), str(entry["claim"]), relevant)
                )
            except (KeyError, TypeError) as error:
                raise DataUnusable(
                    path, f"line {number} lacks claim or cited_doc_ids ({error})"
                ) from error
    return claims


def _answer(made: Corpus, claim: LabelledQuery, way: Way) -> RankedPapers:
    found = (passage.paper_id for passage in made.rank(claim.text, way, _PASSAGES))
    return RankedPapers(claim, tuple(dict.fromkeys(found)))


def _ranked(answers: Sequence[RankedPapers]) -> list[Ranked]:
    return [(one.found, one.claim.relevant) for one in answers]


def _means(answers: Sequence[RankedPapers]) -> dict[str, float]:
    of_each = [answer.measures for answer in answers]
    return {name: mean(one[name] for one in of_each) for name in of_each[0]}


def _per_query(
    answers: Mapping[Way, Sequence[RankedPapers]], best: Way
) -> Iterator[dict[str, Any]]:
    for number, answer in enumerate(answers[best]):
        yield {
            "id": answer.claim.id,
            "query": answer.claim.text,
            "relevant": sorted(answer.claim.relevant),
            "found": list(answer.found[:10]),
            **{way: round(answers[way][number].measures["ndcg@10"], 4) for way in answers},
        }


def _notes(
    settings: Settings,
    measures: Mapping[str, object],
    kept: bool,
    worst: Sequence[RankedPapers],
    titles: Mapping[str, str],
) -> Iterator[str]:
    when = ", when they were made" if kept else ""
    yield (
        f"{measures['claims']} claims, {measures['papers']} papers in {measures['passages']} "
        f"passages; {settings.model} embeds {measures['passages_per_cpu_second']} passages in a "
        f"CPU-second{when}"
    )
    yield f"the {_WORST} worst by nDCG@10 with what came first instead:"
    for answer in worst:
        rank = first_rank(answer.found, answer.claim.relevant)
        at = f"at {rank}" if rank else "not found"
        first = titles[answer.found[0]] if answer.found else "nothing"
        yield f"  {at:>9}  {answer.claim.text}  |  {first}"
    yield f"curves and ranks: {measures['page']}"
