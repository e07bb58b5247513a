"""Entries of a bibliography into a library: those with a file as papers, the others as entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.bibliography import read_export
from index.bibliography.attached import attached_file
from index.bibliography.refused import FileRefused
from index.bibliography.zotero import ADDRESS, read_zotero
from index.disk import expanded
from index.entries import Entry, Imported
from index.library import Library
from index.notes import NOTE_MOST, NoteUnusable
from index.sources import Source, key_of

ZOTERO = "zotero:"  # what stands for the Zotero that runs here; an address may follow
Outcome = Literal["added", "there", "no-file", "failed"]


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """The result of one entry; ``paper_id`` is empty where no paper is here of it.

    ``there``: a paper that was in the library before. ``reason`` says why there is no paper, and
    what to do.
    """

    entry: Entry
    outcome: Outcome
    paper_id: str = ""
    reason: str = ""


def find_entries(source: str, folder: Path = Path()) -> Imported:
    """The entries of an export, or of the Zotero that runs on this machine (``zotero:``).

    A relative path begins at ``folder``.

    Raises ``ExportUnusable``.
    """
    if source.lower().startswith(ZOTERO):
        address = source[len(ZOTERO) :]
        return Imported(tuple(read_zotero(address or ADDRESS)), None)
    return read_export(folder / expanded(Path(source)))


def import_all(
    library: Library,
    imported: Imported,
    source: str,
    begin: Callable[[str], Callable[[str], None]] = lambda _: lambda _: None,
) -> Iterator[ImportedEntry]:
    """Import entries one by one; each is complete in the library before the next is begun.

    Raises ``LibraryReadOnly``, ``DiskFull`` and what else keeps every paper out.
    """
    for entry in imported.entries:
        yield _import(library, entry, imported.folder, source, begin(entry.title[:60]))


def _import(
    library: Library,
    entry: Entry,
    folder: Path | None,
    source: str,
    progress: Callable[[str], None],
) -> ImportedEntry:
    library.check_writable()
    file, refused = None, ""
    try:
        file = _file_of(entry, folder)
    except FileRefused as error:
        refused = f"its file is not taken: {error}"
    if file is not None:
        added = library.add_entry(Source(file, file.name), entry, progress)
        if added.status == "ok":
            library.store_entry(entry, added.paper_id, "", source)
            _mark(library, added.paper_id, entry)
            outcome: Outcome = "added" if added.changed else "there"
            return ImportedEntry(entry, outcome, added.paper_id, added.reason)
        refused = f"its file {file.name} is no paper that can be read: {added.status}"
    held = library.find_arxiv(_arxiv_id(entry)) if entry.arxiv else None
    if held is not None:
        library.store_entry(entry, held.paper_id, "", source)
        _mark(library, held.paper_id, entry)
        return ImportedEntry(entry, "there", held.paper_id, refused)
    said = refused or "no file came with it"
    if entry.arxiv:
        said += f"; `gloss add {entry.arxiv}` fetches it from arXiv"
    library.store_entry(entry, "", said, source)
    return ImportedEntry(entry, "failed" if refused else "no-file", "", said)


def _file_of(entry: Entry, folder: Path | None) -> Path | None:
    """Of an export, from its folder; of Zotero, each from the folder that Zotero has it in."""
    if folder is not None:
        return attached_file(entry.files, folder)
    refused: FileRefused | None = None
    for name in sorted(entry.files, key=lambda one: not one.lower().endswith(".pdf")):
        try:
            found = attached_file([name], Path(name).parent)
        except FileRefused as error:
            refused = refused or error
        else:
            if found is not None:
                return found
    if refused is not None:
        raise refused
    return None


def _arxiv_id(entry: Entry) -> str:
    return key_of(entry.arxiv).paper


def _mark(library: Library, paper_id: str, entry: Entry) -> None:
    """Give a paper the entry's tags and notes, those that it does not have yet."""
    there = library.notes.of(paper_id)
    own = [one.place for one in there if one.place.anchor is None]
    texts = {note.text for place in own for note in place.notes}
    for tag in entry.tags:
        with suppress(NoteUnusable):  # too long, or signs alone
            library.notes.tag(paper_id, tag)
    for note in entry.notes:
        text = note[:NOTE_MOST].strip()
        if text not in texts:
            with suppress(NoteUnusable):
                library.notes.add(paper_id, text)
