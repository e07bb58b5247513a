"""Trace all-MiniLM-L6-v2 for index/embed/all-MiniLM-L6-v2.zip, from which gloss assembles it.

    python data/trace_model.py

torch loads the model as its authors published it, OpenVINO converts it, and the vectors of both are
compared, as for every other model; see index/embed/__init__.py. It takes a minute, and is to be
run again where the format of a converted model or the weights change.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path

from defusedxml.ElementTree import fromstring
from safetensors import safe_open

from index.embed import TorchEmbedder, traced
from index.embed.conversion import check_agreement, write_converted
from index.embed.source import load_original, quiet, source_of

NAME = "all-MiniLM-L6-v2"


_SMALL = 4096  # bytes of a constant that may stand in the layout itself


def layout_of(graph: bytes, converted: bytes, weights: Path) -> list[list[str]]:
    """What stands where in a file of weights: ``["tensor", name]`` or ``["bytes", hexadecimal]``.

    ``graph`` and ``converted`` are the two files that OpenVINO saved. Ends the program where
    a large constant is no tensor of ``weights``: then a graph alone does not say what it is.
    """
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
            raise SystemExit(f"byte {end} of the weights is of no constant")
        if part in named:
            layout.append(["tensor", named[part]])
        elif size <= _SMALL:
            layout.append(["bytes", part.hex()])
        else:
            raise SystemExit(f"a constant of {size:,} bytes is no tensor of the model")
        end = offset + size
    if end != len(converted):
        raise SystemExit(f"byte {end} of the weights is of no constant")
    return layout


def main() -> None:
    """Write the archive."""
    source = source_of(NAME)
    model = load_original(source)
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        with quiet():
            description = write_converted(model, made)
            check_agreement(model, made, description)
        graph = (made / traced.GRAPH).read_bytes()
        layout = layout_of(
            graph, (made / traced.WEIGHTS).read_bytes(), source.folder / source.weights
        )
    given = TorchEmbedder(NAME, "", model).embed_query(traced.CHECK_TEXT)
    contents = {
        traced.GRAPH: graph,
        traced.LAYOUT: json.dumps(layout).encode(),
        traced.VECTOR: json.dumps([round(float(one), 7) for one in given]).encode(),
        traced.DESCRIPTION: json.dumps(description, indent=1).encode(),
    }
    with zipfile.ZipFile(traced.ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in contents.items():
            # With one date for all, since the archive's own bytes are in git.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    size = traced.ARCHIVE.stat().st_size
    sys.stdout.write(f"{traced.ARCHIVE.name}: {size:,} bytes, {len(layout)} constants\n")


if __name__ == "__main__":
    main()
