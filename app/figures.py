"""The figures whose captions a digest quotes: which they are, and their pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from app.claims import sentence_names
from app.digest import Digest
from index.errors import GlossError
from index.paper import Figure, Paper

if TYPE_CHECKING:
    from index.library import Library

SCALE = 2.0  # pixels a point, in a file that stands alone
_FEW_COLOURS = 4096  # a page of print with coloured links has fewer


def quoted_figures(paper: Paper, digest: Digest) -> dict[str, Figure]:
    """Those that were found on a page, by the name of the sentence that quotes the caption.

    None of a digest of another file than the paper's, where other words stand at these places.
    """
    found: dict[str, Figure] = {}
    for name, claim in zip(sentence_names(digest), digest.claims, strict=True):
        cited = claim.citations[0]
        if not name.startswith("figures.") or cited.span.of(paper.text) != cited.quote:
            continue
        for figure in paper.figures:
            caption = figure.caption
            if figure.box is not None and caption.start <= cited.span.start < caption.end:
                found[name] = figure
                break
    return found


def pictures(library: Library, digest: Digest) -> dict[str, bytes]:
    """The same as PNG images; a sentence stands without one that cannot be drawn."""
    found: dict[str, bytes] = {}
    for name, figure in quoted_figures(library.paper(digest.paper.id), digest).items():
        try:
            drawn = library.figure_image(digest.paper.id, figure.label, SCALE)
        except GlossError:
            continue
        found[name] = in_few_colours(drawn)
    return found


def in_few_colours(png: bytes) -> bytes:
    """A picture with a palette where it has few colours, as a page of print has; else as it is."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        if picture.mode != "RGB" or picture.getcolors(_FEW_COLOURS) is None:
            return png
        small = io.BytesIO()
        picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            small, "PNG"
        )
    return min(small.getvalue(), png, key=len)
