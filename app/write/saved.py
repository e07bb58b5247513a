"""Saved digests: to text and back, and which of them are stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.digest import Digest, Language
from app.write.lock import changed_parts, lock_of, name_of
from index.errors import GlossError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from index.library import Papers

MadeBy = Callable[[str, Language], Mapping[str, str]]
"""What a writer of that name adds to the lock of a digest in that language; see ``lock_of``."""


class NoSavedDigest(GlossError):
    """No digest was saved of a paper in that language by that writer."""

    def __init__(self, paper_id: str, lang: str, writer: str) -> None:
        super().__init__(
            f"{paper_id}: no digest is saved in {lang} by the writer {writer}; "
            f"`gloss digest {paper_id} --lang {lang} --writer {writer}` writes one"
        )
        self.paper_id = paper_id
        self.lang = lang
        self.writer = writer


@dataclass(frozen=True, slots=True)
class Stale:
    """How many digests are saved, of each paper the newest in a language by a writer, and how many
    of them would be made of other parts now."""

    saved: int
    stale: int
    unknown: int = 0  # of these it is not known: their writer's model is not available


def to_text(digest: Digest) -> str:
    """A digest as the library stores it."""
    return _adapter().dump_json(digest).decode()


def from_text(text: str) -> Digest | None:
    """A saved digest, or None if it was saved in an older form."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(text)
    except ValidationError:
        return None


@cache
def _adapter() -> TypeAdapter[Digest]:
    """Made once: it takes 15 ms of a processor, and a day has 200 digests."""
    from pydantic import TypeAdapter

    return TypeAdapter(Digest)


def is_saved(library: Papers, paper_id: str, lang: Language) -> bool:
    """Whether the quoted digest is saved, as it would be written now.

    Raises as ``lock_of``.
    """
    name = name_of(lock_of(library, paper_id, lang, "extractive"))
    return library.saved_digest(paper_id, name) is not None


def locked_digest(library: Papers, paper_id: str, lang: Language, writer: str) -> Digest:
    """The digest of a paper that was saved last, even if it is stale.

    It does not contain what arXiv has reported since then. Where a new version has come of which
    none was written, it is that of the former version. Raises ``PaperNotFound`` and
    ``NoSavedDigest``.
    """
    kept = library.newest_digest(paper_id, lang, writer)
    digest = from_text(kept.text) if kept else None
    if digest is None:
        raise NoSavedDigest(paper_id, lang, writer)
    return digest


def changed_since(
    library: Papers, digest: Digest, made_by: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The parts of a saved digest's lock that have changed. Raises as ``lock_of``."""
    now = lock_of(library, digest.paper.id, digest.lang, digest.writer, made_by)
    return changed_parts(digest.lock, now)


def stale_digests(library: Papers, made_by: MadeBy) -> Stale:
    """How many of a library's digests are stale. Raises as ``lock_of``, but for what one writer
    lacks: its digests are ``unknown`` then."""
    saved = stale = unknown = 0
    parts: dict[tuple[str, Language], Mapping[str, str] | None] = {}
    for kept in library.newest_digests():
        digest = from_text(kept.text)
        saved += 1
        if digest is None:  # of an older form, which no gloss writes now
            stale += 1
            continue
        by = (digest.writer, digest.lang)
        if by not in parts:
            try:
                parts[by] = made_by(*by)
            except GlossError:
                parts[by] = None
        added = parts[by]
        if added is None:
            unknown += 1
        else:
            stale += bool(changed_since(library, digest, added))
    return Stale(saved, stale, unknown)


def in_words(parts: tuple[str, ...]) -> str:
    """Parts of a lock that changed, in a sentence: "parser and rules have changed"."""
    *first, last = parts
    named = f"{', '.join(first)} and {last}" if first else last
    return f"{named} {'have' if first else 'has'} changed"
