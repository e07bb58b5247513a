"""all-MiniLM-L6-v2 as OpenVINO's without torch: its graph was traced beforehand.

Tracing a model imports torch, which is half a minute of two cores and 700 MB before the first
search on a new machine, and on Hugging Face Spaces at each restart. What comes of it are the
weights of the package, byte for byte and in another order, and a graph that is the same on every
machine. So the graph comes with gloss, and the weights are put where it wants them: that takes a
second, and gives the bytes that tracing gave when they were compared with sentence-transformers'
vectors.

``all-MiniLM-L6-v2.zip`` is made by data/trace_model.py. It has the graph (``model.xml``), what
stands where in the file of weights (``layout.json``: tensors by name, small constants in
hexadecimal), what ``index.embed`` wrote of the conversion (``embedder.json``), and the vector that
sentence-transformers gave for ``CHECK_TEXT`` (``vector.json``).
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# Of the weights that the layout names, as their authors published them.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ARCHIVE = Path(__file__).with_name("all-MiniLM-L6-v2.zip")

GRAPH, WEIGHTS, TOKENIZER = "model.xml", "model.bin", "tokenizer.json"
LAYOUT, DESCRIPTION, VECTOR = "layout.json", "embedder.json", "vector.json"
CHECK_TEXT = (
    "We report 28.4 BLEU on WMT 2014 English-to-German, 2.0 above the best, at 3.3e18 FLOPs."
)


class NotAssembled(Exception):
    """The result is not the model that was traced."""


def assemble(weights: Path, tokenizer: Path, made: Path) -> dict[str, Any]:
    """Write the converted model into ``made`` (90 MB); what is to be known of it.

    ``weights`` is a file in safetensors' format whose SHA-256 is ``WEIGHTS_SHA256``, ``tokenizer``
    one of the tokenizers package. Raises ``NotAssembled`` where the bytes are not those that were
    traced.
    """
    from safetensors import SafetensorError

    with zipfile.ZipFile(ARCHIVE) as archive:
        description: dict[str, Any] = json.loads(archive.read(DESCRIPTION))
        layout: list[list[str]] = json.loads(archive.read(LAYOUT))
        (made / GRAPH).write_bytes(archive.read(GRAPH))
    found = hashlib.sha256()
    try:
        with (made / WEIGHTS).open("wb") as stream:
            for part in _parts(weights, layout):
                found.update(part)
                stream.write(part)
    except SafetensorError as error:
        raise NotAssembled(f"{weights}: {error}") from error
    if found.hexdigest() != description["sha256"][WEIGHTS]:
        raise NotAssembled(f"{weights} gives {found.hexdigest()}")
    # The tokenizer's bytes depend on the version of its library, and decide nothing.
    (made / TOKENIZER).write_bytes(tokenizer.read_bytes())
    for name in (GRAPH, WEIGHTS, TOKENIZER):
        with (made / name).open("rb") as written:
            description["sha256"][name] = hashlib.file_digest(written, "sha256").hexdigest()
            os.fsync(written.fileno())
        description["sizes"][name] = (made / name).stat().st_size
    return description


def vector() -> list[float]:
    """What sentence-transformers gave for ``CHECK_TEXT``, of unit length."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        given: list[float] = json.loads(archive.read(VECTOR))
    return given


def _parts(weights: Path, layout: Sequence[Sequence[str]]) -> Iterator[bytes]:
    from safetensors import safe_open

    with safe_open(str(weights), "np") as tensors:
        for kind, value in layout:
            yield tensors.get_tensor(value).tobytes() if kind == "tensor" else bytes.fromhex(value)
