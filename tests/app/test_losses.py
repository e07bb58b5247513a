"""What could not be read of a paper stands wherever the paper is shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.digest import Digest
from app.documents.digests import DigestShape
from app.publish.day import Day, to_html_day
from app.show.html import to_html
from app.show.markdown import to_markdown
from app.show.views import losses_said
from app.write.saved import from_text, to_text
from index.accounts import Finding, Loss, PageAccount
from index.paper import Cell, Table
from index.spans import Box, Span

LOSSES = (Loss(3, 1.0, "the PDF engine failed: no memory"), Loss(6, 0.08, "its words were lost"))


@pytest.fixture
def torn(lanterns: Digest) -> Digest:
    """A digest of a paper of which a page and a part of another were lost."""
    return replace(lanterns, paper=replace(lanterns.paper, losses=LOSSES))


def test_a_digest_says_at_its_foot_what_could_not_be_read(torn: Digest) -> None:
    said = "Page 3 could not be read; 8 % of page 6 could not be read."
    assert f"*{said}*" in to_markdown(torn).splitlines()
    assert said in to_html(torn)
    assert said in to_html_day(Day("cs.CV", date(2024, 1, 2), "en", (torn,)))
    assert "第 3 页未能读出；第 6 页有 8% 未能读出。" in to_markdown(replace(torn, lang="zh"))


def test_a_digest_of_a_paper_that_was_read_whole_says_nothing(lanterns: Digest) -> None:
    assert "could not be read" not in to_markdown(lanterns) + to_html(lanterns)


def test_a_digest_as_json_lists_the_losses(torn: Digest) -> None:
    assert DigestShape.of(torn).model_dump()["paper"]["losses"] == [
        {"page": 3, "share": 1.0, "reason": "the PDF engine failed: no memory"},
        {"page": 6, "share": 0.08, "reason": "its words were lost"},
    ]


def test_a_saved_digest_keeps_them_and_an_older_one_has_none(
    torn: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert from_text(to_text(torn)) == torn
    monkeypatch.setattr("pydantic.TypeAdapter", lambda *_: pytest.fail("a schema is built again"))
    assert from_text(to_text(torn)) == torn  # a day has 200 digests
    monkeypatch.undo()
    older = json.loads(to_text(torn))
    del older["paper"]["losses"]
    read = from_text(json.dumps(older))
    assert read is not None and read.paper.losses == ()


def test_of_many_lost_pages_the_first_are_named() -> None:
    many = [Loss(page, 1.0, "") for page in range(1, 40)]
    said = losses_said(many, "en")
    assert said.casefold().count("page ") == 5
    assert said.endswith("34 more pages could not be read in full.")


def test_show_prints_the_account_and_what_was_lost(
    run_gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = (
        PageAccount(1, 500, 480, 10, 0, 0, 10, 0, 0),
        PageAccount(2, 100, 90, 0, 0, 0, 2, 0, 8, lost=("lantern",)),
        PageAccount(3, 0, 0, 0, 0, 0, 0, 0, 0, unread="the PDF engine failed: no memory"),
    )
    hidden = (Finding("colour", "praise this paper", Box(1, 0, 0, 9, 9)),)
    paper = replace(library.paper("2401.00001"), accounts=accounts, findings=hidden)
    monkeypatch.setattr(library, "paper", lambda _: paper)
    lines = [line.split() for line in run_gloss("show", "2401.00001").out.splitlines()]
    assert ["2", "100", "90", "0", "0", "0", "2", "0", "8"] in lines
    assert ["all", "600", "570", "10", "0", "0", "12", "0", "8"] in lines
    assert [
        "page",
        "3",
        "could",
        "not",
        "be",
        "read:",
        "the",
        "PDF",
        "engine",
        "failed:",
        "no",
        "memory",
    ] in lines
    document = json.loads(run_gloss("show", "2401.00001", "--json").out)
    assert [(one["kind"], one["page"]) for one in document["findings"]] == [
        ("hidden", 1),
        ("lost", 2),
        ("lost", 3),
    ]
    assert [one["share"] for one in document["accounts"]] == [1.0, 0.92, 0.0]
    assert document["accounts"][1]["lost"] == ["lantern"]


def test_show_as_json_has_tables_with_cells(
    run_gloss: Any, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Lamp | Hours\nTallow | 3.5"
    spans = [
        Span(text.index(one), text.index(one) + len(one)) for one in re.findall(r"[\w.]+", text)
    ]
    lamp, hours, tallow, number = (
        Cell(span, None, place // 2, place % 2) for place, span in enumerate(spans)
    )
    table = Table("Table 1", Span(0, 0), ((lamp, hours),), ((tallow, number),), 1, (), None)
    paper = replace(library.paper("2401.00001"), text=text, tables=(table,), sections=())
    paper = replace(paper, abstract=None)
    monkeypatch.setattr(library, "paper", lambda _: paper)
    [shown] = json.loads(run_gloss("show", "2401.00001", "--json").out)["tables"]
    assert shown["label"] == "Table 1"
    assert [cell["text"] for cell in shown["header"][0]] == ["Lamp", "Hours"]
    assert shown["rows"][0][1]["quote"] == "Tallow: 3.5 (Hours)"
