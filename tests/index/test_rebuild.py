"""Vectors made anew beside the former ones, which answer meanwhile, whatever is cut short."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import library_fakes as fakes
import numpy as np
import pytest
from numpy.typing import NDArray

import index.embed
from index.config import Settings
from index.errors import GlossError, LibraryUnusable, StoreUnusable
from index.library import Library, Step
from index.library.engines import Engines
from index.sources import Source
from index.store import Point
from index.store.edge import EdgeStore, EdgeStoreFactory


@dataclass
class OtherEmbedder(fakes.LetterEmbedder):
    """Longer vectors; ``before`` is called with each text that a rebuild embeds."""

    name: str = "others"
    fingerprint: str = "others-1"
    dimension: int = 27
    before: Callable[[str], None] = lambda text: None
    embedded: list[str] = field(default_factory=list)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        for text in texts:
            self.before(text)
        self.embedded.extend(texts)
        return np.array([self.embed_query(text) for text in texts], dtype=np.float32)

    def embed_sentences(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        letters: NDArray[np.float32] = super().embed_query(text)
        return np.append(letters, np.float32(0))


def add(library: Library, folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.pdf").write_text(json.dumps({"text": text, "title": ""}))
    assert library.add(Source(folder / f"{name}.pdf", name)).status == "ok"


def found(library: Library, query: str = "bees") -> set[str]:
    return {hit.passage.text for hit in library.search(query)}


def claimed(library: Library, query: str = "bees") -> set[str]:
    return {hit.claim.text for hit in library.search_claims(query)}


def stores(library: Library) -> set[str]:
    return {path.name for path in library.directory.iterdir() if path.is_dir()} - {"files"}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three papers, one with a digest, in the real embedded store."""
    with fakes.open_library(tmp_path / "lib") as opened:
        for name in "abc":
            add(opened, tmp_path, name, f"{name} bees")
        fakes.digest(opened, "a", "a bees")
        yield opened


def reopened(library: Library, **parts: object) -> Library:
    library.close()
    return fakes.open_library(library.directory, **parts)  # type: ignore[no-any-return]


def cut_short(library: Library, at: str = "c bees") -> OtherEmbedder:
    """A rebuild that is interrupted when it comes to a text."""
    other = OtherEmbedder()

    def interrupt(text: str) -> None:
        if text == at:
            raise KeyboardInterrupt

    other.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        library.repair(embedder=other)
    other.before = lambda text: None
    other.embedded.clear()
    return other


