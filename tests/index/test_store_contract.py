"""One contract, and every store has to keep it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import served_qdrant
from forked import Forks
from hypothesis import given
from hypothesis import strategies as st

from index.config import QdrantSettings
from index.errors import StoreUnusable
from index.hits import SearchFilter, SparseVector
from index.paper import Role
from index.store import (
    Point,
    Store,
    StoreFactory,
    VectorQuery,
    connection,
    day_number,
    fused,
    last_day_number,
)
from index.store.client import ClientStore, ClientStoreFactory
from index.store.edge import EdgeStore, EdgeStoreFactory

if TYPE_CHECKING:
    from served_qdrant import Fault, ServedQdrant


SERVER = os.environ.get("GLOSS_TEST_QDRANT_URL", "")
NOTHING = SparseVector((), ())
EAST, NORTH, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def point(
    number: int,
    dense: Sequence[float],
    terms: Sequence[int],
    *,
    edition: int = 1,
    paper_id: str = "1706.03762",
    role: Role = "method",
    date: str | None = "2017-06-12",
) -> Point:
    sparse = SparseVector(tuple(terms), (1.0,) * len(terms))
    return Point(f"{paper_id}#{role}.{number}", paper_id, edition, role, date, dense, sparse)


POINTS = [
    point(1, EAST, [7, 9]),
    point(2, (0.8, 0.6, 0.0), [9, 11]),
    point(3, NORTH, [5], role="results"),
    point(1, UP, [11], edition=2, paper_id="2407.03300v1", date="2024-07"),
    point(2, (0.0, 0.6, 0.8), [13], edition=2, paper_id="2407.03300v1", date=None),
]


def query(dense: Sequence[float] = EAST, terms: Sequence[int] = (), limit: int = 10) -> VectorQuery:
    return VectorQuery(dense, SparseVector(tuple(terms), (1.0,) * len(terms)), limit)


def ids(store: Store, asked: VectorQuery) -> list[str]:
    return [hit.passage_id for hit in store.search(asked)]


@pytest.fixture(
    params=[
        "edge",
        "memory",
        "served",  # over HTTP, but to the engine of "memory"
        pytest.param(
            "server",
            marks=pytest.mark.skipif(not SERVER, reason="GLOSS_TEST_QDRANT_URL names no server"),
        ),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    collection = f"gloss-test-{uuid4().hex}"
    with ExitStack() as stack:
        opened: dict[str, Callable[[], Store]] = {
            "edge": lambda: EdgeStore(tmp_path / "vectors", 3),
            "memory": lambda: ClientStore(QdrantSettings(url=":memory:"), 3),
            "served": lambda: ClientStore(
                QdrantSettings(url=stack.enter_context(served_qdrant.serve()).url), 3, collection
            ),
            "server": lambda: ClientStore(QdrantSettings(url=SERVER), 3, collection),
        }
        store = opened[request.param]()
        yield store
        store.close()
    if request.param == "server":
        from qdrant_client import QdrantClient

        # A client of its own, since a test may have closed the store's.
        own = QdrantClient(url=SERVER, check_compatibility=False)
        own.delete_collection(collection)
        own.close()


@pytest.fixture
def served() -> Iterator[ServedQdrant]:
    with served_qdrant.serve() as server:
        yield server


FILTERS = [
    (SearchFilter(paper_id="2407.03300v1"), {3, 4}),
    (SearchFilter(role="results"), {2}),
    (SearchFilter(since="2024-07-01"), {3}),  # a month counts as its first day
    (SearchFilter(since="2024-07-02"), set()),
    (SearchFilter(since="2017-06"), {0, 1, 2, 3}),  # undated points do not pass
    (SearchFilter(paper_id="1706.03762", role="method"), {0, 1}),
    (SearchFilter(paper_id="1706.03762", since="2020"), set()),
    (SearchFilter(paper_id="no such paper"), set()),
    (SearchFilter(until="2017-06-11"), set()),
    (SearchFilter(until="2017-06"), {0, 1, 2}),  # all of the month
    (SearchFilter(until="2023"), {0, 1, 2}),  # all of the year
    (SearchFilter(since="2024", until="2024"), {3}),
    (SearchFilter(since="2017-07", until="2023"), set()),
    (SearchFilter(among=("2407.03300v1", "no such paper")), {3, 4}),
    (SearchFilter(among=("2407.03300v1",), paper_id="1706.03762"), set()),
    (SearchFilter(among=()), set()),
    (SearchFilter(apart_from="1706.03762"), {3, 4}),
    (SearchFilter(apart_from="1706.03762", since="2024"), {3}),
    (SearchFilter(apart_from="no such paper"), {0, 1, 2, 3, 4}),
]


class TestStore:
    def test_new_store_is_empty(self, store: Store) -> None:
        assert store.search(query(terms=[7])) == []
        assert store.editions() == {}

    def test_upsert_twice_is_once(self, store: Store) -> None:
        store.upsert(POINTS)
        store.upsert(POINTS)
        assert store.editions() == {1: 3, 2: 2}

    def test_upsert_replaces(self, store: Store) -> None:
        store.upsert(POINTS)
        store.upsert([replace(POINTS[0], dense=UP, role="results")])
        assert store.editions() == {1: 3, 2: 2}
        assert ids(store, query(EAST))[0] == POINTS[1].passage_id

    def test_many_and_none(self, store: Store) -> None:
        store.upsert([])
        store.upsert([point(number, EAST, [number], edition=3) for number in range(600)])
        assert store.editions() == {3: 600}

    def test_found_by_vector(self, store: Store) -> None:
        store.upsert(POINTS)
        hits = store.search(query(UP, limit=2))
        assert [hit.passage_id for hit in hits] == [POINTS[3].passage_id, POINTS[4].passage_id]
        assert [hit.found_by for hit in hits] == ["dense", "dense"]
        assert [hit.edition for hit in hits] == [2, 2]
        assert hits[0].score == pytest.approx(1.0)  # cosines
        assert hits[1].score == pytest.approx(0.8)

    def test_found_by_words_alone(self, store: Store) -> None:
        """A half that gives two hits does not reach the point that only the words find."""
        store.upsert(POINTS)
        hits = store.search(replace(query(EAST, [13], limit=2), depth=2))
        found = {hit.passage_id: hit.found_by for hit in hits}
        assert found == {POINTS[0].passage_id: "dense", POINTS[4].passage_id: "words"}

    def test_found_by_both_wins(self, store: Store) -> None:
        store.upsert(POINTS)
        best, *rest = store.search(query(EAST, [7]))
        assert (best.passage_id, best.found_by) == (POINTS[0].passage_id, "both")
        rarity = log(1 + (5 - 1 + 0.5) / (1 + 0.5))  # one of five points has the word
        assert best.score == pytest.approx(1.0 + 0.15 * rarity, abs=1e-4)
        assert {hit.found_by for hit in rest} == {"dense"}

    def test_rare_words_weigh_more(self, store: Store) -> None:
        """9 is in two points, 5 in one: its inverse document frequency is higher."""
        store.upsert(POINTS)
        found = store.search(replace(query(UP, [5, 9], limit=5), depth=5))
        words = [hit for hit in found if hit.found_by == "both"]
        assert words[0].passage_id == POINTS[2].passage_id

    def test_words_weigh_as_much_as_is_asked(self, store: Store) -> None:
        store.upsert(POINTS)
        asked = query(EAST, [13], limit=5)
        assert ids(store, replace(asked, words_weight=0.0))[:2] == [
            POINTS[0].passage_id,
            POINTS[1].passage_id,
        ]
        assert ids(store, replace(asked, words_weight=10.0))[0] == POINTS[4].passage_id

    def test_limit(self, store: Store) -> None:
        store.upsert(POINTS)
        assert [len(store.search(query(terms=[9], limit=n))) for n in (0, 1, 3, 50)] == [0, 1, 3, 5]

    def test_limit_beyond_depth(self, store: Store) -> None:
        store.upsert(POINTS)
        assert len(store.search(replace(query(limit=4), depth=1))) == 4

    def test_filters(self, subtests: pytest.Subtests, store: Store) -> None:
        store.upsert(POINTS)
        for wanted, numbers in FILTERS:
            with subtests.test(wanted=wanted, numbers=numbers):
                found = ids(store, replace(query(terms=[7, 9, 11]), filter=wanted))
                assert set(found) == {POINTS[number].passage_id for number in numbers}

    def test_points_by_name(self, store: Store) -> None:
        store.upsert(POINTS)
        asked = query(terms=[7, 9, 11])
        for numbers in ((), (0,), (1, 3)):
            named = tuple(POINTS[number].id for number in numbers)
            found = ids(store, replace(asked, points=(*named, str(uuid4()))))
            assert set(found) == {POINTS[number].passage_id for number in numbers}
        everywhere = {hit.passage_id: hit.score for hit in store.search(asked)}
        (hit,) = store.search(replace(asked, points=(POINTS[1].id,)))
        assert hit.score == everywhere[hit.passage_id]
        role = SearchFilter(role="results")
        assert ids(store, replace(asked, points=(POINTS[0].id,), filter=role)) == []
        assert ids(store, replace(asked, points=())) == []

    def test_means(self, store: Store) -> None:
        store.upsert(POINTS)
        store.upsert([point(number, EAST, [number], edition=3) for number in range(600)])
        means = store.means({1, 3, 99})
        assert means.keys() == {1, 3}
        assert means[1] == pytest.approx((0.6, 1.6 / 3, 0.0))
        assert means[3] == pytest.approx(EAST)
        assert store.means(()) == {}

    def test_vectors_of_an_edition(self, store: Store) -> None:
        store.upsert(POINTS)
        store.upsert([point(number, EAST, [number], edition=3) for number in range(600)])
        vectors = store.vectors(1)
        assert vectors.keys() == {one.passage_id for one in POINTS[:3]}
        assert vectors[POINTS[1].passage_id] == pytest.approx((0.8, 0.6, 0.0))
        assert len(store.vectors(3)) == 600
        assert store.vectors(99) == {}

    def test_delete_takes_one_edition(self, store: Store) -> None:
        store.upsert(POINTS)
        store.delete(1)
        store.delete(99)
        assert store.editions() == {2: 2}
        assert {hit.edition for hit in store.search(query(terms=[7]))} == {2}

    def test_editions_of_one_paper_live_side_by_side(self, store: Store) -> None:
        store.upsert(POINTS[:3])
        store.upsert([replace(one, edition=5) for one in POINTS[:3]])
        assert store.editions() == {1: 3, 5: 3}
        store.delete(1)
        assert store.editions() == {5: 3}

    def test_clear(self, store: Store) -> None:
        store.upsert(POINTS)
        store.clear()
        assert store.editions() == {}
        store.upsert(POINTS[:1])
        assert ids(store, query(terms=[7])) == [POINTS[0].passage_id]

    def test_point_without_words(self, store: Store) -> None:
        store.upsert([replace(POINTS[0], sparse=NOTHING)])
        assert [hit.found_by for hit in store.search(query(terms=[7]))] == ["dense"]

    def test_same_question_same_answer(self, store: Store) -> None:
        store.upsert([point(number, EAST, [number], edition=3) for number in range(40)])
        first = store.search(query(terms=[3, 4]))
        assert all(store.search(query(terms=[3, 4])) == first for _ in range(5))

    def test_vector_of_another_model(self, store: Store) -> None:
        with pytest.raises(StoreUnusable, match=r"another|change of model"):
            store.upsert([replace(POINTS[0], dense=(1.0, 0.0))])

    def test_closed(self, store: Store) -> None:
        store.close()
        with pytest.raises(StoreUnusable, match="is closed; open it again"):
            store.search(query())


class TestEdge:
    def test_reopening_keeps_points(self, tmp_path: Path) -> None:
        first = EdgeStore(tmp_path / "vectors", 3)
        first.upsert(POINTS)
        answer = first.search(query(terms=[9]))
        first.close()
        second = EdgeStore(tmp_path / "vectors", 3)
        assert second.editions() == {1: 3, 2: 2}
        assert second.search(query(terms=[9])) == answer
        second.close()

    def test_another_dimension(self, tmp_path: Path) -> None:
        EdgeStore(tmp_path / "vectors", 3).close()
        with pytest.raises(StoreUnusable, match="another embedding model; set GLOSS_MODEL"):
            EdgeStore(tmp_path / "vectors", 4)

    def test_open_elsewhere(self, tmp_path: Path) -> None:
        holder = EdgeStore(tmp_path / "vectors", 3)
        with pytest.raises(StoreUnusable, match="in use by another process"):
            EdgeStore(tmp_path / "vectors", 3)
        holder.close()

    def test_no_directory_to_be_had(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreUnusable, match="cannot be made"):
            EdgeStore(tmp_path / "file" / "vectors", 3)

    def test_damaged_files(self, tmp_path: Path) -> None:
        store = EdgeStore(tmp_path / "vectors", 3)
        store.upsert(POINTS)
        store.close()
        for path in (tmp_path / "vectors").rglob("*"):
            if path.is_file():
                path.write_bytes(b"damaged")
        with pytest.raises(StoreUnusable, match="gloss doctor --repair"):
            EdgeStore(tmp_path / "vectors", 3)

    def test_damaged_points_are_known(self, tmp_path: Path) -> None:
        """Whatever a byte changes: a vector, a word, who it is, or what filters go by."""
        with contextlib.closing(EdgeStore(tmp_path / "vectors", 3)) as store:
            store.upsert(POINTS)
            assert store.damaged() == frozenset()
        (segment,) = (tmp_path / "vectors" / "segments").iterdir()
        for name, was, now in (
            ("vector_storage-dense/vectors/chunk_0.mmap", pack("<f", 0.8), pack("<f", 0.7)),
            ("vector_storage-words/store/page_0.dat", pack("<f", 1.0), pack("<f", 2.0)),
            ("mutable_id_tracker.mappings", UUID(POINTS[2].id).bytes, bytes(range(16))),
            ("payload_index/*-date-numeric/page_0.dat", pack("<q", 20170612), pack("<q", 20170613)),
        ):
            copy = tmp_path / "copy"
            shutil.copytree(tmp_path / "vectors", copy)
            (path,) = (copy / "segments" / segment.name).glob(name)
            data = path.read_bytes()
            assert was in data, name
            path.write_bytes(data.replace(was, now, 1))
            with contextlib.closing(EdgeStore(copy, 3)) as store:
                assert store.damaged(), name
            shutil.rmtree(copy)

    def test_points_without_a_seal_are_let_be(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Those of an earlier gloss."""
        monkeypatch.setattr("index.store.edge.sealed", lambda point: point.payload)
        with contextlib.closing(EdgeStore(tmp_path / "vectors", 3)) as store:
            store.upsert(POINTS)
            assert store.damaged() == frozenset()

    def test_cut_short_while_it_is_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At each step of making a store, the next opening has a complete one."""
        import qdrant_edge

        steps = ("create", "update", "flush", "load")
        left = 0

        class Killed(BaseException):
            pass

        class Shard:
            """The engine, which ends in the step whose turn it is."""

            def __init__(self, shard: Any) -> None:
                self.shard = shard

            def __getattr__(self, name: str) -> Any:
                return step(name, getattr(self.shard, name))

        def step(name: str, call: Any) -> Any:
            def counted(*arguments: Any) -> Any:
                nonlocal left
                if name in steps:
                    left -= 1
                    if left == 0:
                        raise Killed
                made = call(*arguments)
                return Shard(made) if name in ("create", "load") else made

            return counted

        class Edge:
            create = staticmethod(step("create", qdrant_edge.EdgeShard.create))
            load = staticmethod(step("load", qdrant_edge.EdgeShard.load))

        directory, number = tmp_path / "lib" / "claims-2", 0
        while left <= 0:
            left = number = number + 1
            shutil.rmtree(tmp_path / "lib", ignore_errors=True)
            with monkeypatch.context() as patched, contextlib.suppress(Killed):
                patched.setattr(qdrant_edge, "EdgeShard", Edge)
                EdgeStore(directory, 3).close()
            with contextlib.closing(EdgeStore(directory, 3)) as store:
                store.upsert(POINTS)
                assert store.editions() == {1: 3, 2: 2}
            assert [path.name for path in (tmp_path / "lib").iterdir()] == ["claims-2"]
        assert number == 8  # made, its four indexes, written, loaded, and whole

    def test_a_store_without_its_indexes(self, tmp_path: Path) -> None:
        """An earlier gloss that was killed before it had made them left such a folder."""
        import qdrant_edge as edge

        directory = tmp_path / "claims-2"
        directory.mkdir()
        dense = {"dense": edge.EdgeVectorParams(size=3, distance=edge.Distance.Dot)}
        words = {"words": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)}
        edge.EdgeShard.create(str(directory), edge.EdgeConfig(dense, words)).close()
        for _ in range(2):
            with contextlib.closing(EdgeStore(directory, 3)) as store:
                store.upsert(POINTS)
                assert store.editions() == {1: 3, 2: 2}

    def test_a_deletion_that_was_cut_short(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No store is opened of which a part is gone."""
        with contextlib.closing(EdgeStore(tmp_path / "claims", 3)) as store:
            store.upsert(POINTS)
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "rmtree", lambda *_, **__: None)
            EdgeStoreFactory(tmp_path).drop("claims")
        assert not (tmp_path / "claims").exists()
        with contextlib.closing(EdgeStoreFactory(tmp_path).open("claims", 3)) as store:
            assert store.editions() == {}
        assert [path.name for path in tmp_path.iterdir()] == ["claims"]

    def test_upserted_means_kept_after_a_kill(self, tmp_path: Path, forks: Forks) -> None:
        """The process is gone without a word to the store; its points are not."""
        program = (
            "import os, signal, sys\n"
            "from pathlib import Path\n"
            "from index.hits import SparseVector\n"
            "from index.store import Point\n"
            "from index.store.edge import EdgeStore\n"
            "store = EdgeStore(Path(sys.argv[1]), 3)\n"
            "def points(edition):\n"
            "    sparse = SparseVector((edition,), (1.0,))\n"
            "    return [Point(f'a#method.{n}', 'a', edition, 'method', None, (1, 0, 0), sparse)\n"
            "            for n in range(300)]\n"
            "for edition in range(1, 5):\n"
            "    store.upsert(points(edition))\n"
            "store.delete(2)\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        assert forks.run(program, tmp_path / "vectors").returncode == -9
        store = EdgeStore(tmp_path / "vectors", 3)
        assert store.editions() == {1: 300, 3: 300, 4: 300}
        assert len(store.search(query(terms=[4], limit=1000))) == 900
        store.close()


class TestClient:
    def test_nobody_listens(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with pytest.raises(StoreUnusable, match="unset GLOSS_QDRANT__URL"):
            ClientStore(QdrantSettings(url=f"http://127.0.0.1:{port}"), 3)

    @pytest.mark.parametrize(
        "url", ["http://[bad", "ftp://127.0.0.1:1", "http://127.0.0.1:99999999"]
    )
    def test_no_address(self, url: str) -> None:
        with pytest.raises(StoreUnusable):
            ClientStore(QdrantSettings(url=url, api_key="a key"), 3)


@dataclass(frozen=True, slots=True)
class Signed:
    """A server's certificate that signed itself, and what a server needs to show it."""

    certificate: Path
    context: ssl.SSLContext


def signed(folder: Path, name: str) -> Signed:
    """A certificate for 127.0.0.1, its key in the same file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown, kept = folder / f"{name}.pem", folder / f"{name}-key.pem"
    shown.write_bytes(public)
    kept.write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(kept)
    return Signed(shown, context)


class TestServed:
    """What only a store on the other side of a connection can get wrong."""

    def test_key_is_a_header(self) -> None:
        with served_qdrant.serve(api_key="sesame") as served:
            store = ClientStore(QdrantSettings(url=served.url, api_key=" sesame\n"), 3)
            store.upsert(POINTS)
            assert store.editions() == {1: 3, 2: 2}
            store.close()
            assert {one.key for one in served.received} == {"sesame"}

    def test_no_key_no_header(self, served: ServedQdrant) -> None:
        ClientStore(QdrantSettings(url=served.url), 3).close()
        assert {one.key for one in served.received} == {None}

    @pytest.mark.parametrize("key", ["", "open"])
    def test_wrong_key(self, key: str) -> None:
        with served_qdrant.serve(api_key="sesame") as served:
            with pytest.raises(StoreUnusable) as refused:
                ClientStore(QdrantSettings(url=served.url, api_key=key), 3)
            assert served.asked("PUT", "") == []
        assert str(refused.value) == (
            f"vector store {served.url}: refuses the key; set GLOSS_QDRANT__API_KEY"
        )

    @pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "dots…"])
    def test_key_that_is_none_is_not_quoted(self, served: ServedQdrant, key: str) -> None:
        with pytest.raises(StoreUnusable, match="GLOSS_QDRANT__API_KEY holds a char") as refused:
            ClientStore(QdrantSettings(url=served.url, api_key=key), 3)
        assert key not in str(refused.value)
        assert served.received == []

    FAULTS: tuple[tuple[Fault, str], ...] = (
        ("error", "answers 500 Internal Server Error; see the server's log"),
        ("busy", "has too much to do; try again in 7 seconds"),
        ("cut", "cannot be reached .*; start the server, or unset GLOSS_QDRANT__URL"),
        ("missing", "is no Qdrant server; check GLOSS_QDRANT__URL"),
        ("moved", "answers 301 Moved Permanently; check GLOSS_QDRANT__URL"),
        ("page", "does not answer as Qdrant does; check GLOSS_QDRANT__URL"),
        ("other", "does not answer as Qdrant does; check GLOSS_QDRANT__URL"),
    )

    @pytest.mark.parametrize(("fault", "words"), FAULTS)
    def test_fault_at_opening(self, served: ServedQdrant, fault: Fault, words: str) -> None:
        served.fault = fault
        with pytest.raises(StoreUnusable, match=words) as refused:
            ClientStore(QdrantSettings(url=served.url), 3)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(("fault", "words"), FAULTS)
    def test_fault_at_work(self, served: ServedQdrant, fault: Fault, words: str) -> None:
        """Every method says so, and the store works again once the server does."""
        store = ClientStore(QdrantSettings(url=served.url), 3)
        store.upsert(POINTS[:3])
        served.fault = fault
        for work in (
            lambda: store.upsert(POINTS),
            lambda: store.delete(1),
            lambda: store.search(query(terms=[7])),
            store.editions,
            store.clear,
        ):
            with pytest.raises(StoreUnusable, match=words):
                work()
        served.fault = "none"
        assert store.editions() == {1: 3}
        store.close()

    def test_silence_at_opening(
        self, served: ServedQdrant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert connection._GREETING <= 5
        monkeypatch.setattr(connection, "_GREETING", 0.2)
        served.fault = "hang"
        with pytest.raises(StoreUnusable, match=r"does not answer in time; .* GLOSS_QDRANT__URL"):
            ClientStore(QdrantSettings(url=served.url), 3)

    def test_silence_at_work(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url, timeout=1), 3)
        served.fault = "hang"
        with pytest.raises(StoreUnusable, match="does not answer in time"):
            store.search(query())
        store.close()

    def test_slow_work_is_waited_for(
        self, served: ServedQdrant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The short limit is for the first question alone."""
        monkeypatch.setattr(connection, "_GREETING", 0.2)
        store = ClientStore(QdrantSettings(url=served.url), 3)
        served.lock.acquire()  # the server can take the points in only once it is released
        release = threading.Timer(0.5, served.lock.release)
        release.start()
        try:
            store.upsert(POINTS)
            assert release.finished.is_set()
        finally:
            release.join()
        assert store.editions() == {1: 3, 2: 2}
        store.close()

    def test_another_dimension(self, served: ServedQdrant) -> None:
        ClientStore(QdrantSettings(url=served.url), 3).close()
        with pytest.raises(StoreUnusable, match=r"vectors of 4 and 3 numbers\); set GLOSS_MODEL"):
            ClientStore(QdrantSettings(url=served.url), 4)

    @pytest.mark.parametrize("unnamed", [True, False])
    def test_collection_of_another_program(self, served: ServedQdrant, unnamed: bool) -> None:
        from qdrant_client import QdrantClient, models

        size = models.VectorParams(size=3, distance=models.Distance.DOT)
        other = QdrantClient(url=served.url, check_compatibility=False)
        other.create_collection("gloss", vectors_config=size if unnamed else {"dense": size})
        other.close()
        with pytest.raises(StoreUnusable, match="collection gloss was not made by gloss"):
            ClientStore(QdrantSettings(url=served.url), 3)

    def test_reopening_keeps_points(self, served: ServedQdrant) -> None:
        first = ClientStore(QdrantSettings(url=served.url), 3)
        first.upsert(POINTS)
        answer = first.search(query(terms=[9]))
        first.close()
        second = ClientStore(QdrantSettings(url=served.url), 3)
        assert second.search(query(terms=[9])) == answer
        second.close()
        assert len(served.asked("PUT", "/collections/gloss")) == 1

    def test_collections_are_apart(self, served: ServedQdrant) -> None:
        one, two = (
            ClientStore(QdrantSettings(url=served.url), 3, name) for name in ("gloss-a", "gloss-b")
        )
        one.upsert(POINTS)
        assert (one.editions(), two.editions()) == ({1: 3, 2: 2}, {})
        two.clear()
        assert one.editions() == {1: 3, 2: 2}
        one.close()
        two.close()

    def test_what_was_filtered_by_is_indexed(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url), 3)
        wanted = {"paper_id": "keyword", "role": "keyword", "edition": "integer", "date": "integer"}
        assert self.indexed(served) == wanted
        store.clear()
        assert self.indexed(served) == wanted
        store.close()

    def test_opening_that_was_cut_short_is_finished(self, served: ServedQdrant) -> None:
        """A server counts only by indexed fields, so a collection without them is of no use."""
        ClientStore(QdrantSettings(url=served.url), 3).close()
        wanted = self.indexed(served)
        served.indexes["gloss"].pop("edition")
        store = ClientStore(QdrantSettings(url=served.url), 3)
        store.upsert(POINTS)
        assert store.editions() == {1: 3, 2: 2}
        assert self.indexed(served) == wanted
        store.close()
        assert len(served.asked("PUT", "/index")) == len(wanted) + 1

    def test_collection_lost_while_open(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url), 3)
        served.engine.delete_collection("gloss")
        with pytest.raises(StoreUnusable, match=r"no collection gloss.*gloss doctor --repair"):
            store.search(query())
        store.clear()  # as a repair does
        store.upsert(POINTS)
        assert store.editions() == {1: 3, 2: 2}
        store.close()

    def test_writes_wait_until_they_are_durable(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url), 3)
        store.upsert([point(number, EAST, [number], edition=3) for number in range(600)])
        store.delete(3)
        store.close()
        writes = served.asked("PUT", "/points") + served.asked("POST", "/points/delete")
        assert [one.params for one in writes] == [{"wait": ["true"]}] * 4  # 256 + 256 + 88, delete

    def test_search_is_one_request(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url), 3)
        store.upsert(POINTS)
        served.received.clear()
        store.search(query(terms=[9]))
        store.close()
        assert [one.path for one in served.received] == ["/collections/gloss/points/query/batch"]

    def test_nothing_is_left_open(self) -> None:
        from qdrant_client.http.exceptions import ResponseHandlingException

        before = threading.active_count()
        with served_qdrant.serve() as served:
            store = ClientStore(QdrantSettings(url=served.url), 3)
            store.search(query())
            store.close()
            with pytest.raises(ResponseHandlingException, match="client has been closed"):
                store._client.collection_exists("gloss")
        assert threading.active_count() == before
        with pytest.raises(StoreUnusable, match="start the server"):
            ClientStore(QdrantSettings(url=served.url), 3)

    def test_a_collection_is_made_as_the_settings_say(self, served: ServedQdrant) -> None:
        cluster = QdrantSettings(
            url=served.url,
            shards=6,
            replicas=2,
            write_consistency=2,
            quantization="scalar",
            on_disk=True,
        )
        store = ClientStore(cluster, 3)
        (made,) = served.asked("PUT", "/collections/gloss")
        wanted = {
            "vectors": {"dense": {"size": 3, "distance": "Dot", "on_disk": True}},
            "sparse_vectors": {"words": {"index": {"on_disk": True}, "modifier": "idf"}},
            "shard_number": 6,
            "replication_factor": 2,
            "write_consistency_factor": 2,
            "quantization_config": {
                "scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}
            },
        }
        assert made.body == wanted
        store.clear()  # as a repair does
        assert [one.body for one in served.asked("PUT", "/collections/gloss")] == [wanted] * 2
        assert store.problems() == []
        store.close()

    def test_what_is_not_set_is_left_to_the_server(self, served: ServedQdrant) -> None:
        store = ClientStore(QdrantSettings(url=served.url), 3)
        store.upsert(POINTS)
        store.search(query(terms=[9]))
        (made,) = served.asked("PUT", "/collections/gloss")
        assert made.body == {
            "vectors": {"dense": {"size": 3, "distance": "Dot"}},
            "sparse_vectors": {"words": {"modifier": "idf"}},
        }
        (asked,) = served.asked("POST", "/query/batch")
        assert "params" not in str(asked.body)
        assert store.problems() == []
        store.close()

    @pytest.mark.parametrize("quantization", ["binary", "scalar"])
    def test_small_copies_are_scored_again_by_the_full_vectors(
        self, served: ServedQdrant, quantization: Any
    ) -> None:
        store = ClientStore(QdrantSettings(url=served.url, quantization=quantization), 3)
        store.upsert(POINTS)
        assert store.search(query(terms=[9]))
        store.close()
        (asked,) = served.asked("POST", "/query/batch")
        dense, words = asked.body["searches"]
        assert dense["params"] == {"quantization": {"rescore": True, "oversampling": 2.0}}
        assert (dense["using"], words["using"], words.get("params")) == ("dense", "words", None)

    def test_a_collection_made_otherwise_is_told_of(self, served: ServedQdrant) -> None:
        ClientStore(QdrantSettings(url=served.url, shards=2, quantization="binary"), 3).close()
        wanted = QdrantSettings(url=served.url, shards=3, replicas=2)
        store = ClientStore(wanted, 3)
        assert store.problems() == [
            f"vector store {served.url}: collection gloss was made otherwise than the settings "
            "say: GLOSS_QDRANT__SHARDS is 3, and there it is 2; GLOSS_QDRANT__REPLICAS is 2, and "
            "there it is 1; GLOSS_QDRANT__QUANTIZATION is none, and there it is binary; set them "
            "back, or `gloss doctor --repair` rebuilds it"
        ]
        store.clear()
        assert store.problems() == []
        store.close()

    def test_a_certificate_is_checked(self, tmp_path: Path) -> None:
        authority, other = (signed(tmp_path, name) for name in ("one", "other"))
        with served_qdrant.serve("sesame", authority.context) as served:
            trusting = QdrantSettings(url=served.url, api_key="sesame", ca=authority.certificate)
            store = ClientStore(trusting, 3)
            store.upsert(POINTS)
            assert store.editions() == {1: 3, 2: 2}
            store.close()
            assert {one.key for one in served.received} == {"sesame"}
            served.received.clear()
            for ca in (None, other.certificate):
                with pytest.raises(StoreUnusable, match="nobody vouches for; set GLOSS_QDRANT__"):
                    ClientStore(QdrantSettings(url=served.url, api_key="sesame", ca=ca), 3)
            assert served.received == []  # the key went to nobody
            ClientStore(QdrantSettings(url=served.url, api_key="sesame", verify=False), 3).close()
            assert served.received

    def test_a_certificate_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text("no certificate")
        with pytest.raises(StoreUnusable, match=r"ca.pem is no certificate in PEM; set GLOSS_"):
            ClientStore(QdrantSettings(url="https://127.0.0.1:1", ca=tmp_path / "ca.pem"), 3)

    @staticmethod
    def indexed(served: ServedQdrant) -> dict[str, str]:
        return {name: info.data_type.value for name, info in served.indexes["gloss"].items()}


