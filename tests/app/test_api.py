"""The HTTP API: what it says, in which shape, and what it says when something fails."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from standing import Standing
from starlette.testclient import TestClient

import app.write.ask
from app import cli
from app.api.failures import QueryUnusable, TooBusy, TooMany, failure_of
from app.api.http import PREFIX, api, mounted
from app.api.tools import checked
from app.write import Worded
from app.write.ask import Answer, AnswerQuote
from app.write.lock import lock_of, name_of
from index.config import Settings
from index.errors import GlossError, LibraryBusy, PaperNotFound, StoreUnusable
from index.hits import SearchFilter
from index.spans import Box, Span, Word, Words


def client_of(library: Any, settings: Settings | None = None, **parts: Any) -> TestClient:
    parent = FastAPI()
    parent.router.routes.append(mounted(api(library, settings or Settings(), **parts)))
    return TestClient(parent, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def standing() -> Standing:
    return Standing()


@pytest.fixture
def client(library: Any, standing: Standing) -> Iterator[TestClient]:
    with standing.of(library) as client:
        yield client


@pytest.fixture
def answered(claim_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions with "long" in them are answered."""

    def ask(library: Any, question: str, paper_id: str | None = None, *, most: int = 5) -> Answer:
        claim = claim_of("Each lantern burns for 3.5 hours.", "method.1", 2)
        found = AnswerQuote(claim, "2401.00001", "Lanterns", "Method", 1.0)
        nearest = tuple(library.search(question, 3, SearchFilter(paper_id=paper_id)))
        return Answer(question, (found,) * min(most, 2) if "long" in question else (), nearest)

    monkeypatch.setattr(app.write.ask, "ask", ask)


@pytest.fixture
def printed(
    library: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """What a command prints with ``--json``."""

    def run(*arguments: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["gloss", *arguments, "--json"])
        with pytest.raises(SystemExit):
            cli.main()
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("address", "command"),
    [
        ("/search?q=lantern&k=1&role=method", ("search", "lantern", "-k1", "--role", "method")),
        ("/search?q=lantern&since=2024", ("search", "lantern", "--since", "2024")),
        ("/search?q=rain&in=digests", ("search", "rain", "--in", "digests")),
        ("/ask?q=how long&k=1", ("ask", "how long", "-k1")),
        ("/ask?q=how wide", ("ask", "how wide")),
        ("/papers", ("papers",)),
        ("/papers/2401.00001", ("show", "2401.00001")),
        ("/papers/broken", ("show", "broken")),
        ("/papers/2401.00001/digest", ("digest", "2401.00001")),
        ("/papers/2401.00001/digest?lang=zh", ("digest", "2401.00001", "--lang", "zh")),
    ],
)
@pytest.mark.usefixtures("answered")
def test_it_says_what_the_command_line_prints(
    client: TestClient, library: Any, digest_of: Any, printed: Any, address: str, command: Any
) -> None:
    library.digests["2401.00001"] = digest_of()
    answer = client.get(PREFIX + address)
    assert answer.status_code == 200, answer.text
    # The same order of fields, too.
    assert json.dumps(answer.json()) == json.dumps(printed(*command))


