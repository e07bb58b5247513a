"""A paper as bytes and back: everything but text and words as JSON, those two apart."""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, create_model

from index.paper import Paper
from index.spans import Words


@dataclass(frozen=True, slots=True)
class PackedPaper:
    """A paper as bytes, its text and words apart so that a hit needs no more than these."""

    paper: bytes
    text: bytes
    words: bytes


def pack(paper: Paper) -> PackedPaper:
    """A paper as bytes. Raises ``UnicodeEncodeError`` for text that is not Unicode."""
    record = _record()
    named = {name: getattr(paper, name) for name in record.model_fields}
    return PackedPaper(
        zlib.compress(record.model_construct(**named).model_dump_json().encode(), 6),
        zlib.compress(paper.text.encode(), 6),
        pack_words(paper.words),
    )


def columns_of(paper: Paper) -> dict[str, object]:
    """What an edition keeps of its paper, by column. Raises as ``pack``."""
    packed = pack(paper)
    return {
        "paper_id": paper.id,
        "version": paper.version,
        "title": paper.title,
        "authors": json.dumps(paper.authors),
        "date": paper.date,
        "categories": json.dumps(paper.categories),
        "paper": packed.paper,
        "text": packed.text,
        "words": packed.words,
        "recorded": paper.record is not None,
    }


def unpack(packed: PackedPaper) -> Paper:
    """The paper that was packed, equal in every field."""
    return replace(
        unpack_record(packed.paper),
        text=zlib.decompress(packed.text).decode(),
        words=unpack_words(packed.words),
    )


def unpack_record(packed: bytes) -> Paper:
    """A packed paper without its text and its words."""
    record = _record()
    values = record.model_validate_json(zlib.decompress(packed))
    return Paper(**{name: getattr(values, name) for name in record.model_fields}, text="")


@cache
def _record() -> type[BaseModel]:
    """The fields of ``Paper`` that pydantic can write: all but ``text`` and ``words``.

    A field that a paper was packed without, since it is younger, has its default.
    """
    hints = get_type_hints(Paper)
    kept: dict[str, Any] = {
        field.name: (hints[field.name], ... if field.default is MISSING else field.default)
        for field in fields(Paper)
        if field.name not in ("text", "words")
    }
    return create_model("PaperRecord", **kept)


def pack_words(words: Words) -> bytes:
    """The five columns one after the other: four of int32, one of four float32 a word."""
    columns = [
        _little_endian(array("i", column)).tobytes()
        for column in (words.starts, words.ends, words.pages, words.lines)
    ]
    corners = _little_endian(array("f", words.corners)).tobytes()
    return zlib.compress(b"".join([*columns, corners]), 1)


def unpack_words(packed: bytes) -> Words:
    """The words that were packed."""
    data = zlib.decompress(packed)
    size = len(data) // (4 * (4 + 4))  # four whole numbers and four corners of four bytes each
    starts, ends, pages, lines = (
        _little_endian(array("i", data[4 * size * number : 4 * size * (number + 1)]))
        for number in range(4)
    )
    return Words(starts, ends, pages, lines, _little_endian(array("f", data[16 * size :])))


_Column = TypeVar("_Column", "array[int]", "array[float]")


def _little_endian(column: _Column) -> _Column:
    if sys.byteorder == "big":
        column.byteswap()
    return column
