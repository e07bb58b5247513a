"""Language models behind one protocol: prompts in, completions or failures out, always in time.

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
    "timeout",  # no complete answer in the call's time, or no time left
    "busy",  # 429 or 503
    "out of order",  # any other 5xx
    "unreachable",  # no connection, or one that broke
    "refused",  # any other status: the same prompt would be refused again
    "broken answer",  # an answer that is not of OpenAI's chat API
    "stopped",  # not sent: too many failures in a row before it
]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request. ``schema`` is the JSON schema of the answer; None: free text."""

    system: str  # the same for many prompts, so that a server can cache it
    user: str
    most_tokens: int  # of the answer
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer, with its tokens and seconds."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float  # with all retries; 0.0 for a cached answer
    finished: bool  # False: cut at ``most_tokens``


class LanguageModelFailed(GlossError):
    """No answer to one prompt.

    One line of three parts: the request, the failure, what to do. ``status`` is the HTTP status
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
    """A model that completes prompts."""

    @property
    def name(self) -> str:
        """As a person calls it: ``qwen2.5-coder-1.5b``."""
        ...

    @property
    def fingerprint(self) -> str:
        """All that decides its answers: the file's SHA-256 or the server's address and the model's
        name, and how it samples. Part of a digest's lock and of a cache key."""
        ...

    def complete(
        self, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | LanguageModelFailed]:
        """A completion for each prompt, in order, all of them within ``seconds``.

        Never raises for a single prompt: its failure is in its place in the list.
        """
        ...

    def close(self) -> None:
        """Release its resources; a call afterwards is an error."""
        ...


def open_language_model(settings: Settings, writer: Literal["local", "endpoint"]) -> LanguageModel:
    """The model that ``settings`` name, with its answers cached on disk.

    Raises ``ModelUnusable`` and ``EndpointUnusable``, in one line that says what to set.
    """
    if writer == "local":
        from app.llm.local import open_local

        return open_local(settings)
    from app.llm.endpoint import open_endpoint

    return open_endpoint(settings)


def describe_writer(settings: Settings) -> str:
    """The writer of the settings, after a check that it is available (a server lists its models).

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
