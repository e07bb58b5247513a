"""Vectors of texts, kept in the cache: a reference manager's library is embedded once."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.embed import Embedder, Vectors


def embedded(texts: Sequence[str], embedder: Embedder, cache: Path) -> Vectors:
    """A row of unit length for each text; those of last time are not computed again.

    A cache that cannot be read or written costs time only. It has the texts of the last call.
    """
    import numpy as np

    model = hashlib.sha256(embedder.fingerprint.encode()).hexdigest()[:16]
    file = cache.expanduser() / "interests" / f"{model}.npz"
    keys = [hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for text in texts]
    known = _read(file, embedder.dimension)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        rows = embedder.embed_sentences(list(missing.values()))
        known |= dict(zip(missing, rows, strict=True))
    table = np.asarray([known[key] for key in keys], dtype=np.float32)
    table = table.reshape(len(keys), embedder.dimension)
    if missing:
        _write(file, keys, table)
    return table


def _read(file: Path, dimension: int) -> dict[str, Vectors]:
    import numpy as np

    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            keys, rows = kept["keys"], kept["rows"]
        if rows.shape != (len(keys), dimension) or not np.isfinite(rows).all():
            return {}
        return dict(zip(map(str, keys), rows, strict=True))
    except Exception:  # whatever a damaged file makes numpy and zipfile raise
        return {}


def _write(file: Path, keys: Sequence[str], rows: Vectors) -> None:
    import numpy as np

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, keys=np.asarray(keys), rows=rows)
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return
