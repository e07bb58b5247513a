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


def snippet(text: str, query: str, most: int = 340) -> str:
    """The part of ``text`` that has most of the query's words, on one line; dots where it is cut.

    ``most`` is in characters.
    """
    text = plain(text)
    begin, end = _window(text, query, most)
    return f"{'… ' if begin else ''}{text[begin:end]}{' …' if end < len(text) else ''}"


def snippet_at(text: str, query: str, most: int = 340) -> tuple[int, int]:
    """Where ``text`` itself, with its line ends, has the part that ``snippet`` shows."""
    said: list[str] = []  # what ``plain`` makes of it, and where each character of that was
    places: list[int] = []
    clean = without_controls(text) == text
    for place, character in enumerate(text):
        kept = character if clean else without_controls(character)
        if kept and not (kept.isspace() and (not said or said[-1] == " ")):
            said.append(" " if kept.isspace() else kept)
            places.append(place)
    flat = "".join(said).rstrip()
    begin, end = _window(flat, query, most)
    return (places[begin], places[end - 1] + 1) if flat else (0, 0)


def _window(text: str, query: str, most: int) -> tuple[int, int]:
    if len(text) <= most:
        return 0, len(text)
    pattern = query_words(query)
    starts = [found.start() for found in pattern.finditer(text)] if pattern is not None else []
    # Of the windows that begin a little before a word of the query, the first with most words.
    begins = [max(start - most // 4, 0) for start in starts] or [0]
    best = max(begins, key=lambda begin: sum(begin <= one < begin + most for one in starts))
    best = min(best, len(text) - most)
    begin = text.find(" ", best) + 1 if best > 0 else 0
    end = text.rfind(" ", begin, best + most) if best + most < len(text) else len(text)
    if end <= begin:  # no space where it is cut
        begin, end = best, best + most
    return begin, end
