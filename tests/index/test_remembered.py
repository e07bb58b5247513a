from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from index.embed.remembered import Remembered


def test_each_text_is_embedded_once(fake_embedder: Any) -> None:
    asked: list[str] = []
    plain = fake_embedder.embed_passages

    def counting(texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return plain(texts)

    fake_embedder.embed_passages = counting
    remembered = Remembered(fake_embedder)
    texts = ["Bees dance.", "Wool is warm.", "Bees dance."]
    assert np.array_equal(remembered.embed_passages(texts), plain(texts))
    again = remembered.embed_passages(["Wool  is\nwarm.", "Rain."])
    assert np.array_equal(again, plain(["Wool is warm.", "Rain."]))
    assert asked == ["Bees dance.", "Wool is warm.", "Rain."]
    assert remembered.embed_passages([]).shape == (0, fake_embedder.dimension)
    assert np.array_equal(remembered.embed_query("bees"), fake_embedder.embed_query("bees"))
    assert remembered.fingerprint == fake_embedder.fingerprint
