"""Papers as files to take along: PDFs with notes on them, and notes for Obsidian."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.digest import Language
from app.publish.files import OutputUnusable, write_file, write_text
from app.show.bibtex import citation_keys
from app.show.exports import annotated_pdf, entries_of
from app.show.obsidian import kept_part, note_name, safe_id, to_obsidian
from index.errors import GlossError, SourceNotFound

if TYPE_CHECKING:
    from index.library import Library

PDFS = "pdf"  # the folder of the PDFs, beside Obsidian's notes


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written for a paper, or why there is none."""

    paper_id: str
    file: Path | None
    error: GlossError | None = None


def write_pdfs(
    library: Library, ids: Sequence[str], path: Path, lang: Language = "en"
) -> Iterator[Exported]:
    """Write a paper's PDF to a file that ends with ``.pdf``; of any number, to a folder.

    Raises ``OutputUnusable``; of a paper that cannot be written, the result says why.
    """
    single = path.suffix.lower() == ".pdf"
    if single and len(ids) != 1:
        raise OutputUnusable(path, f"one file cannot hold {len(ids)} papers; name a folder")
    for paper_id in ids:
        file = path if single else path / f"{safe_id(paper_id)}.pdf"
        yield _written(library, paper_id, file, lang)


def _written(library: Library, paper_id: str, file: Path, lang: Language) -> Exported:
    from app.write import write_digest

    try:
        if library.paper(paper_id).source != "pdf":
            library.annotated(paper_id, ())  # says that it has none, before its digest is written
        data = annotated_pdf(library, paper_id, write_digest(library, paper_id, lang=lang))
    except OutputUnusable:
        raise
    except GlossError as error:
        return Exported(paper_id, None, error)
    write_file(file, data)
    return Exported(paper_id, file)


def write_notes(
    library: Library, ids: Sequence[str], folder: Path, lang: Language = "en"
) -> Iterator[Exported]:
    """Write a note for each paper into a folder of Obsidian's, and its PDF into ``pdf`` there.

    What the reader has written below the line in a former note stays. Raises ``OutputUnusable``.
    """
    from app.write import write_digest

    entries = entries_of(library, ids)
    keys = citation_keys(entries)
    for paper_id, entry, key in zip(ids, entries, keys, strict=True):
        try:
            digest = write_digest(library, paper_id, lang=lang)
            pdf = ""
            try:
                data = annotated_pdf(library, paper_id, digest)
            except SourceNotFound:
                pass  # it has no PDF, or none that can be opened: pages lead to arXiv, or nowhere
            else:
                pdf = f"{PDFS}/{safe_id(paper_id)}.pdf"
                write_file(folder / pdf, data)
            note = to_obsidian(digest, entry, library.notes.of(paper_id), key, pdf)
        except OutputUnusable:
            raise
        except GlossError as error:
            yield Exported(paper_id, None, error)
            continue
        file = _note_file(folder, note_name(entry, paper_id), paper_id)
        write_text(file, note + _kept(file))
        yield Exported(paper_id, file)


def _note_file(folder: Path, name: str, paper_id: str) -> Path:
    """The paper's note that is there under a former title, or else a new one."""
    ending = f"({safe_id(paper_id)}).md"
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    former = (one for one in there if one.name == ending or one.name.endswith(f" {ending}"))
    return next((one for one in former if one.is_file()), folder / name)


def _kept(file: Path) -> str:
    try:
        return kept_part(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputUnusable(file, f"what is there cannot be read ({error})") from error
