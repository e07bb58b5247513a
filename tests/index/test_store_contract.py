"""One contract, and every store has to keep it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from index.errors import StoreUnusable
from index.paper import Role, SearchFilter, SparseVector
from index.store import Candidate, Point, Store, VectorQuery, day_number, ranked
from index.store.client import ClientStore
from index.store.edge import EdgeStore

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
        pytest.param(
            "server",
            marks=pytest.mark.skipif(not SERVER, reason="GLOSS_TEST_QDRANT_URL names no server"),
        ),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: dict[str, Callable[[], Store]] = {
        "edge": lambda: EdgeStore(tmp_path / "vectors", 3),
        "memory": lambda: ClientStore(":memory:", "", 3),
        "server": lambda: ClientStore(SERVER, "", 3, collection=f"gloss-test-{uuid4().hex}"),
    }
    store = opened[request.param]()
    yield store
    if isinstance(store, ClientStore) and request.param == "server":
        store._client.delete_collection(store._collection)
    store.close()


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
        assert hits[0].score == pytest.approx(1 / 10)  # 1 / (k + rank), the first rank being 0
        assert hits[1].score == pytest.approx(1 / 11)

    def test_found_by_words_alone(self, store: Store) -> None:
        """A half that gives one hit cannot reach the point that only the words find."""
        store.upsert(POINTS)
        hits = store.search(replace(query(EAST, [13], limit=1), depth=1))
        assert [hit.found_by for hit in hits] == ["dense"]
        hits = store.search(replace(query(EAST, [13], limit=2), depth=2))
        found = {hit.passage_id: hit.found_by for hit in hits}
        assert found == {POINTS[0].passage_id: "dense", POINTS[4].passage_id: "words"}

    def test_found_by_both_wins(self, store: Store) -> None:
        store.upsert(POINTS)
        best, *rest = store.search(query(EAST, [7]))
        assert (best.passage_id, best.found_by) == (POINTS[0].passage_id, "both")
        assert best.score == pytest.approx(2 / 10)
        assert {hit.found_by for hit in rest} == {"dense"}

    def test_rare_words_weigh_more(self, store: Store) -> None:
        """9 is in two points, 5 in one: its inverse document frequency is higher."""
        store.upsert(POINTS)
        found = store.search(replace(query(UP, [5, 9], limit=5), depth=5))
        words = [hit for hit in found if hit.found_by == "both"]
        assert words[0].passage_id == POINTS[2].passage_id

    def test_fusion_k_counts(self, store: Store) -> None:
        store.upsert(POINTS)
        assert store.search(replace(query(), fusion_k=60))[0].score == pytest.approx(1 / 60)

    def test_limit(self, store: Store) -> None:
        store.upsert(POINTS)
        assert [len(store.search(query(terms=[9], limit=n))) for n in (0, 1, 3, 50)] == [0, 1, 3, 5]

    def test_limit_beyond_depth(self, store: Store) -> None:
        store.upsert(POINTS)
        assert len(store.search(replace(query(limit=4), depth=1))) == 4

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (SearchFilter(paper_id="2407.03300v1"), {3, 4}),
            (SearchFilter(role="results"), {2}),
            (SearchFilter(since="2024-07-01"), {3}),  # a month counts as its first day
            (SearchFilter(since="2024-07-02"), set()),
            (SearchFilter(since="2017-06"), {0, 1, 2, 3}),  # undated points do not pass
            (SearchFilter(paper_id="1706.03762", role="method"), {0, 1}),
            (SearchFilter(paper_id="1706.03762", since="2020"), set()),
            (SearchFilter(paper_id="no such paper"), set()),
        ],
    )
    def test_filters(self, store: Store, wanted: SearchFilter, numbers: set[int]) -> None:
        store.upsert(POINTS)
        found = ids(store, replace(query(terms=[7, 9, 11]), filter=wanted))
        assert set(found) == {POINTS[number].passage_id for number in numbers}

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
        with pytest.raises(StoreUnusable):
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

    def test_upserted_means_kept_after_a_kill(self, tmp_path: Path) -> None:
        """The process is gone without a word to the store; its points are not."""
        program = (
            "import os, signal, sys\n"
            "from pathlib import Path\n"
            "from index.paper import SparseVector\n"
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
        ended = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "vectors")],
            cwd=Path(__file__).parents[2],
            timeout=60,
            check=False,
        )
        assert ended.returncode == -9
        store = EdgeStore(tmp_path / "vectors", 3)
        assert store.editions() == {1: 300, 3: 300, 4: 300}
        assert len(store.search(query(terms=[4], limit=1000))) == 900
        store.close()


class TestClient:
    def test_nobody_listens(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(StoreUnusable, match="unset GLOSS_QDRANT_URL"):
            ClientStore(f"http://127.0.0.1:{port}", "", 3)
        assert time.monotonic() - began < 3

    @pytest.mark.parametrize(
        "url", ["http://[bad", "ftp://127.0.0.1:1", "http://127.0.0.1:99999999"]
    )
    def test_no_address(self, url: str) -> None:
        with pytest.raises(StoreUnusable):
            ClientStore(url, "a key", 3)


def test_day_number() -> None:
    assert [day_number(date) for date in ("2024-07-03", "2017-06", "1999")] == [
        20240703,
        20170601,
        19990101,
    ]
    with pytest.raises(ValueError, match="month"):
        day_number("2024-13")


def test_ties_go_by_the_better_dense_rank() -> None:
    fused = [Candidate(name, name, 1, 0.1) for name in "abcd"]
    hits = ranked(fused, ["c", "a"], ["a", "d", "b"], 4)
    assert [(hit.passage_id, hit.found_by) for hit in hits] == [
        ("c", "dense"),
        ("a", "both"),
        ("d", "words"),
        ("b", "words"),
    ]
