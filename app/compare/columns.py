"""The columns of a table as data: which item of a digest, or which question, fills each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.digest import Claim, Language
from index.errors import EmptyQuery

# Where code is published. An own link to another place (a paper's DOI, its data) is no code.
_CODE_HOST = r"github\.com|gitlab\.|bitbucket\.org|codeberg\.org|sourceforge\.|huggingface\.co"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its cells are the first of ``items`` that the paper's digest states, else the
    answer to the first of ``questions`` that the paper answers.
    """

    name: str  # for programs: "main_result", "question.1"
    titles: dict[Language, str]
    items: tuple[str, ...] = ()  # of the digest's template
    questions: tuple[str, ...] = ()
    most: int = 1  # sentences of a cell
    words: str = ""  # a pattern that a quote of an item has; empty for any
    apart_from: tuple[str, ...] = ()  # roles of sections whose sentences are no answer
    in_words: bool = False  # whether a table's row of figures is no answer, either

    @property
    def is_own(self) -> bool:
        """Whether it is a question that a person added."""
        return self.name.startswith(_OWN)

    @property
    def asks_for(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What decides its cells."""
        return self.items, self.questions

    def takes_item(self, claim: Claim) -> bool:
        """Whether a sentence of its items may stand in it."""
        return re.search(self.words, claim.text, re.I) is not None

    def takes_answer(self, claim: Claim) -> bool:
        """Whether an answer to its questions may."""
        if any(cited.role in self.apart_from for cited in claim.citations):
            return False
        words = claim.text.split()
        figures = sum(any(map(str.isdigit, word)) for word in words)
        return not self.in_words or 2 * figures < len(words)


_OWN = "question."

COLUMNS: tuple[Column, ...] = (
    Column("task", {"en": "Task", "zh": "任务"}, items=("summary",)),
    Column(
        "data", {"en": "Data", "zh": "数据"},
        questions=(
            "Which dataset do the experiments use?",
            "How many participants or samples were there?",
            "Which data was the method evaluated on?",
        ),
        # Who collected the data, and where they can be had, is not which they are.
        apart_from=("acknowledgements", "other", "front", "references"),
        in_words=True,
    ),
    Column("method", {"en": "Method", "zh": "方法"}, items=("method",), most=2),
    Column(
        "main_result", {"en": "Main result", "zh": "主要结果"},
        items=("task_and_performance", "performance"), most=2,
    ),
    Column("limits", {"en": "Limits", "zh": "局限"}, items=("limits",), most=2),
    Column(
        "code", {"en": "Code", "zh": "代码"},
        items=("links",), words=_CODE_HOST, questions=("Is the source code available?",),
    ),
)  # fmt: skip


def question_columns(questions: Sequence[str]) -> tuple[Column, ...]:
    """A column for each question, without repetitions. Raises ``EmptyQuery`` for one without a
    letter or digit."""
    asked = dict.fromkeys(" ".join(question.split()) for question in questions)
    for question in asked:
        if not any(map(str.isalnum, question)):
            raise EmptyQuery
    return tuple(
        Column(f"{_OWN}{number}", {"en": question, "zh": question}, questions=(question,))
        for number, question in enumerate(asked, start=1)
    )
