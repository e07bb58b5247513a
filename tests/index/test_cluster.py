"""A library that others read for is the same library, whatever becomes of the others."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import library_fakes as fakes
import pytest

from index.config import Settings
from index.errors import ClusterUnusable, ModelUnusable
from index.intake import Outcome, Wanted, add_all, cluster
from index.intake.cluster import Cluster, Done
from index.library import Stages, split_and_embed, splitter
from index.paper import Record
from index.sources import Source

ROOT = Path(__file__).parent.parent.parent
RAY = importlib.util.find_spec("ray") is not None


def catalogue(directory: Path) -> dict[str, list[Any]]:
    """All that a catalogue holds, but for when each paper came and the collection's random name."""
    connection = sqlite3.connect(directory / "catalog.sqlite")
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"  # which is in tables of its own
    )
    held = {}
    for (table,) in tables.fetchall():
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        wanted = ", ".join(f'"{column}"' for column in columns if column != "added")
        held[table] = sorted(connection.execute(f"SELECT {wanted} FROM {table}"), key=repr)
    connection.close()
    held["meta"] = [row for row in held["meta"] if row[0] != "collection"]
    held["checksums"] = [row[0] for row in held["checksums"]]  # they are of the times, too
    return held


# Without Ray: what is done with what comes back.


