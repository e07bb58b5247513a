"""Questions on papers with the sentences that answer them, as judges gave them.

A folder has ``ID.json`` for each paper: ``group`` (its field) and ``questions``, each with
``question``, ``kind``, ``answerable``, ``answers`` (every sentence that answers alone) and
``partial``. A sentence counts as a judged one where the shorter has 80 % of its runs of five
letters and digits in the longer, so that other sentence boundaries do no harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eval.corpus import DataUnusable

_RUN = 5
_ALIKE = 0.8


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


def read_judged(folder: Path) -> list[JudgedQuestion]:
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
    return any(_alike(quote, one) for one in sentences)


def _alike(one: str, other: str) -> bool:
    short, long = sorted((_letters(one), _letters(other)), key=len)
    if len(short) < 12:
        return short == long or (len(short) > 5 and short in long)
    if short in long:
        return True
    there = {long[at : at + _RUN] for at in range(len(long) - _RUN + 1)}
    runs = [short[at : at + _RUN] for at in range(len(short) - _RUN + 1)]
    return sum(run in there for run in runs) / len(runs) >= _ALIKE


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())
