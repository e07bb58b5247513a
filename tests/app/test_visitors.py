"""On a public instance nobody's papers are another's to see, and they go when their owner goes."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.failures import TooBusy
from app.serve.site import site_of
from app.web.notes import notes_router
from app.web.own_papers import NoRoom, NotShared, VisitEnded
from app.web.screens import screen_router
from app.web.session import NotAdded, Session, Sessions, SharedSession, filter_of
from app.web.shelf import ShelfView, Shelves
from app.web.takeaway import takeaway_router
from app.web.visitor import VisitorLibrary
from app.web.visitors import FOLDER, RESTING, Visitors
from index.config import Settings
from index.errors import PaperNotFound, PaperThere
from index.hits import SearchFilter
from index.library import Library, Papers
from index.sources import Source
from index.store.edge import EdgeStoreFactory

LANTERN = """# Lanterns for Long Paths

## Abstract

We present a lantern that lights long paths for people who walk at night. Our lantern reaches 28.4
lumens on the standard path and burns for three hours on a single fill of oil. We show that it
outperforms all candles that were tested before.

## Introduction

People walk at night, and paths are dark in most villages of the north. Candles go out in the wind,
which is a problem that has been known for a very long time. In this paper we propose a lantern with
two walls of glass that keeps the wind away from the flame.

## Method

We build the lantern from two walls of glass and a tank that holds one litre of oil. The flame is
fed by a wick of cotton whose length is controlled by a small screw.

## Conclusion

We presented a lantern with two walls of glass that stays lit in the wind. In future work we plan to
test the lantern in heavy rain and on steep mountains.
"""
KITE = """# Kites over the Sea

## Abstract

We present a kite that carries a camera over the sea and sends pictures of whales to the shore. Our
kite stays in the air for nine hours in a steady wind. We show that it finds more whales than all
boats that were tried before.

## Introduction

Whales are counted from boats, and boats are slow and loud in most bays of the south. Engines drive
whales away, which is a problem that has been known for a very long time. In this paper we propose a
kite with a camera that makes no noise at all.

## Method

We build the kite from bamboo and silk, and a string of two hundred metres holds it. The camera is
turned by a small motor whose speed is controlled from the shore.

## Conclusion

