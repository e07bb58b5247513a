"""Evaluations of search, on a corpus so small that the right answers are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from eval import questions, search
from eval.corpus import DataUnusable, corpus, text_paper
from index.config import Settings

ABSTRACTS = [
    ("7", "Dancing bees", ["Honey bees tell each other of food.", "They dance in the hive."]),
    ("8", "Soft steel", ["Steel is hardened by quenching.", "Slow cooling leaves it soft."]),
    ("9", "Tides", ["The moon raises the sea twice a day.", "Bays make some tides higher."]),
]
CLAIMS = [
    {"id": 1, "claim": "Bees communicate by dancing.", "cited_doc_ids": [7]},
    {"id": 2, "claim": "Quenched steel is hard.", "cited_doc_ids": [8, 9]},
    {"id": 3, "claim": "It is not known where this is.", "cited_doc_ids": [404]},
    {"id": 4, "claim": "Nobody said where this is.", "cited_doc_ids": []},
]
PAPER = {
    "id": "p",
    "title": "How bees speak",
    "full_text": {
        "section_name": ["Introduction", "Method ::: Hives", None],
        "paragraphs": [
            ["Bees were studied for long.", "Nothing is said of wasps."],
            ["We kept twelve hives of bees in a glass house.", " "],
            ["Food was sugar dissolved in water."],
        ],
    },
    "qas": {
        "question": ["How many hives were kept?", "What was the food?", "Is there a figure?"],
        "answers": [
            {"answer": [{"evidence": ["We kept twelve hives of bees in a glass house."]}]},
            {
                "answer": [
                    {"evidence": ["Food was sugar  dissolved in water."]},
                    {"evidence": ["FLOAT SELECTED: Table 1"]},
                ]
            },
            {"answer": [{"evidence": ["FLOAT SELECTED: Figure 1"]}]},
        ],
    },
}


def lines(path: Path, objects: Iterable[object]) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in objects))
    return path


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    named = ("doc_id", "title", "sentences")
    lines(tmp_path / "corpus.jsonl", (dict(zip(named, one, strict=True)) for one in ABSTRACTS))
    lines(tmp_path / "claims_train.jsonl", CLAIMS)
    return tmp_path


def test_papers_are_ranked_for_claims(bench: Path) -> None:
    report = search.run(Settings(), [bench])
    measures: dict[str, Any] = dict(report.measures)
    assert (measures["claims"], measures["papers"], measures["passages"]) == (2, 3, 3)
    assert measures["hybrid"] == {
        "ndcg@10": pytest.approx((1 + measures["per_query"][1]["hybrid"]) / 2, abs=1e-4),
        "recall@10": 1.0,
        "recall@100": 1.0,
        "mrr@10": 1.0,
    }
    bees, steel = measures["per_query"]
    assert (bees["found"][0], bees["hybrid"], bees["bm25"]) == ("7", 1.0, 1.0)
    assert steel["found"][0] == "8"
    assert measures["bm25"]["recall@10"] == 0.75  # no word of the claim is in the third
    assert [row[0] for row in report.table] == ["", "bm25", "dense", "hybrid"]
    assert any("Bees communicate by dancing." in note for note in report.notes)


def test_vectors_are_kept_for_the_next_time(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path / "cache")
    papers = [text_paper("a", "Bees", [("", ["Bees dance."])])[0]]
    for kept in (False, True):
        with corpus(settings, papers) as made:
            assert made.cost.kept is kept
            assert [one.text for one in made.rank("dance", "hybrid", 5)] == ["Bees dance."]


def test_paragraphs_are_ranked_for_questions(tmp_path: Path) -> None:
    lines(tmp_path / "papers.jsonl", [PAPER])
    measures: dict[str, Any] = dict(questions.run(Settings(), [tmp_path]).measures)
    assert (measures["questions"], measures["papers"]) == (2, 1)
    assert (measures["recall@5"], measures["recall@10"]) == (1.0, 1.0)
    assert {*measures["ways"]} == {"bm25", "dense", "hybrid", "sentences", "answers"}


def test_a_paper_of_text_is_one_of_spans() -> None:
    paper, spans = text_paper("x", "T", [("", ["One. Two."]), ("Our Method", ["Three.", "Four."])])
    assert [span.of(paper.text) for span in spans] == ["One. Two.", "Three.", "Four."]
    assert [(one.title, one.role) for one in paper.sections] == [
        ("", "abstract"),
        ("Our Method", "method"),
    ]
    assert paper.sections[0].span.end == paper.sections[1].span.start
    assert paper.sections[1].span.end == len(paper.text)
    assert [one.span.of(paper.text) for one in paper.sentences] == [
        "One.",
        "Two.",
        "Three.",
        "Four.",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "corpus.jsonl: cannot be read"),
        ({"corpus.jsonl": "{"}, "is not JSON"),
        ({"corpus.jsonl": "[]"}, "is not JSON, one object a line"),
        ({"corpus.jsonl": "{}"}, "line 1 lacks doc_id"),
        ({"corpus.jsonl": ""}, "has no claims"),
        ({"corpus.jsonl": "", "claims.jsonl": "{}"}, "line 1 lacks claim"),
        ({"corpus.jsonl": "", "claims.jsonl": ""}, "none of its claims"),
    ],
)
def test_a_folder_that_is_no_benchmark_is_told_so(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataUnusable, match=said):
        search.run(Settings(), [tmp_path])


def test_questions_that_are_none_are_told_so(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="give papers"):
        questions.run(Settings(), [])
    with pytest.raises(DataUnusable, match="line 1 is not as QASPER has it"):
        questions.run(Settings(), [lines(tmp_path / "a.jsonl", [{"id": 1}])])
    silent = {**PAPER, "qas": {"question": [], "answers": []}}
    with pytest.raises(DataUnusable, match="no question"):
        questions.run(Settings(), [lines(tmp_path / "b.jsonl", [silent])])
    with pytest.raises(DataUnusable, match="give one folder"):
        search.run(Settings(), [])
