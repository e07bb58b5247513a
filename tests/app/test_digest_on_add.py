"""Whatever adds a paper writes its digest: ``gloss add`` and ``import``, the app, Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

import app.write
import app.write.lock
import gloss
import index.embed
from app.serve import warming
from app.serve.late import Late
from app.serve.site import Site
from app.serve.traffic import Traffic
from app.web.home import newest_of, with_pages
from app.web.session import Session
from app.write.saved import is_saved
from index.config import Settings
from index.embed import ModelCheck

ID = "2407.03300"
PDF = Path(__file__).parents[2] / "data" / "cited-digests.pdf"


def test_the_saved_digest_is_the_one_that_is_printed(
    gloss_on_disk: Any, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gloss = gloss_on_disk
    added = gloss("add", str(versions[0]))
    assert (added.code, added.out.startswith(f"{ID}  ok  "), added.err) == (0, True, "")
    assert f"{ID}v1/en/" in gloss("search", "--in", "digests", "lantern").out
    locked = gloss("digest", ID, "--locked", "--json").out
    with monkeypatch.context() as patched:
        patched.setattr(app.write, "select", None)  # nothing is chosen any more
        assert gloss("digest", ID, "--json").out == locked
        assert gloss("add", str(versions[0])).out.endswith("unchanged\n")
    assert gloss("add", str(versions[1])).code == 0
    assert gloss("digest", f"{ID}v2", "--locked", "--json").out != locked


def test_it_can_be_turned_off_and_made_up_for(
    gloss_on_disk: Any, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gloss = gloss_on_disk
    monkeypatch.setattr(index.embed, "check_model", lambda *_: ModelCheck("f" * 64, "", ()))
    monkeypatch.setenv("GLOSS_DIGEST_ON_ADD", "false")
    assert gloss("add", str(versions[0])).code == 0
    assert "no digest to search yet" in gloss("search", "--in", "digests", "lantern").err
    assert "without a digest" not in gloss("doctor").out
    monkeypatch.delenv("GLOSS_DIGEST_ON_ADD")
    examined = gloss("doctor")
    assert (examined.code, examined.err) == (0, "")
    assert "\nwithout a digest      1: `gloss digest --all` or" in examined.out
    repaired = gloss("doctor", "--repair")
    assert (repaired.code, "without a digest" in repaired.out) == (0, False)
    assert "\ndigests               1 saved, 0 stale\n" in repaired.out
    assert f"{ID}v1/en/" in gloss("search", "--in", "digests", "lantern").out


def test_a_paper_is_in_whatever_becomes_of_its_digest(
    gloss_on_disk: Any, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gloss, write = gloss_on_disk, app.write.write_digest

    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError("a slip of ours")

    def is_interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.write, "write_digest", fails)
    added = gloss("add", str(versions[0]))
    assert (added.code, added.out.startswith(f"{ID}  ok")) == (0, True)
    assert added.err.startswith(f"gloss: {ID}: ValueError: a slip of ours")
    monkeypatch.setattr(app.write, "write_digest", is_interrupted)
    ended = gloss("add", str(versions[1]))
    assert (ended.code, ended.out.startswith(f"{ID}  ok"), ended.err) == (130, True, "")
    assert gloss("digest", ID, "--locked").code == 2
    monkeypatch.setattr(app.write, "write_digest", write)
    assert gloss("add", str(versions[1])).out.endswith("unchanged\n")
    assert gloss("digest", ID, "--locked").code == 0


@pytest.mark.parametrize("on", [True, False])
def test_the_app_and_python_write_it_too(
    open_library: Any, versions: tuple[Path, Path], tmp_path: Path, on: bool
) -> None:
    settings = Settings(library=tmp_path / "library", digest_on_add=on)
    for add in (
        lambda library: Session(library, settings=settings).add(versions[0], lambda stage: None),
        lambda library: gloss.add(library, versions[0], settings=settings),
    ):
        with open_library(settings) as library:
            add(library)
            assert library.digested(5) == ([ID] if on else [])
            if on:
                assert library.search_claims("lantern", 1)[0].claim.paper_id == ID
            library.remove(ID)


def test_a_paper_stays_whose_digest_fails(
    open_library: Any,
    versions: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError("a slip of ours")

    settings = Settings(library=tmp_path / "library")
    with open_library(settings) as library:
        with monkeypatch.context() as patched:
            patched.setattr(app.write, "write_digest", fails)
            with pytest.warns(UserWarning, match="a slip of ours"):
                (outcome,) = gloss.add(library, versions[0], settings=settings)
            Session(library, settings=settings).add(versions[1], lambda stage: None)
        assert outcome.added is not None and library.paper(ID).version == 2
        assert "a bug: ValueError" in caplog.text


def test_an_import_writes_it(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    entry = f"TY  - JOUR\nTI  - Lanterns\nL1  - {versions[0].name}\nER  - \n"
    (tmp_path / "refs.ris").write_text(entry, encoding="utf-8")
    assert gloss_on_disk("import", str(tmp_path / "refs.ris")).code == 0
    assert f"{ID}v1/en/" in gloss_on_disk("search", "--in", "digests", "lantern").out


def test_a_server_writes_one_for_its_first_screen_after_an_update(
    open_library: Any, versions: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "http://127.0.0.1:9/"  # whose page is not there: the rest is made all the same
    settings = Settings(library=tmp_path / "library")
    with open_library(settings) as library:
        gloss.add(library, versions[0], settings=settings)
        monkeypatch.setattr(app.write.lock, "__version__", "9.9")
        assert not is_saved(library, ID, "en")
        made: list[str] = []

        def make() -> FastAPI:
            made.append("digest" if is_saved(library, ID, "en") else "none yet")
            return FastAPI()

        site = Site(FastAPI(), Late(make), Traffic())
        monkeypatch.setattr(warming, "_REST", 0.0)
        warming.warm(library, nobody, site)
        assert made == ["none yet"]
        assert is_saved(library, ID, "en")
        gloss.add(library, PDF, settings=settings)
        monkeypatch.setattr(app.write.lock, "__version__", "9.10")
        (paged,) = with_pages(library, newest_of(library))
        assert [one.id for one in newest_of(library)] == [
            ID,
            paged.id,
        ]  # nothing to be lit on first
        warming.warm(library, nobody, site)
        assert is_saved(library, paged.id, "en")
        with monkeypatch.context() as patched:
            patched.setattr(app.write, "select", None)  # nothing is chosen any more
            warming.warm(library, nobody, site)
