"""Memory that is free goes back to the system while the server runs.

glibc keeps what was freed for the next request of the same thread, in up to eight arenas a core.
Of a server of twenty visitors that was a quarter of its memory: pictures, vectors and whole papers
that one thread had let go, and that the others asked the system for again.
"""

from __future__ import annotations

import ctypes

EVERY = 60.0  # seconds; looking through all arenas takes some milliseconds


def give_back() -> bool:
    """Give free pages back; whether there were any, or False where the C library has no way."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; musl and macOS have none
    return trim is not None and bool(trim(0))