class NearCluster(Cluster):
    """Prepares in this process, last papers first, and through bytes as Ray would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cores: int = 1) -> None:
        monkeypatch.setattr(cluster, "find_spec", lambda name: object())
        super().__init__("near", Settings())
        self._cores = cores
        self.windows: list[int] = []
        self.meets: dict[str, Callable[[], None]] = {}  # what happens to a worker by its paper
        self.lost: set[str] = set()

    def _run(self, window: list[Any], job: Any) -> Any:
        self.windows.append(len(window))
        rows = cluster._rows(window)
        done = {row["number"]: self._work(row, job) for row in reversed(rows)}
        for number in sorted(done):
            result: Done = pickle.loads(done[number]["done"])
            if result.refusal:
                raise ClusterUnusable("near", result.refusal)
            if window[number].name not in self.lost:
                yield number, result

    def _work(self, row: dict[str, Any], job: Any) -> dict[str, Any]:
        self.meets.get(row["name"], lambda: None)()
        return cluster._work(row, job)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> NearCluster:
    reader = fakes.JsonReader()
    tools = cluster._WorkerTools(
        reader,
        splitter(Settings(), fakes.count_tokens),
        cluster.Encoders(fakes.LetterEmbedder(), fakes.LetterEncoder()),
    )
    monkeypatch.setattr(cluster, "_tools", lambda job: tools)
    return NearCluster(monkeypatch)


def story(folder: Path) -> list[Wanted]:
    """Papers that are new, older, newer, the same, of one name, recorded, and no papers."""
    files: list[tuple[str, dict[str, Any]]] = [
        ("a/bees.md", {"text": "bees buzz about", "date": "2024-07"}),
        ("b/bees.md", {"text": "another text of that name", "date": "2019"}),
        ("c/same.md", {"text": "bees buzz about", "date": "2024-07"}),
        ("2409.00001v2.pdf", {"id": "2409.00001", "version": 2, "text": "ants at home, again"}),
        ("2409.00001v1.pdf", {"id": "2409.00001", "version": 1, "text": "ants at home"}),
        ("2409.00001v3.pdf", {"id": "2409.00001", "version": 3, "text": "ants at home, at last"}),
        ("locked.pdf", {"status": "encrypted"}),
        ("odd.md", {"text": "a lone \ud800 surrogate"}),
        ("empty.md", {"text": "only titles", "role": "references"}),
        ("2409.00002v1.pdf", {"text": "wasps", "title": "misread"}),
    ]
    wanted = []
    for name, said in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said))
        record = None
        if name.startswith("2409.00002"):
            record = Record(
                "2409.00002", 1, "Wasps", ("A. Byron",), "", "2024-09-01", "", ("cs.CV",)
            )
        wanted.append(Wanted(name, Source(path, name), record))
    return [*wanted, Wanted("gone.md", Source(folder / "gone.md", "gone.md"))]


def told(outcomes: Iterator[Outcome]) -> list[tuple[str, str, str]]:
    return [(one.wanted.name, one.kind, one.reason) for one in outcomes]


def both(
    folder: Path, near: Cluster, wanted: list[Wanted]
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """What is said with a cluster and without; the libraries are ``far`` and ``here``."""
    said = []
    for name, helping in (("far", near), ("here", None)):
        with fakes.open_library(folder / name, store=(store := fakes.ListStore())) as library:
            said.append(told(add_all(library, wanted, 3, cluster=helping)))
            points = sorted(store.points, key=lambda point: point.id)
            # Under the names and dates that the papers have by now.
            assert {(one.passage_id, one.paper_id, one.date) for one in points} == {
                (passage.id, row.id, library.paper(row.id).date)
                for row in library.papers()
                if row.status == "ok"
                for passage in library.passages(row.id)
            }
            (folder / f"{name}.points").write_text(repr(points))
        assert not list((folder / name / "files" / "incoming").iterdir())
    return said[0], said[1]


@pytest.mark.parametrize("each", [1, 3, 32])
def test_the_same_library_with_a_cluster_and_without(
    near: NearCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    monkeypatch.setattr(cluster, "PAPERS_EACH", each)
    far, here = both(tmp_path, near, story(tmp_path / "in"))
    assert far == here
    assert [kind for _, kind, _ in here] == [
        *("taken", "taken", "skipped", "taken", "skipped", "taken"),
        *("failed", "failed", "failed", "taken", "failed"),
    ]
    assert catalogue(tmp_path / "far") == catalogue(tmp_path / "here")
    assert (tmp_path / "far.points").read_text() == (tmp_path / "here.points").read_text()
    assert set(near.windows[:-1]) <= {each}
    with fakes.open_library(tmp_path / "far", store=fakes.ListStore()) as library:
        ids = {row.id: row.status for row in library.papers()}
    assert ids == {
        "2409.00001": "ok",
        "2409.00002": "ok",
        "bees": "ok",
        "bees-2": "ok",
        "empty": "no-text",
        "locked": "encrypted",
        "odd": "broken",
    }


def test_papers_that_come_slowly_are_not_waited_for(
    near: NearCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", -1.0)
    both(tmp_path, near, story(tmp_path / "in"))
    assert set(near.windows) == {1}


def test_a_dead_worker_costs_what_it_had(near: NearCluster, tmp_path: Path) -> None:
    near.lost = {"first", "third", "fourth"}
    wanted = []
    for name in ("first", "second", "third", "fourth"):
        path = tmp_path / f"{name}.md"
        path.write_text(json.dumps({"text": f"the {name} paper"}))
        wanted.append(Wanted(name, Source(path, name)))
    lost = "broken: the workers that had it died, 2 of 2 times"
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as library:
        assert told(add_all(library, wanted, 2, cluster=near)) == [
            ("first", "failed", lost),
            ("second", "taken", ""),
            ("third", "failed", lost),
            ("fourth", "failed", lost),
        ]
        near.lost = set()  # once it is well, they go in, and their failures are forgotten
        kinds = [kind for _, kind, _ in told(add_all(library, wanted, 2, cluster=near))]
        assert kinds == ["taken", "skipped", "taken", "taken"]
        assert [row.status for row in library.papers()] == ["ok"] * 4


def test_a_bug_that_one_paper_meets_stops_no_other(near: NearCluster, tmp_path: Path) -> None:
    wanted = story(tmp_path / "in")[:2]
    reader = cluster._tools(None).reader  # type: ignore[arg-type]
    read = reader.read

    def slips(path: Path, **known: Any) -> Any:
        if b"buzz" in path.read_bytes():
            raise ValueError("a slip")
        return read(path, **known)

    reader.read = slips
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as library:
        assert told(add_all(library, wanted, 2, cluster=near)) == [
            ("a/bees.md", "failed", "ValueError: a slip"),
            ("b/bees.md", "taken", ""),
        ]
        assert not list((library.directory / "files" / "incoming").iterdir())


def test_a_node_that_cannot_work_ends_it(
    near: NearCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(job: Any) -> Any:
        raise ModelUnusable("all-MiniLM-L6-v2", "is not here")

    monkeypatch.setattr(cluster, "_tools", without)
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as library:
        with pytest.raises(ClusterUnusable, match=r"Ray at near: a worker on .*is not here"):
            list(add_all(library, story(tmp_path / "in"), 2, cluster=near))
        assert library.papers() == []
        assert not list((library.directory / "files" / "incoming").iterdir())


def test_stopping_leaves_no_file(near: NearCluster, tmp_path: Path) -> None:
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as library:
        running = add_all(library, story(tmp_path / "in"), 2, cluster=near)
        assert next(running).kind == "taken"
        running.close()  # type: ignore[attr-defined]
        assert [row.id for row in library.papers()] == ["bees"]
        assert not list((library.directory / "files" / "incoming").iterdir())


def test_a_node_with_other_versions_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    job = cluster._job(Settings(qdrant={"api_key": "sesame"}), fakes.LetterEmbedder())
    assert "sesame" not in repr(job)
    assert job.settings.model == "letters"  # the library's, whatever the settings name
    assert pickle.loads(pickle.dumps(job)) == job
    monkeypatch.setattr(cluster, "_versions", lambda: (("gloss", "0.0.1"), *job.versions[1:]))
    with pytest.raises(cluster._Unfit, match=r"it has gloss 0.0.1 \(not "):
        cluster._tools(job)


def test_what_is_prepared_depends_on_the_reading_alone(tmp_path: Path) -> None:
    path = tmp_path / "bees.md"
    path.write_text(json.dumps({"text": "bees buzz about"}))
    reading = fakes.JsonReader().read(path)
    encoders = cluster.Encoders(fakes.LetterEmbedder(), fakes.LetterEncoder())
    stages = Stages()
    done = split_and_embed(reading, splitter(Settings(), fakes.count_tokens), encoders, stages)
    assert [one.id for one in done.passages] == ["bees#method.1"]
    assert done.vectors is not None
    assert done.vectors.shape == (1, 26)
    assert list(stages.seconds) == ["split", "embed"]


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "the address is empty"), ("ray://head:10001", "Ray's client cannot carry data sets")],
)
def test_addresses_that_cannot_be(monkeypatch: pytest.MonkeyPatch, address: str, said: str) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: object())
    with pytest.raises(ClusterUnusable, match=said):
        Cluster(address, Settings())


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(ClusterUnusable) as refused:
        Cluster("local", Settings())
    assert str(refused.value) == (
        "Ray at local: is not installed here; run `pip install 'ray[data]>=2.60,<2.64'`"
    )


def test_the_command_line_says_so_before_it_makes_anything(tmp_path: Path) -> None:
    program = "from index.intake import cluster; cluster.find_spec = lambda name: None\n"
    ran = gloss(
        *("add", "--ray", "local", "--library", tmp_path / "lib"),
        ROOT / "data" / "choosing-passage-size.md",
        program=f"{program}from app.cli import main; main()",
    )
    said = "gloss: Ray at local: is not installed here; run `pip install "
    said += "'ray[data]>=2.60,<2.64'`\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", said)
    assert not (tmp_path / "lib").exists()


def test_what_it_says_to_install_is_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["optional-dependencies"]["ray"] == [cluster._REQUIREMENT]


# With Ray: `pip install '.[ray]'` and `pytest -m slow`.

needs_ray = pytest.mark.skipif(not RAY, reason="the extra ray is not installed")

# A worker that dies whenever it gets one of these; the others do what they always do.
POISON = """
import os, sys

