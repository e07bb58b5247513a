"""The app over a library of fakes, and a public one over a real library, in one process.

Run by the fixture ``served``: it prints the two addresses and serves until it is ended. Importing
Gradio takes a processor seven seconds, so that all browser tests share one such process.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import app.web.home
import app.write
import app.write.ask
from app.digest import Citation, Claim, Support
from app.serve.server import running
from app.serve.site import site_of
from app.web.session import Session
from app.write.ask import Answer, AnswerQuote
from app.write.saved import is_saved
from index.config import Settings
from index.hits import Hit, Passage
from index.library import Library
from index.paper import Block, Section, Sentence
from index.read.markup.markdown import read_markdown
from index.spans import Box, Span, Word, Words


def _fakes(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("fakes", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["fakes"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fakes = _fakes(sys.argv[1])
SHORT = "A lantern lasts 3.5 hours."
WORDS = "Each lantern burns for 3.5 hours."
write_for_real, ask_for_real = app.write.write_digest, app.write.ask.ask
worded_for_real, saved_for_real = Session.worded, Session.saved


class Lanterns(fakes.FakeLibrary):  # type: ignore[misc, name-defined]
    """The fake library, whose papers can be added with time to watch it."""

    model = "all-MiniLM-L6-v2"  # by its name, English only

    def add(self, source: Any, progress: Callable[[str], None] | None = None) -> Any:
        assert progress is not None
        name = source.path.stem
        for stage in ("read", "split", "embed", "store") if name != "locked" else ("read",):
            progress(stage)
            time.sleep(0.3)
        while name == "slow":  # until it is cancelled, which progress() raises
            time.sleep(0.1)
            progress("store")
        if name == "locked":
            return SimpleNamespace(
                paper_id=name, status="encrypted", reason="has a <b>password</b>"
            )
        self.rows.append(fakes.row(name))
        return SimpleNamespace(paper_id=name, status="ok", reason="", changed=True)

    def paper(self, paper_id: str) -> Any:
        if paper_id in OTHERS:
            return OTHERS[paper_id]
        if not any(one.id == paper_id for one in self.rows):
            return super().paper(paper_id)
        return replace(super().paper("text" if paper_id == "text" else "2401.00001"), id=paper_id)

    def search(self, query: str, k: int, filter: Any) -> Any:
        if query == "slow":
            time.sleep(2)
        if query == "momentum":
            return [hit_of(OTHERS["hills"], kind) for kind in ("table", "paragraph")]
        if query == "speed":
            return [hit_of(OTHERS["speeds"], "paragraph")]
        hits = super().search(query, k, filter)
        if query == "zzzzqqq xxyy":
            return [replace(hit, found_by="dense", score=0.2) for hit in hits]
        if query == "crowd":  # all of one paper, and one of another
            many = [hits[0]] * 20
            other = replace(hits[1].passage, paper_id="late")
            return [*many, replace(hits[1], passage=other, title="Late Lanterns")]
        paper = super().paper("2401.00001")
        return [replace(hit, boxes=paper.boxes(hit.passage.span)) for hit in hits]


def hills() -> Any:
    """A paper with formulas and a table, as its Markdown is read."""
    path = Path(sys.argv[1]).with_name("hills.md")
    return read_markdown(path, path.name, "hills")


def speeds() -> Any:
    """A PDF with mathematics, which has one page."""
    text = (
        "Speeds at Night\n\nThe walker has the speed v_max = ∑ x_i^2 at night, and sleeps by day."
    )
    words, line, left = [], 0, 40.0
    for found in re.finditer(r"\S+", text):
        if left > 300 or found.start() == text.index("The"):
            line, left = line + 1, 40.0
        box = Box(1, left, 40 + 20 * line, left + 6 * len(found[0]), 50 + 20 * line)
        words.append(Word(Span(*found.span()), box, line))
        left = box.x1 + 4
    span = Span(text.index("The"), len(text))
    return replace(
        fakes.LANTERNS,
        id="speeds",
        title="Speeds at Night",
        text=text,
        words=Words.of(words),
        pages=1,
        abstract=span,
        sections=(Section("Speeds", "method", 1, Span(0, len(text))),),
        sentences=(Sentence(span, "paragraph"),),
        blocks=(Block("paragraph", span),),
    )


OTHERS = {"hills": hills(), "speeds": speeds()}


def hit_of(paper: Any, kind: str) -> Any:
    """The last block of a kind as a passage that was found."""
    span = next(one.span for one in reversed(paper.blocks) if one.kind == kind)
    section = paper.section_at(span.start)
    passage = Passage(f"{paper.id}#x.1", paper.id, section.title, section.role, span,
                      span.of(paper.text))  # fmt: skip
    return Hit(passage, 0.5, "both", paper.title, paper.boxes(span))


def quotes_of(paper: Any) -> Any:
    """All sentences of a paper as its digest's summary."""
    claims = [
        Claim(
            " ".join(one.span.of(paper.text).split()),
            "quoted",
            (
                Citation(
                    f"{paper.id}#x.1", one.span.of(paper.text), one.span, paper.boxes(one.span)
                ),
            ),
            Support(1.0, "supported", ("verbatim",)),
        )
        for one in paper.sentences
    ]
    digest = fakes.make_digest(summary=claims)
    return replace(digest, paper=replace(digest.paper, id=paper.id, title=paper.title, url=None))