We presented a kite with a camera that stays over the sea in a steady wind. In future work we plan
to fly the kite in storms and over ice.
"""
ALL = SearchFilter()


class Instance(SimpleNamespace):
    """A public instance with a shared library of one paper, and a clock that tests move."""

    library: Library
    visitors: Visitors
    now: float

    def add(self, session_id: str, path: Path) -> str:
        return self.visitors.of(session_id).add(path, lambda stage: None)

    @property
    def folders(self) -> list[Path]:
        folder = self.library.directory / FOLDER
        return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / "uploads" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def instance(open_library: Any, files: Any, tmp_path: Path) -> Iterator[Instance]:
    settings = Settings(
        library=tmp_path / "library",
        public={"visitor_papers": 2, "visitors": 2, "visitor_minutes": 30},
    )
    with open_library(settings) as library:
        library.add(Source(files("lantern.md", LANTERN), "lantern.md"))
        there = Instance(library=library, now=1000.0)
        there.visitors = Visitors(library, settings, clock=lambda: there.now)
        yield there
        there.visitors.close()


def seen(session: Session) -> set[str]:
    """Every paper of which a session shows anything."""
    ids = {paper_id for _, paper_id in session.choices()}
    found = session.search("a kite over the sea with a camera", ALL).places
    return ids | {place.paper_id for place in found}


def test_what_one_visitor_adds_no_other_sees(instance: Instance, files: Any) -> None:
    visitors = instance.visitors
    ada, bo = visitors.of("ada"), visitors.of("bo")
    before = bo.library.papers(), bo.pictures(), bo.choices(), bo.years(), bo.categories()
    assert instance.folders == []  # whoever adds nothing has nothing
    added = instance.add("ada", files("kite.md", KITE))
    assert added == "kite"
    assert seen(ada) == {"kite", "lantern"}
    assert seen(bo) == {"lantern"}
    assert (bo.library.papers(), bo.pictures(), bo.choices(), bo.years(), bo.categories()) == before
    assert "Kites over the Sea" in str(ada.library.papers()) and "Kites" in ada.pictures()
    for asked in (bo.library.paper, bo.library.row, bo.library.fingerprint, bo.library.passages):
        with pytest.raises(PaperNotFound):
            asked("kite")
    with pytest.raises(PaperNotFound):
        bo.search("kite", filter_of("kite"))
    with pytest.raises(PaperNotFound):
        bo.quoted("kite", "en")
    # What programs ask, and whoever comes without a session.
    assert {row.id for row in instance.library.papers()} == {"lantern"}
    assert {hit.passage.paper_id for hit in instance.library.search("kite")} == {"lantern"}
    for nobody in (None, "", "x" * 5000):
        assert seen(visitors.of(nobody)) == {"lantern"}


def test_a_session_is_found_by_its_key_alone(instance: Instance) -> None:
    ada, bo = instance.visitors.of("ada"), instance.visitors.of("bo")
    assert instance.visitors.of("ada") is ada
    assert ada.key != bo.key and len(ada.key) >= 32
    assert instance.visitors.by_key(ada.key) is ada
    for guess in ("ada", "library", "", ada.key[:-1]):
        assert instance.visitors.by_key(guess) is None
    first = instance.visitors.first  # of a page whose visitor is not known yet
    assert instance.visitors.by_key(first.key) is first is instance.visitors.of(None)
    assert first.reads_only and not ada.reads_only
    instance.visitors.end("ada")
    assert instance.visitors.by_key(ada.key) is None
    assert instance.visitors.of("ada").key != ada.key


def test_own_and_shared_papers_are_found_and_read_in_one_session(
    instance: Instance, files: Any
) -> None:
    session = instance.visitors.of("ada")
    assert session.search_digests("oil", ALL).outcome == "no_digests"
    instance.add("ada", files("kite.md", KITE))
    best = session.search("kite camera whales", ALL).places
    assert best[0].paper_id == "kite"
    assert session.search("lantern oil lumens", ALL).places[0].paper_id == "lantern"
    scores = [hit.score for hit in session.library.search("we build it of glass and silk", 4)]
    assert len(scores) == 4 and scores == sorted(scores, reverse=True)
    assert {place.paper_id for place in session.search("build", filter_of("kite")).places} == {
        "kite"
    }
    for paper_id in ("kite", "lantern"):
        digest = session.quoted(paper_id, "en")
        assert digest.paper.id == paper_id and digest.claims
        assert f"/view/{session.key}/{paper_id}" in session.reader(digest, "en")
        assert digest.claims[0].text[:20] in session.pages(paper_id, "en")
    assert session.library.digested(9) == ["kite", "lantern"]
    found = session.search_digests("kite lantern", ALL).places
    assert {place.paper_id for place in found} == {"kite", "lantern"}
    # A quote is a quote, whoever asked: those of the shared paper are everybody's.
    assert {one.paper_id for one in instance.library.newest_digests()} == {"lantern"}
    there = instance.visitors.of("bo").search_digests("kite lantern", ALL).places
    assert {place.paper_id for place in there} == {"lantern"}
    # Which papers are near to each other, whosever they are.
    both = session.library
    means = both.mean_vectors(["kite", "lantern", "no such paper"])
    assert means.keys() == {"kite", "lantern"}
    assert [one.paper_id for one in both.near(means["lantern"])] == ["lantern", "kite"]
    others = SearchFilter(apart_from="lantern")
    assert [one.paper_id for one in both.near(means["lantern"], filter=others)] == ["kite"]
    assert {one.claim.paper_id for one in both.claim_vectors("kite")} == {"kite"}
    assert {one.claim.paper_id for one in both.claim_vectors("lantern")} == {"lantern"}


def test_a_model_s_words_are_the_visitor_s_own(instance: Instance) -> None:
    ada, bo = instance.visitors.of("ada").library, instance.visitors.of("bo").library
    ada.save_digest("lantern", "k", "a digest", "en", (), "endpoint")
    assert ada.saved_digest("lantern", "k") == "a digest" and ada.is_searched("lantern", "k", "en")
    assert bo.saved_digest("lantern", "k") is None
    assert instance.library.newest_digests() == [] and ada.digested(9) == bo.digested(9) == []
    for number in range(30):
        ada.save_digest("lantern", str(number), "another", "en", (), "endpoint")
    assert ada.saved_digest("lantern", "k") is None
    assert ada.saved_digest("lantern", "29") == "another"


def test_an_own_paper_hides_the_shared_one_of_its_id(instance: Instance, files: Any) -> None:
    path = files("lantern.md", KITE)
    instance.library.add(Source(files("other.md", LANTERN.replace("28.4", "31")), "other.md"))
    assert instance.add("ada", path) == "lantern"
    ada = instance.visitors.of("ada")
    assert ada.library.paper("lantern").title == "Kites over the Sea"
    assert [row.title for row in ada.library.papers() if row.id == "lantern"] == [
        "Kites over the Sea"
    ]
    for query in ("lantern glass oil", "kite"):
        for hit in ada.library.search(query, 10):
            assert hit.passage.text == hit.passage.span.of(
                ada.library.paper(hit.passage.paper_id).text
            )
    whole = ada.library.papers()
    assert [row for at in range(3) for row in ada.library.papers(1, at)] == whole
    assert ada.library.ids() == [one.id for one in ada.library.listed()] == ["lantern", "other"]
    assert ada.library.count() == len(whole) == 2
    assert {hit.passage.paper_id for hit in ada.library.search("lantern glass")} == {
        "lantern",
        "other",
    }
    assert instance.visitors.of("bo").library.paper("lantern").title == "Lanterns for Long Paths"


def test_a_file_that_is_no_paper_says_why(instance: Instance, files: Any) -> None:
    with pytest.raises(NotAdded, match=r"empty\.md"):
        instance.add("ada", files("empty.md", " "))
    ada = instance.visitors.of("ada")
    (failed,) = [row for row in ada.library.papers() if row.status != "ok"]
    with pytest.raises(PaperNotFound) as missing:
        ada.library.paper(failed.id)
    assert missing.value.why
    with pytest.raises(NotAdded):
        instance.add("ada", files("lantern.md", " "))
    assert ada.library.paper("lantern").title == "Lanterns for Long Paths"  # the shared one


@pytest.fixture
def sharing(open_library: Any, files: Any, tmp_path: Path) -> Iterator[Instance]:
    settings = Settings(
        library=tmp_path / "library", public={"shared_papers": 4, "visitor_papers": 3}
    )
    with open_library(settings) as library:
        library.add(Source(files("lantern.md", LANTERN), "lantern.md"))
        there = Instance(library=library, visitors=Visitors(library, settings))
        yield there
        there.visitors.close()


def test_a_paper_that_its_visitor_shares_is_everybody_s(sharing: Instance, files: Any) -> None:
    sharing.add("ada", files("kite.md", KITE))
    visitors = sharing.visitors
    assert visitors.may_share(visitors.of("ada").key, "kite")
    assert not visitors.may_share(visitors.of("bo").key, "kite") and not visitors.may_share(
        visitors.of("ada").key, "lantern"
    )
    for session_id in ("bo", "cy"):
        with pytest.raises((NotShared, VisitEnded)):
            visitors.share(visitors.of(session_id).key, "kite")
        visitors.of(session_id)
    with pytest.raises(NotShared, match="not a paper of this visit"):
        visitors.share(visitors.of("bo").key, "kite")
    assert seen(visitors.of("bo")) == {"lantern"}
    assert visitors.share(visitors.of("ada").key, "kite") == "kite"
    for session_id in ("ada", "bo"):
        session = visitors.of(session_id)
        assert seen(session) == {"lantern", "kite"}
        assert not visitors.may_share(visitors.of(session_id).key, "kite")
        assert "Kites over the Sea" in session.reader(session.quoted("kite", "en"), "en")
    found = visitors.of("bo").search_digests("whales", ALL).places
    assert {place.paper_id for place in found} == {"kite"}  # its digest is there, too
    visitors.end("ada")
    assert sharing.library.paper("kite").title == "Kites over the Sea"
    assert sharing.library.health().ok and sharing.folders == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2401.00001v9.md", "arXiv"),  # a newer version, as it says
        ("2401.00001v0.md", "arXiv"),
        ("2401.00009v1.md", "arXiv"),  # nobody has it yet, and this is not it
        ("(2401.00001v9) Lanterns.md", ""),  # another paper, by its whole name
        ("2401.00001-2.md", "arXiv"),
    ],
)
def test_sharing_takes_no_other_paper_s_place(
    sharing: Instance, files: Any, name: str, why: str
) -> None:
    there = files("2401.00001v1.md", LANTERN.replace("oil", "wax"))
    sharing.library.add(Source(there, there.name))
    before = [(row.id, row.version, row.title) for row in sharing.library.papers()]
    paper_id = sharing.add("ada", files(name, LANTERN.replace("28.4", "99.9")))
    assert "99.9" in sharing.visitors.of("ada").library.paper(paper_id).text
    if why:
        with pytest.raises(NotShared, match=why):
            sharing.visitors.share(sharing.visitors.of("ada").key, paper_id)
        assert sharing.visitors.may_share(
            sharing.visitors.of("ada").key, paper_id
        )  # it is the visitor's still
    else:
        shared_id = sharing.visitors.share(sharing.visitors.of("ada").key, paper_id)
        assert "99.9" in sharing.library.paper(shared_id).text
    after = [(row.id, row.version, row.title) for row in sharing.library.papers()]
    assert set(before) <= set(after) and len(after) == len(before) + (not why)
    assert "28.4" in sharing.library.paper("2401.00001").text


def test_what_is_there_is_not_shared_again(sharing: Instance, files: Any) -> None:
    same = sharing.add("ada", files("2407.12345v1.md", LANTERN))
    with pytest.raises((NotShared, PaperThere)):
        sharing.visitors.share(sharing.visitors.of("ada").key, same)
    assert sharing.library.find_arxiv("2407.12345") is None  # nor has a paper got another name
    renamed = sharing.add("bo", files("Lantern_2.md", LANTERN))
    with pytest.raises(PaperThere, match=r"Lantern_2: .*lantern,"):
        sharing.visitors.share(sharing.visitors.of("bo").key, renamed)
    sharing.add("cy", files("lantern.md", KITE))
    with pytest.raises(PaperThere, match="of this id already"):
        sharing.visitors.share(sharing.visitors.of("cy").key, "lantern")
    assert [row.title for row in sharing.library.papers()] == ["Lanterns for Long Paths"]
    for session_id, paper_id in (("ada", same), ("bo", renamed), ("cy", "lantern")):
        assert sharing.visitors.may_share(sharing.visitors.of(session_id).key, paper_id)


def test_a_paper_is_shared_as_it_was_read(sharing: Instance, files: Any) -> None:
    own = sharing.visitors.of("ada").library
    name = sharing.add("ada", files("Kite_Paper, 2nd (draft).md", KITE))
    paper = own.paper(name)
    assert sharing.visitors.share(sharing.visitors.of("ada").key, name) == name
    assert sharing.library.paper(name) == paper
    assert sharing.visitors.of("ada").library.paper(name) == paper


def test_so_many_papers_are_shared(sharing: Instance, files: Any) -> None:
    def kite(session_id: str, number: int) -> str:
        return sharing.add(
            session_id, files(f"kite{number}.md", KITE.replace("nine", f"{number}0"))
        )

    for number in (1, 2):
        sharing.visitors.share(sharing.visitors.of("ada").key, kite("ada", number))
    kite("ada", 3)
    with pytest.raises(NoRoom):  # shared ones count
        kite("ada", 4)
    sharing.visitors.share(sharing.visitors.of("bo").key, kite("bo", 5))
    assert not sharing.visitors.may_share(sharing.visitors.of("ada").key, "kite3")
    with pytest.raises(NotShared, match="no paper can be shared"):
        sharing.visitors.share(sharing.visitors.of("ada").key, "kite3")
    assert len(sharing.library.papers()) == 4


def test_a_visit_that_ends_while_it_shares(
    sharing: Instance, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharing.add("ada", files("kite.md", KITE))
    real = Library.adopt

    def leave(library: Library, other: Library, paper_id: str) -> Any:
        leaving = threading.Thread(target=sharing.visitors.end, args=("ada",))
        leaving.start()
        leaving.join(10)
        return real(library, other, paper_id)

    monkeypatch.setattr(Library, "adopt", leave)
    with pytest.raises(VisitEnded):
        sharing.visitors.share(sharing.visitors.of("ada").key, "kite")
    assert {row.id for row in sharing.library.papers()} == {"lantern"}
    assert sharing.folders == [] and sharing.library.health().ok


def test_nothing_is_shared_where_it_is_not_allowed(instance: Instance, files: Any) -> None:
    instance.add("ada", files("kite.md", KITE))
    assert not instance.visitors.may_share(instance.visitors.of("ada").key, "kite")
    with pytest.raises(NotShared, match="GLOSS_PUBLIC__SHARED_PAPERS"):
        instance.visitors.share(instance.visitors.of("ada").key, "kite")
    assert {row.id for row in instance.library.papers()} == {"lantern"}


def test_no_visitor_reads_or_writes_the_owners_notes(instance: Instance, files: Any) -> None:
    library, (paper_id,) = instance.library, instance.library.ids()
    library.notes.add(paper_id, "the owner's glass")
    library.notes.tag(paper_id, "secret")
    ada = instance.visitors.of("ada")
    own = instance.add("ada", files("kite.md", KITE))
    asked = TestClient(web_app_of(instance))
    for paper in (paper_id, own):
        for session in (ada, instance.visitors.first):
            at = f"/view/{session.key}/{paper}"
            answers = [
                asked.post(f"{at}/notes", json={"text": "mine"}),
                asked.post(f"{at}/tags", json={"name": "mine"}),
                asked.delete(f"{at}/notes/1"),
                asked.delete(f"{at}/tags", params={"name": "secret"}),
            ]
            assert {one.status_code for one in answers} <= {403, 404}
            shown = [asked.get(f"{at}/{one}").text for one in ("notes.json", "export/ris")]
            assert "owner" not in "".join(shown) and "secret" not in "".join(shown)
    assert ada.own_notes("glass", ALL) == "" and ada.library.notes is None
    assert "secret" not in str(Shelves().page(ada.library, ShelfView(), "en"))
    (place,) = library.notes.find()
    assert (place.place.notes[0].text, place.place.tags) == ("the owner's glass", ("secret",))


def web_app_of(instance: Instance) -> FastAPI:
    """What of the app has to do with notes, for the visitors of an instance."""
    app = FastAPI()
    app.include_router(notes_router(instance.visitors))
    app.include_router(takeaway_router(instance.visitors))
    return app


def test_the_end_of_a_session_deletes_what_it_added(
    instance: Instance, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of the real embedded store, too."""
    monkeypatch.setattr("index.store.edge.EdgeStoreFactory", EdgeStoreFactory)
    instance.add("ada", files("kite.md", KITE))
    (folder,) = instance.folders
    assert folder.stat().st_mode & 0o077 == 0
    session = instance.visitors.of("ada")
    instance.visitors.end("bo")
    instance.visitors.end(None)
    assert instance.folders == [folder]
    instance.visitors.end("ada")
    assert instance.folders == []
    instance.visitors.end("ada")
    with pytest.raises(VisitEnded):  # a handler that still has the session
        session.add(files("kite.md", KITE), lambda stage: None)
    assert seen(instance.visitors.of("ada")) == {"lantern"}
    with pytest.raises(VisitEnded):
        instance.visitors.of(None).add(files("kite.md", KITE), lambda stage: None)
    assert instance.folders == []


