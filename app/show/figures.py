"""Pictures of pages and figures, drawn once; and the figures whose captions a digest quotes."""

from __future__ import annotations

import io
import struct
import threading
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from app.digest import Digest
from app.show.pieces import sentences_with_formulas
from app.show.views import Picture, QuoteContext
from app.write.claims import named_claims
from index.errors import GlossError
from index.paper import Figure, Paper
from index.spans import Box

if TYPE_CHECKING:
    from index.library import Papers

SCALE = 2.0  # pixels of a figure for each of its points: sharp on a phone, half the bytes of 3
_POINT = 4 / 3  # pixels of a style sheet
KEPT_BYTES = 64_000_000  # of pictures in memory: some 400 pages
_FEW_COLOURS = 4096  # a page of print with coloured links has fewer


def quoted_figures(paper: Paper, digest: Digest) -> dict[str, Figure]:
    """Those that were found on a page, by the name of the sentence that quotes the caption.

    None of a digest of another file than the paper's, where other words stand at these places.
    """
    found: dict[str, Figure] = {}
    for section, name, claim in named_claims(digest):
        cited = claim.citations[0]
        if section != "figures" or cited.span.of(paper.text) != cited.quote:
            continue
        for figure in paper.figures:
            caption = figure.caption
            if figure.box is not None and caption.start <= cited.span.start < caption.end:
                found[name] = figure
                break
    return found


class Pictures:
    """Pictures that were drawn, the last ones used, up to ``most`` bytes. One for all of a server.

    Names begin with the hash of a paper's file or the revision of a library, so that who may not
    see a paper cannot ask for its pictures.
    """

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Hashable, ...], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def of(self, name: tuple[Hashable, ...], draw: Callable[[], bytes]) -> bytes:
        """The picture of that name, drawn where it is not kept."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        picture = draw()
        with self._lock:
            if name not in self._kept:
                self._kept[name] = picture
                self._bytes += len(picture)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return picture

    def page(
        self,
        library: Papers,
        paper_id: str,
        number: int,
        boxes: Sequence[Box] = (),
        scale: float = SCALE,
        *,
        few_colours: bool = False,
    ) -> bytes:
        """A page (from 1) as PNG with boxes marked, at ``scale`` pixels a point.

        With ``few_colours`` it is a third of the size and as readable (``in_few_colours``). Raises
        ``PaperNotFound``, and as ``Papers.page_image``.
        """

        def draw() -> bytes:
            page = library.page_image(paper_id, number, boxes, scale)
            return in_few_colours(page) if few_colours else page

        sha256 = library.paper(paper_id).sha256
        return self.of((sha256, number, tuple(boxes), scale, few_colours), draw)

    def figure(self, library: Papers, paper: Paper, label: str) -> bytes:
        """A figure as PNG. Raises as ``Papers.figure_image``."""
        return self.of(
            (paper.sha256, label),
            lambda: in_few_colours(library.figure_image(paper.id, label, SCALE)),
        )

    def lines(self, library: Papers, paper_id: str, place: Box, width: float) -> bytes:
        """A part of a page as PNG, cut out of the picture of the page.

        ``place`` is in points of the page as people see it, which is ``width`` points wide. Raises
        as ``page``.
        """

        def cut() -> bytes:
            page = self.page(library, paper_id, place.page, (), SCALE, few_colours=True)
            return part_of(page, place, width)

        sha256 = library.paper(paper_id).sha256
        return self.of((sha256, "lines", place), cut)


def all_within(library: Papers, digest: Digest, kept: Pictures) -> QuoteContext:
    """What a digest that is one file has in it: its figures and its formulas.

    A sentence stands without a figure that cannot be drawn.
    """
    paper = library.paper(digest.paper.id)
    found: dict[str, Picture] = {}
    for name, figure in quoted_figures(paper, digest).items():
        with suppress(GlossError):
            image = kept.figure(library, paper, figure.label)
            size = size_on_page(image)
            if size is not None:
                address = f"data:image/png;base64,{b64encode(image).decode()}"
                found[name] = Picture(figure.label, address, *size)
    return QuoteContext(pictures=found, formulas=sentences_with_formulas(paper, digest))


def size_on_page(image: bytes) -> tuple[int, int] | None:
    """The width and height of a drawn figure in pixels of a style sheet; none of what is no PNG.

    Where they stand in a PNG: https://www.w3.org/TR/png/#5PNG and #11IHDR.
    """
    if not image.startswith(b"\x89PNG\r\n\x1a\n") or image[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", image[16:24])
    return round(width / SCALE * _POINT), round(height / SCALE * _POINT)


def part_of(png: bytes, place: Box, width: float) -> bytes:
    """The part of the picture of a page of ``width`` points that is at ``place``; a pixel at least.

    The picture says how many pixels a point has: of a huge page they are fewer than asked for.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as page:
        scale = page.width / width
        x0 = min(max(round(place.x0 * scale), 0), page.width - 1)
        y0 = min(max(round(place.y0 * scale), 0), page.height - 1)
        x1 = min(max(round(place.x1 * scale), x0 + 1), page.width)
        y1 = min(max(round(place.y1 * scale), y0 + 1), page.height)
        part = io.BytesIO()
        page.crop((x0, y0, x1, y1)).save(part, "PNG")
    return part.getvalue()


def in_few_colours(png: bytes) -> bytes:
    """A picture with a palette where it has few colours, as a page of print has; else as it is."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        if picture.mode != "RGB" or picture.getcolors(_FEW_COLOURS) is None:
            return png
        small = io.BytesIO()
        few = picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(small, "PNG", compress_level=4)  # 6 takes twice as long and saves a twentieth
    return min(small.getvalue(), png, key=len)
