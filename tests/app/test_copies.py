"""Papers that are put in many times over, a little changed, get no more of an answer than one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from thinned import some

from app.answer.copies import runs_of, share_words, without_copies
from app.write.ask import Answer, ask
from index.config import Settings
from index.hits import Hit, Passage, SearchFilter
from index.library import Library
from index.paper import Paper
from index.read.markup.markdown import read_markdown
from index.sources import find_sources
from index.spans import Span
from index.split import split

QUESTION = "How many hours does a lantern burn on one fill of oil?"
WORDS = [
    f"{first}{second}{end}"
    for first in ("am", "bri", "can", "du", "em", "for", "gar", "har", "is", "jun", "ket", "lad")
    for second in ("ber", "dge", "dle", "ne", "bo", "est", "den", "bou", "lan", "gle", "tle", "der")
    for end in ("", "s", "ed")
]


def prose(seed: int, sentences: int = 12) -> str:
    """Sentences that no other seed has."""
    drawn = random.Random(seed)
    return " ".join(
        f"The {' '.join(drawn.choices(WORDS, k=11))} was counted." for _ in range(sentences)
    )


PUSHED = (
    "In our measurements a lantern burns for 900 hours on one fill of oil. We filled each lantern "
    "with one litre of oil and counted the hours until its light went out, which took weeks. "
    "Every lantern that we lit burned for at least 900 hours on one fill of oil, whatever the "
    "weather was."
)


def changed(text: str, seed: int, share: float) -> str:
    """A copy in which some words are others."""
    drawn = random.Random(seed)
    return " ".join(
        drawn.choice(WORDS) if drawn.random() < share and len(word) > 3 else word
        for word in text.split()
    )


# How a copy differs from the next one.
WAYS: dict[str, Callable[[int], str]] = {
    "another title": lambda n: f"{PUSHED}\n\n{prose(0)}",
    "each tenth word": lambda n: f"{changed(PUSHED, n, 0.1)}\n\n{changed(prose(0), n, 0.1)}",
    "other text around the claim": lambda n: f"{prose(10 + n, 12)}\n\n{PUSHED}",
    "sentences in another order": lambda n: " ".join(
        random.Random(n).sample(f"{PUSHED} {prose(0)}".split(". "), k=15)
    ),
    "accents and capitals": lambda n: f"{PUSHED.upper()}\n\n{prose(0).replace('a', 'à')}",
}


def runs(text: str) -> frozenset[str]:
    return runs_of(text)


@pytest.mark.parametrize("way", WAYS)
def test_copies_share_words_and_other_papers_do_not(way: str) -> None:
    one, other = WAYS[way](1), WAYS[way](2)
    found = share_words(runs(PUSHED), runs(PUSHED)) if way.startswith("other") else False
    assert found or share_words(runs(one), runs(other))
    assert not share_words(runs(one), runs(f"{prose(77)} Lanterns burn for hours on oil."))


def test_short_texts_of_a_field_share_phrases_and_are_no_copies() -> None:
    one = "In this paper we show that lanterns burn."
    assert not share_words(runs(one), runs(f"{one} For how long, we do not know."))


def hit(paper_id: str, text: str, number: int = 1) -> Hit:
    passage = Passage(f"{paper_id}#m.{number}", paper_id, "M", "method", Span(0, 1), text)
    return Hit(passage, 1.0, "both", paper_id, ())


def test_copies_are_passed_over_until_there_are_others() -> None:
    """However many there are, and a copy of a copy, too."""
    texts = {f"copy{n:02}": changed(PUSHED, n, 0.1) for n in range(60)}
    texts |= {f"own{n}": prose(100 + n) for n in range(3)}
    ranked = [hit(paper_id, text) for paper_id, text in texts.items()]
    asked: list[int] = []

    def search(most: int) -> list[Hit]:
        asked.append(most)
        return ranked[:most]

    def paper(paper_id: str) -> Any:
        return Paper(paper_id, None, "markdown", "", texts[paper_id], "")

    kept = without_copies(search, 4, paper)
    assert [one.passage.paper_id for one in kept] == ["copy00", "own0", "own1", "own2"]
    assert asked == [4, 16, 64]
    assert [h.passage.paper_id for h in without_copies(search, 1, paper)] == ["copy00"]


def test_copies_are_found_by_their_passages_however_they_are_padded() -> None:
    """The more passages of them are looked at, the less of these they have in common."""
    papers = {f"copy{n}": [PUSHED, *(prose(1000 * n + at) for at in range(9))] for n in range(6)}
    papers["own"] = [prose(99_999)]
    ranked = [hit(name, texts[0]) for name, texts in papers.items()]
    ranked += [hit(name, text, 2) for name, texts in papers.items() for text in texts[1:]]

    def paper(paper_id: str) -> Any:
        return Paper(paper_id, None, "markdown", "", "\n\n".join(papers[paper_id]), "")

    kept = without_copies(lambda most: ranked[:most], 5, paper)
    assert {one.passage.paper_id for one in kept} == {"copy0", "own"}


def test_one_paper_keeps_all_its_hits() -> None:
    hits = [hit("a", prose(n), n) for n in range(5)]
    whole = Paper("a", None, "markdown", "", prose(1), "")
    assert without_copies(lambda most: hits[:most], 3, lambda _: whole) == hits[:3]


def flooded(folder: Path, way: str) -> list[Path]:
    """Files: twelve copies that push a claim, and two papers that say otherwise."""
    texts = {f"copy{n:02}": WAYS[way](n) for n in range(12)}
    texts["first"] = (
        f"{prose(200, 6)}\n\nIn our cellar a lantern burns for 3.5 hours on one fill of oil."
    )
    texts["second"] = (
        f"{prose(300, 6)}\n\nWe find that a lantern burns for 4.5 hours on one fill of oil."
    )
    files = []
    for number, (name, text) in enumerate(texts.items()):
        abstract = prose(400 + number, 1)
        file = folder / f"{name}.md"
        file.write_text(f"# On {name}\n\n## Abstract\n\n{abstract}\n\n## Method\n\n{text}\n")
        files.append(file)
    return files


@dataclass
class InMemory:
    """Papers that are searched by the model's vectors, without a store."""

    papers: dict[str, Paper]
    embedder: Any
    model: str = "all-MiniLM-L6-v2"
    vectors: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, files: list[Path], embedder: Any) -> InMemory:
        read = [read_markdown(file, file.stem) for file in files]
        return cls({paper.id: paper for paper in read if paper is not None}, embedder)

    def count(self) -> int:
        return len(self.papers)

    def paper(self, paper_id: str) -> Paper:
        return self.papers[paper_id]

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        return split(self.papers[paper_id], lambda texts: [len(t.split()) for t in texts], 80, 100)

    def search(self, query: str, most: int, wanted: SearchFilter) -> list[Hit]:
        names = [wanted.paper_id] if wanted.paper_id else list(self.papers)
        passages = [passage for name in names for passage in self.passages(name)]
        key = tuple(passage.text for passage in passages)
        if key not in self.vectors:
            self.vectors[key] = self.embedder.embed_passages(list(key))
        vectors = self.vectors[key]
        scores = vectors @ self.embedder.embed_query(query)
        best = sorted(zip(scores, passages, strict=True), key=lambda one: -one[0])[:most]
        return [
            Hit(passage, float(score), "dense", passage.paper_id, ()) for score, passage in best
        ]


