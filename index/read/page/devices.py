"""MuPDF devices that record what a page draws.

MuPDF calls a device for each object that a page draws, in order. The devices here run on a *display
list*, MuPDF's stored form of a page, so that a page is interpreted once and run several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from index.read.page.pages import Area

_Corners = tuple[float, float, float, float]
_DRAWN_MOST = 20_000  # drawings of a page; each is a call from the engine, about ten microseconds
_WHITE_AREA = 1500.0  # square points: smaller white fills are treated like other fills
_STRIP = 16  # points
_COVERING = 3.0  # points: what is thinner is a rule and covers no word
_NEXT_TO_NOTHING = 100.0  # square points
_FAINT = 0.1  # of opacity: what is fainter is not seen
_WHITE = 0xFFFFFF
_PIXELS_MOST = 4_000_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """The drawings of a page other than text, clipped as they are drawn. In points."""

    seen: tuple[Area, ...]  # pictures and paths, white grounds apart
    covering: tuple[Area, ...]  # what may hide text: fills, pictures, faded groups, masks
    over: tuple[Area, ...]  # of ``covering`` what is painted over text, or fades it
    fills: tuple[tuple[Area, int], ...]  # those of one colour, 0xRRGGBB, white apart
    through: tuple[Area, ...]  # text that is a clip, and what is painted through it is seen
    cut_away: tuple[Area, ...]  # text of which a clip leaves less than a hundred square points
    tight: bool  # whether a clip leaves next to nothing


def listed(page: Any) -> Any:
    """The display list of a page's contents, with what lies beyond its edges; no annotations."""
    mupdf = _mupdf()
    drawing = mupdf.FzDisplayList(mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE))
    device = mupdf.fz_new_list_device(drawing)
    run_through(page, device)
    mupdf.fz_close_device(device)
    return drawing


def run_through(drawing: Any, device: Any, cookie: Any = None) -> None:
    """Run a page or its display list through a device; ``cookie`` can stop it."""
    mupdf = _mupdf()
    cookie = cookie or mupdf.FzCookie()
    if isinstance(drawing, mupdf.FzDisplayList):
        everywhere = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
        mupdf.fz_run_display_list(drawing, device, mupdf.FzMatrix(), everywhere, cookie)
    else:
        mupdf.fz_run_page_contents(drawing.this, device, mupdf.FzMatrix(), cookie)


def watch(drawing: Any, page: Area) -> Drawn:
    """Run a page or its display list and note what it draws beside text, and does to its text. In a
    display list what a clip leaves nothing of is missing.
    """
    mupdf = _mupdf()
    cookie = mupdf.FzCookie()
    device = _watching()((page.x0, page.y0, page.x1, page.y1), cookie)
    with suppress(mupdf.FzErrorBase):  # a page that breaks off shows what came before
        run_through(drawing, device, cookie)
    mupdf.fz_close_device(device)
    return Drawn(
        _areas(device.drawn),
        _areas(device.covering),
        _areas(device.over),
        tuple((Area(*corners), colour) for corners, colour in device.fills),
        _areas(device.through),
        _areas(device.cut_away),
        device.tight,
    )


def rendered(display_list: Any, area: Area, *, with_text: bool) -> tuple[Any, float]:
    """The pixels of a part of a page, an array of height, width and red, green, blue; and how many
    there are to a point.
    """
    import numpy

    mupdf = _mupdf()
    scale = min(1.0, (_PIXELS_MOST / max(area.area, 1.0)) ** 0.5)
    matrix = mupdf.FzMatrix(scale, 0, 0, scale, 0, 0)
    space = mupdf.FzColorspace(mupdf.FzColorspace.Fixed_RGB)
    corners = mupdf.FzRect(area.x0 * scale, area.y0 * scale, area.x1 * scale, area.y1 * scale)
    pixmap = mupdf.FzPixmap(space, mupdf.fz_round_rect(corners), mupdf.FzSeparations(0), 0)
    mupdf.fz_clear_pixmap_with_value(pixmap, 255)
    drawing = mupdf.FzDevice(matrix, pixmap)
    cookie = mupdf.FzCookie()
    if not with_text:  # MuPDF leaves out what a device has no function for
        drawing.m_internal.fill_text = drawing.m_internal.stroke_text = None
    with suppress(mupdf.FzErrorBase):  # a page that breaks off shows what came before
        mupdf.fz_run_display_list(display_list, drawing, mupdf.FzMatrix(), _rect(area), cookie)
    mupdf.fz_close_device(drawing)
    width, height, stride = pixmap.w(), pixmap.h(), pixmap.stride()
    samples = mupdf.fz_pixmap_samples_memoryview(pixmap)
    flat = numpy.frombuffer(samples, numpy.uint8).reshape(height, stride)
    return flat[:, : 3 * width].reshape(height, width, 3).copy(), scale


