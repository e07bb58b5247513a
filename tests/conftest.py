"""Fixtures that several tests share."""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from forked import Forks
from forks import IMPORTED
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from eval.remembering import RememberingStates
from index.config import Settings
from index.embed import Embedder, open_embedder
from index.embed.states import MiddleLayer, SentenceEncoder
from index.library import Library
from index.read import Reader, collect_rarely
from index.sources import find_sources

pytest_plugins = ["browsing"]  # of tests/app

DATA = Path(__file__).parent.parent / "data"

# Threads of NumPy and PyTorch that wait for each other cost more than they compute in tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test fails because the machine is busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


class FakeEmbedder:
    """A bag of words hashed into 64 numbers: texts with the same words are near, by hand."""

    name = "fake"
    dimension = 64
    fingerprint = "fake-1"

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or ["nothing"]:
                vectors[row, zlib.crc32(word.encode()) % self.dimension] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def embed_sentences(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self.embed_passages([text])[0]


@pytest.fixture
def fake_embedder() -> FakeEmbedder:
    return FakeEmbedder()


class ReaderHere:
    """Reads files in the test's own process: those that it wrote need no other."""

    def read(
        self,
        path: Path,
        paper_id: str | None = None,
        name: str | None = None,
        sha256: str | None = None,
    ) -> Any:
        from index.read import _read_file

        return _read_file(path, name or path.stem, paper_id, 100, 1_000_000, sha256)

    def close(self) -> None:
        pass


@pytest.fixture
def reader_here() -> ReaderHere:
    return ReaderHere()


@pytest.fixture(scope="session")
def started_reader() -> Iterator[Reader]:
    """A reader with the usual limits, whose one process is started once in a run."""
    with Reader(Settings(read={"workers": 1})) as reader:
        yield reader


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs programs in forks of a process that has imported what libraries of fakes need."""
    if sys.platform == "win32":
        pytest.skip("Windows has no fork")
    forks = Forks(
        *IMPORTED, "library_fakes", "index.fetch.polite", "index.fetch.query", "served_arxiv",
        "hypothesis.stateful", "pylatexenc.latex2text",
    )  # fmt: skip
    yield forks
    forks.close()


@pytest.fixture
def cache_with_model(tmp_path: Path) -> Path:
    """A cache of its own, with the models that were converted for earlier runs."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for one in Settings().cache.glob("[0-9a-f]" * 64):
        (cache / one.name).symlink_to(one)
    return cache


class Remembering:
    """An embedder that embeds the same texts once in a run."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, Any], NDArray[np.float32]] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._embedder, name)
        return partial(self._vectors, name, found) if name.startswith("embed_") else found

    def _vectors(self, name: str, embed: Callable[[Any], Any], texts: Any) -> NDArray[np.float32]:
        key = (name, texts if isinstance(texts, str) else tuple(texts))
        if key not in self._known:
            self._known[key] = embed(texts)
        return self._known[key].copy()


@pytest.fixture(scope="session")
def sentence_encoder() -> SentenceEncoder:
    """The real one."""
    return RememberingStates(MiddleLayer(Settings().cache))


@pytest.fixture(scope="session")
def sample_library(
    tmp_path_factory: pytest.TempPathFactory,
    sentence_encoder: SentenceEncoder,
    started_reader: Reader,
) -> Iterator[Library]:
    """The sample papers, read for real and embedded with the real model."""
    chosen = Settings(library=tmp_path_factory.mktemp("samples") / "library")
    embedder: Any = Remembering(open_embedder(chosen.model, chosen.cache))
    parts: Any = {"sentence_encoder": sentence_encoder, "reader": started_reader}
    with Library.open(chosen, embedder=embedder, **parts) as opened:
        papers = [str(path) for path in (*DATA.glob("*.pdf"), DATA / "choosing-passage-size.md")]
        for source in find_sources(papers).found:
            opened.add(source)
        yield opened


MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
ROOM = 4 * 2**30  # bytes; the files of one library keep up to 400 MB of room


def pytest_configure(config: pytest.Config) -> None:
    """Folders of tests lie in memory where it has room, unless TMPDIR names another place.

    Every commit waits for the disk (fsync), and that was most of the time of a run. The tests end
    processes at each step of a commit, which memory outlives as well as a disk does.
    """
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    if "TMPDIR" not in os.environ and there and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    # Tests ask this machine alone: a client need not read the certificates of all authorities.
    os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("authority.pem"))
    typer.main.get_command = cache(typer.main.get_command)  # built anew for each run of a command
    collect_rarely()  # as the processes that read do: a fifth of the time of tests that read


def pytest_collection_finish() -> None:
    """Whatever was imported stays to the end: no search for cycles looks at it again."""
    gc.collect()
    gc.freeze()


NO_CHROMIUM = "no Chromium on this machine"  # why browser tests are skipped


def _without_browser(config: pytest.Config) -> int:
    """How many tests were skipped for want of a browser."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter is not None else []
    return sum(NO_CHROMIUM in str(report.longrepr) for report in reports)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where GLOSS_BROWSER_TESTS is set, as CI does, a skipped browser test is a failure."""
    if os.environ.get("GLOSS_BROWSER_TESTS") and _without_browser(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of a run says what to install where the browser tests were skipped."""
    if skipped := _without_browser(config):
        sys.stderr.write(
            f"browser tests skipped: {skipped}. Install Debian's packages `chromium` and "
            "`fonts-dejavu-core`, or Chrome, and run again\n"
        )
