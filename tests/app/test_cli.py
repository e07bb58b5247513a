"""The command line: what it prints where, in which form, and with which exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator, model_validator

from app.api.dates import NotADate, dated, iso_date
from app.cli import options
from app.documents.claims import SupportShape
from eval.evaluation import Report
from index.errors import GlossError, LibraryBusy
from index.paper import Figure, Record
from index.spans import Box, Span


@pytest.fixture
def gloss(
    library: Any, run_gloss: Callable[..., SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SimpleNamespace]:
    """Run ``gloss`` on the fake library."""
    monkeypatch.delenv("GLOSS_LIBRARY", raising=False)
    return run_gloss


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, app.cli; print('\\n'.join(sys.modules))"
    listed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"torch", "gradio", "numpy", "pymupdf", "openvino", "llama_index", "qdrant_client"}
    assert not (heavy | {"pydantic", "jinja2", "yaml", "PIL"}) & set(listed)


def test_help_lists_every_command(gloss: Any) -> None:
    shown = gloss("--help")
    names = ["add", "fetch", "papers", "show", "search", "ask", "digest", "page", "serve", "doctor"]
    for name in [*names, "daily", "diff", "eval", "remove"]:
        assert re.search(rf"^  {name} ", shown.out, re.M)
    assert shown.code == 0


def test_add_says_one_line_a_paper(gloss: Any, library: Any, tmp_path: Path) -> None:
    for name in ("good.pdf", "bad.pdf", "same.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    library.added["bad.pdf"] = SimpleNamespace(
        paper_id="bad", status="encrypted", reason="a \x1b[31mpassword", passages=0, seconds={}
    )
    library.added["same.pdf"] = SimpleNamespace(
        paper_id="same", status="ok", reason="", passages=2, seconds={}, changed=False
    )
    ran = gloss("add", str(tmp_path))
    assert ran.out.splitlines() == [
        "bad  encrypted  a [31mpassword",
        "good  ok  3 passages",
        "same  ok  2 passages  unchanged",
    ]
    assert ran.code == 3
    assert ran.err == ""
    assert gloss("add", str(tmp_path / "good.pdf"), str(tmp_path / "same.pdf")).code == 0


def test_add_as_json(gloss: Any, paper_file: Path) -> None:
    ran = gloss("add", str(paper_file), "missing.pdf", "--json")
    added = json.loads(ran.out)["added"]
    assert {row["source"]: row["status"] for row in added} == {
        str(paper_file): "ok",
        "missing.pdf": "not-found",
    }
    (good,) = [row for row in added if row["status"] == "ok"]
    assert good == {
        "source": str(paper_file),
        "id": "2401.00001",
        "status": "ok",
        "reason": "",
        "passages": 3,
        "seconds": {"read": 0.123},
    }
    assert ran.err == "gloss: missing.pdf: no such file or folder\n"
    assert ran.code == 3


def test_add_of_nothing_that_is_there(gloss: Any, tmp_path: Path) -> None:
    missing, empty = gloss("add", "missing.pdf"), gloss("add", str(tmp_path))
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == "gloss: missing.pdf: no such file or folder\n"
    assert empty.code == 2
    assert "in this folder" in empty.err
    assert gloss("add").code == 2


def test_an_unexpected_error_fails_one_file(
    gloss: Any, library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad.pdf", "good.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    add = library.add

    def stumble(source: Any, progress: Any) -> Any:
        if source.path.name == "bad.pdf":
            raise ValueError("a slip\n\x1b[31mof ours")
        return add(source, progress)

    monkeypatch.setattr(library, "add", stumble)
    monkeypatch.delenv("GLOSS_DEBUG", raising=False)
    ran = gloss("add", str(tmp_path), "--json")
    bad, good = json.loads(ran.out)["added"]
    assert (bad["source"], bad["id"], bad["status"]) == (str(tmp_path / "bad.pdf"), None, "broken")
    assert bad["reason"] == "ValueError: a slip [31mof ours"
    assert (good["status"], ran.code) == ("ok", 3)
    (line,) = ran.err.splitlines()
    assert line.startswith(f"gloss: {tmp_path / 'bad.pdf'}: ValueError: a slip")
    monkeypatch.setenv("GLOSS_DEBUG", "1")
    traced = gloss("add", str(tmp_path))
    assert "Traceback" in traced.err and "in stumble" in traced.err
    assert (traced.out, traced.code) == ("good  ok  3 passages\n", 3)


def test_what_would_fail_every_file_stops_at_the_first(
    gloss: Any, library: Any, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Any, progress: Any) -> Any:
        raise LibraryBusy(paper_file.parent, "process 7")

    monkeypatch.setattr(library, "add", refuse)
    ran = gloss("add", str(paper_file))
    assert (ran.code, ran.out) == (2, "")
    assert "in use by process 7" in ran.err


def test_papers(gloss: Any, library: Any) -> None:
    assert gloss("papers").out.splitlines() == [
        "2401.00001\tok\t3\tLanterns on Paths",
        "broken\tbroken\t3\tcut short",
    ]
    document = json.loads(gloss("papers", "--json").out)
    assert document["papers"][1] == {
        "id": "broken",
        "version": 2,
        "title": "Lanterns on Paths",
        "status": "broken",
        "reason": "cut short",
        "source": "pdf",
        "passages": 3,
        "newest": None,
        "withdrawn": False,
    }
    library.rows = []
    empty = gloss("papers")
    assert (empty.out, empty.code) == ("", 0)
    assert "gloss add" in empty.err


def test_library_before_and_after_the_command(
    gloss: Any, library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOSS_LIBRARY", "from-environment")
    gloss("papers")
    assert library.settings.library == Path("from-environment")
    gloss("--library", str(tmp_path / "before"), "papers")
    assert library.settings.library == tmp_path / "before"
    gloss("papers", "--library", str(tmp_path / "after"))
    assert library.settings.library == tmp_path / "after"


def test_show(gloss: Any) -> None:
    shown = gloss("show", "2401.00001")
    assert shown.out.splitlines()[:3] == [
        "Lanterns on Paths",
        "Ada Byron, Bo Li",
        "2401.00001v2 · 2024-01-02 · cs.CV, cs.LG · 2 pages",
    ]
    assert "  Method  [method]" in shown.out
    document = json.loads(gloss("show", "2401.00001", "--json").out)
    assert document["abstract"] == "We measure how well lanterns light a path."
    assert document["sections"][1] == {"title": "Method", "role": "method", "level": 1}
    assert document["findings"] == []
    assert gloss("show", "broken").out == "broken  broken  cut short\n"
    failed = json.loads(gloss("show", "broken", "--json").out)
    assert (failed["status"], failed["reason"], failed["sections"]) == ("broken", "cut short", [])
    assert set(failed) - {"reason"} == set(document)


def test_show_says_what_arxiv_says(
    gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch, row_of: Any
) -> None:
    assert json.loads(gloss("show", "2401.00001", "--json").out)["arxiv"] is None
    record = Record(
        id="2401.00001",
        version=2,
        title="Lanterns on Paths",
        authors=("Ada Byron",),
        abstract="As arXiv has it.",
        published="2024-01-02",
        updated="2024-02-03",
        categories=("cs.CV",),
        comment="9 pages,\x1b[31m 3 figures",
        doi="10.1000/lanterns",
        journal="Paths 7",
    )
    paper = replace(library.paper("2401.00001"), record=record)
    monkeypatch.setattr(library, "paper", lambda _: paper)
    library.rows[0] = row_of("2401.00001", reason="withdrawn on arXiv", withdrawn=True)
    lines = gloss("show", "2401.00001").out.splitlines()
    assert lines[3:8] == [
        "Comment: 9 pages,[31m 3 figures",
        "DOI: 10.1000/lanterns",
        "Note: withdrawn on arXiv",
        "",
        "As arXiv has it.",
    ]
    document = json.loads(gloss("show", "2401.00001", "--json").out)
    assert document["abstract"] == "As arXiv has it."
    assert document["arxiv"] == {
        "id": "2401.00001",
        "version": 2,
        "comment": "9 pages,\x1b[31m 3 figures",
        "doi": "10.1000/lanterns",
        "journal": "Paths 7",
        "published": "2024-01-02",
        "updated": "2024-02-03",
        "withdrawn": True,
    }
    assert gloss("papers").out.splitlines()[0].endswith("Lanterns on Paths (withdrawn on arXiv)")


def test_show_writes_the_figures(
    gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paper = library.paper("2401.00001")
    figures = (
        Figure("Figure 1", Span(0, 8), 1, Box(1, 72, 100, 300, 200)),
        Figure("TABLE II", Span(9, 11), 2),
    )
    monkeypatch.setattr(library, "paper", lambda _: replace(paper, figures=figures))
    drawn: list[tuple[str, str]] = []

    def draw(paper_id: str, label: str) -> bytes:
        drawn.append((paper_id, label))
        return b"a picture"

    monkeypatch.setattr(library, "figure_image", draw, raising=False)
    folder = tmp_path / "new" / "figures"
    shown = gloss("show", "2401.00001", "--figures", str(folder))
    assert shown.code == 0
    assert shown.out.startswith("Lanterns on Paths")
    assert shown.err.endswith("1 of 2 figures and tables\n")
    assert drawn == [(paper.id, "Figure 1")]
    assert (folder / "figure-1.png").read_bytes() == b"a picture"
    listed = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert [(one["label"], one["kind"], one["page"], one["file"]) for one in listed] == [
        ("Figure 1", "figure", 1, "figure-1.png"),
        ("TABLE II", "table", 2, None),
    ]
    assert listed[0]["caption"] == paper.text[:8]
    assert listed[0]["box"] == {"page": 1, "x0": 72, "y0": 100, "x1": 300, "y1": 200}
    assert listed[1]["box"] is None
    (tmp_path / "file").write_text("in the way")
    refused = gloss("show", "2401.00001", "--figures", str(tmp_path / "file"))
    assert (refused.code, refused.out) == (2, "")
    assert "file: cannot be written" in refused.err


def test_search(gloss: Any) -> None:
    found = gloss("search", "lantern hours")
    assert found.out.splitlines()[:3] == [
        " 1  Lanterns on Paths · Method · p. 2",
        "    2401.00001#method.1  0.500  both",
        "    Each lantern burns for 3.5 hours.",
    ]
    document = json.loads(gloss("search", "lantern", "-k", "1", "--json").out)
    assert document["query"] == "lantern"
    (hit,) = document["hits"]
    assert set(hit) == {
        *("passage_id", "paper_id", "title", "section", "role", "text", "score", "found_by"),
        "boxes",
    }
    assert hit["boxes"] == [{"page": 2, "x0": 72, "y0": 100, "x1": 300, "y1": 112}]
    only = gloss("search", "lantern", "--role", "limitations", "--json")
    assert [hit["role"] for hit in json.loads(only.out)["hits"]] == ["limitations"]
    assert gloss("search", "nothing").err == "Nothing found.\n"


@pytest.fixture
def digested(library: Any, digest_of: Any, claim_of: Any) -> Any:
    """The library with the digests of two papers, one of them not only of quotes."""
    library.digests["2401.00001"] = digest_of()
    words = "Each lantern burns for 3.5 hours."
    other = digest_of(method=[claim_of(words, "method.1", 2, text="Lanterns burn 3.5 h.")])
    library.digests["2402.00002"] = replace(
        other, paper=replace(other.paper, id="2402.00002", version=1, title="More Lanterns")
    )
    return library


def test_search_across_digests(gloss: Any, digested: Any) -> None:
    asked = ("search", "which papers report 3.5", "--in", "digests")
    found = gloss(*asked, "--paper", "2401.00001")
    assert found.out.splitlines() == [
        " 1  Lanterns on Paths · Method · quoted from Method, p. 2",
        "    2401.00001v2/en/method.2  0.500  both  supported",
        "    Each lantern burns for 3.5 hours.",
        "",
    ]
    only = gloss("search", "burn", "--in", "digests", "--paper", "2402.00002")
    assert only.out.splitlines() == [
        " 1  More Lanterns · Method · from Method, p. 2",
        "    2402.00002v1/en/method.1  0.500  both  supported",
        "    Lanterns burn 3.5 h.",
        "    “Each lantern burns for 3.5 hours.”",
        "",
    ]
    assert (found.code, found.err) == (0, "")


def test_search_across_digests_as_json(gloss: Any, digested: Any) -> None:
    document = json.loads(gloss("search", "burn", "--in", "digests", "--json").out)
    assert set(document) == {"query", "hits", "notes"}
    assert document["query"] == "burn"
    assert [hit["paper_id"] for hit in document["hits"]] == ["2401.00001", "2402.00002"]
    assert document["hits"][1] == {
        "claim_id": "2402.00002v1/en/method.1",
        "paper_id": "2402.00002",
        "title": "More Lanterns",
        "section": "method",
        "text": "Lanterns burn 3.5 h.",
        "score": 0.5,
        "found_by": "both",
        "citations": [
            {
                "passage_id": "2401.00001#method.1",
                "quote": "Each lantern burns for 3.5 hours.",
                "page": 2,
                "boxes": [
                    {"page": 2, "x0": 72, "y0": 100, "x1": 300, "y1": 112},
                    {"page": 2, "x0": 72, "y0": 114, "x1": 200, "y1": 126},
                ],
            }
        ],
        "support": {"score": 1.0, "verdict": "supported"},
    }
    one = json.loads(gloss("search", "burn", "--in", "digests", "-k", "1", "--json").out)
    assert one["hits"] == document["hits"][:1]
    none = gloss("search", "snow", "--in", "digests")
    assert (none.out, none.err, none.code) == ("", "Nothing found.\n", 0)
    assert json.loads(gloss("search", "snow", "--in", "digests", "--json").out)["hits"] == []


def test_what_other_papers_say_that_is_like_a_sentence(gloss: Any, digested: Any) -> None:
    shown = gloss("search", "--like", "2401.00001v2/en/method.2")
    assert shown.out.splitlines()[:2] == [
        " 1  More Lanterns · Method · from Method, p. 2",
        "    2402.00002v1/en/method.1  0.250  dense  supported",
    ]
    document = json.loads(gloss("search", "--like", "2401.00001v2/en/method.2", "--json").out)
    assert document["query"] == "Each lantern burns for 3.5 hours."
    assert [hit["claim_id"] for hit in document["hits"]] == ["2402.00002v1/en/method.1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", "   "], "the query is empty"),
        (["search", "x", "--in", "digests"], "`gloss digest --all` writes all"),
        (["search", "x", "--in", "figures"], "'figures' is not one of"),
        (["search", "x", "--in", "digests", "--role", "method"], "does not apply to digests"),
        (["search"], "give a QUERY, or --like CLAIM_ID"),
        (["search", "x", "--like", "2401.00001v2/en/limits.1"], "give a QUERY, or --like"),
        (["search", "--like", "2401.00001v2/en/limit.1"], "did you mean 2401.00001v2/en/limits.1?"),
        (["digest"], "give a paper's ID, or --all"),
        (["digest", "2401.00001", "--all"], "give a paper's ID, or --all"),
        (["digest", "--all", "--format", "html"], "--format and --out are for one paper"),
        (["search", "x", "--role", "villain"], "'villain' is not one of"),
        (["search", "x", "--since", "yesterday"], "is not a date"),
        (["search", "x", "--since", "2024-02-31"], "is not a date"),
        (["search", "x", "--until", "2024-13"], "is not a date"),
        (["search", "x", "-k", "0"], "1"),
        (["show", "9999.99999"], "not in this library"),
        (["digest", "9999.99999"], "not in this library"),
        (["digest", "2401.00001", "--writer", "poet"], "'poet' is not one of"),
        (["page", "--category", "x", "--date", "2024", "--out", "o"], "write it as 2024-07-05"),
        (["page", "--category", "none", "--out", "o"], "no paper of category none"),
        (["eval", "weather"], "no evaluation is called weather"),
        (["fetch"], "give --category cs.CV, or --query TEXT"),
        (["fetch", "--category", "cs.CV", "--since", "soon"], "is not a date"),
        (["fetch", "--category", "cs.CV", "--limit", "0"], "--limit"),
        (["dance"], "dance"),
    ],
)
def test_wrong_use_is_a_line_and_exit_code_2(gloss: Any, arguments: list[str], said: str) -> None:
    ran = gloss(*arguments)
    assert said in ran.err
    assert len(ran.err.splitlines()) <= 4
    assert (ran.code, ran.out) == (2, "")


def test_a_busy_library_is_a_line(
    gloss: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import index.library

    def busy(settings: Any, **_: Any) -> None:
        raise LibraryBusy(tmp_path, "process 7")

    monkeypatch.setattr(index.library.Library, "open", busy)
    ran = gloss("papers")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"gloss: {tmp_path}: in use by process 7")


def test_a_wrong_environment_is_a_line(gloss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_READ__WORKERS", "many")
    ran = gloss("papers")
    assert ran.err.startswith("gloss: GLOSS_READ__WORKERS: ")
    assert ran.code == 2


def test_a_wrong_environment_names_its_variables(
    gloss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLOSS_READ__WORKERS", "none")
    monkeypatch.setenv("GLOSS_ENDPOINT__TRIES", "few")
    monkeypatch.setenv("GLOSS_READ__PAGES_MAX", "all")
    ran = gloss("papers")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("gloss: GLOSS_ENDPOINT__TRIES: ")
    assert "GLOSS_READ__WORKERS: " in ran.err
    assert ran.err.endswith("; and 1 more\n")


def test_a_group_is_set_by_its_parts(gloss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_READ", "fast")
    ran = gloss("papers")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "gloss: GLOSS_READ: not JSON; set its parts, as GLOSS_READ__...\n"


def test_our_own_words_on_a_setting_are_said_alone() -> None:
    class Read(BaseModel):
        workers: int = 0

        @field_validator("workers")
        @classmethod
        def _some(cls, workers: int) -> int:
            if workers < 1:
                raise ValueError("give at least one")
            return workers

    class Ours(BaseModel):
        read: Read

        @model_validator(mode="after")
        def _together(self) -> Ours:
            raise ValueError("these two do not go together")

    with pytest.raises(ValidationError) as one:
        Ours.model_validate({"read": {"workers": 0}})
    assert options.wrong_settings(one.value) == "GLOSS_READ__WORKERS: give at least one"
    with pytest.raises(ValidationError) as both:
        Ours.model_validate({"read": {"workers": 1}})
    assert options.wrong_settings(both.value) == "these two do not go together"


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        SupportShape(score=float("nan"), verdict="supported").to_json()


def test_interrupted(gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(library, "papers", interrupted)
    ran = gloss("papers")
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "")


@pytest.mark.parametrize(
    ("since", "full"),
    [("2024", "2024-01-01"), ("2024-07", "2024-07-01"), (" 2024-07-05 ", "2024-07-05")],
)
def test_iso_date(since: str, full: str) -> None:
    assert iso_date(since) == full


def test_digest_in_each_form(gloss: Any, tmp_path: Path) -> None:
    assert gloss("digest", "2401.00001").out.startswith("# Lanterns on Paths\n")
    assert gloss("digest", "2401.00001", "--format", "html").out.startswith("<!doctype html>")
    as_json = gloss("digest", "2401.00001", "--json").out
    assert as_json == gloss("digest", "2401.00001", "--format", "json").out
    assert json.loads(as_json)["writer"] == "extractive"
    assert "## 结论" in gloss("digest", "2401.00001", "--lang", "zh").out
    ran = gloss("digest", "2401.00001", "--out", str(tmp_path / "digest.md"))
    assert ran.out == ""
    assert (tmp_path / "digest.md").read_text().startswith("# Lanterns on Paths\n")


def test_digests_of_all_papers(
    gloss: Any, library: Any, row_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.write

    library.rows.append(row_of("gone"))  # which is in the list, and no longer in the library
    library.rows.append(row_of("text"))
    ran = gloss("digest", "--all")
    assert ran.out.splitlines() == ["2401.00001  ok  4 sentences", "text  ok  4 sentences"]
    assert ran.err == "gloss: gone: not in this library; `gloss papers` lists what is there\n"
    assert ran.code == 3
    document = json.loads(gloss("digest", "--all", "--json").out)
    assert [tuple(one.values()) for one in document["digests"]] == [
        ("2401.00001", "ok", "", 4),
        ("gone", "failed", "gone: not in this library; `gloss papers` lists what is there", 0),
        ("text", "ok", "", 4),
    ]
    assert list(document["digests"][0]) == ["id", "status", "reason", "sentences"]

    def stumble(*_: Any, **__: Any) -> None:
        raise ValueError("a slip")

    monkeypatch.setattr(app.write, "write_digest", stumble)
    monkeypatch.delenv("GLOSS_DEBUG", raising=False)
    slipped = gloss("digest", "--all")
    assert (slipped.out, slipped.code, len(slipped.err.splitlines())) == ("", 3, 3)
    assert "2401.00001: ValueError: a slip" in slipped.err
    library.rows.clear()
    empty = gloss("digest", "--all", "--json")
    assert (json.loads(empty.out), empty.code) == ({"digests": []}, 2)
    assert "no paper to write a digest of" in empty.err


def test_page(gloss: Any, tmp_path: Path) -> None:
    ran = gloss("page", "--category", "cs.CV", "--date", "2024-07-05", "--out", str(tmp_path))
    assert ran.out.splitlines() == [
        str(tmp_path / "2024-07-05-cs.cv.md"),
        str(tmp_path / "2024-07-05-cs.cv.html"),
    ]
    assert ran.code == 0


def test_eval_runs_what_is_registered(gloss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(settings: Any, data: list[Path]) -> Report:
        return Report({"titles": {"exact": 0.5}, "papers": [{"id": str(path)} for path in data]})

    entry = SimpleNamespace(name="structure", load=lambda: measure)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [entry])
    ran = gloss("eval", "structure", "--data", "a", "--data", "b", "--json")
    assert json.loads(ran.out) == {"titles": {"exact": 0.5}, "papers": [{"id": "a"}, {"id": "b"}]}
    lines = gloss("eval", "structure", "--data", "a").out.splitlines()
    assert [line.split() for line in lines] == [
        ["titles.exact", "0.5000"],
        ["papers", "1", "entries"],
    ]
    assert "there are: structure" in gloss("eval", "other").err


def test_an_evaluation_can_refuse_its_data(gloss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(settings: Any, data: list[Path]) -> Report:
        if data:
            raise GlossError("eval counts: leave --data out, the library is the data")
        return Report({"papers": 0})

    entry = SimpleNamespace(name="counts", load=lambda: measure)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [entry])
    ran = gloss("eval", "counts", "--data", "a")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "gloss: eval counts: leave --data out, the library is the data\n"
    assert gloss("eval", "counts").code == 0


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = (
        "import sys, app.cli as cli\nfrom app.cli.terminal import output\n"
        "@cli.app.command()\n"
        "def talk() -> None:\n"
        "    for _ in range(100_000): output.print('line')\n"
        "sys.argv = ['gloss', 'talk']\n"
        "cli.main()\n"
    )
    talk = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert talk.stdout is not None and talk.stderr is not None
    assert talk.stdout.readline() == b"line\n"
    talk.stdout.close()
    assert talk.stderr.read() == b""
    talk.stderr.close()
    talk.wait(timeout=30)


def test_doctor(gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import index.embed
    from index.library import LibraryHealth, Step

    monkeypatch.setattr(
        index.embed, "check_model", lambda *_: index.embed.ModelCheck("f" * 64, "5" * 64, ())
    )
    repaired: list[str] = []
    well = LibraryHealth(2, 1, 9, 9, "m", (), checked=2, rebuilding="other")
    library.health = lambda deep=False: LibraryHealth(
        2, 1, 9, 8, "m", ("2401.00001: 8 of 9 passages",)
    )

    def repair(progress: Callable[[Step], None]) -> LibraryHealth:
        progress(Step("2401.00001", 0, 2))
        repaired.append("yes")
        library.health = lambda deep=False: well
        return well

    library.repair = repair

    ill = gloss("--library", str(tmp_path), "doctor")
    assert ill.code == 3
    assert ill.err == "gloss: 2401.00001: 8 of 9 passages\n"
    assert "2 papers, 1 failed files, 9 passages, 8 vectors" in ill.out
    assert "vectors made by       m\n" in ill.out
    assert "rebuild" not in ill.out
    cured = gloss("--library", str(tmp_path), "doctor", "--repair", "--json")
    assert (cured.code, cured.err, repaired) == (0, "", ["yes"])
    document = json.loads(cured.out)
    assert document["model"]["fingerprint"] == "f" * 64
    assert document["model"]["weights_sha256"] == "5" * 64
    assert (document["library"]["points"], document["library"]["checked"]) == (9, 2)
    assert document["problems"] == []
    assert document["library"]["model"] == "m"
    assert document["versions"]["gloss"]
    assert (
        "rebuild cut short     for other: `gloss doctor --repair` with that GLOSS_MODEL goes on\n"
        in gloss("--library", str(tmp_path), "doctor").out
    )


def test_doctor_lets_old_digests_be_searched(
    gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.write
    import index.embed
    from index.library import LibraryHealth

    monkeypatch.setattr(
        index.embed, "check_model", lambda *_: index.embed.ModelCheck("f" * 64, "5" * 64, ())
    )
    well = LibraryHealth(2, 1, 9, 9, "m", (), claims=4, claim_points=4)
    library.health, library.repair = lambda deep: well, lambda progress: well
    written: list[tuple[str, str]] = []

    def write(_: Any, paper_id: str, lang: str, writer: Any, again: bool) -> Any:
        written.append((paper_id, lang))
        return library.paper(paper_id)

    monkeypatch.setattr(app.write, "write_digest", write)
    # What cannot be read any more is taken for English.
    library.unsearched = {"2401.00001": ("{}",), "gone": ("{}",)}
    ran = gloss("doctor", "--repair")
    assert written == [("2401.00001", "en"), ("gone", "en")]
    assert "4 sentences of digests, 4 vectors" in ran.out
    assert ran.err.startswith("gloss: gone: its digest could not be written: gone: not in this")
    assert ran.code == 3


def test_until_a_year_means_all_of_it() -> None:
    assert [dated(text) for text in ("2024", " 2024-07 ")] == ["2024", "2024-07"]
    with pytest.raises(NotADate):
        dated("soon")
