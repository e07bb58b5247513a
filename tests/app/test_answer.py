"""Which sentences answer: what a question asks for, what a sentence has, and what is chosen."""

from __future__ import annotations

import gc
import json
import re
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.answer.cues import cues_of
from app.answer.features import (
    ANY_LANGUAGE,
    FITS,
    READ_TOGETHER,
    FoundPart,
    Pool,
    found_part,
    pool_of,
)
from app.answer.memory import RememberingEmbedder, VectorMemory
from app.answer.questions import ASKED, is_english, question_of
from app.answer.ranker import (
    QUOTES,
    Judge,
    Linear,
    UnusableWeights,
    chosen,
    decision_columns,
    ranked,
    shipped,
)
from app.answer.sentences import ReadPaper
from app.write.ask import ask
from eval.corpus import text_paper
from index.config import Settings
from index.library import Library
from index.paper import Paper
from index.read import Reader
from index.sources import find_sources

LANTERNS, _ = text_paper(
    "lanterns",
    "Lanterns",
    [
        ("Abstract", ["We measure how well lanterns light a path."]),
        (
            "Method",
            [
                "We bought 40 lanterns. They were lit by twelve volunteers.",
                "The final lantern was trimmed by hand because its wick was long.",
                "Each lantern burns for 3.5 hours. We use the Argand burner throughout.",
            ],
        ),
        ("Results", ["Brass lanterns burn longer than tin lanterns [12, 40]. See Figure 3."]),
    ],
)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("How many lanterns were bought?", {"number"}),
        ("Which optimizer is used?", {"which"}),
        ("Why was the final lantern trimmed?", {"why"}),
        ("What is a lantern?", {"definition", "which"}),
        ("Who funded the work?", {"who", "funding"}),
        ("Is brass better than tin?", {"comparison", "yes-no"}),
        ("Where can the code be downloaded?", {"where", "availability"}),
        ("When was the survey held?", {"when"}),
        ("How do the burners differ?", {"how", "comparison"}),
        ("optimizer learning rate", set()),
    ],
)
def test_a_question_asks_for_something(text: str, asked: set[str]) -> None:
    assert question_of(text).asked == asked


def test_a_question_names_what_is_counted_and_its_unit() -> None:
    assert question_of("How many hours does each lantern burn?").things >= {"hour"}
    assert question_of("How many hours does each lantern burn?").units == ("time",)
    assert question_of("What share of the lanterns broke?").units == ("share",)
    assert question_of("Which burner does the paper use?").matter == "burner"


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Which optimizer is used?", True),
        ("optimizer learning rate", True),
        ("Adam on ImageNet", True),
        ("Quel optimiseur est utilisé ?", False),
        ("Combien de patients ont été inclus ?", False),
        ("Welcher Datensatz wird verwendet?", False),
        ("使用了哪种优化器？", False),
        ("Какой оптимизатор используется?", False),
    ],
)
def test_other_languages_are_told_from_english(text: str, english: bool) -> None:
    assert is_english(text) is english
    if not english:
        assert question_of(text).asked == frozenset()


def test_numbers_of_references_are_no_numbers() -> None:
    assert cues_of("Brass burns longer [12, 40]. See Figure 3 (Smith, 1999).").numbers == 0
    counted = cues_of("We bought 40 lanterns at 12 %.")
    assert (counted.numbers, counted.units >= {"share"}) == (2, True)
    assert counted.counted(frozenset({"lantern"})) == 1.0
    assert counted.counted(frozenset({"volunteer"})) == 0.0


def test_every_sentence_of_a_paper_counts_except_references() -> None:
    paper, _ = text_paper("p", "P", [("Notes", ["Short one. (i) A point"]), ("References", ["A."])])
    assert [one.text for one in ReadPaper.of(paper).sentences] == ["Short one.", "(i) A point"]
    assert {one.heading for one in ReadPaper.of(paper).sentences} == {"Notes"}


def test_title_page_and_rows_of_tables_are_read(sample_library: Library) -> None:
    paper = sample_library.paper("cited-digests")
    read = ReadPaper.of(paper)
    kinds = {one.kind for one in read.sentences}
    assert {"paragraph", "caption", "row", "front"} <= kinds
    rows = [one for one in read.sentences if one.kind == "row"]
    table = paper.tables[0]
    assert all(table.caption.of(paper.text).split()[0] in rows[0].context for _ in rows)
    for one in read.sentences:
        assert one.text.split() == one.span.of(paper.text).split()


