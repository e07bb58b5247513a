from __future__ import annotations

import hashlib
import sqlite3
import struct
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from earlier_schemas import as_it_was_in_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from index.accounts import PageAccount
from index.catalog import (
    Alias,
    Catalog,
    Fingerprint,
    KeptDigest,
    KeptPassage,
    KnownVersion,
    Origin,
)
from index.catalog.pack import PackedPaper, pack, pack_words, unpack, unpack_words
from index.catalog.schema import SCHEMA
from index.errors import LibraryUnusable
from index.hits import Passage
from index.paper import Block, Cell, Figure, Paper, Record, Section, Sentence, Table
from index.spans import Box, Span, Word, Words

ORIGIN = Origin("aa", "aa.pdf", "/papers/a.pdf")
single = st.floats(width=32, allow_nan=False, allow_infinity=False)
boxes = st.builds(Box, st.integers(1, 2000), single, single, single, single)
spans = st.tuples(st.integers(0, 10**6), st.integers(0, 10**4)).map(
    lambda p: Span(p[0], p[0] + p[1])
)
texts = st.text(st.characters(codec="utf-8"), max_size=40)
words = st.lists(st.tuples(boxes, st.integers(0, 9), st.integers(1, 9)), max_size=20).map(
    lambda drawn: Words.of(
        Word(Span(10 * at, 10 * at + size), box, line) for at, (box, line, size) in enumerate(drawn)
    )
)
cells = st.builds(Cell, spans, st.none() | boxes, st.integers(0, 9), st.integers(0, 9))
papers = st.builds(
    Paper,
    id=texts,
    version=st.none() | st.integers(1, 99),
    source=st.sampled_from(["pdf", "markdown"]),
    sha256=texts,
    text=texts,
    title=texts,
    authors=st.lists(texts, max_size=3).map(tuple),
    affiliations=st.lists(spans, max_size=3).map(tuple),
    abstract=st.none() | spans,
    date=st.none() | texts,
    categories=st.lists(texts, max_size=2).map(tuple),
    pages=st.integers(0, 2000),
    sections=st.lists(
        st.builds(Section, texts, st.sampled_from(["method", "other"]), st.integers(1, 6), spans),
        max_size=3,
    ).map(tuple),
    blocks=st.lists(st.builds(Block, st.sampled_from(["run-in", "table"]), spans)).map(tuple),
    sentences=st.lists(st.builds(Sentence, spans, st.just("caption")), max_size=3).map(tuple),
    figures=st.lists(
        st.builds(Figure, texts, spans, st.none() | st.integers(1, 9), st.none() | boxes),
        max_size=2,
    ).map(tuple),
    words=words,
    tables=st.lists(
        st.builds(
            Table,
            texts,
            spans,
            st.just(()),
            st.lists(cells, max_size=2).map(lambda row: (tuple(row),)),
            st.integers(0, 3),
            st.just((1,)),
            st.none() | boxes,
        ),
        max_size=1,
    ).map(tuple),
    accounts=st.lists(
        st.builds(
            PageAccount,
            *[st.integers(0, 9999)] * 9,
            lost=st.lists(texts, max_size=2).map(tuple),
            aside=texts,
            unreadable=st.floats(0, 1),
            unread=texts,
        ),
        max_size=2,
    ).map(tuple),
    record=st.none()
    | st.builds(
        Record,
        id=texts,
        version=st.none() | st.integers(1, 99),
        title=texts,
        authors=st.lists(texts, max_size=2).map(tuple),
        abstract=texts,
        published=texts,
        updated=texts,
        categories=st.just(("cs.CV",)),
        withdrawn=st.booleans(),
    ),
)


@settings(max_examples=15, deadline=None)
@given(papers)
def test_a_paper_comes_back_equal(paper: Paper) -> None:
    assert unpack(pack(paper)) == paper


def test_a_paper_that_was_packed_before_a_field_was_thought_of() -> None:
    import json
    import zlib

    packed = pack(paper_of("some words", findings=(), record=None))
    values = json.loads(zlib.decompress(packed.paper))
    for younger in ("findings", "record", "links", "keywords", "accounts", "tables"):
        del values[younger]
    older = PackedPaper(zlib.compress(json.dumps(values).encode()), packed.text, packed.words)
    assert unpack(older) == paper_of("some words")


def test_words_take_32_bytes_each_before_compression() -> None:
    import zlib

    column = Words.of([Word(Span(1, 4), Box(2, 0.5, 1.5, 2.5, 3.5), 7)])
    assert zlib.decompress(pack_words(column)) == struct.pack(
        "<4i4f", 1, 4, 2, 7, 0.5, 1.5, 2.5, 3.5
    )
    assert unpack_words(pack_words(column)) == column


