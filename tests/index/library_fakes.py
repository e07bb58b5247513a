"""Parts of a library that a reader can compute by hand; also a program that dies on time."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.config import Settings
from index.hits import Citation, ClaimRecord, SparseVector
from index.library import Library
from index.library.files import Files
from index.paper import Block, Paper, Reading, Section, Sentence
from index.sources import Source
from index.spans import Box, Highlight, PageSize, Span, Word, Words
from index.store import Point, Scored, Store, StoreFactory, VectorQuery, means_of
from index.store.edge import EdgeStoreFactory

LETTERS = "abcdefghijklmnopqrstuvwxyz"
HEAD, TAIL = "%PDF-1.5\n", "\n%%EOF\n"  # what a download must begin and end with


def printed(**said: object) -> bytes:
    """A file for ``JsonReader`` that passes for a PDF."""
    return f"{HEAD}{json.dumps(said)}{TAIL}".encode()


@dataclass
class LetterEmbedder:
    """How often each letter occurs, as a vector of unit length."""

    name: str = "letters"
    fingerprint: str = "letters-1"
    dimension: int = 26

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self.embed_query(text) for text in texts], dtype=np.float32)

    def embed_sentences(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        counts = np.array([text.lower().count(x) for x in LETTERS], dtype=np.float32) + 0.001
        vector: NDArray[np.float32] = counts / np.linalg.norm(counts)
        return vector


class PlainStates:
    """A sentence encoder to which all sentences are alike."""

    def states(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from app.choose.model import shipped

        return np.tile(shipped().mean_state, (len(texts), 1)).astype(np.float32)


class LetterEncoder:
    def encode_passage(self, text: str) -> SparseVector:
        numbers = sorted({sum(map(ord, word)) for word in text.lower().split()})
        return SparseVector(tuple(numbers), tuple(1.0 for _ in numbers))

    encode_query = encode_passage


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@dataclass
class JsonReader:
    """Files of JSON with id, version and text; ``status`` makes one fail."""

    read_names: list[str] = field(default_factory=list)
    hashes: list[str | None] = field(default_factory=list)  # that it was told

    def read(
        self,
        path: Path,
        paper_id: str | None = None,
        name: str | None = None,
        sha256: str | None = None,
    ) -> Reading:
        self.read_names.append(name or path.stem)
        self.hashes.append(sha256)
        said = json.loads(path.read_text().removeprefix(HEAD).removesuffix(TAIL))
        if "status" in said:
            return Reading(said["status"], "a reason")
        text = said["text"]
        whole = Span(0, len(text))
        columns = Words.of(
            Word(Span(at, at + 1), Box(1, at, 0, at + 1, 9), 0) for at in range(len(text))
        )
        return Reading(
            "ok",
            "",
            Paper(
                id=said.get("id") or name or path.stem,
                version=said.get("version"),
                source="pdf" if path.suffix == ".pdf" else "markdown",
                sha256="",
                text=text,
                title=said.get("title", text[:12]),
                authors=tuple(said.get("authors", ())),
                date=said.get("date"),
                categories=tuple(said.get("categories", ())),
                pages=1,
                sections=(Section("M", said.get("role", "method"), 1, whole),),
                blocks=(Block("paragraph", whole),),
                sentences=(Sentence(whole, "paragraph"),),
                words=columns,
            ),
        )

    def render_page(self, path: Path, page: int, boxes: Sequence[Box], scale: float) -> bytes:
        return f"{path.suffix} {page} {len(boxes)} {scale}".encode()

    def render_figure(self, path: Path, box: Box, scale: float) -> bytes:
        return f"{path.suffix} {box.page} {scale}".encode()

    def page_sizes(self, path: Path) -> tuple[PageSize, ...]:
        return (PageSize(612, 792),)

    def annotate(self, path: Path, highlights: Sequence[Highlight]) -> bytes:
        return f"{path.suffix} {[one.note for one in highlights]}".encode()

    def close(self) -> None:
        pass


class ListStore:
    """Points in a list, ranked by the dense half alone."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.fail_on = ""

    def _maybe_fail(self, step: str) -> None:
        if self.fail_on == step:
            from index.errors import StoreUnusable

            raise StoreUnusable("list", f"fails on {step}")

    def upsert(self, points: Sequence[Point]) -> None:
        self._maybe_fail("upsert")
        ids = {point.id for point in points}
        self.points = [point for point in self.points if point.id not in ids] + list(points)

    def delete(self, edition: int) -> None:
        self._maybe_fail("delete")
        self.points = [point for point in self.points if point.edition != edition]

    def search(self, query: VectorQuery) -> list[Scored]:
        wanted = query.filter
        found = [
            Scored(
                point.passage_id, point.edition, float(np.dot(point.dense, query.dense)), "dense"
            )
            for point in self.points
            if wanted.paper_id in (None, point.paper_id)
            and wanted.role in (None, point.role)
            and (wanted.among is None or point.paper_id in wanted.among)
            and wanted.apart_from != point.paper_id
            and (query.points is None or point.id in query.points)
        ]
        return sorted(found, key=lambda scored: (-scored.score, scored.edition))[: query.limit]

    def editions(self) -> dict[int, int]:
        numbers = [point.edition for point in self.points]
        return {number: numbers.count(number) for number in numbers}

    def means(self, editions: Collection[int]) -> dict[int, tuple[float, ...]]:
        pages = [([one.edition], [one.dense]) for one in self.points if one.edition in editions]
        return means_of(pages)

    def vectors(self, edition: int) -> dict[str, tuple[float, ...]]:
        mine = [point for point in self.points if point.edition == edition]
        return {point.passage_id: tuple(point.dense) for point in mine}

    def damaged(self) -> frozenset[int]:
        return frozenset()

    def problems(self) -> list[str]:
        return []

    def clear(self) -> None:
        self.points = []

    def close(self) -> None:
        pass