class WordsInCommon:
    """Scores a pair by the share of the question's words that the text has."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        asked = {*re.findall(r"\w+", question.lower())}
        found = [asked & {*re.findall(r"\w+", one.lower())} for one in texts]
        return [len(one) / len(asked) for one in found]


PAIRS = WordsInCommon()


def pool(question: str, embedder: Any, paper: Paper = LANTERNS) -> Pool:
    part = ReadPaper.of(paper)
    return pool_of(
        [FoundPart(part, [0.5] * len(part.sentences))], question_of(question), embedder, PAIRS
    )


def best_by(pool: Pool, column: str) -> str:
    return pool.sentences[int(pool.column(column).argmax())][1].text


def test_whatever_is_asked_has_something_that_fits() -> None:
    assert {asked for asked, _ in FITS} == {*ASKED}


def test_columns_say_what_fits_the_question(fake_embedder: Any) -> None:
    many = pool("How many lanterns were bought?", fake_embedder)
    assert best_by(many, "number: counted") == "We bought 40 lanterns."
    assert best_by(many, "overlap") == "We bought 40 lanterns."
    why = pool("Why was the final lantern trimmed?", fake_embedder)
    assert "because" in best_by(why, "why: cause")
    assert best_by(why, "overlap").startswith("The final lantern")
    than = pool("Do brass lanterns burn longer than tin ones?", fake_embedder)
    assert best_by(than, "comparison: comparison").startswith("Brass lanterns")
    assert not than.column("why: cause").any()
    assert best_by(pool("Method?", fake_embedder), "heading overlap") == "We bought 40 lanterns."


def test_a_sentence_is_read_with_those_around_it(fake_embedder: Any) -> None:
    found = pool("Who lit the lanterns that were bought?", fake_embedder)
    texts = [one.text for _, one in found.sentences]
    at = texts.index("They were lit by twelve volunteers.")
    assert found.column("overlap before")[at] == found.column("overlap")[at - 1] > 0
    assert found.column("overlap window")[at] >= found.column("overlap before")[at]


def test_papers_are_ranked_in_one_pool(fake_embedder: Any) -> None:
    other, _ = text_paper("bees", "Bees", [("Abstract", ["Honey bees dance in the hive."])])
    parts = [FoundPart(ReadPaper.of(one), [0.5] * n) for one, n in ((LANTERNS, 8), (other, 1))]
    both = pool_of(parts, question_of("Do honey bees dance?"), fake_embedder, PAIRS)
    assert [owner for owner, _ in both.sentences] == ["lanterns"] * 8 + ["bees"]
    assert both.column("likeness rank")[-1] == 1.0
    assert both.column("likeness below best").max() == 0.0


def test_the_likeliest_sentences_are_read_together_with_the_question(fake_embedder: Any) -> None:
    found = pool("Which lanterns were bought?", fake_embedder)
    assert best_by(found, "pair") == "We bought 40 lanterns."
    assert found.column("pair rank").max() == 1.0
    assert found.column("pair below best").max() == 0.0
    texts = [f"Lantern {number} was bought in a shop." for number in range(40)]
    many, _ = text_paper("many", "Many", [("Notes", [" ".join(texts)])])
    few = pool("How many lanterns were bought?", fake_embedder, many)
    first = np.argsort(-few.column("pair"), kind="stable")
    assert few.column("pair")[first[READ_TOGETHER:]].max() == few.column("pair").min()


def test_only_english_questions_are_read_together_with_sentences(fake_embedder: Any) -> None:
    assert not pool("灯笼为什么要修剪？", fake_embedder).column("pair").any()


def test_only_sentences_of_the_passages_are_asked() -> None:
    sentence = LANTERNS.sentences[3]
    part = found_part(LANTERNS, {sentence.span: 0.75})
    assert [one.span for one in part.paper.sentences] == [sentence.span]
    assert part.passages == [0.75]
    assert part.paper.rarity == ReadPaper.of(LANTERNS).rarity


def by(column: str, weight: float = 10.0, bias: float = 0.0) -> Judge:
    return Judge(Linear({column: weight}), Linear({"covered": 1.0}, bias), 0.0)


def test_further_quotes_must_be_probable_and_new(fake_embedder: Any) -> None:
    question = question_of("lantern burns hours")
    asked = pool(question.text, fake_embedder)
    narrow = ranked(asked, question, by("overlap", 60.0))
    assert len(chosen(asked, narrow)) == 1
    wide = ranked(asked, question, by("overlap", 0.1))
    assert len(chosen(asked, wide)) == QUOTES
    assert sum(wide.probability) == pytest.approx(1.0)
    assert list(wide.probability) == sorted(wide.probability, reverse=True)
    first = chosen(asked, wide)[0]
    assert first not in chosen(asked, wide, holds=lambda number: number != first)
    twice, _ = text_paper(
        "t", "T", [("A", ["Lanterns burn for hours.", "Lanterns burn for hours."])]
    )
    again = pool(question.text, fake_embedder, twice)
    assert len(chosen(again, ranked(again, question, by("overlap")))) == 1


def test_the_decision_sees_what_no_sentence_has(fake_embedder: Any) -> None:
    there, away = (
        decision_columns(asked, question_of(text), asked.column("overlap"))
        for text in ("How many lanterns were bought?", "How many whales were bought?")
        for asked in (pool(text, fake_embedder),)
    )
    assert there["missing"] < away["missing"]
    assert there["covered"] > away["covered"]
    assert (there["number wanted, none near"], there["number counted"]) == (0.0, 1.0)


def test_weights_must_know_the_columns(fake_embedder: Any) -> None:
    question = question_of("Do lanterns burn?")
    asked = pool(question.text, fake_embedder)
    with pytest.raises(UnusableWeights, match="colour"):
        ranked(asked, question, by("colour"))
    weights = shipped()
    for judge in (weights.english, weights.any_language):
        ranked(asked, question, judge)  # names columns that there are
    assert {*weights.any_language.ranker.weights} <= {*ANY_LANGUAGE}
    size = len(files("app.answer").joinpath("weights.json").read_bytes())
    assert size <= 100_000
    assert weights.judge(question_of("使用了哪种优化器？")) is weights.any_language


def test_other_languages_are_ranked_without_words(fake_embedder: Any) -> None:
    question = question_of("Combien de lanternes ont été achetées ?")
    asked = pool(question.text, fake_embedder)
    words = [name for name in asked.names if name.startswith(("overlap", "bm25", "kindred"))]
    blank = replace(asked, values=asked.values.copy())
    for name in words:
        blank.values[:, blank.names.index(name)] = 0.0
    judge = shipped().judge(question)
    assert ranked(asked, question, judge).order == ranked(blank, question, judge).order


class Counting:
    """Counts the texts that are embedded."""

    dimension = 2

    def __init__(self, fingerprint: str = "one") -> None:
        self.fingerprint = fingerprint
        self.embedded: list[str] = []

    def embed_sentences(self, texts: Sequence[str]) -> Any:
        self.embedded += texts
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Any:
        return self.embed_sentences([text])[0]


def test_sentences_are_embedded_once() -> None:
    memory, model, other = VectorMemory(most=3), Counting(), Counting("two")
    remembering: Any = RememberingEmbedder(model, memory)  # type: ignore[arg-type]
    assert remembering.embed_sentences(["a", "bb", "a"]).tolist() == [[1, 1], [2, 1], [1, 1]]
    assert remembering.embed_sentences(["bb", "ccc"]).shape == (2, 2)
    assert remembering.embed_sentences([]).shape == (0, 2)
    assert model.embedded == ["a", "bb", "ccc"]
    memory.embed(other, ["a"])  # type: ignore[arg-type]
    assert other.embedded == ["a"]  # another model has other vectors
    remembering.embed_sentences(["ccc"])
    remembering.embed_sentences(["a"])  # the oldest of four was forgotten
    assert model.embedded == ["a", "bb", "ccc", "a"]


def test_a_known_text_keeps_no_others() -> None:
    """One text of each of many batches is asked for again and again: only its own row is kept."""
    batches: list[weakref.ref[Any]] = []

    class Watched(Counting):
        def embed_sentences(self, texts: Sequence[str]) -> Any:
            batch = super().embed_sentences(texts)
            batches.append(weakref.ref(batch))
            return batch

    memory, model = VectorMemory(most=3), Watched()
    for number in range(3):
        asked = [f"{number} {text}" for text in "abcd"]
        found = memory.embed(model, asked)  # type: ignore[arg-type]
        del found
    gc.collect()
    assert len(batches) == 3 and not any(batch() is not None for batch in batches)


def test_the_weights_are_readable_data() -> None:
    document = json.loads(files("app.answer").joinpath("weights.json").read_text("utf-8"))
    assert {*document} == {"english", "any_language"}
    for judge in document.values():
        assert {*judge} == {"ranker", "answered", "threshold"}


ATTENTION = Path(__file__).parents[3] / "shared" / "papers" / "open" / "1706.03762.pdf"


@pytest.fixture(scope="module")
def attention(
    tmp_path_factory: pytest.TempPathFactory, started_reader: Reader
) -> Iterator[Library]:
    """The paper of README's examples."""
    if not ATTENTION.is_file():
        pytest.skip(f"there is no {ATTENTION}")
    settings = Settings(library=tmp_path_factory.mktemp("attention") / "library")
    with Library.open(settings, reader=started_reader) as opened:
        opened.add(find_sources([str(ATTENTION)]).found[0])
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("which optimizer is used?", "Adam optimizer"),
        ("Why is the dot product scaled?", "we scale the dot products"),
        ("How many identical layers does the encoder have?", "N = 6"),
    ],
)
def test_the_examples_of_readme_are_right(attention: Library, question: str, said: str) -> None:
    answer = ask(attention, question, "1706.03762")
    assert said in answer.sentences[0].claim.text


@pytest.mark.slow
def test_an_example_of_the_api_has_its_answer_among_the_quotes(attention: Library) -> None:
    answer = ask(attention, "how long does training take", "1706.03762")
    assert any("12 hours" in one.claim.text for one in answer.sentences)


@pytest.mark.slow
def test_a_question_in_a_language_that_the_model_does_not_know_says_so(attention: Library) -> None:
    assert ask(attention, "Quel optimiseur est utilisé ?", "1706.03762").english_only
    assert not ask(attention, "which optimizer is used?", "1706.03762").english_only
