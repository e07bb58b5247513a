"""Stories of gloss and arXiv, told with an arXiv on this machine that can be made to misbehave."""

from __future__ import annotations

import hashlib
import pickle
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from forked import Forks
from hypothesis import given, settings
from hypothesis import strategies as st
from served_arxiv import ServedArxiv, served_arxiv

from index.config import Settings
from index.errors import FetchError
from index.fetch import Fetcher, Reference, parse_reference
from index.fetch.connection import is_private
from index.fetch.feeds import author_names, category_spelling, plain_text, says_withdrawn, set_of
from index.fetch.polite import Turn
from index.reference import ARXIV_ID

DISCO = Reference("2407.03300")


@pytest.fixture
def arxiv() -> Iterator[ServedArxiv]:
    with served_arxiv() as served:
        yield served


@pytest.fixture
def fetcher(arxiv: ServedArxiv, tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(arxiv.settings(tmp_path)) as opened:
        yield opened


def files(folder: Path) -> list[str]:
    """What is in the cache, but for the locks and the stamp that keep the pace."""
    names = sorted(path.name for path in (folder / "arxiv").iterdir())
    return [name for name in names if not name.endswith((".lock", "turn.txt"))]


# References: every form that people paste.


PASTED = [
    ("2407.03300", "2407.03300"),
    ("  2407.03300v2\n", "2407.03300v2"),
    ("0704.0001", "0704.0001"),
    ("arXiv:2407.03300v1", "2407.03300v1"),
    ("ARXIV: 2407.03300V1", "2407.03300v1"),
    ("arxiv:hep-th/9901001", "hep-th/9901001"),
    ("MATH.gt/0309136v2", "math.GT/0309136v2"),
    ("https://arxiv.org/abs/2407.03300v2?context=cs", "2407.03300v2"),
    ("https://arxiv.org/abs/2407.03300#comments", "2407.03300"),
    ("http://arxiv.org/pdf/2407.03300v1.pdf", "2407.03300v1"),
    ("https://arxiv.org/pdf/hep-th/9901001v1.pdf", "hep-th/9901001v1"),
    ("https://arxiv.org/abs/hep-th%2F9901001", "hep-th/9901001"),
    ("https://export.arxiv.org/abs/2407.03300", "2407.03300"),
    ("https://arxiv.org/html/2407.03300v1", "2407.03300v1"),
    ("https://arxiv.org/html/2407.03300v1/", "2407.03300v1"),
    ("www.arxiv.org/abs/2407.03300", "2407.03300"),
    ("arxiv.org/abs/2407.03300?utm_source=München", "2407.03300"),
    ("https://alphaxiv.org/abs/2407.03300v1", "2407.03300v1"),
    ("https://www.alphaxiv.org/overview/2407.03300", "2407.03300"),
    ("https://huggingface.co/papers/2407.03300", "2407.03300"),
    ("https://hf.co/papers/2407.03300", "2407.03300"),
    ("https://doi.org/10.48550/arXiv.2407.03300", "2407.03300"),
    ("10.48550/arXiv.2407.03300", "2407.03300"),
    ("doi:10.48550/arxiv.hep-th/9901001", "hep-th/9901001"),
    ("https://ar5iv.labs.arxiv.org/html/2407.03300", "2407.03300"),
    ("https://ar5iv.org/abs/2407.03300", "2407.03300"),
]


def test_any_form_that_people_paste_is_understood(subtests: pytest.Subtests) -> None:
    for text, reference in PASTED:
        with subtests.test(text=text, reference=reference):
            parsed = parse_reference(text)
            assert parsed is not None
            assert str(parsed) == reference


NO_REFERENCES = [
    "",
    "attention is all you need",
    "2407.03300 2407.03301",
    "2413.00001",  # no such month
    "2407.03300v0",
    "2407.03300v123",
    "２４０７.０３３００",
    "https://arxiv.org/list/cs.CV/recent",
    "https://arxiv.org/abs/",
    "https://arxiv.org.evil.example/abs/2407.03300",
    "https://notarxiv.org/abs/2407.03300",
    "https://evil.example/?u=https://arxiv.org/abs/2407.03300",
    "https://arxiv.org@evil.example/abs/2407.03300",
    "ftp://arxiv.org/abs/2407.03300",
    "https://doi.org/10.1000/2407.03300",
    "../../2407.03300",
    "paper 2407.03300.pdf",
    "2407.03300" + " " * 1000,
]


def test_anything_else_is_not_an_arxiv_paper(subtests: pytest.Subtests) -> None:
    for text in NO_REFERENCES:
        with subtests.test(text=text):
            assert parse_reference(text) is None


IDS = st.from_regex(re.compile(ARXIV_ID.pattern, re.ASCII), fullmatch=True).filter(str.isascii)


@settings(max_examples=40)
@given(
    paper=IDS,
    around=st.sampled_from(
        ["{}", "arXiv:{}", "https://arxiv.org/abs/{}", "http://export.arxiv.org/pdf/{}.pdf", "{}/"]
    ),
)
def test_a_reference_survives_being_written_and_read(paper: str, around: str) -> None:
    parsed = parse_reference(around.format(paper))
    if parsed is None:
        assert re.search("v0+$", paper, re.IGNORECASE)
    else:
        assert parse_reference(str(parsed)) == parsed
        assert str(parsed).lower().removesuffix(f"v{parsed.version}") in paper.lower()


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_references(text: str) -> None:
    parsed = parse_reference(text)
    assert parsed is None or ARXIV_ID.fullmatch(str(parsed))


# Records and searches.


def test_records_by_id_say_what_arxiv_says(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    (record,) = fetcher.records([DISCO]).values()
    assert (record.id, record.version) == ("2407.03300", 2)
    assert record.title == (
        "DisCo-Diff: Enhancing Continuous Diffusion Models with 50% fewer $\\alpha$ steps"
    )
    assert record.authors[-1] == "Karsten Krëis"
    assert record.abstract.endswith("Poincaré & Erdős, at a cost of 5%.")
    assert (record.published, record.updated) == ("2024-07-03", "2024-10-11")
    assert record.categories == ("cs.LG", "cs.CV", "stat.ML")
    assert (record.doi, record.journal) == ("10.1000/disco.1", "ICML 2024, vol. 7")
    assert not record.withdrawn  # it is another paper that has been
    assert record.pdf_url == f"{arxiv.url}/pdf/2407.03300v2"
    (seen,) = arxiv.log
    assert re.fullmatch(r"gloss/[0-9.]+", seen.headers["User-Agent"])


def test_what_arxiv_does_not_have_is_missing(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    asked = [
        Reference("2407.03300", 9),  # no such version
        Reference("math.GT/0309136"),  # arXiv itself leaves the class out
        Reference("2401.99999"),  # no such paper
        Reference("2407.03300", 1),
        Reference("2407.03300"),
        Reference("2407.03300"),
    ]
    records = fetcher.records(asked)
    assert list(records) == [asked[1], asked[3], asked[4]]
    assert [record.version for record in records.values()] == [1, 1, 2]
    assert len(arxiv.log) == 1  # the missing ones are not asked for again
    assert fetcher.records([Reference("2401.99999")]) == {}
    assert fetcher.records([]) == {}
    assert len(arxiv.log) == 2


def test_an_id_that_arxiv_takes_for_malformed_costs_only_itself(
    arxiv: ServedArxiv, fetcher: Fetcher
) -> None:
    arxiv.fail("error entry", words="incorrect id format for cs/9901001")
    records = fetcher.records([DISCO, Reference("cs/9901001")])
    assert list(records) == [DISCO]
    arxiv.fail("error entry", words="incorrect id format for cs/9901001")
    assert fetcher.records([Reference("cs/9901001")]) == {}


def test_more_than_a_hundred_ids_are_several_requests(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    ids = [Reference(f"2401.{number:05}") for number in range(1, 150)]
    assert list(fetcher.records([*ids, DISCO])) == [Reference("2401.00007"), ids[7], DISCO]
    assert len(arxiv.log) == 2


def test_withdrawn_papers_are_known_as_such(fetcher: Fetcher) -> None:
    (record,) = fetcher.records([Reference("2401.00007")]).values()
    assert record.withdrawn


@pytest.mark.parametrize(
    ("comment", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error", True),
        ("Withdrawn", True),
        ("This submission has been withdrawn by arXiv administrators", True),
        ("12 pages. The article was withdrawn for revision", True),
        ("Withdrawn by the first author", True),
        ("We study withdrawn drugs; 4 figures", False),
        ("supersedes 2301.00001, which has been withdrawn", False),
        ("", False),
    ],
)
def test_withdrawals_are_told_from_talk_of_them(comment: str, withdrawn: bool) -> None:
    assert says_withdrawn(comment, "") is withdrawn


def test_a_search_is_read_page_by_page(
    arxiv: ServedArxiv, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.fetch import query

    monkeypatch.setattr(query, "PAGE_MAX", 2)
    search = fetcher.search("cat:cs.CV AND ti:diffusion", limit=3)
    assert arxiv.log == []  # nothing is asked before it is read
    assert [record.id for record in search] == ["2407.03300", "2401.00007", "math/0309136"]
    assert len(arxiv.log) == 2
    assert "sortBy=submittedDate&sortOrder=descending" in arxiv.log[0].path
    assert len(list(fetcher.search("all:x", limit=99))) == 4
    assert list(fetcher.search("all:x", limit=0)) == []


def test_a_page_that_arxiv_forgot_to_fill_is_asked_for_again(
    arxiv: ServedArxiv, fetcher: Fetcher
) -> None:
    arxiv.fail("empty page")
    assert len(list(fetcher.search("all:x", limit=9))) == 4
    arxiv.fail("empty page", times=3)
    with pytest.raises(FetchError, match="an empty page of 5 results, 3 times"):
        list(fetcher.search("all:x", limit=9))


def test_arxivs_own_words_reach_the_reader(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    arxiv.fail("error entry", words="start must be an integer")
    with pytest.raises(FetchError) as caught:
        list(fetcher.search("all:x", limit=9))
    assert str(caught.value) == (
        "a search for all:x: arXiv says: start must be an integer; change what is asked for"
    )
    with pytest.raises(FetchError, match="say what to search for"):
        list(fetcher.search("  ", limit=9))


# Announcements.


def test_a_days_announcement(fetcher: Fetcher) -> None:
    feed = fetcher.today("CS.cv")
    assert feed.published == "2024-09-30"  # arXiv's midnight, not ours
    assert [one.kind for one in feed.announcements] == ["replace", "cross", "replace-cross", "new"]
    first = feed.announcements[0]
    assert (first.id, first.version) == ("2407.03300", 2)
    assert first.authors == (
        "Yilun Xu",
        "Gabriele Corso",
        "Tommi Jaakkola",
        "Arash Vahdat",
        "Karsten Krëis",
    )
    assert first.abstract.startswith("Diffusion models (DMs) encode data into a Gaussian & noise")
    assert first.categories[0] == "cs.LG"


def test_a_holiday_is_an_empty_day_and_a_broken_feed_is_not(
    arxiv: ServedArxiv, fetcher: Fetcher
) -> None:
    arxiv.fail("no items")
    feed = fetcher.today("cs.CV")
    assert (feed.published, feed.announcements) == ("2024-09-30", ())
    arxiv.fail("malformed")
    with pytest.raises(FetchError, match=r"no RSS feed .it is malformed"):
        fetcher.today("cs.CV")
    arxiv.fail("html")
    with pytest.raises(FetchError, match=r"no RSS feed .it is HTML"):
        fetcher.today("cs.CV")


@pytest.mark.parametrize("category", ["", "cs.CV/../x", "cs.CV?x=1", "no category", "cs.CV.x"])
def test_what_is_no_category_is_not_asked_for(
    arxiv: ServedArxiv, fetcher: Fetcher, category: str
) -> None:
    for ask in (fetcher.today, lambda name: fetcher.since(name, "2024-01-01")):
        with pytest.raises(FetchError, match="is no category"):
            ask(category)
    assert arxiv.log == []


def test_a_category_has_a_set() -> None:
    names = ["cs.cv", "Hep-TH", "math.gt", "ASTRO-PH.co", "Cond-Mat.STR-EL", "physics.optics"]
    assert [set_of(category_spelling(name)) for name in names] == [
        "cs:cs:CV",
        "physics:hep-th",
        "math:math:GT",
        "physics:astro-ph:CO",
        "physics:cond-mat:str-el",
        "physics:physics:optics",
    ]


# Harvests.


def test_everything_since_a_day(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    records = list(fetcher.since("cs.CV", "2024-10-01"))
    # the one that arXiv deleted is left out
    assert [record.id for record in records] == [
        "2407.03300",
        "hep-th/9901001",
        "math/0309136",
        "2401.00007",
    ]
    assert "set=cs%3Acs%3ACV&from=2024-10-01" in arxiv.log[0].path
    assert arxiv.log[1].path == "/oai?verb=ListRecords&resumptionToken=skip%3D3"
    first = records[0]
    assert (first.version, first.published, first.updated) == (2, "2024-07-03", "2024-10-11")
    (same,) = fetcher.records([DISCO]).values()
    assert first == same  # both ways lead to one record
    assert [record.withdrawn for record in records] == [False, False, False, True]


def test_nothing_new_is_not_an_error(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    assert list(fetcher.since("cs.CV", "2026-11-30")) == []
    with pytest.raises(FetchError, match="'yesterday': is no date; give one like 2026-11-23"):
        fetcher.since("cs.CV", "yesterday")


def test_a_list_that_arxiv_lost_half_way_says_to_run_again(
    arxiv: ServedArxiv, fetcher: Fetcher
) -> None:
    arxiv.fail("bad token", where="resumptionToken")
    harvest = fetcher.since("cs.CV", "2024-10-01")
    assert next(harvest).id == "2407.03300"
    with pytest.raises(FetchError, match=r"badResumptionToken.*run it again"):
        list(harvest)


def test_a_list_that_goes_in_a_circle_ends(
    arxiv: ServedArxiv, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = arxiv.oai({}, forgotten=False)
    monkeypatch.setattr(arxiv, "oai", lambda query, forgotten: first)
    with pytest.raises(FetchError, match="in a circle"):
        list(fetcher.since("cs.CV", "2024-10-01"))
    assert len(arxiv.log) == 2


@pytest.mark.parametrize("fault", ["malformed", "html", "entities"])
@pytest.mark.parametrize("service", ["api", "rss", "oai"])
def test_no_service_is_believed_when_it_answers_something_else(
    arxiv: ServedArxiv, fetcher: Fetcher, service: str, fault: Any
) -> None:
    arxiv.fail(fault)
    with pytest.raises(FetchError, match="arXiv answered something that is no") as caught:
        if service == "api":
            fetcher.records([DISCO])
        elif service == "rss":
            fetcher.today("cs.CV")
        else:
            list(fetcher.since("cs.CV", "2024-10-01"))
    assert "\n" not in str(caught.value)
    assert ("entities" in str(caught.value)) is (fault == "entities")
    assert len(arxiv.log) == 1


# Names and titles.


LINES_OF_AUTHORS = [
    ("A. Author, B. Author and C. Author (Affil)", ("A. Author", "B. Author", "C. Author")),
    ("A. One (1, 2), B. Two ((1) Here (far), (2) There)", ("A. One", "B. Two")),
    ("A. One, and B. Two", ("A. One", "B. Two")),
    ("A. One & B. Two", ("A. One", "B. Two")),
    ("ATLAS Collaboration: G. Aad, et al.", ("ATLAS Collaboration", "G. Aad")),
    ("Fernando Alonso, Jr., Ferdin{\\'a}nd III", ("Fernando Alonso Jr.", "Ferdinánd III")),
    ("Sandy Anderson", ("Sandy Anderson",)),  # no "and"
    ("Bj\\o rn \\AA kesson, K. M\\\"uller, \\v{S}. \\'{\\i}", None),
    ("A. Open (Never closed, B. Gone", ("A. Open",)),
    ("", ()),
]


def test_a_line_of_authors_becomes_names(subtests: pytest.Subtests) -> None:
    for text, names in LINES_OF_AUTHORS:
        with subtests.test(text=text, names=names):
            expected = ("Bjørn Åkesson", "K. Müller", "Š. í") if names is None else names
            assert author_names(text) == expected


def test_only_accents_are_taken_for_tex() -> None:
    text = "50% of {BERT} ~ $\\'x_{1}$ by\n  Erd\\H{o}s \\& {\\\"O}; \\emph{x} C\\# \\o"
    assert plain_text(text) == "50% of {BERT} ~ $\\'x_{1}$ by Erdős \\& Ö; \\emph{x} C\\# ø"


# PDFs.


def test_a_pdf_is_fetched_once(arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path) -> None:
    first = fetcher.pdf(DISCO)
    content = arxiv.papers[0].pdf(2)
    assert first.fetched
    assert first.path.read_bytes() == content
    assert first.sha256 == hashlib.sha256(content).hexdigest() == first.path.stem
    assert first.size == len(content)
    assert files(tmp_path) == ["2407.03300v2.json", first.path.name]
    assert arxiv.paths() == ["/api/query", "/pdf/2407.03300v2"]

    (record,) = fetcher.records([DISCO]).values()
    second = fetcher.pdf(record)
    assert (second.path, second.fetched) == (first.path, False)
    assert fetcher.pdf(Reference(record.id, 1)).sha256 != first.sha256
    assert arxiv.paths()[2:] == ["/api/query", "/pdf/2407.03300v1"]


def test_an_old_id_has_a_place_in_the_cache(fetcher: Fetcher, tmp_path: Path) -> None:
    download = fetcher.pdf(Reference("math.GT/0309136"))
    assert files(tmp_path) == sorted(["math_0309136v1.json", download.path.name])


@pytest.mark.parametrize("damage", [b"", b"%PDF-1.5 something else", None])
def test_a_damaged_file_is_fetched_again(
    arxiv: ServedArxiv, fetcher: Fetcher, damage: bytes | None
) -> None:
    reference = Reference("2407.03300", 1)
    download = fetcher.pdf(reference)
    whole = download.path.read_bytes()
    download.path.write_bytes(whole[:-1] + b"?" if damage is None else damage)
    again = fetcher.pdf(reference)
    assert again.fetched
    assert again.path.read_bytes() == whole
    assert not fetcher.pdf(reference).fetched


@pytest.mark.parametrize("fault", ["drop", "truncated"])
def test_a_download_goes_on_where_it_broke_off(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path, fault: Any
) -> None:
    arxiv.fail(fault)
    download = fetcher.pdf(Reference("2407.03300", 1))
    assert download.path.read_bytes() == arxiv.papers[0].pdf(1)
    first, second = arxiv.log
    assert "Range" not in first.headers
    assert re.fullmatch("bytes=[1-9][0-9]+-", second.headers["Range"])
    assert second.headers["If-Range"].startswith('"')
    assert files(tmp_path) == sorted(["2407.03300v1.json", download.path.name])


def test_a_download_goes_on_after_a_restart(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path
) -> None:
    arxiv.fail("drop", times=3)
    with pytest.raises(FetchError, match=r"the connection broke .* after 3 tries"):
        fetcher.pdf(Reference("2407.03300", 1))
    assert files(tmp_path) == ["2407.03300v1.part", "2407.03300v1.part.json"]
    with Fetcher(arxiv.settings(tmp_path)) as later:
        assert later.pdf(Reference("2407.03300", 1)).size == len(arxiv.papers[0].pdf(1))
    assert "Range" in arxiv.log[-1].headers


def test_a_server_that_cannot_resume_starts_over(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    arxiv.ranges = False
    arxiv.fail("drop")
    assert fetcher.pdf(Reference("2407.03300", 1)).size == len(arxiv.papers[0].pdf(1))
    assert "Range" in arxiv.log[1].headers  # it was asked, and sent everything
    arxiv.ranges, arxiv.validators = True, False
    arxiv.fail("drop")
    assert fetcher.pdf(Reference("2407.03300", 2)).size == len(arxiv.papers[0].pdf(2))
    assert "Range" not in arxiv.log[-1].headers  # nothing says that the rest is of the same file


def test_a_file_that_changed_in_between_starts_over(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path
) -> None:
    arxiv.fail("drop", times=3)
    with pytest.raises(FetchError):
        fetcher.pdf(Reference("2407.03300", 1))
    arxiv.kilobytes = 120
    download = fetcher.pdf(Reference("2407.03300", 1))
    assert download.path.read_bytes() == arxiv.papers[0].pdf(1, 120)


def test_a_beginning_longer_than_the_file_starts_over(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path
) -> None:
    arxiv.fail("drop", times=3)
    with pytest.raises(FetchError):
        fetcher.pdf(Reference("2407.03300", 1))
    part = tmp_path / "arxiv" / "2407.03300v1.part"
    part.write_bytes(b"x" * 1_000_000)
    download = fetcher.pdf(Reference("2407.03300", 1))
    assert download.path.read_bytes() == arxiv.papers[0].pdf(1)
    assert "Range" in arxiv.log[-2].headers and "Range" not in arxiv.log[-1].headers


def test_a_page_instead_of_a_pdf_is_no_paper(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path
) -> None:
    arxiv.fail("html")
    with pytest.raises(FetchError) as caught:
        fetcher.pdf(Reference("2407.03300", 1))
    assert str(caught.value) == (
        "the PDF of 2407.03300v1: a page came instead: "
        '"arXiv reCAPTCHA Access denied Sadly, your client looks like a robot."; try again later'
    )
    assert files(tmp_path) == []


def test_a_length_that_cuts_the_file_off_is_noticed(
    arxiv: ServedArxiv, fetcher: Fetcher, tmp_path: Path
) -> None:
    arxiv.fail("short length")
    with pytest.raises(FetchError, match="the PDF that came is cut off"):
        fetcher.pdf(Reference("2407.03300", 1))
    assert files(tmp_path) == []
    assert fetcher.pdf(Reference("2407.03300", 1)).fetched


def test_a_withdrawn_paper_has_no_pdf_and_says_why(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match=r"it was probably withdrawn .* earlier version") as caught:
        fetcher.pdf(Reference("2401.00007"))
    assert caught.value.status == 404
    assert fetcher.pdf(Reference("2401.00007", 1)).fetched
    with pytest.raises(FetchError, match="no such paper is on arXiv"):
        fetcher.pdf(Reference("2401.99999"))


def test_a_pdf_beyond_the_limit_is_not_kept(arxiv: ServedArxiv, tmp_path: Path) -> None:
    with Fetcher(arxiv.settings(tmp_path, megabytes_max=0.05)) as fetcher:
        with pytest.raises(FetchError, match="raise GLOSS_ARXIV__MEGABYTES_MAX"):
            fetcher.pdf(Reference("2407.03300", 1))
        assert files(tmp_path) == []
        arxiv.kilobytes = 40
        assert fetcher.pdf(Reference("2407.03300", 1)).fetched


def test_two_threads_that_want_one_paper_fetch_it_once(arxiv: ServedArxiv, tmp_path: Path) -> None:
    downloads: list[Any] = []

    def fetch() -> None:
        with Fetcher(arxiv.settings(tmp_path)) as fetcher:
            downloads.append(fetcher.pdf(Reference("2407.03300", 1)))

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.fetched for one in downloads) == [False, False, True]
    assert len(arxiv.log) == 1


def test_a_cache_that_cannot_be_written_says_so(arxiv: ServedArxiv, tmp_path: Path) -> None:
    (tmp_path / "arxiv").write_text("a file in the way")
    with pytest.raises(FetchError, match=r"the cache cannot be written .* set GLOSS_CACHE"):
        Fetcher(arxiv.settings(tmp_path))


# Politeness.


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 503}),
        ("status", {"status": 500}),
        ("status", {"status": 429}),
        ("drop", {}),
        ("truncated", {}),
    ],
)
def test_what_may_pass_is_tried_again(
    arxiv: ServedArxiv, fetcher: Fetcher, fault: Any, options: dict[str, Any]
) -> None:
    arxiv.fail(fault, times=2, **options)
    assert list(fetcher.records([DISCO])) == [DISCO]
    assert len(arxiv.log) == 3
    assert min(arxiv.gaps()) >= 0.02


def test_patience_ends(arxiv: ServedArxiv, fetcher: Fetcher) -> None:
    arxiv.fail("status", times=99, status=503)
    with pytest.raises(FetchError) as caught:
        fetcher.records([DISCO])
    assert str(caught.value) == (
        "the records of 2407.03300: arXiv is out of order (HTTP 503), after 3 tries; "
        "try again later"
    )
    assert len(arxiv.log) == 3


def test_nobody_waits_longer_than_they_want(arxiv: ServedArxiv, tmp_path: Path) -> None:
    arxiv.fail("status", times=99, status=503)
    settings = arxiv.settings(tmp_path, patience=0.1, tries=99)
    with Fetcher(settings) as fetcher, pytest.raises(FetchError, match=r"after [2-6] tries"):
        fetcher.today("cs.CV")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "HTTP 400, Error 400 Bad archive 'x'"),
        (403, "arXiv refuses to answer this machine"),
        (404, "not on arXiv"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    arxiv: ServedArxiv, fetcher: Fetcher, status: int, words: str
) -> None:
    arxiv.fail("status", times=9, status=status, words="Bad archive 'x'")
    with pytest.raises(FetchError, match=re.escape(words)) as caught:
        fetcher.today("cs.CV")
    assert caught.value.status == status
    assert len(arxiv.log) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_arxivs_wait_is_kept_by_everyone(arxiv: ServedArxiv, tmp_path: Path, form: str) -> None:
    date = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    until = time.monotonic() + (date - datetime.now(UTC)).total_seconds()
    arxiv.fail(
        "status",
        status=429,
        retry_after="1" if form == "seconds" else format_datetime(date, usegmt=True),
    )

    def ask(category: str) -> None:
        with Fetcher(arxiv.settings(tmp_path)) as fetcher:
            fetcher.today(category)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("cs.CV", "cs.LG")]
    threads[0].start()
    while not arxiv.log:
        time.sleep(0.01)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert len(arxiv.log) == 3
    # the clocks are read one after the other, and the stamp has milliseconds
    assert arxiv.log[1].time >= (arxiv.log[0].time + 1 if form == "seconds" else until) - 0.01


def test_a_wait_beyond_patience_says_when_to_come_back(
    arxiv: ServedArxiv, fetcher: Fetcher
) -> None:
    arxiv.fail("status", status=429, retry_after="3600")
    with pytest.raises(FetchError) as caught:
        fetcher.today("cs.CV")
    assert caught.value.retry_after == 3600
    back = re.search("after 1 try; come back after (.*) UTC, as arXiv asks", str(caught.value))
    assert back is not None
    wait = datetime.fromisoformat(f"{back[1]}+00:00") - datetime.now(UTC)
    assert timedelta(minutes=58) < wait <= timedelta(hours=1)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_server_that_hangs_is_left(arxiv: ServedArxiv, tmp_path: Path) -> None:
    arxiv.fail("hang", times=2)
    with Fetcher(arxiv.settings(tmp_path, timeout=0.3, tries=2)) as fetcher:
        with pytest.raises(FetchError, match=r"no answer within 0\.3 s, after 2 tries"):
            fetcher.today("cs.CV")
        assert fetcher.today("cs.CV").announcements


def test_what_is_packed_twice_is_not_unpacked(
    arxiv: ServedArxiv, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece of it would become larger than any limit before it could be counted."""
    monkeypatch.setattr("httpx._decoders.GZipDecoder.decode", lambda *_: pytest.fail("unpacked"))
    arxiv.fail("packed twice", times=2)
    with pytest.raises(FetchError, match="packed in a way that was not asked for"):
        fetcher.today("cs.CV")
    with pytest.raises(FetchError, match="packed in a way that was not asked for"):
        fetcher.pdf(parse_reference("2407.03300v1"))
    assert {seen.headers["Accept-Encoding"] for seen in arxiv.log} == {"gzip", "identity"}


def test_nobody_there_is_said(tmp_path: Path) -> None:
    here = "http://127.0.0.1:9"
    settings = Settings(cache=tmp_path, arxiv={"rss": here, "seconds": 0.01, "tries": 2})
    with (
        Fetcher(settings) as fetcher,
        pytest.raises(FetchError, match=r"today's cs.CV: the connection broke .* after 2 tries"),
    ):
        fetcher.today("cs.CV")


def test_a_redirect_takes_a_turn_of_its_own(arxiv: ServedArxiv, tmp_path: Path) -> None:
    with Fetcher(arxiv.settings(tmp_path, seconds=0.2)) as fetcher:
        arxiv.fail("redirect", times=2)
        assert fetcher.today("cs.CV").announcements
        assert arxiv.log[-1].path == "/rss/cs.CV?moved=1&moved=1"
        assert min(arxiv.gaps()) >= 0.2
    with Fetcher(arxiv.settings(tmp_path)) as fetcher:
        arxiv.fail("redirect", times=99)
        with pytest.raises(FetchError, match="more than 5 redirects"):
            fetcher.today("cs.CV")


PROCESS = """
import sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from index.config import Settings
from index.fetch import Fetcher

cache, url = sys.argv[1:]
settings = Settings(cache=Path(cache), arxiv={"rss": f"{url}/rss", "seconds": 0.2})
with Fetcher(settings) as fetcher:
    for _ in range(3):
        fetcher.today("cs.CV")
"""


def test_four_processes_keep_one_pace(arxiv: ServedArxiv, tmp_path: Path, forks: Forks) -> None:
    processes = [forks.start(PROCESS, tmp_path, arxiv.url) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert len(arxiv.log) == 12
    assert min(arxiv.gaps()) >= 0.2
    assert arxiv.busiest == 1


@pytest.mark.parametrize(
    ("stamp", "wait"),
    [
        ("5000 700 0", 0.3),  # just now
        ("4991 691 0", 0.0),  # long ago
        ("8600 691 0", 0.3),  # the clock was set back
        ("1400 700 0", 0.3),  # it was set forward
        ("4991 9999 0", 0.0),  # the machine was restarted
        ("5000 700 0.5", 0.5),  # arXiv asked for more
        ("", 0.3),  # a crash tore it
        ("nonsense \x00", 0.3),
        ("nan inf nan", 0.3),
    ],
)
def test_no_clock_and_no_crash_breaks_the_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stamp: str, wait: float
) -> None:
    """Seconds that are waited at 5000 by the wall clock and 700 by the monotonic one."""
    waited: list[float] = []
    clocks = SimpleNamespace(time=lambda: 5000.0, monotonic=lambda: 700.0, sleep=waited.append)
    monkeypatch.setattr("index.fetch.polite.time", clocks)
    (tmp_path / "turn.txt").write_text(stamp, encoding="ascii")
    with Turn(tmp_path, 0.3).taken():
        assert waited == [wait]


def test_the_pace_is_arxivs_unless_set() -> None:
    assert Settings().arxiv.seconds == 3.0
    with pytest.raises(ValueError, match=r"arxiv\.api"):
        Settings(arxiv={"api": "file:///etc/passwd"})


def test_reading_a_reference_loads_nothing_that_is_heavy() -> None:
    program = (
        "import sys; from index.fetch import parse_reference; parse_reference('2407.03300');"
        "heavy = {'httpx', 'arxiv', 'requests', 'pylatexenc', 'tenacity'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Fri, 31 Dec 9999 23:59:59 -1200", 366 * 86_400.0),  # past the last year, in UTC
        ("Mon, 01 Jan 0001 00:00:00 +1200", 0.0),  # before the first
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86_400.0),
        ("999999999", 366 * 86_400.0),
        ("Fri, 31 Dec 1999 23:59:59 +9999999999", None),
        ("7", 7.0),
        ("soon", None),
        ("", None),
    ],
)
def test_any_retry_after_is_a_wait_or_none(said: str, seconds: float | None) -> None:
    from index.fetch.polite import retry_after_seconds

    assert retry_after_seconds(said) == seconds


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        ("http://127.0.0.1:1/private", False),
        ("http://localhost/private", False),
        ("http://169.254.169.254/latest", False),
        ("http://[::1]:8000/", False),
        ("https://arxiv.org:8443/pdf/1", False),
        ("http://arxiv.org/pdf/1", False),
        ("https://arxiv.org.example/pdf/1", False),
        ("https://notarxiv.org/pdf/1", False),
        ("https://arxiv.org@127.0.0.1/pdf/1", False),
        ("https://export.arxiv.org/pdf/1", True),
        ("https://arxiv.org/pdf/1", True),
        ("http://mirror.example:8080/other", True),  # which the settings name
        ("http://mirror.example:8081/other", False),
    ],
)
def test_redirects_are_followed_to_arxiv_and_to_named_addresses_only(
    to: str, asked: bool, tmp_path: Path
) -> None:
    import httpx

    from index.fetch.polite import PoliteClient

    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        if len(seen) > 1:
            return httpx.Response(400, text="private words")
        return httpx.Response(302, headers={"Location": to})

    first = "http://mirror.example:8080/rss"
    client = PoliteClient(
        Settings(cache=tmp_path, arxiv={"rss": first, "seconds": 0.0, "tries": 1}), tmp_path
    )
    client.close()
    client._client = httpx.Client(transport=httpx.MockTransport(answer))
    with pytest.raises(FetchError) as refused:
        client.get(first, "the feed")
    client.close()
    assert seen == ([first, to] if asked else [first])
    assert ("private words" in str(refused.value)) is asked
    assert asked or "which is not arXiv's" in str(refused.value)


@pytest.mark.parametrize(("pause", "enough"), [(1.0, False), (0.0001, True)])
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_drips_is_left(
    pause: float, enough: bool, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    from index.fetch import polite

    now = [0.0]
    clocks = SimpleNamespace(time=lambda: now[0], monotonic=lambda: now[0], sleep=lambda _: None)
    monkeypatch.setattr(polite, "time", clocks)

    class Drips(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(10_000):
                now[0] += pause
                yield b"x"

    settings = Settings(cache=tmp_path, arxiv={"seconds": 0.0, "tries": 1, "timeout": 30.0})
    client = polite.PoliteClient(settings, tmp_path)
    client.close()
    body = httpx.MockTransport(lambda _: httpx.Response(status, stream=Drips()))
    client._client = httpx.Client(transport=body)
    if enough and status == 200:
        assert len(client.get("http://mirror.example/", "the feed").content) == 10_000
    else:
        with pytest.raises(FetchError) as left:
            client.get("http://mirror.example/", "the feed")
        assert ("only 31 bytes came in 31 s" in str(left.value)) is not enough
    assert enough or now[0] == 31.0
    client.close()


@pytest.fixture
def drips_headers() -> Iterator[str]:
    """The address of a server that sends headers byte by byte, for as long as somebody reads."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(1000)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Padding: ")
                    while not over.wait(0.05):
                        connection.sendall(b"x")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/rss"
    over.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_headers_that_drip_are_left(drips_headers: str, tmp_path: Path) -> None:
    """Each byte comes in time, and the answer never."""
    from index.fetch.polite import PoliteClient

    chosen = Settings(cache=tmp_path, arxiv={"seconds": 0.0, "tries": 2, "timeout": 0.3})
    client = PoliteClient(chosen, tmp_path)
    with pytest.raises(FetchError, match=r"had not begun after 0\.6 s, after 2 tries"):
        client.get(drips_headers, "the feed")
    client.close()


def test_a_name_of_arxivs_that_leads_into_this_network_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.fetch.polite import PoliteClient

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    client = PoliteClient(Settings(cache=tmp_path, arxiv={"seconds": 0.0}), tmp_path)
    with pytest.raises(FetchError, match=r"arxiv\.org has the private address 127\.0\.0\.1 here"):
        client.get(f"http://export.arxiv.org:{port}/rss", "the feed")
    client.close()
    connection, _ = listening.accept()
    connection.settimeout(10)
    assert connection.recv(100) == b""  # nothing was sent on it
    connection.close()
    listening.close()


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("::127.0.0.1", True),
        ("::ffff:0:127.0.0.1", True),
        ("64:ff9b::127.0.0.1", True),
        ("64:ff9b:1::127.0.0.1", True),
        ("2002:7f00:1::1", True),
        ("2001:0:1::80ff:fffe", True),  # Teredo
        ("fec0::1", True),
        ("::", True),
        ("100.64.0.1", True),  # between a provider's customers
        ("224.0.0.1", True),
        ("ff02::1", True),
        ("64:ff9b::151.101.3.42", False),  # arXiv's, from a network that has IPv6 alone
        ("2002:9765:32a::1", False),
        ("151.101.3.42", False),  # arXiv's
        ("2a04:4e42::810", False),
        ("198.18.0.7", False),  # of a proxy that redirects this machine's traffic
        ("", False),
    ],
)
def test_addresses_of_this_network(address: str, private: bool) -> None:
    assert is_private(address) is private