def test_searches_go_on_while_vectors_are_made(library: Library) -> None:
    answers: list[tuple[set[str], set[str]]] = []

    def search(text: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            both = pool.submit(lambda: (found(library), claimed(library)))
            answers.append(both.result(timeout=10))

    steps: list[Step] = []
    other = OtherEmbedder(before=search)
    assert library.repair(steps.append, other).ok
    everything = ({"a bees", "b bees", "c bees"}, {"a bees"})
    assert answers == [everything] * 4
    assert steps == [
        *(Step(name, done, 4) for done, name in enumerate("abc")),
        Step("a, digest (en)", 3, 4),
    ]
    assert (found(library), claimed(library)) == everything
    assert library.embedder is other
    library = reopened(library, embedder=other)
    assert (found(library), claimed(library)) == everything
    assert stores(library) == {"vectors-2", "claims-2"}
    library.close()


def test_points_of_several_papers_are_stored_at_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make them durable costs more than all else, and once for each paper half of a repair."""
    stored: list[list[int]] = []
    upsert = EdgeStore.upsert

    def counted(self: EdgeStore, points: Sequence[Point]) -> None:
        stored.append([point.edition for point in points])
        upsert(self, points)

    for name in "bc":
        fakes.digest(library, name, f"{name} bees")
    monkeypatch.setattr(EdgeStore, "upsert", counted)
    monkeypatch.setattr("index.library.rebuild.POINTS_AT_ONCE", 2)
    assert library.repair().ok
    assert [len(one) for one in stored] == [2, 1, 2, 1]  # of papers, and of their digests
    assert found(library) == {"a bees", "b bees", "c bees"}


def test_an_interrupt_leaves_the_former_model(library: Library, tmp_path: Path) -> None:
    other = cut_short(library)
    assert found(library) == {"a bees", "b bees", "c bees"}
    library = reopened(library)
    assert (found(library), claimed(library)) == ({"a bees", "b bees", "c bees"}, {"a bees"})
    health = library.health()
    assert (health.ok, health.model, health.rebuilding) == (True, "letters", "others")
    add(library, tmp_path, "d", "d bees")
    library.remove("b")
    fakes.digest(library, "c", "c bees")
    library = reopened(library, embedder=other)
    with pytest.raises(LibraryUnusable, match=r"another model \(letters, not others\)") as caught:
        library.search("bees")
    assert "\n" not in str(caught.value)
    health = library.repair()
    assert (health.ok, health.points, health.claim_points) == (True, 3, 2)
    assert (health.model, health.rebuilding) == ("others", "")
    # "a" was done before the interrupt, and what changed since is right.
    assert sorted(other.embedded) == ["a bees", "c bees", "c bees", "d bees"]
    assert found(library) == {"a bees", "c bees", "d bees"}
    assert claimed(library) == {"a bees", "c bees"}
    library.close()


def test_a_paper_that_was_half_done_is_done_again(library: Library) -> None:
    other = cut_short(library)
    store = EdgeStoreFactory(library.directory).open("vectors-2", 27)
    store.delete(2)
    store.close()
    assert library.repair(embedder=other).ok
    assert sorted(other.embedded) == ["a bees", "b bees", "c bees"]


def test_another_rebuild_takes_the_place_of_one_cut_short(library: Library) -> None:
    cut_short(library)
    assert stores(library) == {"vectors", "claims", "vectors-2", "claims-2"}
    third = OtherEmbedder("thirds", "thirds-1")
    assert library.repair(embedder=third).ok
    assert len(third.embedded) == 4
    library = reopened(library, embedder=third)
    assert found(library) == {"a bees", "b bees", "c bees"}
    assert stores(library) == {"vectors-3", "claims-3"}
    library.close()


@pytest.mark.parametrize("store", ["vectors-2", "claims-2"])
def test_a_damaged_rebuild_is_begun_again(library: Library, store: str) -> None:
    other = cut_short(library)
    for path in (library.directory / store).rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    assert library.repair(embedder=other).ok
    assert found(library) == {"a bees", "b bees", "c bees"}
    assert library.health().ok


def test_a_store_that_was_left_without_indexes_is_completed(library: Library) -> None:
    """An earlier gloss that was killed between making ``claims-2`` and indexing it left this."""
    import qdrant_edge as edge

    other = cut_short(library)
    directory = library.directory / "claims-2"
    shutil.rmtree(directory)
    directory.mkdir()
    dense = {"dense": edge.EdgeVectorParams(size=27, distance=edge.Distance.Dot)}
    words = {"words": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)}
    edge.EdgeShard.create(str(directory), edge.EdgeConfig(dense, words)).close()
    assert library.repair(embedder=other).ok
    assert claimed(library) == {"a bees"}


def test_what_changes_meanwhile_is_not_lost(library: Library) -> None:
    def change(text: str) -> None:
        other.before = lambda text: None
        with ThreadPoolExecutor(1) as pool:
            pool.submit(library.remove, "a").result(timeout=10)
            pool.submit(fakes.digest, library, "b", "b bees").result(timeout=10)

    other = OtherEmbedder(before=change)
    assert library.repair(embedder=other).ok
    assert (found(library), claimed(library)) == ({"b bees", "c bees"}, {"b bees"})


def test_a_crash_before_the_former_vectors_are_gone(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = OtherEmbedder()
    with monkeypatch.context() as patched:
        patched.setattr(Engines, "discard", lambda self: None)
        library.repair(embedder=other)
        library.close()
    assert stores(library) == {"vectors", "claims", "vectors-2", "claims-2"}
    library = fakes.open_library(library.directory, embedder=other)
    assert found(library) == {"a bees", "b bees", "c bees"}
    assert stores(library) == {"vectors-2", "claims-2"}
    library.close()


def test_a_failed_switch_changes_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(values: object) -> None:
        raise StoreUnusable("catalogue", "is full")

    other = OtherEmbedder()
    with monkeypatch.context() as patched:
        patched.setattr(library._catalog.contents, "commit_rebuild", fail)
        with pytest.raises(GlossError):
            library.repair(embedder=other)
    assert found(library) == {"a bees", "b bees", "c bees"}
    assert library.health().model == "letters"
    other.embedded.clear()
    assert library.repair(embedder=other).ok
    assert other.embedded == []


def test_vectors_that_cannot_be_opened_are_made_anew(library: Library) -> None:
    library.close()
    shutil.rmtree(library.directory / "vectors")
    (library.directory / "vectors").mkdir()
    (library.directory / "vectors" / "edge_config.json").write_text("damaged")
    with fakes.open_library(library.directory) as library:
        with pytest.raises(GlossError, match="gloss doctor --repair"):
            library.search("bees")
        assert library.repair().ok
        assert found(library) == {"a bees", "b bees", "c bees"}


def test_passages_of_another_size_count_with_their_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "bee " * 120
    other = OtherEmbedder()
    parts = {
        "reader": fakes.JsonReader(),
        "sparse_encoder": fakes.LetterEncoder(),
        "count_tokens": fakes.count_tokens,
    }
    settings = Settings(library=tmp_path / "lib")
    with Library.open(settings, embedder=fakes.LetterEmbedder(), **parts) as library:
        add(library, tmp_path, "a", text)
        add(library, tmp_path, "b", "bees")
        fakes.digest(library, "a", "bee")
    fakes.cut_smaller(monkeypatch)
    with Library.open(settings, embedder=fakes.LetterEmbedder(), **parts) as library:
        cut_short(library, "bees")
        assert len(library.passages("a")) == 1
        assert found(library, "bee") == {text.strip(), "bees"}
        assert library.saved_digest("a", "digest-en") is not None
        health = library.repair(embedder=other)
        assert (health.ok, health.passages, health.points) == (True, 3, 3)
        assert other.embedded == ["bees"]
        assert len(library.passages("a")) == 2
        assert library.saved_digest("a", "digest-en") is None  # it cited the former passages
        assert (health.claims, health.claim_points) == (0, 0)


def test_a_library_is_opened_with_its_own_model_unless_another_is_named(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_embedder(name: str, cache: Path) -> object:
        opened.append(name)
        return OtherEmbedder(name) if name == "others" else fakes.LetterEmbedder(name)

    monkeypatch.setattr(index.embed, "open_embedder", open_embedder)
    library.repair(embedder=OtherEmbedder())
    library = reopened(library, embedder=None)
    assert found(library) == {"a bees", "b bees", "c bees"}
    assert (library.model, opened) == ("others", ["others"])
    monkeypatch.setenv("GLOSS_MODEL", "letters")
    library = reopened(library, embedder=None)
    with pytest.raises(LibraryUnusable, match=r"another model \(others, not letters\); set"):
        library.search("bees")
    assert library.model == "letters"
    library.close()


def test_other_weights_of_the_same_name_are_told(library: Library) -> None:
    library = reopened(library, embedder=fakes.LetterEmbedder(fingerprint="letters-2"))
    with pytest.raises(LibraryUnusable, match=r"\(letters, not of other weights"):
        library.search("bees")
    library.close()
