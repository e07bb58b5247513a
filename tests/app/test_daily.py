"""``gloss daily`` with an arXiv on this machine: twice, with faults, interrupted, from its file."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import library_fakes as fakes
import pytest
import served_arxiv as served

from app.publish.daily import ConfigUnusable, Daily, read_daily
from app.publish.listing import read_published
from index.library import Library

ROOT = Path(__file__).parent.parent.parent
INDEX_TESTS = ROOT / "tests" / "index"

if TYPE_CHECKING:
    from served_arxiv import ServedArxiv


BEES, ANTS, FLIES = "2409.00001", "2409.00002", "2409.00003"
CONFIG = """
out = "site"
categories = ["cs.cv", "cs.LG"]
languages = ["en", "zh"]

[[queries]]
name = "Small Animals"
query = "all:animals"
"""


def paper(arxiv_id: str, title: str, *categories: str) -> Any:
    return served.ServedPaper(
        id=arxiv_id,
        title=title,
        authors="A. Byron",
        names=("A. Byron",),
        abstract=f"On {title}.",
        categories=categories or ("cs.CV",),
        versions=(served.Version("2024-09-20T10:00:00Z"),),
    )


@pytest.fixture
def arxiv() -> Iterator[ServedArxiv]:
    with served.served_arxiv() as opened:
        opened.papers = (
            paper(BEES, "Bees: a {{ hive }} of <b>work</b>"),
            paper(ANTS, "Ants at Home", "cs.LG", "cs.CV"),
            paper(FLIES, "Flies", "cs.CV"),
        )
        opened.files = {
            f"{BEES}v1": fakes.printed(text="We show that bees work. Bees fly far."),
            f"{ANTS}v1": fakes.printed(text="We show that ants stay at home."),
            f"{FLIES}v1": fakes.printed(status="no-text"),
        }
        yield opened


@pytest.fixture
def gloss(
    arxiv: ServedArxiv, gloss_on_arxiv: Any, tmp_path: Path
) -> Callable[..., SimpleNamespace]:
    """Run ``gloss daily`` on a library of fake parts; ``CONFIG`` is its file."""
    (tmp_path / "daily.toml").write_text(CONFIG)
    run = gloss_on_arxiv(arxiv, fakes)
    daily = ("daily", "--config", str(tmp_path / "daily.toml"))
    return lambda *arguments: run(*(arguments or daily))


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each file was written, and what is in it."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def test_the_second_run_adds_nothing_and_touches_no_file(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    arxiv.papers = arxiv.papers[:2]
    first = gloss()
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines() == [
        "fetch: 2 taken, 0 skipped, 0 failed",
        "digests: 4 ready, 0 failed",
        "pages: 6 changed, 0 as they were",
    ]
    before = state(tmp_path / "site")
    stems = [f"{today()}-{name}" for name in ("cs.cv", "cs.lg", "small-animals")]
    names = [f"{stem}{lang}{kind}" for stem in stems for lang in ("", "-zh")
             for kind in (".html", ".md")]  # fmt: skip
    assert sorted(before) == sorted([*names, "feed.xml", "index.html", "pages.json"])
    asked = len([path for path in arxiv.paths() if path.startswith("/pdf/")])
    second = gloss()
    assert (second.code, second.err) == (0, "")
    assert second.out.splitlines() == [
        "fetch: nothing new, 2 skipped, 0 failed",
        "digests: 4 ready, 0 failed",
        "pages: 0 changed, 6 as they were",
    ]
    assert state(tmp_path / "site") == before
    assert len([path for path in arxiv.paths() if path.startswith("/pdf/")]) == asked
    document = json.loads(gloss("daily", "--config", str(tmp_path / "daily.toml"), "--json").out)
    assert (document["taken"], document["skipped"], document["failed"]) == ([], 2, [])
    assert [page["changed"] for page in document["pages"]] == [False] * 6


def test_a_broken_paper_is_at_the_foot_of_its_pages(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    ran = gloss()
    assert ran.code == 3
    assert ran.out.startswith("fetch: 2 taken, 0 skipped, 1 failed\n")
    assert ran.err == f"gloss: {FLIES}v1: no-text: a reason\n"
    vision = (tmp_path / "site" / f"{today()}-cs.cv.html").read_text()
    foot = vision[vision.index('<section class="missing"') :]
    assert f'<a href="https://arxiv.org/abs/{FLIES}" rel="noopener">{FLIES}</a> Flies: ' in foot
    assert "no-text: a reason" in foot
    markdown = (tmp_path / "site" / f"{today()}-cs.cv.md").read_text()
    line = f"- [{FLIES}](https://arxiv.org/abs/{FLIES}) Flies: no-text: a reason\n"
    assert markdown.endswith(line)
    # It is a paper of cs.CV, and of what the query found, and not of cs.LG.
    assert "missing" not in (tmp_path / "site" / f"{today()}-cs.lg.md").read_text().lower()
    assert line in (tmp_path / "site" / f"{today()}-small-animals.md").read_text()
    # A page that is written by hand afterwards knows it, too.
    gloss("page", "--category", "cs.LG", "--out", str(tmp_path / "site"))
    assert FLIES not in (tmp_path / "site" / f"{today()}-cs.lg.md").read_text()
    # Another run tries it again, says so, and leaves every file as it is.
    before = state(tmp_path / "site")
    again = gloss()
    assert (again.code, again.err, again.out.splitlines()[0]) == (
        3,
        ran.err,
        "fetch: nothing new, 2 skipped, 1 failed",
    )
    assert state(tmp_path / "site") == before
    # Once it can be read, it is on the page and no longer at its foot.
    arxiv.files[f"{FLIES}v1"] = fakes.printed(text="We show that flies fly.")
    for file in (tmp_path / "cache").rglob("*.pdf"):
        file.unlink()
    again = gloss()
    assert (again.code, again.err) == (0, "")
    page = (tmp_path / "site" / f"{today()}-cs.cv.html").read_text()
    assert f'<article id="paper-{FLIES}">' in page and 'class="missing"' not in page


def test_a_network_failure_part_way(gloss: Any, arxiv: ServedArxiv, tmp_path: Path) -> None:
    arxiv.papers = arxiv.papers[:2]
    arxiv.fail("status", times=3, where=f"/pdf/{ANTS}", status=503)
    arxiv.fail("status", times=3, where="/rss/cs.LG", status=503)
    ran = gloss()
    assert ran.code == 3
    lines = ran.err.splitlines()
    assert len(lines) == 2 and all("HTTP 503" in line for line in lines)
    assert ran.out.splitlines()[0] == "fetch: 1 taken, 0 skipped, 1 failed"
    page = (tmp_path / "site" / f"{today()}-cs.cv.html").read_text()
    assert f'<article id="paper-{BEES}">' in page
    assert "HTTP 503" in page[page.index('class="missing"') :]
    assert [one.id for one in read_published(tmp_path / "site").waiting] == [f"{ANTS}v1"]
    # It is asked for again even where arXiv announces it no more.
    arxiv.fail("no items", times=99, where="/rss/")
    (tmp_path / "daily.toml").write_text(CONFIG.partition("[[")[0])
    again = gloss()
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[0] == "fetch: 1 taken, 0 skipped, 0 failed"
    page = (tmp_path / "site" / f"{today()}-cs.lg.html").read_text()
    assert f'<article id="paper-{ANTS}">' in page
    assert 'class="missing"' not in (tmp_path / "site" / f"{today()}-cs.cv.html").read_text()
    assert read_published(tmp_path / "site").waiting == ()


def test_a_download_that_fails_again_changes_nothing(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path
) -> None:
    arxiv.fail("status", times=99, where=f"/pdf/{ANTS}", status=503)
    gloss()
    before = state(tmp_path / "site")
    assert gloss().code == 3
    assert state(tmp_path / "site") == before


def test_arxiv_out_of_reach(gloss: Any, arxiv: ServedArxiv, tmp_path: Path) -> None:
    arxiv.papers = arxiv.papers[:2]
    gloss()
    before = state(tmp_path / "site")
    arxiv.fail("status", times=999, status=503)
    ran = gloss()
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 3
    assert ran.out.splitlines()[-1] == "pages: 0 changed, 6 as they were"
    assert state(tmp_path / "site") == before


def test_who_is_refused_does_not_ask_on(gloss: Any, arxiv: ServedArxiv) -> None:
    arxiv.fail("status", times=999, status=403)
    ran = gloss()
    assert (ran.code, len(ran.err.splitlines()), len(arxiv.log)) == (2, 1, 1)


@pytest.mark.parametrize("moment", ["commit", "page"])
def test_an_interrupted_run_goes_on(
    gloss: Any,
    arxiv: ServedArxiv,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    import app.publish.daily

    arxiv.papers = arxiv.papers[:2]
    real_take, real_page = Library.commit, app.publish.daily.write_page
    calls: list[object] = []

    def interrupted(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        return call

    if moment == "commit":
        monkeypatch.setattr(Library, "commit", interrupted(real_take))
    else:
        monkeypatch.setattr(app.publish.daily, "write_page", interrupted(real_page))
    assert gloss().code == 130
    waiting = [one.id for one in read_published(tmp_path / "site").waiting]
    assert waiting == ([f"{BEES}v1", f"{ANTS}v1"] if moment == "commit" else [])
    monkeypatch.setattr(Library, "commit", real_take)
    monkeypatch.setattr(app.publish.daily, "write_page", real_page)
    arxiv.fail("no items", times=99, where="/rss/")  # the next day's announcement
    ran = gloss()
    taken = "1 taken, 1 skipped" if moment == "commit" else "nothing new, 2 skipped"
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"fetch: {taken}, 0 failed")
    published = read_published(tmp_path / "site")
    assert len(published.pages) == 6 and published.waiting == ()


def test_a_slip_of_ours_stops_no_day(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.write

    arxiv.papers = arxiv.papers[:2]
    real = app.write.write_digest

    def stumble(library: Any, paper_id: str, *others: Any, **named: Any) -> Any:
        if paper_id == BEES:
            raise ValueError("a slip")
        return real(library, paper_id, *others, **named)

    monkeypatch.setattr(app.write, "write_digest", stumble)
    monkeypatch.delenv("GLOSS_DEBUG", raising=False)
    ran = gloss()
    assert ran.code == 3
    assert f"gloss: {BEES}: ValueError: a slip (GLOSS_DEBUG=1 shows where)" in ran.err
    page = (tmp_path / "site" / f"{today()}-cs.cv.html").read_text()
    assert f'<article id="paper-{ANTS}">' in page
    assert "no digest: ValueError: a slip" in page[page.index('class="missing"') :]


def test_a_day_of_a_missed_run_gets_its_page(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.publish.daily

    arxiv.papers = arxiv.papers[:2]
    later = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=6)
    monkeypatch.setattr(app.publish.daily, "today", lambda: later)
    assert gloss().code == 0
    pages = read_published(tmp_path / "site").pages
    assert {page.date.isoformat() for page in pages} == {today()}
    before = state(tmp_path / "site")
    assert gloss().out.splitlines()[1:] == [
        "digests: 0 ready, 0 failed",
        "pages: 0 changed, 0 as they were",
    ]
    assert state(tmp_path / "site") == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("out = ", "is no TOML: Invalid value (at end of document)"),
        ('categories = ["cs.CV"]', "out: is missing"),
        ('out = "x"', "asks for nothing"),
        ('out = "x"\ncategories = ["no such thing"]', "categories: 'no such thing' is no category"),
        ('out = "x"\ncategories = ["cs.CV"]\nlimit = 0', "limit: Input should be greater than"),
        ('out = "x"\ncategory = "cs.CV"', "category: no such key; there are out, categories"),
        ('out = "x"\ncategories = ["cs.CV"]\nlanguages = ["en", "fr"]', "languages[2]: Input"),
        ('out = "x"\ncategories = ["cs.CV"]\nwriter = "poet"', "writer: Input should be"),
        ('out = "x"\ncategories = ["cs.CV"]\napp_url = "app.org"', "app_url: String should match"),
        ('out = "x"\n[[queries]]\nname = "a"', "queries[1].query: is missing"),
        (
            'out = "x"\ncategories = ["cs.CV"]\n[[queries]]\nname = "CS/CV"\nquery = "x"\n'
            '[[queries]]\nname = "cs cv"\nquery = "y"',
            "two pages would have one name: CS/CV, cs cv",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_a_line(
    gloss: Any, arxiv: ServedArxiv, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "daily.toml"
    path.write_text(text)
    with pytest.raises(ConfigUnusable):
        read_daily(path)
    ran = gloss()
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith(f"gloss: {path}: {said}")
    assert arxiv.log == []


def test_no_file_says_where_to_begin(gloss: Any, tmp_path: Path) -> None:
    ran = gloss("daily", "--config", str(tmp_path / "other.toml"))
    assert ran.err.endswith("no such file; data/daily.toml is one to begin with\n")
    assert ran.code == 2


def test_the_sample_file_has_every_key() -> None:
    path = ROOT / "data" / "daily.toml"
    assert read_daily(path).out == path.parent / "public"
    unfolded = re.sub(r"^# (?=\w+ = )", "", path.read_text(), flags=re.M)
    whole = Daily.model_validate(tomllib.loads(unfolded))
    assert whole.model_fields_set == set(Daily.model_fields)
    assert (whole.days, whole.writer) == (Daily.model_fields["days"].default, "extractive")
    table = (ROOT / "docs" / "daily.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` ", table, re.M)) == set(Daily.model_fields)
