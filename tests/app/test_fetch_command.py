"""``gloss fetch`` and ``gloss add`` with an arXiv on this machine: lines, JSON, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import library_fakes as fakes
import pytest
import served_arxiv as served

from index.library import Library

INDEX_TESTS = Path(__file__).parent.parent / "index"

if TYPE_CHECKING:
    from served_arxiv import ServedArxiv


BEES, HERE, GONE = "2409.00001", "2409.00002", "2409.00003"


def paper(arxiv_id: str, title: str, versions: int = 1, **other: Any) -> Any:
    dates = tuple(served.Version(f"2024-09-{20 + n}T10:00:00Z") for n in range(versions))
    values = {"abstract": f"On {title}.", "categories": ("cs.CV",), "versions": dates}
    return served.ServedPaper(
        id=arxiv_id, title=title, authors="A. Byron", names=("A. Byron",), **values, **other
    )


@pytest.fixture
def arxiv() -> Iterator[ServedArxiv]:
    with served.served_arxiv() as opened:
        opened.papers = (
            paper(BEES, "Bees at Work"),
            paper(HERE, "Ants at Home", versions=2, announced="replace"),
            paper(GONE, "Wasps Abroad", comments="This paper has been withdrawn"),
        )
        opened.files = {
            f"{one.id}v{number}": fakes.printed(text=f"{one.title} {number}")
            for one in opened.papers
            for number in (1, 2)
        }
        yield opened


@pytest.fixture
def gloss(arxiv: ServedArxiv, gloss_on_arxiv: Any) -> Callable[..., SimpleNamespace]:
    """Run ``gloss`` on a library of fake parts and an arXiv on this machine."""
    run: Callable[..., SimpleNamespace] = gloss_on_arxiv(arxiv, fakes)
    return run


def test_a_day_of_a_category(gloss: Any, arxiv: ServedArxiv) -> None:
    tried = gloss("fetch", "--category", "cs.cv", "--dry-run")
    first = [
        "2409.00002v2  skipped  a replacement of a paper that is not in the library",
        "2409.00003v1  skipped  withdrawn on arXiv: This paper has been withdrawn",
    ]
    assert tried.out.splitlines() == [
        *first,
        "2409.00001v1  would be taken  Bees at Work",
        "1 would be taken, 2 skipped, 0 failed",
    ]
    assert (tried.code, tried.err, gloss("papers").out) == (0, "", "")
    ran = gloss("fetch", "--category", "cs.CV")
    assert ran.out.splitlines() == [
        *first,
        "2409.00001v1  taken  1 passages",
        "1 taken, 2 skipped, 0 failed",
    ]
    assert (ran.code, ran.err) == (0, "")
    again = gloss("fetch", "--category", "cs.CV", "--json")
    document = json.loads(again.out)
    assert (document["taken"], document["failed"], again.err) == ([], [], "")
    assert document["skipped"][0] == {
        "id": "2409.00001",
        "version": 1,
        "title": "Bees at Work",
        "passages": None,
        "reason": "already here",
    }
    assert document["asked"] == {
        "categories": ["cs.CV"],
        "query": None,
        "since": None,
        "limit": None,
        "dry_run": False,
        "answers": [{"name": "cs.CV", "papers": 3, "date": "2024-09-30"}],
    }


def test_a_holiday(gloss: Any, arxiv: ServedArxiv) -> None:
    arxiv.fail("no items", where="/rss/")
    ran = gloss("fetch", "--category", "cs.CV")
    assert (ran.code, ran.out) == (0, "0 taken, 0 skipped, 0 failed\n")
    assert ran.err == "cs.CV: nothing new on arXiv on 2024-09-30\n"


def test_arxiv_out_of_reach_is_a_line(gloss: Any, arxiv: ServedArxiv, tmp_path: Path) -> None:
    arxiv.fail("status", times=99, status=503)
    (tmp_path / "a.md").write_text(json.dumps({"text": "bees"}))
    for arguments in (["fetch", "--category", "cs.CV"], ["fetch", "--query", "x"], ["add", BEES]):
        ran = gloss(*arguments)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
        assert "arXiv is out of order (HTTP 503)" in ran.err
    mixed = gloss("add", BEES, str(tmp_path / "a.md"), "--json")
    rows = json.loads(mixed.out)["added"]
    assert [(row["source"], row["status"]) for row in rows] == [
        (BEES, "not-fetched"),
        (str(tmp_path / "a.md"), "ok"),
    ]
    assert (mixed.code, len(mixed.err.splitlines())) == (3, 1)


def test_a_failure_in_the_middle(gloss: Any, arxiv: ServedArxiv) -> None:
    arxiv.papers = (*arxiv.papers, paper("2409.00004", "Flies"))
    arxiv.files["2409.00004v1"] = fakes.printed(status="no-text")
    arxiv.fail("status", times=3, where=f"/pdf/{BEES}", status=503)
    ran = gloss("fetch", "--query", "ti:bees", "--limit", "3")
    assert ran.code == 3
    lines = {line.split("  ")[0]: line.split("  ")[1:] for line in ran.out.splitlines()}
    assert lines["2409.00001v1"][0] == "failed" and "HTTP 503" in lines["2409.00001v1"][1]
    assert lines["2409.00002v2"] == ["taken", "1 passages"]
    assert lines["2409.00004v1"] == ["failed", "no-text: a reason"]
    assert ran.out.endswith("1 taken, 1 skipped, 2 failed\n")


def test_a_slip_of_ours_fails_one_paper(
    gloss: Any, arxiv: ServedArxiv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: Any) -> Any:
        raise ValueError("a slip")

    monkeypatch.setattr(Library, "commit", stumble)
    monkeypatch.delenv("GLOSS_DEBUG", raising=False)
    ran = gloss("fetch", "--category", "cs.CV")
    assert "2409.00001v1  failed  ValueError: a slip" in ran.out
    assert ran.err.startswith("gloss: 2409.00001v1: ValueError: a slip")
    assert ran.code == 3


def test_add_by_any_name(gloss: Any, arxiv: ServedArxiv, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(json.dumps({"text": "bees"}))
    ran = gloss(
        *("add", f"https://arxiv.org/abs/{BEES}", str(tmp_path / "a.md"), f"arXiv:{HERE}v1"),
        *(GONE, "2409.99999", BEES),
    )
    assert ran.out.splitlines() == [
        "2409.00003  withdrawn on arXiv: This paper has been withdrawn",
        "a  ok  1 passages",
        "2409.00001  ok  1 passages",
        "2409.00002  ok  1 passages",
    ]
    assert ran.err == "gloss: 2409.99999: arXiv has no such paper or version\n"
    assert ran.code == 3
    assert sum(path == "/api/query" for path in arxiv.paths()) == 1
    again = gloss("add", BEES, "--json")
    (row,) = json.loads(again.out)["added"]
    assert (row["id"], row["status"], row["passages"], again.code) == (BEES, "ok", 1, 0)
    assert sum(path.startswith("/pdf/") for path in arxiv.paths()) == 2
    assert gloss("add", f"{BEES}v1").out == "2409.00001  ok  1 passages  unchanged\n"
    gone = json.loads(gloss("add", GONE, "2409.99999", "--json").out)["added"]
    assert [(one["source"], one["status"]) for one in gone] == [
        (GONE, "withdrawn"),
        ("2409.99999", "not-found"),
    ]


def test_a_failed_download_is_one_sources_failure(gloss: Any, arxiv: ServedArxiv) -> None:
    arxiv.fail("status", where=f"/pdf/{BEES}", status=404)
    ran = gloss("add", BEES, HERE, "--json")
    rows = json.loads(ran.out)["added"]
    assert [row["status"] for row in rows] == ["not-fetched", "ok"]
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)


def test_what_became_of_a_paper_since(gloss: Any, arxiv: ServedArxiv) -> None:
    gloss("add", f"{HERE}v1")
    news = "Version 2 is on arXiv; this digest is of version 1: gloss add 2409.00002v2"
    arxiv.fail("status", where=f"/pdf/{HERE}v2", status=404)
    assert gloss("fetch", "--category", "cs.CV").code == 3
    (row,) = [one for one in gloss("papers").out.splitlines() if one.startswith(HERE)]
    assert row.endswith("Ants at Home (version 2 is on arXiv: gloss add 2409.00002v2)")
    for form in ("md", "html"):
        ran = gloss("digest", HERE, "--format", form)
        assert news in ran.out and "2409.00002v1" in ran.out
        assert ran.err == f"gloss: {news}\n"
    header = json.loads(gloss("digest", HERE, "--json").out)["paper"]
    assert (header["version"], header["newest"], header["withdrawn"]) == (1, 2, False)
    assert gloss("fetch", "--category", "cs.CV").code == 0
    assert gloss("digest", HERE).err == ""
    arxiv.papers = tuple(
        replace(one, comments="This paper has been withdrawn") for one in arxiv.papers
    )
    ran = gloss("fetch", "--category", "cs.CV", "--since", "2024-09-22")
    assert "2409.00002v2  skipped  withdrawn on arXiv; version 2 is kept" in ran.out
    assert gloss("digest", HERE).err == "gloss: Withdrawn on arXiv.\n"
    rows = {one["id"]: one for one in json.loads(gloss("papers", "--json").out)["papers"]}
    assert (rows[HERE]["withdrawn"], rows[HERE]["status"]) == (True, "ok")
    assert json.loads(gloss("show", HERE, "--json").out)["arxiv"]["withdrawn"] is True


SLOW = """
import signal, sys, time

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.path[:0] = [{tests!r}]
import library_fakes as fakes
from app import cli
from index.library import Library

