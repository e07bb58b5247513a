"""A GGUF file on this machine, run by llama.cpp's server inside our own process (``xllamacpp``).

It is asked like any other server, at a free port of this machine that needs a key made for the
occasion: so there is one way to ask, and a call that is late is really ended, which the bindings'
own ``handle_chat_completions`` cannot do. One slot, whose prompt stays, so that what many
prompts share is read once.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.llm import Completion, LanguageModel, LanguageModelFailed, Prompt
from app.llm.cache import CachedModel
from app.llm.endpoint import EndpointModel, Server, fingerprint_of
from app.llm.models import local_model_path, local_model_sha256
from index.config import Settings
from index.errors import ModelUnusable

# Tokens of one prompt with its answer: a section's evidence is some hundreds, and the memory for
# 4,096 is 115 MB with Qwen2.5 1.5B.
CONTEXT = 4096
# MB for prompts that another one took the slot from, as when a digest is worded and translated.
_KEPT_PROMPTS = 512
# Seconds for one answer. A 1.5B model reads 25 tokens a second on one core and writes 10; four
# times as many are for a slower machine that has other things to do.
_SECONDS = 300.0


def open_local(settings: Settings) -> LanguageModel:
    """The model of ``settings.local.model``, and what it answered before. Nothing is loaded yet.

    Raises ``ModelUnusable``.
    """
    path = local_model_path(settings)
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelUnusable(
            settings.local.model, "llama.cpp is not installed: pip install 'gloss[local]'"
        )
    fingerprint = fingerprint_of(
        "local", local_model_sha256(settings, path), version("xllamacpp"), str(CONTEXT)
    )
    name = path.stem if settings.local.model.endswith(".gguf") else settings.local.model
    model = LocalModel(path, settings.local.threads, name, fingerprint)
    return CachedModel(model, settings.cache / "answers") if settings.keep_answers else model


class LocalModel:
    """A ``LanguageModel`` that is loaded when it is first asked, which takes seconds."""

    def __init__(self, path: Path, threads: int, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._path = path
        self._threads = threads
        self._loading = threading.Lock()
        self._server: Any = None
        self._model: EndpointModel | None = None

    def complete(
        self, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | LanguageModelFailed]:
        """See ``LanguageModel``. Raises ``ModelUnusable`` where llama.cpp cannot load it."""
        return self._loaded().complete(prompts, seconds)

    def close(self) -> None:
        """Give its memory back."""
        with self._loading:
            if self._model is not None:
                self._model.close()
            self._model = self._server = None

    def _loaded(self) -> EndpointModel:
        with self._loading:
            if self._model is None:
                key = secrets.token_hex(16)
                self._server = _serve(self._path, self._threads, key, self.name)
                server = Server(
                    address=f"{self._server.listening_address}/v1",
                    model=self.name,
                    key=SecretStr(key),
                    seconds=_SECONDS,
                    tries=1,  # the same prompt would take as long again
                    concurrency=1,
                )
                self._model = EndpointModel(server, self.name, self.fingerprint)
            return self._model


def _serve(path: Path, threads: int, key: str, name: str) -> Any:
    """llama.cpp's server with that file, silent, for this process alone."""
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(path)
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0  # a free one
    wanted.api_keys = [key]
    wanted.ui = wanted.endpoint_slots = wanted.warmup = False
    wanted.verbosity = -1
    wanted.n_ctx = CONTEXT
    wanted.n_parallel = 1
    wanted.cache_ram_mib = _KEPT_PROMPTS
    for work in (wanted.cpuparams, wanted.cpuparams_batch):
        work.n_threads = _free(threads)
    try:
        return xllamacpp.Server(wanted)
    except RuntimeError as error:
        raise ModelUnusable(
            name, f"{path} cannot be loaded by llama.cpp: damaged, or of a kind it does not know"
        ) from error


def _free(threads: int) -> int:
    """As many of ``threads`` as the machine has processors to spare, and one at least.

    llama.cpp's threads wait for each other, so one that shares its processor holds up all: beside a
    job that kept both processors busy, two threads wrote 0.9 tokens a second and one alone 10.6
    (Qwen2.5-Coder 1.5B).
    """
    if not hasattr(os, "getloadavg"):  # Windows
        return threads
    spare = (os.cpu_count() or 1) - round(os.getloadavg()[0])
    return max(1, min(threads, spare))
