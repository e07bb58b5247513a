"""Compares each choice of ADR 9 on searching with its alternatives.

    python eval/measure/search_variants.py SCIFACT_FOLDER QASPER_FILE

One line for each variant: nDCG@10 and recall@10 of papers on SciFact's claims, recall@5 and @10 of
evidence paragraphs inside the papers of QASPER. All points are scored, so that nothing depends on
how many hits a store gives; vectors are kept in the cache that ``gloss eval`` uses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from eval import questions, search
from eval.corpus import embedded
from eval.measures import mean, ndcg, recall
from index.config import Settings
from index.embed import blended, count_tokens, open_embedder
from index.embed.sparse import Bm25Encoder
from index.hits import Passage
from index.paper import Paper
from index.split import split

Matrix = NDArray[np.floating]
Terms = dict[int, float]


@dataclass(frozen=True)
class Variant:
    """One way to make points and to score them."""

    name: str
    tokens: int = 128
    most: int = 160
    title_words: bool = True
    title_vector: float = 0.1  # blended into the passage's
    prefix: str = ""  # of the embedded text: "title", "section"
    neighbours: float = 0.0  # share of the words' weights that the passages beside it have
    again: float = 0.25  # weight of a query's terms that say others again ("gpt3" of "GPT-3")
    mean_words: bool = True  # BM25 as a mean over the query's terms, or their sum
    k1: float = 1.2
    b: float = 0.75
    average_length: float = 90.0
    weight: float = 0.15  # of BM25
    fusion: str = "scores"  # "scores", "rrf", "dense", "words"


CHOSEN = Variant("chosen")
VARIANTS = (
    CHOSEN,
    replace(CHOSEN, name="dense alone", fusion="dense"),
    replace(CHOSEN, name="BM25 alone", fusion="words"),
    replace(CHOSEN, name="reciprocal ranks, k = 10", fusion="rrf"),
    *(replace(CHOSEN, name=f"BM25 times {w}", weight=w) for w in (0.05, 0.1, 0.13, 0.17, 0.2, 0.3)),
    *(
        replace(CHOSEN, name=f"BM25's sum times {w}", weight=w, mean_words=False)
        for w in (0.01, 0.015, 0.02, 0.025, 0.03)
    ),
    *(replace(CHOSEN, name=f"title {w} in vectors", title_vector=w) for w in (0.0, 0.2, 0.4)),
    replace(CHOSEN, name="title not in words", title_words=False),
    replace(CHOSEN, name="title embedded before the text", prefix="title", title_vector=0.0),
    replace(CHOSEN, name="heading embedded before the text", prefix="section"),
    *(replace(CHOSEN, name=f"neighbours' words {w}", neighbours=w) for w in (0.15, 0.3)),
    *(replace(CHOSEN, name=f"compounds again {w}", again=w) for w in (0.0, 1.0)),
    replace(CHOSEN, name="k1 0.9, b 0.4", k1=0.9, b=0.4),
    replace(CHOSEN, name="k1 1.5", k1=1.5),
    replace(CHOSEN, name="b 0.5", b=0.5),
    replace(CHOSEN, name="passages of 96, at most 128", tokens=96, most=128),
    replace(CHOSEN, name="passages of 200, at most 250", tokens=200, most=250, average_length=130),
)


@dataclass(frozen=True)
class Texts:
    """Papers, and queries with what they are to find."""

    papers: Sequence[Paper]
    queries: Sequence[str]
    measure: Callable[[Matrix, Sequence[Passage]], tuple[float, float]]


def scifact(folder: Path) -> Texts:
    """Papers for claims."""
    papers = search.read_corpus(folder / "corpus.jsonl")
    ids = {paper.id for paper in papers}
    claims = [one for one in search.read_claims(folder) if one.relevant and one.relevant <= ids]

    def measure(scores: Matrix, passages: Sequence[Passage]) -> tuple[float, float]:
        gains, recalls = [], []
        for claim, row in zip(claims, scores, strict=True):
            best = np.argsort(-row, kind="stable")[:200]
            found = list(dict.fromkeys(passages[at].paper_id for at in best))
            gains.append(ndcg(found, claim.relevant, 10))
            recalls.append(recall(found, claim.relevant, 10))
        return mean(gains), mean(recalls)

    return Texts(papers, [claim.text for claim in claims], measure)


def qasper(path: Path) -> Texts:
    """Paragraphs for questions."""
    asked = list(questions.read_questions(path))

    def measure(scores: Matrix, passages: Sequence[Passage]) -> tuple[float, float]:
        five, ten = [], []
        for one, row in zip(asked, scores, strict=True):
            order = np.argsort(-row, kind="stable")
            spans = [passages[at].span for at in order if passages[at].paper_id == one.paper.id]
            found = questions.paragraphs(one, spans)
            five.append(recall(found, one.evidence, 5))
            ten.append(recall(found, one.evidence, 10))
        return mean(five), mean(ten)

    papers = {one.paper.id: one.paper for one in asked}
    return Texts(list(papers.values()), [one.text for one in asked], measure)


def scores(variant: Variant, texts: Texts, settings: Settings) -> tuple[Matrix, list[Passage]]:
    """The score of every passage for every query, (queries, passages)."""
    embedder = open_embedder(settings.model, settings.cache)
    cut = [split(paper, count_tokens, variant.tokens, variant.most) for paper in texts.papers]
    owners = np.array([at for at, of_paper in enumerate(cut) for _ in of_paper])
    passages = [passage for of_paper in cut for passage in of_paper]
    heads = {
        "": [""] * len(passages),
        "title": [f"{texts.papers[at].title}. " for at in owners],
        "section": [f"{one.section}. " if one.section else "" for one in passages],
    }[variant.prefix]
    vectors, _ = embedded(
        [head + one.text for head, one in zip(heads, passages, strict=True)],
        embedder,
        settings.cache,
    )
    titles, _ = embedded([paper.title for paper in texts.papers], embedder, settings.cache)
    queries = np.array([embedder.embed_query(query) for query in texts.queries])
    dense = queries @ blended(vectors, titles[owners], variant.title_vector).T
    words = _words(variant, texts, cut)
    if variant.fusion == "dense":
        return dense, passages
    if variant.fusion == "words":
        return words, passages
    if variant.fusion == "rrf":
        return _reciprocal(dense) + _reciprocal(words), passages
    return dense + variant.weight * words, passages


def _reciprocal(half: Matrix) -> Matrix:
    ranks = np.argsort(np.argsort(-half, axis=1, kind="stable"), axis=1, kind="stable")
    reciprocal: Matrix = np.where(ranks < 100, 1 / (10 + ranks), 0.0)
    return reciprocal


def _words(variant: Variant, texts: Texts, cut: Sequence[Sequence[Passage]]) -> Matrix:
    """BM25 with the inverse document frequency that Qdrant multiplies in."""
    own = Bm25Encoder(variant.k1, variant.b, variant.average_length)
    wide = Bm25Encoder(variant.k1, variant.b, 2.2 * variant.average_length)
    rows = list(_terms(variant, texts, cut, own, wide))
    indptr = np.cumsum([0, *(len(row) for row in rows)])
    terms = np.array([term for row in rows for term in row])
    known, columns = np.unique(terms, return_inverse=True)
    weights = np.array([weight for row in rows for weight in row.values()])
    shape = (len(rows), len(known))
    matrix = sparse.csr_matrix((weights, columns, indptr), shape=shape)
    frequency = np.bincount(columns, minlength=len(known))
    rarity = np.array([log(1 + (len(rows) - n + 0.5) / (n + 0.5)) for n in frequency])
    column = {int(term): at for at, term in enumerate(known)}
    asked = sparse.lil_matrix((len(texts.queries), len(known)))
    for number, query in enumerate(texts.queries):
        encoded = own.encode_query(query)
        full = max(encoded.values, default=1.0)  # the weight of a term that says nothing again
        weighted = {
            term: 1.0 if weight == full else variant.again
            for term, weight in zip(encoded.indices, encoded.values, strict=True)
        }
        total = sum(weighted.values()) if variant.mean_words else 1.0
        for term, weight in weighted.items():
            if term in column:
                asked[number, column[term]] = weight / total
    found: Matrix = np.asarray((asked.tocsr() @ (matrix @ sparse.diags(rarity)).T).todense())
    return found


def _terms(
    variant: Variant,
    texts: Texts,
    cut: Sequence[Sequence[Passage]],
    own: Bm25Encoder,
    wide: Bm25Encoder,
) -> Iterator[Terms]:
    for paper, passages in zip(texts.papers, cut, strict=True):
        head = f"{paper.title}\n" if variant.title_words else ""
        for at, passage in enumerate(passages):
            encoded = own.encode_passage(head + passage.text)
            row = dict(zip(encoded.indices, encoded.values, strict=True))
            if variant.neighbours:
                beside = [one.text for one in passages[max(at - 1, 0) : at + 2]]
                encoded = wide.encode_passage(head + " ".join(beside))
                around = dict(zip(encoded.indices, encoded.values, strict=True))
                row = {
                    term: (1 - variant.neighbours) * row.get(term, 0.0)
                    + variant.neighbours * around[term]
                    for term in around
                }
            yield row


def main(folder: str, papers: str) -> None:
    """Print the table."""
    settings = Settings()
    sets = (scifact(Path(folder)), qasper(Path(papers)))
    out = sys.stdout
    out.write(f"| {'variant':34} | nDCG@10 | recall@10 | evidence@5 | evidence@10 |\n")
    out.write(f"|{'-' * 36}|---|---|---|---|\n")
    for variant in VARIANTS:
        values = [
            value for texts in sets for value in texts.measure(*scores(variant, texts, settings))
        ]
        out.write(f"| {variant.name:34} | {' | '.join(f'{v:.4f}' for v in values)} |\n")
        out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