class SlowReader(fakes.JsonReader):
    def read(self, path, paper_id=None, name=None, sha256=None):
        time.sleep(0.05 if "bees" in path.read_text() else 30)
        return super().read(path, paper_id, name)

real = Library.open
Library.open = lambda settings, create=True: real(
    settings, create=create, embedder=fakes.LetterEmbedder(), reader=SlowReader(),
    sentence_encoder=fakes.PlainStates(),
    sparse_encoder=fakes.LetterEncoder(), count_tokens=fakes.count_tokens,
)
cli.main()
"""


def test_an_interrupted_add_keeps_what_it_said(tmp_path: Path, gradio_forks: Any) -> None:
    (tmp_path / "in").mkdir()
    for number in range(6):
        text = "bees" if number < 2 else "wasps"
        (tmp_path / "in" / f"{number}.md").write_text(json.dumps({"text": f"{text} {number}"}))
    program = SLOW.format(tests=str(INDEX_TESTS))
    environment = {**os.environ, "GLOSS_LIBRARY": str(tmp_path / "lib"), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with gradio_forks.start(program, "add", tmp_path / "in", env=environment, **pipes) as running:
        said = [running.stdout.readline() for _ in range(2)]
        running.send_signal(signal.SIGINT)
        code = running.wait(timeout=20)
        assert (code, running.stderr.read()) == (130, "")
    assert said == ["0  ok  1 passages\n", "1  ok  1 passages\n"]
    with fakes.open_library(tmp_path / "lib") as library:
        assert [row.id for row in library.papers()] == ["0", "1"]
        assert library.health().ok
        assert list((tmp_path / "lib" / "files" / "incoming").iterdir()) == []