class FolderStore(ListStore):
    """A list that is there when its folder is opened again.

    A store of Qdrant Edge asks for 170 MB of room, which a copy of it reads: a tenth of a second.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "points"
        if self._file.exists():
            self.points = pickle.loads(self._file.read_bytes())

    def _write(self) -> None:
        self._file.write_bytes(pickle.dumps(self.points))

    def upsert(self, points: Sequence[Point]) -> None:
        super().upsert(points)
        self._write()

    def delete(self, edition: int) -> None:
        super().delete(edition)
        self._write()

    def clear(self) -> None:
        super().clear()
        self._write()


@dataclass(frozen=True)
class FolderStoreFactory:
    """Stores that are lists in folders of a library's directory, as those of Qdrant Edge are."""

    directory: Path

    def open(self, name: str, dimension: int) -> Store:
        return FolderStore(self.directory / name)

    def drop(self, name: str) -> None:
        shutil.rmtree(self.directory / name, ignore_errors=True)


def open_with_lists(directory: Path, **parts: object) -> Library:
    """A library of fakes whose vectors are lists in its folder, for tests of other than them."""
    return open_library(directory, stores=FolderStoreFactory(directory), **parts)


class DyingStore:
    """A store that ends the process without a goodbye before or after a step."""

    def __init__(self, store: Store, moment: str) -> None:
        self._store = store
        self._moment = moment

    def __getattr__(self, name: str) -> object:
        def call(*arguments: object) -> object:
            if self._moment == f"before {name}":
                os._exit(9)
            result = getattr(self._store, name)(*arguments)
            if self._moment == f"after {name}":
                os._exit(9)
            return result

        return call


@dataclass
class GivenStoreFactory:
    """Stores that were given, by their names; others are folders."""

    given: dict[str, Store]
    folders: StoreFactory

    def open(self, name: str, dimension: int) -> Store:
        return self.given.get(name) or self.folders.open(name, dimension)

    def drop(self, name: str) -> None:
        if name in self.given:
            self.given[name].clear()
        self.folders.drop(name)


def cut_smaller(monkeypatch: pytest.MonkeyPatch, tokens: int = 60) -> None:
    """Cut papers as a release does whose passages are smaller."""
    for module in ("index.library.engines", "index.library.preparing"):
        monkeypatch.setattr(f"{module}.TOKENS", tokens)
        monkeypatch.setattr(f"{module}.TOKENS_MAX", tokens)


