"""Asking a language model: every fault of a server is one failure, in time, and tells no key."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from app.llm import (
    Completion,
    EndpointUnusable,
    LanguageModel,
    LanguageModelFailed,
    Prompt,
    open_language_model,
)
from app.llm.endpoint import models_of
from index.config import Settings

if TYPE_CHECKING:
    from forked import Forks
    from served_model import ServedModel

KEY = "sk-lantern-0123456789"
SCHEMA = {
    "type": "object",
    "properties": {"sentence": {"type": "string"}},
    "required": ["sentence"],
    "additionalProperties": False,
}


def prompt(user: str = "Lanterns burn.", schema: Any = None, most_tokens: int = 50) -> Prompt:
    return Prompt("Say it in fewer words.", user, most_tokens, schema)


@contextmanager
def opened(served: ServedModel, cache: Path, **changes: Any) -> Iterator[LanguageModel]:
    model = open_language_model(served.settings(cache, **changes), "endpoint")
    with closing(model):
        yield model


def ask(
    served: ServedModel,
    cache: Path,
    *prompts: Prompt,
    seconds: float = 20.0,
    **changes: Any,
) -> list[Completion | LanguageModelFailed]:
    with opened(served, cache, **changes) as model:
        return model.complete(prompts or (prompt(),), seconds)


def failed(answers: Sequence[Completion | LanguageModelFailed]) -> LanguageModelFailed:
    (answer,) = answers
    assert isinstance(answer, LanguageModelFailed)
    assert "\n" not in str(answer)
    return answer


def test_a_fine_answer(served_model: ServedModel, tmp_path: Path) -> None:
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)
    assert reply.text == "Lanterns burn."
    assert (reply.prompt_tokens, reply.completion_tokens, reply.finished) == (7, 2, True)
    assert reply.seconds > 0
    (asked,) = served_model.log
    assert (asked.system, asked.user) == ("Say it in fewer words.", "Lanterns burn.")
    assert asked.body == {
        "model": "echo-1",
        "messages": asked.body["messages"],
        "temperature": 0.0,
        "seed": 7,
        "max_tokens": 50,
        "stream": False,
    }


def test_answers_come_in_the_order_of_the_questions(
    served_model: ServedModel, tmp_path: Path
) -> None:
    served_model.then("hang", where="3", seconds=1.0)
    served_model.then("status", where="5", status=400)
    answers = ask(served_model, tmp_path, *(prompt(f"Lantern {n}.") for n in range(8)), timeout=0.5)
    said = [one.text if isinstance(one, Completion) else one.kind for one in answers]
    assert said == [f"Lantern {n}." if n != 5 else "refused" for n in range(8)]


def test_a_schema_is_sent_and_the_answer_comes_as_it_is(
    served_model: ServedModel, tmp_path: Path
) -> None:
    served_model.then("fine").then("says", words="Sure! Here is the JSON.")
    first, second = ask(
        served_model,
        tmp_path,
        prompt(schema=SCHEMA),
        prompt("More.", schema=SCHEMA),
        concurrency=1,
    )
    assert isinstance(first, Completion) and first.text == '{"sentence": "Lanterns burn."}'
    assert isinstance(second, Completion) and second.text == "Sure! Here is the JSON."
    assert served_model.log[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    }


def test_an_answer_that_was_cut_says_so(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.then("length")
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)
    assert (reply.text, reply.finished) == ("Lantern", False)


@pytest.mark.parametrize(
    ("fault", "options", "kind", "tries", "said"),
    [
        ("status", {"status": 500, "words": "out of memory"}, "out of order", 2, "out of memory"),
        ("status", {"status": 503}, "busy", 2, "HTTP 503"),
        ("status", {"status": 429, "words": "Slow down."}, "busy", 2, "Slow down."),
        ("status", {"status": 401}, "refused", 1, "GLOSS_ENDPOINT__KEY"),
        (
            "status",
            {"status": 404, "words": "no such model"},
            "refused",
            1,
            "GLOSS_ENDPOINT__MODEL",
        ),
        ("status", {"status": 400, "words": "context is full"}, "refused", 1, "context is full"),
        ("redirect", {}, "refused", 1, "HTTP 307"),
        ("cut", {}, "unreachable", 2, "broke"),
        ("invalid json", {}, "broken answer", 2, "no answer of a chat API"),
        ("no choices", {}, "broken answer", 2, "no answer of a chat API"),
        ("null", {}, "broken answer", 2, "no answer of a chat API"),
        ("empty", {}, "broken answer", 2, "empty answer"),
        ("page", {}, "broken answer", 2, "no answer of a chat API"),
    ],
)
def test_a_fault_is_one_failure(
    served_model: ServedModel,
    tmp_path: Path,
    fault: Any,
    options: dict[str, Any],
    kind: str,
    tries: int,
    said: str,
) -> None:
    served_model.ever(fault, **options)
    error = failed(ask(served_model, tmp_path))
    assert error.kind == kind
    assert error.status == (options.get("status") or {"redirect": 307}.get(fault))
    assert said in str(error)
    assert len(served_model.log) == tries
    assert not list(tmp_path.rglob("*.json"))  # failures are not kept


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("packed", ["gzip", "br", "gzip, gzip"])
def test_a_packed_answer_is_not_unpacked(
    served_model: ServedModel, tmp_path: Path, status: int, packed: str
) -> None:
    """Whoever names a server of their own could have it answer with gigabytes in a kilobyte."""
    served_model.ever("status" if status == 400 else "fine", status=status,
                      headers={"Content-Encoding": packed})  # fmt: skip
    error = failed(ask(served_model, tmp_path))
    assert (error.kind, error.came) == (
        "broken answer", "a packed answer came, which was not asked for, after 2 tries",
    )  # fmt: skip
    assert {asked.headers["Accept-Encoding"] for asked in served_model.log} == {"identity"}


def test_an_endless_answer_ends(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("says", words="lantern " * 600_000)
    error = failed(ask(served_model, tmp_path))
    assert (error.kind, error.came) == ("broken answer", "more than 4 MB came, after 2 tries")


def test_a_list_of_models_has_a_size_and_a_form(
    served_model: ServedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = served_model.settings(tmp_path)
    assert models_of(settings) == {"echo-1"}
    served_model.models = ["x" * 4_000_000]
    with pytest.raises(EndpointUnusable, match="does not answer"):
        models_of(settings)
    served_model.models = ["lantern"]
    monkeypatch.setattr("json.loads", Mock(side_effect=RecursionError))
    assert models_of(settings) == frozenset()


@pytest.mark.parametrize("fault", ["status", "cut", "invalid json", "hang"])
def test_what_passes_is_survived(served_model: ServedModel, tmp_path: Path, fault: Any) -> None:
    served_model.then(fault, status=502)
    (reply,) = ask(served_model, tmp_path, timeout=0.7)
    assert isinstance(reply, Completion) and reply.text == "Lanterns burn."
    assert len(served_model.log) == 2


def test_a_server_without_schemas_is_told_of(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("status", status=400, words="response_format is not supported")
    error = failed(ask(served_model, tmp_path, prompt(schema=SCHEMA)))
    assert "response_format is not supported" in str(error)
    assert "take another server or model" in str(error)


@pytest.mark.parametrize("fault", ["hang", "dribble", "dribble headers"])
def test_no_call_outlasts_its_time(served_model: ServedModel, tmp_path: Path, fault: Any) -> None:
    served_model.ever(fault, seconds=30.0)
    with opened(served_model, tmp_path, timeout=0.6, tries=1) as model:
        model.complete([prompt("Come in.")], 1.0)  # imports take their time, too
        error = failed(model.complete([prompt()], 20.0))
    assert error.kind == "timeout" and "0.6 s" in str(error)


def test_all_end_within_the_time_for_all(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("dribble", seconds=30.0)
    with opened(served_model, tmp_path, timeout=30.0, concurrency=2) as model:
        model.complete([prompt("Come in.")], 0.5)
        answers = model.complete([prompt(f"Lantern {n}.") for n in range(10)], 1.0)
    assert {one.kind for one in answers if isinstance(one, LanguageModelFailed)} == {"timeout"}
    assert len(answers) == 10
    assert len(served_model.log) <= 3  # the others found no time left


def test_no_time_at_all(served_model: ServedModel, tmp_path: Path) -> None:
    assert failed(ask(served_model, tmp_path, seconds=0.0)).kind == "timeout"
    assert not served_model.log


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(served_model: ServedModel, tmp_path: Path, form: str) -> None:
    after = datetime.now(UTC) + timedelta(seconds=4)
    said = "1" if form == "seconds" else format_datetime(after, usegmt=True)
    served_model.then("status", status=429, retry_after=said)
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)
    first, second = (asked.time for asked in served_model.log)
    if form == "seconds":
        assert second - first >= 1.0
    else:
        assert time.time() >= after.replace(microsecond=0).timestamp()


def test_retry_after_holds_all_questions(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.then("status", status=503, retry_after="1")
    prompts = [prompt(f"Lantern {n}.") for n in range(4)]
    answers = ask(served_model, tmp_path, *prompts, concurrency=1)
    assert all(isinstance(answer, Completion) for answer in answers)
    times = [asked.time for asked in served_model.log]
    assert len(times) == 5
    assert times[1] - times[0] >= 1.0


def test_nobody_waits_longer_than_there_is_time(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("status", status=429, retry_after="3600")
    with opened(served_model, tmp_path, concurrency=1) as model:
        model.complete([prompt("Come in.")], 10.0)
        answers = model.complete([prompt(), prompt("More.")], 5.0)
    for answer in answers:
        assert isinstance(answer, LanguageModelFailed) and answer.kind == "busy"
        assert answer.retry_after == pytest.approx(3600, abs=15)
    assert len(served_model.log) == 1  # asked to be left alone, it is


def test_no_more_at_once_than_allowed(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.seconds = 0.1
    prompts = [prompt(f"Lantern {n}.") for n in range(9)]
    with opened(served_model, tmp_path, concurrency=3) as model:
        threads = [
            threading.Thread(target=model.complete, args=(part, 20.0))
            for part in (prompts[:5], prompts[5:])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(served_model.log) == 9
    assert served_model.busiest == 3


def test_after_four_failures_it_is_left_alone(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("status", status=500, words="out of memory")
    prompts = [prompt(f"Lantern {n}.") for n in range(20)]
    answers = ask(served_model, tmp_path, *prompts, concurrency=1, tries=1)
    kinds = [one.kind for one in answers if isinstance(one, LanguageModelFailed)]
    assert kinds == ["out of order"] * 4 + ["stopped"] * 16
    assert "after 4 failures in a row (HTTP 500, out of memory" in str(answers[-1])
    assert len(served_model.log) == 4


def test_it_is_tried_again_after_a_while(
    served_model: ServedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.llm.endpoint.LEFT_ALONE", 0.3)
    served_model.then("status", times=5)
    with opened(served_model, tmp_path, concurrency=1, tries=1) as model:

        def kinds(*names: str) -> list[str]:
            answers = model.complete([prompt(name) for name in names], 20.0)
            return ["fine" if isinstance(one, Completion) else one.kind for one in answers]

        assert kinds(*"abcde") == ["out of order"] * 4 + ["stopped"]
        time.sleep(0.4)
        assert kinds("f", "g") == ["out of order", "stopped"]  # one more, and it is left again
        time.sleep(0.4)
        assert kinds("h", "i") == ["fine", "fine"]


def test_one_answer_makes_up_for_failures(served_model: ServedModel, tmp_path: Path) -> None:
    for _ in range(3):
        served_model.then("status", times=3).then("fine")
    prompts = [prompt(f"Lantern {n}.") for n in range(12)]
    answers = ask(served_model, tmp_path, *prompts, concurrency=1, tries=1)
    assert len(served_model.log) == 12
    assert sum(isinstance(answer, Completion) for answer in answers) == 3


def test_no_server_there(served_model: ServedModel, tmp_path: Path) -> None:
    error = failed(ask(served_model, tmp_path, url="http://127.0.0.1:9/v1"))
    assert error.kind == "unreachable"
    assert "127.0.0.1:9" in str(error)


# What is sent, and what is told.


def test_nothing_is_sent_but_the_question(
    served_model: ServedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-1")
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)
    (asked,) = served_model.log
    names = {name.lower() for name in asked.headers}
    assert names == {
        "host", "accept", "accept-encoding", "connection", "content-type", "content-length",
        "user-agent",
    }  # fmt: skip
    assert asked.headers["User-Agent"].startswith("gloss/")


def test_the_key_is_sent_and_never_told(
    served_model: ServedModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    served_model.key = KEY
    with opened(served_model, tmp_path, key=f" {KEY}\n") as model:
        (reply,) = model.complete([prompt()], 20.0)
        assert isinstance(reply, Completion)
        assert served_model.log[0].headers["Authorization"] == f"Bearer {KEY}"
        told = [repr(model), repr(vars(model)), model.name, model.fingerprint]
        inner = getattr(model, "_model")  # noqa: B009  # not of the protocol
        told += [repr(vars(inner)), repr(getattr(inner, "_client"))]  # noqa: B009
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    captured = capfd.readouterr()
    assert kept and KEY.encode() not in kept
    assert KEY not in "".join(told) + captured.out + captured.err


@pytest.mark.parametrize("fault", ["401", "cut", "page", "hang"])
def test_errors_do_not_tell_the_key(
    served_model: ServedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    caplog.set_level("DEBUG")
    if fault == "401":
        served_model.key = "another"  # it answers with the key that came
    else:
        served_model.ever(fault)
    error = failed(ask(served_model, tmp_path, key=KEY, timeout=0.5))
    assert ("***" in str(error)) == (fault == "401")
    chain: BaseException | None = error
    while chain is not None:
        assert KEY not in f"{chain} {vars(chain)}"
        chain = chain.__cause__ or chain.__context__
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": ""}, "set GLOSS_ENDPOINT__URL"),
        ({"model": ""}, "set GLOSS_ENDPOINT__MODEL"),
        ({"url": "http://"}, "no address of a server"),
        ({"url": "http://a:b:c/v1"}, "no address of a server"),
        ({"url": f"http://host/v1?key={KEY}"}, "belongs in GLOSS_ENDPOINT__KEY"),
        ({"key": f"{KEY} {KEY}"}, "copy it again"),
        ({"key": "sk-schlüssel"}, "copy it again"),
    ],
)
def test_settings_that_do_not_fit(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    values = {"url": "http://host/v1", "model": "m", **changes}
    with pytest.raises(EndpointUnusable, match=said) as error:
        open_language_model(Settings(cache=tmp_path, endpoint=values), "endpoint")
    assert KEY not in str(error.value)


def test_the_fingerprint_is_of_what_decides_the_answers(tmp_path: Path) -> None:
    def of(**changes: Any) -> str:
        values = {"url": "http://host/v1", "model": "m", **changes}
        with closing(
            open_language_model(Settings(cache=tmp_path, endpoint=values), "endpoint")
        ) as model:
            return model.fingerprint

    assert of() == of(key=KEY, timeout=1.0) == of(url="http://host/v1/")
    assert len({of(), of(model="n"), of(url="http://other/v1")}) == 3


# What is kept.


def test_a_question_is_asked_once(served_model: ServedModel, tmp_path: Path) -> None:
    first = ask(served_model, tmp_path, prompt(), prompt(), prompt("More."))
    assert len(served_model.log) == 2
    again = ask(served_model, tmp_path, prompt("More."), prompt())
    assert len(served_model.log) == 2
    assert isinstance(first[0], Completion) and isinstance(again[0], Completion)
    assert [one.text for one in first if isinstance(one, Completion)] == [
        "Lanterns burn.", "Lanterns burn.", "More.",
    ]  # fmt: skip
    assert [one.seconds == 0.0 for one in first if isinstance(one, Completion)] == [
        False,
        True,
        False,
    ]
    assert [one.seconds for one in again if isinstance(one, Completion)] == [0.0, 0.0]
    assert (again[0].text, again[0].completion_tokens) == ("More.", 1)


def test_every_part_of_a_question_counts(served_model: ServedModel, tmp_path: Path) -> None:
    different = [
        prompt(),
        prompt("Lanterns burn"),
        prompt(most_tokens=51),
        prompt(schema=SCHEMA),
        Prompt("Say it.", "Lanterns burn.", 50),
    ]
    ask(served_model, tmp_path, *different)
    ask(served_model, tmp_path, prompt(), model="echo-2")
    assert len(served_model.log) == 6


@pytest.mark.parametrize("damage", ["cut", "other words", "no json", "another's"])
def test_a_damaged_answer_is_asked_for_again(
    served_model: ServedModel, tmp_path: Path, damage: str
) -> None:
    ask(served_model, tmp_path)
    (path,) = (tmp_path / "answers").iterdir()
    content = path.read_text(encoding="utf-8")
    match damage:
        case "cut":
            path.write_text(content[: len(content) // 2], encoding="utf-8")
        case "other words":
            path.write_text(content.replace("burn", "glow"), encoding="utf-8")
        case "no json":
            path.write_bytes(b"\xff\x00[]")
        case "another's":
            ask(served_model, tmp_path, prompt("More."))
            (other,) = (one for one in path.parent.iterdir() if one != path)
            other.replace(path)
            served_model.log.pop()
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion) and reply.text == "Lanterns burn."
    assert len(served_model.log) == 2
    ask(served_model, tmp_path)
    assert len(served_model.log) == 2


def test_words_of_any_script_are_kept(served_model: ServedModel, tmp_path: Path) -> None:
    words = "灯笼 burns 3.5\u2009h \ud83d \u0000 end"
    served_model.answer = lambda _: words
    (first,) = ask(served_model, tmp_path)
    (again,) = ask(served_model, tmp_path)
    assert isinstance(first, Completion) and isinstance(again, Completion)
    assert first.text == again.text == words
    assert len(served_model.log) == 1


def test_a_cache_that_cannot_be_written_stops_nobody(
    served_model: ServedModel, tmp_path: Path
) -> None:
    (tmp_path / "answers").write_text("a file where the folder should be")
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)


# Living together with everything else.


def test_closing_twice_and_while_it_is_asked(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.ever("hang", seconds=30.0)
    model = open_language_model(served_model.settings(tmp_path, timeout=30.0), "endpoint")
    ended = threading.Event()

    def asking() -> None:
        try:
            model.complete([prompt()], 30.0)
        except BaseException:
            ended.set()

    thread = threading.Thread(target=asking)
    thread.start()
    while not served_model.log:
        time.sleep(0.02)
    model.close()
    model.close()
    thread.join(timeout=5)
    assert ended.is_set()


def test_ctrl_c_ends_it_at_once(
    served_model: ServedModel, tmp_path: Path, gradio_forks: Forks
) -> None:
    served_model.ever("hang", seconds=60.0)
    program = """
