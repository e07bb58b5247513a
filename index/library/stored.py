"""One paper of a library: its text, its passages and its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.catalog import Catalog, Edition, Fingerprint, KnownVersion
from index.errors import PaperNotFound, SourceNotFound
from index.hits import Passage
from index.library.files import Files
from index.library.tools import Tools
from index.paper import Paper
from index.spans import Box, Highlight, PageSize, Span, runs_of

SIZED_MOST = 1000  # files of which the sizes of pages are remembered


@dataclass(frozen=True, slots=True)
class Holdings:
    """The catalogue, files and stores that hold a library's papers."""

    catalog: Catalog
    files: Files
    tools: Tools
    page_sizes: dict[str, tuple[PageSize, ...]] = field(default_factory=dict)  # by file name


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """The edition of a paper that was current at the call, found by any of its ids.

    Every method raises ``PaperNotFound`` where the edition is gone meanwhile.
    """

    asked: str
    edition: Edition
    holdings: Holdings

    @property
    def id(self) -> str:
        """The paper's own id, without a version."""
        return self.edition.paper_id

    def paper(self) -> Paper:
        """The paper."""
        try:
            return self.holdings.catalog.contents.paper(self.edition.number)
        except KeyError:
            raise PaperNotFound(self.asked) from None

    def passages(self) -> tuple[Passage, ...]:
        """Its passages in text order."""
        return self.holdings.catalog.contents.passages(self.edition.number)

    def passage_of(self, span: Span) -> Passage | None:
        """The passage that shares most with ``span``: the one that contains it, if one does."""
        found = self.holdings.catalog.contents.passages_across(self.edition.number, span)

        def shared(passage: Passage) -> int:
            return min(passage.span.end, span.end) - max(passage.span.start, span.start)

        return max(found, key=shared, default=None)

    def fingerprint(self) -> Fingerprint:
        """What tells this reading of the paper from another."""
        try:
            return self.holdings.catalog.contents.fingerprint(self.edition.number)
        except KeyError:
            raise PaperNotFound(self.asked) from None

    def latest_version(self) -> KnownVersion | None:
        """The newest version of the paper that arXiv has reported, or None."""
        return self.holdings.catalog.arxiv.latest_version(self.edition.paper_key)

    def file(self) -> Path:
        """The library's copy of the file. Raises ``SourceNotFound`` where it is gone."""
        path = self.holdings.files.path(self.edition.file)
        if not path.is_file():
            raise SourceNotFound(self.asked, "its file is gone from the library: add it again")
        return path

    def page_image(self, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        """Page ``page`` (from 1) as PNG with boxes marked; ``scale`` 1 is 72 dpi.

        Raises ``SourceNotFound`` for a page that there is not.
        """
        self._check_pages()
        pages = self.paper().pages
        if not 1 <= page <= pages:
            raise SourceNotFound(self.asked, f"has no page {page}: its pages are 1 to {pages}")
        return self.holdings.tools.reader().render_page(self.file(), page, boxes, scale)

    def page_sizes(self) -> tuple[PageSize, ...]:
        """The size of each page; none for a paper without pages. A file is asked once.

        Raises ``SourceNotFound`` for a file that cannot be opened any more.
        """
        if self.edition.source != "pdf":
            return ()
        known, file = self.holdings.page_sizes, self.edition.file
        sizes = known.get(file)
        if sizes is None:
            sizes = self.holdings.tools.reader().page_sizes(self.file())
            if len(known) >= SIZED_MOST:
                known.clear()
            known[file] = sizes
        return sizes

    def figure_image(self, label: str, scale: float) -> bytes:
        """A figure or table as PNG: "Table 2", "fig. 3", or "3" for Figure 3; 1 is 72 dpi.

        Raises ``SourceNotFound`` for a figure that there is not, or whose place on the page was not
        found.
        """
        from index.read.floats.captions import figure_name

        figures = {
            name.stem: figure
            for figure in self.paper().figures
            if (name := figure_name(figure.label)) is not None
        }
        wanted = figure_name(label) or figure_name(f"Figure {label}")
        figure = figures.get(wanted.stem) if wanted else None
        if figure is None:
            there = ", ".join(one.label for one in figures.values()) or "none"
            raise SourceNotFound(self.asked, f"has no {label.strip()}; its figures: {there}")
        if figure.box is None:
            raise SourceNotFound(self.asked, f"{figure.label} was not found on its page")
        return self.holdings.tools.reader().render_figure(self.file(), figure.box, scale)

    def span_picture(self, span: Span, scale: float) -> tuple[bytes, ...]:
        """A span as printed: a PNG for each run of lines that stand one below the other, in order;
        where it goes on in another column or on another page, a new one begins. 1 is 72 dpi.

        Raises ``SourceNotFound`` for a paper without pages, and for a span that is on none.
        """
        self._check_pages()
        places = runs_of(self.paper().boxes(span))
        if not places:
            raise SourceNotFound(
                self.asked, f"no word from {span.start} to {span.end} is on a page"
            )
        path, reader = self.file(), self.holdings.tools.reader()
        return tuple(reader.render_figure(path, place, scale) for place in places)

    def annotated(self, highlights: Sequence[Highlight]) -> bytes:
        """A copy of the paper's PDF with ``highlights``.

        Raises ``SourceNotFound`` for a paper that is no PDF, or whose file cannot be opened.
        """
        if self.edition.source != "pdf":
            why = f"has no PDF to put notes into: it was added as {self.edition.source}"
            raise SourceNotFound(self.asked, why)
        return self.holdings.tools.reader().annotate(self.file(), highlights)

    def _check_pages(self) -> None:
        if self.edition.source != "pdf":
            raise SourceNotFound(self.asked, f"has no pages: it was added as {self.edition.source}")
