"""Papers as files to take along: PDFs with notes on them, and notes for Obsidian."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from app.digest import Language
from app.publish.files import OutputUnusable, write_file, write_text
from app.show.bibtex import citation_keys
from app.show.exports import annotated_pdf, entries_of, marked_in
from app.show.obsidian import kept_part, note_name, safe_id, to_obsidian
from index.disk import read_file
from index.errors import GlossError, SourceNotFound

if TYPE_CHECKING:
    from index.library import Papers

PDFS = "pdf"  # the folder of the PDFs, beside Obsidian's notes
NOT_WRITTEN = "not-exported.txt"  # in an archive: which papers are not in it, and why
ARCHIVED_MOST = 200  # papers of one archive: some 500 MB, and a minute or two of writing
_IN_MEMORY = 16_000_000  # bytes of an archive; a larger one is a file meanwhile
_LARGEST = 50_000_000  # bytes of a note
_CHUNK = 1 << 16  # bytes
_DAY = (1980, 1, 1, 0, 0, 0)  # of all files of an archive: it says nothing of this machine

Archive = Literal["pdf", "obsidian"]


class ArchiveUnusable(GlossError):
    """There is no room for an archive, which is a temporary file until it is sent."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the archive cannot be written ({why}): free some space where temporary files are, "
            "or set TMPDIR to another folder"
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written for a paper, or why there is none."""

    paper_id: str
    file: Path | None
    error: GlossError | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be written for a paper: files by their paths in a folder, or why there is none.

    ``name`` is the path of the one that stands for the paper.
    """

    paper_id: str
    name: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    error: GlossError | None = None


def write_pdfs(
    library: Papers, ids: Sequence[str], path: Path, lang: Language = "en"
) -> Iterator[Exported]:
    """Write a paper's PDF to a file that ends with ``.pdf``; of any number, to a folder.

    Raises ``OutputUnusable``; of a paper that cannot be written, the result says why.
    """
    single = path.suffix.lower() == ".pdf"
    if single and len(ids) != 1:
        raise OutputUnusable(path, f"one file cannot hold {len(ids)} papers; name a folder")
    for part in pdf_parts(library, ids, lang):
        if part.error is not None:
            yield Exported(part.paper_id, None, part.error)
            continue
        ((name, data),) = part.files
        file = path if single else path / name
        write_file(file, data)
        yield Exported(part.paper_id, file)


def write_notes(
    library: Papers, ids: Sequence[str], folder: Path, lang: Language = "en"
) -> Iterator[Exported]:
    """Write a note for each paper into a folder of Obsidian's, and its PDF into ``pdf`` there.

    What the reader has written below the line in a former note stays. Raises ``OutputUnusable``.
    """
    for part in obsidian_parts(library, ids, lang):
        if part.error is not None:
            yield Exported(part.paper_id, None, part.error)
            continue
        for name, data in part.files:
            if name != part.name:
                write_file(folder / name, data)
        note = dict(part.files)[part.name].decode()
        file = _note_file(folder, part.name, part.paper_id)
        write_text(file, note + _kept(file))
        yield Exported(part.paper_id, file)


def pdf_parts(library: Papers, ids: Sequence[str], lang: Language = "en") -> Iterator[Part]:
    """The PDF of each paper with its digest's sentences and the reader's notes on its words."""
    for paper_id in ids:
        try:
            data = pdf_with_notes(library, paper_id, lang)
        except GlossError as error:
            yield Part(paper_id, error=error)
            continue
        name = f"{safe_id(paper_id)}.pdf"
        yield Part(paper_id, name, ((name, data),))


def pdf_with_notes(library: Papers, paper_id: str, lang: Language = "en") -> bytes:
    """A paper's PDF with its digest's sentences and the reader's notes on its words.

    Raises ``PaperNotFound``, and ``SourceNotFound`` for a paper that has no PDF.
    """
    from app.write import write_digest

    if library.paper(paper_id).source != "pdf":
        library.annotated(paper_id, ())  # says that it has none, before its digest is written
    return annotated_pdf(library, paper_id, write_digest(library, paper_id, lang=lang))


def obsidian_parts(
    library: Papers, ids: Sequence[str], lang: Language = "en", with_pdf: bool = True
) -> Iterator[Part]:
    """A note of Obsidian's for each paper, and ``with_pdf`` its PDF in the folder ``pdf``."""
    from app.write import write_digest

    entries = entries_of(library, ids)
    keys = citation_keys(entries)
    for paper_id, entry, key in zip(ids, entries, keys, strict=True):
        pdf: tuple[tuple[str, bytes], ...] = ()
        try:
            digest = write_digest(library, paper_id, lang=lang)
            try:
                if with_pdf:
                    data = annotated_pdf(library, paper_id, digest)
                    pdf = ((f"{PDFS}/{safe_id(paper_id)}.pdf", data),)
            except SourceNotFound:
                pass  # it has no PDF, or none that can be opened: pages lead to arXiv, or nowhere
            beside = pdf[0][0] if pdf else ""
            note = to_obsidian(digest, entry, marked_in(library, paper_id), key, beside)
        except GlossError as error:
            yield Part(paper_id, error=error)
            continue
        name = note_name(entry, paper_id)
        yield Part(paper_id, name, (*pdf, (name, note.encode())))


def archive(parts: Iterator[Part]) -> Iterator[bytes]:
    """The parts as a ZIP, piece by piece. What failed is listed in it, with why.

    It is complete before the first piece. Raises the error of a paper where no other is in it, and
    ``ArchiveUnusable``.
    """
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (read later)
    try:
        _pack(parts, file)
        file.seek(0)
    except OSError as error:
        file.close()
        raise ArchiveUnusable(error.strerror or str(error)) from error
    except BaseException:
        file.close()
        raise
    return _pieces(file)


def _pack(parts: Iterator[Part], file: IO[bytes]) -> None:
    failed: list[Part] = []
    written = 0
    with zipfile.ZipFile(file, "w") as packed:
        for part in parts:
            if part.error is not None:
                failed.append(part)
            for name, data in part.files:
                stored = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
                packed.writestr(zipfile.ZipInfo(name, _DAY), data, stored)
                written += 1
        if failed:
            lines = "".join(f"{' '.join(str(one.error).split())}\n" for one in failed)
            packed.writestr(zipfile.ZipInfo(NOT_WRITTEN, _DAY), lines)
    if failed and not written:
        assert failed[0].error is not None  # that is why it is there
        raise failed[0].error


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while data := file.read(_CHUNK):
            yield data


def _note_file(folder: Path, name: str, paper_id: str) -> Path:
    """The paper's note that is there under a former title, or else a new one."""
    ending = f"({safe_id(paper_id)}).md"
    try:
        there = sorted(folder.iterdir()) if folder.is_dir() else []
        former = (one for one in there if one.name == ending or one.name.endswith(f" {ending}"))
        return next((one for one in former if one.is_file()), folder / name)
    except OSError as error:
        raise OutputUnusable(folder, f"it cannot be read ({error.strerror or error})") from error


def _kept(file: Path) -> str:
    try:
        return kept_part(read_file(file, _LARGEST).decode("utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputUnusable(file, f"what is there cannot be read ({error})") from error
