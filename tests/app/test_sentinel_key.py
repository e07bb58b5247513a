"""A server of language models that repeats the key it was given, wherever it can: it comes nowhere.

Not into the cache, a digest, what is shown of one, an error, or the log; not in part either.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from app.documents.digests import DigestShape
from app.llm import Completion, LanguageModelFailed, Prompt, describe_writer, open_language_model
from app.show.html import to_html
from app.show.markdown import to_markdown
from app.wording.writers import open_writer
from app.write import written
from index.library import Library
from index.secret import redact, reveals

if TYPE_CHECKING:
    from served_model import Asked, ServedModel

# With signs that JSON, HTML and addresses write otherwise.
KEY = 'sk-Lantern/0123+45&6"789'
PART = KEY[:9]
CAME = "{key}"  # of served_model

FORMS: dict[str, Any] = {
    "as it is": str,
    "in capitals": str.upper,
    "in escapes of JSON": lambda key: "".join(f"\\u{ord(one):04x}" for one in key),
    "in an address": lambda key: quote(key, safe=""),
    "in HTML": lambda key: "".join(f"&#{ord(one)};" for one in key),
    "with signs that nobody sees": "\u200b".join,
}

ECHOES: dict[str, Any] = {
    "a header": lambda s: s.ever("fine", headers={"X-Key": CAME, "Set-Cookie": f"key={CAME}"}),
    "the reason of a 200": lambda s: s.ever("fine", reason=CAME),
    "the reason of an error": lambda s: s.ever("status", status=500, reason=CAME),
    "Retry-After": lambda s: s.ever("status", status=429, retry_after=CAME),
    "a redirect": lambda s: s.ever("redirect", words=f"http://127.0.0.1:9/{CAME}?k={CAME}"),
    "a page": lambda s: s.ever("page", words=CAME),
    "half a body": lambda s: s.ever("bare", words=f"HTTP/1.1 200 OK\r\n\r\n{{{CAME}"),
    "a header that is none": lambda s: s.ever("bare", words=f"HTTP/1.1 200 OK\r\n{CAME}\r\n\r\n"),
    "a status line that is none": lambda s: s.ever("bare", words=f"{CAME}\r\n\r\n"),
    **{
        f"an error {status}": lambda s, status=status: s.ever(
            "status", status=status, words=f"Incorrect API key provided: {CAME}."
        )
        for status in (400, 401, 404, 429, 500, 503)
    },
    "an error that is cut off in the key": lambda s: s.ever(
        "status", status=400, words=f"{'x' * 148} {CAME}"
    ),
    "an error with tags in the key": lambda s: s.ever(
        "status", status=400, words=f"{'x' * 140} {KEY[:12]}<b>{KEY[12:]}</b>"
    ),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_no_fault_tells_the_key(
    echo: str,
    served_model: ServedModel,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ECHOES[echo](served_model)
    answers = asked(served_model, tmp_path)
    assert {one.key for one in served_model.log} == {KEY}
    told = "".join(f"{one} {one!r} {getattr(one, '__dict__', '')}" for one in answers)
    assert not leaks(told + caplog.text + "".join(capfd.readouterr()) + kept(tmp_path))


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_with_the_key_is_not_used(
    form: str, served_model: ServedModel, tmp_path: Path
) -> None:
    served_model.answer = lambda asked: f"Lanterns, {FORMS[form](asked.key)}, burn."
    (failure,) = asked(served_model, tmp_path)
    assert isinstance(failure, LanguageModelFailed)
    assert failure.kind == "broken answer" and "the key in it" in failure.came
    assert kept(tmp_path) == ""
    assert len(served_model.log) == 1  # another try would only send it again


def test_what_the_question_has_is_no_secret(served_model: ServedModel, tmp_path: Path) -> None:
    """Local servers take any key, such as the name of a program that papers write of."""
    prompt = Prompt("Say it.", "We ran it on Ollama.", 50)
    settings = served_model.settings(tmp_path, key="ollama")
    with closing(open_language_model(settings, "endpoint")) as model:
        (answer,) = model.complete([prompt], 20.0)
    assert isinstance(answer, Completion) and answer.text == "We ran it on Ollama."


@pytest.mark.parametrize("form", ["as it is", "in escapes of JSON"])
def test_no_digest_has_the_key(
    form: str,
    served_model: ServedModel,
    sample_library: Library,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The key stands between the words of sentences that would else be taken."""
    faults = sys.modules.get("faults_of_endpoints") or _faults()

    def repeats(question: Asked) -> str:
        said = json.loads(faults.faithful(question))
        answer = json.dumps(said, ensure_ascii=False)
        secret = FORMS[form](json.dumps(question.key)[1:-1])
        return answer.replace('"text": "', f'"text": "{secret} ', 1)

    served_model.answer = repeats
    settings = served_model.settings(
        tmp_path, key=KEY, timeout=15.0, digest_seconds=60.0, support_model="rules"
    )
    paper = sample_library.paper("choosing-passage-size")
    with open_writer(settings, "endpoint") as writer:
        passages, encoder = sample_library.passages(paper.id), sample_library.sentence_encoder
        digest = written(paper, passages, encoder, "en", writer)
        made_by = repr(writer.made_by("en"))
    assert served_model.log
    shown = to_markdown(digest) + to_html(digest) + DigestShape.of(digest).to_json()
    assert not leaks(repr(digest) + made_by + shown + caplog.text + kept(tmp_path))


def test_a_list_of_models_does_not_tell_the_key(served_model: ServedModel, tmp_path: Path) -> None:
    served_model.models = ["echo-2", CAME]
    said = describe_writer(served_model.settings(tmp_path, key=KEY))
    assert "lists no such model" in said and not leaks(said)


def test_a_key_is_found_and_hidden() -> None:
    for write in FORMS.values():
        assert reveals(f"a {write(KEY)} b", KEY)
    assert not reveals("a b", KEY) and not reveals("a b", "")
    assert redact(f"{KEY} {quote(KEY, safe='')} {escape(KEY)} {json.dumps(KEY)}", KEY) == (
        '*** *** *** "***"'
    )
    assert redact("a b", "") == "a b"


def asked(served: ServedModel, cache: Path) -> Sequence[Completion | LanguageModelFailed]:
    settings = served.settings(cache, key=KEY, timeout=15.0, tries=1)
    with closing(open_language_model(settings, "endpoint")) as model:
        return model.complete([Prompt("Say it.", "Lanterns burn.", 50)], 30.0)


def kept(folder: Path) -> str:
    """All that was written."""
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def leaks(text: str) -> bool:
    return reveals(text, KEY) or reveals(text, PART)


def _faults() -> Any:
    import importlib.util

    path = Path(__file__).with_name("test_faults.py")
    spec = importlib.util.spec_from_file_location("faults_of_endpoints", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
