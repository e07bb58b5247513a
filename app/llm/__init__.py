"""Language models behind one seam: questions in, replies or failures out, never late.

Two kinds, both asked in OpenAI's chat API: a server by its address (``endpoint``), and a GGUF file
that llama.cpp runs in our own process (``local``). Neither decides anything about a digest; what a
model says is only a proposal until code has checked it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from index.config import Settings
from index.errors import GlossError

FailureKind = Literal[
    "timeout",  # no whole answer within the call's time, or no time left to ask
    "busy",  # 429 or 503
    "out of order",  # any other 5xx
    "unreachable",  # no connection, or one that broke
    "refused",  # any other status: the same question would be refused again
    "broken answer",  # an answer came, but it is none of OpenAI's chat API
    "stopped",  # not asked any more, after too many failures in a row
]


@dataclass(frozen=True, slots=True)
class Question:
    """One call. ``schema`` is the JSON schema that the answer must follow; ``None``: free text."""

    system: str  # shared by many questions, so that a server may keep what it made of it
    user: str
    most_tokens: int  # of the answer
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, and what that took."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float  # with all tries; 0.0 where the answer was kept from before
    finished: bool  # False: cut at ``most_tokens``


class LanguageModelFailed(GlossError):
    """No answer to one question.

    One line of three parts: what was asked, what came, what to do. ``status`` is the HTTP status
    where there was one, ``retry_after`` the seconds that the server asked to wait.
    """

    def __init__(
        self,
        kind: FailureKind,
        asked: str,
        came: str,
        advice: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(" ".join(f"{asked}: {came}; {advice}".split()))
        self.kind = kind
        self.asked = asked
        self.came = came
        self.advice = advice
        self.status = status
        self.retry_after = retry_after


class EndpointUnusable(GlossError):
    """The settings of a language model's server are missing or contradict each other."""


class LanguageModel(Protocol):
    """What answers questions."""

    @property
    def name(self) -> str:
        """As a person calls it: ``qwen2.5-coder-1.5b``."""
        ...

    @property
    def fingerprint(self) -> str:
        """All that decides its answers: the file's SHA-256 or the server's address and the model's
        name, and how it samples. For a digest's lock, and for what is kept."""
        ...

    def answers(
        self, questions: Sequence[Question], seconds: float
    ) -> list[Reply | LanguageModelFailed]:
        """An answer to each question, in order, all of them within ``seconds``.

        Never raises for a single question: what failed stands in its place.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; asking afterwards is an error."""
        ...


def open_language_model(settings: Settings, writer: Literal["local", "endpoint"]) -> LanguageModel:
    """The model that ``settings`` name, with what it answered before kept on disk.

    Raises ``ModelUnusable`` and ``EndpointUnusable``, in one line that says what to set.
    """
    if writer == "local":
        from app.llm.local import open_local

        return open_local(settings)
    from app.llm.endpoint import open_endpoint

    return open_endpoint(settings)


def describe_writer(settings: Settings) -> str:
    """Who would word a digest, and that it is there: a server is asked for its models.

    Raises ``ModelUnusable`` and ``EndpointUnusable``.
    """
    if settings.writer == "extractive":
        return "extractive: quotes, without a language model"
    with closing(open_language_model(settings, settings.writer)) as model:
        if settings.writer == "local":
            return f"local: {model.name}, its file is there and whole"
    from app.llm.endpoint import models_of

    names = models_of(settings)
    where = f"endpoint: {settings.endpoint.model} at {settings.endpoint.url}"
    if names and settings.endpoint.model not in names:
        return f"{where}, which answers but lists no such model"
    return f"{where}, which answers"