def test_a_session_that_ends_while_it_adds(instance: Instance, files: Any) -> None:
    def leave(stage: str) -> None:
        if stage == "store":
            leaving.start()
            leaving.join(0.2)  # it waits for the commit

    leaving = threading.Thread(target=instance.visitors.end, args=("ada",))
    session = instance.visitors.of("ada")
    session.add(files("kite.md", KITE), leave)
    leaving.join(10)
    assert not leaving.is_alive()
    assert instance.folders == []

    def leave_at_once(stage: str) -> None:
        if stage == "read":
            instance.visitors.end("bo")

    with pytest.raises(VisitEnded):
        instance.visitors.of("bo").add(files("kite.md", KITE), leave_at_once)
    assert instance.folders == []


def test_whoever_does_nothing_for_long_counts_as_gone(instance: Instance, files: Any) -> None:
    instance.add("ada", files("kite.md", KITE))
    ada, bo = instance.visitors.of("ada"), instance.visitors.of("bo")
    instance.now += 29 * 60
    assert instance.visitors.by_key(ada.key) is ada  # looks at a page
    instance.now += 2 * 60
    instance.visitors.sweep()
    assert len(instance.folders) == 1
    assert instance.visitors.by_key(bo.key) is None
    instance.now += 31 * 60
    instance.visitors.sweep()
    assert instance.folders == []
    assert seen(instance.visitors.of("ada")) == {"lantern"}