def test_day_number() -> None:
    assert [day_number(date) for date in ("2024-07-03", "2017-06", "1999")] == [
        20240703,
        20170601,
        19990101,
    ]
    with pytest.raises(ValueError, match="month"):
        day_number("2024-13")
    assert [last_day_number(date) for date in ("2024-07-03", "2024-02", "1999")] == [
        20240703,
        20240229,
        19991231,
    ]


def told(names: Sequence[str]) -> dict[str, dict[str, str | int]]:
    return {name: {"passage_id": name, "edition": 1} for name in names}


def test_scores_are_added_and_a_half_that_is_full_says_at_most_its_last() -> None:
    dense, words = {"a": 0.9, "b": 0.5}, {"b": 4.0, "c": 2.0}
    asked = replace(query(limit=2), depth=2, words_weight=0.1)
    found = fused(dense, words, asked, told)
    assert [(one.passage_id, one.score, one.found_by) for one in found] == [
        ("a", pytest.approx(0.9 + 0.1 * 2.0), "dense"),  # at most as much as c, the last
        ("b", pytest.approx(0.5 + 0.1 * 4.0), "both"),
    ]


def test_a_half_with_room_left_nothing_out() -> None:
    asked = replace(query(limit=3), depth=2, words_weight=0.1)
    found = fused({"a": 0.9, "b": 0.5}, {"b": 4.0}, asked, told)
    assert [(one.passage_id, one.score) for one in found] == [("a", 0.9), ("b", pytest.approx(0.9))]


