"""Markdown and HTML that cost a parser much, mathematics without signs, and open bibliographies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index.paper import Paper, Reading
from index.read import _read_file

_PROSE = (
    "Every leaf of the tree is counted by hand before the storms arrive in winter. "
    "We find that patient readers agree on most of the leaves and twigs. "
)
_HEAD = f"# Counting the Leaves of Trees\n\nAda Lovelace\n\n## Abstract\n\n{_PROSE * 3}\n\n"
_BODY = f"## 1 Introduction\n\n{_PROSE * 3}\n\n## 2 Conclusion\n\n{_PROSE * 3}\n\n"


def _read(folder: Path, text: str, name: str = "paper.md") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return _read_file(path, "paper", None, 2000, 6_000_000)


def _paper(folder: Path, text: str) -> Paper:
    reading = _read(folder, text)
    assert reading.paper is not None, reading.reason
    return reading.paper


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lines.md", _HEAD + "%%a\n" * 750_000),
        ("rows.md", _HEAD + "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 400_000),
        ("cdata.md", _HEAD + "<![CDATA[\n" * 300_000),
        ("rows.html", "<html><body><table>" + "<tr><td>1</td></tr>" * 400_000 + "</table>"),
    ],
)
def test_markup_beyond_the_limits_is_refused_at_once(tmp_path: Path, name: str, text: str) -> None:
    reading = _read(tmp_path, text, name)
    assert reading.status == "limit" and "more than" in reading.reason


def _calls(work: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C."""
    count = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("unit", ["<![CDATA[", "see [here ", "![picture "])
def test_brackets_that_nothing_closes_take_work_in_step_with_their_number(
    tmp_path: Path, unit: str
) -> None:
    _read(tmp_path, _HEAD)  # imports are work, too
    calls = []
    for count in (500, 4_000):
        readings: list[Reading] = []
        text = _HEAD + unit * count
        calls.append(_calls(lambda text=text, to=readings: to.append(_read(tmp_path, text))))
        assert readings[0].status == "ok"
    assert calls[1] < 10 * calls[0]


def test_many_open_brackets_leave_the_links_of_another_paragraph_alone(tmp_path: Path) -> None:
    paper = _paper(tmp_path, _HEAD + _BODY + "[a " * 600 + "\n\nSee [the *page*](https://a.org).")
    assert "See the page." in paper.text


@pytest.mark.parametrize(
    "said",
    [
        r"\|\mathbf{x}\|",
        r"\mathrm{KL}(p\,\|\,q)",
        r"\left\{a\right\}",
        "\\begin{aligned}\na &= b \\\\\n\\end{aligned}",
        "\\begin{pmatrix}\na \\\\\nb\n\\end{pmatrix}",
    ],
)
def test_latex_without_dollar_signs_keeps_its_backslashes(tmp_path: Path, said: str) -> None:
    paper = _paper(tmp_path, f"{_HEAD}{_BODY}We write\n\n{said}\n\nfor it.")
    assert " ".join(said.split()) in " ".join(paper.text.split())


def test_an_escape_of_markdown_is_still_one(tmp_path: Path) -> None:
    paper = _paper(tmp_path, rf"{_HEAD}{_BODY}The set \{{a\}} has 5\% of \_all\_ in \[12\].")
    assert "The set {a} has 5% of _all_ in [12]." in paper.text


_ENTRIES = {
    "bracketed": "\n\n".join(
        f"[{n}] A. Forester and B. Walker. The count. *Journal of Trees*, {n}(2):1–9, 199{n}."
        for n in range(1, 8)
    ),
    "listed": "\n".join(
        f"- Forester, A., & Walker, B. (199{n}). The count. *Journal of Trees*, {n}(2), 1–9."
        for n in range(1, 8)
    ),
    "without stops": "\n\n".join(
        f"[{n}] Forester A, Walker B. The count. J Trees. 199{n};3(2):1–9. doi:10.1000/{n}"
        for n in range(1, 8)
    ),
}  # fmt: skip


@pytest.mark.parametrize("entries", _ENTRIES.values(), ids=_ENTRIES.keys())
@pytest.mark.parametrize("above", ["", "---\n\n", "**References**\n\n"])
@pytest.mark.parametrize("below", ["", f"\n\n## A Further Counts\n\n{_PROSE * 3}"])
def test_a_bibliography_without_a_heading_is_no_part_of_the_section_above_it(
    tmp_path: Path, entries: str, above: str, below: str
) -> None:
    paper = _paper(tmp_path, f"{_HEAD}{_BODY}{above}{entries}{below}")
    roles = [section.role for section in paper.sections]
    assert roles.count("references") == 1 and "conclusion" in roles
    assert sum(block.kind == "reference" for block in paper.blocks) == 7
    assert not any("Forester" in one.span.of(paper.text) for one in paper.sentences)


def test_a_few_entries_in_a_text_open_no_section(tmp_path: Path) -> None:
    few = "\n\n".join(_ENTRIES["bracketed"].split("\n\n")[:3])
    paper = _paper(tmp_path, f"{_HEAD}{_BODY}{few}\n\n{_PROSE * 3}")
    assert "references" not in [section.role for section in paper.sections]


_LITTLE = """
import resource
from pathlib import Path
from index.read.markup.tree import parse
parse("<p>warm</p>")
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = mapped + 40 * 2**20
said = "<p>" + "many words in a text <b>bold</b> " * 200_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    parse(said)
except MemoryError:
    print("too little memory")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_markup_beyond_the_memory_is_not_called_a_fault_of_the_file() -> None:
    done = subprocess.run([sys.executable, "-c", _LITTLE], capture_output=True, text=True)
    assert done.stdout.strip() == "too little memory", done.stderr
