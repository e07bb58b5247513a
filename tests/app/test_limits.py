"""What strangers send to a server is bounded: bodies, uploads, connections and time."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h11
import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

import app.serve.connections
import app.serve.limits
from app.api.failures import TooBusy, TooMany
from app.serve.connections import (
    CALM_TIMES,
    HEADER_SECONDS,
    PIECES_MOST,
    Capacity,
    _Pieces,
    capacity,
    protocol_of,
)
from app.serve.limits import (
    BODY_BYTES,
    CLOSED,
    DEPTH_MOST,
    UPLOAD_BYTES,
    UPLOAD_PATH,
    UPLOADS_KEPT,
    Bounded,
    UploadRoom,
)
from app.serve.server import running

ADA, BO = "8.8.8.8", "9.9.9.9"
WORD = "secretword"  # that a visitor sends


def visit(address: str) -> Any:
    return SimpleNamespace(headers={}, client=SimpleNamespace(host=address))


@pytest.fixture
def inner() -> FastAPI:
    """An application that says how much came, and one route that fails with what it was sent."""
    made = FastAPI()

    @made.post("/take")
    @made.get("/take")
    async def take(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @made.post("/fail")
    async def fail(request: Request) -> None:
        raise ValueError((await request.body()).decode())

    return made


@pytest.fixture
def client(inner: FastAPI, tmp_path: Path) -> TestClient:
    room = UploadRoom(tmp_path / "uploads")
    return TestClient(Bounded(inner, room, ["proxy.example"]), base_url="http://papers.example")


PUBLIC = """
import importlib.util, socket, sys, threading
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = importlib.util.module_from_spec(spec)
sys.modules["fakes"] = fakes
spec.loader.exec_module(fakes)
import app.serve.limits
from app.serve.server import running
from app.serve.site import site_of
from index.config import Settings
app.serve.limits.UPLOAD_BYTES = 100_000
library = fakes.FakeLibrary(rows=[fakes.row("2401.00001")])
left = library.directory / "uploads" / "0" / "left.pdf"
left.parent.mkdir(parents=True)
left.write_bytes(b"x")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
made = site_of(library, Settings(public={"enabled": True, "costly_per_minute": 3})).app
import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with running(made, "127.0.0.1", port, ["papers.example"]) as address:
    print(address, flush=True)
    threading.Event().wait()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("public")


@pytest.fixture(scope="module")
def public(serve_program: Any, folder: Path) -> Iterator[httpx.Client]:
    """A public server, whose log must be empty but for the places of bugs."""
    server = serve_program(PUBLIC, folder)
    address = server.__enter__()
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client
    try:
        server.__exit__(None, None, None)
    except AssertionError:
        said = (folder / "stderr").read_text()
        assert WORD not in said and len(said) < 100_000, said
        assert all(one.startswith(("a bug: ", "  ")) for one in said.splitlines()), said
    assert not (folder / "library" / "uploads").exists()


