"""Which of the files that an entry names may be taken: those in the folder of its export.

An export comes from somebody else: a path in it may name any file of this machine. A file is taken
only where it lies in the export's folder, by its real place, and where no link leads to it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from index.bibliography.refused import FileRefused
from index.sources import SUFFIXES

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def attached_file(files: Iterable[str], folder: Path | None) -> Path | None:
    """The first file of those named that gloss reads, a PDF before others; None where none is
    named. Raises ``FileRefused`` where those that are named cannot be taken.
    """
    named = [one for one in files if _ending(one) in SUFFIXES]
    refused: FileRefused | None = None
    for one in sorted(named, key=lambda name: SUFFIXES.index(_ending(name))):
        for written in dict.fromkeys((one, unquote(one))):  # some quote paths, others do not
            try:
                return _taken(written, folder)
            except FileRefused as error:
                refused = refused or error
    if refused is not None:
        raise refused
    return None


def _ending(name: str) -> str:
    return PurePosixPath(unquote(_path_of(name)).replace("\\", "/")).suffix.lower()


def _path_of(name: str) -> str:
    """The path of a ``file:`` address, still quoted; any other name as it is."""
    try:
        return urlsplit(name).path if name.lower().startswith("file:") else name
    except ValueError:
        return name


def _taken(name: str, folder: Path | None) -> Path:
    """A file of the export. Raises ``FileRefused``."""
    shown = " ".join(name.split())[:120]
    path = name
    if name.lower().startswith("file:"):
        try:
            address = urlsplit(name)
        except ValueError:
            raise FileRefused(f"{shown}: not an address") from None
        if address.netloc not in ("", "localhost"):
            raise FileRefused(f"{shown}: on another machine")
        path = unquote(address.path)
    elif _SCHEME.match(name) and not re.match(r"[A-Za-z]:[\\/]", name):
        raise FileRefused(f"{shown}: an address, no file beside the export")
    if folder is None or "\0" in path:
        raise FileRefused(f"{shown}: not a file beside the export")
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if ".." in parts:
        raise FileRefused(f"{shown}: leads out of the export's folder")
    try:
        root = folder.resolve(strict=True)
        place = Path(*parts) if parts and Path(*parts).is_absolute() else root.joinpath(*parts)
        # As it is written, it lies in the folder; and on the way there is no link.
        inside = place.relative_to(root) if place.is_relative_to(root) else None
        if inside is None:
            raise FileRefused(f"{shown}: outside the export's folder")
        step = root
        for part in inside.parts:
            step = step / part
            mode = step.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise FileRefused(f"{shown}: a link; copy the file that it leads to")
        if not stat.S_ISREG(mode):
            raise FileRefused(f"{shown}: not a file")
    except OSError as error:
        raise FileRefused(f"{shown}: {error.strerror or 'cannot be read'}") from error
    except ValueError:
        raise FileRefused(f"{shown}: not the name of a file") from None
    return place
