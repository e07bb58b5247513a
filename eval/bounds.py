"""Measures the machine's limits, as bounds for the evaluation of speed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.embed import Vectors

_SECONDS = 0.3  # that one rate is measured for


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def size_of(path: Path) -> int:
    """Bytes on disk, which a file with holes takes fewer of than it is long."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_blocks * 512 for one in files)


def product_rate(rows: int, widths: Sequence[tuple[int, int]]) -> float:
    """FLOP a second of float32 matrix products, (rows, n) by (n, m) for each of ``widths``.

    By the faster of numpy's BLAS and torch's, with all threads; the operands are in memory.
    """
    import torch

    drawn = np.random.default_rng(1)
    flops, seconds = 0.0, 0.0
    for (inner, outer), times in Counter(widths).items():
        left = drawn.random((rows, inner), dtype=np.float32)
        right = drawn.random((inner, outer), dtype=np.float32)
        tensors = torch.from_numpy(left), torch.from_numpy(right)
        each = min(
            _seconds_of(lambda left=left, right=right: left @ right),  # type: ignore[misc]
            _seconds_of(lambda tensors=tensors: tensors[0] @ tensors[1]),  # type: ignore[misc]
        )
        flops += times * 2.0 * rows * inner * outer
        seconds += times * each
    return flops / seconds


def scan_rate(vectors: Vectors) -> float:
    """Bytes a second at which a matrix is read from memory: by its product with a vector."""
    vector = np.ones(vectors.shape[1], dtype=np.float32)
    return vectors.nbytes / _seconds_of(lambda: vectors @ vector)


def _seconds_of(work: Callable[[], object]) -> float:
    """Seconds of one call, the mean over some time, after one that is not counted."""
    work()
    calls, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < _SECONDS:
        work()
        calls += 1
    return passed / calls
