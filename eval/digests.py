"""Are the digests of a library what they claim to be?

Every quote is looked up in the paper's text at its span, and for a PDF the page itself is read again,
by its own words and not by those that gloss kept: the words whose middle lies in a citation's boxes
must be the quote's words. A miss is a defect, listed with its place.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from index.config import Settings
from index.paper import Box

if TYPE_CHECKING:
    from app.digest import Citation, Digest
    from index.library import Library
    from index.paper import Paper


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


def run(settings: Settings, data: Sequence[Path] = ()) -> Mapping[str, object]:
    """Write and check a digest of every paper in the library of ``settings``.

    ``data`` is not used: the library is the data.
    """
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
            check(report, digest, library.paper(row.id), library)
    return asdict(report)


def check(report: DigestReport, digest: Digest, paper: Paper, library: Library) -> None:
    """Add one digest to the report."""
    report.papers += 1
    report.rejected += digest.rejected
    page_words = _PageWords(library.file_of(paper.id)) if paper.source == "pdf" else None
    front = _letters(paper.text)
    for copied in (digest.paper.title, *digest.paper.authors):
        report.fabricated += _letters(copied) not in front
    for section in digest.sections:
        report.items += 1
        report.not_stated += section.status == "not stated"
        for claim in section.items:
            report.sentences += 1
            reasons = [
                reason
                for citation in claim.citations
                if (reason := _why_not(report, citation, paper, page_words, library))
            ] or ([] if claim.citations else ["no citation"])
            report.cited += not reasons
            for reason in reasons:
                report.misses.append(Miss(paper.id, section.name, claim.text[:120], reason))


def _why_not(
    report: DigestReport,
    citation: Citation,
    paper: Paper,
    page_words: _PageWords | None,
    library: Library,
) -> str:
    """Why a citation does not hold; empty if it does."""
    report.citations += 1
    if citation.span.of(paper.text) != citation.quote:
        return "the quote is not the paper's text at its span"
    report.quotes_found += 1
    passages = {passage.id: passage for passage in library.passages(paper.id)}
    passage = passages.get(citation.passage_id)
    if passage is None or not passage.span.start <= citation.span.start < passage.span.end:
        return "its passage does not hold the quote"
    if page_words is None:
        return ""
    report.boxed += 1
    if not citation.boxes:
        return "a PDF's citation without boxes"
    read = _letters("".join(page_words.inside(citation.boxes)))
    if Counter(read) != Counter(_letters(citation.quote)):
        return f"the page says {read[:80]!r}"
    report.boxes_hold += 1
    return ""


_ACCENTS = re.compile(r"[´`¨ˆ˜¸ˇ˘˙˚˝¯]")


def _letters(text: str) -> str:
    """Letters and digits alone: spacing, hyphens at line ends and drawn accents do not count."""
    plain = unicodedata.normalize("NFKD", _ACCENTS.sub("", text))
    return "".join(character for character in plain.casefold() if character.isalnum())


class _PageWords:
    """The words of a PDF as MuPDF reads them now, a page at a time."""

    def __init__(self, path: Path) -> None:
        import pymupdf

        self._document = pymupdf.open(path)
        self._pages: dict[int, list[tuple[float, float, str]]] = {}

    def inside(self, boxes: Sequence[Box]) -> list[str]:
        """The words whose middle lies in one of ``boxes``."""
        found: list[str] = []
        for page in dict.fromkeys(box.page for box in boxes):
            for x, y, text in self._words(page):
                if any(
                    box.page == page and box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
                    for box in boxes
                ):
                    found.append(text)
        return found

    def _words(self, page: int) -> list[tuple[float, float, str]]:
        if page not in self._pages:
            self._pages[page] = [
                ((word[0] + word[2]) / 2, (word[1] + word[3]) / 2, word[4])
                for word in self._document[page - 1].get_text("words")
            ]
        return self._pages[page]
