"""Files that are named after a paper: the paper itself, its copies, and other documents."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from index.catalog import KnownVersion
from index.config import Settings
from index.library import Library
from index.paper import Paper
from index.read.front.identity import identify
from index.sources import Source
from index.split import TooManyPassages, split

CASE = Path(__file__).parents[3] / "shared" / "cases" / "05-supplement-replaces-paper"
PROSE = "We grow sparse trees and count the leaves of each one. They are green in spring. " * 8
OTHER = "All proofs stand here, and all the tables that had no place. They are long ones. " * 8


@pytest.fixture
def library(tmp_path: Path, fake_embedder: Any, reader_here: Any) -> Iterator[Library]:
    settings = Settings(library=tmp_path / "library", read={"passages_max": 40})
    with Library.open(settings, embedder=fake_embedder, reader=reader_here) as opened:
        yield opened


def add(library: Library, path: Path, title: str = "", text: str = "") -> tuple[str, str, str]:
    if title:
        path.write_text(f"# {title}\n\n## 1 Introduction\n\n{text}\n", "utf-8")
    added = library.add(Source(path, path.name))
    return added.paper_id, added.status, added.reason


COPIES = [
    ("2407.03300", "2407.03300", None),
    ("2407.03300v2", "2407.03300", 2),
    ("arXiv-2407.03300v2", "2407.03300", 2),
    ("2407.03300 (1)", "2407.03300", None),
    ("2407.03300v2(3)", "2407.03300", 2),
    ("2407.03300 - Copy", "2407.03300", None),
    ("2407.03300v1 - Copy (2)", "2407.03300", 1),
    ("2407.03300 copy 2", "2407.03300", None),
    ("2407.03300 - Kopie", "2407.03300", None),
    ("2407.03300 副本", "2407.03300", None),
    ("2407.03300-1", "2407.03300", None),
    ("2407.03300v1.pdf", "2407.03300", 1),
    ("hep-th_9901001", "hep-th/9901001", None),
    ("hep-th9901001v2", "hep-th/9901001", 2),
    ("math.gt-0309136", "math.GT/0309136", None),
]


def test_a_version_or_a_copy_is_the_paper(subtests: pytest.Subtests) -> None:
    for name, paper, version in COPIES:
        with subtests.test(name=name, paper=paper, version=version):
            found = identify(name, "", "")
            assert (found.id, found.version, found.belongs_to) == (paper, version, "")


OTHERS = [
    "2407.03300_supplement",
    "2407.03300-supp",
    "2407.03300_SI",
    "2407.03300v2_suppl",
    "2407.03300 appendix",
    "2407.03300_notes",
    "2407.03300.review",
    "2407.03300v1-slides",
    "arXiv_2407.03300_additional material",
    "2407.03300_补充材料",
]


def test_all_else_is_another_document_of_it(subtests: pytest.Subtests) -> None:
    for name in OTHERS:
        with subtests.test(name=name):
            found = identify(name, "", "")
            assert found.id == name.replace(" ", "-")
            assert (found.belongs_to, found.version, found.date) == ("2407.03300", None, None)


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("hep-th_9901001_SI", "hep-th/9901001"),
        ("cond-mat9901001v2-supp", "cond-mat/9901001"),
        ("math.GT_0309136 appendix", "math.GT/0309136"),
        ("report_9901001_SI", ""),
    ],
)
def test_documents_of_a_paper_before_2007(name: str, paper: str) -> None:
    found = identify(name, "", "")
    assert (found.belongs_to, found.id) == (paper, name.replace(" ", "-"))


def test_the_stamp_on_the_page_is_believed_before_the_name() -> None:
    found = identify("2407.03300_final", "arXiv:2407.03300v2 [cs.CV] 3 Jul 2024", "")
    assert (found.id, found.version, found.belongs_to) == ("2407.03300", 2, "")


def test_longer_numbers_are_no_ids() -> None:
    assert identify("2407.033001", "", "").id == "2407.033001"
    assert identify("notes on 2407.03300", "", "").belongs_to == ""


@pytest.mark.skipif(not CASE.exists(), reason="the cases are not here")
@pytest.mark.parametrize("order", [1, -1])
def test_a_supplement_does_not_replace_the_paper(library: Library, order: int) -> None:
    for path in sorted(CASE.glob("*.md"))[::order]:
        added = add(library, path)
        assert added[:2] == (path.stem, "ok")
        assert ("belongs to 2407.03300" in added[2]) == ("supplement" in path.stem)
    rows = {row.id: row for row in library.papers()}
    assert list(rows) == ["2407.03300", "2407.03300_supplement"]
    assert rows["2407.03300"].reason == ""
    assert rows["2407.03300_supplement"].reason == "belongs to 2407.03300, as its file name says"
    assert "4.2 centimetres" in library.paper("2407.03300").text
    assert "7.7 centimetres" in library.paper("2407.03300_supplement").text


def test_notes_a_copy_and_another_paper(library: Library, tmp_path: Path) -> None:
    paper = tmp_path / "2407.03300.md"
    assert add(library, paper, "Sparse Trees for Dense Forests", PROSE)[0] == "2407.03300"
    copy = tmp_path / "2407.03300 (1).md"
    shutil.copy(paper, copy)
    assert add(library, copy) == ("2407.03300", "ok", "")
    newer = tmp_path / "2407.03300 - Copy.md"
    assert add(library, newer, "Sparse Trees for Dense Forests", PROSE * 2)[0] == "2407.03300"
    notes = tmp_path / "2407.03300_notes.md"
    assert add(library, notes, "Sparse Trees for Dense Forests", OTHER) == (
        "2407.03300_notes", "ok", "belongs to 2407.03300, as its file name says",
    )  # fmt: skip
    other = tmp_path / "there" / "2407.03300.md"
    other.parent.mkdir()
    assert add(library, other, "Whales that sing at night", OTHER + "More.") == (
        "2407.03300-2", "ok", "another paper than 2407.03300, which its file is named after",
    )  # fmt: skip
    assert [row.id for row in library.papers()] == [
        "2407.03300", "2407.03300-2", "2407.03300_notes",
    ]  # fmt: skip
    assert library.paper("2407.03300").text.count("We grow") == 16


def test_a_list_comes_whole_or_in_pieces(library: Library, tmp_path: Path) -> None:
    for name in ("d", "b", "e", "a"):
        add(library, tmp_path / f"{name}.md", f"On {name * 9}", PROSE)
    for name in ("c", "b"):  # one that became no paper, one that failed later
        path = tmp_path / "later" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(" ")
        library.add(Source(path, path.name))
    library.record_versions([KnownVersion("d", 2, True)])
    whole = library.papers()
    assert len({row.reason for row in whole}) > 2
    for limit in (1, 2, len(whole)):
        pieces = [library.papers(limit, at) for at in range(0, len(whole), limit)]
        assert [row for piece in pieces for row in piece] == whole
    readable = [row for row in whole if row.status == "ok"]
    assert library.ids() == [row.id for row in readable] and library.count() == len(readable)
    assert library.ids(2) == [row.id for row in readable[:2]]
    assert [
        (one.id, one.title, one.added, one.date, one.categories) for one in library.listed()
    ] == [(row.id, row.title, row.added, row.date, row.categories) for row in readable]


# --- how much of one file is taken ----------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_a_file_of_too_many_passages_is_refused(
    library: Library, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"signs.{suffix}"
    signs = "`" * 200 + " "
    text = f"# Signs\n\n## 1 Introduction\n\n{PROSE}\n\n" + (f"{PROSE}\\{signs}\n\n") * 60
    path.write_text(text if suffix == "md" else f"<h1>Signs</h1><p>{text}</p>")
    paper_id, status, reason = add(library, path)
    assert (paper_id, status) == ("signs", "limit")
    assert reason == "more than 40 passages, the most that one file may give"
    assert [(row.id, row.status, row.passages) for row in library.papers()] == [
        ("signs", "limit", 0)
    ]
    assert add(library, tmp_path / "trees.md", "Sparse Trees", PROSE)[1] == "ok"


def test_a_row_of_signs_is_refused_before_it_is_cut() -> None:
    text = "`" * 500_000
    counted: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(map(len, texts))
        return [len(one) for one in texts]

    paper = Paper("signs", None, "markdown", "", text, "Signs")
    with pytest.raises(TooManyPassages, match="more than 1,000 passages"):
        split(paper, count, 80, 100, 1000)
    assert max(counted) <= 100_000 and sum(counted) <= 200_000


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("empty.md", "", "no-text", "it has no text"),
        ("blank.md", " \n\n\t\n\u200b\n", "no-text", "it has no text"),
        ("comment.md", f"<!-- {PROSE} -->", "no-text", "it has no text"),
        ("matter.md", "---\ntitle: Sparse Trees\n---\n", "no-text", "it has no text"),
        ("empty.html", "", "broken", "not HTML"),
        ("blank.html", "<html><body> <p> </p></body></html>", "no-text", "it has no text"),
        ("hidden.html", f"<html><body><p hidden>{PROSE}</p></body>", "no-text", "it has no text"),
    ],
)
def test_an_empty_file_is_said(
    library: Library, tmp_path: Path, name: str, content: str, status: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    _, found, reason = add(library, path)
    assert found == status and said in reason
