"""``gloss doctor``: what an installation consists of and whether its library is well."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import JsonOption, LibraryOption, settings_of
from app.cli.terminal import EXIT_SOME_FAILED, Bars, output, print_json, say
from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from app.documents.installation import Installation
    from app.write.saved import Stale
    from index.config import Settings
    from index.library import Library, LibraryHealth, Step

# The packages whose versions decide what comes out.
PACKAGES = (
    "gloss",
    "pymupdf",
    "openvino",
    "tokenizers",
    "sentence-transformers",
    "torch",
    "qdrant-edge-py",
    "qdrant-client",
    "llama-index-core",
    "llama-index-llms-openai-like",
    "xllamacpp",
    "gradio",
)

_GO_ON = "`gloss doctor --repair` with that GLOSS_MODEL goes on"


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found. ``fingerprint`` is over all the model's files, ``weights`` the SHA-256 of the
    bundled model's alone; each problem says what to do. ``health`` is missing where there is no
    library, or where it cannot be opened."""

    python: str
    system: str
    versions: dict[str, str]  # "missing" for what is not installed
    model: str
    fingerprint: str
    weights: str  # empty for a model that did not come with gloss
    directory: Path
    health: LibraryHealth | None
    problems: tuple[str, ...]
    writer: str = ""  # who words digests; empty where that one cannot
    digests: Stale | None = None  # missing if it is not known how many are stale
    undigested: int = 0  # papers without a digest, where each is to have one

    def lines(self) -> list[tuple[str, str]]:
        """Names and values for a person to read."""
        lines = [("python", self.python), ("system", self.system), *self.versions.items()]
        lines += [("model", self.model), ("model's fingerprint", self.fingerprint or "unknown")]
        if self.weights:
            lines.append(("weights' SHA-256", f"{self.weights} (as published)"))
        lines.append(("writer", self.writer or "see below"))
        lines.append(("library", str(self.directory)))
        if self.health is None:
            return [*lines, ("papers", "no library there that can be read")]
        counts = f"{self.health.papers} papers, {self.health.failed} failed files, "
        counts += f"{self.health.passages} passages, {self.health.points} vectors"
        counts += f"; {self.health.claims} sentences of digests, {self.health.claim_points} vectors"
        if self.health.notes or self.health.tags:
            counts += f"; {self.health.notes} notes, {self.health.tags} tags"
        lines.append(("vectors made by", self.health.model))
        if self.health.rebuilding:
            lines.append(("rebuild cut short", f"for {self.health.rebuilding}: {_GO_ON}"))
        lines.append(("holds", counts))
        checked = f"{self.health.checked} of {self.health.papers} papers"
        lines.append(("bytes compared", f"of {checked} and their files"))
        if self.digests is not None and self.digests.saved:
            lines.append(("digests", _told(self.digests)))
        if self.undigested:
            said = f"{self.undigested}: `gloss digest --all` or `gloss doctor --repair` writes them"
            lines.append(("without a digest", said))
        return [*lines, ("health", "ok" if self.health.ok else "see below")]

    def document(self) -> Installation:
        """The same for programs."""
        from app.documents.installation import (
            EmbeddingModel,
            Installation,
            LibraryExamined,
            LibraryMissing,
        )

        there = {"directory": self.directory, "digests": self.digests}
        return Installation.of(
            self,
            model=EmbeddingModel(
                name=self.model, fingerprint=self.fingerprint, weights_sha256=self.weights
            ),
            library=LibraryExamined.of(self.health, **there)
            if self.health
            else LibraryMissing.of(None, **there),
        )


