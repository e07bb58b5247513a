"""A cross-encoder in the last word of a search."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import library_fakes as fakes
import pytest

from eval.corpus import corpus, text_paper
from index.config import Settings
from index.embed.rerank import Reranker
from index.errors import ModelUnusable
from index.sources import find_sources


def cross_encoder(folder: Path, labels: int = 1) -> Path:
    """An untrained cross-encoder of two layers, with a few words."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bees", "dance", "buzz", "wool"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    shape = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=labels,
    )
    BertForSequenceClassification(shape).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_folder_is_loaded_and_scores_pairs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = cross_encoder(tmp_path / "model")
    capsys.readouterr()
    reranker = Reranker(str(folder))
    scores = reranker.scores("bees", ["bees dance", "wool", "bees dance"])
    assert len(scores) == 3
    assert scores[0] == pytest.approx(scores[2], abs=1e-5)
    assert all(map(math.isfinite, scores))
    assert reranker.scores("bees", []) == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_what_is_no_reranker_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="no such folder"):
        Reranker(str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnusable, match="cannot be loaded as a cross-encoder"):
        Reranker(str(tmp_path / "empty"))
    with pytest.raises(ModelUnusable, match="gives 3 scores for a pair"):
        Reranker(str(cross_encoder(tmp_path / "three", labels=3)))


class Backwards:
    """Prefers what has fewer letters."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((query, len(texts)))
        return [-float(len(text)) for text in texts]


def test_a_library_with_one_searches_by_it(tmp_path: Path) -> None:
    reranker = Backwards()
    with fakes.open_library(tmp_path / "library", reranker=reranker) as library:
        for number in range(1, 7):
            path = tmp_path / f"{number}.md"
            path.write_text(json.dumps({"text": "bees buzz " * (7 - number), "title": "bees"}))
            library.add(find_sources([path]).found[0])
        hits = library.search("bees buzz", 2)
    assert [hit.passage.paper_id for hit in hits] == ["6", "5"]
    assert [hit.score for hit in hits] == [-14.0, -24.0]  # of title and text
    assert reranker.asked == [("bees buzz", 6)]  # all that there are, below the depth


@pytest.mark.slow
def test_evaluations_rank_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.corpus.Reranker", lambda name: Backwards())
    papers = [
        text_paper("long", "Bees", [("", ["Bees dance in a hive, and others follow them."])])[0],
        text_paper("short", "Bees", [("", ["Bees dance."])])[0],
        text_paper("other", "Wool", [("", ["Wool is warm."])])[0],
    ]
    with corpus(Settings(cache=tmp_path / "cache", reranker="backwards"), papers) as made:
        assert made.ways == ("bm25", "dense", "hybrid", "reranked")
        ranked = [one.paper_id for one in made.rank("how do bees dance", "reranked", 3)]
        assert ranked == ["short", "other", "long"]
    monkeypatch.setattr("eval.corpus.RERANKED", 1)
    with corpus(Settings(cache=tmp_path / "cache", reranker="backwards"), papers) as made:
        plain = made.rank("how do bees dance", "hybrid", 3)
        assert made.rank("how do bees dance", "reranked", 3) == plain
