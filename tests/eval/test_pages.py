"""What evaluations show: curves, ranks, and pages that ask no other host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from eval.pages import fill, first_rank, first_ranks, recall_curves, write_page
from index.config import Settings


def test_curves_by_hand() -> None:
    found = ["a", "b", "c", "d"]
    curves = recall_curves(
        {"dense": [(found, {"a", "d"}), (found, {"c"})], "words": [([], {"a"}), (found, {"b"})]}
    )
    assert curves["depths"] == [1, 2, 3, 5]  # five reach the last of four
    assert curves["recall"] == {"dense": [0.25, 0.25, 0.75, 1.0], "words": [0.0, 0.5, 0.5, 0.5]}
    assert recall_curves({"none": [([], {"a"})]}) == {"depths": [1], "recall": {"none": [0.0]}}


def test_ranks_by_hand() -> None:
    found = [str(number) for number in range(1, 301)]
    assert [first_rank(found, {one}) for one in ("1", "300", "none")] == [1, 300, 0]
    ranks = first_ranks([(found, {one, "299"}) for one in ("1", "5", "6", "100", "101", "none")])
    assert ranks == {
        "1": 1, "2": 0, "3": 0, "4 to 5": 1, "6 to 10": 1, "11 to 20": 0, "21 to 100": 1,
        "later": 2, "not found": 0,
    }  # fmt: skip
    assert first_ranks([(found[:3], {"none"})])["not found"] == 1


def retrieval(**changed: object) -> str:
    values = {
        "title": "How <papers> are found",
        "about": "1 claim",
        "curves": recall_curves({way: [(["a", "b"], {"b"})] for way in ("dense", "words", "both")}),
        "table": (("", "recall@10"), ("dense", "1.0000")),
        "best": "both",
        "ranks": first_ranks([(["a", "b"], {"b"})]),
        "instead": "What came first",
        "worst": [(0, "bees & <b>wasps</b>", "a")],
    }
    return fill("retrieval.html", **values | changed)


def test_a_page_of_retrieval() -> None:
    page = retrieval()
    assert page.count("<polyline") == 3
    dashes = re.findall(r'<polyline class="curve" style="[^"]+" stroke-dasharray="([^"]*)"', page)
    assert len(set(dashes)) == 3  # told apart without their colours
    assert 'points="60.0,280.0 620.0,20.0 "' in page  # nothing at 1, all at 2
    assert "bees &amp; &lt;b&gt;wasps" in page and "How &lt;papers&gt;" in page
    assert "not found</td><td>bees" in page
    assert "default-src 'none'" in page and "://" not in page
    with pytest.raises(UndefinedError):
        fill("retrieval.html", title="nothing else")


def test_a_page_is_kept_in_the_cache(tmp_path: Path) -> None:
    path = write_page(Settings(cache=tmp_path), "search", "<p>é")
    assert path == tmp_path / "evaluations" / "search.html"
    assert path.read_text(encoding="utf-8") == "<p>é"
