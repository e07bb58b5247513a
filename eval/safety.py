"""Measures the safety of reading: hidden text is found, and odd files stay within the limits.

Each file is read once in its own worker, with its status, seconds and memory. Then a sentence is
planted into copies of the readable papers in every way of ``eval.hiding``: if hidden, it must be
reported on its page and not be in the paper's text; if visible, it must not be reported. A report
on an unchanged file counts as a false alarm, so the files should be clean.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.evaluation import Report
from eval.hiding import HIDING, PAGES, SENTENCE, SHOWING, plant
from index.config import Settings
from index.errors import GlossError
from index.paper import Reading
from index.read import KINDS, Reader

_SAMPLES = Path(__file__).parents[1] / "data"


class NothingToRead(GlossError):
    """No given file can be read by gloss."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no file that gloss reads; give files or folders of papers")
        self.path = path


@dataclass(frozen=True, slots=True)
class FileRead:
    """The result of one file. ``megabytes`` is the most that its worker took."""

    name: str
    status: str
    reason: str
    pages: int
    sentences: int
    findings: int
    seconds: float
    megabytes: float


@dataclass(slots=True)
class WayScore:
    """One way of planting: how often it was tried, and went right."""

    tried: int = 0
    right: int = 0

    @property
    def share(self) -> float:
        """Of the tries that went right."""
        return self.right / self.tried if self.tried else 0.0


def run(settings: Settings, data: Sequence[Path]) -> Report:
    """Read files and folders; without ``data`` the sample papers. Raises ``NothingToRead``."""
    files = [file for path in data or [_SAMPLES] for file in _files(path)]
    read: list[FileRead] = []
    clean: list[Path] = []
    unplanted: list[str] = []
    for file in files:
        one = settings.read.model_copy(update={"workers": 1})
        with Reader(settings.model_copy(update={"read": one})) as reader:
            began = time.monotonic()
            reading = reader.read(file)
            seconds = time.monotonic() - began
            read.append(_row(file, reading, seconds, reader.most_megabytes))
        paper = reading.paper
        if paper is not None and paper.source == "pdf" and paper.pages >= PAGES:
            clean.append(file)
    hiding = {way: WayScore() for way in HIDING}
    showing = {way: WayScore() for way in SHOWING}
    with Reader(settings) as reader, tempfile.TemporaryDirectory() as folder:
        for file in clean:
            for way in (*HIDING, *SHOWING):
                copy = Path(folder, "copy.pdf")
                try:
                    plant(file, way, copy)
                except Exception as error:  # PyMuPDF cannot write every file that it can read
                    unplanted.append(f"{file.name}, {way}: {type(error).__name__}: {error}")
                    continue
                score = hiding[way] if way in HIDING else showing[way]
                score.tried += 1
                score.right += _right(reader.read(copy), hidden=way in HIDING)
    return _report(read, hiding, showing, len(clean), unplanted)


def _files(path: Path) -> Iterator[Path]:
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [one for one in found if one.suffix.lower() in KINDS and one.is_file()]
    if not files:
        raise NothingToRead(path)
    yield from files


def _row(file: Path, reading: Reading, seconds: float, megabytes: float) -> FileRead:
    paper = reading.paper
    return FileRead(
        file.name,
        reading.status,
        reading.reason,
        paper.pages if paper else 0,
        len(paper.sentences) if paper else 0,
        len(paper.findings) if paper else 0,
        round(seconds, 2),
        round(megabytes),
    )


def _right(reading: Reading, *, hidden: bool) -> bool:
    """Whether every page's planted sentence was found, or none was taken for hidden."""
    paper = reading.paper
    if paper is None:
        return False
    start = " ".join(SENTENCE.split()[:4])
    pages = {one.box.page for one in paper.findings if one.box and start in one.text}
    if hidden:
        return pages == set(range(1, PAGES + 1)) and start not in paper.text
    return not pages


def _report(
    read: Sequence[FileRead],
    hiding: Mapping[str, WayScore],
    showing: Mapping[str, WayScore],
    planted: int,
    unplanted: Sequence[str],
) -> Report:
    papers = [row for row in read if row.status == "ok"]
    flagged = [row.name for row in papers if row.findings]
    measures: dict[str, Any] = {
        "files": [asdict(row) for row in read],
        "ok_without_sentences": sum(not row.sentences for row in papers),
        "planted_in": planted,
        "recall": {way: round(score.share, 4) for way, score in hiding.items()},
        "left_alone": {way: round(score.share, 4) for way, score in showing.items()},
        "papers_with_findings": round(len(flagged) / len(papers), 4) if papers else 0.0,
    }
    table = [("file or way", "status", "seconds", "MB", "right")]
    table += [
        (row.name, row.status, f"{row.seconds:.2f}", f"{row.megabytes:.0f}", "") for row in read
    ]
    table += [
        (way, "hidden" if way in hiding else "shown", "", "", f"{score.right} of {score.tried}")
        for way, score in (*hiding.items(), *showing.items())
    ]
    notes = [f"findings in {name}, as it came" for name in flagged]
    notes += [f"could not be planted: {one}" for one in unplanted]
    return Report(measures, tuple(table), tuple(notes))
