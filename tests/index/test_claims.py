"""Sentences of digests are found with what they rest on, and nothing else is ever shown."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest
from forked import Forks
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from thinned import some

from index.catalog import KeptDigest
from index.catalog.checksums import text_checksum
from index.errors import (
    ClaimNotFound,
    EmptyQuery,
    LibraryUnusable,
    NoDigests,
    PaperChanged,
    PaperNotFound,
    RoleOfDigest,
    StoreUnusable,
)
from index.hits import ClaimHit, SearchFilter
from index.library import Library, Step
from index.paper import Record
from index.sources import Source
from index.spans import Span
from index.store.client import ClientStoreFactory

PROGRAM = Path(__file__).with_name("library_fakes.py")


def write(path: Path, **said: object) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said))
    return Source(path, path.name)


@pytest.fixture
def claims() -> fakes.ListStore:
    """The vectors of claims."""
    return fakes.ListStore()


@pytest.fixture
def store() -> fakes.ListStore:
    """The vectors of passages."""
    return fakes.ListStore()


@pytest.fixture
def library(tmp_path: Path, store: fakes.ListStore, claims: fakes.ListStore) -> Iterator[Library]:
    """Two papers: of bees, which has a digest, and of ants, which has none."""
    with fakes.open_library(tmp_path / "lib", store=store, claims=claims) as opened:
        text = "bees buzz. bees dance. wasps sting."
        opened.add(write(tmp_path / "1.pdf", id="2407.03300", version=1, text=text, title="Bees"))
        opened.add(write(tmp_path / "ants.pdf", text="ants walk. ants dance."))
        fakes.digest(opened, "2407.03300", "bees buzz.", "wasps sting.")
        yield opened


def reopened(tmp_path: Path, library: Library, claims: Any, store: Any) -> Any:
    library.close()
    return fakes.open_library(tmp_path / "lib", store=store, claims=claims)


def found(library: Library, query: str = "bees", **asked: Any) -> list[str]:
    return [hit.claim.text for hit in library.search_claims(query, **asked)]


def ids(hits: list[ClaimHit]) -> list[str]:
    return [hit.claim.id for hit in hits]


def test_a_sentence_is_found_with_its_paper_its_citation_and_its_support(
    library: Library,
) -> None:
    fakes.digest(library, "ants", "Ants go on foot. < ants walk.")
    hit = library.search_claims("ants go on foot", k=1)[0]
    assert (hit.claim.id, hit.claim.paper_id, hit.title) == (
        "ants/en/method.1",
        "ants",
        "ants walk. a",
    )
    assert (hit.claim.text, hit.claim.lang, hit.claim.section) == (
        "Ants go on foot.",
        "en",
        "method",
    )
    assert (hit.claim.support, hit.claim.verdict, hit.found_by) == (0.75, "likely", "dense")
    (cited,) = hit.claim.citations
    assert (cited.passage_id, cited.quote, cited.span) == (
        "ants#method.1",
        "ants walk.",
        Span(0, 10),
    )
    assert cited.page == 1
    assert cited.boxes == library.paper("ants").boxes(Span(0, 10)) != ()


def test_which_papers_report_something_is_one_query(tmp_path: Path, fake_embedder: Any) -> None:
    """With the embedded stores, and both halves of the search."""
    from index.embed.sparse import Bm25Encoder

    parts = {"embedder": fake_embedder, "sparse_encoder": Bm25Encoder(1.2, 0.75, 10)}
    reports = {
        "a": ("2023-05-01", "Latency falls to 4 ms.", "Bees are insects."),
        "b": ("2024-01-01", "We see a lower latency.", "Which papers report it is unknown."),
        "c": ("2024-02-01", "The latency was 9 ms.", "Papers report what they find."),
        "d": ("2024-03-01", "Wasps do not count.", "Ants count their steps."),
    }
    with fakes.open_library(tmp_path / "lib", **parts) as library:
        for name, (date, *sentences) in reports.items():
            text = " ".join(sentences)
            library.add(write(tmp_path / f"{name}.pdf", text=text, title=name.upper(), date=date))
            fakes.digest(library, name, *sentences)
        hits = library.search_claims("Which papers report a latency?", k=3)
        assert {hit.claim.paper_id for hit in hits} == {"a", "b", "c"}
        assert {hit.title for hit in hits} == {"A", "B", "C"}
        assert all("latency" in hit.claim.text.lower() for hit in hits)
        assert {hit.found_by for hit in hits} == {"both"}
        since = SearchFilter(since="2024")
        assert {hit.claim.paper_id for hit in library.search_claims("latency", 2, since)} == {
            "b",
            "c",
        }
        # Asked of the papers, and not of what they report, it is looked for as it stands.
        assert "report" in library.search_claims("Which papers report that ?", k=1)[0].claim.text
        own, others = library.claims_like("c/en/method.1", k=1)
        assert own.text == "The latency was 9 ms."
        assert ids(others) == ["a/en/method.1"]
        assert library.health().ok


def test_a_digest_that_is_saved_again_replaces_its_claims(
    library: Library, claims: fakes.ListStore
) -> None:
    fakes.digest(library, "2407.03300", "bees buzz.", lang="zh")
    fakes.digest(library, "2407.03300", "bees dance.")
    assert sorted(found(library)) == ["bees buzz.", "bees dance."]  # the Chinese one stays
    assert found(library, "wasps") == found(library)
    assert len(claims.points) == 2
    assert library.saved_digest("2407.03300", "digest-en") == '["bees dance."]'
    assert library.is_searched("2407.03300", "digest-en", "en")
    library.save_digest("2407.03300", "another", "{}", "en")
    assert found(library) == ["bees buzz."]
    assert not library.is_searched("2407.03300", "digest-en", "en")
    assert library.is_searched("2407.03300", "another", "en")
    assert library.is_searched("2407.03300", "digest-zh", "zh")
    assert not library.is_searched("2407.03300", "digest-zh", "en")
    assert not library.is_searched("ants", "another", "en")
    assert library.health().ok


def test_claims_go_with_their_paper(
    library: Library, claims: fakes.ListStore, tmp_path: Path
) -> None:
    fakes.digest(library, "ants", "ants dance.")
    library.remove("ants")
    assert sorted(found(library)) == ["bees buzz.", "wasps sting."]
    assert len(claims.points) == 2
    second = write(tmp_path / "2.pdf", id="2407.03300", version=2, text="bees rest.", title="Bees")
    library.add(second)
    assert claims.points == []
    with pytest.raises(NoDigests):
        library.search_claims("bees")
    with pytest.raises(ClaimNotFound):
        library.claims_like("2407.03300v1/en/method.1")
    fakes.digest(library, "2407.03300", "bees rest.")
    assert ids(library.search_claims("bees")) == ["2407.03300v2/en/method.1"]
    assert (library.health().claims, library.health().claim_points) == (1, 1)
    assert library.health().ok


@pytest.mark.parametrize("step", ["upsert", "commit"])
def test_a_digest_that_fails_midway_loses_nothing(
    library: Library, claims: fakes.ListStore, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    if step == "upsert":
        claims.fail_on = step
    else:
        monkeypatch.setattr(library._catalog.claims, "commit", interrupted)
    with pytest.raises((StoreUnusable, KeyboardInterrupt)):
        fakes.digest(library, "2407.03300", "bees dance.")
    assert sorted(found(library)) == ["bees buzz.", "wasps sting."]
    assert library.saved_digest("2407.03300", "digest-en") == '["bees buzz.", "wasps sting."]'
    assert len(claims.points) == 2
    assert library._catalog.claims.numbers("pending") == frozenset()


def test_a_commit_that_was_interrupted_afterwards_counts(
    library: Library,
    claims: fakes.ListStore,
    store: fakes.ListStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = library._catalog.claims.commit

    def interrupted(*arguments: Any) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(library._catalog.claims, "commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fakes.digest(library, "2407.03300", "bees dance.")
    assert found(library) == ["bees dance."]
    assert len(claims.points) == 3  # the former ones are still there, and not shown
    with reopened(tmp_path, library, claims, store) as later:
        assert found(later) == ["bees dance."]
        assert len(claims.points) == 1
        assert later.health().ok


def test_what_could_not_be_taken_out_is_not_shown_and_swept_later(
    library: Library, claims: fakes.ListStore, store: fakes.ListStore, tmp_path: Path
) -> None:
    claims.fail_on = "delete"
    fakes.digest(library, "2407.03300", "bees dance.")
    assert found(library, k=1) == found(library) == ["bees dance."]
    assert "2 vectors of no digest are in the index" in library.health().problems[0]
    library.add(write(tmp_path / "3.pdf", id="2407.03300", version=3, text="bees.", title="Bees"))
    with pytest.raises(NoDigests):
        library.search_claims("bees")
    claims.fail_on = ""
    with reopened(tmp_path, library, claims, store) as later:
        fakes.digest(later, "ants", "ants dance.")
        assert found(later) == ["ants dance."]
        assert [point.paper_id for point in claims.points] == ["ants"]
        assert later.health().ok


@pytest.mark.parametrize(
    ("moment", "acknowledged", "text"),
    some(
        [
            ("before commit", False, "bees buzz."),
            ("before upsert", False, "bees buzz."),
            ("after upsert", False, "bees buzz."),
            ("before delete", False, "bees dance."),  # committed, if not yet said
            ("after delete", False, "bees dance."),
            ("never", True, "bees dance."),
        ]
    ),
)
def test_kill_at_each_step(
    tmp_path: Path, forks: Forks, moment: str, acknowledged: bool, text: str
) -> None:
    directory = tmp_path / "lib"
    with fakes.open_library(directory) as library:
        library.add(write(tmp_path / "a.pdf", text="bees buzz. bees dance."))
        fakes.digest(library, "a", "bees buzz.")
    died = forks.run(PROGRAM, "digest", directory, moment, "a", "bees dance.")
    assert (died.returncode, died.stdout) == ((0, "saved\n") if acknowledged else (9, "")), died
    with fakes.open_library(directory) as library:
        assert found(library) == [text]
        assert library.saved_digest("a", "digest-en") == json.dumps([text])
        health = library.health()
        assert (health.problems, health.claims, health.claim_points) == ((), 1, 1)
        fakes.digest(library, "a", "bees dance.")
        assert found(library) == ["bees dance."]
        assert library.health().claim_points == 1


def test_hits_are_not_lost_to_points_that_do_not_count(
    library: Library, claims: fakes.ListStore
) -> None:
    claims.upsert([replace(claims.points[0], edition=number) for number in range(-50, 0)])
    assert found(library, k=1) == ["bees buzz."]
    assert found(library, k=2) == ["bees buzz.", "wasps sting."]


def test_vectors_that_are_gone_are_missed_until_repaired(
    library: Library, claims: fakes.ListStore, store: fakes.ListStore, tmp_path: Path
) -> None:
    fakes.digest(library, "ants", "ants dance.")
    kept = claims.points
    for left, gone in (([], 2), (kept[:2], 1)):  # all of them, and those of one digest
        claims.points = list(left)
        library = reopened(tmp_path, library, claims, store)
        with pytest.raises(LibraryUnusable, match=f"the vectors of {gone} of its digests are not"):
            library.search_claims("bees")
        with pytest.raises(LibraryUnusable, match="gloss doctor --repair"):
            library.claims_like("ants/en/method.1")
        assert library.health().problems[-1] == (
            "ants: 0 of 1 sentences of its digest (en) are in the index; "
            "run `gloss doctor --repair`"
        )
    told: list[Step] = []
    assert library.repair(told.append).ok
    assert [step.what for step in told[-2:]] == ["2407.03300, digest (en)", "ants, digest (en)"]
    assert sorted(found(library, "bees")) == ["ants dance.", "bees buzz.", "wasps sting."]
    assert library.health().claim_points == len(kept)
    library.close()


def test_repair_clears_away_the_vectors_of_no_digest(
    library: Library, claims: fakes.ListStore
) -> None:
    claims.upsert([replace(claims.points[0], edition=99)])
    assert library.health().problems == (
        "1 vectors of no digest are in the index; run `gloss doctor --repair`",
    )
    assert library.repair().claim_points == 2


def test_another_model_gets_other_vectors_of_claims(tmp_path: Path) -> None:
    """With the embedded stores: those of another dimension are begun anew."""
    with fakes.open_library(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bees buzz."))
        fakes.digest(library, "a", "bees buzz.")

    class Twice(fakes.LetterEmbedder):  # type: ignore[name-defined, misc]
        def embed_query(self, text: str) -> Any:
            import numpy as np

            half = super().embed_query(text)
            return np.concatenate([half, half]) / np.float32(2**0.5)

    other = Twice("twice", "twice-1", 52)
    with fakes.open_library(tmp_path / "lib", embedder=other) as library:
        with pytest.raises(LibraryUnusable, match="of another model"):
            library.search_claims("bees")
        assert library.repair().ok
        assert found(library) == ["bees buzz."]
        assert library.claims_like("a/en/method.1")[1] == []


def test_a_server_has_a_collection_of_its_own_for_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores: dict[str, Any] = {}

    def open_store(factory: ClientStoreFactory, name: str, dimension: int) -> Any:
        return stores.setdefault(f"{factory.collection}-{name}", fakes.ListStore())

    def drop(factory: ClientStoreFactory, name: str) -> None:
        stores.pop(f"{factory.collection}-{name}", None)

    monkeypatch.setattr(ClientStoreFactory, "open", open_store)
    monkeypatch.setattr(ClientStoreFactory, "drop", drop)
    monkeypatch.setenv("GLOSS_QDRANT__URL", "http://127.0.0.1:6333")
    for sentence in ("bees buzz.", "bees dance."):
        with fakes.open_library(tmp_path / "lib") as library:
            library.add(write(tmp_path / "a.pdf", text="bees buzz. bees dance."))
            fakes.digest(library, "a", sentence)
            assert found(library) == [sentence]
            assert library.health().ok
    claims, passages = sorted(stores)
    assert claims.removesuffix("-claims") == passages.removesuffix("-vectors")
    assert [point.passage_id for point in stores[passages].points] == ["a#method.1"]
    assert [point.passage_id for point in stores[claims].points] == ["a/en/method.1"]
    assert not (tmp_path / "lib" / "claims").exists()
    stores[claims].upsert([replace(stores[claims].points[0], edition=99)])
    with fakes.open_library(tmp_path / "lib") as library:
        assert not library.health().ok
        assert library.repair().ok


def test_what_is_like_a_sentence_is_of_other_papers(library: Library) -> None:
    fakes.digest(library, "2407.03300", "bees buzz.", "bees dance.", lang="zh")
    own, hits = library.claims_like("2407.03300v1/en/method.1")
    assert (own.text, hits) == ("bees buzz.", [])
    fakes.digest(library, "ants", "ants walk.", "ants dance.", "All ants dance. < ants dance.")
    own, hits = library.claims_like("2407.03300v1/zh/method.2")
    assert own.text == "bees dance."
    assert [hit.claim.text for hit in hits] == ["ants dance.", "All ants dance.", "ants walk."]
    assert {hit.title for hit in hits} == {"ants walk. a"}
    assert hits[0].score > hits[1].score > hits[2].score
    assert ids(library.claims_like("2407.03300v1/zh/method.2", k=1)[1]) == ["ants/en/method.2"]
    only_its_own = SearchFilter(paper_id="2407.03300v1")
    assert library.claims_like("2407.03300v1/zh/method.2", filter=only_its_own)[1] == []
    assert ids(library.claims_like("ants/en/method.1", 1, only_its_own)[1]) == [
        "2407.03300v1/en/method.2"
    ]


def test_the_vectors_of_a_digest_s_sentences(library: Library) -> None:
    fakes.digest(library, "2407.03300", "bees dance.", lang="zh")
    kept = library.claim_vectors("2407.03300v1")  # of the English digest
    assert [one.claim.text for one in kept] == ["bees buzz.", "wasps sting."]
    assert kept[0].claim.citations[0].quote == "bees buzz."
    for one in kept:
        (vector,) = library.embedder.embed_passages([one.claim.text])
        assert one.vector == pytest.approx(tuple(vector.tolist()))
    assert library.claim_vectors("ants") == ()
    with pytest.raises(PaperNotFound):
        library.claim_vectors("no such paper")


def test_a_claim_that_is_not_there_names_those_that_may_have_been_meant(library: Library) -> None:
    for meant in ("2407.03300v1/en/methods.1", "2407.03300/en/method.1", "2407.3300v1/en/method.1"):
        with pytest.raises(ClaimNotFound) as refused:
            library.claims_like(meant)
        assert refused.value.near == ("2407.03300v1/en/method.1", "2407.03300v1/en/method.2")
        assert str(refused.value) == (
            f"{meant}: in no digest of this library; did you mean 2407.03300v1/en/method.1, "
            "2407.03300v1/en/method.2?"
        )
    for unlike in ("", "/", "bees", "quant-ph/0001001/en/method.1"):
        with pytest.raises(ClaimNotFound, match="`gloss search --in digests QUERY` shows the ids"):
            library.claims_like(unlike)


def test_nothing_to_search_is_said(library: Library, tmp_path: Path) -> None:
    with pytest.raises(NoDigests) as refused:
        library.search_claims("ants", filter=SearchFilter(paper_id="ants"))
    assert str(refused.value) == "ants: has no digest yet: `gloss digest ants` writes one"
    library.remove("2407.03300")
    with pytest.raises(NoDigests, match="no digest to search yet: `gloss digest ID` writes one"):
        library.search_claims("ants")
    # What a gloss that knew no claims has saved.
    with sqlite3.connect(library.directory / "catalog.sqlite") as connection:
        connection.execute(
            "INSERT INTO digests (edition, name, lang, writer, json, checksum)"
            " SELECT number, 'old', 'en', 'extractive', '{}', ? FROM editions"
            " WHERE paper_id = 'ants'",
            (text_checksum("{}"),),
        )
    connection.close()
    with pytest.raises(NoDigests, match="before digests could be searched: `gloss doctor"):
        library.search_claims("ants")
    assert library.unsearched_digests() == {"ants": ("{}",)}
    assert "digests of 1 papers cannot be searched" in library.health().problems[0]
    library.save_digest("ants", "new", "{}")  # a digest that says nothing is none to search in
    assert library.search_claims("ants") == []
    assert library.unsearched_digests() == {}


def test_what_is_asked_must_make_sense(library: Library) -> None:
    method = SearchFilter(role="method")
    with pytest.raises(RoleOfDigest, match="role method: does not apply to digests"):
        library.search_claims("bees", filter=method)
    with pytest.raises(RoleOfDigest):
        library.claims_like("2407.03300v1/en/method.1", filter=method)
    with pytest.raises(EmptyQuery):
        library.search_claims(" ?! ")
    with pytest.raises(PaperNotFound):
        library.search_claims("bees", filter=SearchFilter(paper_id="wasps"))
    with pytest.raises(ValueError, match="k must be"):
        library.search_claims("bees", k=0)
    with pytest.raises(PaperNotFound):
        library.save_digest("wasps", "key", "{}")


def test_a_claim_whose_citation_does_not_resolve_is_refused(
    library: Library, claims: fakes.ListStore
) -> None:
    (good,) = fakes.claims_of(library.paper("ants"), "ants walk.")
    (cited,) = good.citations
    elsewhere = replace(cited, span=Span(1, 11))
    reworded = replace(cited, quote="ants walk!")
    for bad in (
        replace(good, citations=()),
        replace(good, citations=(cited, elsewhere)),
        replace(good, citations=(reworded,)),
        replace(good, paper_id="2407.03300"),
    ):
        with pytest.raises(PaperChanged, match="ants: was replaced while its digest was written"):
            library.save_digest("ants", "key", "{}", "en", [good, bad])
    assert library.saved_digest("ants", "key") is None
    assert len(claims.points) == 2


def test_a_paper_that_is_replaced_while_its_sentences_are_embedded(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = library.embedder.embed_passages
    # The same words at the same place; but the digest is of the paper as it was.
    again = write(tmp_path / "ants.pdf", text="ants walk. ants dance. ants sleep.")

    def slow(texts: Any) -> Any:
        monkeypatch.undo()
        library.add(again)
        return real(texts)

    monkeypatch.setattr(library.embedder, "embed_passages", slow)
    with pytest.raises(PaperChanged):
        fakes.digest(library, "ants", "ants walk.")
    assert library.saved_digest("ants", "digest-en") is None


def test_a_sentence_that_a_digest_has_twice_is_shown_once(library: Library) -> None:
    fakes.digest(library, "2407.03300", "wasps sting.", "bees buzz.", "bees buzz.")
    fakes.digest(library, "2407.03300", "bees buzz.", "bees dance.", lang="zh")
    fakes.digest(library, "ants", "ants dance.")
    hits = library.search_claims("bees buzz", k=3)
    assert [hit.claim.text for hit in hits] == ["bees buzz.", "bees dance.", "ants dance."]
    assert hits[0].claim.id == "2407.03300v1/en/method.2"
    assert len(library.search_claims("bees buzz", k=10)) == 4
    like = library.claims_like("ants/en/method.1", k=10)[1]
    assert sorted(ids(like)) == [
        f"2407.03300v1/{end}" for end in ("en/method.1", "en/method.2", "zh/method.2")
    ]


def test_threads_may_write_and_search_digests_at_once(library: Library) -> None:
    problems: list[BaseException] = []

    def work(paper_id: str, sentences: tuple[str, ...]) -> None:
        try:
            for _ in range(5):
                for sentence in sentences:
                    fakes.digest(library, paper_id, sentence)
                    assert set(found(library)) <= {
                        *("bees buzz.", "bees dance.", "wasps sting.", "ants walk.", "ants dance.")
                    }
        except BaseException as error:
            problems.append(error)

    threads = [
        threading.Thread(target=work, args=("2407.03300", ("bees buzz.", "bees dance."))),
        threading.Thread(target=work, args=("ants", ("ants walk.", "ants dance."))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(found(library)) == ["ants dance.", "bees dance."]
    assert library.health().ok


def version_of_bees(tmp_path: Path, version: int, text: str) -> Source:
    said = {"id": "2407.03300", "version": version, "title": "Bees"}
    return write(tmp_path / f"{version}.pdf", text=text, **said)


def kept(digests: Sequence[KeptDigest]) -> list[tuple[int | None, str, str]]:
    return [(one.version, one.lang, one.text) for one in digests]


def test_the_last_digests_of_a_former_version_stay(library: Library, tmp_path: Path) -> None:
    fakes.digest(library, "2407.03300", "bees dance.", lang="zh")
    fakes.digest(library, "2407.03300", "bees buzz.")  # in place of that of the fixture
    assert library.former_digests("2407.03300") == ()
    library.add(version_of_bees(tmp_path, 2, "bees rest."))
    first = [(1, "en", '["bees buzz."]'), (1, "zh", '["bees dance."]')]
    for named in ("2407.03300", "2407.03300v1", "2407.03300v2"):
        assert kept(library.former_digests(named)) == first
    for named in ("2407.03300", "2407.03300v1"):
        newest = library.newest_digest(named, "en", "extractive")
        assert newest is not None and kept([newest]) == first[:1]
    assert library.newest_digest("2407.03300v2", "en", "extractive") is None
    assert library.newest_digest("2407.03300", "en", "another") is None
    assert library.saved_digest("2407.03300", "digest-en") is None
    assert library.newest_digests() == [] and library.digested(1) == []
    for asked in (library.former_digests, library.paper, library.fingerprint):
        with pytest.raises(PaperNotFound):
            asked("2407.03300v7")

    fakes.digest(library, "2407.03300", "bees rest.")
    assert kept(library.newest_digests()) == [(2, "en", '["bees rest."]')]
    assert library.digested(1) == ["2407.03300"]
    newest = library.newest_digest("2407.03300", "en", "extractive")
    assert newest is not None and newest.version == 2
    before = library.newest_digest("2407.03300v1", "en", "extractive")
    assert before is not None and before.version == 1
    library.add(version_of_bees(tmp_path, 3, "bees sleep."))
    # Of each language the last one; of the version in between there is none in Chinese.
    assert kept(library.former_digests("2407.03300")) == [(2, "en", '["bees rest."]'), first[1]]
    assert library.health().ok

    library.remove("2407.03300")
    library.add(version_of_bees(tmp_path, 3, "bees sleep."))
    assert library.former_digests("2407.03300") == ()


def test_a_file_that_is_read_anew_is_no_former_version_of_itself(
    library: Library, tmp_path: Path
) -> None:
    second = version_of_bees(tmp_path, 2, "bees rest.")
    library.add(second)
    fakes.digest(library, "2407.03300", "bees rest.")
    record = Record("2407.03300", 2, "Bees", ("A",), "", "2024-07-03", "2024-07-03", ("cs.CV",))
    before = library.fingerprint("2407.03300")
    assert library.add(second, record=record).changed
    after = library.fingerprint("2407.03300")
    assert (after.file, after.text) == (before.file, before.text)
    assert after.reading != before.reading
    assert kept(library.former_digests("2407.03300")) == [
        (1, "en", '["bees buzz.", "wasps sting."]')
    ]
    newest = library.newest_digest("2407.03300", "en", "extractive")
    assert newest is not None and kept([newest]) == [(2, "en", '["bees rest."]')]


def test_digests_of_passages_that_were_cut_anew_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fakes.open_with_lists(tmp_path / "lib") as library:
        library.add(write(tmp_path / "a.pdf", text="bee " * 120))
        library.save_digest("a", "name", "{}", writer="local")
    fakes.cut_smaller(monkeypatch)
    with fakes.open_with_lists(tmp_path / "lib") as library:
        assert library.repair().ok
        assert library.saved_digest("a", "name") is None
        newest = library.newest_digest("a", "en", "local")
        assert newest is not None and newest.text == "{}"
        assert library.former_digests("a") == ()


@pytest.mark.parametrize(
    ("moment", "version"),
    some(
        [
            ("before current", 1),
            ("before upsert", 1),
            ("after upsert", 1),
            ("after current", 2),
            ("before delete", 2),
            ("after delete", 2),
            ("never", 2),
        ]
    ),
)
def test_no_kill_loses_the_digest_of_a_version_that_is_replaced(
    tmp_path: Path, forks: Forks, moment: str, version: int
) -> None:
    directory = tmp_path / "lib"
    with fakes.open_library(directory) as library:
        library.add(version_of_bees(tmp_path, 1, "bees buzz. bees dance."))
        fakes.digest(library, "2407.03300", "bees buzz.")
    second = version_of_bees(tmp_path, 2, "bees rest.").path
    died = forks.run(PROGRAM, directory, moment, second)
    assert died.returncode == (0 if moment == "never" else 9), died
    digest = [(1, "en", '["bees buzz."]')]
    for _ in range(2):  # whatever opening clears away
        with fakes.open_library(directory) as library:
            library._engines.started()
            assert library.row("2407.03300").version == version
            newest = library.newest_digest("2407.03300", "en", "extractive")
            assert newest is not None and kept([newest]) == digest
            former = library.former_digests("2407.03300")
            assert kept(former) == (digest if version == 2 else [])
            assert library.health().ok


class Digests(RuleBasedStateMachine):
    """Whatever fails in between, what is searched is the last digest of each paper and language."""

    papers, langs = st.sampled_from(["p", "q"]), st.sampled_from(["en", "zh"])

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.store, self.claims = fakes.ListStore(), fakes.ListStore()
        self.library = self._open()
        self.good: dict[str, dict[str, tuple[str, ...]]] = {}
        self.left = False  # vectors that could not be taken out
        for paper in ("p", "q"):
            self.add(paper, "")

    def _open(self) -> Library:
        parts = {"store": self.store, "claims": self.claims}
        opened: Library = fakes.open_library(self.root / "lib", **parts)
        return opened

    @rule(paper=papers, more=st.sampled_from(["", " and more", " and less"]))
    def add(self, paper: str, more: str) -> None:
        """The same file again changes nothing; a changed one takes the digests along."""
        text = f"{paper} one. {paper} two. {paper} three.{more}"
        if self.library.add(write(self.root / f"{paper}.md", text=text)).changed:
            self.good[paper] = {}

    @rule(
        paper=papers,
        lang=langs,
        numbers=st.lists(st.sampled_from(["one", "two", "three"]), max_size=3, unique=True),
        fault=st.sampled_from(["", "", "upsert", "commit", "delete"]),
    )
    def digest(self, paper: str, lang: str, numbers: list[str], fault: str) -> None:
        if paper not in self.good:
            return
        claims = self.library._catalog.claims
        self.claims.fail_on = fault
        if fault == "commit":
            claims.commit = self._fail  # type: ignore[method-assign]
        sentences = tuple(f"{paper} {number}." for number in numbers)
        try:
            fakes.digest(self.library, paper, *sentences, lang=lang)
        except StoreUnusable:
            assert fault in ("upsert", "commit")
        else:
            self.good[paper][lang] = sentences
            self.left |= fault == "delete"
        finally:
            self.claims.fail_on = ""
            vars(claims).pop("commit", None)

    def _fail(self, *_: object) -> None:
        raise StoreUnusable("list", "fails before the commit")

    @rule(paper=papers)
    def remove(self, paper: str) -> None:
        if self.good.pop(paper, None) is not None:
            self.library.remove(paper)

    @rule()
    def reopen(self) -> None:
        self.library.close()
        self.library = self._open()
        self.library._engines.claims(self.library._engines.started())
        self.left = False

    @rule()
    def repair(self) -> None:
        self.library.repair()
        self.left = False

    @invariant()
    def the_last_digests_are_searched(self) -> None:
        texts_kept = {
            text
            for digests in self.good.values()
            for sentences in digests.values()
            for text in sentences
        }
        try:
            texts = found(self.library, "one", k=20)
        except NoDigests:
            texts = []
            assert not any(self.good.values())
        assert sorted(texts) == sorted(texts_kept)
        assert self.left or self.library.health().ok

    def teardown(self) -> None:
        self.library.close()
        self.folder.cleanup()


TestDigests = Digests.TestCase
TestDigests.settings = hypothesis_settings(max_examples=4, stateful_step_count=12, deadline=None)


@pytest.mark.slow
class TestManyDigests(Digests.TestCase):  # type: ignore[misc, valid-type]
    settings = hypothesis_settings(max_examples=40, stateful_step_count=12, deadline=None)
