"""The nouns of the app: a digest, its claims, and what each claim rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from index.accounts import Loss
from index.hits import Citation

__all__ = [
    "Citation",
    "Claim",
    "Digest",
    "DigestSection",
    "Header",
    "Language",
    "Origin",
    "SectionStatus",
    "Support",
    "Usage",
    "Verdict",
    "Whose",
    "WriterName",
]

Origin = Literal["quoted", "compressed", "translated"]
Language = Literal["en", "zh"]
WriterName = Literal["extractive", "local", "endpoint"]
Verdict = Literal["supported", "unsupported"]
Whose = Literal["own", "others"]  # work: that of the paper's authors, or of anybody else
SectionStatus = Literal["stated", "not stated"]


@dataclass(frozen=True, slots=True)
class Support:
    """Whether a claim says what its citations say: ``score`` in 0..1, and the checks that ran."""

    score: float
    verdict: Verdict
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a digest with its citations."""

    text: str
    origin: Origin
    citations: tuple[Citation, ...]
    support: Support
    english: str = ""  # of a translated claim: the checked sentence that it says in Chinese


@dataclass(frozen=True, slots=True)
class DigestSection:
    """One item of the template; ``items`` is empty if the paper does not state it."""

    name: str  # the item's key in the template: "key_takeaways"
    items: tuple[Claim, ...]

    @property
    def status(self) -> SectionStatus:
        """``stated``, or ``not stated`` in the paper."""
        return "stated" if self.items else "not stated"


@dataclass(frozen=True, slots=True)
class Header:
    """The fields that are copied from the paper, never worded."""

    id: str
    version: int | None
    title: str
    authors: tuple[str, ...]
    date: str | None
    categories: tuple[str, ...]
    source: str
    url: str | None  # the paper's page on arXiv, where its id is one
    losses: tuple[Loss, ...] = ()  # what of its pages could not be read
    # What arXiv has reported since the digest was written; not saved with it.
    newest: int | None = None  # a newer version than the digest's
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model did for a digest."""

    sentences: int = 0  # that it was asked to word or to translate
    accepted: int = 0  # of those, the ones whose answer passed every check
    calls: int = 0
    failed: int = 0  # calls that brought no answer in time
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0  # that its answers took; those that were kept from before take none


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of one paper."""

    paper: Header
    lang: Language
    writer: str
    sections: tuple[DigestSection, ...]
    rejected: int = 0  # sentences that failed the check and were replaced or dropped
    lock: dict[str, str] = field(default_factory=dict)  # what it was made from, by hash and version
    usage: Usage = Usage()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims in order."""
        return tuple(claim for section in self.sections for claim in section.items)

    @property
    def summary(self) -> Claim | None:
        """The sentence that says what the paper is about, or None."""
        items = next((one.items for one in self.sections if one.name == "summary"), ())
        return items[0] if items else None
