"""Programs against a server of its own process: OpenAPI's promises, MCP, and Gradio's client."""

from __future__ import annotations

import asyncio
import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

SERVER = """
import importlib.util, socket, sys, threading
spec = importlib.util.spec_from_file_location("fakes", sys.argv[1])
fakes = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fakes)
import app.write.ask, app.write.spots, app.write
from app.write.ask import Answer, AnswerQuote
from app.api.failures import TooMany
from app.serve.server import running
from app.serve.site import site_of
from dataclasses import replace
from index.config import Settings
def write(library, paper_id, lang="en", writer=app.write.EXTRACTIVE):
    library.paper(paper_id)
    return fakes.make_digest(lang)
app.write.write_digest = app.write.spots.write_digest = write
def ask(library, question, paper_id=None, *, most=5):
    claim = fakes.cited("Each lantern burns for 3.5 hours.", "method.1", 2)
    found = AnswerQuote(claim, "2401.00001", "Lanterns", "Method", 1.0)
    nearest = tuple(library.search(question, 3, fakes.SearchFilter(paper_id=paper_id)))
    return Answer(question, (found,) if "long" in question else (), nearest)
app.write.ask.ask = ask
def rate_limiter(visit):
    if visit.headers.get("x-greedy"):
        raise TooMany("3 digests an hour", 1200)
library = fakes.FakeLibrary(rows=[fakes.row("2401.00001"), fakes.row("text")])
library.digests["2401.00001"] = library.digests["text"] = fakes.make_digest()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
app = site_of(library, Settings(), rate_limiter).app
with running(app, "127.0.0.1", port, ["proxy.example"]) as address:
    print(address, flush=True)
    threading.Event().wait()
"""
TOOLS = [
    "search", "ask", "digest", "papers", "compare", "related",
    "notes", "add_note", "remove_note", "add_tag", "remove_tag", "references",
]  # fmt: skip