def work(row, job):
    if row["name"] == "every-sentence-needs-a-source":
        os.kill(os.getpid(), 9)
    from index.intake.cluster import _work
    return _work(row, job)

from app.cli import main
from index.intake import cluster
cluster._work = work
main()
"""


def vectors(directory: Path) -> dict[str, str]:
    """All points of a library's embedded store, to the last bit."""
    import qdrant_edge as edge

    shard = edge.EdgeShard.load(str(directory / "vectors"))
    request = edge.ScrollRequest(limit=10_000, with_vector=True, with_payload=True)
    points, _ = shard.scroll(request)
    shard.close()
    assert points
    return {
        str(one.id): repr((one.payload, one.vector["dense"], one.vector["words"].indices))
        for one in points
    }


def gloss(*arguments: object, program: str = "from app.cli import main; main()") -> Any:
    ran = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=900,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return ran


@pytest.mark.slow
@needs_ray
def test_a_local_ray_with_two_workers_makes_the_same_library(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    samples = [*(ROOT / "data").glob("*.pdf"), ROOT / "data" / "choosing-passage-size.md"]
    for path in samples:
        shutil.copy(path, folder)
    shutil.copy(samples[0], folder / "twice.pdf")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "note.md").write_text("Too short to be a paper.")
    papers = ROOT.parent / "shared" / "papers" / "open"
    for path in sorted(papers.glob("*.pdf"))[:4]:
        shutil.copy(path, folder)
    far, here = (
        gloss("add", *options, "--json", "--library", tmp_path / name, folder)
        for name, options in (("far", ("--ray", "local:2")), ("here", ()))
    )
    assert (far.returncode, far.stderr) == (here.returncode, here.stderr) == (3, "")

    def rows(ran: Any) -> Any:
        return [{**row, "seconds": list(row["seconds"])} for row in json.loads(ran.stdout)["added"]]

    assert rows(far) == rows(here)
    assert catalogue(tmp_path / "far") == catalogue(tmp_path / "here")
    kept = [
        sorted(path.name for path in (tmp_path / x / "files").iterdir()) for x in ("far", "here")
    ]
    assert kept[0] == kept[1]
    assert vectors(tmp_path / "far") == vectors(tmp_path / "here")


@pytest.mark.slow
@needs_ray
def test_a_paper_that_kills_its_worker_on_a_real_ray(tmp_path: Path) -> None:
    ran = gloss(
        *("add", "--ray", "local:2", "--json", "--library", tmp_path / "lib"),
        *sorted((ROOT / "data").glob("*.pdf")),
        ROOT / "data" / "choosing-passage-size.md",
        program=POISON,
    )
    assert ran.returncode == 3
    said = {row["id"]: (row["status"], row["reason"]) for row in json.loads(ran.stdout)["added"]}
    assert said == {
        "choosing-passage-size": ("ok", ""),
        "cited-digests": ("ok", ""),
        "every-sentence-needs-a-source": (
            "broken",
            "the workers that had it died, 2 of 2 times",
        ),
    }


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1", "head:port"])
def test_nobody_at_an_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: object())
    with pytest.raises(ClusterUnusable, match=rf"Ray at {address}: cannot be reached \(.*HOST:P"):
        Cluster(address, Settings())._knock()
