"""``gloss note``, ``gloss tag`` and ``gloss notes``: the reader's own words on papers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from app.cli.options import (
    JsonOption,
    LibraryOption,
    NothingAsked,
    NoWaitOption,
    open_library,
)
from app.cli.terminal import messages, output, print_json
from app.show.text import plain

if TYPE_CHECKING:
    from index.notes import Located

QuoteOption = Annotated[
    str,
    typer.Option("--quote", metavar="WORDS", help="On these words of the paper, as it has them."),
]
SpotArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A paper's id, or that of a sentence: 2407.03300v1/en/method.2."
    ),
]
# What is said of words that are not where they were.
STANDING = {
    "here": "",
    "gone": "its words are no longer in this version",
    "removed": "its paper is no longer in the library",
}


def note(
    context: typer.Context,
    named: SpotArgument,
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="The note; without it, the notes there are listed."),
    ] = None,
    quote: QuoteOption = "",
    change: Annotated[
        int | None,
        typer.Option("--change", metavar="NUMBER", help="Write TEXT in place of this note."),
    ] = None,
    delete: Annotated[
        int | None, typer.Option("--delete", metavar="NUMBER", help="Delete this note.")
    ] = None,
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a note on a paper or on words of it, or list those that are there."""
    from app.write.spots import spot_of

    if change is not None and (text is None or delete is not None):
        raise NothingAsked("note: --change NUMBER takes the new TEXT, and no --delete")
    if delete is not None and text is not None:
        raise NothingAsked("note: --delete NUMBER takes no TEXT")
    with open_library(context, library, no_wait=no_wait) as opened:
        notes = opened.notes
        number = change if change is not None else delete
        if number is not None:
            notes.check_on(named, number)
        if delete is not None:
            notes.delete(delete)
            messages.print(f"note {delete} deleted")
            return
        if change is not None:
            found = [notes.change(change, text or "")]
        elif text is not None:
            spot = spot_of(opened, named, quote)
            found = [notes.add(spot.paper_id, text, spot.span)]
        else:
            found = notes.of(spot_of(opened, named, quote).paper_id)
    _say(found, as_json)


def tag(
    context: typer.Context,
    named: SpotArgument,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Tags; without any, those there are listed."),
    ] = None,
    quote: QuoteOption = "",
    delete: Annotated[
        list[str] | None,
        typer.Option("--delete", metavar="NAME", help="Take this tag away; may be repeated."),
    ] = None,
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tag a paper or words of it, take tags away, or list those that are there."""
    from app.write.spots import spot_of
    from index.notes import tag_name

    wanted = [tag_name(name) for name in names or ()]  # or none of them is given
    with open_library(context, library, no_wait=no_wait) as opened:
        spot = spot_of(opened, named, quote)
        for name in delete or ():
            opened.notes.untag(spot.paper_id, name, spot.span)
        for name in wanted:
            opened.notes.tag(spot.paper_id, name, spot.span)
        found = [one for one in opened.notes.of(spot.paper_id) if one.place.tags]
    _say(found, as_json)


def notes(
    context: typer.Context,
    query: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="Only those with all of these words.")
    ] = "",
    tagged: Annotated[
        str, typer.Option("--tag", metavar="NAME", help="Only those that are tagged so.")
    ] = "",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List your notes and tags, of papers that were removed, too."""
    with open_library(context, library, reading=True) as opened:
        found = opened.notes.find(query, tagged)
    _say(found, as_json)


def _say(found: Iterable[Located], as_json: bool) -> None:
    found = list(found)
    if as_json:
        from app.documents.notes import place_list

        print_json(place_list(found))
        return
    if not found:
        messages.print("No notes or tags there: gloss note ID TEXT, gloss tag ID NAME.")
    print_places(found)


def print_places(found: Iterable[Located]) -> None:
    """Places with their notes and tags, some lines each."""
    for one in found:
        head = Text(one.paper_id, style="bold")
        head.append(f"  {plain(one.place.title)}" if one.place.title else "")
        head.append(f" · p. {one.page}" if one.page else "")
        head.append("".join(f"  #{plain(name)}" for name in one.place.tags), style="dim")
        said = STANDING[one.where]
        head.append(f"  ({said})" if said else "")
        output.print(head, soft_wrap=True)
        if one.place.anchor is not None:
            quoted = Text(f"    “{plain(one.place.anchor.quote)}”", style="dim")
            output.print(quoted, soft_wrap=True)
        for note in one.place.notes:
            output.print(Text(f"    {note.number}: {plain(note.text)}"), soft_wrap=True)
