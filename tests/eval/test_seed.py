"""A page of the digest blog beside gloss, on one that is short enough to count by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import library_fakes as fakes
import pytest

from app.check.support import Checker
from app.write import written
from eval.citations import WordsOrChecker
from eval.corpus import DataUnusable
from eval.fabricated import SourceText
from eval.seed import (
    Beside,
    BlogPaper,
    beside,
    foreign_names,
    notes,
    read_page,
    table,
    words_in,
)
from index.config import Settings
from index.library import splitter
from index.paper import Paper
from index.read import Reader

SEED = Path(__file__).parents[3] / "shared" / "seed"
ABSTRACT = (
    "Lanterns are widely used in rain. We propose RainLamp, a lantern that burns in rain. "
    "RainLamp burns for 3.5 hours in our tests. Most lanterns of today go out after some minutes, "
    "since water reaches their flame from the side when the wind is strong enough to carry it. "
    "A roof of thin glass keeps the water away and lets the light pass without any loss."
)
PAGE = f"""---
title: Lanterns
---

# 2024-07-05 更新

## RainLamp:  A Lantern

**Authors:Ada Byron, Bo Li**

{ABSTRACT}

[PDF](http://arxiv.org/abs/2407.00001v2) project page: https://rain.org/lamp

**Summary**
RainLamp burns for 3.5 hours in our tests.

**Key Takeaways**
- RainLamp burns for 4.5 hours in our tests.
- 提供了代码链接：https://rain.org/lamp。

**[ChatPaperFree](https://huggingface.co/spaces/Kedreamix/ChatPaperFree)**

好的，我会按照您的要求进行回答。

2. 作者：XXX。具体的作者名字需要您提供详细信息。
3. **Affiliation**: Oslo大学
5. Urls: https://rain.org/other
6. Summary:
    - (1)研究背景：灯笼在雨中使用。
    - (3)研究方法：本文提出了RainLamp。
7. Methods:

（1）模型：使用DryNet-2。

8. 结论：意义重大。还有待补充。

<details>
<img src="https://rain.org/shot.jpg">
</details>

## No paper at all

Words.
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_the_page_is_read_in_its_parts(page: Path) -> None:
    (paper,) = read_page(page)
    assert (paper.id, paper.version, paper.title) == ("2407.00001", 2, "RainLamp: A Lantern")
    assert paper.authors == ("Ada Byron", "Bo Li")
    assert paper.abstract == ABSTRACT
    assert paper.comment == "project page: https://rain.org/lamp"
    assert dict(paper.fields) == {
        "authors": "XXX。具体的作者名字需要您提供详细信息。",
        "affiliation": "Oslo大学",
        "links": "https://rain.org/other",
    }
    assert paper.chatter == ("好的，我会按照您的要求进行回答。",)
    assert [one.group for one in paper.sentences] == [
        "summary", "takeaways", "takeaways", "overview", "overview", "methods", "conclusion",
        "conclusion",
    ]  # fmt: skip
    assert paper.sentences[-1].text == "还有待补充。"
    assert f"## Abstract\n\n{ABSTRACT}" in paper.known


def test_a_page_without_papers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("## Notes\n\nWords.\n", encoding="utf-8")
    with pytest.raises(DataUnusable, match="no paper with authors"):
        read_page(path)


def compared(
    page: Path,
    reader: Reader,
    full_text: Callable[[BlogPaper], Paper | None] = lambda _: None,
) -> Beside:
    def count(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    split = splitter(Settings(library=page.parent / "library"), count)
    (found,) = beside(
        read_page(page),
        full_text,
        reader,
        lambda paper: written(paper, split(paper), fakes.PlainStates()),
        WordsOrChecker(Checker()),
    )
    return found


def test_both_digests_are_measured_alike(page: Path, started_reader: Reader) -> None:
    found = compared(page, started_reader)
    blog, gloss = found.blog, found.gloss
    assert not found.full_text
    assert (blog.sentences, blog.cited) == (8, 0)
    assert (blog.judged, blog.supported) == (2, 1)  # the English ones
    assert found.unsupported == ("RainLamp burns for 4.5 hours in our tests.",)
    assert blog.numbers == ("4.5", "2")
    assert blog.names == ("DryNet-2",)
    assert blog.left_open == ("还有待补充。",)
    fields = {one.name: one for one in blog.fields}
    assert (fields["authors"].named, fields["authors"].left_open) == (0, True)
    assert fields["links"].invented == ("https://rain.org/other",)
    assert gloss.cited == gloss.supported == gloss.sentences > 0
    assert (gloss.numbers, gloss.names, gloss.chatter) == ((), (), ())
    assert {one.name: one.named for one in gloss.fields}["authors"] == 2
    # An abstract tells no methods, no limits and no affiliation.
    assert {"methods", "limits", "affiliation", "figures"} <= set(gloss.not_stated)


def test_what_is_not_in_the_full_text_is_told(
    page: Path, started_reader: Reader, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.md"
    whole.write_text(
        f"# RainLamp: A Lantern\n\nAda Byron, Bo Li\n\nUniversity of Bergen\n\n## Abstract\n\n"
        f"{ABSTRACT}\n\n## Method\n\nWe use DryNet-2 to fill each lantern before it burns. "
        "The system consists of a tank, a wick and a small roof of glass.\n",
        encoding="utf-8",
    )
    paper = started_reader.read(whole).paper
    found = compared(page, started_reader, lambda blog: paper)
    assert found.full_text
    assert found.blog.names == ()
    fields = {one.name: one for one in found.blog.fields}
    assert fields["affiliation"].invented == ("Oslo",)
    assert "methods" not in found.gloss.not_stated


def test_table_and_notes_say_what_was_measured(page: Path, started_reader: Reader) -> None:
    found = compared(page, started_reader)
    rows = list(table([found]))
    assert rows[0] == ("paper", "known", "measure", "blog", "gloss")
    assert rows[1] == ("2407.00001", "abstract", "authors", "0 of 2, left open", "2 of 2")
    said = list(notes([found]))
    assert "  blog   a number that is not in what is known: 4.5" in said
    assert any("authors: XXX" in line for line in said)
    assert any(line.startswith("  gloss  not stated in the paper:") for line in said)
    assert any("methods 1, conclusion 2" in line for line in said)


def test_names_and_words() -> None:
    source = SourceText("RainLamp and GPT-4 in Oslo")
    assert (
        foreign_names("GPT 4与RainLamp在Bergen，见 https://Other.org/X", source)
        == ["GPT", "Bergen"][1:]
    )
    assert words_in("灯笼 burns 3.5 hours。") == 5


@pytest.mark.skipif(not SEED.is_dir(), reason="needs ../shared")
def test_the_seed_page_is_read() -> None:
    papers = read_page(SEED / "2024-07-05-diffusion-models.md")
    assert [one.id for one in papers] == [
        "2407.03300", "2407.03006", "2407.02945", "2407.02489", "2407.02482",
    ]  # fmt: skip
    assert [len(one.authors) for one in papers] == [5, 4, 5, 7, 7]
    assert [sorted(one.fields) for one in papers].count([]) == 1  # "Please refer to ..."
    assert papers[2].fields["authors"].startswith("XXX")
    assert {said.group for said in papers[0].sentences} == {
        "summary", "takeaways", "overview", "conclusion",
    }  # fmt: skip
    assert all(len(one.abstract) > 900 for one in papers)