def paper_of(text: str, **changes: object) -> Paper:
    return replace(Paper("p", 1, "pdf", "aa", text, "Title"), **changes)  # type: ignore[arg-type]


def passages_of(paper: Paper) -> list[Passage]:
    spans = [Span(0, 4), Span(5, len(paper.text))]
    return [
        Passage(f"p#method.{n}", "p", "M", "method", span, span.of(paper.text))
        for n, span in enumerate(spans, 1)
    ]


def test_the_life_of_an_edition(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        first = paper_of("some words")
        number = catalog.editions.add_pending(first, "p", ORIGIN, passages_of(first))
        assert catalog.editions.in_state("current") == []
        catalog.editions.make_current(number)
        catalog.claims.commit(catalog.claims.add_pending(number, "en", "en", ()), "{}")
        assert catalog.digests.text(number, "en") == "{}"
        second = catalog.editions.add_pending(paper_of("other text"), "p", ORIGIN, ())
        assert catalog.editions.numbers("current") == {number}
        catalog.editions.make_current(second)
        assert (catalog.editions.numbers("current"), catalog.editions.numbers("replaced")) == (
            {second},
            {number},
        )
        catalog.editions.purge(number)
        with pytest.raises(KeyError):
            catalog.contents.paper(number)
        assert (
            catalog.contents.passages(number) == () and catalog.digests.text(number, "en") is None
        )
        catalog.editions.purge(second)
        assert (
            catalog.editions.add_pending(first, "p", ORIGIN, ()) == 3
        )  # numbers are never used twice


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    paper = paper_of("some words", authors=("Ä", "B"), categories=("cs.CV",), date="2024-07")
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        catalog.editions.make_current(
            catalog.editions.add_pending(paper, "p", ORIGIN, passages_of(paper))
        )
        catalog.set_meta({"model": "m"})
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        (edition,) = catalog.editions.in_state("current")
        assert (edition.authors, edition.categories, edition.date) == (
            ("Ä", "B"),
            ("cs.CV",),
            "2024-07",
        )
        assert (edition.passages, edition.file, edition.original) == (2, "aa.pdf", "/papers/a.pdf")
        assert catalog.contents.paper(edition.number) == paper
        assert list(catalog.contents.passages(edition.number)) == passages_of(paper)
        second = passages_of(paper)[1]
        assert catalog.contents.found(edition.number, ["p#method.2", "p#method.99"]) == {
            "p#method.2": KeptPassage(second, paper.boxes(second.span), paper.title)
        }
        assert catalog.contents.found(edition.number + 1, ["p#method.2"]) == {}
        there = (edition.number, second.id)
        lacking = [(edition.number, "p#method.99"), (edition.number + 1, second.id)]
        assert catalog.contents.containing(["words"], 1) == {there}
        assert catalog.contents.containing_among(["words"], [there, *lacking]) == {there}
        assert catalog.contents.containing_among(["some"], [there, *lacking]) == set()
        assert catalog.contents.passages_across(edition.number, Span(3, 5)) == (
            passages_of(paper)[0],
        )
        assert catalog.contents.passages_across(edition.number, Span(4, 5)) == ()
        assert catalog.meta() == {"model": "m"}
        assert catalog.damage() == ""


def test_failures_take_the_place_of_their_own_and_go_with_success(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        catalog.editions.add_failed(
            "p", "p", Origin("bb", "", "/papers/a.pdf"), "pdf", "broken", "cut off"
        )
        catalog.editions.add_failed(
            "p", "p", Origin("cc", "", "/papers/a.pdf"), "pdf", "encrypted", "locked"
        )
        catalog.editions.add_failed(
            "q", "q", Origin("dd", "", "/papers/q.pdf"), "pdf", "no-text", "scans"
        )
        assert [(e.paper_id, e.reason) for e in catalog.editions.in_state("failed")] == [
            ("p", "locked"),
            ("q", "scans"),
        ]
        catalog.editions.make_current(
            catalog.editions.add_pending(paper_of("text"), "p", ORIGIN, ())
        )
        assert [e.paper_id for e in catalog.editions.in_state("failed")] == ["q"]


def test_a_failed_insert_leaves_nothing(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        paper = paper_of("some words")
        twice = [passages_of(paper)[0], replace(passages_of(paper)[0], id=None)]  # type: ignore[arg-type]
        with pytest.raises(sqlite3.IntegrityError):
            catalog.editions.add_pending(paper, "p", ORIGIN, twice)
        assert catalog.editions.in_state("pending") == []
        catalog.set_meta({"still": "works"})


def test_text_that_is_no_unicode_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        with pytest.raises(UnicodeEncodeError):
            catalog.editions.add_pending(paper_of("\ud800"), "p", ORIGIN, ())
        assert catalog.editions.in_state("pending") == []


def test_a_newer_schema_a_damaged_file_and_a_closed_door(tmp_path: Path) -> None:
    newer = sqlite3.connect(tmp_path / "newer.sqlite")
    newer.execute("PRAGMA user_version=99")
    newer.close()
    with pytest.raises(LibraryUnusable, match="made by a newer gloss"):
        Catalog(tmp_path / "newer.sqlite")
    (tmp_path / "damaged.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(LibraryUnusable, match="damaged"):
        Catalog(tmp_path / "damaged.sqlite")
    with pytest.raises(LibraryUnusable, match="cannot be used"):
        Catalog(tmp_path / "missing" / "catalog.sqlite")


def test_an_emptied_file_is_damage_and_a_strangers_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(LibraryUnusable, match=r"damaged.*gloss restore BACKUP"):
        Catalog(tmp_path / "empty.sqlite", create=False)
    assert (tmp_path / "empty.sqlite").stat().st_size == 0
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    with pytest.raises(LibraryUnusable, match="was not made by gloss"):
        Catalog(tmp_path / "other.sqlite")


def test_threads_share_it(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:

        def add(key: str) -> None:
            for _ in range(10):
                paper = paper_of("some words", id=key)
                catalog.editions.make_current(
                    catalog.editions.add_pending(paper, key, ORIGIN, passages_of(paper))
                )
                catalog.editions.in_state("current")

        threads = [threading.Thread(target=add, args=(f"p{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(catalog.editions.numbers("current")) == 4
        assert len(catalog.editions.numbers("replaced")) == 36


def indexes_of(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    connection.close()
    return [name for (name,) in rows]


def test_a_catalogue_of_the_first_schema_is_changed_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(tmp_path / "new.sqlite").close()
    made = set(indexes_of(tmp_path / "new.sqlite"))
    paper = paper_of("some words")
    with Catalog(path) as catalog:
        catalog.editions.make_current(
            catalog.editions.add_pending(paper, "p", ORIGIN, passages_of(paper))
        )
    as_it_was_in_schema(1, path)
    assert set(indexes_of(path)) < made
    for _ in range(2):
        with Catalog(path, create=False) as catalog:
            (edition,) = catalog.editions.in_state("current")
            assert (catalog.contents.paper(edition.number), edition.recorded) == (paper, False)
            assert catalog.arxiv.latest_version("p") == (
                None if not catalog.arxiv.latest_versions() else KnownVersion("p", 2, False)
            )
            catalog.arxiv.record_versions([KnownVersion("p", 2)])
            catalog.arxiv.add_alias(Alias("q", 1, "p"))
            assert catalog.arxiv.alias("q") == Alias("q", 1, "p")
            assert catalog.contents.containing(["some"], 9) == {(edition.number, "p#method.1")}
            catalog.notes.add_note("p", None, "a note")
    assert set(indexes_of(path)) == made
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    connection.close()


def test_the_newest_version_that_was_heard_of(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        for heard, known in [
            (KnownVersion("p", 2), KnownVersion("p", 2, False)),
            (
                KnownVersion("p", 1, True),
                KnownVersion("p", 2, False),
            ),  # what is older changes nothing
            (KnownVersion("p", 2, True), KnownVersion("p", 2, True)),
            (KnownVersion("p", 2), KnownVersion("p", 2, True)),  # an announcement does not say
            (KnownVersion("p", 3), KnownVersion("p", 3, False)),
        ]:
            catalog.arxiv.record_versions([heard])
            assert catalog.arxiv.latest_version("p") == known
        assert catalog.arxiv.latest_versions() == {"p": KnownVersion("p", 3, False)}
        assert catalog.arxiv.latest_version("q") is None


def test_another_id_ends_with_its_paper_or_with_one_of_its_own(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        paper = paper_of("some words")
        number = catalog.editions.add_pending(paper, "p", ORIGIN, ())
        catalog.editions.make_current(number)
        catalog.arxiv.add_alias(Alias("q", None, "p"))
        catalog.arxiv.add_alias(Alias("r", 2, "p"))
        catalog.editions.make_current(
            catalog.editions.add_pending(paper_of("other", id="q"), "q", ORIGIN, ())
        )
        assert catalog.arxiv.aliases() == [Alias("r", 2, "p")]
        catalog.editions.retire(number)
        assert catalog.arxiv.aliases() == []


def test_a_mark_outlives_a_new_version_and_ends_with_its_paper(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:

        def put_in(text: str) -> int:
            number = catalog.editions.add_pending(paper_of(text), "p", ORIGIN, ())
            catalog.editions.make_current(number)
            return number

        catalog.marks.put(["p"], "read", on=True)
        assert catalog.marks.of("read") == set()  # there is no such paper yet
        put_in("some words")
        catalog.marks.put(["p", "nobody"], "read", on=True)
        catalog.marks.put(["p"], "read", on=True)
        catalog.marks.put(["p"], "kept", on=True)
        number = put_in("other words")
        assert (catalog.marks.of("read"), catalog.marks.of("brought")) == ({"p"}, set())
        catalog.marks.put(["p"], "read", on=False)
        assert (catalog.marks.of("read"), catalog.marks.of("kept")) == (set(), {"p"})
        catalog.editions.retire(number)
        put_in("the same once more")
        assert catalog.marks.of("kept") == set()


def test_a_catalogue_of_schema_6_can_be_marked(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as catalog:
        catalog.editions.make_current(
            catalog.editions.add_pending(paper_of("some words"), "p", ORIGIN, ())
        )
    as_it_was_in_schema(6, path)
    with Catalog(path, create=False) as catalog:
        catalog.marks.put(["p"], "kept", on=True)
    with Catalog(path, create=False) as catalog:
        assert catalog.marks.of("kept") == {"p"}


def save(catalog: Catalog, number: int, name: str, text: str, lang: str = "en") -> None:
    catalog.claims.commit(catalog.claims.add_pending(number, lang, name, ()), text)


def test_of_the_digests_of_schema_3_those_that_were_searched_are_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as catalog:
        number = catalog.editions.add_pending(paper_of("some words"), "p", ORIGIN, ())
        catalog.editions.make_current(number)
        save(catalog, number, "b", '{"lang": "en", "writer": "extractive"}')
        save(catalog, number, "a", '{"lang": "en", "writer": "extractive", "new": 1}')
        save(catalog, number, "c", '{"lang": "zh", "writer": "other"}', "zh")
        save(catalog, number, "d", "no JSON", "fr")  # in no language that its text tells
    as_it_was_in_schema(3, path)
    for _ in range(2):
        with Catalog(path, create=False) as catalog:
            kept = {(one.lang, one.writer): one.text for one in catalog.digests.newest()}
            assert kept == {
                ("en", "extractive"): "no JSON",
                ("zh", "other"): '{"lang": "zh", "writer": "other"}',
            }
            assert (
                catalog.digests.text(number, "a")
                == '{"lang": "en", "writer": "extractive", "new": 1}'
            )
            assert len(catalog.digests.texts(number)) == 4
            assert sorted(one.digest for one in catalog.claims.sets(number)) == ["a", "c", "d"]
            assert catalog.digests.former("p") == []


def test_the_newest_digest_of_each_language_and_writer(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        number = catalog.editions.add_pending(paper_of("some words"), "p", ORIGIN, ())
        assert catalog.digests.newest(number) == []
        catalog.editions.make_current(number)
        for name, text, lang in [("z", "1", "en"), ("a", "2", "en"), ("b", "3", "zh")]:
            save(catalog, number, name, text, lang)
        assert [(one.lang, one.text) for one in catalog.digests.newest(number)] == [
            ("zh", "3"),
            ("en", "2"),
        ]
        save(catalog, number, "z", "4")  # saved again, it is the newest again
        (newest, _) = catalog.digests.newest()
        assert newest == KeptDigest("p", 1, "aa", "en", "extractive", "4")


def test_a_fingerprint_tells_readings_apart(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        paper = paper_of("some words")

        def print_of(one: Paper, passages: list[Passage], file: str = "aa") -> Fingerprint:
            origin = replace(ORIGIN, sha256=file)
            return catalog.contents.fingerprint(
                catalog.editions.add_pending(one, "p", origin, passages)
            )

        first = print_of(paper, passages_of(paper))
        assert first == print_of(paper, passages_of(paper))
        assert first.text == hashlib.sha256(b"some words").hexdigest()
        moved = Words.of([Word(Span(0, 4), Box(1, 2, 3, 4, 5), 0)])
        others = [
            print_of(replace(paper, words=moved), passages_of(paper)),
            print_of(replace(paper, title="Another"), passages_of(paper)),
            print_of(paper, []),
        ]
        assert {one.text for one in others} == {first.text}
        assert len({first.reading, *(one.reading for one in others)}) == 4
        assert print_of(paper, passages_of(paper), "bb") == replace(first, file="bb")
        with pytest.raises(KeyError):
            catalog.contents.fingerprint(99)
