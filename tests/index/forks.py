"""Runs of gloss in forks of a process that opens nothing itself, and a look at what they leave.

The command line, the catalogue, the files and Qdrant Edge are the real ones; papers are of a line,
and the model counts letters (``library_fakes``). To start Python costs more than all that a run
does, and threads of an engine do not outlive a fork: so one process imports everything, and each
run is a fork.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PASSAGE = "We show that {} dance. They rest at home."
IMPORTED = (  # by the operations
    "app.cli", "app.documents.digests", "app.documents.pages", "app.publish.daily",
    "app.publish.site", "app.wording.writers", "app.write", "arxiv", "filelock", "httpx",
    "index.embed", "index.fetch", "index.intake", "index.library", "index.read.front.identity",
    "index.read.floats.captions", "index.store.edge", "qdrant_edge", "rich.progress",
    "rich.table", "scipy.optimize", "scipy.sparse",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """What a library has to have: texts by paper, and the papers with a digest."""

    texts: Mapping[str, str] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()

    def with_papers(self, **texts: str) -> State:
        return State({**self.texts, **{name.strip("_"): text for name, text in texts.items()}},
                     self.digests)  # fmt: skip

    def without(self, paper: str) -> State:
        texts = {name: text for name, text in self.texts.items() if name != paper}
        return State(texts, self.digests - {paper})


@dataclass(frozen=True)
class Operation:
    """A command, and what it makes of a library."""

    name: str
    command: tuple[str, ...]
    change: Callable[[State], State]


BEES, MOTHS = "2407.03300", "2409.00001"
FIRST, SECOND = PASSAGE.format("bees"), PASSAGE.format("old bees")


def _digested(*papers: str) -> Callable[[State], State]:
    return lambda state: State(state.texts, state.digests | set(papers))


def _second(state: State) -> State:
    return State({**state.texts, BEES: SECOND}, state.digests - {BEES})


def _daily(state: State) -> State:
    return State(
        {**state.texts, MOTHS: PASSAGE.format("moths")},
        state.digests | {MOTHS},
    )


OPERATIONS = (
    Operation(
        "first add",
        ("add", "{in}/2407.03300v1.pdf"),
        lambda state: _digested(BEES)(State({BEES: FIRST})),
    ),
    Operation(
        "add two",
        ("add", "{in}/ants.pdf", "{in}/wasps.pdf"),
        lambda state: _digested("ants", "wasps")(
            state.with_papers(ants=PASSAGE.format("ants"), wasps=PASSAGE.format("wasps"))
        ),
    ),
    Operation("digest", ("digest", BEES, "--again"), _digested(BEES)),
    Operation("digest another", ("digest", "ants", "--again"), _digested("ants")),
    Operation("new version", ("add", "{in}/2407.03300v2.pdf"), _second),
    Operation("remove", ("remove", "ants"), lambda state: state.without("ants")),
    Operation("repair", ("doctor", "--repair"), lambda state: state),
    Operation(
        "page", ("page", "--category", "all", "--out", "{out}"), _digested(BEES, "wasps")
    ),
    Operation("daily", ("daily", "--config", "{in}/daily.toml"), _daily),
)  # fmt: skip


def make_papers(folder: Path, fakes: Any) -> None:
    """The files that the operations add."""
    for name, version, text in (
        ("2407.03300v1", 1, FIRST),
        ("2407.03300v2", 2, SECOND),
        ("ants", None, PASSAGE.format("ants")),
        ("wasps", None, PASSAGE.format("wasps")),
    ):
        said = {"id": BEES, "version": version} if version else {"id": name}
        file = fakes.printed(text=text, title=f"On {name.partition('v')[0]}", **said)
        (folder / f"{name}.pdf").write_bytes(file)
    (folder / "daily.toml").write_text('out = "../out"\ncategories = ["cs.CV"]\n')


def use_fakes(fakes: Any) -> None:
    """Let the command line open libraries with parts of ``library_fakes``."""
    import index.embed
    from index.library import Library

    opened = Library.open.__func__  # type: ignore[attr-defined]
    parts = {
        "embedder": fakes.LetterEmbedder(),
        "sentence_encoder": fakes.PlainStates(),
        "reader": fakes.JsonReader(),
        "sparse_encoder": fakes.LetterEncoder(),
        "count_tokens": fakes.count_tokens,
    }
    Library.open = classmethod(partial(_open, opened, parts))  # type: ignore[assignment]
    known = index.embed.ModelCheck("letters-1", "", ())
    index.embed.check_model = lambda *_: known


def _open(opened: Any, parts: dict[str, Any], cls: Any, settings: Any, **given: Any) -> Any:
    return opened(cls, settings, **{**parts, **given})


def run(command: Sequence[str], folder: Path) -> int:
    """Run a command of gloss on the library of a folder, in this process; its exit code."""
    from app.cli import main

    places = {"{in}": str(folder.parent / "in"), "{out}": str(folder / "out")}
    given = []
    for part in command:
        for name, place in places.items():
            part = part.replace(name, place)
        given.append(part)
    sys.argv = ["gloss", "--library", str(folder / "lib"), *given]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def problems(
    folder: Path, before: State, after: State, said: str, went_through: bool, deep: bool = True
) -> list[str]:
    """What is wrong with a library after a kill, between the two states it may have.

    ``deep`` compares all bytes with their checksums, and writes a digest of each paper.
    """
    from app.write import write_digests
    from index.errors import GlossError
    from index.library import Library

    found: list[str] = []
    settings = settings_of(folder)
    if not (folder / "lib" / "catalog.sqlite").exists() and not before.texts:
        return [] if not said else [f"acknowledged, and no library: {said}"]
    try:
        with Library.open(settings) as library:
            health = library.health(deep)
            found += health.problems
            texts = {row.id: library.paper(row.id).text for row in library.papers()}
            for name in {*before.texts, *after.texts, *texts}:
                allowed = {before.texts.get(name), after.texts.get(name)}
                if went_through or f"{name}  ok" in said or f"{name}  removed" in said:
                    allowed = {after.texts.get(name)}
                if texts.get(name) not in allowed:
                    found.append(f"{name}: {texts.get(name)} and not {allowed}")
            for name, text in texts.items():
                hits = library.search(text, k=20)
                mine = [hit.passage.text for hit in hits if hit.passage.paper_id == name]
                if mine != [text]:
                    found.append(f"{name}: found as {mine}")
            if len(hits := library.search("dance", k=20) if texts else []) != len(texts):
                found.append(f"{len(hits)} passages of {len(texts)} papers are found")
            digested = set(library.digested(20))
            promised = after.digests if went_through else before.digests & after.digests
            found += [f"{name}: its digest is gone" for name in promised - digested]
            claimed = {hit.claim.paper_id for hit in library.search_claims("dance", 50)} if (
                digested
            ) else set()  # fmt: skip
            found += [f"{name}: its digest is not found" for name in digested - claimed]
            states = library._catalog.rows("SELECT DISTINCT state FROM editions")
            found += [
                f"an edition is {row['state']}" for row in states if row["state"] != "current"
            ]
            for written in write_digests(library, [(name, "en") for name in texts if deep]):
                if written.error is not None or not written.digest or not written.digest.claims:
                    found.append(f"{written.paper_id}: no digest ({written.error})")
    except GlossError as error:
        return [*found, f"{type(error).__name__}: {error}"]
    return found + left_behind(folder, unfinished=bool(health.rebuilding) or not deep)


def left_behind(folder: Path, unfinished: bool) -> list[str]:
    """What is in a closed library's folder that nothing refers to, or is not there and should be.

    What is ``unfinished`` waits for whoever opens it next: a rebuild that was cut short beside the
    vectors that count, a folder that was being made.
    """
    import sqlite3

    library = folder / "lib"
    connection = sqlite3.connect(library / "catalog.sqlite")
    files = {row[0] for row in connection.execute("SELECT file FROM editions WHERE file != ''")}
    connection.close()
    names = {"catalog.sqlite", "files", "vectors", "claims", "lock"}
    stores = [path.name for path in library.iterdir() if path.name.startswith("vectors")]
    half = {path.name for path in library.iterdir() if path.suffix in (".making", ".discarded")}
    left = [
        path.name
        for path in library.iterdir()
        if path.name not in names | half
        and not path.name.startswith(("vectors-", "claims-", "catalog"))
    ]
    if not unfinished:
        left += sorted(half) + (stores if len(stores) > 1 else [])
    # A half-written page (".part") is swept by a run that comes an hour later: until then it may be
    # another's, who is still writing.
    for path in folder.rglob("out/**/*"):
        if path.suffix not in (".md", ".html", ".xml", ".json", ".part") and path.is_file():
            left.append(path.name)
    left += [path.name for path in (library / "files").iterdir() if path.name not in files]
    left = [name for name in left if name != "incoming"]
    left += [name for name in files if not (library / "files" / name).is_file()]
    return [f"left behind, or gone: {name}" for name in left]


def settings_of(folder: Path) -> Any:
    from index.config import Settings

    return Settings(library=folder / "lib")


@dataclass(frozen=True)
class Ended:
    """How a fork ended: its exit status (negative for a signal) and what it wrote."""

    status: int
    said: str
    complained: str


def forked(work: Callable[[], int], folder: Path, kill_after: float | None = None) -> Ended:
    """Run in a fork of this process, killed after so many seconds if it has not ended."""
    outputs = [folder / "stdout", folder / "stderr"]
    child = os.fork()
    if child == 0:
        status = 70
        try:
            for number, path in enumerate(outputs, start=1):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            status = work()
        except BaseException as error:
            import traceback

            sys.stderr.write("".join(traceback.format_exception(error)))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    # So long that only what hangs is ended, on a machine with twenty other things to do, too.
    until = time.monotonic() + (600 if kill_after is None else kill_after)
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        left = until - time.monotonic()
        if left <= 0:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(min(0.01, left))
    _, ended = os.waitpid(child, 0)
    said, complained = (path.read_text() if path.exists() else "" for path in outputs)
    return Ended(os.waitstatus_to_exitcode(ended), said, complained)


def copied(source: Path, target: Path) -> None:
    """A copy with holes: hundreds of megabytes of them are in each library."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@contextmanager
