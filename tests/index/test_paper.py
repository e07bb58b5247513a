"""A paper's parts by their places."""

from __future__ import annotations

from index.paper import Paper, Section
from index.spans import Span


def test_the_section_of_an_offset() -> None:
    sections = (Section("", "other", 1, Span(0, 9)), Section("B", "method", 1, Span(9, 30)))
    paper = Paper("p", None, "pdf", "", 30 * "x", "T", sections=sections)
    assert paper.section_at(0).title == ""
    assert paper.section_at(8).title == ""
    assert paper.section_at(9).title == "B"
    assert paper.section_at(29).title == "B"
