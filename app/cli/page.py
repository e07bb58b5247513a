"""``gloss page``: a day's digests as files."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.api.dates import iso_date
from app.cli.options import (
    JsonOption,
    LanguageOption,
    LibraryOption,
    NoWaitOption,
    open_library,
    settings_of,
)
from app.cli.terminal import (
    output,
    print_json,
)
from app.digest import WriterName


def page(
    context: typer.Context,
    category: Annotated[
        str, typer.Option("--category", metavar="NAME", help="As cs.CV; all takes every paper.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="D", help="The day papers were added; today if not given."),
    ] = None,
    lang: LanguageOption = "en",
    writer: Annotated[
        WriterName | None,
        typer.Option("--writer", help="Who words it (GLOSS_WRITER).", show_default=False),
    ] = None,
    hexo: Annotated[
        Path | None,
        typer.Option(
            "--hexo", metavar="DIR", help="A Hexo blog's source folder: the page goes there, too."
        ),
    ] = None,
    library: LibraryOption = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a day's digests of a category as a page, for Hexo and as HTML, with index and feed."""
    from app.publish.listing import FEED, INDEX
    from app.publish.site import Site, write_page
    from app.wording.writers import open_writer

    day = datetime.date.fromisoformat(iso_date(date, whole=True)) if date else None
    settings = settings_of(context, library)
    site = Site(settings.app_url, settings.pages_url, hexo=hexo)
    with (
        open_library(context, library, no_wait=no_wait) as opened,
        open_writer(settings, writer or settings.writer) as by,
    ):
        files = write_page(opened, category, out, date=day, lang=lang, writer=by, site=site)
    if as_json:
        from app.documents.pages import PageWritten

        print_json(
            PageWritten.of(files, papers=files.paper_ids, index=out / INDEX, feed=out / FEED)
        )
    else:
        output.print(str(files.markdown), soft_wrap=True)
        output.print(str(files.html), soft_wrap=True)
