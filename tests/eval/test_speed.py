"""The evaluation of speed at a size that takes seconds; what it compares is checked by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import bounds, speed, start
from eval.corpus import DataUnusable
from eval.crowd import originals, settle
from eval.search import read_corpus
from index.config import Settings
from index.embed import open_embedder
from index.library import Library

SAMPLES = Path(__file__).parents[2] / "data"
TINY = speed.Sizes(texts=4, batch=2, turns=1, real=6, passages=60, questions=2, papers=3, starts=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    abstracts = [
        {
            "doc_id": at,
            "title": f"Bees {at}",
            "sentences": [f"Hive {at} has {at + 2} queens.", said],
        }
        for at, said in enumerate(["They dance.", "They hum.", "They sting.", "They sleep."] * 2)
    ]
    claims = [
        {"claim": "Bees dance.", "cited_doc_ids": [0]},
        {"claim": "Queens.", "cited_doc_ids": [1]},
    ]
    for name, objects in (("corpus.jsonl", abstracts), ("claims_train.jsonl", claims)):
        (folder / name).write_text("".join(f"{json.dumps(one)}\n" for one in objects))
    return folder


@pytest.fixture
def pdfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bounds, "_SECONDS", 0.01)
    folder = tmp_path / "pdfs"
    folder.mkdir()
    for path in SAMPLES.glob("*.pdf"):
        shutil.copy(path, folder)
    return folder


def check_searching(searching: dict[str, Any]) -> None:
    assert (searching["passages"], searching["papers"], searching["recall@10"]) == (60, 2, 1.0)
    assert list(searching["filters"]) == ["none", "paper", "role", "date"]
    for times in searching["filters"].values():
        assert min(times[name]["p50_ms"] for name in ("bare", "store", "search")) > 0


def check_adding(adding: dict[str, Any]) -> None:
    assert adding["papers"] == 3  # two, and a copy of the first
    assert adding["passages"] > 10 and set(adding["stages"]) == {"read", "split", "embed", "store"}


@pytest.mark.slow
def test_every_part_is_measured_beside_its_bound(corpus: Path, pdfs: Path) -> None:
    report = speed.run(Settings(read={"workers": 1}), [pdfs, corpus], TINY)
    measures: dict[str, Any] = dict(report.measures)
    embedding = measures["embedding"]
    assert embedding["texts"] == 4 and embedding["times_plain"] > 0
    assert embedding["share_of_gemm"] > 0
    check_searching(measures["searching"])
    check_adding(measures["adding"])
    assert measures["starting"]["crowd"]["seconds"] > 0
    assert len({len(row) for row in report.table}) == 1
    json.dumps(measures)


@pytest.mark.slow
def test_searching_and_adding_are_measured(
    tmp_path: Path, corpus: Path, pdfs: Path, fake_embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch and without starting gloss, which the test of every part does besides."""
    settings = Settings(cache=tmp_path / "kept", read={"workers": 1})
    real = originals(settings, fake_embedder, read_corpus(corpus / "corpus.jsonl"), TINY.real)
    crowded, added = (speed._in(settings, tmp_path / name) for name in ("crowd", "added"))
    asked = ["bees dance", "queens"]
    check_searching(speed._searching(crowded, fake_embedder, real, asked, TINY))
    embedder = open_embedder(settings.model, Settings().cache)
    check_adding(speed._adding(added, embedder, sorted(pdfs.glob("*.pdf")), TINY))
    monkeypatch.setattr("app.cli.terminal.messages.quiet", True)
    assert start.main(added.library, "queens")["first answer"] > 0


@pytest.mark.parametrize("given", [[], ["corpus"], ["corpus", "empty"]])
def test_both_folders_are_needed(tmp_path: Path, corpus: Path, given: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataUnusable, match="give a folder of PDFs"):
        speed.run(Settings(), [tmp_path / name for name in given], TINY)


def test_a_crowd_is_a_library_of_different_passages(tmp_path: Path, corpus: Path) -> None:
    settings = Settings(library=tmp_path / "library", cache=tmp_path / "kept")
    embedder = open_embedder(settings.model, Settings().cache)
    real = originals(settings, embedder, read_corpus(corpus / "corpus.jsonl"), 5)
    assert len(real.texts) == len(real.vectors) == 5
    with Library.open(settings, embedder=embedder) as library:
        settle(library, tmp_path, real, 120)
        assert [row.passages for row in library.papers()] == [50, 50, 20]
        (hit, *_) = library.search("bees dance", 5)
        assert hit.boxes and hit.boxes[0].page == 1
        assert library.health().ok


def test_rates_are_those_of_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_SECONDS", 0.01)
    assert bounds.product_rate(64, [(32, 32)]) > 1e6
    assert bounds.scan_rate(np.ones((1000, 384), dtype=np.float32)) > 1e6


def test_operations_of_a_model_are_counted_by_hand() -> None:
    class Shape:
        hidden_size, intermediate_size, num_hidden_layers = 2, 8, 3

    # Per piece and layer: four products of 2 by 2, two of 2 by 8, and 5 pieces attended to twice.
    assert speed._flops(Shape, 5) == 3 * 5 * 2 * (4 * 4 + 2 * 16 + 2 * 5 * 2)
