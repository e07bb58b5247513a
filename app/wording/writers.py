"""The writers by name, opened with the models that they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

from app.digest import Language, WriterName
from app.write import EXTRACTIVE, Writer
from index.errors import GlossError, ModelUnusable

if TYPE_CHECKING:
    from index.config import Settings


class WriterUnknown(GlossError):
    """No writer of that name, as in a library that another gloss wrote to."""

    def __init__(self, writer: str) -> None:
        super().__init__(f"writer {writer}: not known; there is {', '.join(get_args(WriterName))}")
        self.writer = writer


@contextmanager
def open_writer(settings: Settings, name: str) -> Iterator[Writer]:
    """The writer of that name, and what it holds given back afterwards.

    ``local`` shortens quote by quote, since a small model drops citations and parrots when it is
    asked for more; ``endpoint`` may join quotes. Raises ``WriterUnknown``, and ``ModelUnusable``,
    ``EndpointUnusable`` and ``GlossaryUnusable``, each saying what to set.
    """
    if name == "extractive":
        yield EXTRACTIVE
        return
    named: dict[str, Literal["local", "endpoint"]] = {"local": "local", "endpoint": "endpoint"}
    if name not in named:
        raise WriterUnknown(name)
    from app.check.entailment import open_support_model
    from app.check.support import Checker
    from app.chinese.glossary import load_glossary
    from app.llm import open_language_model
    from app.wording import Compressing, Merging, ModelWriter

    checker = Checker(open_support_model(settings))
    glossary = load_glossary(settings.glossary)
    strategy = Compressing() if name == "local" else Merging()
    at_once = 1 if name == "local" else settings.endpoint.concurrency
    with closing(open_language_model(settings, named[name])) as model:
        yield ModelWriter(
            name, model, strategy, checker, glossary, settings.digest_seconds, at_once
        )


def writers_at_hand(settings: Settings) -> tuple[WriterName, ...]:
    """The writers that could be opened with these settings, the extractive one first.

    A model's file is only looked at, and a server is not asked.
    """
    at_hand: list[WriterName] = ["extractive"]
    if find_spec("xllamacpp") is not None:
        from app.llm.models import local_model_path

        with suppress(ModelUnusable):
            local_model_path(settings)
            at_hand.append("local")
    if settings.endpoint.url and settings.endpoint.model:
        at_hand.append("endpoint")
    return tuple(at_hand)


def made_by(settings: Settings, name: str, lang: Language) -> Mapping[str, str]:
    """What that writer adds to the lock of its digests. No model is loaded. Raises as above."""
    with open_writer(settings, name) as writer:
        return writer.made_by(lang)
