"""Rules against a classifier: what is counted, and that no paper is learnt from itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import eval.lines as lines

SAMPLES = sorted((Path(__file__).parents[2] / "data").glob("*.pdf"))
HEADINGS = {
    "every-sentence-needs-a-source": ["Introduction", "Results"],
    "cited-digests": ["Introduction", "Method"],
}


@pytest.fixture(scope="module")
def papers() -> list[lines.Example]:
    return [lines.example(path, path.stem, HEADINGS[path.stem], "") for path in SAMPLES]


def test_a_score_counts_headings_once(papers: list[lines.Example]) -> None:
    paper = papers[0]
    right = [n for n in paper.headings if lines._spelling(paper.parts[n].text) in paper.wanted]
    assert lines.heading_score(paper, right) == pytest.approx(
        2 * len(right) / (len(right) + len(paper.wanted or ()))
    )
    assert lines.heading_score(paper, []) == 0.0


def test_no_paper_is_learnt_from_itself(
    papers: list[lines.Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    def learnt(rows: list[lines.Row], right: list[bool], asked: list[lines.Row]) -> object:
        assert len(rows) == len(right) and not any(row in rows for row in asked)
        return np.zeros(len(asked))

    monkeypatch.setattr(lines, "learnt", learnt)
    compared = list(lines.compare_headings(papers, ()))
    assert [name for name, _, _ in compared] == [paper.name for paper in papers]
    assert all(rules > 0 and line == 0 for _, rules, line in compared)


def test_the_end_of_an_abstract_is_the_paragraph_with_its_last_words() -> None:
    path = SAMPLES[0]
    paper = lines.example(path, path.stem, None, "")
    assert lines.abstract_run(paper) is None  # nobody said where it ends
