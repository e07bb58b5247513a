"""A visitor's own language model words their digests, and its key is nowhere afterwards."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.llm.cache import CachedModel
from app.llm.endpoint import open_endpoint
from app.web.own_endpoint import OwnEndpointRefused, with_own_endpoint
from app.web.session import Session
from app.web.visitors import Visitors
from index.config import Settings
from index.library import Library

if TYPE_CHECKING:
    from served_model import Asked, ServedModel

KEY = "sk-visitors-own-4711"


def in_the_third_person(asked: Asked) -> str:
    quotes = re.findall(r'<evidence number="(\d+)">(.*?)</evidence>', asked.user)
    said = [
        {"text": re.sub(r"\b[Ww]e\b", "The authors", text), "evidence": [int(number)]}
        for number, text in quotes
        if len(text.split()) <= 39 and text.startswith("We ")
    ]
    return json.dumps({"sentences": said or [{"text": "Nothing.", "evidence": [1]}]})


def test_a_digest_by_a_visitors_model_leaves_no_key_behind(
    served_model: ServedModel,
    sample_library: Library,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    served_model.answer = in_the_third_person
    monkeypatch.setattr(
        "app.web.own_endpoint._look_up", lambda address: None
    )  # it is of this machine
    settings = Settings(cache=tmp_path / "cache", public={"enabled": True})
    visitors = Visitors(sample_library, settings)
    try:
        session = visitors.of("ada").with_endpoint(served_model.url, "own", KEY)
        assert session.writers()[-1] == "endpoint"
        ready: list[Any] = []
        digest = session.worded("choosing-passage-size", "en", "endpoint", ready.append)
        assert digest.usage.accepted > 0 and ready
        sent = {
            {name.lower(): value for name, value in asked.headers.items()}.get("authorization")
            for asked in served_model.log
        }
        assert sent == {f"Bearer {KEY}"}
        # It is hers, and nothing of it is the server's.
        assert session.saved("choosing-passage-size", "en", "endpoint") == digest
        kept = sample_library.newest_digest("choosing-passage-size", "en", "endpoint")
        assert kept is None
        shown = [session.reader(digest, "en"), repr(session), repr(session.settings), str(digest)]
        out = capfd.readouterr()
        for said in (*shown, caplog.text, out.out, out.err):
            assert KEY not in said
        for folder in (sample_library.directory, tmp_path):
            for path in folder.rglob("*"):
                assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
        assert not (tmp_path / "cache" / "answers").exists()
    finally:
        visitors.close()


@pytest.mark.parametrize(
    ("address", "model", "why"),
    [
        ("https://127.0.0.1/v1", "m", "no server of the internet"),
        ("https://localhost/v1", "m", "no server of the internet"),
        ("https://169.254.169.254/latest", "m", "no server of the internet"),
        ("https://10.1.2.3:8443/v1", "m", "no server of the internet"),
        ("https://[::1]/v1", "m", "no server of the internet"),
        ("https://2130706433/v1", "m", "no server of the internet"),
        ("https://[64:ff9b::127.0.0.1]/v1", "m", "no server of the internet"),
        ("https://[2002:7f00:1::1]/v1", "m", "no server of the internet"),
        ("https://100.64.0.1/v1", "m", "no server of the internet"),
        ("http://api.example.org/v1", "m", "begins with https://"),
        ("file:///etc/passwd", "m", "begins with https://"),
        ("https://no.such.host.invalid/v1", "m", "cannot be found"),
        ("https://[::1", "m", "begins with https://"),
        *(
            (f"https://{host}/v1", "m", "no server of the internet")
            for host in (
                "[::ffff:127.0.0.1]",
                "[::ffff:a9fe:a9fe]",
                "[::ffff:0:127.0.0.1]",
                "[fd00:ec2::254]",
                "0x7f.1",
                "127.1",
                "017700000001",
                "0",
                "0.0.0.0",
                "[::]",
                "①②⑦.⓪.⓪.①",
                "LOCALHOST",
                "1.1.1.1@127.0.0.1",
                "127.0.0.1#@1.1.1.1",
                "1.1.1.1\t@127.0.0.1",
            )
        ),
        *(
            (f"https://{host}/v1", "m", "cannot be found")
            for host in (
                "a" * 64 + ".invalid",
                ".invalid",
                "a..invalid",
                "\ud83d.invalid",
                "a." * 3000 + "invalid",
                "\0.invalid",
            )
        ),
        ("https://api.example.org/v1", "", "both"),
        ("", "m", "both"),
    ],
)
def test_a_public_instance_asks_no_address_of_its_own_network(
    address: str, model: str, why: str
) -> None:
    with pytest.raises(OwnEndpointRefused, match=re.escape(why)) as refused:
        with_own_endpoint(Settings(public={"enabled": True}), address, model, KEY)
    assert KEY not in str(refused.value)
    assert len(str(refused.value).encode()) < 1000


def test_on_ones_own_machine_any_server_will_do() -> None:
    settings = Settings()
    own = with_own_endpoint(settings, " http://127.0.0.1:11434/v1 ", "qwen", KEY)
    assert (own.endpoint.url, own.endpoint.model) == ("http://127.0.0.1:11434/v1", "qwen")
    assert own.endpoint.key.get_secret_value() == KEY and not own.keep_answers
    assert with_own_endpoint(settings, "", " ", "") is settings
    with pytest.raises(OwnEndpointRefused, match="no address"):
        with_own_endpoint(settings, "ftp://host", "m", KEY)


def test_answers_are_kept_unless_they_are_a_visitors(tmp_path: Path) -> None:
    settings = Settings(endpoint={"url": "http://h/v1", "model": "m"}, cache=tmp_path)
    for keep in (True, False):
        model = open_endpoint(settings.model_copy(update={"keep_answers": keep}))
        try:
            assert isinstance(model, CachedModel) is keep
        finally:
            model.close()


def test_a_session_without_a_model_of_its_own_is_as_it_was(sample_library: Library) -> None:
    session = Session(sample_library, settings=Settings())
    assert session.with_endpoint("", "", "").writers() == session.writers()
