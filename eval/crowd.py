"""Builds a large library without embedding: variants of the passages of real abstracts.

Some passages are real, with real vectors. The others are variants of them: one word of the text is
replaced by one of another passage, and noise is added to the vector, so that its cosine with the
original is about 0.9 and no two are equal. The passages form papers with sections, dates and a box
for every word, which are added to a library like any paper, but not read or embedded. So the costs
of the store, the catalogue and a search are real; the hits are not.
"""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.corpus import embedded, text_paper
from index.config import Settings
from index.embed import Embedder, Vectors, count_tokens
from index.hits import Passage
from index.library import EmbeddedReading, Library
from index.paper import Paper, Reading
from index.sources import Source
from index.spans import Words
from index.split import split

SECTIONS = ("Introduction", "Method", "Experiments", "Results", "Conclusion")
FIRST_YEAR, LAST_YEAR = 2000, 2025

_SEED = 20261124
_OF_A_PAPER = 50  # passages: papers of the sizes that we meet have 56
_NOISE = 0.5  # length of what is added to a vector of unit length: cosine 0.9
_LINE = 12  # words
_PAGE = 480


@dataclass(frozen=True, slots=True)
class Originals:
    """Real passages and their vectors."""

    texts: tuple[str, ...]
    vectors: Vectors


def originals(
    settings: Settings, embedder: Embedder, papers: Sequence[Paper], number: int
) -> Originals:
    """The first passages of abstracts; their vectors are kept for the next time."""
    texts: list[str] = []
    for paper in papers:
        cut = split(paper, count_tokens)
        texts += [one.text for one in cut]
        if len(texts) >= number:
            break
    texts = texts[:number]
    vectors, _ = embedded(texts, embedder, settings.cache)
    return Originals(tuple(texts), vectors)


def settle(library: Library, folder: Path, real: Originals, passages: int) -> None:
    """Add this many passages to a library; ``folder`` gets a small file for each paper."""
    drawn, noise = random.Random(_SEED), np.random.default_rng(_SEED)
    words = [word for text in real.texts for word in text.split()]
    for number, start in enumerate(range(0, passages, _OF_A_PAPER)):
        rows = [drawn.randrange(len(real.texts)) for _ in range(min(_OF_A_PAPER, passages - start))]
        paper, cut = _paper(
            f"crowd-{number:05}", [_changed(real.texts[row], drawn, words) for row in rows], drawn
        )
        moved = noise.standard_normal((len(rows), real.vectors.shape[1]), dtype=np.float32)
        vectors = real.vectors[rows] + _NOISE / np.sqrt(np.float32(moved.shape[1])) * moved
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        path = folder / f"{paper.id}.pdf"
        path.write_text(paper.id)
        pending = library.receive(Source(path, path.name))
        pending.reading = Reading("ok", "", paper)
        pending.embedded = EmbeddedReading(cut, vectors)
        library.commit(pending)
        path.unlink()


def _changed(text: str, drawn: random.Random, words: Sequence[str]) -> str:
    own = text.split()
    own[drawn.randrange(len(own))] = drawn.choice(words)
    return " ".join(own)


def _paper(
    paper_id: str, texts: Sequence[str], drawn: random.Random
) -> tuple[Paper, tuple[Passage, ...]]:
    """A paper whose paragraphs are the texts, and each a passage."""
    share = -(-len(texts) // len(SECTIONS))
    sections = [
        (heading, texts[share * at : share * (at + 1)]) for at, heading in enumerate(SECTIONS)
    ]
    title = " ".join(texts[0].split()[:8])
    paper, spans = text_paper(paper_id, title, [one for one in sections if one[1]])
    words = _boxed(paper.text)
    paper = replace(
        paper,
        source="pdf",
        date=f"{drawn.randint(FIRST_YEAR, LAST_YEAR)}-{drawn.randint(1, 12):02}",
        pages=words.pages[-1],
        words=words,
    )
    passages = []
    for number, span in enumerate(spans):
        section = paper.section_at(span.start)
        passages.append(
            Passage(
                f"{paper_id}#{section.role}.{number}",
                paper_id,
                section.title,
                section.role,
                span,
                span.of(paper.text),
            )
        )
    return paper, tuple(passages)


def _boxed(text: str) -> Words:
    """A box for every word, line by line and page by page."""
    found = [one.span() for one in re.finditer(r"\S+", text)]
    columns = Words()
    for at, (start, end) in enumerate(found):
        line, row = at // _LINE, at % _PAGE // _LINE
        left, top = 40.0 * (at % _LINE), 16.0 * row
        columns.starts.append(start)
        columns.ends.append(end)
        columns.pages.append(1 + at // _PAGE)
        columns.lines.append(line)
        columns.corners.extend(array("f", (left, top, left + 36.0, top + 12.0)))
    return columns
