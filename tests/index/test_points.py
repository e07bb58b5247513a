"""What a passage knows of its paper, and that people find papers by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import library_fakes as fakes
import numpy as np
import pytest

from index.config import Settings
from index.embed import blended
from index.embed.sparse import Bm25Encoder
from index.hits import Passage
from index.library import Library
from index.library.points import points_of
from index.paper import Paper
from index.sources import find_sources
from index.spans import Span

PAPERS: dict[str, dict[str, Any]] = {
    "1706.03762": {
        "title": "Attention Is All You Need",
        "authors": ["Ashish Vaswani", "Łukasz Kaiser"],
        "text": "The encoder maps symbols to numbers. We trained for 300,000 steps to 28.4. "
        "Scaled dot-product attention divides by a root.",
    },
    "1810.04805": {
        "title": "BERT: Pre-training of Deep Bidirectional Transformers",
        "authors": ["Jacob Devlin"],
        "text": "We mask 15% of the word pieces at random, fine-tuning 1706.03762. "
        "Attention by a scaled product of vectors and a dot is used.",
    },
    "2005.14165": {
        "title": "Language Models are Few-Shot Learners",
        "authors": ["Tom Brown"],
        "text": "GPT-3 has 175 billion parameters. In 28 of 4 it rose. "
        "It is applied without any gradient updates.",
    },
    **{
        f"2101.000{number}": {
            "title": f"A Survey of {field}",
            "authors": ["Kim Lee"],
            "text": f"Much has been written on {field}. We review it and find gaps.",
        }
        for number, field in enumerate(
            ("soil", "bees", "glaciers", "steel", "bones", "tides", "yeast", "moths", "paint"), 11
        )
    },
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The real model, encoder and store; only the reader is a stand-in."""
    folder = tmp_path_factory.mktemp("papers")
    for name, paper in PAPERS.items():
        (folder / f"{name}.md").write_text(json.dumps(paper))
    settings = Settings(library=folder / "library")
    with Library.open(settings, reader=fakes.JsonReader()) as opened:
        for name in PAPERS:
            (source,) = find_sources([folder / f"{name}.md"]).found
            assert opened.add(source).status == "ok"
        yield opened


CALLED = [
    ("Vaswani", "1706.03762"),
    ("lukasz kaiser", "1706.03762"),
    ("devlin", "1810.04805"),
    ("attention is all you need", "1706.03762"),
    ("few-shot learners", "2005.14165"),
    ("few shot learners", "2005.14165"),
    ("pretraining of bidirectional transformers", "1810.04805"),
    ("1706.03762", "1706.03762"),  # and not the one that cites it
    ("2005.14165", "2005.14165"),
    ("https://arxiv.org/abs/2005.14165v4", "2005.14165"),
    ("fine-tuning of 1706.03762", "1810.04805"),
    ("gpt3", "2005.14165"),
    ("GPT-3", "2005.14165"),
    ("300000 steps", "1706.03762"),
    ("15%", "1810.04805"),
    ("28.4", "1706.03762"),
    ('"scaled dot product"', "1706.03762"),
]


def test_papers_are_found_by_what_people_call_them(
    subtests: pytest.Subtests, library: Library
) -> None:
    for query, paper_id in CALLED:
        with subtests.test(query=query, paper_id=paper_id):
            assert library.search(query, 1)[0].passage.paper_id == paper_id


def test_a_phrase_in_quotation_marks_is_in_every_hit(library: Library) -> None:
    assert len(library.search("scaled dot product")) == 10
    assert [hit.passage.paper_id for hit in library.search('"scaled dot product"')] == [
        "1706.03762"
    ]
    assert library.search('attention with "no such phrase"') == []


def test_a_rebuild_makes_the_same_points(tmp_path: Path) -> None:
    store = fakes.ListStore()
    path = tmp_path / "a.md"
    path.write_text(json.dumps({"text": "bees buzz", "title": "On bees", "authors": ["A. Bee"]}))
    with fakes.open_library(tmp_path / "library", store=store) as library:
        library.add(find_sources([path]).found[0])
        before = list(store.points)
        library.repair()
        assert store.points == before


def test_the_first_passage_knows_who_wrote_the_paper() -> None:
    words = Bm25Encoder(1.2, 0.75, 90.0)
    passages = [
        Passage(f"x#method.{n}", "x", "Method", "method", Span(0, 4), "bees") for n in (1, 2)
    ]
    paper = Paper("1706.03762", None, "pdf", "", "bees", "On honey", authors=("Ada Lovelace",))
    vectors = np.eye(2, dtype=np.float32)
    title = np.array([0.0, 1.0], dtype=np.float32)
    points = points_of(paper, passages, vectors, title, words, 0.5)
    for query, first, second in (
        ("honey", True, True),
        ("lovelace", True, False),
        ("1706.03762", True, False),
    ):
        asked = {*words.encode_query(query).indices}
        assert [asked <= {*point.sparse.indices} for point in points] == [first, second]
    assert np.array([point.dense for point in points]) == pytest.approx(
        np.array([[1, 0.5], [0, 1.5]]) / [[1.25**0.5], [1.5]]
    )


def test_no_title_changes_no_vector() -> None:
    paper = Paper("x", None, "pdf", "", "bees", "")
    passages = [Passage("x#other.1", "x", "", "other", Span(0, 4), "bees")]
    vectors = np.array([[0.6, 0.8]], dtype=np.float32)
    (point,) = points_of(paper, passages, vectors, None, Bm25Encoder(1.2, 0.75, 90.0), 0.5)
    assert point.dense == pytest.approx([0.6, 0.8])
    assert points_of(paper, [], vectors[:0], None, Bm25Encoder(1.2, 0.75, 90.0), 0.5) == []


def test_what_is_blended_is_of_unit_length() -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0]], dtype=np.float32)
    mixed = blended(vectors, np.array([0.0, 1.0], dtype=np.float32), 0.3)
    assert np.linalg.norm(mixed, axis=1) == pytest.approx([1, 1])