def upload(client: Any, content: bytes = b"# A\n", visitor: str = ADA, **headers: str) -> Any:
    headers["x-forwarded-for"] = visitor
    return client.post(UPLOAD_PATH, files={"files": ("a.md", content)}, headers=headers)


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "library" / "uploads").rglob("*") if path.is_file()]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_has_a_size_whether_it_is_announced_or_not(client: TestClient, method: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(5):
            yield b"x" * (BODY_BYTES // 4)

    assert client.request(method, "/take", content=b"x" * BODY_BYTES).json()["bytes"] == BODY_BYTES
    for content in (b"x" * (BODY_BYTES + 1), pieces()):
        answer = client.request(method, "/take", content=content)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        assert answer.text == "more than 0.262 MB, which is the most that is taken here\n"
    for length in ("-1", "1e9", "9" * 30, "²"):
        headers = {b"content-length": length.encode()}
        assert client.post("/take", content=b"", headers=headers).status_code == 400


def test_deep_json_is_refused_and_brackets_in_words_are_none(client: TestClient) -> None:
    def sent(content: bytes) -> int:
        return client.post("/take", content=content).status_code

    assert sent(b"[" * DEPTH_MOST + b"]" * DEPTH_MOST) == 200
    assert sent(json.dumps({"query": '\\"' + "[{" * 1000}).encode()) == 200
    deep = DEPTH_MOST + 1
    assert sent(b"[" * deep + b"]" * deep) == 400
    assert sent(b' \n{"a":' * 20_000) == 400
    assert sent(b'["\\"",' + b"[" * 100_000) == 400


def test_a_session_has_a_short_name(client: TestClient) -> None:
    """Gradio keeps states, times and events by it, and so do we."""

    def sent(name: object, **query: str) -> int:
        said = {"data": [], "session_hash": name}
        return client.post("/take", json=said, params=query).status_code

    assert sent("x" * 100) == sent(None) == sent("", session_hash="a" * 100) == 200
    assert sent("x" * 101) == sent([["x" * 200]]) == sent("", session_hash="a" * 101) == 400
    assert client.get("/take", params={"session_hash": "a" * 101}).status_code == 400


def test_gradio_fetches_no_address(client: TestClient) -> None:
    def sent(path: Any) -> int:
        return client.post(
            "/take", json={"data": [[{"path": path, "url": "http://a/b"}]]}
        ).status_code

    assert sent("/tmp/gradio/0/a.pdf") == sent(None) == 200
    assert sent("http://169.254.169.254/latest") == sent("HTTPS://example.org/a.pdf") == 400


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
def test_json_in_other_encodings_is_no_way_around(client: TestClient, encoding: str) -> None:
    for text in ("[" * 200 + "]" * 200, '{"path": "http://a/b"}', ' {"query": "honey"}'):
        assert client.post("/take", content=text.encode(encoding)).status_code == 400
    assert client.post("/take", content='{"query": "蜜"}'.encode()).status_code == 200


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "x"])
@pytest.mark.parametrize("path", ["/take", UPLOAD_PATH])
def test_a_packed_body_is_not_unpacked(client: TestClient, path: str, packed: str) -> None:
    answer = client.post(path, content=b"\x1f\x8b", headers={"content-encoding": packed})
    assert (answer.status_code, answer.text) == (415, "bodies come as they are, and not packed\n")
    assert client.post("/take", content=b"x", headers={"content-encoding": "identity"}).is_success


@pytest.mark.parametrize(
    "body",
    [
        b"\xff", b"{", b"[1,", b'{"a": NaN}', b"[-Infinity]", b"[1e999]", b'["\\ud800"]',
        b'{"\\udfff": 1}', b"[" + b"9" * 5000 + b"]", b"{}{}", b"['a']",
    ],
)  # fmt: skip
def test_what_is_no_json_gets_to_no_parser_behind(client: TestClient, body: bytes) -> None:
    answer = client.post("/take", content=body)
    assert answer.status_code == 400 and answer.text.startswith(("this is no", "what was sent is"))


