"""Measuring and training the choice of sentences, on small papers of our own."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import library_fakes as fakes
import numpy as np
import pytest

from app.choose.model import WEIGHTS, Model, from_bytes, score
from app.choose.sentences import prose_sentences, quotable
from eval import selection
from eval.corpus import DataUnusable
from eval.judged import Judge, Judged, Judgement, read_judged
from eval.selection import JudgedItem, by_field, judged, measured
from eval.train.selection import (
    ITEMS,
    RoleModel,
    TrainingPaper,
    role_model,
    to_bytes,
    train,
    training_paper,
)
from index.config import Settings
from index.paper import Block, Paper, Section, Sentence
from index.read.text.sentences import split_sentences
from index.spans import Span

SHARED = Path(__file__).parents[3] / "shared" / "bench"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not here")

ENCODER = fakes.PlainStates()
THINGS = ("lantern", "kettle", "wagon", "bridge", "mirror", "candle")
SECTIONS = (
    ("abstract", "All {0}s are dear, which is a problem. We propose a {0} without any oil."),
    ("introduction", "Previous {0}s are limited to dry paths. In this paper we present a {0}."),
    ("method", "Each {0} is made of glass. We train ten walkers with the {0} at night."),
    ("results", "The {0} worked for 12.5 hours. The old one worked for 8 hours only."),
    ("conclusion", "A {0} without oil is possible. Future work will study the {0} on ships."),
)
RIGHT = {
    "summary": "We propose a {0} without any oil.",
    "background": "All {0}s are dear, which is a problem.",
    "earlier_methods": "Previous {0}s are limited to dry paths.",
    "methods": "Each {0} is made of glass.",
    "performance": "The {0} worked for 12.5 hours.",
    "limits": "Future work will study the {0} on ships.",
}


def paper_of(thing: str) -> Paper:
    """A paper on a thing."""
    text, sections, blocks, sentences = "", [], [], []
    for role, template in SECTIONS:
        start = len(text)
        text += f"{role.title()}\n\n"
        span = Span(len(text), len(text) + len(template.format(thing)))
        text += template.format(thing) + "\n\n"
        blocks.append(Block("paragraph", span))
        sentences += [Sentence(one, "paragraph") for one in split_sentences(text, span)]
        sections.append(Section(role.title(), role, 1, Span(start, len(text))))  # type: ignore[arg-type]
    return Paper(
        id=thing, version=None, source="markdown", sha256="", text=text, title=f"The {thing}",
        abstract=blocks[0].span, sections=tuple(sections), blocks=tuple(blocks),
        sentences=tuple(sentences),
    )  # fmt: skip


def judged_paper(thing: str, group: str) -> Judged:
    """The paper with what a reader said of it: one sentence for each item, or silence."""
    said = {
        name: Judgement((RIGHT[name].format(thing),), (), False)
        if name in RIGHT
        else Judgement((), (), True)
        for name in ITEMS
    }
    return Judged(paper_of(thing), group, said)


PAPERS = [judged_paper(thing, f"field {at % 3}") for at, thing in enumerate(THINGS)]


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> RoleModel:
    """Models of public sets that are smaller than the real ones."""
    folder = tmp_path_factory.mktemp("roles")
    kinds = {
        "csabstruct": "background method result objective",
        "aclsum": "challenge approach outcome",
        "raamove": "BAC GAP PUR MTD RST CLN CTN IMP",
        "kilicoglu_limits": "limitation none",
        "clscisumm": "method results implication aim",
        "sciarg": "result motivation_background proposal observation proposal_implementation "
        "conclusion motivation_problem",
    }
    for name, labels in kinds.items():
        rows = [
            {"doc_id": f"{name}-{at}", "text": f"We {label} the thing in a way of {label}.",
             "label": label}
            for at, label in product(range(12), labels.split())
        ]  # fmt: skip
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return role_model(folder)


@pytest.fixture(scope="module")
def numbers() -> list[TrainingPaper]:
    return [training_paper(one, ENCODER) for one in PAPERS]


@pytest.fixture(scope="module")
def model(numbers: list[TrainingPaper], roles: RoleModel) -> Model:
    """What all papers teach."""
    return train(numbers, roles)


def test_training_learns_from_other_fields_what_stands_where(
    numbers: list[TrainingPaper], roles: RoleModel
) -> None:
    model = train([one for one in numbers if one.group != "field 0"], roles)
    unseen = [one for one in PAPERS if one.group == "field 0"]
    for one in unseen:
        sentences = prose_sentences(one.paper)
        good = score(one.paper, sentences, quotable(sentences), model, ENCODER).good
        for name, right in RIGHT.items():
            best = sentences[int(good[:, ITEMS.index(name)].argmax())].text
            assert best == right.format(one.paper.id), name


def test_the_same_papers_give_the_same_bytes_and_the_file_gives_the_model(
    numbers: list[TrainingPaper], roles: RoleModel, model: Model
) -> None:
    packed = to_bytes(model, len(numbers), roles)
    assert packed == to_bytes(
        train([training_paper(one, ENCODER) for one in PAPERS], roles), 6, roles
    )
    read = from_bytes(packed)
    for paper in (one.paper for one in PAPERS):
        sentences = prose_sentences(paper)
        before, after = (
            score(paper, sentences, quotable(sentences), model, ENCODER),
            score(paper, sentences, quotable(sentences), read, ENCODER),
        )
        assert np.allclose(before.good, after.good) and np.allclose(before.ideal, after.ideal)


def test_an_n_gram_of_two_papers_has_no_weight(model: Model) -> None:
    known = model.blocks["sentence"].rows
    assert "we propose" in known
    assert not any(thing in gram.split() for gram in known for thing in THINGS)


def item(quotes: Sequence[str], right: Sequence[bool], **said: Any) -> JudgedItem:
    made = JudgedItem("a", "x", "summary", tuple(quotes), tuple(right), any(right), False, 0)
    return replace(made, **said)


def test_the_measures_count_as_they_say() -> None:
    found = [
        item(["a", "b"], [True, False]),
        item(["c"], [False]),
        item([], [], silent=True),
        item([], []),
        item(["a"], [True], repeats=1, ranked=1.0, ranked_ideal=0.25),
        item(["d"], [False], silent=True, ranked=0.5),
    ]
    assert measured(found) == {
        "precision": round((0.5 + 0 + 1 + 0) / 4, 4),
        "first": 0.5,
        "ideal": 0.5,  # of four that are not silent
        "useful": 0.5,
        "false_silence": round(1 / 6, 4),
        "false_words": 0.5,
        "repeats": 0.2,
        "quotes": round(5 / 6, 4),
        "ranked": 0.75,
        "ranked_ideal": 0.25,
    }
    assert set(measured([]).values()) == {None}


def test_folds_keep_fields_whole() -> None:
    folds = by_field(PAPERS)
    for group in {one.group for one in PAPERS}:
        assert len({folds[one.paper.id] for one in PAPERS if one.group == group}) == 1


def test_a_digest_is_measured_against_the_judgement(numbers: list[TrainingPaper]) -> None:
    model = train(numbers, None)
    found = judged(PAPERS[:1], numbers[:1], lambda _: model, ENCODER)
    by_name = {one.item: one for one in found}
    assert by_name["summary"].ideal and by_name["summary"].right == (True,)
    assert (by_name["summary"].ranked, by_name["method"].ranked) == (1.0, None)
    assert all(one.silent for name, one in by_name.items() if name not in RIGHT)


def test_the_page_shows_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    first, *others = PAPERS
    said = {**first.items, "summary": Judgement(("Something else.",), (), False)}
    papers = [replace(first, items=said), *others]
    monkeypatch.setattr(selection, "read_judged", lambda *_: papers)
    monkeypatch.setattr(selection, "MiddleLayer", lambda cache: ENCODER)
    learned: list[set[str]] = []

    def train_once(numbers: list[TrainingPaper], roles: None) -> Model:
        learned.append({one.id for one in numbers})
        return model

    monkeypatch.setattr(selection, "train", train_once)
    report = selection.run(Settings(cache=tmp_path), [tmp_path])
    fields = [{one.paper.id for one in PAPERS if one.group == f"field {at}"} for at in range(3)]
    assert [set(THINGS) - one for one in learned[: len(fields)]] == fields
    unseen = [thing for one in learned[len(fields) :] for thing in set(THINGS) - one]
    assert sorted(unseen) == sorted(THINGS)
    page = Path(str(report.measures["page"])).read_text()
    assert "wrong: We propose a lantern without any oil." in page
    assert "<td>lantern</td><td>summary</td>" in page and "<td>field 0</td>" in page


def test_what_is_no_judged_paper_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match=r"has no ID\.json"):
        read_judged(tmp_path)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataUnusable, match="is no JSON"):
        read_judged(tmp_path)
    (tmp_path / "a.json").write_text('{"id": "a", "file": "a.pdf", "group": "x"}')
    with pytest.raises(DataUnusable, match="'items'"):
        read_judged(tmp_path)


@needs_shared
def test_a_quote_is_compared_as_the_reference_compares_it() -> None:
    spec = importlib.util.spec_from_file_location("score", SHARED / "digests" / "score.py")
    assert spec is not None and spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    said = json.loads((SHARED / "digests" / "grasp.json").read_text())["items"]
    texts = [text for one in said.values() for text in (*one["ideal"], *one["ok"])][:60]
    texts += [text[: len(text) // 2] for text in texts] + ["The", "We grasp.", texts[0] + texts[1]]
    for quote in texts[::3]:
        for text in texts:
            assert Judge([text]).accepts(quote) == reference.right(quote, [text]), (quote, text)


@needs_shared
@pytest.mark.slow
def test_every_phrase_with_a_weight_is_in_three_papers() -> None:
    papers = [training_paper(one, ENCODER) for one in read_judged(SHARED / "digests", Settings())]
    said = json.loads(gzip.decompress(WEIGHTS.read_bytes()))["blocks"]
    for name, block in said.items():
        if name != "role":
            for gram in block["ngrams"]:
                there = sum(any(gram in one[name] for one in paper.counts) for paper in papers)
                assert there >= 3, (name, gram)
