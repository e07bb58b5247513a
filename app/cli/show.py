"""``gloss show``: a paper as it was understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from app.cli.options import (
    JsonOption,
    LibraryOption,
    PaperArgument,
    open_library,
)
from app.cli.terminal import (
    messages,
    output,
    print_json,
)
from app.controls import escaped_in_json
from app.show.text import plain
from index.paper import Paper

if TYPE_CHECKING:
    from index.library import PaperRow, Papers


def show(
    context: typer.Context,
    paper_id: PaperArgument,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="DIR",
            help="Write each figure and table into DIR as a picture, with an index.json.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show a paper as it was understood: title, authors, abstract, sections."""
    with open_library(context, library, reading=True) as opened:
        row = opened.row(paper_id)
        paper = opened.paper(row.id) if row.status == "ok" else None
        if figures is not None and paper:
            _write_figures(opened, paper, figures)
    if as_json:
        from app.documents.papers import paper_shown

        print_json(paper_shown(row, paper))
    elif paper:
        _print_paper(paper, row)
    else:
        output.print(f"{row.id}  {row.status}  {plain(row.reason)}", soft_wrap=True)


def _write_figures(library: Papers, paper: Paper, folder: Path) -> None:
    """Each figure that was found as ``figure-1.png``; ``index.json`` lists all, found or not."""
    from app.documents.papers import FigureFile
    from app.publish.files import OutputUnusable, write_file, write_text
    from index.read.floats.captions import figure_name

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnusable(folder, error.strerror or str(error)) from error
    listed: list[FigureFile] = []
    for figure in paper.figures:
        name = figure_name(figure.label)
        file = f"{name.stem}.png" if name and figure.box else None
        if file:
            picture = library.figure_image(paper.id, figure.label)
            write_file(folder / file, picture)
        listed.append(
            FigureFile.of(
                figure,
                kind=name.kind if name else "figure",
                caption=figure.caption.of(paper.text),
                file=file,
            )
        )
    dumped = json.dumps([one.model_dump() for one in listed], ensure_ascii=False, indent=2)
    said = escaped_in_json(dumped)
    write_text(folder / "index.json", said + "\n")
    written = sum(one.file is not None for one in listed)
    messages.print(f"{folder}: {written} of {len(listed)} figures and tables", soft_wrap=True)


def _print_paper(paper: Paper, row: PaperRow) -> None:
    from app.documents.papers import abstract_of
    from app.show.views import author_line

    output.print(Text(plain(paper.title), style="bold"), soft_wrap=True)
    if paper.authors:
        output.print(plain(author_line(paper.authors, "en")), soft_wrap=True)
    version = f"v{paper.version}" if paper.version else ""
    facts = [f"{paper.id}{version}", paper.date or "", ", ".join(paper.categories)]
    facts += [f"{paper.pages} pages" if paper.pages else paper.source]
    output.print(plain(" · ".join(fact for fact in facts if fact)), soft_wrap=True)
    if paper.record:
        for name, said in (("Comment", paper.record.comment), ("DOI", paper.record.doi)):
            if said:
                output.print(f"{name}: {plain(said)}", soft_wrap=True)
    if row.reason:
        output.print(f"Note: {plain(row.reason)}", soft_wrap=True)
    abstract = abstract_of(paper)
    if abstract:
        output.print()
        output.print(plain(abstract), soft_wrap=not output.is_terminal)
    output.print()
    for section in paper.sections:
        if section.title:
            indent = "  " * section.level
            output.print(f"{indent}{plain(section.title)}  [{section.role}]", soft_wrap=True)
    if paper.findings:
        output.print()
        output.print("Hidden text, which is in no passage:")
        for finding in paper.findings:
            place = f"p. {finding.box.page}, " if finding.box else ""
            said = f"{place}by its {finding.hidden_by}: {finding.text}"
            output.print(f"  {plain(said)}", soft_wrap=True)
    if paper.accounts:
        output.print()
        _print_accounts(paper)


def _print_accounts(paper: Paper) -> None:
    """Where the words of each page went, and what was lost."""
    counts = (
        ("words", "drawn"),
        ("text", "text"),
        ("captions", "captions"),
        ("tables", "tables"),
        ("figures", "figures"),
        ("margins", "furniture"),
        ("hidden", "hidden"),
        ("lost", "unaccounted"),
    )
    table = Table("page", *(head for head, _ in counts), box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
        column.no_wrap = True
    for account in paper.accounts:
        table.add_row(str(account.page), *(str(getattr(account, name)) for _, name in counts))
    totals = (sum(getattr(one, name) for one in paper.accounts) for _, name in counts)
    table.add_row("all", *map(str, totals), style="bold")
    output.print("Words of each page, and where they went:")
    output.print(table)
    for loss in paper.losses:
        output.print(plain(f"{loss}: {loss.reason}"), soft_wrap=True)
