"""``gloss search`` and ``gloss ask``: passages, sentences of digests, answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from app.api.dates import dated, iso_date
from app.cli.notes import print_places
from app.cli.options import (
    JsonOption,
    LibraryOption,
    NothingAsked,
    open_library,
)
from app.cli.terminal import (
    messages,
    output,
    print_json,
)
from app.show.own_notes import found_notes
from app.show.text import plain
from index.hits import ClaimHit, Hit, SearchFilter
from index.paper import Role

if TYPE_CHECKING:
    from app.write.ask import Answer

ENGLISH_ONLY = (
    "This library's model knows English only, so a question in another language finds little: "
    "pip install '.[multilingual]', then GLOSS_MODEL=multilingual-e5-small gloss doctor --repair"
)


def search(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="What to look for.", show_default=False)
    ] = None,
    among: Annotated[
        Literal["passages", "digests"],
        typer.Option("--in", help="What to search: papers' passages, or sentences of digests."),
    ] = "passages",
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="CLAIM_ID",
            help="In place of QUERY: what other papers' digests say that is like this sentence.",
            show_default=False,
        ),
    ] = None,
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 10,
    paper_id: Annotated[
        str | None, typer.Option("--paper", metavar="ID", help="Only in this paper.")
    ] = None,
    role: Annotated[
        Role | None, typer.Option("--role", help="Only in sections of this role; not of digests.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only papers of this date or later."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="Only papers up to this day, month or year."),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="NAME", help="Only papers of categories that have it."),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages, or sentences of digests, by meaning and by words; and your own notes."""
    if (query is None) == (like is None):
        raise NothingAsked("search: give a QUERY, or --like CLAIM_ID in its place")
    wanted = SearchFilter(
        paper_id=paper_id,
        role=role,
        since=iso_date(since) if since else None,
        until=dated(until) if until else None,
        category=category or None,
    )
    found: Sequence[Hit | ClaimHit]
    with open_library(context, library, reading=True) as opened:
        if like is not None:
            claim, found = opened.claims_like(like, count, wanted)
            query = claim.text
        elif among == "digests":
            found = opened.search_claims(query or "", count, wanted)
        else:
            found = opened.search(query or "", count, wanted)
        noted = found_notes(opened, query or "", wanted) if like is None else []
    if as_json:
        from app.documents.found import search_found

        print_json(search_found(query or "", found, noted))
        return
    if not (found or noted):
        messages.print("Nothing found.")
    _print_hits(found, query or "")
    if noted:
        output.print(Text("Your notes", style="bold underline"))
        print_places(noted)


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask.")],
    count: Annotated[
        int, typer.Option("-k", "--sentences", min=1, max=3, help="How many sentences at most.")
    ] = 3,
    paper_id: Annotated[
        str | None, typer.Option("--paper", metavar="ID", help="Ask only this paper.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question by sentences of the papers, or say that they do not."""
    from app.write.ask import ask as ask_papers

    with open_library(context, library, reading=True) as opened:
        answer = ask_papers(opened, question, paper_id, most=count)
    if answer.english_only:
        messages.print(ENGLISH_ONLY, soft_wrap=True)
    if as_json:
        from app.documents.found import answer_found

        print_json(answer_found(answer))
    else:
        _print_answer(answer)


def _print_answer(answer: Answer) -> None:
    from app.show.views import sources

    if not answer.found:
        nearest = " The nearest passages:\n" if answer.nearest else ""
        output.print(f"Not found in these papers.{nearest}", soft_wrap=True)
        _print_hits(answer.nearest, answer.question)
        return
    seen = sources(answer)
    for source in seen:
        output.print(Text(f"{source.text} [{source.number}]"), soft_wrap=not output.is_terminal)
    output.print()
    for source in seen:
        line = Text(f"[{source.number}] ")
        line.append(source.title, style="bold")
        line.append(f" · {source.place}" if source.place else "")
        line.append(f"  {source.passages}", style="dim")
        output.print(line, soft_wrap=True)


def _print_hits(hits: Sequence[Hit | ClaimHit], query: str) -> None:
    from app.show.text import query_words
    from app.show.views import found_claim_view

    pattern = query_words(query)
    for rank, hit in enumerate(hits, start=1):
        if isinstance(hit, Hit):
            pages = sorted({box.page for box in hit.boxes})
            title, found_id, said = hit.title, hit.passage.id, hit.passage.text
            places = [hit.passage.section, f"p. {pages[0]}" if pages else ""]
            quotes: tuple[str, ...] = ()
            support = ""
        else:
            shown = found_claim_view(hit)
            title, found_id, said = shown.title, hit.claim.id, shown.text
            places = [shown.section, shown.source]
            quotes, support = shown.quotes, f"  {shown.support}"
        head = Text(f"{rank:>2}  ")
        head.append(plain(title), style="bold")
        head.append("".join(f" · {plain(place)}" for place in places if place))
        output.print(head, soft_wrap=True)
        output.print(
            f"    {found_id}  {hit.score:.3f}  {hit.found_by}{support}",
            style="dim",
            soft_wrap=True,
        )
        text = Text(plain(said))
        if pattern:
            text.highlight_regex(pattern, "bold yellow")
        _print_indented(text)
        for quote in quotes:
            _print_indented(Text(f"“{plain(quote)}”", style="dim"))
        output.print()


def _print_indented(text: Text) -> None:
    if output.is_terminal:
        for line in text.wrap(output, max(output.width - 4, 20)):
            output.print(Text("    ") + line)
    else:
        output.print(Text("    ") + text, soft_wrap=True)
