"""Markdown full texts, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.paper import Paper
from index.read import Reader
from index.read.markup.markdown import read_markdown
from index.spans import Span

DATA = Path(__file__).parents[2] / "data"
SEED = Path(__file__).parents[3] / "shared" / "seed" / "2407.03300v1.md"


def paper_of(tmp_path: Path, source: str, name: str = "notes") -> Paper:
    """The paper in a Markdown file with this content."""
    path = tmp_path / f"{name}.md"
    path.write_text(source, "utf-8")
    paper = read_markdown(path, name)
    assert paper is not None
    return paper


def blocks(paper: Paper, kind: str) -> list[str]:
    return [block.span.of(paper.text) for block in paper.blocks if block.kind == kind]


def sentences(paper: Paper) -> list[str]:
    return [sentence.span.of(paper.text) for sentence in paper.sentences]


WHOLE = """---
title: not this one
tags: [a, b]
---
# Sparse Trees for Dense Forests

Ada Lovelace, Ludwig van der Berg

University of Nowhere

## Abstract

We grow sparse trees. They are *quick* and use `little` memory.

Keywords: trees, forests; growth

## 1 Introduction

Trees are old. See [our code](https://example.org/trees) for more.

- The first reason is size.
- The second reason is speed.

## 2 Method

| model | score |
|-------|-------|
| small | 0.5   |

Table 1: Scores of all models.

We split on the gain.

## References

[1] A. Turing. On trees. 1950.
"""


def test_front_matter_is_no_text_and_the_heading_is_the_title(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, WHOLE)
    assert paper.title == "Sparse Trees for Dense Forests"
    assert paper.authors == ("Ada Lovelace", "Ludwig van der Berg")
    assert [span.of(paper.text) for span in paper.affiliations] == ["University of Nowhere"]
    assert [span.of(paper.text) for span in paper.keywords] == ["trees", "forests", "growth"]
    assert "not this one" not in paper.text
    assert "tags" not in paper.text


def test_sections_abstract_and_sentences(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, WHOLE)
    assert [(section.title, section.role) for section in paper.sections] == [
        ("", "other"), ("Abstract", "abstract"), ("1 Introduction", "introduction"),
        ("2 Method", "method"), ("References", "references"),
    ]  # fmt: skip
    assert paper.abstract is not None
    assert (
        paper.abstract.of(paper.text)
        == "We grow sparse trees. They are quick and use little memory."
    )
    said = sentences(paper)
    assert "The first reason is size." in said
    assert "We split on the gain." in said
    assert not any("Turing" in sentence for sentence in said if "1950" not in sentence)


def test_a_table_is_no_prose_and_its_caption_is_a_figure(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, WHOLE)
    assert blocks(paper, "table") == ["model | score\nsmall | 0.5"]
    assert [figure.label for figure in paper.figures] == ["Table 1"]
    assert not any("0.5" in sentence for sentence in sentences(paper))


def test_a_text_without_any_heading(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "We grow trees. They are quick.\n\nWe cut them. They fall.\n")
    assert paper.title == ""
    assert sentences(paper) == ["We grow trees.", "They are quick.", "We cut them.", "They fall."]
    assert [section.span for section in paper.sections] == [Span(0, len(paper.text))]


def test_a_title_that_is_no_heading(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "Sparse Trees\n\n# Abstract\n\nWe grow trees.\n")
    assert paper.title == "Sparse Trees"
    assert paper.abstract is not None


def test_a_paragraph_torn_by_a_caption_is_one(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path,
        "# Trees\n\n## 1 Introduction\n\nThe growth of a tree depends on\n\n"
        "Figure 1: A tree.\n\nthe light that it gets. It is slow.\n",
    )
    assert "The growth of a tree depends on the light that it gets." in sentences(paper)


def test_markup_in_a_text_stays_text(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "# T\n\n## 1 Introduction\n\nUse <script>alert(1)</script> here.\n")
    assert "<script>alert(1)</script>" in paper.text


def test_an_empty_file_has_no_text(tmp_path: Path, started_reader: Reader) -> None:
    path = tmp_path / "empty.md"
    path.write_bytes(b"")
    reading = started_reader.read(path)
    assert (reading.status, reading.reason) == ("no-text", "it has no text")


@pytest.mark.parametrize("content", [b"\xff\xfea", b"caf\xe9 au lait " * 50, b"a\x00b"])
def test_what_is_no_utf8_is_broken(tmp_path: Path, content: bytes, started_reader: Reader) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(content)
    assert read_markdown(path, "latin") is None
    assert started_reader.read(path).status == "broken"


def test_a_byte_order_mark_and_carriage_returns_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    paper = read_markdown(path, "windows")
    assert paper is not None
    assert paper.title == "Sparse Trees for Dense Forests"


def test_the_sample_paper() -> None:
    path = DATA / "choosing-passage-size.md"
    paper = read_markdown(path, path.stem)
    assert paper is not None
    assert paper.abstract is not None
    assert {"abstract", "introduction", "conclusion"} <= {s.role for s in paper.sections}


@pytest.mark.skipif(not SEED.exists(), reason="../shared is not here")
def test_the_damaged_full_text_of_the_seed() -> None:
    """Headings that became list items, a stamp in the text, paragraphs torn by figures."""
    paper = read_markdown(SEED, SEED.stem)
    assert paper is not None
    assert (paper.id, paper.version) == ("2407.03300", 1)
    assert paper.title and paper.authors and paper.abstract is not None
    assert {"introduction", "method", "experiments", "conclusion"} <= {
        section.role for section in paper.sections
    }
    assert not any(section.title.startswith("arXiv:") for section in paper.sections)


BODY = "We grow sparse trees and count the leaves. " * 8


def paper_from(tmp_path: Path, source: str, encoding: str = "utf-8") -> Paper:
    path = tmp_path / "paper.md"
    path.write_bytes(source.encode(encoding))
    paper = read_markdown(path, "paper")
    assert paper is not None
    return paper


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str, end: str) -> None:
    source = f"# Sparse Trees\n\nAda Example, Bela Muster\n\n## 1 Über\n\n{BODY}\n"
    paper = paper_from(tmp_path, source.replace("\n", end), encoding)
    assert (paper.title, paper.sections[-1].title) == ("Sparse Trees", "1 Über")
    assert paper.authors == ("Ada Example", "Bela Muster")


@pytest.mark.parametrize("mark", ["2", "---\n\n17", "{3}" + 48 * "-", "<!-- page 2 -->\n\n2"])
def test_a_page_number_tears_no_sentence(tmp_path: Path, mark: str) -> None:
    torn = f"The leaves fall from\n\n{mark}\n\nthe trees in autumn."
    paper = paper_from(tmp_path, f"# Sparse Trees\n\n## 1 Leaves\n\n{BODY}\n\n{torn}\n")
    assert "The leaves fall from the trees in autumn." in paper.text


def test_lists_and_quotations_of_any_depth_lose_nothing(tmp_path: Path) -> None:
    for deep in ("".join(f"{'  ' * n}- leaf {n} is here\n" for n in range(200)), "- " * 90 + "a"):
        paper = paper_from(tmp_path, f"# Sparse Trees\n\n{deep}\n\n## 1 Leaves\n\n{BODY}\n")
        assert paper.sections[-1].title == "1 Leaves"
        assert BODY.strip() in paper.text
        assert "is here" not in deep or "leaf 199 is here" in paper.text


def test_the_headings_inside_an_abstract_are_its_labels(tmp_path: Path) -> None:
    abstract = "### Background\n\nTrees grow.\n\n### Methods\n\nWe count them.\n\n"
    paper = paper_from(
        tmp_path, f"# Sparse Trees\n\n## Abstract\n\n{abstract}## 1 Leaves\n\n{BODY}\n"
    )
    assert [one.title for one in paper.sections] == ["", "Abstract", "1 Leaves"]
    assert paper.abstract is not None
    assert "Trees grow." in paper.abstract.of(paper.text)
    assert "We count them." in paper.abstract.of(paper.text)


def test_chinese_lines_are_joined_without_a_space(tmp_path: Path) -> None:
    lines = "我们计算树叶的\n数量,并且在秋天\r\n再数一次。\n"
    paper = paper_from(tmp_path, f"# 稀疏的树\n\n张三 李四 王五\n\n## 1 引言\n\n{lines * 8}")
    assert "我们计算树叶的数量,并且在秋天再数一次。" in paper.text
    assert paper.authors == ("张三", "李四", "王五")


@pytest.mark.parametrize("label", ["", "**Abstract.** "])
def test_an_introduction_without_a_heading_is_no_abstract(tmp_path: Path, label: str) -> None:
    front = "# Sparse Trees\n\nAda Example, Bela Muster\n\n"
    first, second = (f"{BODY}It ends {end}." for end in ("soon", "late"))
    source = f"{front}{label}{first}\n\n{second}\n\n{second}\n\n## {{}}\n\n{BODY}\n"
    paper = paper_from(tmp_path, source.format("2 Method"))
    assert paper.abstract is not None
    assert paper.abstract.of(paper.text) == first
    assert [one.role for one in paper.sections][-2:] == ["introduction", "method"]
    paper = paper_from(tmp_path, source.format("1 Introduction"))
    assert paper.abstract is not None
    assert paper.abstract.of(paper.text).endswith("late.")


def test_a_sentence_with_a_sign_that_cannot_be_read_is_not_quoted(tmp_path: Path) -> None:
    source = "# Trees\n\n## 1 Results\n\nThe share \ufffd 0.5 held. Trees grow.\n"
    paper = paper_of(tmp_path, source)
    assert "The share \ufffd 0.5 held." in paper.text  # it is read
    assert sentences(paper) == ["Trees grow."]