@pytest.fixture(scope="module")
def address(serve_program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_program(SERVER, tmp_path_factory.mktemp("server")) as line:
        yield line.rstrip("/")


def with_tools(address: str, use: Callable[[Any], Any], path: str = "/mcp", **headers: str) -> Any:
    """What ``use`` gives for a session of an MCP client over HTTP."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def go() -> Any:
        async with (
            httpx.AsyncClient(headers=headers, timeout=20) as http,
            streamable_http_client(address + path, http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return asyncio.run(go())


def called(address: str, tool: str, **arguments: Any) -> Any:
    return with_tools(address, lambda session: session.call_tool(tool, arguments))


@pytest.mark.parametrize("name", ["self", "args", "kwargs", "given", "tool", "x" * 5000])
def test_an_argument_that_a_tool_does_not_have_is_named(address: str, name: str) -> None:
    answer = with_tools(
        address, lambda session: session.call_tool("search", {"query": "rain", name: "x"})
    )
    assert answer.isError
    said = answer.content[0].text
    assert said == f"unusable: {name[:1000]}: unexpected keyword argument"


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/gradio_api/mcp/"])
def test_an_mcp_client_lists_the_tools(address: str, path: str) -> None:
    listed = with_tools(address, lambda session: session.list_tools(), path).tools
    assert [tool.name for tool in listed] == TOOLS
    for tool in listed:
        assert len(tool.description) > 100
        assert tool.outputSchema["additionalProperties"] is False
        assert tool.annotations.destructiveHint is ("remove" in tool.name)
        for name, argument in tool.inputSchema["properties"].items():
            assert argument["description"], (tool.name, name)
    (role,) = (tool.inputSchema["properties"]["role"] for tool in listed if tool.name == "search")
    assert {"", "method", "limitations"} < set(role["enum"])


@pytest.mark.parametrize(
    ("tool", "arguments", "same"),
    [
        (
            "search",
            {"query": "lantern", "k": 1, "role": "method"},
            "search?q=lantern&k=1&role=method",
        ),
        ("search", {"query": "rain", "among": "digests"}, "search?q=rain&in=digests"),
        ("search", {"query": "lantern", "since": "2024"}, "search?q=lantern&since=2024"),
        ("ask", {"question": "how long", "k": 1}, "ask?q=how long&k=1"),
        ("ask", {"question": "how wide"}, "ask?q=how wide"),
        ("digest", {"paper": "2401.00001", "lang": "zh"}, "papers/2401.00001/digest?lang=zh"),
        ("papers", {}, "papers"),
        (
            "compare",
            {"papers": ["2401.00001", "text"], "questions": ["how long"]},
            "compare?paper=2401.00001&paper=text&ask=how long",
        ),
        ("compare", {"papers": ["gone"], "search": "rain"}, "compare?paper=gone&search=rain"),
        ("compare", {"papers": [], "day": "2024-01", "k": 2}, "compare?day=2024-01&k=2"),
        ("related", {"paper": "2401.00001", "k": 1}, "papers/2401.00001/related?k=1"),
    ],
)
def test_tools_and_gradio_say_what_http_says(
    address: str, gradio: Any, tool: str, arguments: dict[str, Any], same: str
) -> None:
    said = httpx.get(f"{address}/api/{same}", timeout=20).json()
    answer = called(address, tool, **arguments)
    assert (answer.isError, answer.structuredContent) == (False, said)
    assert json.loads(answer.content[0].text) == said
    assert gradio.predict(**arguments, api_name=f"/{tool}") == said


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("digest", {"paper": "none's <b>"}, "none's <b>: not in this library"),
        ("search", {"query": "x" * 1001}, "query: String should have at most 1000 characters"),
        ("search", {"query": "a", "k": 0}, "k: Input should be greater than or equal to 1"),
        ("search", {"query": "a", "role": "cook"}, "role: Input should be 'abstract'"),
        ("search", {"query": None}, "query: Input should be a valid string"),
        ("search", {"query": "a", "since": "soon"}, "'soon' is not a date"),
        ("ask", {"question": "!"}, "the query is empty"),
        ("compare", {"papers": ["a"]}, "compare: give 2 to 20 different papers"),
        ("compare", {"papers": ["a", "b"], "questions": ["!"]}, "the query is empty"),
        ("compare", {"papers": ["a"] * 21}, "papers: List should have at most 20 items"),
        ("related", {"paper": "none"}, "none: not in this library"),
    ],
)
def test_a_client_is_told_what_is_wrong(
    address: str, gradio: Any, tool: str, arguments: dict[str, Any], said: str
) -> None:
    answer = called(address, tool, **arguments)
    assert answer.isError
    assert said in answer.content[0].text
    with pytest.raises(Exception, match=re.escape(said)):
        gradio.predict(**arguments, api_name=f"/{tool}")


def test_the_limit_is_asked_by_every_way(address: str) -> None:
    greedy = {"x-greedy": "yes"}
    two = {"papers": ["2401.00001", "text"]}
    for tool, arguments, path in (
        ("digest", {"paper": "2401.00001"}, "papers/2401.00001/digest"),
        ("related", {"paper": "2401.00001"}, "papers/2401.00001/related"),
        ("compare", two, "compare?paper=2401.00001&paper=text"),
        ("compare", {"papers": [], "search": "rain", "questions": ["why"]}, "compare?ask=why"),
    ):
        answer = httpx.get(f"{address}/api/{path}", headers=greedy, timeout=20)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1200")
        said = with_tools(
            address,
            lambda session, called=(tool, arguments): session.call_tool(*called),
            **greedy,
        )
        assert said.isError and "3 digests an hour" in said.content[0].text
        with pytest.raises(Exception, match="3 digests an hour"):
            client(address, headers=greedy).predict(**arguments, api_name=f"/{tool}")


def test_a_users_notes_by_tools(address: str, gradio: Any) -> None:
    paper = "2401.00001"
    note = called(address, "add_note", paper=paper, text="of oil", quote="burns for 3.5 hours")
    place = note.structuredContent
    assert (place["quote"], place["page"]) == ("burns for 3.5 hours", 2)
    tagged = gradio.predict(paper, "to read", api_name="/add_tag")
    assert tagged["tags"] == ["to read"]
    found = called(address, "search", query="what of oil").structuredContent
    assert [one["notes"][0]["text"] for one in found["notes"]] == ["of oil"]
    assert not any("oil" in hit["text"] for hit in found["hits"])
    assert called(address, "search", query="oil", role="method").structuredContent["notes"] == []
    compared = called(address, "compare", papers=["text"], tag="To Read").structuredContent
    assert [row["paper"]["id"] for row in compared["rows"]] == ["text", paper]
    for form, begin in (("bibtex", "@misc{byron"), ("ris", "TY  - "), ("csl", "[")):
        made = called(address, "references", papers=[paper], format=form).structuredContent
        assert made["text"].startswith(begin) and "of oil" in made["text"], form
    listed = called(address, "notes", tag="to read").structuredContent
    assert [one["tags"] for one in listed["places"]] == [["to read"]]
    (number,) = (one["number"] for one in place["notes"])
    wrong = called(address, "remove_note", paper="text", number=number)
    assert wrong.isError and "is not on text" in wrong.content[0].text
    left = called(address, "remove_note", paper=paper, number=number).structuredContent
    assert [one["tags"] for one in left["places"]] == [["to read"]]
    left = called(address, "remove_tag", paper=paper, name="to read").structuredContent
    assert left == {"places": []}
    gone = called(address, "references", tag="to read")
    assert gone.isError and "no paper with the tag" in gone.content[0].text


def test_a_table_is_downloaded_in_every_form(address: str) -> None:
    asked = f"{address}/api/compare?paper=2401.00001&paper=text&format="
    kinds = {"md": "text/markdown", "csv": "text/csv", "xlsx": "application/vnd.openxml"}
    for form, kind in kinds.items():
        answer = httpx.get(asked + form, timeout=20)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-disposition"].endswith(f'"comparison.{form}"')
    assert "We tried no lantern in the rain. (p. 2)" in httpx.get(asked + "csv", timeout=20).text


def test_another_sites_page_may_not_call_tools(address: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accepted = {"Accept": "application/json, text/event-stream"}
    for path in ("/mcp", "/gradio_api/mcp/"):
        for origin, status in (("https://elsewhere.example", 403), ("null", 403), (address, 200)):
            answer = httpx.post(
                address + path, json=message, headers={**accepted, "Origin": origin}, timeout=20
            )
            assert answer.status_code == status


def test_the_tools_reach_for_no_address_that_a_request_names(address: str) -> None:
    """Gradio's own server connects to what stands in these headers."""
    import socket

    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(1)
        named = f"127.0.0.1:{trap.getsockname()[1]}"
        accepted = {"Accept": "application/json, text/event-stream", "X-Forwarded-Host": named}
        for method, asked in (
            ("tools/call", {"name": "papers", "arguments": {}}),
            ("resources/read", {"uri": "gloss://papers"}),
            ("prompts/get", {"name": "papers"}),
        ):
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": asked}
            httpx.post(f"{address}/gradio_api/mcp/", json=message, headers=accepted, timeout=20)
        with pytest.raises(TimeoutError):
            trap.accept()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:99", 200),
        ("[::1]:99", 200),
        ("proxy.example", 200),
        ("rebound.example", 421),
        ("rebound.example:127.0.0.1", 421),
        ("127.0.0.1.rebound.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_led_here_is_not_answered(address: str, host: str, status: int) -> None:
    for path in ("/api/health", "/config"):
        answer = httpx.get(address + path, headers={"Host": host}, timeout=20)
        assert answer.status_code == status


def client(address: str, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of importing pandas and websockets
        from gradio_client import Client

        return Client(address, verbose=False, analytics_enabled=False, **options)


@pytest.fixture(scope="module")
def gradio(address: str) -> Any:
    return client(address)


DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


TAKE_ALONG = (Path(__file__).parents[2] / "docs" / "take-along.md").read_text("utf-8")


def documented(kind: str, docs: str = DOCS) -> list[str]:
    """The examples of a page in a language, of what the fake server has."""
    blocks = re.findall(rf"```{kind}\n(.*?)```", docs, re.S)
    here = {"1706.03762v5": "2401.00001", "1706.03762": "2401.00001", "2407.03300": "text"}
    return [re.sub("|".join(here), lambda found: here[found[0]], block) for block in blocks]


def test_the_documented_commands(address: str) -> None:
    commands = documented("sh")[0].splitlines()
    assert len(commands) == 12
    for command in commands:
        (url,) = re.findall(r"'http://127\.0\.0\.1:7860(\S+)'", command)
        assert httpx.get(address + url, timeout=20).status_code == 200, command


def test_the_documented_commands_of_notes(address: str) -> None:
    commands = documented("sh", TAKE_ALONG)[0].splitlines()
    assert len(commands) == 8
    answers = []
    for command in commands:
        (url,) = re.findall(r"http://127\.0\.0\.1:7860([^\s']+)", command)
        sent = re.findall(r"--json '(.*?)'", command)
        method = "POST" if sent else "GET"
        body = {"json": json.loads(sent[0])} if sent else {}
        answers.append(httpx.request(method, address + url, timeout=20, **body))
        assert answers[-1].status_code == 200, command
    added, listed, _, searched, ris, cited, pdf, vault = answers
    assert listed.json()["places"][0]["notes"] == added.json()["notes"]
    assert searched.json()["notes"][0]["notes"] == added.json()["notes"]
    assert "KW  - to read" in ris.text and "(Byron & Li, 2024, p. 1)" in cited.json()["text"]
    assert pdf.content.startswith(b"%PDF") and vault.content.startswith(b"PK")
    number = added.json()["notes"][0]["number"]
    assert httpx.delete(f"{address}/api/notes/{number}").status_code == 204
    httpx.delete(f"{address}/api/tags", params={"paper": "2401.00001", "name": "to read"})


def test_the_documented_programs(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    programs = [one for one in documented("python") if "127.0.0.1:7860" in one]
    assert len(programs) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of importing gradio_client
        for program in programs:
            exec(program.replace("http://127.0.0.1:7860", address), {})
    said = capsys.readouterr().out
    assert "0.5 Lanterns on Paths Limitations We tried no lantern in the rain." in said
    assert "2 True Lanterns on Paths" in said
    assert "2401.00001 limits: We tried no lantern in the rain. p. 2" in said
    assert "text 0." in said
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_the_documented_configurations(address: str) -> None:
    for block in documented("json"):
        server = json.loads(block)["mcpServers"]["gloss"]
        url = server.get("url") or server["args"][-1]
        path = url.removeprefix("http://127.0.0.1:7860")
        assert len(with_tools(address, lambda session: session.list_tools(), path).tools) == len(
            TOOLS
        )


def test_only_the_tools_are_open(gradio: Any) -> None:
    listed = gradio.view_api(return_format="dict", print_info=False)
    assert sorted(listed["named_endpoints"]) == sorted(f"/{tool}" for tool in TOOLS)
    assert not listed["unnamed_endpoints"]
    parameters = listed["named_endpoints"]["/search"]["parameters"]
    assert [one["parameter_name"] for one in parameters][:3] == ["query", "among", "k"]