import signal
import sys
from pathlib import Path
from app.llm import Prompt, open_language_model
from index.config import Settings

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
settings = Settings(cache=Path(sys.argv[2]), endpoint={"url": sys.argv[1], "model": "m"})
model = open_language_model(settings, "endpoint")
model.complete([Prompt("s", "u", 5)], 60.0)
"""
    given = (served_model.url, tmp_path)
    with gradio_forks.start(program, *given, stderr=subprocess.PIPE) as process:
        while not served_model.log:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(2)
        process.wait(timeout=20)  # the answer hangs for three times that
        assert process.stderr is not None
        assert "KeyboardInterrupt" in process.stderr.read()


def test_what_a_call_imports_is_there_before_its_time_runs(
    served_model: ServedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 modules of OpenAI's library, on a busy machine longer than a call's time."""
    import openai

    asked: list[str] = []
    real = openai.AsyncOpenAI.chat.func  # type: ignore[attr-defined]

    def chat(client: openai.AsyncOpenAI) -> Any:
        asked.append(threading.current_thread().name)
        return real(client)

    monkeypatch.setattr(openai.AsyncOpenAI, "chat", property(chat))
    (reply,) = ask(served_model, tmp_path)
    assert isinstance(reply, Completion)
    assert asked == [threading.current_thread().name, "language model"]


def test_the_seam_is_imported_at_once() -> None:
    program = (
        "import sys; import app.llm, app.llm.endpoint, app.llm.local; "
        "print(sorted({'openai', 'llama_index', 'httpx', 'xllamacpp', 'tenacity'} "
        "& set(sys.modules)))"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(served_model: ServedModel, tmp_path: Path, status: int) -> None:
    """Neither a paper's words nor the key go to another address than that of the settings."""
    serve = sys.modules[type(served_model).__module__].serve_model
    with serve() as elsewhere:
        there = f"{elsewhere.url}/chat/completions"
        served_model.ever("redirect", status=status, words=there)
        error = failed(ask(served_model, tmp_path, key=KEY))
        assert (error.kind, error.status) == ("refused", status)
        assert len(served_model.log) == 1
        assert elsewhere.log == []