def test_whoever_waits_for_a_paper_is_not_idle(instance: Instance, files: Any) -> None:
    def take_long(stage: str) -> None:
        instance.now += 31 * 60
        instance.visitors.sweep()

    session = instance.visitors.of("ada")
    assert session.add(files("kite.md", KITE), take_long) == "kite"
    assert instance.visitors.by_key(session.key) is session


def test_it_is_looked_after_without_anybody_asking(
    open_library: Any, files: Any, tmp_path: Path
) -> None:
    settings = Settings(library=tmp_path / "library", public={"visitor_minutes": 0.02})
    with open_library(settings) as library:
        clock = SimpleNamespace(now=0.0)
        visitors = Visitors(library, settings, clock=lambda: clock.now)
        visitors.of("ada").add(files("kite.md", KITE), lambda stage: None)
        folder = library.directory / FOLDER
        clock.now = 2.0
        for _ in range(100):
            if not list(folder.iterdir()):
                break
            threading.Event().wait(0.1)
        assert list(folder.iterdir()) == []
        visitors.close()


def test_a_visitor_has_so_many_papers(instance: Instance, files: Any) -> None:
    for number in (1, 2):
        instance.add("ada", files(f"kite{number}.md", KITE.replace("nine", f"{number}0")))
    with pytest.raises(NoRoom, match="2 papers"):
        instance.add("ada", files("kite3.md", KITE))
    assert len(seen(instance.visitors.of("ada"))) == 3
    instance.add("bo", files("kite3.md", KITE))


