"""A paper's digest, and the results of writing many."""

from __future__ import annotations

from typing import Literal

from app.digest import Language, SectionStatus
from app.documents import Shape, Share
from app.documents.claims import ClaimShape
from index.paper import SourceKind


class LossShape(Shape):
    """A page of which words were lost."""

    page: int
    """From 1."""
    share: Share
    """Of its words, 0 to 1."""
    reason: str
    """Why."""


class DigestPaper(Shape):
    """What a digest copies of its paper."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""
    authors: list[str]
    """In the paper's order."""
    date: str | None
    """As exact as is known."""
    categories: list[str]
    """As `cs.CL`; the primary one first."""
    source: SourceKind
    """What kind of file it was read from."""
    url: str | None
    """The paper's page on arXiv, where it has one."""
    losses: list[LossShape]
    """The pages of which words could not be read."""
    newest: int | None
    """A newer version than the digest's, if arXiv has reported one."""
    withdrawn: bool
    """Whether arXiv says that it was withdrawn."""


class DigestPart(Shape):
    """One item of a digest."""

    name: str
    """As `key_takeaways`."""
    items: list[ClaimShape]
    """Its sentences; empty where the paper does not say."""
    status: SectionStatus
    """`not stated` where the paper does not say; nothing is filled in then."""


class DigestShape(Shape):
    """A paper's digest: every sentence with the words that it rests on."""

    paper: DigestPaper
    """Copied, never written."""
    lang: Language
    """The headings' language, and that of translated sentences."""
    writer: str
    """Who worded it: `extractive` quotes the paper."""
    sections: list[DigestPart]
    """The same items in the same order for every paper."""
    rejected: int
    """Sentences that failed a check and were replaced or dropped."""
    lock: dict[str, str]
    """What it was made from, by hash and version."""


class DigestWritten(Shape):
    """The result of writing one of many."""

    id: str
    """The paper's."""
    status: Literal["ok", "failed"]
    """Whether it was written."""
    reason: str
    """Why not; empty where it was."""
    sentences: int
    """How many it has."""


class DigestsWritten(Shape):
    """The result of writing those of all papers."""

    digests: list[DigestWritten]
    """In the order in which they were written."""
