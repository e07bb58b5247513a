"""Passages as points of the store, with parts of their paper beside their own words.

Few passages name what the whole paper is about, and a reader asks for it by name. So each has its
paper's title in its words and a little of it in its vector, and the first also has who wrote the
paper and the id that it is known by. Measured in ADR 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from index.hits import Passage, SparseVector
from index.paper import Paper
from index.store import Point, day_number

if TYPE_CHECKING:
    from index.embed import Vectors

TITLE_WEIGHT = 0.1  # of its paper's title in a passage's vector (ADR 9)
VERSION = "2"  # of what is said above; points of version 1 knew nothing of their paper


class SparsePassageEncoder(Protocol):
    """The part of a sparse encoder that points need."""

    def encode_passage(self, text: str) -> SparseVector:
        """The terms of a text."""


class TitleEmbedder(Protocol):
    """The part of an embedding model that points need."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """A row of unit length for each text."""


class PointEncoders(Protocol):
    """The encoders of titles (dense) and passages (sparse)."""

    @property
    def embedder(self) -> TitleEmbedder:
        """The embedding model."""

    @property
    def sparse_encoder(self) -> SparsePassageEncoder:
        """The BM25 encoder."""


def paper_points(
    paper: Paper,
    passages: Sequence[Passage],
    vectors: Vectors,
    encoders: PointEncoders,
) -> list[Point]:
    """``points_of`` with the vector of the paper's title, which is embedded here."""
    titled = bool(paper.title.strip())
    title = encoders.embedder.embed_passages([paper.title])[0] if titled else None
    return points_of(paper, passages, vectors, title, encoders.sparse_encoder)


def points_of(
    paper: Paper,
    passages: Sequence[Passage],
    vectors: Vectors,
    title: Vectors | None,
    sparse_encoder: SparsePassageEncoder,
    title_weight: float = TITLE_WEIGHT,
) -> list[Point]:
    """The passages of a paper as points whose edition is still to be set, in the same order.

    ``vectors`` (passages, dimension) and ``title`` (dimension,), None where the paper has none, are
    of unit length. Made when the paper has its final id, title and authors, which arXiv's record
    may have put right.
    """
    from index.embed import blended

    date = valid_date(paper.date)
    texts = [f"{paper.title}\n{passage.text}" for passage in passages]
    texts[:1] = ["\n".join((text, *paper.authors, paper.id)) for text in texts[:1]]
    dense = vectors if title is None else blended(vectors, title, title_weight)
    return [
        Point(
            passage_id=passage.id,
            paper_id=paper.id,
            edition=0,
            role=passage.role,
            date=date,
            dense=vector.tolist(),
            sparse=sparse_encoder.encode_passage(text),
        )
        for passage, text, vector in zip(passages, texts, dense, strict=True)
    ]


def valid_date(date: str | None) -> str | None:
    """The date, unless a paper claims one that there is not."""
    try:
        return date if date is not None and day_number(date) else None
    except ValueError:
        return None
