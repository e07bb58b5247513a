"""all-MiniLM-L6-v2 as OpenVINO's without torch: its graph was traced beforehand.

Tracing a model imports torch, which is half a minute of two cores and 700 MB before the first
search on a new machine, and on Hugging Face Spaces at each restart. What comes of it are the
weights of the package, byte for byte and in another order, and a graph that is the same on every
machine. So the graph comes with gloss, and the weights are put where it wants them: that takes a
second, and gives the bytes that tracing gave when they were compared with sentence-transformers'
vectors.

``all-MiniLM-L6-v2.zip`` is made by data/trace_model.py. It has the graph (``model.xml``), what
stands where in the file of weights (``layout.json``: tensors by name, small constants in
hexadecimal) and what ``index.embed`` wrote of the conversion (``embedder.json``).
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
LAYOUT, DESCRIPTION = "layout.json", "embedder.json"


class NotAssembled(Exception):
    """What came of it is not the model that was traced."""


def assemble(weights: Path, tokenizer: Path, made: Path) -> dict[str, Any]:
    """Write the converted model into ``made`` (90 MB); what is to be known of it.

    ``weights`` is a file in safetensors' format whose SHA-256 is ``WEIGHTS_SHA256``, ``tokenizer``
    one of the tokenizers package. Raises ``NotAssembled`` where the bytes are not those that were
    traced.
    """
    with zipfile.ZipFile(ARCHIVE) as archive:
        description: dict[str, Any] = json.loads(archive.read(DESCRIPTION))
        layout: list[list[str]] = json.loads(archive.read(LAYOUT))
        (made / GRAPH).write_bytes(archive.read(GRAPH))
    found = hashlib.sha256()
    with (made / WEIGHTS).open("wb") as stream:
        for part in _parts(weights, layout):
            found.update(part)
            stream.write(part)
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


def layout_of(graph: bytes, converted: bytes, weights: Path) -> list[list[str]]:
    """What stands where in a file of weights: ``["tensor", name]`` or ``["bytes", hexadecimal]``.

    ``graph`` and ``converted`` are the two files that OpenVINO saved. Raises ``NotAssembled`` where
    a large constant is no tensor of ``weights``: then a graph alone does not say what it is.
    """
    from defusedxml.ElementTree import fromstring
    from safetensors import safe_open

    with safe_open(str(weights), "np") as tensors:
        named = {tensors.get_tensor(name).tobytes(): name for name in sorted(tensors.keys())}
    places = {
        (int(one.attrib["offset"]), int(one.attrib["size"]))
        for one in fromstring(graph).iter("data")
        if "offset" in one.attrib
    }
    layout: list[list[str]] = []
    end = 0
    for offset, size in sorted(places):
        part = converted[offset : offset + size]
        if offset != end:
            raise NotAssembled(f"byte {end} of the weights is of no constant")
        if part in named:
            layout.append(["tensor", named[part]])
        elif size <= _SMALL:
            layout.append(["bytes", part.hex()])
        else:
            raise NotAssembled(f"a constant of {size:,} bytes is no tensor of the model")
        end = offset + size
    if end != len(converted):
        raise NotAssembled(f"byte {end} of the weights is of no constant")
    return layout


_SMALL = 4096  # bytes of a constant that may stand in the layout itself


def _parts(weights: Path, layout: Sequence[Sequence[str]]) -> Iterator[bytes]:
    from safetensors import safe_open

    with safe_open(str(weights), "np") as tensors:
        for kind, value in layout:
            yield tensors.get_tensor(value).tobytes() if kind == "tensor" else bytes.fromhex(value)
