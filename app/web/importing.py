"""Exports of reference managers that are dropped into the app, with the files that they name.

A browser sends each file by itself: what an entry calls ``files/12/Lanterns.pdf`` is the dropped
file of that name. An entry without a file whose paper is on arXiv is fetched from there.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.api.failures import log_places
from app.show.text import plain
from app.web.session import NotAdded
from index.bibliography import ENDINGS, ExportUnusable, read_export
from index.entries import Entry, Imported
from index.errors import FetchError, GlossError
from index.sources import key_of

if TYPE_CHECKING:
    from app.web.session import Session
    from index.library import Library


class EntryKept(GlossError):
    """An entry of which there is no paper: it is kept, and is that of its paper once it comes."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(
            f"{plain(entry.title)[:120]}: kept without a paper, since no file of it came along; "
            "drop the export again together with its files"
        )
        self.entry = entry


@dataclass(frozen=True, slots=True)
class DroppedEntry:
    """An entry of an export, with the dropped file that it names."""

    entry: Entry
    source: str  # the export's name
    file: Path | None = None

    @property
    def from_arxiv(self) -> bool:
        """Whether its paper is fetched."""
        return self.file is None and bool(self.entry.arxiv)


@dataclass(frozen=True, slots=True)
class Drop:
    """What was dropped: entries of exports, exports that cannot be read, and other files."""

    entries: tuple[DroppedEntry, ...]
    unusable: tuple[ExportUnusable, ...]
    files: tuple[Path, ...]


def dropped(paths: Sequence[Path]) -> Drop:
    """What files are for: those that an entry names are that entry's."""
    exports = [path for path in paths if path.suffix.lower() in ENDINGS]
    others = {_letters(path.name): path for path in paths if path not in exports}
    entries: list[DroppedEntry] = []
    unusable: list[ExportUnusable] = []
    taken: set[Path] = set()
    for path in exports:
        try:
            found = read_export(path).entries
        except ExportUnusable as error:
            unusable.append(ExportUnusable(path.name, error.why))
            continue
        for entry in found:
            names = (_letters(name.replace("\\", "/").rpartition("/")[2]) for name in entry.files)
            file = next((others[name] for name in names if name in others), None)
            entries.append(DroppedEntry(entry, path.name, file))
            taken |= {file} if file is not None else set()
    rest = (path for path in paths if path not in exports and path not in taken)
    return Drop(tuple(entries), tuple(unusable), tuple(rest))


def _letters(name: str) -> str:
    """A file's name as it is compared: a browser's upload loses some of its signs."""
    return "".join(one for one in name.casefold() if one.isalnum())


@contextmanager
def _folder_with(one: DroppedEntry) -> Iterator[str]:
    """A folder with the file of an entry alone. Raises ``NotAdded`` where there is no room."""
    with ExitStack() as opened:
        try:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="gloss-import-"))
            if one.file is not None:
                shutil.copyfile(one.file, Path(folder, one.file.name))
        except OSError as error:
            raise NotAdded(
                f"{plain(one.entry.title)[:120]}: its file cannot be copied ({error.strerror}); "
                "free some space where temporary files are, or set TMPDIR to another folder"
            ) from error
        yield folder


def import_entry(
    session: Session, own: Library, one: DroppedEntry, progress: Callable[[str], None]
) -> str:
    """Import an entry into one's own library; its paper's id.

    Raises ``EntryKept`` where there is no paper, and what adding it raises; the entry is kept all
    the same where arXiv cannot be asked.
    """
    from app.write import write_digests
    from index.intake.imported import import_all

    missing: GlossError | None = None
    if one.from_arxiv and own.find_arxiv(key_of(one.entry.arxiv).paper) is None:
        try:
            session.fetch(one.entry.arxiv, progress)
        except (NotAdded, FetchError) as error:
            missing = error
    with _folder_with(one) as folder:
        files = () if one.file is None else (one.file.name,)
        imported = Imported((replace(one.entry, files=files),), Path(folder))
        (done,) = import_all(own, imported, one.source, lambda _: progress)
    if not done.paper_id:
        if missing is not None:
            raise missing
        if done.outcome == "failed":
            raise NotAdded(f"{plain(one.entry.title)[:120]}: {done.reason}")
        raise EntryKept(one.entry)
    if done.outcome == "added" and session.settings.digest_on_add:
        for written in write_digests(own, [(done.paper_id, "en")]):
            if written.error is not None and not isinstance(written.error, GlossError):
                log_places(written.error)
    return done.paper_id
