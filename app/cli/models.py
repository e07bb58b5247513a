"""``gloss models``: which language models can run on this machine, and getting one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import settings_of
from app.cli.terminal import messages, output, print_json, say, terminal

if TYPE_CHECKING:
    from app.documents.installation import LanguageModel
    from app.llm.models import LocalModelFile
    from index.config import Settings

models = typer.Typer(
    name="models",
    help="List the language models that run on this machine; `get` downloads one.",
    rich_markup_mode=None,
)


@models.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the language models that run on this machine; `get` downloads one."""
    from app.documents.installation import LanguageModels
    from app.llm.models import REGISTRY, local_model_path, models_folder
    from index.errors import ModelUnusable

    if context.invoked_subcommand is not None:
        return
    settings = settings_of(context, None)
    rows = [_document(settings, model) for model in REGISTRY]
    if as_json:
        folder = str(models_folder(settings))
        print_json(LanguageModels(models=rows, folder=folder, chosen=settings.local.model))
        return
    for row in rows:
        there = "there" if row.there else "not there"
        size = f"{row.size / 1e6:,.0f} MB"
        cells = (f"{row.name:<20}", f"{size:>8}", row.licence, f"{there:<9}", row.use)
        output.print("  ".join(cells), soft_wrap=True)
        place = row.path if row.there else row.url
        output.print(f"  {place}", soft_wrap=True)
    if settings.local.model not in {row.name for row in rows}:
        try:
            output.print(f"GLOSS_LOCAL__MODEL    {local_model_path(settings)}", soft_wrap=True)
        except ModelUnusable as error:
            say(error)


@models.command()
def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `gloss models` lists it.")],
) -> None:
    """Download a model, going on where a download broke off, and check it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from app.llm.models import get_model, known_model

    model = known_model(name)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=terminal().messages,
        transient=True,
        redirect_stdout=False,
        disable=not messages.is_terminal,
    ) as bar:
        task = bar.add_task(model.name, total=model.size)
        path, fetched = get_model(
            settings_of(context, None), model, lambda got: bar.update(task, completed=got)
        )
    output.print(f"{path}{'' if fetched else '  was there already'}", soft_wrap=True)


def _document(settings: Settings, model: LocalModelFile) -> LanguageModel:
    from app.documents.installation import LanguageModel
    from app.llm.models import is_there, models_folder

    path = models_folder(settings) / model.file
    return LanguageModel.of(model, there=is_there(settings, model), path=path)
