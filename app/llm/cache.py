"""A cache of answers on disk: the same prompt goes to the same model once.

A file for each, named by the SHA-256 of the model's fingerprint and of the whole prompt. It is
written beside its place and renamed. An unreadable or damaged file counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.llm import Completion, LanguageModel, LanguageModelFailed, Prompt


class CachedModel:
    """A ``LanguageModel`` that sends another one only prompts without a cached answer."""

    def __init__(self, model: LanguageModel, folder: Path) -> None:
        self._model = model
        self._folder = folder.expanduser()

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    @property
    def fingerprint(self) -> str:
        """The model's."""
        return self._model.fingerprint

    def complete(
        self, prompts: Sequence[Prompt], seconds: float
    ) -> list[Completion | LanguageModelFailed]:
        """See ``LanguageModel``. Failures are not cached; equal prompts are sent once."""
        keys = [self._key(prompt) for prompt in prompts]
        found: dict[str, Completion | LanguageModelFailed] = {}
        for key in keys:
            kept = self._read(key)
            if kept is not None:
                found[key] = kept
        wanted = {key: one for key, one in zip(keys, prompts, strict=True) if key not in found}
        answered: dict[str, Completion | LanguageModelFailed] = {}
        if wanted:
            answers = self._model.complete(list(wanted.values()), seconds)
            answered = dict(zip(wanted, answers, strict=True))
        for key, answer in answered.items():
            if isinstance(answer, Completion):
                self._write(key, answer)
        results: list[Completion | LanguageModelFailed] = []
        for key in keys:
            answer = found.get(key) or answered[key]
            results.append(answer)
            if isinstance(answer, Completion):  # an equal prompt later in the list takes no time
                found[key] = replace(answer, seconds=0.0)
        return results

    def close(self) -> None:
        """Close the model."""
        self._model.close()

    def _key(self, prompt: Prompt) -> str:
        schema = None if prompt.schema is None else dict(prompt.schema)
        asked = [
            self._model.fingerprint,
            prompt.system,
            prompt.user,
            prompt.most_tokens,
            schema,
        ]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def _read(self, key: str) -> Completion | None:
        try:
            entry = json.loads((self._folder / f"{key}.json").read_bytes())
            reply = entry["reply"]
            if entry["check"] != _check(key, reply):
                return None
            return Completion(
                text=reply["text"],
                prompt_tokens=reply["prompt_tokens"],
                completion_tokens=reply["completion_tokens"],
                seconds=0.0,
                finished=reply["finished"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, key: str, answer: Completion) -> None:
        reply = asdict(answer)
        content = json.dumps({"reply": reply, "check": _check(key, reply)}, ensure_ascii=False)
        beside = self._folder / f"{key}.{os.getpid()}.{threading.get_ident()}.new"
        # A full disk costs the next run time, and this one nothing.
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                beside.write_text(content, encoding="utf-8", errors="backslashreplace")
                beside.replace(self._folder / f"{key}.json")
            finally:
                beside.unlink(missing_ok=True)


def _check(key: str, reply: dict[str, Any]) -> str:
    """What tells an entry that is as it was written."""
    return hashlib.sha256(f"{key}{json.dumps(reply, sort_keys=True)}".encode()).hexdigest()
