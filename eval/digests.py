"""Are the digests of a library what they claim to be?

Every quote is looked up in the paper's text at its span, and for a PDF the page itself is read
again, by what is drawn there and not by what gloss kept: the characters whose middle lies in a
citation's boxes must be the quote's. A miss is a defect, listed with its place.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.evaluation import Report
from eval.boxes import DrawnPages, letters
from index.config import Settings
from index.errors import GlossError
from index.paper import Paper, Passage

if TYPE_CHECKING:
    from app.digest import Citation, Digest


class DataNotUsed(GlossError):
    """This evaluation reads the library and nothing else."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: `gloss eval digests` checks the library; leave --data out")
        self.path = path


@dataclass(frozen=True, slots=True)
class Miss:
    """A citation that does not hold, and why."""

    paper_id: str
    section: str
    quote: str
    why: str


@dataclass(slots=True)
class DigestReport:
    """Counts over the digests of a library."""

    papers: int = 0
    sentences: int = 0
    cited: int = 0  # sentences whose every citation resolves
    citations: int = 0
    quotes_found: int = 0  # citations whose quote is the paper's text at its span
    boxed: int = 0  # citations of a PDF
    boxes_hold: int = 0  # of those, the ones whose boxes hold the quote's words on the page
    not_stated: int = 0
    items: int = 0
    rejected: int = 0
    fabricated: int = 0  # header fields that the paper's text does not have
    seconds: dict[str, float] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Write and check a digest of every paper in the library of ``settings``.

    The library is the data: raises ``DataNotUsed`` if other data is given.
    """
    if data:
        raise DataNotUsed(data[0])
    from app.write import write_digest
    from index.library import Library

    report = DigestReport()
    with Library.open(settings, create=False) as library:
        for row in library.papers():
            if row.status != "ok":
                continue
            began = time.perf_counter()
            digest = write_digest(library, row.id)
            report.seconds[row.id] = round(time.perf_counter() - began, 3)
            check(report, digest, library.paper(row.id), library, library.file_of(row.id))
    return Report(asdict(report))


class Passages(Protocol):
    """What the check needs of a library."""

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        """All passages of a paper."""


def check(
    report: DigestReport, digest: Digest, paper: Paper, library: Passages, file: Path
) -> None:
    """Add one digest of ``paper``, which was read from ``file``, to the report."""
    report.papers += 1
    report.rejected += digest.rejected
    drawn = DrawnPages(file) if paper.source == "pdf" else None
    passages = {passage.id: passage for passage in library.passages(paper.id)}
    front = letters(paper.text)
    for copied in (digest.paper.title, *digest.paper.authors):
        report.fabricated += letters(copied) not in front
    for section in digest.sections:
        report.items += 1
        report.not_stated += section.status == "not stated"
        for claim in section.items:
            report.sentences += 1
            reasons = [
                reason
                for citation in claim.citations
                if (reason := _why_not(report, citation, paper, drawn, passages))
            ] or ([] if claim.citations else ["no citation"])
            report.cited += not reasons
            for reason in reasons:
                report.misses.append(Miss(paper.id, section.name, claim.text[:120], reason))


def _why_not(
    report: DigestReport,
    citation: Citation,
    paper: Paper,
    drawn: DrawnPages | None,
    passages: Mapping[str, Passage],
) -> str:
    """Why a citation does not hold; empty if it does."""
    report.citations += 1
    if citation.span.of(paper.text) != citation.quote:
        return "the quote is not the paper's text at its span"
    report.quotes_found += 1
    passage = passages.get(citation.passage_id)
    if passage is None or not passage.span.contains(citation.span):
        return "its passage does not hold the quote"
    if drawn is None:
        return ""
    report.boxed += 1
    if not citation.boxes:
        return "a PDF's citation without boxes"
    if not drawn.hold(citation.boxes, citation.quote):
        return f"the page says {drawn.says(citation.boxes)[:80]!r}"
    report.boxes_hold += 1
    return ""
