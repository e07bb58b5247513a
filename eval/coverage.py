"""The share of a PDF's words that a paper accounts for, counted by another engine (pypdfium2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index.paper import Paper
from index.read.account import words_in, words_missing

LEAST = 0.98  # pages of which less is accounted for are listed


@dataclass(frozen=True, slots=True)
class PageCoverage:
    """One page: the words that the other engine extracts, and those that the paper has nowhere."""

    page: int
    drawn: int
    missing: int
    lost: tuple[str, ...] = ()  # the first of the missing words

    @property
    def share(self) -> float:
        """The share that is accounted for, 0..1."""
        return 1 - self.missing / self.drawn if self.drawn else 1.0


def coverage(pdf: Path, paper: Paper) -> list[PageCoverage]:
    """Each page of the file against the paper's text and accounts. Opens the file in this process,
    so only for files that were read before."""
    import pypdfium2

    aside = {account.page: account.aside for account in paper.accounts}
    hidden: dict[int, list[str]] = {}
    for finding in paper.findings:
        page_of = finding.box.page if finding.box else 0
        hidden.setdefault(page_of, []).append(finding.text)
    found: list[PageCoverage] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for number in range(len(document)):
            page = number + 1
            textpage = document[number].get_textpage()
            there = textpage.get_text_bounded()
            words = (word.span.of(paper.text) for word in paper.words.on(page))
            said = " ".join([*words, aside.get(page, ""), *hidden.get(page, ())])
            lost = words_missing(there, said)
            found.append(PageCoverage(page, len(words_in(there)), len(lost), tuple(lost[:20])))
    return found
