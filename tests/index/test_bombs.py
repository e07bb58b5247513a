"""Small files that ask for endless work: each ends within its limit; the parent hardly notices."""

from __future__ import annotations

import resource
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from thinned import some

from index.config import Settings
from index.read import Reader, _read_file

SECONDS = 3.0  # of which a new worker takes a third of one to import what it reads with
MEGABYTES = 50  # that the parent may grow by
PROSE = "We grow sparse trees and count their leaves. The leaves are green in spring. " * 12

Objects = dict[int, bytes]
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
    b"/Resources<</XObject<</F 5 0 R>>/Font<</H 6 0 R>>>>>>"
)
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdf(path: Path, objects: Objects) -> Path:
    """A PDF of these objects; number 1 is its catalog."""
    parts = [b"%PDF-1.7\n"]
    length = len(parts[0])
    offsets: dict[int, int] = {}
    for number, content in objects.items():
        offsets[number] = length
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, content))
        length += len(parts[-1])
    size = max(objects) + 1
    table = b"".join(
        b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n"
        for n in range(1, size)
    )
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table))
    parts.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, length))
    path.write_bytes(b"".join(parts))
    return path


def stream(head: bytes, content: bytes) -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (head, len(content), content)


def flate(unit: bytes, times: int, head: bytes = b"") -> bytes:
    """A stream of ``unit`` so many times over, packed twice, to some thousand bytes."""
    packer = zlib.compressobj(1)
    block = unit * 1000
    packed = b"".join(packer.compress(block) for _ in range(times // 1000)) + packer.flush()
    twice = zlib.compress(packed, 9)
    return stream(head + b"/Filter[/FlateDecode/FlateDecode]", twice)


def one_page(content: bytes, **others: bytes) -> Objects:
    objects = {1: CATALOG, 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: PAGE, 4: content, 6: FONT}
    return objects | {int(number[1:]): other for number, other in others.items()}


def nested_forms(path: Path) -> Path:
    objects = one_page(stream(b"", b"/F Do"))
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
    for level in range(40):
        resources = b"/Resources<</XObject<</F %d 0 R>>>>" % (11 + level)
        objects[10 + level] = stream(head + resources, b"/F Do /F Do")
    objects[50] = stream(head, b"0 0 9 9 re f")
    objects[5] = objects[10]
    return pdf(path, objects)


def forms_of_text(path: Path) -> Path:
    """Ten forms that each show the next ten times: a book of ten thousand million lines."""
    objects = one_page(stream(b"", b"/F Do"))
    head = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
    for level in range(10):
        number = 5 if level == 0 else 10 + level
        resources = b"/Resources<</XObject<</F %d 0 R>>/Font<</H 6 0 R>>>>" % (11 + level)
        objects[number] = stream(head + resources, b"1 0 0 1 0 1 cm /F Do " * 10)
    words = b"BT /H 9 Tf 9 9 Td (The leaves of sparse trees are green in spring.) Tj ET"
    objects[20] = stream(head + b"/Resources<</Font<</H 6 0 R>>>>", words)
    return pdf(path, objects)


def flate_bomb(path: Path) -> Path:
    return pdf(path, one_page(flate(b"0 0 m 9 9 l S\n", 20_000_000)))


def flate_bomb_of_text(path: Path) -> Path:
    text = b"BT /H 9 Tf 1 0 0 1 9 9 Tm (The leaves of sparse trees are green.) Tj ET\n"
    return pdf(path, one_page(flate(text, 4_000_000)))


def flate_bomb_of_nothing(path: Path) -> Path:
    return pdf(path, one_page(flate(b" " * 1000, 1_000_000)))


def many_pages(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    objects[2] = b"<</Type/Pages/Kids[%b]/Count 200000>>" % (b"3 0 R " * 200_000)
    return pdf(path, objects)


def page_count_that_lies(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    objects[2] = b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>"
    return pdf(path, objects)


def endless_page_tree(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    objects[2] = b"<</Type/Pages/Kids[7 0 R 7 0 R]/Count 1000000/Parent 7 0 R>>"
    objects[7] = b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000/Parent 2 0 R>>"
    return pdf(path, objects)


def deep_page_tree(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    depth = 100_000
    objects[2] = b"<</Type/Pages/Kids[10 0 R]/Count 1>>"
    for level in range(depth):
        following = 3 if level == depth - 1 else 11 + level
        objects[10 + level] = b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % following
    return pdf(path, objects)


def deep_outline(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/Outlines 9 0 R>>"
    objects[9] = b"<</Type/Outlines/First 10 0 R/Last 10 0 R/Count 1>>"
    depth = 100_000
    for level in range(depth):
        child = 9 if level == depth - 1 else 11 + level
        objects[10 + level] = b"<</Title(t)/Parent %d 0 R/First %d 0 R/Last %d 0 R>>" % (
            9 + level,
            child,
            child,
        )
    return pdf(path, objects)


def deep_array(path: Path) -> Path:
    objects = one_page(stream(b"", b""))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/Deep %b%b>>" % (b"[" * 500_000, b"]" * 500_000)
    return pdf(path, objects)


def giant_image(path: Path) -> Path:
    head = (
        b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceRGB"
        b"/BitsPerComponent 8"
    )
    image = flate(b"\0" * 10_800, 20_000, head)
    return pdf(path, one_page(stream(b"", b"q 612 0 0 792 0 0 cm /F Do Q"), o5=image))


def giant_image_over_words(path: Path) -> Path:
    """An image that covers text is looked at, so it is drawn."""
    head = (
        b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceRGB"
        b"/BitsPerComponent 8"
    )
    image = flate(b"\0" * 10_800, 20_000, head)
    words = b"BT /H 9 Tf 90 90 Td (The leaves are green.) Tj ET q 612 0 0 792 0 0 cm /F Do Q"
    return pdf(path, one_page(stream(b"", words), o5=image))


def giant_page(path: Path) -> Path:
    objects = one_page(stream(b"", b"BT /H 9 Tf 9 9 Td (white) Tj 1 g (hidden) Tj ET 0 0 9 9 re f"))
    objects[3] = PAGE.replace(b"[0 0 612 792]", b"[0 0 200000000 200000000]")
    return pdf(path, objects)


BOMBS: list[Callable[[Path], Path]] = [
    nested_forms, forms_of_text, flate_bomb, flate_bomb_of_text, flate_bomb_of_nothing, many_pages,
    page_count_that_lies, endless_page_tree, deep_page_tree, deep_outline, deep_array, giant_image,
    giant_image_over_words, giant_page,
]  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paper of one page."""
    path = tmp_path_factory.mktemp("good") / "paper.pdf"
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 72), "Leaves of Sparse Trees", fontsize=18)
    page.insert_textbox(pymupdf.Rect(72, 100, 520, 720), f"Abstract\n{PROSE}", fontsize=10)
    document.save(path)
    return path


@pytest.fixture(scope="module")
def reader(good: Path) -> Any:
    with Reader(Settings(read={"workers": 1, "seconds": SECONDS, "megabytes": 1024})) as made:
        made.read(good)  # a worker is warm
        yield made


def most_megabytes() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("bomb", some(BOMBS, 5), ids=lambda bomb: bomb.__name__)
def test_a_bomb_costs_its_limit_at_most(
    bomb: Callable[[Path], Path], reader: Reader, good: Path, tmp_path: Path
) -> None:
    path = bomb(tmp_path / f"{bomb.__name__}.pdf")
    assert path.stat().st_size < 16_000_000
    before = most_megabytes()
    reading = reader.read(path)
    assert reading.status in ("limit", "broken", "no-text", "not-a-paper"), reading.reason
    assert reading.reason
    if bomb is nested_forms:  # 8 kB that hang the engine for good
        assert path.stat().st_size < 8000
        assert (reading.status, reading.reason) == ("limit", "reading took longer than 3 seconds")
    assert most_megabytes() - before < MEGABYTES
    # The next one finds a worker that works.
    assert reader.read(good).status == "ok"


@pytest.mark.slow
def test_a_page_that_cannot_be_drawn_costs_its_limit_at_most(
    reader: Reader, tmp_path: Path
) -> None:
    from index.errors import SourceNotFound

    path = nested_forms(tmp_path / "a.pdf")
    with pytest.raises(SourceNotFound, match="longer than"):
        reader.render_page(path, 1, [], 2.0)


def test_more_text_than_a_book_is_a_limit(tmp_path: Path) -> None:
    document = pymupdf.open()
    for _ in range(5):
        document.new_page().insert_textbox(pymupdf.Rect(72, 72, 520, 720), PROSE, fontsize=10)
    document.save(tmp_path / "book.pdf")
    (tmp_path / "book.md").write_text("# A book\n\n" + PROSE * 5)
    for name in ("book.pdf", "book.md"):
        reading = _read_file(tmp_path / name, name, None, 100, 4000)
        assert (reading.status, reading.reason) == ("limit", "more than 4000 characters of text")
    with Reader(Settings(read={"workers": 1, "characters_max": 4000})) as reader:
        assert reader.read(tmp_path / "book.md").status == "limit"
