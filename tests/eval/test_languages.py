from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import eval.corpus
import eval.languages
from eval.corpus import DataUnusable
from eval.languages import LanguageQuestion, Ranking, run
from index.config import Settings

CORPUS = [
    {"doc_id": "1", "title": "Bees", "sentences": ["Bees make honey.", "They live in hives."]},
    {"doc_id": "2", "title": "Wool", "sentences": ["Sheep give wool.", "Wool is warm."]},
    {"doc_id": "3", "title": "Salt", "sentences": ["Salt comes from the sea."]},
]
CLAIMS = [
    {"claim": "honey is made by bees", "cited_doc_ids": [1]},
    {"claim": "nothing here says so", "cited_doc_ids": [99]},
]
PAIRS = [
    {"question": "谁做 honey", "doc_id": "1", "part": "tune"},
    {"question": "salt 来自 sea", "doc_id": "3", "part": "report"},
]


def written(path: Path, values: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    return path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_embedder: object) -> Settings:
    monkeypatch.setattr(eval.languages, "_PAIRS", written(tmp_path / "pairs.jsonl", PAIRS))
    monkeypatch.setattr(eval.corpus, "open_embedder", lambda name, cache: fake_embedder)
    written(tmp_path / "corpus.jsonl", CORPUS)
    written(tmp_path / "claims.jsonl", CLAIMS)
    return Settings(library=tmp_path / "library", cache=tmp_path / "cache")


def test_questions_are_ranked_by_each_half(tmp_path: Path, small: Settings) -> None:
    report = run(small, [tmp_path])
    assert (report.measures["abstracts"], report.measures["passages"]) == (3, 3)
    # A claim without an abstract is not asked.
    for part in ("tune", "report", "english", "tune among 2", "report among 2"):
        for half in ("dense", "bm25", "hybrid"):
            assert report.measures[part][half] == {  # type: ignore[index]
                "right_first": 1,
                "recall@10": 1,
                "mrr@10": 1,
                "ndcg@10": 1,
            }
    assert report.measures["missed"] == []
    assert len(report.table) == 16


def test_what_was_missed_is_listed(
    tmp_path: Path, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [{"question": "wool wool wool", "doc_id": "1", "part": "tune"}]
    monkeypatch.setattr(eval.languages, "_PAIRS", written(tmp_path / "pairs.jsonl", pairs))
    report = run(small, [tmp_path])
    assert report.measures["tune"]["dense"]["right_first"] == 0  # type: ignore[index]
    assert report.measures["tune among 1"]["dense"]["right_first"] == 1  # type: ignore[index]
    (missed,) = report.notes
    assert re.fullmatch(r"tune, rank [23] of 3: wool wool wool", missed)


def test_a_corpus_that_cannot_be_used(tmp_path: Path, small: Settings) -> None:
    with pytest.raises(DataUnusable, match="give one folder"):
        run(small, [])
    with pytest.raises(DataUnusable, match="cannot be read"):
        run(small, [tmp_path / "none"])
    written(tmp_path / "corpus.jsonl", CORPUS[:2])
    with pytest.raises(DataUnusable, match="has no abstract for 1 of 2 questions"):
        run(small, [tmp_path])


def test_ranks_by_hand() -> None:
    asked = LanguageQuestion("?", frozenset("ab"), "tune")
    ranking = Ranking(asked, ("x", "a", "b"))
    assert (ranking.rank, ranking.among(frozenset("ab")).rank) == (2, 1)
    assert Ranking(asked, ()).rank == 0


def test_the_pairs_are_sixty_different_ones() -> None:
    asked = list(eval.languages.chinese())
    assert Counter(one.part for one in asked) == {"tune": 30, "report": 30}
    assert len({one.question for one in asked}) == len({one.answers for one in asked}) == 60
    assert all(len(re.findall(r"[\u4e00-\u9fff]", one.question)) >= 10 for one in asked)
