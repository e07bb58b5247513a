"""The library and a day as lists: sorted, filtered, paged, marked, and what is removed kept for
some seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.interests.filters import PaperFilter
from app.show.html import fill
from app.web.removals import SECONDS, Removals
from app.web.shelf import PAGE, ShelfView, Shelves
from app.web.texts import texts
from app.web.today import DayFilter, day_list, words_of
from index.config import Settings
from index.errors import DiskFull
from index.spans import Span


@pytest.fixture
def papers(library: Any, row_of: Any) -> Any:
    library.rows = [
        row_of("2401.00001", title="Ähren im Wind", authors=("Zoë Quinn", "Bo"), date="2024-02"),
        row_of("b", title="bees buzz", authors=("Ada Byron",), date=None, version=None),
        row_of("c", title="Bees Dance", authors=("Émile A", "Z", "Y", "X"), categories=("q-bio",)),
        row_of("broken", title="", status="broken", reason="cut short", authors=()),
    ]
    return library


def ids(library: Any, hidden: frozenset[str] = frozenset(), **view: Any) -> list[str]:
    page = Shelves().page(library, ShelfView(**view), "en", hidden)
    return [line.id for line in page.lines]


def test_every_order_has_two_directions(papers: Any) -> None:
    assert ids(papers, order="title", down=False) == ["2401.00001", "b", "c", "broken"]
    assert ids(papers, order="title", down=True) == ["broken", "c", "b", "2401.00001"]
    assert ids(papers, order="authors", down=False) == ["broken", "b", "c", "2401.00001"]
    assert ids(papers, order="date", down=True) == ["2401.00001", "c", "broken", "b"]
    assert ids(papers, order="added", down=True) == ["c", "broken", "b", "2401.00001"]
    papers.digests["b"] = {}
    assert ids(papers, order="digest", down=True) == ["b", "c", "broken", "2401.00001"]
    assert ids(papers, order="size", down=False) == ["broken", "b", "c", "2401.00001"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("BEES", ["b", "c"]), ("emile bees", ["c"]), ("ahren zoe", ["2401.00001"]), ("q-bio", ["c"]),
     ("2401.00001", ["2401.00001"]), ("  ", ["2401.00001", "b", "c", "broken"]), ("wasps", [])],
)  # fmt: skip
def test_a_filter_goes_by_words_without_case_and_accents(
    papers: Any, text: str, found: list[str]
) -> None:
    assert sorted(ids(papers, text=text)) == sorted(found)


def test_a_line_says_what_a_reader_needs(papers: Any, digest_of: Any) -> None:
    papers.digests["2401.00001"] = digest_of()
    page = Shelves().page(papers, ShelfView("title", down=False), "en")
    first, second, third, last = page.lines
    assert (first.name, first.digests, second.name) == ("2401.00001v2", ("en",), "b")
    assert third.authors == "Émile A, Z, Y …"
    assert (last.title, last.status, last.reason) == ("broken", "broken", "cut short")
    assert last.size == "" and first.size.endswith(" MB")
    assert (page.papers, page.of, page.pages, page.first, page.last) == (4, 4, 1, 1, 4)


def test_5000_papers_are_in_pages(library: Any, row_of: Any) -> None:
    library.rows = [row_of(f"p{n:04}", title=f"paper {n:04}") for n in range(5000)]
    shelves = Shelves()
    asked: list[str] = []
    row = library.row
    library.row = lambda paper_id: asked.append(paper_id) or row(paper_id)
    page = shelves.page(library, ShelfView("title", down=False, page=2), "en")
    assert [line.id for line in page.lines] == [f"p{n:04}" for n in range(50, 100)]
    assert len(asked) == PAGE  # what costs a question is asked of a page alone
    late = shelves.page(library, ShelfView("title", down=False, page=10**5), "en")
    assert (late.view.page, late.pages, late.first, late.last) == (100, 100, 4951, 5000)


def test_the_list_follows_the_library(papers: Any) -> None:
    shelves = Shelves()
    assert shelves.page(papers, ShelfView(), "en").of == 4
    papers.rows.pop()
    assert shelves.page(papers, ShelfView(), "en").of == 3


@pytest.mark.parametrize(
    "sent",
    [None, [], "x", {"order": "evil", "down": "no", "page": -1}, {"page": "2"}, {"page": 10**9},
     {"page": True, "order": ["title"]}],
)  # fmt: skip
def test_a_browser_may_send_anything(papers: Any, sent: object) -> None:
    view = ShelfView.of(sent, "x" * 10_000)
    assert view.order == "added" and view.down and view.page == 1
    assert len(view.text) == 200


def test_tags_are_shown_and_filter(papers: Any) -> None:
    papers.notes.tag("2401.00001", "To Read")
    papers.notes.tag("2401.00001", "oil", Span(9, 20))
    shelves = Shelves()
    page = shelves.page(papers, ShelfView(tag="to read"), "en")
    (line,) = page.lines
    assert (line.id, line.tags.own, line.tags.of_words) == ("2401.00001", ("To Read",), ("oil",))
    assert page.tags == ("oil", "To Read") and page.view.sent()["tag"] == "to read"
    assert ids(papers, text="to read") == ids(papers, tag="OIL") == ["2401.00001"]
    assert ids(papers, tag="none") == [] and len(ids(papers)) == 4
    papers.notes.untag("2401.00001", "To Read")
    page = shelves.page(papers, ShelfView(tag="to read"), "en")
    assert page.lines == ()
    for left in (("oil",), ()):  # a tag that is gone is still what is filtered by, and can be left
        values = {"page": replace(page, tags=left), "removed": 0, "failure": "", "forms": ()}
        shown = fill("shelf.html", say=texts()["en"], lang="en", own=True, **values)
        assert "<option selected>to read</option>" in shown
    assert (
        ShelfView.of({"tag": ["x"]}).tag == "" and len(ShelfView.of({"tag": "x" * 999}).tag) == 100
    )
    papers.notes = None  # of a visitor
    assert shelves.page(papers, ShelfView(page=2), "en").of == 4


def test_a_day_is_filtered_by_tag(papers: Any) -> None:
    papers.notes.tag("2401.00001", "To Read")
    day = day_list(papers, Settings(), DayFilter(tag="to read"))
    assert [(line.id, line.tags) for line in day.lines] == [("2401.00001", ("To Read",))]
    assert day.tags == ("To Read",) and day.papers == 3
    assert len(day_list(papers, Settings(), DayFilter()).lines) == 3


@dataclass
class Clock:
    """A timer that a test lets go off."""

    due: list[Callable[[], None]] = field(default_factory=list)

    def later(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        assert seconds == SECONDS
        self.due.append(act)
        return lambda: self.due.remove(act) if act in self.due else None

    def strike(self) -> None:
        due, self.due = self.due, []
        for act in due:
            act()


def there(library: Any) -> list[str]:
    return [row.id for row in library.rows]


def test_what_is_removed_can_be_had_back(papers: Any) -> None:
    clock = Clock()
    removals = Removals(clock.later)
    assert removals.ask("me", papers, ["b", "c", "b"]) == 2
    assert removals.hidden("me") == {"b", "c"} and removals.hidden("you") == set()
    assert there(papers) == ["2401.00001", "b", "c", "broken"]  # nothing has happened to them
    assert ids(papers, removals.hidden("me"), order="title", down=False) == ["2401.00001", "broken"]
    assert (removals.undo("me"), removals.undo("me")) == (2, 0)
    clock.strike()
    assert len(there(papers)) == 4 and not removals.hidden("me")


def test_what_nobody_wants_back_goes(papers: Any) -> None:
    clock = Clock()
    removals = Removals(clock.later)
    removals.ask("me", papers, ["b"])
    removals.ask("me", papers, ["c", "nobody"])  # the first ones go now
    assert there(papers) == ["2401.00001", "c", "broken"]
    clock.strike()
    assert there(papers) == ["2401.00001", "broken"]
    assert not removals.hidden("me") and removals.undo("me") == 0


def test_what_may_not_be_removed_stays(papers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    removals = Removals(clock.later)
    monkeypatch.setattr(type(papers), "may_remove", lambda _, paper_id: paper_id == "b")
    assert removals.ask("me", papers, ["c", "b"]) == 1
    monkeypatch.setattr(type(papers), "may_remove", lambda *_: False)
    clock.strike()
    assert there(papers) == ["2401.00001", "c", "broken"]
    assert removals.ask("me", papers, ["c"]) == 0 and not clock.due


def test_a_removal_that_fails_says_so_once(papers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    removals = Removals(clock.later)

    def full(*_: Any) -> None:
        raise DiskFull(Path("/lib"), 1, 2)

    monkeypatch.setattr(type(papers), "remove", full)
    removals.ask("me", papers, ["b"])
    clock.strike()
    assert not removals.hidden("me") and "b" in there(papers)
    assert removals.failure("me") is not None and removals.failure("me") is None


# The day


def day(library: Any, **wanted: Any) -> Any:
    return day_list(library, Settings(cache=Path("/nowhere")), DayFilter(**wanted))


def test_a_day_is_ranked_with_why(papers: Any, digest_of: Any) -> None:
    """The vectors of the double are (0, 1), (1, 1), (2, 1): b is between the others."""
    papers.mark(["b"], "brought")
    papers.mark(["c"], "read")
    papers.digests["2401.00001"] = digest_of()
    shown = day(papers)
    assert (shown.day, shown.papers, shown.unread, shown.ranked) == ("2024-07-05", 3, 2, True)
    lines = {line.id: line for line in shown.lines}
    assert lines["c"].near_id == "2401.00001"  # b is brought, and kept by nobody
    assert lines["b"].kept is False and lines["c"].kept is None
    (summary,) = lines["2401.00001"].summary
    assert summary.text == "We measure how well lanterns light a path."
    assert lines["c"].read and not lines["b"].read
    papers.mark(["b"], "kept")
    assert {line.id: line.kept for line in day(papers).lines}["b"] is True


def test_filters_of_a_day(papers: Any) -> None:
    papers.mark(["c"], "read")
    assert {line.id for line in day(papers, unread=True).lines} == {"2401.00001", "b"}
    assert [line.id for line in day(papers, papers=PaperFilter(authors=("byron",))).lines] == ["b"]
    # Of the abstract, which the double has of one paper alone.
    by_word = day(papers, papers=PaperFilter(keywords=("lanterns light",)))
    assert [line.id for line in by_word.lines] == ["2401.00001"]
    assert day(papers, day="1999-01-01").day == "2024-07-05"


def test_a_library_without_papers_has_no_day(library: Any) -> None:
    library.rows = []
    shown = day(library)
    assert (shown.day, shown.lines, shown.papers, shown.ranked) == ("", (), 0, False)


def test_words_with_commas_between() -> None:
    assert words_of(" a b ,，, !,中文") == ("a b", "中文")
    assert words_of(None) == ()
