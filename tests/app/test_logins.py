"""A login in an address (NAME:PASSWORD@) comes into no message, log or file.

As a setting it is refused; that of a proxy is used, and hidden in what is said of a fault.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from typer.main import get_command

from app.cli import app
from app.publish.daily_file import ConfigUnusable, read_daily
from index.config import Settings
from index.errors import FetchError, GlossError, ProxyUnusable, StoreUnusable
from index.fetch.polite import PoliteClient
from index.library import Library
from index.proxies import check_proxies
from index.secret import check_link, check_server, hide_logins, without_login

PASSWORD = "s3cret-Lantern"
LOGINS = (
    f"https://reader:{PASSWORD}@host.example/v1",
    f"https://{PASSWORD}@host.example",
    f"https://reader:{PASSWORD}/12@host.example",
    f"https://reader:{PASSWORD}#?\\@host.example",
    f"https://re@der:{PASSWORD}@host.example:6333",
)
SERVERS = (
    "QDRANT__URL", "ENDPOINT__URL", "MAIL__HOST",
    "ARXIV__API", "ARXIV__RSS", "ARXIV__OAI", "ARXIV__PDF",
)  # fmt: skip
LINKS = ("APP_URL", "PAGES_URL", "SOURCE_URL")
FORMER = ("QDRANT_URL", "ENDPOINT_URL", "ARXIV_API")
# What a command needs to come as far as its settings.
GIVEN: dict[str, list[str]] = {
    "add": ["{paper}"], "ask": ["x"], "backup": ["x"], "cite": ["x"], "compare": ["x", "y"],
    "diff": ["x"], "digest": ["x"], "export": ["x", "--bibtex", "-"],
    "daily": ["--config", "{config}"], "fetch": ["--category", "cs.CV"], "import": ["{file}"],
    "note": ["x", "y"], "page": ["--category", "all", "--out", "y"], "related": ["x"],
    "remove": ["x"], "restore": ["x"], "search": ["x"], "show": ["x"], "tag": ["x", "y"],
}  # fmt: skip
COMMANDS = sorted(set(get_command(app).commands) - {"eval", "models"})  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_tells_a_login(
    command: str,
    run_gloss: Callable[..., SimpleNamespace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("GLOSS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("GLOSS_QDRANT__URL", LOGINS[0])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.bib").write_text("@article{x, title={Lanterns}}")
    (tmp_path / "daily.toml").write_text('categories = ["cs.CL"]\nout = "out"\n')
    (tmp_path / "x.md").write_text("# Lanterns")
    files = {
        "file": tmp_path / "x.bib",
        "paper": tmp_path / "x.md",
        "config": tmp_path / "daily.toml",
    }
    given = [one.format(**files) for one in GIVEN.get(command, [])]
    told = run_gloss(command, *given)
    assert told.code == 2
    assert "s3cret" not in told.out + told.err + caplog.text
    assert "GLOSS_QDRANT__URL: has a login in it" in told.err
    assert "Traceback" not in told.err
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize("name", [*SERVERS, *LINKS, *FORMER])
def test_no_setting_has_a_login(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for login in LOGINS:
        monkeypatch.setenv(f"GLOSS_{name}", login)
        with pytest.raises(ValidationError) as refused:
            Settings()
        assert "has a login in it" in str(refused.value)
        assert "s3cret" not in str(refused.value)


def test_every_address_is_looked_at() -> None:
    """A setting that is called an address has one of the two checks, also a new one."""
    known = {f"gloss_{name}".lower() for name in (*SERVERS, *LINKS)}
    named = {
        "gloss_" + "__".join(path)
        for path in _fields(Settings.model_json_schema())
        if path[-1] in ("url", "host", "api", "rss", "oai", "pdf") or path[-1].endswith("_url")
    }
    assert named == known


def _fields(schema: dict[str, Any]) -> list[tuple[str, ...]]:
    groups = schema.get("$defs", {})

    def below(part: dict[str, Any], path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for name, field in part.get("properties", {}).items():
            target = field.get("$ref") or next(
                (one["$ref"] for one in field.get("allOf", ()) if "$ref" in one), ""
            )
            inner = groups.get(target.rpartition("/")[2])
            found += below(inner, (*path, name)) if inner else [(*path, name)]
        return found

    return below(schema, ())


def test_addresses_without_a_login() -> None:
    for address in ("", ":memory:", "http://127.0.0.1:6333/", "https://[::1]:6333", "smtp.example"):
        assert check_server(address) == address
    for address in ("", "https://blog.example/@ada/", "https://[2001:db8::1]/@ada", "/gloss/@x"):
        assert check_link(address) == address


def test_the_file_of_daily_has_none(tmp_path: Path) -> None:
    file = tmp_path / "daily.toml"
    file.write_text(f'categories = ["cs.CL"]\nout = "x"\npages_url = "{LOGINS[0]}"\n')
    with pytest.raises(ConfigUnusable, match="pages_url: has a login in it") as refused:
        read_daily(file)
    assert "s3cret" not in str(refused.value)


def test_an_error_hides_them_whoever_says_it() -> None:
    said = f"cannot reach http://reader:{PASSWORD}@proxy.example:3128/x; try again"
    hidden = "cannot reach http://***@proxy.example:3128/x; try again"
    errors = (GlossError(said), FetchError("x", said, "y"), StoreUnusable("z", said))
    for error in errors:
        assert hidden in str(error) and "s3cret" not in str(error)
    for login in LOGINS:
        assert "s3cret" not in hide_logins(f"({login})")
    assert hide_logins("ada@mail.example, https://a.example: b@c") == (
        "ada@mail.example, https://a.example: b@c"
    )
    assert without_login(LOGINS[0]) == "https://host.example/v1"


UNUSABLE = (
    f"http://reader:s3c/{PASSWORD}@127.0.0.1:9",
    f"ftp://reader:{PASSWORD}@127.0.0.1:9",
    f"http://reader:{PASSWORD}@[::1",
)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in UNUSABLE:
        monkeypatch.setenv(variable, address)
        with pytest.raises(ProxyUnusable, match=f"{variable}: no address of a proxy") as refused:
            check_proxies()
        assert "s3c" not in f"{refused.value!r} {refused.value.__cause__!r}"
    for address in ("", "proxy.example:3128", f"http://reader:{PASSWORD}@proxy.example:3128"):
        monkeypatch.setenv(variable, address)
        check_proxies()


@pytest.mark.parametrize("proxy", ["closed", UNUSABLE[0]])
def test_a_proxy_that_fails_is_named_without_it(
    proxy: str,
    run_gloss: Any,
    tmp_path: Path,
    cache_with_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """arXiv, a server of vectors, one of language models: each through the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    address = f"http://reader:{PASSWORD}@127.0.0.1:{port}" if proxy == "closed" else proxy
    for variable in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, address)
    for name, value in {
        "LIBRARY": str(tmp_path / "library"), "CACHE": str(cache_with_model),
        "ARXIV__TRIES": "1", "ARXIV__SECONDS": "0",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"GLOSS_{name}", value)
    told = [run_gloss("add", "2407.03300")]
    monkeypatch.setenv("GLOSS_QDRANT__URL", "https://vectors.example")
    monkeypatch.setenv("GLOSS_ENDPOINT__URL", "https://models.example/v1")
    monkeypatch.setenv("GLOSS_ENDPOINT__MODEL", "m")
    monkeypatch.setenv("GLOSS_WRITER", "endpoint")
    told += [run_gloss("search", "x"), run_gloss("doctor")]
    for one in told:
        assert "s3c" not in one.out + one.err and "Traceback" not in one.err
    assert (told[0].code == 2 and "2407.03300" in told[0].err) or "PROXY" in told[0].err


def test_a_login_of_an_earlier_version_goes(
    open_library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was saved with the server's address; the library is still that server's."""
    library = Library.open(Settings(library=tmp_path / "library"))
    library._catalog.set_meta({"store": LOGINS[0], "fingerprint": library.embedder.fingerprint})
    meta = library._catalog.meta()
    settings = library._settings.model_copy(
        update={"qdrant": library._settings.qdrant.model_copy(update={"url": "https://elsewhere"})}
    )
    monkeypatch.setattr(library._engines, "_settings", settings)
    said = library._engines._misfit(library.embedder, meta)
    assert "but in https://host.example/v1; set GLOSS_QDRANT__URL back" in said
    monkeypatch.setattr(
        library._engines,
        "_settings",
        settings.model_copy(
            update={"qdrant": settings.qdrant.model_copy(update={"url": "https://host.example/v1"})}
        ),
    )
    assert library._engines._misfit(library.embedder, meta) == ""
    library.close()


def test_the_client_of_arxiv_says_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", UNUSABLE[0])
    with pytest.raises(ProxyUnusable):
        PoliteClient(Settings(), tmp_path)
