"""From a file to passages with vectors, ahead of the commit and also on other machines."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.catalog import Origin
from index.config import Settings
from index.entries import Entry
from index.hits import Passage
from index.library.parts import Encoders
from index.paper import Paper, Reading, Record
from index.reference import Reference
from index.sources import Source
from index.split import TOKENS, TOKENS_MAX, CountTokens, TooManyPassages, split

if TYPE_CHECKING:
    from index.embed import Vectors

Splitter = Callable[[Paper], tuple[Passage, ...]]
Progress = Callable[[str], None]
"""Called with each stage of ``add`` as it begins."""


@dataclass(eq=False)
class Stages:
    """Times the stages of an add and reports them."""

    _progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Report a stage as it begins, and time it."""
        if self._progress is not None:
            self._progress(stage)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class EmbeddedReading:
    """A reading split into passages, with a vector for each, or the ``failure`` that prevents it.

    The passages have the id of the reading alone; ``commit`` sets the final one.
    """

    passages: tuple[Passage, ...] = ()
    vectors: Vectors | None = None  # (passages, dimension), unless it failed
    failure: Reading | None = None


@dataclass(slots=True)
class PendingPaper:
    """A source that is being added. ``close`` it if it is not committed.

    After ``receive`` it has a copy, unless the library has its bytes; after ``prepare`` a reading.
    It may also have its passages and vectors already.
    """

    source: Source
    record: Record | None
    origin: Origin
    stages: Stages
    copy: Path | None = None
    reading: Reading | None = None
    embedded: EmbeddedReading | None = None
    entry: Entry | None = None  # what a bibliography says of it

    @property
    def name(self) -> str:
        """What the file is called, without extension; a paper without an id is named after it."""
        record = self.record
        name = str(Reference(record.id, record.version)) if record else self.source.path.stem
        return os.fsencode(name).decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Delete the copy that was read, unless the library kept it."""
        if self.copy is not None:
            self.copy.unlink(missing_ok=True)


def splitter(settings: Settings, count: CountTokens | None = None) -> Splitter:
    """How papers are cut by these settings; ``count`` stands in for the model's word pieces."""
    from index.embed import count_tokens

    return partial(
        split,
        count_tokens=count or count_tokens,
        target=TOKENS,
        maximum=TOKENS_MAX,
        most=settings.read.passages_max,
    )


def split_and_embed(
    reading: Reading, cut: Splitter, encoders: Encoders, stages: Stages
) -> EmbeddedReading:
    """Split and embed a reading.

    The result depends on nothing but the reading, the settings and the model, so it may be done
    anywhere and in any order.
    """
    paper = reading.paper
    if reading.status != "ok" or paper is None:
        return EmbeddedReading(failure=reading)
    try:
        "".join((paper.id, paper.text, paper.title, *paper.authors)).encode()
    except UnicodeEncodeError:
        return EmbeddedReading(failure=Reading("broken", "its text is not Unicode"))
    try:
        with stages("split"):
            passages = cut(paper)
    except TooManyPassages as error:
        return EmbeddedReading(failure=Reading("limit", str(error)))
    if not passages:
        return EmbeddedReading(failure=Reading("no-text", "nothing but references or headings"))
    with stages("embed"):
        vectors = encoders.embedder.embed_passages([passage.text for passage in passages])
    return EmbeddedReading(passages, vectors)


def named(passages: Sequence[Passage], paper: Paper) -> tuple[Passage, ...]:
    """The same passages under the id and version that the paper has now."""
    prefix = f"{Reference(paper.id, paper.version or None)}#"
    if all(one.paper_id == paper.id and one.id.startswith(prefix) for one in passages):
        return tuple(passages)
    return tuple(
        replace(one, id=f"{prefix}{one.id.rpartition('#')[2]}", paper_id=paper.id)
        for one in passages
    )
