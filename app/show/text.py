"""A paper's text for an output: one line without controls, the addresses in it, query words."""

from __future__ import annotations

import re
import unicodedata

from app.controls import without_controls

# An address as papers print it. Only http(s), only characters that no markup language acts on.
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:/[\w./~?#=&%+,;:@!-]*)?", re.A
)


def plain(text: str) -> str:
    """``text`` on one line, without characters that steer a terminal or reorder what is read."""
    return " ".join(without_controls(text).split())


def find_addresses(text: str) -> list[tuple[int, str]]:
    """Where addresses begin in ``text``, without the full stop of the sentence around them."""
    return [(found.start(), found.group().rstrip(".,;:!?")) for found in _ADDRESS.finditer(text)]


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses of the web that a text prints, each once."""
    return tuple(dict.fromkeys(address for _, address in find_addresses(plain(text))))


def web_address(url: str | None) -> str | None:
    """``url`` where it is an http(s) address through and through."""
    return url if url is not None and _ADDRESS.fullmatch(url) else None


# Marking these in a hit tells nobody why it was found.
COMMON_WORDS = re.compile(
    "a|an|and|are|as|at|be|by|can|do|does|for|from|has|have|how|in|is|it|its|of|on|or|our|that|the|"
    "their|these|this|to|was|we|were|what|when|where|which|who|why|with",
    re.IGNORECASE,
)


def query_words(query: str) -> re.Pattern[str] | None:
    """Finds the words of ``query`` in a text, and words that begin with them; short ones whole.

    Common words count only in a query of nothing else; ``None`` for a query without words.
    """
    all_words = set(re.findall(r"\w+", query))
    words = {word for word in all_words if not COMMON_WORDS.fullmatch(word)} or all_words
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    choices = (re.escape(word) + (r"\w*" if len(word) > 3 else r"\b") for word in longest_first)
    return re.compile(rf"\b(?:{'|'.join(choices)})", re.IGNORECASE)


def file_slug(name: str) -> str:
    """``name`` as part of a file name: letters, digits, dots and dashes, never a path or hidden."""
    # Twice, since a small letter may be one that is not normalised: a file system would change it.
    kept = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    slug = re.sub(r"\.{2,}", ".", re.sub(r"[^\w.]+", "-", kept))
    return slug.strip("-._")[:80].rstrip("-._") or "page"
