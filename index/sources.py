"""What is to be added: command line arguments turned into files, in an order that never changes.

Names of papers on arXiv are distinguished from files and given back as references; nothing is
fetched here. A source that is not there is reported beside those that are: a wrong name stops no
other paper.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.disk import expanded
from index.errors import SourceNotFound
from index.reference import ARXIV_ID, Reference, arxiv_spelling, parse_reference

SUFFIXES = (".pdf", ".md", ".markdown", ".html", ".htm", ".xhtml")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to add. ``name`` is what messages show: the path as the user gave it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The arguments sorted: files, in order and each once, papers on arXiv, and errors.

    The papers are in the order of the arguments, each once.
    """

    found: tuple[Source, ...]
    errors: tuple[SourceNotFound, ...]
    papers: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperKey:
    """A paper's id and version: ``2407.03300v2`` is ``2407.03300``, 2."""

    paper: str
    version: int | None
    arxiv: bool


def key_of(paper_id: str) -> PaperKey:
    """Take an id apart. An id that is not arXiv's is its own key and has no version."""
    match = ARXIV_ID.fullmatch(paper_id)
    if match is None:
        return PaperKey(paper_id, None, False)
    version = int(match["version"]) if match["version"] else None
    return PaperKey(arxiv_spelling(match["id"]), version, True)


def find_sources(arguments: Iterable[str | os.PathLike[str]], folder: Path = Path()) -> Sources:
    """Files as they are, folders searched to the bottom; ``errors`` says what was not found.

    Relative paths begin at ``folder``; names are as they were given.

    What is no file and names a paper on arXiv, in any form that ``parse_reference`` knows, is a
    reference: a file that is called like an id is a file.
    Two arguments that lead to one file give it once, by the file's own name rather than a link's.
    A link alone keeps the name it has. A link to a folder is not followed inside a folder, so a
    loop of links ends; one to a file outside the folder is an error.
    """
    found: dict[Path, Source] = {}
    errors: list[SourceNotFound] = []
    papers: dict[Reference, None] = {}
    for argument in arguments:
        try:
            sources = _sources_of(os.fspath(argument), folder)
            if isinstance(sources, Reference):
                papers[sources] = None
                continue
            sources, outside = _inside(sources, folder / expanded(Path(argument)))
            errors += outside
            for source in sources:
                real = source.path.resolve()
                other = found.setdefault(real, source)
                found[real] = min(
                    other, source, key=lambda one: (one.path != real, str(one.path), one is source)
                )
        except SourceNotFound as error:
            errors.append(error)
    ordered = sorted(found.values(), key=lambda source: str(source.path))
    return Sources(tuple(ordered), tuple(errors), tuple(papers))


def _sources_of(argument: str, folder: Path) -> list[Source] | Reference:
    if not argument.strip() or "\0" in argument:
        raise SourceNotFound(repr(argument), "not the name of a file or folder")
    named = parse_reference(argument)
    given = expanded(Path(argument))
    path = folder / given
    try:
        if path.is_dir():
            return _sources_in(path, given, argument)
        if path.is_file():
            if path.suffix.lower() not in SUFFIXES:
                raise SourceNotFound(argument, f"gloss reads {', '.join(SUFFIXES)} files only")
            return [Source(_placed(path), argument)]
        exists = path.exists()
    except OSError as error:  # no permission, a name too long, a loop of links
        if named is not None:
            return named
        raise SourceNotFound(argument, error.strerror or "cannot be looked at") from error
    if exists:
        raise SourceNotFound(argument, "neither a file nor a folder")
    if named is not None:
        return named
    if _ADDRESS.match(argument.strip()):
        raise SourceNotFound(
            argument, "of addresses, only arXiv's are fetched: download the file and add it"
        )
    raise SourceNotFound(argument, "no such file or folder")


def _placed(path: Path) -> Path:
    """Where the file is, under its own name and extension even if it is a link."""
    return path.parent.resolve() / path.name


def _inside(sources: Iterable[Source], named: Path) -> tuple[list[Source], list[SourceNotFound]]:
    """The files that lie in the folder ``named``, and an error for each link that leads out of it.

    Someone else may have put such a link there. A file that was named itself may be a link.
    """
    if not named.is_dir():
        return list(sources), []
    within, outside, root = [], [], named.resolve()
    for source in sources:
        if source.path.resolve().is_relative_to(root):
            within.append(source)
        else:
            reason = "a link out of the folder; name it, or the file it leads to, to add it"
            outside.append(SourceNotFound(source.name, reason))
    return within, outside


def _sources_in(folder: Path, given: Path, argument: str) -> list[Source]:
    sources: list[Source] = []
    for directory, _, names in os.walk(folder):
        for name in names:
            path = Path(directory, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and path.is_file():
                sources.append(Source(_placed(path), str(given / path.relative_to(folder))))
    if not sources:
        raise SourceNotFound(argument, f"no {', '.join(SUFFIXES)} files in this folder")
    return sources
