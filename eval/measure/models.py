"""Compares the speed of embedding models: passages per second, a question, loading.

    python eval/measure/models.py CORPUS.jsonl MODEL MODEL...

128 passages of 200 word pieces are cut from the abstracts of a corpus in the form of SciFact's.
The models take turns, three each, so that whatever else the machine does is shared; figures are
medians. Vectors come from ``index.embed``, as in a library. The first question in Chinese is
timed apart: it asks sixteen others once (ADR 14).
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from index.config import Settings
from index.embed import count_tokens, open_embedder

PASSAGES = 128
PIECES = 200
TURNS = 3


def passages(corpus: Path) -> list[str]:
    """Words of abstracts, one after the other, in runs of as many word pieces as a passage has."""
    cut: list[str] = []
    words: list[str] = []
    pieces = 0
    for line in corpus.read_text("utf-8").splitlines():
        for word in " ".join(json.loads(line)["sentences"]).split():
            words.append(word)
            pieces += count_tokens([word])[0]
            if pieces >= PIECES:
                cut.append(" ".join(words))
                words, pieces = [], 0
        if len(cut) >= PASSAGES:
            break
    return cut[:PASSAGES]


def main(corpus: Path, names: list[str]) -> dict[str, dict[str, float]]:
    """Seconds of the wall clock, on whatever else the machine is doing."""
    texts = passages(corpus)
    cache = Settings().cache
    models, loading, first = {}, {}, {}
    for name in names:
        open_embedder(name, cache)  # converted, if it never was
        start = time.perf_counter()
        models[name] = open_embedder(name, cache)
        models[name].embed_query("what is attention?")
        loading[name] = time.perf_counter() - start
        start = time.perf_counter()
        models[name].embed_query("注意力机制是什么？")
        first[name] = time.perf_counter() - start
    rates: dict[str, list[float]] = {name: [] for name in names}
    questions: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(TURNS):
        for name, model in models.items():
            start = time.perf_counter()
            model.embed_passages(texts)
            rates[name].append(len(texts) / (time.perf_counter() - start))
            for number in range(10):
                start = time.perf_counter()
                model.embed_query(f"how is attention scaled, question {number}")
                questions[name].append(1000 * (time.perf_counter() - start))
    return {
        name: {
            "passages/s": round(statistics.median(rates[name]), 1),
            "a question, ms": round(statistics.median(questions[name]), 1),
            "loading and the first question, s": round(loading[name], 2),
            "the first question in Chinese, s": round(first[name], 2),
        }
        for name in names
    }


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), sys.argv[2:]), sys.stdout, indent=2)
    sys.stdout.write("\n")
