"""Quoted phrases: found by an index of words, which must agree with a look at every passage."""

from __future__ import annotations

import json
import logging
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import library_fakes as fakes
import pytest
from earlier_schemas import as_it_was_in_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from index.catalog import Catalog, Origin
from index.catalog.words import POSITION_BITS, in_words
from index.config import ReadSettings, Settings
from index.hits import Passage, SearchFilter
from index.library import Library
from index.library import search as searching
from index.library.rank import encode_query
from index.paper import Paper
from index.sources import find_sources
from index.spans import Span

# What words, signs, scripts and raised type do to each other where they meet.
_PIECES = (
    "dot product DOT-product dot_product doT,product 31^7 31 7 0.05 10.05 GPT-3 gpt3 naïve naive "
    "Łukasz lukasz Straße STRASSE \ufb01t fit ½ x² 注意力 注 意力机制 注意力mechanism カタカナ "
    "\uff76\uff80\uff76\uff85 한국어 हिन्दी שָׁלוֹם \u210c \U0001d525 \u03a9 \u2126 \u00adsoft "
    "e\u0301 é I\u0307 i \x00nul ' AND NEAR * ^ \u2028 \U00020000 a b"
)
PIECES = _PIECES.split(" ")
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(" ".join)
QUOTES = ('"{}"', "\u201c{}\u201d", "\u00ab{}\u00bb", "\u300c{}\u300d")


