"""Is the evidence found inside a paper? Questions on papers, with the paragraphs that answer them.

``--data`` names a file in the form of QASPER's, or a folder that holds ``papers.jsonl``: papers as
``full_text`` (``section_name``, ``paragraphs``) with ``qas`` (``question``, and for each the
``answers`` of several people, with their ``evidence``). Relevant are all paragraphs that anybody
gave as evidence; figures and tables are no paragraphs, and questions without evidence in a
paragraph are left out. The paragraphs of a paper are ranked by the best passage that has words of
them; where a passage spans several, they come in its order.

``answers`` is what a reader of ``gloss ask`` sees in turn (``app.answer``), without its silence:
the first quote, for its paragraph, then the passages that are nearest. ``sentences`` is all
sentences by its ranker, best first, each for its paragraph.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.answer.features import found_part, pool_of
from app.answer.memory import RememberingEmbedder, VectorMemory
from app.answer.questions import question_of
from app.answer.ranker import ranked as ranked_sentences
from app.answer.ranker import shipped
from eval.corpus import Corpus, DataUnusable, Way, corpus, json_lines, text_paper
from eval.evaluation import Report
from eval.measures import mean, recall
from eval.pages import Ranked, fill, first_rank, first_ranks, recall_curves, write_page
from index.config import Settings
from index.embed.pairs import open_pair_scorer
from index.paper import Paper
from index.spans import Span

_WORST = 10


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question on a paper, and its paragraphs that hold the evidence, by number."""

    text: str
    paper: Paper
    paragraphs: tuple[Span, ...]
    evidence: frozenset[str]


Rank = Callable[[LabelledQuestion], list[Span]]


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Rank the paragraphs of each question's paper. Raises ``DataUnusable``."""
    if not data:
        raise DataUnusable(None, "give papers with questions: --data FILE, or a folder with it")
    paths = [path / "papers.jsonl" if path.is_dir() else path for path in data]
    asked = [one for path in paths for one in read_questions(path)]
    if not asked:
        raise DataUnusable(paths[0], "no question of it has evidence in a paragraph")
    papers = {one.paper.id: one.paper for one in asked}
    found: dict[str, list[tuple[str, ...]]] = {}
    seconds: dict[str, float] = {}
    with corpus(settings, list(papers.values())) as made:
        rankings: dict[str, Rank] = {way: _by_passages(made, way) for way in made.ways}
        best = made.ways[-1]
        rankings["sentences"] = _by_sentences(made)
        rankings["answers"] = _by_answers(rankings["sentences"], rankings[best])
        for name, rank in rankings.items():
            began = time.perf_counter()
            found[name] = [paragraphs(one, rank(one)) for one in asked]
            seconds[name] = round((time.perf_counter() - began) / len(asked), 4)
    ranked = {name: _ranked(asked, of_way) for name, of_way in found.items()}
    scores = {name: _scores(of_way) for name, of_way in ranked.items()}
    table = (
        ("", "recall@5", "recall@10"),
        *((name, f"{s['recall@5']:.4f}", f"{s['recall@10']:.4f}") for name, s in scores.items()),
    )
    worst = sorted(
        zip(asked, ranked[best], strict=True), key=lambda pair: recall(pair[1][0], pair[1][1], 5)
    )[:_WORST]
    page = write_page(
        settings,
        "questions",
        fill(
            "retrieval.html",
            title="How evidence is found inside a paper",
            about=f"{len(asked)} questions on {len(papers)} papers, model {settings.model}.",
            curves=recall_curves(ranked),
            table=table,
            best=best,
            ranks=first_ranks(ranked[best]),
            instead="Paper",
            worst=[(first_rank(*pair), one.text, one.paper.title) for one, pair in worst],
        ),
    )
    measures: dict[str, object] = {
        **scores[best],
        "questions": len(asked),
        "papers": len(papers),
        "ways": scores,
        "seconds_per_query": seconds,
        "per_query": [
            {
                "paper": one.paper.id,
                "question": one.text,
                **{name: recall(found[name][number], one.evidence, 5) for name in found},
            }
            for number, one in enumerate(asked)
        ],
        "page": str(page),
    }
    return Report(measures, table, tuple(_notes(asked, worst, page)))