def test_a_translated_sentence_has_its_english_one(
    client: TestClient, claim_of: Any, digest_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.write

    claim = claim_of("Each lantern burns for 3.5 hours.", "method.1", 2, text="灯笼可燃 3.5 小时。")
    translated = replace(claim, origin="translated", english="A lantern burns for 3.5 hours.")
    monkeypatch.setattr(
        app.write, "write_digest", lambda *_, **__: digest_of("zh", method=[translated])
    )
    sections = client.get("/api/papers/2401.00001/digest?lang=zh").json()["sections"]
    (item,) = (item for section in sections for item in section["items"])
    assert item["english"] == "A lantern burns for 3.5 hours."


def test_a_digest_as_a_page_and_as_markdown(client: TestClient) -> None:
    page = client.get("/api/papers/2401.00001/digest?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Each lantern burns for 3.5 hours." in page.text
    text = client.get("/api/papers/2401.00001/digest?format=md")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert text.text.startswith("# Lanterns on Paths")


def test_an_old_id_has_a_slash(
    client: TestClient, library: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanterns = library.paper("2401.00001")
    library.rows.append(row_of("cs/9901001"))
    monkeypatch.setattr(library, "paper", lambda paper_id: replace(lanterns, id=paper_id))
    for written in ("cs/9901001", "cs%2F9901001"):
        assert client.get(f"/api/papers/{written}").json()["id"] == "cs/9901001"
        assert client.get(f"/api/papers/{written}/digest").json()["paper"]["id"] == "cs/9901001"
        assert client.get(f"/api/papers/{written}/pages/2.png").status_code == 200
    assert library.shown[-1] == ("cs/9901001", 2, ())


def test_a_page_with_a_passage_marked(
    client: TestClient, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanterns = library.paper("2401.00001")
    start = lanterns.sections[1].span.start
    boxes = Box(1, 72, 700, 100, 712), Box(2, 72, 80, 100, 92)
    words = Words.of(
        Word(Span(start + 2 * at, start + 2 * at + 1), box, at) for at, box in enumerate(boxes)
    )
    monkeypatch.setattr(library, "paper", lambda paper_id: replace(lanterns, words=words))
    for page, marked in ((1, boxes[:1]), (2, boxes[1:])):
        address = f"/api/papers/2401.00001/pages/{page}.png?passage=2401.00001%23method.1&scale=1.5"
        assert client.get(address).content.startswith(b"\x89PNG")
        assert library.shown[-1] == ("2401.00001", page, marked)
    gone = client.get("/api/papers/2401.00001/pages/1.png?passage=2401.00001%23method.9")
    assert (gone.status_code, gone.json()["error"]["kind"]) == (404, "passage-not-found")


def test_a_picture_is_drawn_once(client: TestClient, library: Any) -> None:
    first = client.get("/api/papers/2401.00001/pages/1.png")
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cache-control"] == "private, max-age=600"
    tag = first.headers["etag"]
    for sent in (tag, f'"other", W/{tag}'):
        again = client.get("/api/papers/2401.00001/pages/1.png", headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/papers/2401.00001/pages/1.png").content == first.content
    assert len(library.shown) == 1
    other = client.get("/api/papers/2401.00001/pages/1.png?scale=1", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_a_list_in_pieces(client: TestClient) -> None:
    whole = client.get("/api/papers").json()["papers"]
    pieces = [client.get(f"/api/papers?limit=1&offset={at}").json()["papers"] for at in range(3)]
    assert pieces == [[whole[0]], [whole[1]], []]


@pytest.mark.parametrize(
    ("address", "status", "kind", "said"),
    [
        ("/papers/none", 404, "paper-not-found", "none: not in this library; the list of papers"),
        ("/papers/none/digest", 404, "paper-not-found", "none: "),
        ("/papers/none/pages/1.png", 404, "paper-not-found", "none: "),
        (f"/papers/{'x' * 201}", 422, "unusable", "paper_id: "),
        ("/papers/..%2F..%2Fetc%2Fpasswd", 404, "paper-not-found", "../../etc/passwd: not in"),
        ("/papers/2401.00001/pages/0.png", 422, "unusable", "page: "),
        (f"/papers/2401.00001/pages/{'9' * 5000}.png", 422, "unusable", "page: "),
        ("/papers/2401.00001/pages/1.png?scale=nan", 422, "unusable", "scale: "),
        ("/papers/2401.00001/pages/1.png?scale=40", 422, "unusable", "scale: "),
        ("/papers/2401.00001/digest?writer=endpoint", 403, "writer-not-offered", "there is extrac"),
        ("/papers/2401.00001/digest?format=pdf", 422, "unusable", "format: "),
        ("/search", 422, "unusable", "q: "),
        ("/search?q=%20!", 422, "empty-query", "the query is empty"),
        (f"/search?q={'x' * 1001}", 422, "unusable", "q: "),
        ("/search?q=a&k=0", 422, "unusable", "k: "),
        ("/search?q=a&k=101", 422, "unusable", "k: "),
        ("/search?q=a&role=cook", 422, "unusable", "role: "),
        ("/search?q=a&since=soon", 422, "unusable", "since: "),
        ("/search?q=a&since=2024-02-30", 422, "not-a-date", "'2024-02-30' is not a date"),
        ("/search?q=a&in=digests", 404, "no-digests", "asking for a paper's digest writes it"),
        ("/search?q=a&in=digests&role=method", 422, "role-of-digest", "role method: does not"),
        ("/ask?q=a&k=6", 422, "unusable", "k: "),
        ("/papers/two%0Alines", 404, "no-such-address", "see /api/docs"),
        ("/nothing", 404, "no-such-address", "see /api/docs"),
    ],
)
def test_errors_have_one_shape(
    client: TestClient, address: str, status: int, kind: str, said: str
) -> None:
    answer = client.get(PREFIX + address)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["kind"] == kind
    assert said in answer.json()["error"]["message"]
    assert set(answer.json()) == {"error"}


def test_only_get(client: TestClient) -> None:
    answer = client.post("/api/search", json={"q": "lantern"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (405, "no-such-method")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnusable("http://10.0.0.7:6333", "secret-key refused"), 503),
        (ZeroDivisionError("in /home/ada/secret-key"), 500),
    ],
)
def test_what_concerns_the_server_alone_is_not_told(
    client: TestClient, library: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(library, "search", fail)
    answer = client.get("/api/search?q=lantern")
    assert answer.status_code == status
    assert "log" in answer.json()["error"]["message"]
    for secret in ("10.0.0.7", "secret-key", "/home", "Traceback"):
        assert secret not in answer.text


def test_every_error_has_a_kind(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert (
        failure_of(PaperNotFound("x", ("y",))).message == "x: not in this library; did you mean y?"
    )
    busy = failure_of(LibraryBusy(tmp_path, "process 7"))
    assert (busy.status, str(tmp_path) in busy.message) == (503, False)
    assert str(tmp_path) in caplog.text  # but whoever runs the server is told

    class New(GlossError):
        """One that nobody thought of."""

    assert failure_of(New("x")).status == 503
    long = failure_of(QueryUnusable("x" * 100_000, "unknown")).message
    assert long == "x" * 2000  # nothing that is sent comes back at length
    assert failure_of(QueryUnusable("a\ud800\nb", "unknown")).message == "a? b: unknown"
    assert failure_of(TooMany("enough", 3)).status == 429
    assert failure_of(TooBusy("enough", 3)).status == 503


def test_a_limit_is_asked_before_a_digest(library: Any) -> None:
    asked: list[str | None] = []

    def rate_limiter(visit: Any) -> None:
        asked.append(visit.headers.get("user-agent"))
        if len(asked) > 1:
            raise TooMany("3 digests an hour", 1200)

    with client_of(library, rate_limiter=rate_limiter) as client:
        assert client.get("/api/search?q=lantern").status_code == 200
        assert asked == []
        assert client.get("/api/papers/2401.00001/digest").status_code == 200
        answer = client.get("/api/papers/2401.00001/digest?format=md")
    assert asked == ["testclient"] * 2
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1200")
    assert answer.json()["error"]["kind"] == "too-many"


def test_a_digest_that_is_kept_costs_nothing(library: Any) -> None:
    def rate_limiter(visit: Any) -> None:
        raise TooMany("3 digests an hour", 1200)

    name = name_of(lock_of(library, "2401.00001", "en", "extractive"))
    library.saved["2401.00001", name] = "kept"
    with client_of(library, Settings(writer="local"), rate_limiter=rate_limiter) as client:
        for kept in ("", "?format=md", "?format=html"):
            assert client.get(f"/api/papers/2401.00001/digest{kept}").status_code == 200
        assert client.get("/api/papers/none/digest").status_code == 404
        for other in ("?lang=zh", "?writer=local"):
            assert client.get(f"/api/papers/2401.00001/digest{other}").status_code == 429


def test_one_language_model_writes_at_a_time(
    library: Any, monkeypatch: pytest.MonkeyPatch, digest_of: Any
) -> None:
    import app.wording.writers
    import app.write

    class Endpoint:
        name = "endpoint"

        def made_by(self, lang: str) -> dict[str, str]:
            return {}

        def word(self, sections: Any, lang: str) -> Worded:
            return Worded(tuple(sections))

        def __enter__(self) -> Endpoint:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(app.wording.writers, "open_writer", lambda settings, name: Endpoint())
    settings = Settings(writer="endpoint", endpoint={"url": "http://127.0.0.1:9/v1"})
    meanwhile: list[Any] = []
    with client_of(library, settings) as client:

        def write(library: Any, paper_id: str, lang: Any = "en", writer: Any = None) -> Any:
            if not meanwhile:
                meanwhile.append(None)
                meanwhile[0] = client.get("/api/papers/2401.00001/digest?writer=endpoint")
            return replace(digest_of(), writer=writer.name)

        monkeypatch.setattr(app.write, "write_digest", write)
        answer = client.get("/api/papers/2401.00001/digest?writer=endpoint")
        assert (answer.status_code, answer.json()["writer"]) == (200, "endpoint")
        assert (meanwhile[0].status_code, meanwhile[0].headers["retry-after"]) == (503, "30")
        assert client.get("/api/papers/2401.00001/digest?writer=endpoint").status_code == 200
        assert client.get("/api/papers/2401.00001/digest?writer=local").status_code == 403


def test_health(client: TestClient) -> None:
    said = client.get("/api/health").json()
    assert (said["status"], said["papers"]) == ("ok", 1)
    assert said["version"]


def test_the_description_and_its_page(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["servers"] == [{"url": PREFIX}]
    page = client.get("/api/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for element in ("<script", "<link", "<img", 'src="', "http://", "https://", "@import"):
        assert element not in page.text
    for path, methods in document["paths"].items():
        (said,) = methods.values()
        assert PREFIX + path in page.text
        assert said["description"]
        for one in said.get("parameters", []):
            assert one["description"], (path, one["name"])
        assert set(said["responses"]) >= {"200", "503"}
    for name, schema in document["components"]["schemas"].items():
        assert f'id="shape-{name}"' in page.text
        for field, it in schema["properties"].items():
            assert it.get("description"), (name, field)
    root = client.get("/api/", follow_redirects=False)
    assert (root.status_code, root.headers["location"]) == (307, "/api/docs")


def test_nobody_elses_page_may_read_it(client: TestClient) -> None:
    answer = client.get("/api/papers", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_described_dates_are_dates() -> None:
    """The description's pattern of a year and the library's dates begin and end alike."""
    from app.api.dates import iso_date

    assert iso_date("0001") == datetime.date.min.isoformat()
    assert iso_date("9999-12") == "9999-12-01"


def test_half_a_character_is_no_argument() -> None:
    """JSON can say one, and no answer that repeats it could be sent."""
    asked: list[Any] = []

    def tool(papers: list[str], query: str = "") -> dict[str, Any]:
        asked.append((papers, query))
        return {}

    for wrong in ({"papers": ["a", "\ud800"]}, {"papers": ["a"], "query": "\udcff"}):
        with pytest.raises(QueryUnusable, match="half a character"):
            checked(tool)(**wrong)
    assert asked == []
    checked(tool)(papers=["\U0001f41d"])
    for wrong in (
        {"papers": float("nan")},
        {"papers": {"a": []}},
        {"papers": [1]},
        {"self": 1},
        {},
    ):
        with pytest.raises(QueryUnusable):
            checked(tool)(**wrong)
    assert asked == [(["\U0001f41d"], "")]
