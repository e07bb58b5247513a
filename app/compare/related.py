"""The papers that are most like one, each with the two sentences that are most alike.

Papers are compared by the means of their passages' vectors, sentences by the vectors of their
digests' sentences; both are in the library's stores, and nothing is embedded for it where the
digests are there. One query finds the candidates, whatever the library's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.compare.quoted import quoted_digest
from app.write.claims import claim_records
from index.errors import PaperChanged, PaperDamaged, PaperNotFound
from index.hits import ClaimRecord, ClaimVector, SearchFilter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.library import Papers

    Matrix = NDArray[np.float64]

RELATED, MOST = 5, 20  # papers
# Items whose sentences say what a paper is about. Of the others two are soon alike that have little
# to do with each other: "We performed 80 tests", "It is left for future work".
_ABOUT = (
    "summary", "key_takeaways", "background", "earlier_methods", "method",
    "task_and_performance", "significance",
)  # fmt: skip
# Papers that are less near are not related, in a library with little of a kind: of 37 papers of
# many fields, pairs of one field had a cosine from .36 up, and with few exceptions no others.
LEAST = 0.35
_CANDIDATES = 6  # times as many papers, by their nearest passage, whose means are compared


@dataclass(frozen=True, slots=True)
class AlikeSentences:
    """A sentence of a paper's digest and one of another's: ``score`` is the cosine of the two."""

    own: ClaimRecord
    other: ClaimRecord
    score: float


@dataclass(frozen=True, slots=True)
class RelatedPaper:
    """A paper near to another: ``score`` is the cosine of their mean vectors."""

    id: str
    version: int | None
    title: str
    authors: tuple[str, ...]
    date: str | None
    score: float
    alike: AlikeSentences | None  # None where a digest has no sentence to compare


@dataclass(frozen=True, slots=True)
class Related:
    """The papers nearest to one, nearest first."""

    paper_id: str
    title: str
    papers: tuple[RelatedPaper, ...]


def related(library: Papers, paper_id: str, k: int = RELATED) -> Related:
    """The ``k`` papers nearest to one, with the two sentences that are most alike; fewer where no
    others are near.

    Digests that are not there yet are written. A paper that fails is left out. Raises
    ``PaperNotFound``, ``PaperDamaged`` and ``StoreUnusable``.
    """
    own = library.stored(paper_id)
    row = library.row(own.id)
    mean = library.mean_vectors([row.id]).get(row.id)
    if mean is None:
        return Related(row.id, row.title, ())
    candidates = library.near(mean, k * _CANDIDATES, SearchFilter(apart_from=row.id))
    means = library.mean_vectors([one.paper_id for one in candidates])
    nearest = sorted(
        ((_cosine(mean, vector), near_id) for near_id, vector in means.items()),
        key=lambda pair: (-pair[0], pair[1]),
    )
    sentences = _sentences(library, row.id)
    found: list[RelatedPaper] = []
    for score, near_id in nearest:
        if len(found) == k or score < LEAST:
            break
        try:
            near = library.row(near_id)
            alike = _most_alike(sentences, _sentences(library, near_id))
        except (PaperNotFound, PaperChanged, PaperDamaged):
            continue  # it went or changed a moment ago, or doctor names it
        found.append(
            RelatedPaper(near.id, near.version, near.title, near.authors, near.date, score, alike)
        )
    return Related(row.id, row.title, tuple(found))


def _sentences(library: Papers, paper_id: str) -> tuple[ClaimVector, ...]:
    """The sentences of a paper's digest that say what it is about, with their vectors."""
    kept = library.claim_vectors(paper_id)
    if not kept:
        digest = quoted_digest(library, paper_id)  # saves them with their vectors, where it can
        kept = library.claim_vectors(paper_id) or _embedded(library, claim_records(digest))
    return tuple(one for one in kept if one.claim.section in _ABOUT)


def _embedded(library: Papers, claims: Sequence[ClaimRecord]) -> tuple[ClaimVector, ...]:
    wanted = [claim for claim in claims if claim.section in _ABOUT]
    if not wanted:
        return ()
    vectors = library.embedder.embed_passages([claim.text for claim in wanted])
    return tuple(
        ClaimVector(claim, tuple(vector.tolist()))
        for claim, vector in zip(wanted, vectors, strict=True)
    )


def _most_alike(own: Sequence[ClaimVector], others: Sequence[ClaimVector]) -> AlikeSentences | None:
    """The pair with the highest cosine; of equals the first of ours."""
    import numpy as np

    if not own or not others:
        return None
    alike = _matrix(own) @ _matrix(others).T
    mine, theirs = np.unravel_index(int(alike.argmax()), alike.shape)
    score = float(alike[mine, theirs])
    return AlikeSentences(own[int(mine)].claim, others[int(theirs)].claim, score)


def _matrix(sentences: Sequence[ClaimVector]) -> Matrix:
    import numpy as np

    return np.array([one.vector for one in sentences], dtype=np.float64)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    import numpy as np

    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length else 0.0