def arxiv_in_a_fork() -> Iterator[None]:
    """An arXiv on this machine with one paper, and the settings that ask it, in the environment."""
    import library_fakes as fakes
    import served_arxiv as served

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        paper = served.ServedPaper(
            id=MOTHS,
            title="On moths",
            authors="A. Byron",
            names=("A. Byron",),
            abstract="On moths.",
            categories=("cs.CV",),
            versions=(served.Version("2024-09-20T10:00:00Z"),),
        )
        with served.served_arxiv() as arxiv:
            arxiv.papers = (paper,)
            arxiv.files = {f"{MOTHS}v1": fakes.printed(text=PASSAGE.format("moths"))}
            os.write(writing, arxiv.url.encode())
            signal.pause()
        os._exit(0)
    url = os.read(reading, 200).decode()
    for name, path in (("API", "/api/query"), ("RSS", "/rss"), ("OAI", "/oai"), ("PDF", "/pdf")):
        os.environ[f"GLOSS_ARXIV__{name}"] = url + path
    os.environ["GLOSS_ARXIV__SECONDS"] = "0.001"
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def warm_up(folder: Path, fakes: Any) -> None:
    """Load what is loaded once in a process, with stores that are lists: no engine is opened."""
    from app.write import write_digests

    stores = {"store": fakes.ListStore(), "claims": fakes.ListStore()}
    with fakes.open_library(folder, **stores) as library:
        file = folder.parent / "warm.pdf"
        file.write_bytes(fakes.printed(text=FIRST, title="On bees"))
        library.add(fakes.Source(file, file.name))
        list(write_digests(library, [("warm", "en")]))
        library.search_claims("dance")
        library.health(deep=True)


@contextmanager
def prepared(root: str) -> Iterator[Path]:
    """A folder with ``in/``, the papers to add, and an arXiv; everything imported and faked."""
    sys.path.insert(0, str(HERE.parents[1]))
    folder = Path(root)
    os.environ["GLOSS_CACHE"] = str(folder / "cache")
    import library_fakes as fakes

    use_fakes(fakes)
    for name in IMPORTED:
        importlib.import_module(name)
    (folder / "in").mkdir(parents=True)
    make_papers(folder / "in", fakes)
    warm_up(folder / "warm", fakes)
    with arxiv_in_a_fork():
        yield folder
