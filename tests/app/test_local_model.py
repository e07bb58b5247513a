"""A GGUF file in our own process. The real llama.cpp needs a model of 98 MB: skipped without it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

import app.llm.local
from app.llm import Completion, LanguageModelFailed, Prompt, open_language_model
from app.llm.models import is_there, known_model
from index.config import Settings
from index.errors import ModelUnusable

SMALL = Path(Settings().cache).expanduser() / "models" / known_model("smollm2-135m").file
real = pytest.mark.skipif(
    not is_there(Settings(), known_model("smollm2-135m"))
    or importlib.util.find_spec("xllamacpp") is None,
    reason="needs pip install 'gloss[local]' and `gloss models get smollm2-135m`",
)
SYSTEM = "You answer in one short sentence. " * 20


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def model(cache: Path) -> Iterator[Any]:
    settings = Settings(cache=cache, local={"model": str(SMALL), "threads": 1})
    with closing(open_language_model(settings, "local")) as opened:
        yield opened


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelUnusable, match=r"pip install 'gloss\[local\]'") as error:
        open_language_model(Settings(cache=tmp_path, local={"model": str(path)}), "local")
    assert "\n" not in str(error.value)


def test_as_many_threads_as_there_are_processors_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.llm.local.os, "cpu_count", lambda: 8)

    def free(most: int, load: float) -> int:
        monkeypatch.setattr(app.llm.local.os, "getloadavg", lambda: (load, 0.0, 0.0))
        return app.llm.local._free(most)

    assert [free(8, load) for load in (0.1, 2.9, 7.2, 30.0)] == [8, 5, 1, 1]
    assert free(2, 0.1) == 2


@real
def test_a_file_that_is_cut_is_told_of_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    path = tmp_path / "cut.gguf"
    with SMALL.open("rb") as file:
        path.write_bytes(file.read(1_000_000))
    settings = Settings(cache=tmp_path, local={"model": str(path)})
    with (
        closing(open_language_model(settings, "local")) as model,
        pytest.raises(ModelUnusable, match=r"cut.gguf cannot be loaded by llama.cpp") as error,
    ):
        model.complete([Prompt("s", "u", 5)], 60.0)
    assert "\n" not in str(error.value)


@real
def test_it_answers_silently_and_reads_what_is_shared_once(
    model: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    prompts = [Prompt(SYSTEM, f"What is {thing}?", 8) for thing in ("a lantern", "a path")]
    answers = model.complete(prompts, 120.0)
    for reply in answers:
        assert isinstance(reply, Completion), reply
        assert reply.text and reply.prompt_tokens > 100 and 0 < reply.completion_tokens <= 8
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""
    assert [one.seconds for one in model.complete(prompts, 1.0)] == [0.0, 0.0]


@real
def test_a_schema_binds_even_a_model_that_babbles(model: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "green"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    (reply,) = model.complete([Prompt("", "Which colour has grass?", 40, schema)], 120.0)
    assert isinstance(reply, Completion), reply
    assert json.loads(reply.text)["colour"] in ("red", "green")


@real
def test_a_late_answer_is_ended(model: Any) -> None:
    story = Prompt("", "Tell a very long story of a lantern.", 2000)
    (late,) = model.complete([story], 1.0)
    assert isinstance(late, LanguageModelFailed) and late.kind == "timeout"
    (reply,) = model.complete([Prompt("", "Say yes.", 2)], 60.0)  # the slot is free again
    assert isinstance(reply, Completion), reply


@real
def test_a_question_that_is_too_long(model: Any) -> None:
    (answer,) = model.complete([Prompt("", "lantern " * 6000, 5)], 60.0)
    assert isinstance(answer, LanguageModelFailed)
    assert answer.kind == "refused" and "context" in str(answer)


@real
def test_nobody_else_may_ask(model: Any) -> None:
    model.complete([Prompt("", "Say yes.", 2)], 60.0)
    address = model._model._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    asked = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
    assert httpx.post(f"{address}/v1/chat/completions", json=asked).status_code == 401


@real
def test_the_fingerprint_is_the_file_and_what_runs_it(
    model: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(**changes: Any) -> str:
        values = {"cache": cache, "local": {"model": str(SMALL)}, **changes}
        with closing(open_language_model(Settings(**values), "local")) as opened:
            return opened.fingerprint

    assert (
        of()
        == of(local={"model": str(SMALL), "threads": 2}, endpoint={"url": "http://host/v1"})
        == model.fingerprint
    )
    monkeypatch.setattr(app.llm.local, "version", lambda _: "2030.1")
    assert of() != model.fingerprint
