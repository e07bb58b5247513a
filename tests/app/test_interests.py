"""What a reader keeps, how near a day's papers are to it, and which papers a filter lets pass."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.interests import KeptPaper, interests_of
from app.interests.bibtex import BibtexUnusable, Entry, read_bibtex
from app.interests.filters import PaperFilter
from app.interests.nearness import by_nearness
from app.interests.vectors import embedded
from index.config import Settings


def kept(title: str, *vector: float, paper_id: str = "") -> KeptPaper:
    return KeptPaper(title, vector, paper_id)


def test_the_nearest_come_first_with_the_kept_paper_they_are_near() -> None:
    vectors = {"east": (1, 0.1), "north": (0.1, 1), "south": (0, -1), "none": ()}
    del vectors["none"]
    ranked = by_nearness(["south", "none", "north", "east"], vectors, [kept("North star", 0, 1)])
    assert [one.paper_id for one in ranked] == ["north", "east", "south", "none"]
    assert [one.near.title if one.near else "" for one in ranked] == ["North star"] * 3 + [""]
    assert ranked[0].score > ranked[1].score > ranked[2].score


def test_three_kept_papers_count_and_no_more() -> None:
    many = [kept(f"far {n}", -1, 0) for n in range(9)]
    mine = [kept("a", 1, 0), kept("b", 1, 0.01), kept("c", 1, -0.01)]
    vectors = {"near": (1.0, 0.0), "far": (-1.0, 0.2)}
    scores = {one.paper_id: one.score for one in by_nearness(vectors, vectors, [*many, *mine])}
    assert scores["near"] == pytest.approx(1, abs=0.01)  # nine far ones take nothing away


def test_what_all_have_in_common_does_not_count() -> None:
    """All point east; what is left without that tells them apart."""
    vectors = {"up": (9.0, 1.0), "down": (9.0, -1.0)}
    ranked = by_nearness(["down", "up"], vectors, [kept("high", 9, 2)])
    assert [one.paper_id for one in ranked] == ["up", "down"]
    assert ranked[0].score - ranked[1].score > 0.5


def test_a_kept_paper_is_compared_with_the_others_only() -> None:
    vectors = {"a": (1.0, 0.0), "b": (0.0, 1.0)}
    mine = [kept("A", 1, 0, paper_id="a"), kept("B", 0.9, 0.5)]
    near = {one.paper_id: one.near for one in by_nearness(["a", "b"], vectors, mine)}
    assert near["a"] is mine[1]
    alone = by_nearness(["a"], vectors, mine[:1])
    assert [(one.paper_id, one.near) for one in alone] == [("a", None)]


def test_without_anything_kept_the_order_stays() -> None:
    assert [one.paper_id for one in by_nearness(["b", "a"], {"a": (1.0,)}, [])] == ["b", "a"]
    assert by_nearness([], {}, [kept("x", 1)]) == ()


def letters(texts: list[str]) -> np.ndarray[Any, Any]:
    rows = np.array([[one.count(x) + 0.01 for x in "abc"] for one in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Letters:
    fingerprint, dimension = "letters", 3

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed_sentences(self, texts: list[str]) -> np.ndarray[Any, Any]:
        self.asked.append(texts)
        return letters(texts)


def test_what_the_daily_job_brought_is_not_kept_unless_marked(
    library: Any, row_of: Any, tmp_path: Path
) -> None:
    library.rows = [row_of("mine", title="Mine"), row_of("brought"), row_of("liked", title="L")]
    library.mark(["brought", "liked"], "brought")
    library.mark(["liked"], "kept")
    library.embedder = Letters()
    settings = Settings(cache=tmp_path)
    assert [(one.paper_id, one.title) for one in interests_of(library, settings)] == [
        ("mine", "Mine"),
        ("liked", "L"),
    ]
    (tmp_path / "z.bib").write_text("@book{k, title={Aa {B}}}")
    found = interests_of(library, settings, tmp_path / "z.bib")
    assert (found[-1].title, found[-1].paper_id) == ("Aa B", "")
    assert list(found[-1].vector) == list(letters(["Aa B"])[0])


BIB = r"""
@comment{made by a manager}
@string{nature = "Nature"}
@article{one, title = {The {BERT} m{\"o}del}, author = {Li, Bo}, abstract = {It is
  50\% better.}, journal = nature, month = jan}
@inproceedings{two, title = "Bees"}
@online{three, title = {bees}, abstract = "the same title once more"}
@misc{four, note = {no title}}
@article{broken, title = {never ends
"""


def test_titles_and_abstracts_of_a_bibtex_file(tmp_path: Path) -> None:
    file = tmp_path / "z.bib"
    file.write_text(BIB)
    assert read_bibtex(file)[:2] == (
        Entry("The BERT mödel", "It is 50% better."),
        Entry("Bees"),
    )
    assert len(read_bibtex(file)) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "has no entry with a title"), ("\x00\x01\x02", "has no entry with a title"),
     ("{" * 3000, "has no entry with a title"), ("@article{a, note={x}}", "no entry with a title")],
)  # fmt: skip
def test_what_is_no_library_is_a_line(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "z.bib"
    file.write_text(text)
    with pytest.raises(BibtexUnusable, match=why) as refused:
        read_bibtex(file)
    assert "\n" not in str(refused.value)
    with pytest.raises(BibtexUnusable, match="no such file; give a BibTeX file"):
        read_bibtex(tmp_path)


def test_a_text_is_embedded_once(tmp_path: Path) -> None:
    model = Letters()
    first = embedded(["aa", "bb"], model, tmp_path)  # type: ignore[arg-type]
    again = embedded(["bb", "cc", "aa"], model, tmp_path)  # type: ignore[arg-type]
    assert model.asked == [["aa", "bb"], ["cc"]]
    assert np.array_equal(again[[2, 0]], first)
    other = SimpleNamespace(fingerprint="other", dimension=3, embed_sentences=letters)
    embedded(["aa"], other, tmp_path)  # type: ignore[arg-type]
    assert len(list((tmp_path / "interests").iterdir())) == 2
    for file in (tmp_path / "interests").iterdir():
        file.write_bytes(b"PK\x03\x04 no archive")
    assert np.array_equal(embedded(["aa"], model, tmp_path), first[:1])  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")  # in the place of the cache: nothing is kept
    assert np.array_equal(
        embedded(["aa"], model, tmp_path / "file"),  # type: ignore[arg-type]
        first[:1],
    )


@pytest.mark.parametrize(
    ("keywords", "authors", "passes"),
    [
        ((), (), True),
        (("segment",), (), True),  # the beginning of a word
        (("mentation",), (), False),
        (("naïve  BAYES",), (), True),
        (("graph",), (), False),
        (("graph",), ("lì, bo",), True),
        ((), ("Li",), True),
        ((), ("Bo Lin",), False),
        ((), ("Ada Li",), False),  # of two people
        (("分割",), (), True),
    ],
)
def test_which_papers_a_filter_lets_pass(
    keywords: tuple[str, ...], authors: tuple[str, ...], passes: bool
) -> None:
    wanted = PaperFilter(keywords, authors)
    said = ("Segmentation of maps", "A Naive-Bayes way. 图像分割。", ("Bo Li", "Ada Byron"))
    assert wanted.passes(*said) == passes
