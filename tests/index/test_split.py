from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.hits import Passage
from index.paper import Block, BlockKind, Paper, Role, Section, Sentence
from index.spans import Span
from index.split import split


def words(texts: Sequence[str]) -> list[int]:
    """A token for every five letters of a word, so that a long word has several."""
    return [sum((len(word) + 4) // 5 for word in text.split()) for text in texts]


Content = tuple[BlockKind, list[str]]


def paper_of(
    sections: Sequence[tuple[str, Role, Sequence[Content]]], *, bare: bool = False
) -> Paper:
    """A paper from sections of blocks of sentences; ``bare`` forgets the sections."""
    text = ""
    found: list[Section] = []
    blocks: list[Block] = []
    sentences: list[Sentence] = []
    for title, role, contents in sections:
        start = len(text)
        for kind, parts in contents:
            block = len(text)
            for part in parts:
                at = len(text)
                text += part
                if kind in ("paragraph", "caption", "footnote"):
                    sentences.append(Sentence(Span(at, len(text)), kind))
                text += " "
            blocks.append(Block(kind, Span(block, len(text) - 1)))
            text += "\n"
        found.append(Section(title, role, 1, Span(start, len(text))))
    return Paper(
        id="p",
        version=None,
        source="markdown",
        sha256="",
        text=text,
        title="t",
        sections=() if bare else tuple(found),
        blocks=tuple(blocks),
        sentences=tuple(sentences),
    )


def sentence(number: int, length: int) -> str:
    return " ".join([f"s{number}", *["word"] * (length - 2), "end."])


def sized(passages: Sequence[Passage]) -> list[int]:
    return words([passage.text for passage in passages])


def test_passages_are_whole_sentences_of_even_size() -> None:
    paper = paper_of([("Method", "method", [("paragraph", [sentence(n, 10) for n in range(50)])])])
    passages = split(paper, words, 200, 250)
    assert [passage.id for passage in passages] == ["p#method.1", "p#method.2"]
    assert sized(passages) == [250, 250]
    assert all(passage.text.endswith("end.") for passage in passages)
    paper = paper_of([("Method", "method", [("paragraph", [sentence(n, 10) for n in range(51)])])])
    assert sized(split(paper, words, 200, 250)) == [170, 170, 170]


def test_floats_are_apart_and_numbers_run_through_a_role() -> None:
    body: list[Content] = [
        ("heading", ["2 Method"]),
        ("paragraph", [sentence(1, 60)]),
        ("caption", [f"Figure 1 shows it. {sentence(8, 40)}"]),
        ("footnote", ["A note."]),
        ("paragraph", [sentence(2, 60)]),
    ]
    paper = paper_of(
        [
            ("", "other", [("front", ["A Title", "Some Author"])]),
            ("2 Method", "method", body),
            ("2.1 More", "method", [("paragraph", [sentence(3, 60)])]),
            ("Notes", "other", [("paragraph", [sentence(4, 60)])]),
        ]
    )
    passages = split(paper, words, 200, 250)
    assert [passage.id for passage in passages] == [
        "p#front.1",
        "p#method.1",
        "p#method.2",
        "p#method.3",
        "p#method.4",
        "p#other.1",
    ]
    assert passages[1].text.startswith("2 Method")
    assert passages[2].text.startswith("Figure 1 shows it.")
    assert passages[4].section == "2.1 More"


def test_bibliographies_and_bare_headings_are_left_out() -> None:
    paper = paper_of(
        [
            ("Parent", "results", [("heading", ["3 Parent"])]),
            ("References", "references", [("paragraph", [sentence(1, 60)])]),
            ("Extra", "appendix", [("reference", ["[1] Somebody."]), ("paragraph", ["Yes."])]),
        ]
    )
    assert [passage.text for passage in split(paper, words, 200, 250)] == ["Yes."]


def test_a_stray_sign_between_tables_is_no_passage() -> None:
    body: list[Content] = [("table", ["1 2"]), ("equation", ["\u0302 ="]), ("table", ["3 4"])]
    passages = split(paper_of([("M", "method", body)]), words, 200, 250)
    assert [passage.text for passage in passages] == ["1 2", "3 4"]


def test_a_long_sentence_is_cut_between_words_and_a_long_word_within() -> None:
    paper = paper_of([("M", "method", [("paragraph", [sentence(1, 700), "x" * 2600])])])
    passages = split(paper, words, 200, 250)
    assert max(sized(passages)) <= 250 and min(sized(passages)) >= 100
    assert "".join(p.text for p in passages).replace(" ", "") == paper.text.replace(" ", "").strip()


def test_a_small_remainder_joins_its_neighbour() -> None:
    lengths = [190, 30, 200]
    paper = paper_of(
        [("M", "method", [("paragraph", [sentence(n, size) for n, size in enumerate(lengths)])])]
    )
    assert sized(split(paper, words, 200, 250)) == [220, 200]


def test_a_run_in_label_stays_with_its_paragraph() -> None:
    body: list[Content] = [
        ("paragraph", [sentence(1, 200)]),
        ("run-in", ["Optimizer."]),
        ("paragraph", [sentence(2, 190)]),
    ]
    passages = split(paper_of([("M", "method", body)]), words, 200, 250)
    assert passages[1].text.startswith("Optimizer.")


def test_no_sections_no_blocks_no_text() -> None:
    text = "One sentence. Another one."
    bare = Paper("p", None, "markdown", "", text, "t")
    assert [(p.id, p.text) for p in split(bare, words, 200, 250)] == [("p#other.1", text)]
    assert split(Paper("p", None, "markdown", "", " \n ", "t"), words, 200, 250) == ()


def test_tokenizers_that_count_seams_are_kept_within_the_maximum() -> None:
    def seams(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + text.count(". ") for text in texts]

    paper = paper_of([("M", "method", [("paragraph", [f"{'w ' * 4}e."] * 50)])])
    passages = split(paper, seams, 20, 20)
    assert max(seams([p.text for p in passages])) <= 20


def test_sizes_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="passage size 300"):
        split(paper_of([]), words, 300, 250)


KINDS: list[BlockKind] = ["heading", "run-in", "paragraph", "caption", "footnote", "table"]
ROLES: list[Role] = ["method", "results", "references", "other"]
sentences = st.integers(1, 40).map(lambda n: " ".join(["wörd"] * n) + ".") | st.text(
    "ab 注\n", max_size=99
)
contents = st.tuples(st.sampled_from(KINDS), st.lists(sentences, min_size=1, max_size=6))
sections = st.tuples(
    st.sampled_from(["", "A"]), st.sampled_from(ROLES), st.lists(contents, max_size=6)
)


@settings(max_examples=40)
@given(st.lists(sections, max_size=5), st.integers(1, 30), st.integers(0, 30), st.booleans())
def test_every_sentence_is_covered_in_order_within_size(
    given_sections: list[tuple[str, Role, list[Content]]], target: int, more: int, bare: bool
) -> None:
    paper = paper_of(given_sections, bare=bare)
    passages = split(paper, words, target, target + more)
    covered: set[int] = set()
    end = 0
    for passage in passages:
        assert passage.text == passage.span.of(paper.text)
        assert passage.text == passage.text.strip() != ""
        assert passage.span.start >= end
        end = passage.span.end
        covered.update(range(passage.span.start, passage.span.end))
        if not bare:
            section = paper.section_at(passage.span.start)
            assert section.span.contains(passage.span)
            assert (section.role, section.title) == (passage.role, passage.section)
    assert max(sized(passages), default=0) <= target + more
    assert len({passage.id for passage in passages}) == len(passages)
    for one in paper.sentences:
        if bare or paper.section_at(one.span.start).role != "references":
            solid = {
                at for at in range(one.span.start, one.span.end) if not paper.text[at].isspace()
            }
            assert solid <= covered
        else:
            assert not covered & set(range(one.span.start, one.span.end))


def test_a_small_float_joins_what_stands_beside_it() -> None:
    body: list[Content] = [
        ("paragraph", [sentence(1, 60)]),
        ("table", ["Encoder Decoder"]),
        ("caption", ["Figure 1 shows both."]),
        ("paragraph", [sentence(2, 60)]),
    ]
    passages = split(paper_of([("M", "method", body)]), words, 200, 250)
    assert len(passages) == 2
    assert passages[0].text.endswith("Figure 1 shows both.")
