"""``gloss daily``: the whole job of a day from one file, for cron and its like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import NoWaitOption, ask_arxiv, open_library, settings_of
from app.cli.terminal import (
    EXIT_ALL_IN,
    EXIT_SOME_FAILED,
    EXIT_UNUSABLE,
    output,
    print_json,
    say,
    say_bug,
    terminal,
)

if TYPE_CHECKING:
    from app.publish.daily import Voice


def daily(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="What to do, as TOML: docs/daily.md.")
    ],
    library: Annotated[
        Path | None,
        typer.Option(
            "--library",
            metavar="DIR",
            help="Where everything lives, whatever FILE says.",
            show_default=False,
        ),
    ] = None,
    no_wait: NoWaitOption = False,
    mail_file: Annotated[
        Path | None,
        typer.Option(
            "--mail-to-file",
            metavar="FILE",
            help="Write the e-mail of the day into FILE (.eml) and send none.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fetch, digest, publish and mail what is new. Exit code 3 where some failed."""
    from app.publish.daily import daily_done, read_daily, run_daily
    from app.publish.site import Site
    from app.wording.writers import open_writer

    asked = read_daily(config)
    chosen = library or context.obj or asked.library
    settings = settings_of(context, chosen)
    site = Site(
        asked.app_url or settings.app_url,
        asked.pages_url or settings.pages_url,
        asked.title,
        asked.hexo,
    )
    with (
        open_library(context, chosen, create=True, no_wait=no_wait) as opened,
        open_writer(settings, asked.writer or settings.writer) as writer,
        ask_arxiv(settings) as arxiv,
    ):
        threads = settings.read.workers + 1
        voice = _voice(quiet=as_json)
        report = run_daily(opened, arxiv, asked, writer, site, threads, voice, settings, mail_file)
    if as_json:
        print_json(daily_done(report, asked.out))
    if report.out_of_reach:
        raise typer.Exit(EXIT_UNUSABLE)
    raise typer.Exit(EXIT_SOME_FAILED if report.anything_failed else EXIT_ALL_IN)


def _voice(*, quiet: bool) -> Voice:
    """A line of each stage on standard output unless ``quiet``; what failed on standard error."""
    from app.publish.daily import Voice
    from index.errors import GlossError

    class Terminal(Voice):
        def step(self) -> None:
            terminal().check()

        def stage(self, line: str) -> None:
            if not quiet:
                output.print(line, soft_wrap=True)

        def problem(self, name: str, why: str, error: Exception | None = None) -> None:
            if error is not None and not isinstance(error, GlossError):
                say_bug(name, error)
            else:
                say(why if name in why else f"{name}: {why}")

    return Terminal()
