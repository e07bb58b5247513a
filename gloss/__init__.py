"""gloss from Python: papers in; passages, answers and cited digests out.

    import gloss

    with gloss.open_library("papers") as library:
        gloss.add(library, "paper.pdf")
        print(gloss.to_markdown(gloss.digest(library, "paper")))

Importing it loads nothing heavy. Every error that a person can put right is a ``GlossError``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from app.digest import Digest, Language
    from app.show.markdown import to_markdown
    from app.write import Writer
    from app.write.ask import Answer
    from index.config import Settings
    from index.errors import GlossError
    from index.hits import Hit, SearchFilter
    from index.intake import Outcome
    from index.library import Library

__all__ = [
    "Answer",
    "Digest",
    "GlossError",
    "Hit",
    "Library",
    "Outcome",
    "SearchFilter",
    "Settings",
    "add",
    "ask",
    "digest",
    "main",
    "open_library",
    "search",
    "to_markdown",
]

_EXIT_INTERRUPTED = 130  # as of whatever Ctrl-C ends

# What is imported when it is first used, and from where.
_LAZY = {
    "Answer": "app.write.ask",
    "Digest": "app.digest",
    "GlossError": "index.errors",
    "Hit": "index.hits",
    "Library": "index.library",
    "Outcome": "index.intake",
    "SearchFilter": "index.hits",
    "Settings": "index.config",
    "to_markdown": "app.show.markdown",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'gloss' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def _put_first() -> None:
    """Put our folder first on the path where another has an ``app``, ``eval`` or ``index``.

    These names are common. With ``PYTHONPATH=.``, or in an interactive Python, a module of the
    user's folder would be imported in place of ours, here and in the processes that read files,
    which are given this path.
    """
    home = Path(__file__).resolve().parents[1]
    for name in ("app", "eval", "index"):
        spec = PathFinder.find_spec(name)
        if spec is None or spec.origin is None or Path(spec.origin).resolve().parents[1] != home:
            sys.path.insert(0, str(home))
            return


_put_first()


def open_library(
    folder: str | os.PathLike[str] | None = None, settings: Settings | None = None
) -> Library:
    """The library in ``folder``, made if it is not there; to be used in a ``with``.

    Without ``folder`` it is that of the settings, which are those of the environment
    (``GLOSS_*``). Raises ``LibraryUnusable`` and ``LibraryLocked``.
    """
    from index.config import Settings
    from index.library import Library

    chosen = settings or Settings()
    if folder is not None:
        chosen = chosen.model_copy(update={"library": Path(folder).expanduser()})
    return Library.open(chosen)


def add(
    library: Library, *sources: str | os.PathLike[str], settings: Settings | None = None
) -> list[Outcome]:
    """Add files, folders of files, and papers of arXiv by id or address: an outcome for each.

    The order is that of the files' paths, then of the ids, however they were given.
    What fails one paper stops no other: its outcome has an ``error``, or an ``added`` whose
    ``status`` is not ``ok``, and a ``reason``. ``settings`` say how to ask arXiv, and whether each
    paper's digest is written (``digest_on_add``), so that it is searched. Raises
    ``SourceNotFound`` for a file that is not there, before anything is added, and ``FetchError``
    where arXiv cannot be asked.
    """
    from contextlib import nullcontext

    from app.write import with_digests
    from index.config import Settings
    from index.fetch import Fetcher
    from index.intake import Wanted, add_all, look_up
    from index.sources import find_sources

    chosen = settings or Settings()
    named = find_sources(sources)
    if named.errors:
        raise named.errors[0]
    wanted = [Wanted(source.name, source) for source in named.found]
    outcomes: list[Outcome] = []
    with Fetcher(chosen) if named.papers else nullcontext() as arxiv:
        if arxiv is not None:
            plan = look_up(library, arxiv, named.papers)
            wanted += plan.wanted
            outcomes += plan.settled
        taken = add_all(library, wanted, chosen.read.workers + 1, arxiv)
        if chosen.digest_on_add:
            taken = with_digests(library, taken, _say_bug)
        outcomes += taken
    return outcomes


def _say_bug(paper_id: str, error: Exception) -> None:
    """Warn that a paper is in without its digest, which is written when it is asked for."""
    import warnings

    warnings.warn(f"{paper_id}: its digest could not be written: {error!r}", stacklevel=3)


def search(
    library: Library, query: str, k: int = 10, filter: SearchFilter | None = None
) -> list[Hit]:
    """The ``k`` passages that are nearest to ``query``, best first. Raises ``EmptyQuery``."""
    return library.search(query, k, filter)


def ask(library: Library, question: str, paper_id: str | None = None) -> Answer:
    """The sentences of one paper, or of all, that answer ``question``, each with its place.

    Raises ``EmptyQuery`` and ``PaperNotFound``.
    """
    from app.write.ask import ask

    return ask(library, question, paper_id)


def digest(
    library: Library, paper_id: str, lang: Language = "en", writer: Writer | None = None
) -> Digest:
    """The digest of a paper in the library; every sentence cites the words on the page.

    Without a ``writer`` the sentences are the paper's own. ``app.wording.writers.open_writer``
    opens one that asks a language model. Raises ``PaperNotFound``.
    """
    from app.write import EXTRACTIVE, write_digest

    return write_digest(library, paper_id, lang, writer or EXTRACTIVE)


def main() -> None:
    """Run the command line."""
    try:
        from app.cli import main

        main()
    except KeyboardInterrupt:  # while it was imported
        sys.exit(_EXIT_INTERRUPTED)