def test_ties_go_by_name() -> None:
    dense = {"c": 0.5000001, "b": 0.5, "a": 0.5}
    for limit in (1, 2, 3):
        found = fused(dense, {}, query(limit=limit), told)
        assert [one.passage_id for one in found] == ["a", "b", "c"][:limit]
    assert fused({}, {}, query(), told) == []


def test_what_is_gone_by_the_time_it_is_asked_about_is_left_out() -> None:
    found = fused({"a": 0.9, "b": 0.5}, {}, query(), lambda names: told(names[1:]))
    assert [one.passage_id for one in found] == ["b"]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1)),
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 30)),
    st.integers(1, 8),
)
def test_whatever_a_half_found_is_there_and_best_first(
    dense: dict[str, float], words: dict[str, float], limit: int
) -> None:
    asked = replace(query(limit=limit), depth=8)
    found = fused(dense, words, asked, told)
    assert len(found) == min(limit, len({*dense, *words}))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        assert (one.passage_id in dense, one.passage_id in words) == {
            "dense": (True, False),
            "words": (False, True),
            "both": (True, True),
        }[one.found_by]


class TestStoreFactories:
    """Stores of one library, by their names."""

    @pytest.fixture(params=["edge", "served"])
    def factory(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreFactory]:
        if request.param == "edge":
            yield EdgeStoreFactory(tmp_path)
        else:
            with served_qdrant.serve() as server:
                yield ClientStoreFactory(QdrantSettings(url=server.url), "gloss-test")

    def test_names_are_stores_of_their_own(self, factory: StoreFactory) -> None:
        one, other = factory.open("vectors", 3), factory.open("vectors-2", 3)
        one.upsert(POINTS)
        assert (one.editions(), other.editions()) == ({1: 3, 2: 2}, {})
        one.close()
        other.close()

    def test_what_was_dropped_may_be_made_with_another_dimension(
        self, factory: StoreFactory
    ) -> None:
        store = factory.open("vectors", 3)
        store.upsert(POINTS)
        store.close()
        with pytest.raises(StoreUnusable):
            factory.open("vectors", 4).editions()
        for _ in range(2):  # what is not there is no trouble
            factory.drop("vectors")
        store = factory.open("vectors", 4)
        assert store.editions() == {}
        store.close()


def test_a_store_that_was_to_be_deleted_goes_when_another_one_opens(tmp_path: Path) -> None:
    """For want of open files, as with `ulimit -n 16`, a deletion may not come to its end."""
    from index.store.edge import EdgeStore

    left = tmp_path / "vectors-2.discarded" / "segments"
    left.mkdir(parents=True)
    (left / "a").write_bytes(b"a")
    kept = tmp_path / "files"
    kept.mkdir()
    EdgeStore(tmp_path / "vectors-3", 4).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", "vectors-3"]