def examine(
    settings: Settings, *, repair: Callable[[Step], None] | None = None, deep: bool = False
) -> Examination:
    """Look at everything; repair it first with ``repair``, which is called with the steps.

    ``deep`` compares the bytes of all papers, and not of a sample, with their checksums.

    Problems are listed in ``problems``, not raised, except that ``repair`` needs a library.
    """
    from app.llm import describe_writer
    from index.embed import check_model
    from index.library import Library

    problems: list[str] = []
    fingerprint = weights = ""
    name = settings.model
    # Problems of the library are reported below.
    with suppress(GlossError), Library.open(settings, create=False) as library:
        name = library.model
    try:
        model = check_model(name, settings.cache)
    except GlossError as error:
        problems.append(str(error))
    else:
        fingerprint, weights = model.fingerprint, model.weights
        if model.damaged and repair is None:
            problems.append(
                f"model {name}: its converted copy was damaged "
                f"({', '.join(model.damaged)}) and has been made again; vectors may be wrong: "
                "run `gloss doctor --repair`"
            )

    writer = ""
    try:
        writer = describe_writer(settings)
    except GlossError as error:
        problems.append(str(error))

    health = digests = None
    undigested = 0
    directory = settings.library.expanduser().absolute()
    if repair is not None:
        with Library.open(settings, create=False) as library:
            health = library.repair(repair)
            if library.unsearched_digests() or _undigested(library, settings):
                problems += _made_searchable(library, settings, repair)
                health = library.health(deep=True)
            digests, undigested = _stale(library, settings), len(_undigested(library, settings))
    else:
        try:
            with Library.open(settings, create=False) as library:
                health = library.health(deep)
                digests, undigested = _stale(library, settings), len(_undigested(library, settings))
        except GlossError as error:
            problems.append(str(error))
    if health is not None:
        problems += [problem for problem in health.problems if problem not in problems]
    return Examination(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        versions={package: _version(package) for package in PACKAGES},
        model=name,
        fingerprint=fingerprint,
        weights=weights,
        directory=directory,
        health=health,
        problems=tuple(problems),
        writer=writer,
        digests=digests,
        undigested=undigested,
    )


def _undigested(library: Library, settings: Settings) -> list[str]:
    """The papers that have no digest, where each is to have one."""
    if not settings.digest_on_add:
        return []
    ids = library.ids()
    there = set(library.digested(len(ids)))
    return [paper_id for paper_id in ids if paper_id not in there]


def _stale(library: Library, settings: Settings) -> Stale | None:
    """How many digests are stale, if the model is known; the health lists the problems."""
    from app.wording.writers import made_by
    from app.write.saved import stale_digests

    try:
        return stale_digests(library, partial(made_by, settings))
    except GlossError:
        return None


def _told(digests: Stale) -> str:
    """As in "12 saved, 3 stale: `gloss digest ID` writes one again"."""
    said = f"{digests.saved} saved, {digests.stale} stale"
    if digests.unknown:
        said += f", {digests.unknown} by a writer that is not at hand"
    return f"{said}: `gloss digest ID` writes one again" if digests.stale else said


def _made_searchable(
    library: Library, settings: Settings, progress: Callable[[Step], None]
) -> list[str]:
    """Make digests of an older gloss searchable, and write missing ones; the errors, by paper."""
    from app.write import saved_languages, write_digests
    from index.library import Step

    problems = []
    unsearched: dict[str, tuple[str, ...]] = dict.fromkeys(_undigested(library, settings), ())
    unsearched |= library.unsearched_digests()
    for done, (paper_id, digests) in enumerate(unsearched.items()):
        progress(Step(f"{paper_id}, digest", done, len(unsearched)))
        wanted = [(paper_id, lang) for lang in saved_languages(digests)]
        for written in write_digests(library, wanted):
            if written.error is not None:
                problems.append(f"{paper_id}: its digest could not be written: {written.error}")
    return problems


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def doctor(
    context: typer.Context,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Read damaged papers again, and rebuild the index from the catalogue."
        ),
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare the bytes of all papers, not of a sample.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check versions, the model and the library; --repair puts right what can be."""
    with Bars(1) as bars:
        found = examine(
            settings_of(context, library),
            repair=bars.counted("repair") if repair else None,
            deep=deep,
        )
    if as_json:
        print_json(found.document())
    else:
        for name, value in found.lines():
            output.print(f"{name:<22}{plain(value)}", soft_wrap=True)
    if found.problems:
        for problem in found.problems:
            say(problem)
        raise typer.Exit(EXIT_SOME_FAILED)
