"""Trace all-MiniLM-L6-v2 for index/all-MiniLM-L6-v2.zip, from which gloss assembles it.

    python data/trace_model.py

torch loads the model as its authors published it, OpenVINO converts it, and the vectors of both are
compared, as for every other model; see index/embed.py. It takes a minute, and is to be run again
where the format of a converted model or the weights change.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path

from index import embed, traced

NAME = "all-MiniLM-L6-v2"


def main() -> None:
    """Write the archive."""
    source = embed._source_of(NAME)
    model = embed._original(source)
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        with embed._quiet():
            description = embed._converted(model, made)
            embed._check_agreement(model, made, description)
        graph = (made / traced.GRAPH).read_bytes()
        layout = traced.layout_of(
            graph, (made / traced.WEIGHTS).read_bytes(), source.folder / source.weights
        )
    contents = {
        traced.GRAPH: graph,
        traced.LAYOUT: json.dumps(layout).encode(),
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
