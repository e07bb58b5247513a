"""``gloss digest`` and ``gloss diff``: a paper's digest, and what a new version leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.text import Text

from app.cli.options import (
    JsonOption,
    LanguageOption,
    LibraryOption,
    NothingAsked,
    NoWaitOption,
    PaperArgument,
    open_library,
    settings_of,
)
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    EXIT_UNUSABLE,
    Bars,
    in_short,
    messages,
    output,
    print_json,
    say,
    say_bug,
    terminal,
    write,
)
from app.digest import Digest, Language, WriterName
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents.digests import DigestWritten
    from app.write import DigestResult, Writer
    from index.config import Settings
    from index.library import Papers


def digest(
    context: typer.Context,
    paper_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A paper's id.", show_default=False),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="In place of ID: of every paper; prints one line each.")
    ] = False,
    lang: LanguageOption = "en",
    writer: Annotated[
        WriterName | None,
        typer.Option(
            "--writer",
            help="Who words it (GLOSS_WRITER): extractive quotes the paper; local and endpoint ask "
            "a language model, and every sentence is checked.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["md", "html", "json"] | None,
        typer.Option("--format", help="How it is printed: md if not given.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file.")
    ] = None,
    locked: Annotated[
        bool,
        typer.Option(
            "--locked", help="The one that was saved last, as it was written; says what changed."
        ),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Write it although it is saved and nothing changed.")
    ] = False,
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a paper's digest: every sentence with the words that it rests on."""
    from app.wording.writers import open_writer
    from app.write import write_digest

    settings = settings_of(context, library)
    name = writer or settings.writer
    if locked:
        if every or not paper_id:
            raise NothingAsked("digest: --locked is for one paper: give its ID")
        if again:
            raise NothingAsked("digest: --locked writes nothing: leave out --again, or --locked")
        shown = "json" if as_json else form or "md"
        with open_library(context, library, reading=True) as opened:
            _print_locked(opened, settings, paper_id, lang, name, shown, out)
        return
    if every == (paper_id is not None):
        raise NothingAsked("digest: give a paper's ID, or --all in its place")
    if every and (out or form):
        raise NothingAsked(
            "digest: --format and --out are for one paper: give its ID, "
            "or use `gloss page` for files of many"
        )
    with (
        open_library(context, library, no_wait=no_wait) as opened,
        open_writer(settings, name) as by,
    ):
        if every:
            _digest_all(opened, lang, by, again, as_json)
        written = write_digest(
            opened,
            paper_id or "",
            lang=lang,
            writer=by,
            on_section=lambda _: terminal().check(),
            again=again,
        )
        _say_usage(written)
        _print_digest(opened, written, "json" if as_json else form or "md", out)


def _print_digest(
    library: Papers, written: Digest, form: Literal["md", "html", "json"], out: Path | None
) -> None:
    from app.show.figures import Pictures, all_within
    from app.show.html import to_html
    from app.show.markdown import to_markdown
    from app.show.views import notices

    if form == "json":
        from app.documents.digests import DigestShape

        text = DigestShape.of(written).to_json()
    elif form == "html":
        text = to_html(written, all_within(library, written, Pictures()))
    else:
        text = to_markdown(written)
    for notice in notices(written.paper):
        say(notice)
    if out is None:
        write(text)
    else:
        from app.publish.files import write_text

        write_text(out, text)
        messages.print(f"Written to {out}", soft_wrap=True)


def _say_usage(written: Digest) -> None:
    """What a language model did for a digest, on standard error."""
    used = written.usage
    if used.sentences:
        failed = f", {used.failed} of {used.calls} calls without an answer" if used.failed else ""
        messages.print(
            f"{written.writer}: {used.accepted} of {used.sentences} sentences accepted{failed}; "
            f"{used.prompt_tokens} + {used.completion_tokens} tokens in {used.seconds:.0f} s",
            soft_wrap=True,
        )


def _print_locked(
    library: Papers,
    settings: Settings,
    paper_id: str,
    lang: Language,
    writer: WriterName,
    form: Literal["md", "html", "json"],
    out: Path | None,
) -> None:
    """A saved digest as it was written; on standard error, what has changed since."""
    from app.show.views import notices
    from app.wording.writers import made_by
    from app.write import with_news
    from app.write.saved import changed_since, in_words, locked_digest

    saved = locked_digest(library, paper_id, lang, writer)
    _print_digest(library, saved, form, out)
    for notice in notices(with_news(saved.paper, library.latest_version(saved.paper.id))):
        say(notice)
    try:
        changed = changed_since(library, saved, made_by(settings, writer, lang))
    except GlossError as error:  # the digest is printed, whatever else is wrong
        say(f"whether it is stale is unknown: {error}")
        return
    if changed:
        options = f" --lang {lang}" * (lang != "en")
        options += f" --writer {writer}" * (writer != "extractive")
        again = f"gloss digest {saved.paper.id}{options} writes it again"
        if "paper" in changed:
            again += f"; gloss diff {saved.paper.id} shows what stands"
        say(f"stale: {in_words(changed)} since; {again}")


def _digest_all(
    library: Papers, lang: Language, writer: Writer, again: bool, as_json: bool
) -> NoReturn:
    """The digests of all papers, one line each; exit codes as those of ``add``."""
    from app.write import write_digests

    listed: list[DigestResult] = []
    ids = [row.id for row in library.papers() if row.status == "ok"]
    with Bars(len(ids)) as bars:

        def wanted() -> Iterator[tuple[str, Language]]:
            for paper_id in ids:
                bars.begin(paper_id)("writing")
                yield paper_id, lang

        for written in write_digests(library, wanted(), writer, again):
            listed.append(written)
            bars.advance()
            with bars.aside():
                _say_written(written, quiet=as_json)
    if as_json:
        from app.documents.digests import DigestsWritten

        print_json(DigestsWritten(digests=[_document(written) for written in listed]))
    if not ids:
        say("no paper to write a digest of: gloss add PAPER.pdf puts one in")
        raise typer.Exit(EXIT_UNUSABLE)
    failed = any(written.error is not None for written in listed)
    raise typer.Exit(EXIT_SOME_FAILED if failed else EXIT_ALL_IN)


def _say_written(written: DigestResult, *, quiet: bool) -> None:
    """A digest's line on standard output unless ``quiet``; an error's on standard error."""
    error = written.error
    if isinstance(error, GlossError):
        say(error)
    elif error is not None:
        say_bug(written.paper_id, error)
    elif written.digest is not None and not quiet:
        count = len(written.digest.claims)
        output.print(f"{written.paper_id}  ok  {count} sentences", soft_wrap=True)


def _document(written: DigestResult) -> DigestWritten:
    from app.documents.digests import DigestWritten

    error = written.error
    why = str(error) if isinstance(error, GlossError) else in_short(error) if error else ""
    return DigestWritten(
        id=written.paper_id,
        status="ok" if error is None else "failed",
        reason=why,
        sentences=len(written.digest.claims) if written.digest else 0,
    )


def diff(
    context: typer.Context,
    paper_id: PaperArgument,
    lang: LanguageOption = "en",
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which sentences of a former version's digest the new version still carries."""
    from app.show.diff import diff_lines
    from app.write.diff import paper_diff

    with open_library(context, library, reading=True) as opened:
        found = paper_diff(opened, paper_id, lang)
    if as_json:
        from app.documents.diffs import digest_compared

        print_json(digest_compared(found))
        return
    for line in diff_lines(found):
        output.print(Text(line), soft_wrap=True)