def _mupdf() -> Any:
    import pymupdf

    return pymupdf.mupdf


def _rect(area: Area) -> Any:
    return _mupdf().FzRect(area.x0, area.y0, area.x1, area.y1)


def _areas(corners: Sequence[_Corners]) -> tuple[Area, ...]:
    return tuple(map(Area._make, dict.fromkeys(corners)))


@cache
def _watching() -> Any:
    """The device that ``watch`` runs a page through; made late, for the engine is loaded late."""
    mupdf = _mupdf()
    bound_path, transform = mupdf.ll_fz_bound_path, mupdf.ll_fz_transform_rect
    unit = mupdf.fz_unit_rect
    base: Any = mupdf.FzDevice2

    class Watching(base):  # type: ignore[misc]
        """Notes the corners of what is drawn, cut by the clips that hold at that time."""

        def __init__(self, page: _Corners, cookie: Any) -> None:
            super().__init__()
            self.drawn: list[_Corners] = []
            self.covering: list[_Corners] = []
            self.fills: list[tuple[_Corners, int]] = []
            self.texts: dict[int, list[_Corners]] = {}  # by the strips of the page they are in
            self.over: list[_Corners] = []
            self.cut_away: list[_Corners] = []
            self.clips: list[_Corners] = [page]
            self.letters: list[tuple[int, _Corners]] = []  # clips of text: how deep, and where
            self.through: list[_Corners] = []
            self.cookie = cookie
            self.tight = False
            self.masks = 0  # what is drawn into a mask is not seen itself
            for name in ("fill_path", "stroke_path", "fill_shade", "fill_image", "fill_image_mask",
                         "clip_path", "clip_stroke_path", "clip_text", "clip_stroke_text",
                         "clip_image_mask", "pop_clip", "begin_mask", "end_mask", "begin_group",
                         "fill_text", "stroke_text"):  # fmt: skip
                getattr(self, f"use_virtual_{name}")()

        def _cut(self, rect: Any) -> _Corners:
            x0, y0, x1, y1 = self.clips[-1]
            a, b, c, d = rect.x0, rect.y0, rect.x1, rect.y1
            # Called for all that a page draws: four calls of `min` and `max` cost thrice this.
            return (
                a if a > x0 else x0,
                b if b > y0 else y0,
                c if c < x1 else x1,
                d if d < y1 else y1,
            )

        def _clip(self, rect: Any) -> None:
            corners = self._cut(rect)
            self.clips.append(corners)
            x0, y0, x1, y1 = corners
            if max(x1 - x0, 0.0) * max(y1 - y0, 0.0) < _NEXT_TO_NOTHING:
                self.tight = True

        def _note(self, rect: Any) -> _Corners | None:
            corners = self._cut(rect)
            if self.masks or corners[2] < corners[0] or corners[3] < corners[1]:
                return None
            if self.letters:
                self.through += [area for _, area in self.letters]
            self.drawn.append(corners)
            if len(self.drawn) > _DRAWN_MOST:
                self.cookie.m_internal.abort = 1
            return corners

        def _note_covering(self, corners: _Corners | None) -> None:
            if corners is None:
                return
            x0, y0, x1, y1 = corners
            if x1 - x0 >= _COVERING and y1 - y0 >= _COVERING:
                self.covering.append(corners)
                if self.texts and self._over_text(x0, y0, x1, y1):
                    self.over.append(corners)

        def _note_text(self, corners: _Corners) -> None:
            top, bottom = self.clips[0][1], self.clips[0][3]
            first = int(max(corners[1], top)) // _STRIP
            last = int(min(corners[3], bottom)) // _STRIP
            for strip in range(first, last + 1):
                self.texts.setdefault(strip, []).append(corners)

        def _over_text(self, x0: float, y0: float, x1: float, y1: float) -> bool:
            for strip in range(int(y0) // _STRIP, int(y1) // _STRIP + 1):
                for a, b, c, d in self.texts.get(strip, ()):
                    if a < x1 and x0 < c and b < y1 and y0 < d:
                        return True
            return False

        def fill_path(
            self, ctx: Any, path: Any, rule: Any, ctm: Any, space: Any, colour: Any, *rest: Any
        ) -> None:
            corners = self._note(bound_path(path, None, ctm))
            if corners is None:
                return
            width, height = corners[2] - corners[0], corners[3] - corners[1]
            if width < _COVERING or height < _COVERING:
                return
            self._note_covering(corners)
            painted = _colour(mupdf, space, colour)
            if painted == _WHITE:
                if width * height > _WHITE_AREA:
                    self.drawn.pop()
            elif painted is not None:
                self.fills.append((corners, painted))

        def stroke_path(self, ctx: Any, path: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            corners = self._note(bound_path(path, stroke, ctm))
            if stroke.linewidth * max(abs(ctm.a), abs(ctm.b), abs(ctm.d)) >= _COVERING:
                self._note_covering(corners)

        def fill_shade(self, ctx: Any, shade: Any, ctm: Any, *rest: Any) -> None:
            self._note_covering(self._note(mupdf.ll_fz_bound_shade(shade, ctm)))

        def fill_image(self, ctx: Any, image: Any, ctm: Any, *rest: Any) -> None:
            self._note_covering(self._note(transform(unit, ctm)))

        def fill_image_mask(self, ctx: Any, image: Any, ctm: Any, *rest: Any) -> None:
            self._note_covering(self._note(transform(unit, ctm)))

        def fill_text(self, ctx: Any, text: Any, ctm: Any, *rest: Any) -> None:
            rect = mupdf.ll_fz_bound_text(text, None, ctm)
            corners = (rect.x0, rect.y0, rect.x1, rect.y1)
            self._note_text(corners)
            x0, y0, x1, y1 = self.clips[-1]
            if max(x1 - x0, 0.0) * max(y1 - y0, 0.0) < _NEXT_TO_NOTHING:
                self.cut_away.append(corners)

        def stroke_text(self, ctx: Any, text: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            self.fill_text(ctx, text, ctm)

        def clip_path(self, ctx: Any, path: Any, rule: Any, ctm: Any, *rest: Any) -> None:
            self._clip(bound_path(path, None, ctm))

        def clip_stroke_path(self, ctx: Any, path: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            self._clip(bound_path(path, stroke, ctm))

        def clip_text(self, ctx: Any, text: Any, ctm: Any, *rest: Any) -> None:
            rect = mupdf.ll_fz_bound_text(text, None, ctm)
            self.clips.append(self.clips[-1])
            self.letters.append((len(self.clips), (rect.x0, rect.y0, rect.x1, rect.y1)))

        def clip_stroke_text(self, ctx: Any, text: Any, stroke: Any, ctm: Any, *rest: Any) -> None:
            self.clip_text(ctx, text, ctm)

        def clip_image_mask(self, ctx: Any, image: Any, ctm: Any, *rest: Any) -> None:
            self._clip(transform(unit, ctm))

        def pop_clip(self, *rest: Any) -> None:
            if self.letters and self.letters[-1][0] == len(self.clips):
                self.letters.pop()
            if len(self.clips) > 1:
                self.clips.pop()

        def begin_mask(self, ctx: Any, area: Any, *rest: Any) -> None:
            corners = self._cut(area)
            self._note_text(corners)
            self._note_covering(corners)
            self.masks += 1

        def end_mask(self, *rest: Any) -> None:
            self.masks = max(self.masks - 1, 0)
            self.clips.append(self.clips[-1])

        def begin_group(
            self, ctx: Any, area: Any, space: Any, isolated: Any, knockout: Any, blend: Any,
            alpha: float,
        ) -> None:  # fmt: skip
            if alpha < _FAINT:
                corners = self._cut(area)
                self._note_text(corners)  # what it fades is drawn after this
                self._note_covering(corners)

    return Watching


def _colour(mupdf: Any, space: Any, colour: Any) -> int | None:
    """A colour in grey or RGB as 0xRRGGBB; None in other spaces."""
    count = mupdf.ll_fz_colorspace_n(space) if space is not None else 0
    if count not in (1, 3):
        return None
    parts = [round(255 * mupdf.floats_getitem(colour, number)) for number in range(count)]
    red, green, blue = (int(part) for part in (parts if count == 3 else parts * 3))
    return red << 16 | green << 8 | blue