def read_questions(path: Path) -> Iterator[LabelledQuestion]:
    """The questions with evidence in a paragraph. Raises ``DataUnusable``."""
    for number, entry in enumerate(json_lines(path), 1):
        try:
            yield from _questions(entry)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataUnusable(
                path, f"line {number} is not as QASPER has it ({error!r})"
            ) from error


def _questions(entry: Mapping[str, Any]) -> Iterator[LabelledQuestion]:
    sections = [
        (str(name or "").rpartition(":::")[2].strip(), [text for text in texts if text.strip()])
        for name, texts in zip(
            entry["full_text"]["section_name"], entry["full_text"]["paragraphs"], strict=True
        )
    ]
    paper, spans = text_paper(str(entry["id"]), str(entry["title"]), sections)
    numbers = {_plain(span.of(paper.text)): str(at) for at, span in enumerate(spans)}
    for text, answers in zip(entry["qas"]["question"], entry["qas"]["answers"], strict=True):
        given = {_plain(one) for answer in answers["answer"] for one in answer["evidence"]}
        evidence = frozenset(numbers[one] for one in given if one in numbers)
        if evidence:
            yield LabelledQuestion(text, paper, spans, evidence)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _by_passages(made: Corpus, way: Way) -> Rank:
    def rank(asked: LabelledQuestion) -> list[Span]:
        found = made.rank(asked.text, way, len(made.passages), asked.paper.id)
        return [passage.span for passage in found]

    return rank


def _by_answers(sentences: Rank, passages: Rank) -> Rank:
    def rank(asked: LabelledQuestion) -> list[Span]:
        return [*sentences(asked)[:1], *passages(asked)]

    return rank


def _by_sentences(made: Corpus) -> Rank:
    embedder = RememberingEmbedder(made.embedder, VectorMemory())

    def rank(asked: LabelledQuestion) -> list[Span]:
        question = question_of(asked.text)
        part = found_part(asked.paper, made.scored(asked.text, asked.paper.id))
        pool = pool_of([part], question, embedder, open_pair_scorer())
        order = ranked_sentences(pool, question, shipped().judge(question)).order
        return [pool.sentences[number][1].span for number in order]

    return rank


def paragraphs(asked: LabelledQuestion, found: Sequence[Span]) -> tuple[str, ...]:
    """The paragraphs by number, in the order in which ``found`` comes upon them."""
    ordered = (
        str(number)
        for span in found
        for number, paragraph in enumerate(asked.paragraphs)
        if paragraph.start < span.end and span.start < paragraph.end
    )
    return tuple(dict.fromkeys(ordered))


def _ranked(asked: Sequence[LabelledQuestion], found: Sequence[tuple[str, ...]]) -> list[Ranked]:
    return [(ranking, one.evidence) for one, ranking in zip(asked, found, strict=True)]


def _scores(ranked: Sequence[Ranked]) -> dict[str, float]:
    return {
        f"recall@{depth}": mean(recall(found, evidence, depth) for found, evidence in ranked)
        for depth in (5, 10)
    }


def _notes(
    asked: Sequence[LabelledQuestion], worst: Sequence[tuple[LabelledQuestion, Ranked]], page: Path
) -> Iterator[str]:
    yield f"{len(asked)} questions on {len({one.paper.id for one in asked})} papers"
    yield f"the {_WORST} worst by recall@5, with the rank of the first evidence:"
    for one, ranked in worst:
        yield f"  {first_rank(*ranked) or '-':>4}  {one.paper.id}  {one.text}"
    yield f"curves and ranks: {page}"
