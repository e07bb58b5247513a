"""``gloss export`` and ``gloss cite``: papers as files to take along, and words as citations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import (
    STANDARD_OUTPUT,
    JsonOption,
    LanguageOption,
    LibraryOption,
    NothingAsked,
    NoWaitOption,
    open_library,
)
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    messages,
    output,
    print_json,
    say,
    write,
)

if TYPE_CHECKING:
    from app.publish.exports import Exported
    from index.entries import Bibliography
    from index.library import Library


def export(
    context: typer.Context,
    paper_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Papers.", show_default=False)
    ] = None,
    query: Annotated[
        str, typer.Option("--search", metavar="QUERY", help="In place of IDs: papers found by it.")
    ] = "",
    tag: Annotated[
        str, typer.Option("--tag", metavar="NAME", help="In place of IDs: papers tagged so.")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="In place of IDs: all papers.")] = False,
    pdf: Annotated[
        Path | None,
        typer.Option(
            "--pdf",
            metavar="PATH",
            help="The PDF with the digest's sentences and your notes on its words: a FILE.pdf for "
            "one paper, a folder for any number.",
        ),
    ] = None,
    obsidian: Annotated[
        Path | None,
        typer.Option(
            "--obsidian", metavar="FOLDER", help="A note of Obsidian for each paper, with its PDF."
        ),
    ] = None,
    bibtex: Annotated[
        Path | None, typer.Option("--bibtex", metavar="FILE", help="BibTeX; - prints it.")
    ] = None,
    ris: Annotated[
        Path | None, typer.Option("--ris", metavar="FILE", help="RIS; - prints it.")
    ] = None,
    csl: Annotated[
        Path | None, typer.Option("--csl", metavar="FILE", help="CSL-JSON; - prints it.")
    ] = None,
    lang: LanguageOption = "en",
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write papers, with their digests, notes and tags, to files. Exit code 3 where some failed."""
    from app.publish.exports import write_notes, write_pdfs
    from app.write.spots import chosen_papers

    lists: dict[Bibliography, Path | None] = {"bibtex": bibtex, "ris": ris, "csl": csl}
    if not (pdf or obsidian or any(lists.values())):
        raise NothingAsked("export: say what to write: --pdf, --obsidian, --bibtex, --ris or --csl")
    printed = [form for form, path in lists.items() if path == STANDARD_OUTPUT]
    if len(printed) + as_json > 1:
        raise NothingAsked("export: standard output takes one document: name files for the others")
    done: list[Exported] = []
    with open_library(context, library, no_wait=no_wait) as opened:
        ids = chosen_papers(opened, paper_ids or (), query, tag, every)
        for form, path in lists.items():
            if path is not None:
                _write_list(opened, ids, form, path)
        for path, write_all in ((pdf, write_pdfs), (obsidian, write_notes)):
            if path is None:
                continue
            for one in write_all(opened, ids, path, lang):
                done.append(one)
                if one.error is not None:
                    say(one.error)
                elif not (as_json or printed):
                    output.print(f"{one.paper_id}  {one.file}", soft_wrap=True)
    if as_json:
        from app.documents.exports import exported

        print_json(exported(ids, done))
    failed = any(one.error is not None for one in done)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _write_list(library: Library, ids: Sequence[str], form: Bibliography, path: Path) -> None:
    from app.publish.files import write_text
    from app.show.exports import bibliography

    text = bibliography(library, ids, form)
    if path == STANDARD_OUTPUT:
        write(text)
        return
    write_text(path, text)
    messages.print(f"{len(ids)} papers written to {path}", soft_wrap=True)


def cite(
    context: typer.Context,
    named: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A paper's id, or that of a sentence: 2407.03300v1/en/method.2."
        ),
    ],
    quote: Annotated[
        str, typer.Option("--quote", metavar="WORDS", help="Words of the paper, as it has them.")
    ] = "",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cite a paper, or words of it, with author, year and page."""
    from app.show.exports import citation

    with open_library(context, library, reading=True) as opened:
        found = citation(opened, named, quote)
    if as_json:
        from app.documents.exports import CitationShape

        print_json(CitationShape.of(found))
    else:
        output.print(found.text, soft_wrap=True)
        output.print(found.pandoc, soft_wrap=True)