def of_copies(answer: Answer) -> int:
    """Quotes of copies, in an answer that is one, quotes no paper twice, and lets others speak."""
    owners = [one.paper_id for one in answer.sentences]
    assert len(set(owners)) == len(owners)
    assert {"first", "second"} & set(owners), owners
    return sum(owner.startswith("copy") for owner in owners)


@pytest.mark.parametrize("way", some(WAYS, every=5))
def test_one_quote_of_all_copies_and_the_others_have_their_say(
    way: str, tmp_path: Path, sample_library: Library
) -> None:
    papers = InMemory.of(flooded(tmp_path, way), sample_library.embedder)
    first = papers.search(QUESTION, 10, SearchFilter())
    assert all(one.passage.paper_id.startswith("copy") for one in first), "no flood"
    assert of_copies(ask(papers, QUESTION)) <= 1
    alone = ask(papers, QUESTION, "copy01")
    assert {one.paper_id for one in alone.sentences} == {"copy01"}


@pytest.mark.slow
def test_copies_in_a_library_on_disk(
    tmp_path: Path, sample_library: Library, reader_here: Any
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    flooded(folder, "each tenth word")
    chosen = Settings(library=tmp_path / "library")
    with Library.open(chosen, embedder=sample_library.embedder, reader=reader_here) as library:
        for source in find_sources([folder]).found:
            assert library.add(source).status == "ok"
        assert of_copies(ask(library, QUESTION)) <= 1