@pytest.mark.parametrize("body", [b"1e999", b"NaN", b"", b"9" * 5000, b"no"])
def test_what_calls_itself_json_is_json(client: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/take", content=body, headers=headers)
    assert answer.status_code == (400 if body else 200)
    for text in ('{"query": "\\ud83d\\ude00 1e9"}', "[0.1, 1e300, -0.0]", '"word"', "null"):
        assert client.post("/take", content=text, headers=headers).is_success


def test_what_other_sites_pages_send_is_refused(client: TestClient) -> None:
    def sent(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/take", content=b"x", headers=named).status_code

    assert sent() == 200  # no browser
    assert sent(sec_fetch_site="same-origin") == sent(sec_fetch_site="none") == 200
    assert sent(sec_fetch_site="same-origin", origin="https://other.example") == 200  # by a proxy
    assert sent(sec_fetch_site="cross-site") == sent(sec_fetch_site="same-site") == 403
    assert sent(origin="http://papers.example") == sent(origin="https://PAPERS.example") == 200
    assert sent(origin="https://proxy.example:8443") == 200  # named in GLOSS_HOSTS
    for origin in ("null", "http://other.example", "http://papers.example:81", "http://[", ""):
        assert sent(origin=origin) == 403, origin


def test_a_log_has_no_words_of_a_visitor(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post("/fail", content=b"my secret question")
    assert (answer.status_code, answer.text) == (
        500,
        "Internal Server Error",
    )
    assert "a bug: ValueError" in caplog.text and "in fail" in caplog.text
    assert "secret question" not in caplog.text


def test_a_body_has_a_time(inner: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.serve.limits, "BODY_SECONDS", 0.01)
    monkeypatch.setattr(app.serve.limits, "UPLOAD_SECONDS", 0.01)
    sent: list[Any] = []

    async def drip() -> Any:
        await asyncio.sleep(0.004)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def take(message: Any) -> None:
        sent.append(message)

    bounded = Bounded(inner, UploadRoom(tmp_path / "uploads"))
    scope = {"type": "http", "method": "POST", "path": "/take", "query_string": b"", "headers": []}
    scope["headers"] = [(b"transfer-encoding", b"chunked")]
    asyncio.run(bounded(scope, drip, take))
    assert sent[0]["status"] == 408


def test_an_upload_goes_on_or_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few at a time are taken that whoever holds one without sending keeps others out."""
    monkeypatch.setattr(app.serve.limits, "BODY_SECONDS", 0.02)
    monkeypatch.setattr(app.serve.limits, "UPLOAD_PACE", 1_000_000)
    came = 0

    async def silent() -> Any:
        await asyncio.Event().wait()

    async def drip() -> Any:
        nonlocal came
        came += 1
        await asyncio.sleep(0.002)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def read(source: Any) -> None:
        received = app.serve.limits._within(source, UPLOAD_BYTES)
        while True:
            await received()

    for source in (silent, drip):
        with pytest.raises(Exception, match="too slowly"):
            asyncio.run(read(source))
    assert came


def test_a_public_server_takes_uploads_within_a_share(public: httpx.Client, folder: Path) -> None:
    assert stored(folder) == []  # a crash had left one
    answers = [upload(public, b"# %d\n" % number) for number in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert len(stored(folder)) == 3
    assert upload(public, visitor=BO, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert upload(public, visitor=BO, origin="https://other.example").status_code == 403


def test_an_upload_has_a_size_and_leaves_nothing_beyond_it(
    public: httpx.Client, folder: Path
) -> None:
    visitor = "1.1.1.1"
    before = len(stored(folder))
    assert upload(public, b"x" * 90_000, visitor).status_code == 200
    assert upload(public, b"x" * 120_000, visitor).status_code == 413  # announced

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
        for _ in range(12):
            yield b"y" * 10_000

    kind = {"Content-Type": "multipart/form-data; boundary=b", "x-forwarded-for": visitor}
    assert public.post(UPLOAD_PATH, content=pieces(), headers=kind).status_code == 413
    assert len(stored(folder)) == before + 1


def part(head: bytes, content: bytes = b"x") -> bytes:
    named = b'Content-Disposition: form-data; name="files"'
    return b"--b\r\n" + named + head + b"\r\n\r\n" + content + b"\r\n"


FILE = b'; filename="a.md"'


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data; boundary=b", part(b"") + b"--b--\r\n", 400),  # a field, no file
        ("multipart/form-data; boundary=" + "b" * 71, b"x", 400),
        ("multipart/form-data; boundary=", b"x", 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/mixed; boundary=b", part(FILE) + b"--b--\r\n", 400),
        ("text/plain", b"x", 400),
        ("multipart/form-data; boundary=b", part(FILE) * 1001 + b"--b--\r\n", 400),
        ("multipart/form-data; boundary=b", part(FILE + b"\r\nX: y" * 3000), 413),
        ("multipart/form-data; boundary=b", part(b'; filename=".."') + b"--b--\r\n", 400),
    ],
)
def test_forms_that_are_no_uploads(
    public: httpx.Client, folder: Path, kind: str, body: bytes, status: int
) -> None:
    headers = {"Content-Type": kind, "x-forwarded-for": f"1.2.{len(body) % 250}.{len(kind)}"}
    answer = public.post(UPLOAD_PATH, content=body, headers=headers)
    assert answer.status_code == status and "Traceback" not in answer.text
    assert not [path for path in stored(folder) if not path.name.startswith(("a.md", "tmp"))]


def test_routes_of_gradio_that_nothing_here_uses_are_closed(public: httpx.Client) -> None:
    for path in CLOSED:
        for end in ("", "x", "/x"):
            assert public.get(path + end).status_code == 404
            assert public.post(path + end, json={}).status_code == 404
    for address in ("http://127.0.0.1:9/x", "HTTPS://example.org/x", "ftp://a/x"):
        for between in ("=", "/"):
            path = f"/gradio_api/file{between}{address}"
            assert public.get(path).status_code == public.head(path).status_code == 404
    assert public.get("/config").status_code == 200


def test_bodies_that_are_not_calls_leave_no_word_in_the_log(public: httpx.Client) -> None:
    for name in ("queue/join", "run/predict", "call/search", "api/search", "cancel"):
        for body in ([WORD], {"data": WORD}, {"data": [WORD], "fn_index": 10**6}, {WORD: [WORD]}):
            assert public.post(f"/gradio_api/{name}", json=body).status_code < 600
    assert public.get("/api/health").status_code == 200


def test_the_room_is_shared_among_visitors(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path / "uploads", shared=True, room=4 * UPLOAD_BYTES)
    with room.taking(visit(ADA), UPLOAD_BYTES):
        with pytest.raises(TooMany, match="all that fits"):
            room.taking(visit(ADA), UPLOAD_BYTES).__enter__()
        with room.taking(visit(BO), UPLOAD_BYTES):
            (room.folder / "one").write_bytes(b"x" * UPLOAD_BYTES)
            with (
                pytest.raises(TooBusy, match="no room") as refused,
                room.taking(visit("1.1.1.1"), UPLOAD_BYTES),
                room.taking(visit("1.0.0.1"), UPLOAD_BYTES),
            ):
                pass
    assert refused.value.retry_after == UPLOADS_KEPT


def test_so_many_at_a_time_and_old_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = UploadRoom(tmp_path / "uploads", shared=True)
    with room.taking(visit(ADA), 10), room.taking(visit(ADA), 10):
        with pytest.raises(TooMany, match="at the moment"), room.taking(visit(ADA), 10):
            pass
        with room.taking(visit(BO), 10):
            pass
        assert list(room._now) == [ADA]
    assert not room._now  # nobody is remembered for what has ended
    folder = room.folder / "hash"
    folder.mkdir()
    (folder / "old.pdf").write_bytes(b"x")
    (room.folder / "link").symlink_to(tmp_path)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + UPLOADS_KEPT + 5)
    with room.taking(visit(ADA), 10):
        assert list(room.folder.iterdir()) == [] and tmp_path.exists()


def test_on_ones_own_machine_uploads_have_no_shares(tmp_path: Path) -> None:
    room = UploadRoom(tmp_path / "uploads")
    with room.taking(visit(ADA), 10), room.taking(visit(ADA), 10), room.taking(visit(ADA), 10):
        pass


# --- connections ----------------------------------------------------------------------------------

SERVER = """
import resource, sys, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
import app.serve.connections
app.serve.connections.HEADER_SECONDS = float(sys.argv[2])
from fastapi import FastAPI
from app.serve.server import running
made = FastAPI()
@made.get("/")
def root():
    with open("/dev/null"):
        return "here"
with running(made, "127.0.0.1", int(sys.argv[1])) as address:
    print(address, flush=True)
    threading.Event().wait()
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_half_open_connections_neither_stop_the_server_nor_fill_its_log(
    tmp_path: Path, gradio_forks: Any
) -> None:
    port = free_port()
    log = (tmp_path / "log").open("w+")
    server = gradio_forks.start(SERVER, port, "0.5", stdout=subprocess.PIPE, stderr=log)
    held: list[socket.socket] = []
    try:
        assert server.stdout.readline().startswith("http")
        for number in range(200):
            one = socket.create_connection(("127.0.0.1", port), 10)
            one.send(b"" if number % 2 else b"POST / HTTP/1.1\r\nHost: ")
            held.append(one)
        for one in held:  # each of them is let go, whatever it has sent
            one.settimeout(10)
            with suppress(ConnectionResetError):
                assert one.recv(1) == b""
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=10).text == '"here"'
        assert server.poll() is None
    finally:
        for one in held:
            one.close()
        server.terminate()
        server.wait(10)
        server.stdout.close()
        log.seek(0)
        said = log.read()
        log.close()
    assert said == ""


@pytest.mark.parametrize(("open_ones", "times"), [(1, CALM_TIMES), (10, CALM_TIMES), (11, 1)])
def test_a_silent_connection_may_stay_while_few_are_open(open_ones: int, times: int) -> None:
    """A program of a busy machine that had connected was hung up on before it could ask."""
    waits: list[float] = []
    ended: list[bool] = []
    protocol: Any = object.__new__(protocol_of(Capacity(40, 4)))
    protocol.connections = set(range(open_ones))
    protocol.transport = SimpleNamespace(abort=lambda: ended.append(True))

    def call_later(seconds: float, act: Any, *given: Any) -> None:
        waits.append(seconds)
        act(*given)

    protocol.loop = SimpleNamespace(call_later=call_later)
    protocol._wait(CALM_TIMES)
    assert (waits, ended) == ([HEADER_SECONDS] * times, [True])


@pytest.mark.parametrize(("size", "taken"), [(1, False), (16, False), (64, True), (4096, True)])
def test_a_body_has_no_end_of_crumbs(size: int, taken: bool) -> None:
    """Each piece costs time, however small it is, in which nobody else is served."""
    reading = _Pieces(h11.SERVER)
    reading.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(reading.next_event(), h11.Request)
    reading.receive_data(b"%x\r\n%b\r\n" % (size, b"x" * size) * 2 * PIECES_MOST)
    reading.receive_data(b"0\r\n\r\n")

    def ended() -> bool:
        while not isinstance(reading.next_event(), h11.EndOfMessage):
            continue
        return True

    if taken:
        assert ended()
    else:
        with pytest.raises(h11.RemoteProtocolError, match="too many pieces"):
            ended()


def test_a_head_has_a_size(inner: FastAPI) -> None:
    with running(inner, "127.0.0.1", free_port()) as address:
        assert httpx.get(f"{address}take?{'x' * 20_000}").status_code == 200
        try:
            status = httpx.get(f"{address}take", headers={"x": "x" * 200_000}).status_code
        except httpx.TransportError:  # hung up before all was sent
            status = 400
        assert status == 400


def test_the_connections_fit_into_the_files_that_may_be_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of(limit: int, there: int) -> Capacity:
        monkeypatch.setattr(app.serve.connections, "_raised_limit", lambda: limit)
        monkeypatch.setattr(app.serve.connections, "_open_files", lambda: there)
        return capacity()

    assert of(128, 50) == Capacity(38, 6)
    assert of(8192, 50) == Capacity(1000, 128)
    for limit in (64, 128, 256, 1024, 4096):
        fits = of(limit, 40)
        assert fits.connections >= 4 and fits.backlog >= 4
        if limit > 100:
            assert fits.connections + 4 * fits.backlog + 40 + 16 <= limit


def test_a_folder_that_goes_while_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio deletes uploads at the same moment; nobody's upload fails by that."""
    room = UploadRoom(tmp_path / "uploads", shared=True)
    going, staying = room.folder / "going", room.folder / "staying"
    for folder in (going, staying):
        folder.mkdir()
        (folder / "paper.pdf").write_bytes(b"%PDF")
    looked: list[str] = []
    scan = os.scandir

    def gone(path: Any = ".") -> Any:
        looked.append(os.fspath(path))
        if Path(path) == going:
            raise FileNotFoundError(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", gone)
    with room.taking(visit(ADA), 10):
        pass
    assert {str(going), str(staying)} <= set(looked)
