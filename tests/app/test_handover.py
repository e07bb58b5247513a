"""One library, many hands: commands beside a server that has the library, and beside each other."""

from __future__ import annotations

import datetime
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import library_fakes as fakes
import pytest
import served_arxiv as arxiv_double

from app.cli import options
from app.cli.serve import _schedule
from app.cli.work import Work
from app.serve.schedule import Schedule
from index.config import Settings
from index.errors import GlossError
from index.library import Library
from index.library.lock import SERVER

if TYPE_CHECKING:
    from forked import Forks, Program
    from served_arxiv import ServedArxiv

INDEX_TESTS = Path(__file__).parent.parent / "index"
PATIENCE = 60.0  # seconds until a test gives up


# ``gloss serve`` with fake parts. Whoever embeds "wait" waits while there is a file called "hold",
# and makes one called "waits".
PROGRAM = """
import pathlib, sys, time
sys.path.insert(1, sys.argv[1])
import library_fakes as fakes
from index.library import Library
import app.cli
home = pathlib.Path(sys.argv[2])

class Embedder(fakes.LetterEmbedder):
    def embed_passages(self, texts):
        while any("wait" in text for text in texts) and (home / "hold").exists():
            (home / "waits").touch()
            time.sleep(0.02)
        return super().embed_passages(texts)

real = Library.open
def opened(settings, *, create=True, beside=False):
    return real(
        settings, create=create, beside=beside, embedder=Embedder(), reader=fakes.JsonReader(),
        sentence_encoder=fakes.PlainStates(),
        sparse_encoder=fakes.LetterEncoder(), count_tokens=fakes.count_tokens,
    )
Library.open = opened
sys.argv = ["gloss", "--library", str(home / "library"), "serve", "--port", sys.argv[3]]
app.cli.main()
"""


