"""Sentences in the middle of the model: its own numbers, whatever is asked beside them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import index.embed.conversion
import index.embed.states
from index.config import Settings
from index.embed.states import WIDTH, MiddleLayer
from index.embed.traced import CHECK_TEXT
from index.errors import ModelUnusable

# The mean of ``hidden_states[4]`` as transformers gives it: its first numbers and its length.
FIRST = (0.0447, -0.4467, -0.0521, -0.2101, 0.0871, -0.186, -0.7674, 0.2649)
LENGTH = 6.3098


@pytest.fixture(scope="module")
def encoder() -> MiddleLayer:
    return MiddleLayer(Settings().cache)


def test_states_are_those_of_the_fourth_layer(encoder: MiddleLayer) -> None:
    (row,) = encoder.states([CHECK_TEXT])
    assert row[: len(FIRST)] == pytest.approx(FIRST, abs=1e-3)
    assert float(np.linalg.norm(row)) == pytest.approx(LENGTH, abs=1e-3)


def test_a_sentence_has_the_same_state_among_others_and_from_several_threads(
    encoder: MiddleLayer,
) -> None:
    texts = [f"We fed {n} geese with {'corn ' * n}for a week." for n in range(20)]
    together = encoder.states(texts)
    assert together.shape == (20, WIDTH) and encoder.states([]).shape == (0, WIDTH)
    with ThreadPoolExecutor(4) as pool:
        alone = np.vstack(list(pool.map(lambda text: encoder.states([text]), texts)))
    assert np.abs(together - alone).max() < 1e-4


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnusable, match="GLOSS_CACHE"):
        MiddleLayer(tmp_path / "file").states(["We fed geese."])


def test_a_damaged_copy_of_the_model_is_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (wanted,) = MiddleLayer(tmp_path).states([CHECK_TEXT])
    (graph,) = tmp_path.rglob("model.xml")
    graph.write_bytes(b"<" * graph.stat().st_size)
    (row,) = MiddleLayer(tmp_path).states([CHECK_TEXT])
    assert np.array_equal(row, wanted)
    assert "converting again" in caplog.text


def test_a_copy_without_the_layer_is_said_and_not_made_again(
    encoder: MiddleLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder.states(["We fed geese."])  # so that there is a copy
    monkeypatch.setattr(index.embed.states, "_OUTPUT", "model.encoder.layer.3")
    monkeypatch.setattr(index.embed.conversion, "convert", lambda *_: pytest.fail("made again"))
    for _ in range(2):
        with pytest.raises(ModelUnusable, match=r"has no 'model\.encoder\.layer\.3'"):
            MiddleLayer(Settings().cache).states(["We fed geese."])
