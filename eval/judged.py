"""Papers that a careful reader judged sentence by sentence, in the form of ``bench/digests``.

``FOLDER/ID.json`` has, for each item of the digest's template, the sentences that the reader would
print (``ideal``) and those that they accept under its heading (``ok``), as text; and questions with
the sentences that answer them. ``group`` is the paper's field. The PDFs lie in a folder
``papers/digests`` beside ``bench``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.corpus import DataUnusable
from index.config import Settings
from index.paper import Paper
from index.read import Reader

_SHARED = 0.8  # of the shorter text's runs, from which two texts are one sentence
_RUN = 5  # letters and digits
_SHORT = 12  # letters and digits; shorter texts have too few runs


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader said of one item: sentences to print, others to accept, or nothing there."""

    ideal: tuple[str, ...]
    ok: tuple[str, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A paper as it is read, and its judgements by item."""

    paper: Paper
    group: str
    items: Mapping[str, Judgement]


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question on a paper. ``answers`` is empty where the paper does not answer."""

    paper_id: str
    field: str
    text: str
    kind: str
    answers: tuple[str, ...]
    partial: tuple[str, ...]  # sentences that say a part of the answer

    @property
    def answerable(self) -> bool:
        """Whether the paper answers."""
        return bool(self.answers)


class Judge:
    """Compares quotes with judged sentences, whatever their marks, spaces and ends."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = [_Folded(text) for text in sentences]

    def accepts(self, quote: str) -> bool:
        """Whether 80 % of the shorter one's runs of five letters stand in the longer."""
        mine = _Folded(quote)
        return any(mine.is_like(one) for one in self._sentences)


class _Folded:
    """A text as its letters and digits, and their runs of five."""

    def __init__(self, text: str) -> None:
        self.text = re.sub(r"[\W_]+", "", text.lower())
        self.runs = [self.text[at : at + _RUN] for at in range(len(self.text) - _RUN + 1)]
        self.set = frozenset(self.runs)

    def is_like(self, other: _Folded) -> bool:
        short, long = (self, other) if len(self.text) <= len(other.text) else (other, self)
        if len(short.text) < _SHORT:
            return short.text == long.text or (len(short.text) > _RUN and short.text in long.text)
        if short.text in long.text:
            return True
        return sum(run in long.set for run in short.runs) >= _SHARED * len(short.runs)


def read_judged(folder: Path, settings: Settings | None = None) -> list[Judged]:
    """The judged papers of a folder, by id. Raises ``DataUnusable``."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataUnusable(folder, "it has no ID.json")
    found = []
    with Reader(settings or Settings()) as reader:
        for file, said in _said(files):
            pdf = folder.parents[1] / "papers" / "digests" / said["file"]
            if not pdf.is_file():
                raise DataUnusable(file, f"its paper {pdf} is not there")
            reading = reader.read(pdf, said["id"])
            if reading.paper is None:
                raise DataUnusable(pdf, f"it could not be read: {reading.reason}")
            items = {
                name: Judgement(tuple(one["ideal"]), tuple(one["ok"]), one["silent"])
                for name, one in said["items"].items()
            }
            found.append(Judged(reading.paper, said["group"], items))
    return found


def read_judged_questions(folder: Path) -> list[JudgedQuestion]:
    """The questions of a folder, by paper. Raises ``DataUnusable``."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            paper = json.loads(path.read_text(encoding="utf-8"))
            found += [
                JudgedQuestion(
                    paper["id"],
                    paper["group"],
                    one["question"],
                    one["kind"],
                    tuple(one["answers"] if one["answerable"] else ()),
                    tuple(one.get("partial") or ()),
                )
                for one in paper["questions"]
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataUnusable(path, f"is no paper with judged questions ({error!r})") from error
    if not found:
        raise DataUnusable(folder, "has no ID.json with judged questions")
    return found


def is_right(quote: str, sentences: Iterable[str]) -> bool:
    """Whether a quote is one of the judged sentences."""
    return Judge(tuple(sentences)).accepts(quote)


def _said(files: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in files:
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            missing = [key for key in ("id", "file", "group", "items") if key not in said]
        except (OSError, ValueError, TypeError) as error:
            raise DataUnusable(file, f"it is no JSON: {error}") from None
        if missing:
            raise DataUnusable(file, f"it has no {missing[0]!r}")
        yield file, said
