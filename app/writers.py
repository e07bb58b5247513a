"""The writers by name, opened with the models that they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from app.digest import WriterName
from app.write import EXTRACTIVE, Writer

if TYPE_CHECKING:
    from index.config import Settings


@contextmanager
def open_writer(settings: Settings, name: WriterName) -> Iterator[Writer]:
    """The writer of that name, and what it holds given back afterwards.

    ``local`` shortens quote by quote, since a small model drops citations and parrots when it is
    asked for more; ``endpoint`` may join quotes. Raises ``ModelUnusable``, ``EndpointUnusable`` and
    ``GlossaryUnusable``, each saying what to set.
    """
    if name == "extractive":
        yield EXTRACTIVE
        return
    from app.entailment import open_support_model
    from app.glossary import load_glossary
    from app.llm import open_language_model
    from app.support import Checker
    from app.wording import Compressing, Merging, ModelWriter

    checker = Checker(open_support_model(settings))
    glossary = load_glossary(settings.glossary)
    strategy = Compressing() if name == "local" else Merging()
    with closing(open_language_model(settings, name)) as model:
        yield ModelWriter(name, model, strategy, checker, glossary, settings.digest_seconds)