def open_library(
    directory: Path, *, store: Store | None = None, claims: Store | None = None, **parts: object
) -> Library:
    """A library of fakes; ``store`` and ``claims`` stand in for its first vectors.

    Where they are lists, so are its other vectors.
    """
    stores = {"vectors": store, "claims": claims}
    given_stores = {name: one for name, one in stores.items() if one is not None}
    if given_stores:
        lists = all(isinstance(one, ListStore) for one in given_stores.values())
        others = FolderStoreFactory(directory) if lists else EdgeStoreFactory(directory)
        parts.setdefault("stores", GivenStoreFactory(given_stores, others))
    given = {
        "embedder": LetterEmbedder(),
        "sentence_encoder": PlainStates(),
        "reader": JsonReader(),
        "sparse_encoder": LetterEncoder(),
        "count_tokens": count_tokens,
        **parts,
    }
    return Library.open(Settings(library=directory), **given)  # type: ignore[arg-type]


def claims_of(paper: Paper, *sentences: str, lang: str = "en") -> tuple[ClaimRecord, ...]:
    """Sentences that quote the paper, all under one heading; "said < quote" says it otherwise."""
    named = paper.id + (f"v{paper.version}" if paper.version else "")
    claims = []
    for number, sentence in enumerate(sentences, start=1):
        said, _, quote = sentence.partition(" < ")
        quote = quote or said
        span = Span(paper.text.index(quote), paper.text.index(quote) + len(quote))
        cited = Citation(f"{named}#method.1", quote, span, paper.boxes(span))
        claim_id = f"{named}/{lang}/method.{number}"
        support, verdict = (1.0, "supported") if said == quote else (0.75, "likely")
        claims.append(
            ClaimRecord(claim_id, paper.id, lang, "method", said, (cited,), support, verdict)
        )
    return tuple(claims)


def digest(library: Library, paper_id: str, *sentences: str, lang: str = "en") -> None:
    """Save a digest of a paper that says these sentences."""
    claims = claims_of(library.paper(paper_id), *sentences, lang=lang)
    library.save_digest(paper_id, f"digest-{lang}", json.dumps(sentences), lang, claims)


def digest_and_die(directory: str, moment: str, paper_id: str, *sentences: str) -> None:
    """Save a digest in a library with the real embedded stores, dying at ``moment``."""
    from index.store.edge import EdgeStore

    claims = DyingStore(EdgeStore(Path(directory, "claims"), 26), moment)
    with open_library(Path(directory), claims=claims) as library:
        if moment == "before commit":
            library._catalog.claims.commit = lambda *_: os._exit(9)  # type: ignore[method-assign]
        digest(library, paper_id, *sentences)
        sys.stdout.write("saved\n")
        sys.stdout.flush()


def main(directory: str, moment: str, *files: str) -> None:
    """Add files to a library with the real embedded store, dying at ``moment``; ``hold`` it."""
    from index.store.edge import EdgeStore

    if moment == "hold":
        with open_library(Path(directory)):
            sys.stdout.write("held\n")
            sys.stdout.flush()
            sys.stdin.read()
        return
    store = DyingStore(EdgeStore(Path(directory, "vectors"), 26), moment)
    with open_library(Path(directory), store=store) as library:
        commit = library._catalog.editions.make_current

        def commit_and_die(number: int) -> None:
            commit(number)
            os._exit(9)

        if moment == "before keep":
            Files.keep = lambda *_: os._exit(9)  # type: ignore[method-assign]
        if moment == "before purge":
            library._catalog.editions.purge = lambda _: os._exit(9)  # type: ignore[method-assign]
        if moment == "after current":
            library._catalog.editions.make_current = commit_and_die  # type: ignore[method-assign]
        for name in files:
            if moment == "before current":
                library._catalog.editions.make_current = lambda number: os._exit(9)  # type: ignore[assignment,method-assign]
            added = library.add(Source(Path(name), name))
            sys.stdout.write(f"{added.paper_id} {added.status}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "digest":
        digest_and_die(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
