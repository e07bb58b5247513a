"""Turn a trained support model into what gloss runs: OpenVINO's graph with weights of eight bits.

    pip install nncf==3.4.0
    python data/support_model/convert.py OUT/model FOLDER

One scale for each row of a matrix, chosen by NNCF without data; the computation stays in 32 bits,
so that the scores are the same on every processor.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import nncf
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from transformers import AutoTokenizer, BertForSequenceClassification

from index.embed.converted import INPUTS, openvino_package

MOST_MEGABYTES = 30


def main() -> None:
    """Convert, and refuse what is too large to ship."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    given = asked.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = BertForSequenceClassification.from_pretrained(given.model).eval()

    class Pair(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Any) -> Any:
            return self.model(**dict(zip(INPUTS, tensors, strict=True))).logits

    example = tokenizer(["a", "a longer one"], ["b", "c"], padding=True, return_tensors="pt")
    with torch.no_grad():
        decoder = TorchScriptPythonDecoder(
            Pair().eval(), example_input=tuple(example[name] for name in INPUTS)
        )
    frontend = FrontEndManager().load_by_framework("pytorch")
    graph = frontend.convert(frontend.load(decoder))
    small = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_SYM)
    given.out.mkdir(parents=True, exist_ok=True)
    openvino_package().save_model(small, given.out / "model.xml", compress_to_fp16=True)
    (given.out / "tokenizer.json").write_text(
        tokenizer.backend_tokenizer.to_str(), encoding="utf-8"
    )
    size = sum(path.stat().st_size for path in given.out.iterdir()) / 1e6
    if size > MOST_MEGABYTES:
        raise SystemExit(f"{given.out}: {size:.1f} MB are more than {MOST_MEGABYTES}")


if __name__ == "__main__":
    main()