def test_so_many_visitors_have_papers_at_a_time(instance: Instance, files: Any) -> None:
    kite = files("kite.md", KITE)
    instance.add("ada", kite)
    instance.now += RESTING / 2
    instance.add("bo", kite)
    with pytest.raises(TooBusy, match="2 visitors have papers of their own") as busy:
        instance.add("cy", kite)
    assert busy.value.retry_after == RESTING / 2
    instance.now += RESTING / 2
    instance.add("cy", kite)  # ada was here longest ago
    assert len(instance.folders) == 2
    assert "kite" not in seen(instance.visitors.of("ada"))
    assert "kite" in seen(instance.visitors.of("bo")) & seen(instance.visitors.of("cy"))


def test_sessions_without_papers_are_not_kept_for_ever(
    instance: Instance, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.visitors.KNOWN_MOST", 3)
    instance.add("ada", files("kite.md", KITE))
    ada, first = instance.visitors.of("ada"), instance.visitors.of("s0")
    for number in range(1, 10):
        instance.visitors.of(f"s{number}")
    assert instance.visitors.by_key(first.key) is None
    assert instance.visitors.by_key(ada.key) is ada


def test_what_a_crash_left_is_swept_at_a_start(instance: Instance, files: Any) -> None:
    instance.add("ada", files("kite.md", KITE))
    assert instance.folders
    settings = Settings(library=instance.library.directory)
    again = Visitors(instance.library, settings)
    assert instance.folders == []
    assert seen(again.of("ada")) == {"lantern"}
    assert instance.library.health().ok


def test_the_stop_of_the_server_deletes_all(instance: Instance, files: Any) -> None:
    instance.add("ada", files("kite.md", KITE))
    instance.add("bo", files("kite.md", KITE))
    instance.visitors.close()
    assert not (instance.library.directory / FOLDER).exists()
    with pytest.raises(VisitEnded):
        instance.add("cy", files("kite.md", KITE))
    assert instance.library.health().ok
    assert {row.id for row in instance.library.papers()} == {"lantern"}


def test_no_model_is_loaded_for_a_visitor(
    instance: Instance, files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    beside = Library.beside

    def watched(self: Library, directory: Path) -> Library:
        opened.append(beside(self, directory))
        return opened[-1]

    monkeypatch.setattr(Library, "beside", watched)
    instance.add("ada", files("kite.md", KITE))
    (own,) = opened
    assert own.embedder is instance.library.embedder
    assert own.sparse_encoder is instance.library.sparse_encoder


def test_it_answers_as_a_library_does() -> None:
    """All that is asked of ``Papers`` is there, or it could not be made; and in the same way."""
    assert not VisitorLibrary.__abstractmethods__ | Library.__abstractmethods__
    for name, asked in inspect.getmembers(Papers, inspect.isfunction):
        if not name.startswith("_"):
            for one in (VisitorLibrary, Library):
                assert inspect.signature(getattr(one, name)) == inspect.signature(asked), name


def test_visitors_are_sessions(instance: Instance) -> None:
    sessions: Sessions = instance.visitors
    assert sessions.shared is instance.library


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sessions that screens are served for; Gradio is left out."""
    sessions: list[Any] = []

    def watched(given: Any, *others: Any) -> Any:
        sessions.append(given)
        return screen_router(given, *others)

    monkeypatch.setattr("app.serve.site.screen_router", watched)
    monkeypatch.setattr("app.web.ui.gradio_app", lambda *_: FastAPI())
    return sessions


def digests_until_refused(client: TestClient, **headers: str) -> int:
    """How many digests are written for a visitor, one after another."""
    for number in range(10):
        lang = ("en", "zh")[number % 2]
        answer = client.get(f"/api/papers/2401.00001/digest?lang={lang}", headers=headers)
        if answer.status_code != 200:
            assert answer.status_code == 429
            assert answer.json()["error"]["kind"] == "too-many"
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            return number
    return 10


def test_a_public_instance_has_visitors_and_limits(
    library: Any, built: list[Any], tmp_path: Path
) -> None:
    library.directory = tmp_path
    left = tmp_path / FOLDER / "left"
    left.mkdir(parents=True)
    served = site_of(library, Settings(public={"enabled": True, "costly_per_minute": 3})).app
    (sessions,) = built
    assert isinstance(sessions, Visitors) and not left.exists()
    with TestClient(served, client=("10.0.0.1", 4711)) as client:
        ada, bo = "8.8.8.8", "9.9.9.9"
        assert digests_until_refused(client, **{"x-forwarded-for": ada}) == 3
        assert digests_until_refused(client, **{"x-forwarded-for": f"1.1.1.1, {ada}"}) == 0
        assert digests_until_refused(client, **{"x-forwarded-for": f"{ada}, {bo}"}) == 3
        assert client.get("/api/search?q=lantern").status_code == 200
        known = sessions.of("ada")
    assert sessions.by_key(known.key) is None  # closed with the server


def test_a_laptop_has_one_session_and_no_limits(library: Any, built: list[Any]) -> None:
    served = site_of(library, Settings(public={"costly_per_minute": 1, "costly_per_hour": 1})).app
    (sessions,) = built
    assert isinstance(sessions, SharedSession)
    assert sessions.of("ada") is sessions.of("bo") is sessions.by_key("library")
    with TestClient(served) as client:
        assert digests_until_refused(client) == 10
        for header in ("8.8.8.8", "127.0.0.1", "unknown"):  # whatever a header says
            assert digests_until_refused(client, **{"x-forwarded-for": header}) == 10