def passages_of(text: str, cuts: Sequence[int]) -> list[Passage]:
    """Passages of a text that end where ``cuts`` say."""
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    spans = [Span(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end]
    return [
        Passage(f"p#method.{n}", "p", "M", "method", span, span.of(text))
        for n, span in enumerate(spans, 1)
    ]


def indexed(path: Path) -> set[tuple[int, int, str]]:
    """All that the index of words has: edition, position, word."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE temp.seen USING fts5vocab(main, passage_words, instance)"
        )
        rows = connection.execute("SELECT doc, term FROM temp.seen").fetchall()
    connection.close()
    return {
        (doc >> POSITION_BITS, doc & (1 << POSITION_BITS) - 1, term.replace("\x00", ""))
        for doc, term in rows
    }


def expected(catalog: Catalog) -> set[tuple[int, int, str]]:
    numbers = catalog.editions.numbers("pending", "current", "replaced")
    return {
        (number, at, word)
        for number in numbers
        for at, passage in enumerate(catalog.contents.passages(number))
        for word in in_words(passage.text).split()
    }


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "replace", "leave pending", "purge", "rebuild"]),
        TEXTS,
        st.lists(st.integers(1, 30), max_size=3),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=25)
@given(STEPS)
def test_the_index_has_the_words_of_the_passages_and_no_others(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "catalog.sqlite")
        with Catalog(path) as catalog:
            for count, (step, text, cuts) in enumerate(steps):
                current = sorted(catalog.editions.numbers("current"))
                paper = Paper("p", 1, "pdf", "aa", text, "Title")
                if step == "purge" and current:
                    catalog.editions.purge(current[0])
                elif step == "rebuild":
                    for number in current[:2]:
                        kept = catalog.contents.paper(number)
                        catalog.contents.stage_passages(number, passages_of(kept.text, cuts))
                    catalog.contents.commit_rebuild({})
                else:
                    key = "p" if step == "replace" else f"p{count}"
                    origin = Origin(str(count), "", "")
                    passages = passages_of(text, cuts)
                    number = catalog.editions.add_pending(paper, key, origin, passages)
                    if step != "leave pending":
                        catalog.editions.make_current(number)
            wanted = expected(catalog)
        assert indexed(path) == wanted
        as_it_was_in_schema(4, path)
        with Catalog(path, create=False):
            pass
        assert indexed(path) == wanted


def met(library: Library, query: str, wanted: SearchFilter) -> set[str]:
    """The ids of the passages that have every phrase, by a look at all of them."""
    asked = encode_query(query, fakes.LetterEmbedder(), fakes.LetterEncoder())
    return {
        one.id
        for paper_id in library.ids()
        if wanted.paper_id in (None, paper_id)
        and (wanted.category is None or wanted.category in library.paper(paper_id).categories)
        for one in library.passages(paper_id)
        if asked.is_met_by(one.text) and wanted.role in (None, one.role)
    }


PAPERS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=40),
        st.sampled_from(["method", "results"]),
        st.sampled_from([["cs.CV"], []]),
        st.booleans(),  # whether it takes the place of the paper before it
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=20)
@given(PAPERS, st.data(), st.sampled_from([0, 2, 1_000]))
def test_a_phrase_is_found_in_the_passages_that_a_look_at_all_finds(
    papers: list[tuple],
    data: st.DataObject,
    named: int,  # type: ignore[type-arg]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_NAMED", named)
        fakes.cut_smaller(patch, tokens=8)
        store = fakes.ListStore()
        with fakes.open_library(Path(folder, "library"), store=store) as library:
            number = 0
            for words, role, categories, replaces in papers:
                number += not replaces
                path = Path(folder, f"p{number}.md")
                said = {"text": " ".join(words), "role": role, "categories": categories}
                path.write_text(json.dumps({**said, "title": "T"}))
                library.add(find_sources([path]).found[0])
                store.fail_on = data.draw(st.sampled_from(["", "", "delete"]))
            ids = library.ids()
            if ids and data.draw(st.booleans()):
                store.fail_on = ""
                library.remove(ids[0])
            store.fail_on = ""
            for _ in range(5):
                words = data.draw(st.sampled_from(papers))[0]
                at = data.draw(st.integers(0, len(words) - 1))
                phrase = " ".join(words[at : at + data.draw(st.integers(1, 4))])
                query = data.draw(st.sampled_from(QUOTES)).format(phrase)
                if data.draw(st.booleans()):
                    query += f' and "{data.draw(st.sampled_from(PIECES))}"'
                if not any(map(str.isalnum, query)):
                    continue
                wanted = data.draw(
                    st.sampled_from(
                        [
                            SearchFilter(),
                            SearchFilter(role="results"),
                            SearchFilter(category="cs.CV"),
                            *(SearchFilter(paper_id=one) for one in library.ids()[:1]),
                        ]
                    )
                )
                found = [hit.passage.id for hit in library.search(query, 500, wanted)]
                assert len(found) == len(set(found))
                assert set(found) == met(library, query, wanted)


def test_an_old_library_is_indexed_once_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.md"
    path.write_text(json.dumps({"text": "Bees buzz, and buzz again."}))
    with fakes.open_library(tmp_path / "library") as library:
        library.add(find_sources([path]).found[0])
    as_it_was_in_schema(4, tmp_path / "library" / "catalog.sqlite")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with fakes.open_library(tmp_path / "library") as library:
                assert len(library.search('"and buzz"')) == 1
                assert library.search('"buzz bees"') == []
    assert [one.message for one in caplog.records] == ["indexing the words of 1 papers, once"]


@pytest.mark.parametrize("count", [1, 300, 3_000])
def test_many_phrases_and_long_ones(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.md"
    words = " ".join(f"w{number}" for number in range(count))
    path.write_text(json.dumps({"text": words}))
    with fakes.open_library(tmp_path / "library") as library:
        library.add(find_sources([path]).found[0])
        passage = library.passages(library.ids()[0])[0]
        for query in (f'"{passage.text}"', " ".join(f'"{one}"' for one in passage.text.split())):
            assert [hit.passage for hit in library.search(query)] == [passage]
        assert library.search(f'"{passage.text}" "no"') == []


def test_a_passage_has_its_own_number() -> None:
    with pytest.raises(ValueError, match="less than or equal to"):
        Settings(read=ReadSettings(passages_max=(1 << POSITION_BITS) + 1))
