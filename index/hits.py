"""The nouns of search: passages, the sentences of digests, conditions on them, and hits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from index.paper import Role
from index.spans import Box, Span

FoundBy = Literal["dense", "words", "both"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Some 200 tokens of one section: the unit of embedding, search and citation.

    ``id`` is readable, and stable for one reading of one version: the paper's id and version,
    ``#``, the section's role (``front`` for what stands above the abstract) and the number in that
    role: ``2407.03300v1#method.3``.
    """

    id: str
    paper_id: str
    section: str  # the section's title
    role: Role
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. ``found_by`` says which half of the search did."""

    passage: Passage
    score: float
    found_by: FoundBy
    title: str  # of the paper
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of the paper that a claim rests on. ``quote`` is ``paper.text`` at ``span``."""

    passage_id: str  # empty where they lie in no passage
    quote: str
    span: Span
    boxes: tuple[Box, ...]  # empty for a paper that is no PDF

    @property
    def part(self) -> str:
        """The passage within its paper: ``method.3``, as ``Passage.id`` ends."""
        return self.passage_id.rpartition("#")[2]

    @property
    def role(self) -> str:
        """That of the passage's section, or ``front``: ``method`` of ``method.3``."""
        return self.part.rpartition(".")[0]

    @property
    def page(self) -> int | None:
        """The page where the quote begins, from 1."""
        return self.boxes[0].page if self.boxes else None


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A sentence of a digest in the index: embedded, searched, and always with its source.

    ``id`` is readable, and the same whenever the same digest is written again: the paper's id and
    version, the digest's language, its section and the number in that section:
    ``2407.03300v1/en/method.2``.
    """

    id: str
    paper_id: str
    lang: str
    section: str  # the digest's: "key_takeaways"
    text: str
    citations: tuple[Citation, ...]
    support: float  # 0..1: how well the citations carry it
    verdict: str


@dataclass(frozen=True, slots=True)
class ClaimHit:
    """A sentence of a digest that a search found, as ``Hit`` is a passage."""

    claim: ClaimRecord
    score: float
    found_by: FoundBy
    title: str  # of the paper


@dataclass(frozen=True, slots=True)
class NearPaper:
    """A paper near to a vector: ``score`` is the cosine of its nearest passage."""

    paper_id: str
    score: float


@dataclass(frozen=True, slots=True)
class ClaimVector:
    """A sentence of a digest with its vector, of unit length."""

    claim: ClaimRecord
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Conditions on hits. Empty fields do not filter."""

    paper_id: str | None = None
    role: Role | None = None  # of passages: sentences of digests have none
    since: str | None = None  # ISO date; papers without a date do not pass
    until: str | None = None  # ISO date, with all of that day, month or year; as above
    category: str | None = None  # a paper belongs where one of its own contains it, in any case
    among: tuple[str, ...] | None = None  # only these papers: what a library makes of a category
    apart_from: str | None = None  # not in this paper, by its own id


def is_in_category(categories: Iterable[str], category: str) -> bool:
    """Whether one of a paper's categories contains ``category``, in any case: "cs" has "cs.CV"."""
    wanted = category.casefold()
    return any(wanted in name.casefold() for name in categories)


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights by term number: ``indices[i]`` weighs ``values[i]``.

    Empty for text without terms.
    """

    indices: tuple[int, ...]
    values: tuple[float, ...]
