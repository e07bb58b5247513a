"""Rules against a classifier: what makes a line a title's, an author's or a place's."""

from __future__ import annotations

from pathlib import Path

import pytest

import eval.front_lines as front_lines
from index.read.page.pages import Line, PageWord, Style

PLAIN = Style(10.0, False, False, False, False, False, "Serif")
SAID = (
    "Counting the Leaves of",
    "Sparse Forests",
    "Ada Lovelace1, Wei Zhang2",
    "1 Institute of Patience, Oslo",
    "2 Leaves",
    "Leaves of the forest are counted by Ada Lovelace.",
)


def _line(number: int, text: str) -> Line:
    y = 20.0 * number
    words = [
        PageWord(word, 50.0 * n, y, 50.0 * n + 40, y + 10, ((word, PLAIN),))
        for n, word in enumerate(text.split())
    ]
    return Line(1, 0, words)


@pytest.mark.parametrize(
    ("places", "kinds"),
    [
        (["Institute of Patience, Oslo", "Leaves"], ["affiliation", "affiliation"]),
        # As somebody wrote it who did not copy it: what stands there in one piece counts.
        (["University of Trees, Institute of Patience, Norway"], ["affiliation", "other"]),
        ([], ["other", "other"]),
    ],
)
def test_a_line_is_what_most_of_its_letters_are(places: list[str], kinds: list[str]) -> None:
    lines = [_line(n, text) for n, text in enumerate(SAID)]
    found = front_lines.kinds_of(
        lines, "Counting the Leaves of Sparse Forests", ["Ada Lovelace", "Wei Zhang"], places
    )
    assert found == ["title", "title", "authors", *kinds, "other"]


def test_nothing_is_learnt_from_the_paper_itself_or_one_without_places() -> None:
    def paper(name: str, kind: str, located: bool) -> front_lines.FrontLines:
        return front_lines.FrontLines(name, [[0.0], [1.0]], [kind, "other"], ["other"] * 2, located)

    papers = [paper("a", "title", True), paper("b", "authors", True), paper("c", "title", False)]
    said = {one.name: kinds[0] for one, kinds in front_lines.judged(papers)}
    assert said["a"] != "title" and said["b"] != "authors"
    assert front_lines.counted([(papers[2], ["title", "affiliation"])]).startswith(
        "2 lines, right 1.000; title 1.000 (1)"
    )


def test_a_paragraph_that_begins_with_a_label_has_one_by_truth_and_by_rule() -> None:
    path = Path(__file__).parents[2] / "data" / "every-sentence-needs-a-source.pdf"
    rows, right, ruled = front_lines.run_in_rows(path, [])
    assert len(rows) == len(right) == len(ruled) > 5 and not any(right)
