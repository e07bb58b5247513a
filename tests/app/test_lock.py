"""The lock: the same library gives the same bytes, and what has changed since is named."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app.wording.writers
import app.write.lock
import app.write.saved
import index.embed
from app.cli.doctor import examine
from app.digest import Digest, DigestSection, Language, Usage
from app.documents.digests import DigestShape
from app.documents.installation import DigestCounts
from app.show.html import to_html
from app.show.markdown import to_markdown
from app.wording.writers import made_by
from app.write import Worded, write_digest
from app.write.lock import changed_parts, lock_of, name_of, sealed, source_hash
from app.write.saved import Stale, changed_since, from_text, in_words, locked_digest, stale_digests
from index.config import Settings
from index.embed import ModelCheck
from index.errors import GlossError, LibraryReadOnly, PaperChanged
from index.sources import Source

ID = "2407.03300"
FORMS: tuple[Callable[[Digest], object], ...] = (
    to_markdown,
    to_html,
    lambda digest: DigestShape.of(digest).to_json(),
)
PARTS = {
    "gloss", "lang", "writer", "paper", "text", "reading", "parser", "template",
    "evidence", "encoder", "rules", "rendering",
}  # fmt: skip


def bytes_of(digest: Digest) -> list[object]:
    return [form(digest) for form in FORMS]


@pytest.fixture
def library(open_library: Any, versions: tuple[Path, Path], tmp_path: Path) -> Any:
    """With the first version of the paper on lanterns, and no digest."""
    with open_library(tmp_path / "library") as opened:
        opened.add(Source(versions[0], "first"))
        yield opened


def change(monkeypatch: pytest.MonkeyPatch, *parts: str) -> None:
    """Let the code behind parts of the lock be other code."""
    monkeypatch.setattr(
        app.write.lock, "source_hash", lambda part: "new" if part in parts else source_hash(part)
    )


def test_a_lock_names_all_that_decides_the_bytes(library: Any, fake_embedder: Any) -> None:
    added = {"language_model": "m", "prompts": "p", "glossary": "g"}
    lock = lock_of(library, ID, "zh", "local", added)
    assert set(lock) == PARTS | set(added)
    assert all(isinstance(value, str) and value for value in lock.values())
    assert (lock["lang"], lock["writer"], lock["prompts"]) == ("zh", "local", "p")
    assert lock["paper"] == library.paper(ID).sha256
    digest = write_digest(library, ID)
    assert set(digest.lock) == PARTS | {"passages"}


def test_the_lock_holds_the_passages_that_are_cited(library: Any) -> None:
    digest = write_digest(library, ID)
    less = replace(digest, sections=tuple(replace(one, items=()) for one in digest.sections))
    assert sealed(digest, {}).lock["passages"] == digest.lock["passages"]
    assert sealed(less, {}).lock["passages"] != digest.lock["passages"]


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.permutations(range(7)), lang=st.sampled_from(["en", "zh"]))
def test_the_same_library_gives_the_same_bytes(open_library: Any, order: Any, lang: Any) -> None:
    sentences = [
        "We present a lantern that lights long paths for people who walk at night.",
        "The lantern burns for 3.5 hours on average over twenty nights of many tests.",
        "In the wind it went out in only 2% of all nights, while candles went out in 61%.",
        "Our method feeds the flame by a wick of cotton that a small screw controls.",
        "We show that it outperforms all candles that were tested here before.",
        "Candles are a problem in the wind, which has been known for a very long time.",
        "A limitation of this lantern is that it was never tested in heavy rain at all.",
    ]
    text = "# Lanterns\n\n## Abstract\n\n" + " ".join(sentences[at] for at in order)
    written = []
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder, "lanterns.md")
        paper.write_text(text)
        for name in ("one", "other"):
            with open_library(Path(folder, name)) as library:
                assert library.add(Source(paper, "lanterns")).status == "ok"
                twice = [write_digest(library, "lanterns", lang) for _ in range(2)]
                written += [*twice, locked_digest(library, "lanterns", lang, "extractive")]
    assert written[0].claims
    assert all(bytes_of(one) == bytes_of(written[0]) for one in written)


def test_a_digest_is_written_once(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = write_digest(library, ID)
    monkeypatch.setattr(app.write, "select", None)  # nothing is chosen any more
    monkeypatch.setattr(library, "save_digest", None)  # and nothing saved
    assert write_digest(library, ID) == digest


class Unsteady:
    """A writer whose model answers so many of three calls, call by call of ``word``."""

    name = "endpoint"

    def __init__(self, *answered: int) -> None:
        self.answered = list(answered)

    def made_by(self, lang: Language) -> Mapping[str, str]:
        return {"language_model": "m"}

    def word(
        self, sections: Sequence[DigestSection], lang: Language, on_section: Any = None
    ) -> Worded:
        accepted = self.answered.pop(0)
        usage = Usage(sentences=3, accepted=accepted, calls=3, failed=3 - accepted)
        return Worded(tuple(sections), usage=usage)


def test_what_a_passing_fault_left_is_asked_again(library: Any) -> None:
    writer = Unsteady(0, 2, 1, 3)
    seen = [write_digest(library, ID, writer=writer).usage.accepted for _ in range(6)]
    assert seen == [0, 2, 2, 3, 3, 3]  # never fewer than before, and final once all were answered
    assert writer.answered == []
    writer.answered = [3]
    write_digest(library, ID, writer=writer, again=True)
    assert writer.answered == []


def test_quotes_are_chosen_once_for_all_languages(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = write_digest(library, ID)
    monkeypatch.setattr(app.write, "select", None)
    chinese = write_digest(library, ID, "zh")
    assert (chinese.lang, chinese.lock["lang"]) == ("zh", "zh")
    assert chinese.sections == english.sections
    assert locked_digest(library, ID, "en", "extractive") == english
    assert locked_digest(library, ID, "zh", "extractive") == chinese


def test_other_code_of_the_page_does_not_write_a_digest_anew(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_digest(library, ID)
    change(monkeypatch, "rendering")
    assert changed_since(library, before) == ("rendering",)
    monkeypatch.setattr(app.write, "select", None)
    after = write_digest(library, ID)
    assert after == replace(before, lock={**before.lock, "rendering": "new"})
    assert changed_since(library, locked_digest(library, ID, "en", "extractive")) == ()


@pytest.mark.parametrize("part", ["parser", "template", "evidence", "encoder", "rules"])
def test_other_code_writes_a_digest_anew(
    library: Any, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = write_digest(library, ID)
    change(monkeypatch, part)
    locked = locked_digest(library, ID, "en", "extractive")
    assert locked == before
    assert changed_since(library, locked) == (part,)
    monkeypatch.setattr(app.write, "select", None)
    with pytest.raises(TypeError):
        write_digest(library, ID)


def test_a_writers_parts_are_of_the_lock(library: Any) -> None:
    now = lock_of(library, ID, "en", "local", {"language_model": "a", "prompts": "b"})
    other = {**now, "language_model": "c"}
    assert name_of(now) != name_of(other)
    assert changed_parts(other, now) == ("language model",)
    del other["prompts"]
    assert changed_parts(other, now) == ("language model", "prompts")
    assert name_of(now) == name_of({**now, "rendering": "x", "passages": "y"})


def test_a_paper_that_is_replaced_while_its_lock_is_made(
    library: Any, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = library.fingerprint

    def slow(paper_id: str) -> Any:
        library.add(Source(versions[1], "second"))
        return real(paper_id)

    monkeypatch.setattr(library, "fingerprint", slow)
    with pytest.raises(PaperChanged):
        write_digest(library, ID)


def test_how_many_digests_are_stale(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stale_digests(library, partial(made_by, Settings())) == Stale(0, 0)
    write_digest(library, ID)
    change(monkeypatch, "rules")
    write_digest(library, ID, "zh")  # in place of nothing; the English one is of former rules
    assert stale_digests(library, partial(made_by, Settings())) == Stale(2, 1)
    library.save_digest(ID, "odd", "{}", "en", writer="old")
    assert stale_digests(library, partial(made_by, Settings())) == Stale(3, 2)

    def missing(*_: object) -> Any:
        raise GlossError("no model")

    assert stale_digests(library, missing) == Stale(3, 1, unknown=2)


def test_what_changed_in_words() -> None:
    assert in_words(("parser",)) == "parser has changed"
    assert in_words(("parser", "rules")) == "parser and rules have changed"
    assert in_words(("paper", "text", "reading")) == "paper, text and reading have changed"


def test_an_older_form_of_digest_is_none() -> None:
    assert from_text('{"paper": {}}') is None


def test_the_locked_digest_is_printed_whatever_has_changed(
    gloss_on_disk: Any, versions: tuple[Path, Path], fake_embedder: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("GLOSS_DIGEST_ON_ADD", "false")
    assert gloss_on_disk("add", str(versions[0])).code == 0
    none = gloss_on_disk("digest", ID, "--locked")
    assert (none.code, none.out) == (2, "")
    assert none.err == (
        f"gloss: {ID}: no digest is saved in en by the writer extractive; "
        f"`gloss digest {ID} --lang en --writer extractive` writes one\n"
    )
    forms = [(), ("--format", "html"), ("--json",)]
    for lang in ("en", "zh"):
        as_it_was = [gloss_on_disk("digest", ID, "--lang", lang, *form).out for form in forms]

        def locked(lang: str = lang, was: list[str] = as_it_was) -> set[str]:
            """What is said on standard error; what is printed stays the same."""
            asked = ["digest", ID, "--lang", lang, "--locked"]
            ran = [gloss_on_disk(*asked, *form) for form in forms]
            assert [one.out for one in ran] == was
            assert {one.code for one in ran} == {0}
            return {one.err for one in ran}

        options = " --lang zh" * (lang == "zh")
        again = f"gloss digest {ID}{options} writes it again"
        assert locked() == {""}
        with monkeypatch.context() as patched:
            change(patched, "parser")
            assert locked() == {f"gloss: stale: parser has changed since; {again}\n"}
        with monkeypatch.context() as patched:
            patched.setattr(app.wording.writers, "made_by", lambda *_: {"language_model": "m"})
            assert locked() == {f"gloss: stale: language model has changed since; {again}\n"}
        with monkeypatch.context() as patched:
            patched.setattr(fake_embedder, "fingerprint", "fake-2")
            assert locked() == {""}  # no vector decides what is quoted
    gloss_on_disk("add", str(versions[1]))
    assert locked() == {
        f"gloss: stale: paper, text and reading have changed since; {again}; "
        f"gloss diff {ID} shows what stands\n"
    }
    assert gloss_on_disk("digest", f"{ID}v1", "--locked").code == 0
    assert gloss_on_disk("digest", f"{ID}v2", "--locked").code == 2
    assert gloss_on_disk("digest", "--all", "--locked").code == 2


def test_news_of_arxiv_is_no_part_of_a_locked_digest(
    gloss_on_disk: Any, versions: tuple[Path, Path], open_library: Any, tmp_path: Path
) -> None:
    from index.catalog import KnownVersion

    gloss_on_disk("add", str(versions[0]))
    was = gloss_on_disk("digest", ID).out
    with open_library(tmp_path / "library") as library:
        library.record_versions([KnownVersion(ID, 3, False)])
    assert "Version 3 is on arXiv" in gloss_on_disk("digest", ID).out
    locked = gloss_on_disk("digest", ID, "--locked")
    assert locked.out == was
    assert "Version 3 is on arXiv" in locked.err


def test_the_doctor_counts_stale_digests(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("GLOSS_DIGEST_ON_ADD", "false")
    monkeypatch.setattr(index.embed, "check_model", lambda *_: ModelCheck("f" * 64, "", ()))
    gloss_on_disk("add", str(versions[0]))
    asked = Settings(library=tmp_path / "library")
    assert "digests" not in dict(examine(asked).lines())
    written = gloss_on_disk("digest", ID)
    assert (written.code, written.err) == (0, "")
    found = examine(asked)
    assert found.problems == ()
    assert dict(found.lines())["digests"] == "1 saved, 0 stale"
    change(monkeypatch, "parser")
    found = examine(asked)
    assert found.problems == ()
    assert dict(found.lines())["digests"] == "1 saved, 1 stale: `gloss digest ID` writes one again"
    assert found.document().library.digests == DigestCounts(saved=1, stale=1, unknown=0)


@pytest.mark.parametrize("again", [False, True])
def test_what_could_not_be_kept_is_not_asked_for(
    library: Any, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    kept = write_digest(library, ID)
    full = LibraryReadOnly(library.directory, "the disk is full")
    monkeypatch.setattr(type(library), "check_writable", lambda _: (_ for _ in ()).throw(full))
    writer = Unsteady()  # which has no answer
    with pytest.raises(LibraryReadOnly, match="the disk is full"):
        write_digest(library, ID, writer=writer, again=again)
    assert write_digest(library, ID) == kept