def write(
    library: Any, paper_id: str, lang: str = "en", writer: Any = app.write.EXTRACTIVE, **other: Any
) -> Any:
    """A digest of the lanterns, placed on their pages; for a real library a real one."""
    if not isinstance(library, Lanterns):
        return write_for_real(library, paper_id, lang, writer, **other)  # type: ignore[arg-type]
    if paper_id in OTHERS:
        return quotes_of(OTHERS[paper_id])
    time.sleep(2 if (paper_id, lang) == ("late", "en") else 0)
    paper = library.paper(paper_id)

    def placed(claim: Any) -> Any:
        cited = tuple(replace(one, boxes=paper.boxes(one.span)) for one in claim.citations)
        return replace(claim, citations=cited)

    digest = fakes.make_digest(lang)
    sections = tuple(replace(one, items=tuple(map(placed, one.items))) for one in digest.sections)
    return replace(digest, paper=replace(digest.paper, id=paper_id), sections=sections)


def ask(library: Any, question: str, within: Any = None) -> Any:
    """One sentence for a question with "long" in it, none for another."""
    if not isinstance(library, Lanterns):
        return ask_for_real(library, question, within=within)
    found = AnswerQuote(fakes.cited(WORDS, "method.1", 2), "2401.00001", "Lanterns", "Method", 1.0)
    return Answer(question, (found,) if "long" in question else (), ())


def worded(self: Session, paper_id: str, lang: Any, writer: str, on_section: Any) -> Any:
    """The digest with one sentence shortened, section by section."""
    if not isinstance(self.library, Lanterns):
        return worded_for_real(self, paper_id, lang, writer, on_section)
    digest = write(self.library, paper_id, lang)
    done = []
    for section in digest.sections:
        time.sleep(0.4 if section.items else 0)
        items = tuple(
            replace(claim, text=SHORT, origin="compressed") if "3.5" in claim.text else claim
            for claim in section.items
        )
        done.append(replace(section, items=items))
        on_section(done[-1])
        while paper_id == "late" and section.items:  # until it is stopped, which on_section raises
            time.sleep(0.2)
            on_section(done[-1])
    self.library.worded = replace(digest, sections=tuple(done), writer="local")
    return self.library.worded


def saved(self: Session, paper_id: str, lang: Any, writer: str) -> Any:
    """What ``worded`` has made."""
    if not isinstance(self.library, Lanterns):
        return saved_for_real(self, paper_id, lang, writer)
    return self.quoted(paper_id, lang) if writer == "extractive" else self.library.worded


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> None:
    """Serve both."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    vars(app.write)["write_digest"] = write
    vars(app.write.ask)["ask"] = ask
    vars(app.web.home)["is_saved"] = lambda library, paper_id, lang: (
        paper_id in library.digests
        if isinstance(library, Lanterns)
        else is_saved(library, paper_id, lang)
    )
    for name, method in (("worded", worded), ("saved", saved)):
        setattr(Session, name, method)
    Session.writers = lambda self: (  # type: ignore[method-assign]
        ("extractive", "local") if isinstance(self.library, Lanterns) else ("extractive",)
    )
    lanterns = Lanterns(
        rows=[
            fakes.row("2401.00001"),
            fakes.row("attack", title="<img src=x onerror=alert(1)> ${1+1} {{value}}"),
            fakes.row("text", title="A text", source="markdown"),
            fakes.row("late"),
        ]
    )
    lanterns.digests["2401.00001"] = fakes.make_digest()
    lanterns.directory = Path(os.environ["GLOSS_LIBRARY"] + "-of-fakes")
    public = Settings(
        library=Path(os.environ["GLOSS_LIBRARY"]), public={"enabled": True, "shared_papers": 5}
    )
    with Library.open(public) as library:
        fake_app, public_app = site_of(lanterns, Settings()).app, site_of(library, public).app
        with (
            running(fake_app, "127.0.0.1", free_port()) as first,
            running(public_app, "127.0.0.1", free_port()) as second,
        ):
            sys.stdout.write(f"{first} {second}\n")
            sys.stdout.flush()
            threading.Event().wait()


if __name__ == "__main__":
    main()