@dataclass
class Server:
    """A running ``gloss serve``."""

    home: Path
    process: Program
    address: str

    @property
    def library(self) -> Path:
        return self.home / "library"

    @property
    def note(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.library / SERVER).read_text())
        return said


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(gradio_forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("served")
    given = (INDEX_TESTS, home, free_port())
    environment = dict(os.environ, GLOSS_CACHE=str(home / "cache"))
    with gradio_forks.start(PROGRAM, *given, env=environment, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line.startswith("gloss: http"), line
            yield Server(home, process, line.split()[1])
        finally:
            process.kill()


@dataclass
class Shell:
    """Runs ``gloss`` in this process; what needs no server has the fakes' parts."""

    run: Callable[..., SimpleNamespace]
    opened: list[bool] = field(default_factory=list)  # libraries of this process: beside another's?


@pytest.fixture
def shell(
    run_gloss: Callable[..., SimpleNamespace], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Shell:
    shell, real = Shell(run_gloss), Library.open

    def opened(settings: Any, *, create: bool = True, beside: bool = False) -> Library:
        library = real(
            settings,
            create=create,
            beside=beside,
            embedder=fakes.LetterEmbedder(),
            sentence_encoder=fakes.PlainStates(),
            reader=fakes.JsonReader(),
            sparse_encoder=fakes.LetterEncoder(),
            count_tokens=fakes.count_tokens,
        )
        shell.opened.append(library._access.beside)
        return library

    monkeypatch.setattr(Library, "open", opened)
    monkeypatch.setenv("GLOSS_CACHE", str(tmp_path / "cache"))
    return shell


@pytest.fixture
def arxiv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ServedArxiv]:
    with arxiv_double.served_arxiv() as opened:
        settings = opened.settings(tmp_path / "cache")
        for name in settings.arxiv.model_fields_set:
            monkeypatch.setenv(f"GLOSS_ARXIV__{name.upper()}", str(getattr(settings.arxiv, name)))
        opened.papers = (
            arxiv_double.ServedPaper(
                id="2409.00001",
                title="Bees at Work",
                authors="A. Byron",
                names=("A. Byron",),
                abstract="On bees.",
                categories=("cs.CV",),
                versions=(arxiv_double.Version("2024-09-20T10:00:00Z"),),
            ),
        )
        opened.files = {"2409.00001v1": fakes.printed(text="We show that bees work. They fly.")}
        yield opened


def paper(folder: Path, name: str, text: str = "") -> str:
    (folder / f"{name}.pdf").write_text(json.dumps({"text": text or f"We show that {name} dance."}))
    return f"{name}.pdf"


def test_a_command_says_the_same_whoever_has_the_library(
    server: Server,
    shell: Shell,
    arxiv: ServedArxiv,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = 'out = "{}"\ncategories = ["cs.CV"]\n'
    for name in ("bees", "ants"):
        (tmp_path / "more").mkdir(exist_ok=True)
        paper(tmp_path / "more", name)
    paper(tmp_path, "wasps")
    monkeypatch.chdir(tmp_path)  # which is not where the server runs
    commands = [
        "add wasps.pdf more missing.pdf",
        "add wasps.pdf --json",
        "add missing.pdf",
        "papers",
        "show bees",
        "search bees",
        "search --json bees -k 2",
        "search zebras --paper nothing",
        "digest bees",
        "digest bees --format html --out OUT/bees.html",
        "digest bees --locked --json",
        "digest nothing",
        "digest --all",
        "search --in digests ants",
        "fetch --category cs.CV --limit 1",
        "daily --config OUT.toml",
        "daily --config OUT.toml --json",
        "page --category all --out OUT/pages",
        "remove nothing",
        "remove bees wasps",
        "papers --json",
        "remove ants 2409.00001",
    ]
    said: dict[str, list[tuple[str, str, int]]] = {}
    for name, library in (("site-a", server.library), ("site-b", tmp_path / "library")):
        (tmp_path / f"{name}.toml").write_text(config.format(name))
        (tmp_path / name).mkdir()
        shell.opened.clear()
        ran = [
            shell.run("--library", str(library), *command.replace("OUT", name).split())
            for command in commands
        ]
        said[name] = [
            (_masked(one.out, tmp_path, name), _masked(one.err, tmp_path, name), one.code)
            for one in ran
        ]
        if name == "site-a":  # of which this process opened what reads the catalogue
            assert shell.opened == [True] * 3
        assert (tmp_path / name / "bees.html").read_text().startswith("<!doctype html>")
        assert len(list((tmp_path / name / "pages").glob("*.html"))) == 2
    for command, beside, alone in zip(commands, said["site-a"], said["site-b"], strict=True):
        if "--in digests" in command:
            # A store counts sentences that were replaced among those that have a word, until it
            # cleans up; a server that starts may write a digest that a command is writing, too.
            beside, alone = (
                (re.sub(r"\d\.\d{3}", "SCORE", out), *others) for out, *others in (beside, alone)
            )
        assert beside == alone, command
    assert [one[2] for one in said["site-b"]].count(0) == 17


def _masked(text: str, folder: Path, name: str) -> str:
    """Without what differs from one run to the next: seconds, folders, feeds' times."""
    text = text.replace(str(folder) + "/", "").replace(name, "NAME")
    return re.sub(r'"(read|split|embed|store)": [0-9.]+', r'"\1": 0', text)


def test_reading_asks_no_server(
    server: Server, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.run("--library", str(server.library), "add", str(tmp_path / paper(tmp_path, "moths")))
    monkeypatch.setattr(options, "find_server", lambda _: None)
    gloss = lambda *given: shell.run("--library", str(server.library), *given)  # noqa: E731
    assert gloss("papers").out == "moths\tok\t1\tWe show that\n"
    assert gloss("show", "moths").out.startswith("We show that\n")
    assert gloss("search", "moths").out.startswith(" 1  We show that")
    refused = gloss("remove", "moths", "--no-wait")
    assert (refused.code, refused.out) == (2, "")
    assert re.search(r"in use by gloss serve \(process \d+ since ", refused.err)
    assert gloss("diff", "moths").err.startswith("gloss: moths:")
    assert shell.opened == [True] * 4
    monkeypatch.undo()
    assert server.process.poll() is None


def asked(server: Server, body: bytes, **headers: str) -> int:
    """The status with which a request for work is answered."""
    with closing(HTTPConnection("127.0.0.1", server.note["port"], timeout=PATIENCE)) as connection:
        with suppress(BrokenPipeError):  # it was refused before it was sent whole
            connection.request("POST", "/work", body, headers)
        with closing(connection.getresponse()) as answer:
            answer.read()
            return answer.status


def order(*arguments: str, command: str = "") -> bytes:
    return Work.given(arguments, command or arguments[0]).model_dump_json().encode()


def test_work_is_for_those_who_know_the_token(
    server: Server, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = server.library / SERVER
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    token, body = f"Bearer {server.note['token']}", order("remove", "x")
    assert asked(server, body, Authorization=token) == 200
    refused = [
        asked(server, body),
        asked(server, body, Authorization="Bearer "),
        asked(server, body, Authorization="Bearer é"),
        asked(server, body, Authorization=token[:-1]),
        asked(server, body, Authorization=token, Origin=server.address.rstrip("/")),
    ]
    assert refused == [403] * 5
    for wrong in (b"", b"{}", order("serve"), order("x", command="doctor"), b'{"arguments": 1}'):
        assert asked(server, wrong, Authorization=token) == 422
    assert asked(server, b"x" * 4_100_000, Authorization=token) == 413
    # What other machines reach has no such address.
    with closing(HTTPConnection(server.address.split("/")[2], timeout=PATIENCE)) as public:
        public.request("POST", "/work", body, {"Authorization": token})
        with closing(public.getresponse()) as answer:
            assert answer.status in (404, 405)
    with socket.socket() as other, pytest.raises(OSError):  # nor do they reach the one that has
        other.connect(("127.0.0.2", server.note["port"]))  # another one of this machine
    kept = note.read_text()
    try:
        note.write_text(json.dumps({**server.note, "token": "another"}))
        ran = shell.run("--library", str(server.library), "remove", "moths")
        assert (ran.code, ran.out) == (2, "")
        assert "does not take work: the token is another one; stop it and start it" in ran.err
        note.write_text(json.dumps({**server.note, "port": free_port()}))
        ran = shell.run("--library", str(server.library), "remove", "moths")
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "does not answer" in ran.err
    finally:
        note.write_text(kept)


def test_a_model_that_is_not_the_librarys_is_refused(
    server: Server, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOSS_MODEL", "other")
    ran = shell.run("--library", str(server.library), "search", "moths")
    assert (ran.code, ran.out) == (2, "")
    assert "its vectors are of another model (" in ran.err


def test_work_that_nobody_wants_any_more_is_stopped(
    server: Server, shell: Shell, tmp_path: Path
) -> None:
    hold, waits = server.home / "hold", server.home / "waits"
    paper(tmp_path, "lice", "We show that lice wait.")
    body = order("--library", str(server.library), "add", str(tmp_path / "lice.pdf"), command="add")
    hold.touch()
    headers = {"Authorization": f"Bearer {server.note['token']}"}
    with closing(HTTPConnection("127.0.0.1", server.note["port"], timeout=PATIENCE)) as connection:
        connection.request("POST", "/work", body, headers)
        with closing(connection.getresponse()) as answer:
            until(waits.exists)
            connection.sock.shutdown(socket.SHUT_WR)  # it ends, and hears when that was noticed
            with suppress(IncompleteRead):
                answer.read()
    # The command hears it a moment after the connection was closed, and before another request.
    assert asked(server, b"", Authorization="Bearer another") == 403
    hold.unlink()
    waits.unlink()
    gloss = lambda *given: shell.run("--library", str(server.library), *given)  # noqa: E731
    # The next one to add waits for the turn of the stopped one, which has added nothing.
    assert gloss("add", str(tmp_path / paper(tmp_path, "mites"))).code == 0
    assert "lice" not in gloss("papers").out
    assert gloss("add", str(tmp_path / "lice.pdf")).out == "lice  ok  1 passages\n"


def test_an_interrupt_ends_a_command_whose_work_a_server_does(
    server: Server, shell: Shell, tmp_path: Path
) -> None:
    hold, waits = server.home / "hold", server.home / "waits"
    paper(tmp_path, "gnats", "We show that gnats wait.")
    hold.touch()
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        until(waits.exists)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job ignores it
    try:
        ran = shell.run("--library", str(server.library), "add", str(tmp_path / "gnats.pdf"))
    finally:
        signal.signal(signal.SIGINT, former)
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    hold.unlink()
    waits.unlink()
    assert server.process.poll() is None


def test_a_second_command_waits_for_the_first(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.library.lock._names", ["gloss daily"])
    library = tmp_path / "library"
    first = Library.open(Settings(library=library))
    (library / SERVER).write_text("{")  # no server's
    ending = lambda _: first.close()  # noqa: E731
    monkeypatch.setattr(options, "time", SimpleNamespace(sleep=ending))
    gloss = lambda *given: shell.run("--library", str(library), *given)  # noqa: E731
    refused = gloss("add", str(tmp_path / paper(tmp_path, "bees")), "--no-wait")
    assert (refused.code, refused.out) == (2, "")
    assert re.fullmatch(
        rf"gloss: {library}: in use by gloss daily \(process {os.getpid()} since .*\); wait .*\n",
        refused.err,
    )
    monkeypatch.setattr("index.library.lock._names", ["gloss daily"])
    ran = gloss("add", str(tmp_path / "bees.pdf"))
    assert (ran.code, ran.out) == (0, "bees  ok  1 passages\n")
    assert re.fullmatch(
        rf"gloss: {library}: waiting for gloss daily \(process \d+ since .*\) to end .*\n", ran.err
    )
    assert not (library / SERVER).exists()


def test_the_job_of_a_day_is_done_by_the_server(
    shell: Shell, arxiv: ServedArxiv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "daily.toml"
    config.write_text('out = "site"\ncategories = ["cs.CV"]\n')
    settings = Settings(library=tmp_path / "library")
    schedule = _schedule(config, "06:15", settings)
    assert schedule.at == datetime.time(6, 15)
    with Library.open(settings) as library:
        assert schedule.job(library, lambda: None) == 0
        assert capsys.readouterr().out.splitlines()[0] == "fetch: 1 taken, 0 skipped, 0 failed"
        assert len(list((tmp_path / "site").glob("*.html"))) == 2
        library.remove("2409.00001")

        def ended() -> None:
            raise KeyboardInterrupt

        assert schedule.job(library, ended) == 130
        assert library.papers() == []
    with pytest.raises(GlossError, match="--at soon: give hours and minutes"):
        _schedule(config, "soon", settings)
    config.write_text('out = "site"\ncategories = ["cs.CV"]\nlibrary = "other"\n')
    with pytest.raises(GlossError, match=r"other: .*daily.toml is for this library, and"):
        _schedule(config, "06:15", settings)


def test_a_schedule_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []
    begun, ended = threading.Event(), threading.Event()

    def job(library: Any, check: Callable[[], None]) -> None:
        runs.append(library)
        begun.set()
        if len(runs) == 1:
            raise ValueError("one bad day ends no schedule")
        try:
            until(lambda: check() is not None)
        except KeyboardInterrupt:
            ended.set()
            raise

    schedule = Schedule(datetime.time(6, 15), job)
    morning, noon = datetime.datetime(2026, 3, 1, 6), datetime.datetime(2026, 3, 1, 12)
    assert schedule.next_after(morning) == datetime.datetime(2026, 3, 1, 6, 15)
    assert schedule.next_after(noon) == datetime.datetime(2026, 3, 2, 6, 15)
    monkeypatch.setattr("app.serve.schedule._LOOK_AGAIN", 0.01)
    with schedule.kept("library"):  # type: ignore[arg-type]
        time.sleep(0.05)
    assert runs == []  # it is not yet that time
    monkeypatch.setattr(Schedule, "next_after", lambda _, now: now)
    with schedule.kept("library"):  # type: ignore[arg-type]
        until(lambda: len(runs) == 2)
    assert runs == ["library"] * 2 and ended.is_set()


@pytest.mark.slow
def test_ten_times_each_from_a_shell(
    server: Server, arxiv: ServedArxiv, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Processes of their own, three at a time; prints the seconds of a processor for each."""
    config = tmp_path / "daily.toml"
    config.write_text('out = "site"\ncategories = ["cs.CV"]\n')
    for number in range(10):
        paper(tmp_path, f"flea{number}", f"We show that fleas of kind {number} jump.")
    spent: dict[str, list[float]] = {"add": [], "search": [], "daily": []}

    def begun(*command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", "--library", str(server.library), *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=dict(os.environ, PYTHONPATH=str(INDEX_TESTS.parents[1])),
        )

    paper(tmp_path, "fleas", "We show that fleas jump.")  # for the first search to find
    first = begun("add", "fleas.pdf")
    assert (first.communicate(timeout=PATIENCE * 5)[0], first.returncode) == (
        "fleas  ok  1 passages\n",
        0,
    )
    for number in range(10):
        commands = (
            ["add", f"flea{number}.pdf"],
            ["search", "fleas that jump"],
            ["daily", "--config", str(config)],
        )
        running = [begun(*command) for command in commands]
        for command, process in zip(commands, running, strict=True):
            before = os.times()
            out, err = process.communicate(timeout=PATIENCE * 5)
            after = os.times()
            assert (process.returncode, bool(out)) == (0, True), (command, out, err)
            assert not err or "waiting for another command that writes pages" in err
            spent[command[0]].append(
                after.children_user + after.children_system
                - before.children_user - before.children_system
            )  # fmt: skip
    with capsys.disabled():
        for name, seconds in spent.items():
            print(f"\ngloss {name}: {len(seconds)} times, {max(seconds):.2f} CPU s at most")  # noqa: T201


def test_what_is_acknowledged_survives_the_server(
    server: Server, shell: Shell, tmp_path: Path
) -> None:
    """The last test of this file: the server does not survive it."""
    hold, waits = server.home / "hold", server.home / "waits"
    paper(tmp_path, "a-first")
    paper(tmp_path, "b-second", "We show that some wait.")
    gloss = lambda *given: shell.run("--library", str(server.library), *given)  # noqa: E731
    hold.touch()

    def kill() -> None:
        until(waits.exists)
        server.process.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    ran = gloss("add", str(tmp_path))
    killing.join()
    assert (ran.code, ran.out) == (2, "a-first  ok  1 passages\n")
    assert re.fullmatch(
        rf"gloss: {server.library}: gloss serve \(process \d+ since .*\) ended before the work was "
        r"done; what was printed is in the library: run the command again\n",
        ran.err,
    )
    server.process.wait(PATIENCE)
    assert (server.library / SERVER).exists()  # whose server is gone
    again = gloss("add", str(tmp_path))
    assert (again.code, again.err) == (0, "")
    assert again.out == "a-first  ok  1 passages  unchanged\nb-second  ok  1 passages\n"
    assert not (server.library / SERVER).exists()
    with Library.open(Settings(library=server.library)) as library:
        assert library.health(deep=True).ok
