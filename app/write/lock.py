"""The lock of a digest: all that decides its bytes, each part under its name.

What is locked is the digest as data: its sentences, citations, boxes and scores. Markdown, HTML
and JSON are made from it each time. The code that makes them is a part of the lock too
(``rendering``), but does not decide what the digest says: when nothing else has changed, a digest
is not written again.

Two parts describe the parser. ``reading`` is a hash over its result for this paper: text, sections,
sentences, the places of the words, passages. That decides the bytes, whichever parser it was, since
a paper is read once, when it is added. ``parser`` is a hash over the code that reads and splits, so
that a digest is known to be older than the parser even if its paper was not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.digest import Digest, Language
from index import __version__

if TYPE_CHECKING:
    from index.library import Papers

_APP = Path(__file__).parents[1]
_INDEX = _APP.parent / "index"

_DIGEST_DOCUMENT = ("documents/__init__.py", "documents/claims.py", "documents/digests.py")

_CHECKED_BY = (
    "quantities",
    "tokens",
    "rules",
    "proper_names",
    "polarity",
    "modality",
    "relations",
    "attribution",
    "support",
)

# The code behind each part. What words and checks a sentence for a language model, the writer adds.
_SOURCES: dict[str, tuple[Path, tuple[str, ...]]] = {
    "parser": (_INDEX, ("read/**/*.py", "split.py")),
    "template": (_APP, ("choose/template.py",)),
    "evidence": (_APP, ("digest.py", "choose/*.py", "choose/*.gz", "write/__init__.py")),
    "encoder": (_INDEX, tuple(f"embed/{name}.py" for name in ("states", "converted", "traced"))),
    "rules": (_APP, tuple(f"check/{name}.py" for name in _CHECKED_BY)),
    "rendering": (_APP, ("show/*.py", "show/templates/*", *_DIGEST_DOCUMENT)),
}
# Of a lock, the parts that decide nothing of what a digest says: how it is shown, and what is only
# known once it is written.
_NOT_OF_THE_TEXT = ("rendering", "passages")


def lock_of(
    library: Papers,
    paper_id: str,
    lang: Language,
    writer: str,
    made_by: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The lock of a digest that is written of a paper now, but for its ``passages``.

    Values are SHA-256 in hexadecimal, names or versions. ``made_by`` are the parts that a writer
    adds: its language model's fingerprint, its prompts, what checks its sentences. The extractive
    one has none. Raises ``PaperNotFound``.
    """
    paper = library.fingerprint(paper_id)
    return {
        "gloss": __version__,
        "lang": lang,
        "writer": writer,
        "paper": paper.file,
        "text": paper.text,
        "reading": paper.reading,
        **{part: source_hash(part) for part in _SOURCES},
        **(made_by or {}),
    }


@cache
def source_hash(part: str) -> str:
    """A hash over the code behind a part of the lock: ``parser``, ``rules`` and so on."""
    folder, patterns = _SOURCES[part]
    files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    whole = hashlib.sha256()
    for file in files:
        if file.is_file():
            name = file.relative_to(folder).as_posix()
            whole.update(hashlib.sha256(name.encode() + b"\0" + file.read_bytes()).digest())
    return whole.hexdigest()


def name_of(lock: Mapping[str, str]) -> str:
    """The name under which a digest with that lock is saved: a hash over what decides its text."""
    parts = sorted((name, value) for name, value in lock.items() if name not in _NOT_OF_THE_TEXT)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def sealed(digest: Digest, lock: Mapping[str, str]) -> Digest:
    """The digest with its lock, to which ``passages`` is added.

    That is a hash over the ids of all passages that it cites and the places of the words in them,
    in order. The ids themselves stand in the citations.
    """
    cited = [
        (one.passage_id, one.span.start, one.span.end)
        for claim in digest.claims
        for one in claim.citations
    ]
    passages = hashlib.sha256(repr(sorted(set(cited))).encode()).hexdigest()
    return replace(digest, lock={**lock, "passages": passages})


def changed_parts(saved: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the parts that differ, in the order of the lock: "parser", "text".

    ``now`` is the lock of a digest that is still to be written, so its passages are not known.
    """
    names = [name for name in {**now, **saved} if name != "passages"]
    return tuple(name.replace("_", " ") for name in names if saved.get(name) != now.get(name))
