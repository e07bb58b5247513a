"""Sentences to numbers: n-grams of words, and features that any language has.

Three kinds. *N-grams* are words and pairs of words of the sentence, of its neighbours, of its
headings and of its opening, in small letters; numbers, years, percentages and citations are
placeholders. *Places* say where a sentence stands and what it is made of. *Likenesses* compare its
words, weighted by how rare they are in the paper, with the title, the abstract, the sections and
the sentences elsewhere; they need no other text than the paper's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from app.check.tokens import STOP_WORDS, stem
from app.choose.sentences import PaperSentence
from index.paper import ROLES, Paper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

BLOCKS = ("sentence", "before", "after", "headings", "opening", "role")
"""The n-grams of a sentence, each counted apart; ``role`` has those of the sentence again, to be
weighted by what public sets say of its role."""

_CITATION = re.compile(
    r"\[\d{1,3}(?:[,–\-; ]{1,2}\d{1,3}){0,9}\]"
    r"|\([^()]{0,80}\b(?:19|20)\d\d[a-z]?[^()]{0,80}\)|\bet al\."
)
_WORD = re.compile(
    r"[\u3040-\u9fff]|[^\W\d_\u3040-\u9fff]+(?:[-'’][^\W\d_]+)*|\d+(?:[.,]\d+)*%?|[%±=<>≥≤]"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG_NUMBER = re.compile(r"\d+(?:[.,]\d+)+|\d{2,}")
_NAME = re.compile(r"\b[A-Z][\w-]*[A-Z\d][\w-]*\b")
_CITED, _NUMBER, _A_YEAR, _PERCENT = "<cite>", "<number>", "<year>", "<percent>"
_SIGNS = frozenset("=<>≤≥∈∑∏∫√∂±|{}^")
_OPENING = 3  # words of which the opening is made
_APART = 5  # sentences; nearer ones are no evidence that a thing is said elsewhere
_PLACES = 5  # decimals of a feature, so that it is the same on every machine
_NAMED = 3  # sentences that have a name which the title or abstract has, for it to be the paper's


def words_of(text: str) -> list[str]:
    """The words in small letters; numbers, years, percentages and citations as placeholders."""
    found = []
    for word in _WORD.findall(_CITATION.sub(" \0 ", text.lower()).replace("\0", " zzcitezz ")):
        if word == "zzcitezz":
            found.append(_CITED)
        elif word[0].isdigit():
            is_year = _YEAR.fullmatch(word)
            found.append(_PERCENT if word.endswith("%") else _A_YEAR if is_year else _NUMBER)
        else:
            found.append(word)
    return found


def grams_of(words: Sequence[str]) -> list[str]:
    """Words and pairs of neighbouring words."""
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def ngrams(sentences: Sequence[PaperSentence]) -> list[dict[str, Counter[str]]]:
    """For each sentence, its n-grams by block of ``BLOCKS``, with how often each occurs."""
    words = [words_of(one.text) for one in sentences]
    own = [Counter(grams_of(one)) for one in words]
    none: Counter[str] = Counter()
    return [
        {
            "sentence": own[at],
            "before": own[at - 1] if at else none,
            "after": own[at + 1] if at + 1 < len(own) else none,
            "headings": Counter(
                [
                    *grams_of([word for title in one.headings for word in words_of(title)]),
                    *(f"label {word}" for word in words_of(one.label)),
                ]
            ),
            "role": own[at],
            "opening": Counter(" ".join(words[at][:length]) for length in range(1, _OPENING + 1)),
        }
        for at, one in enumerate(sentences)
    ]


@dataclass(frozen=True, slots=True)
class Dense:
    """Features that are not n-grams: ``values`` is (n, names). ``alike`` is (n, n), 0..1."""

    names: tuple[str, ...]
    values: Matrix
    alike: Matrix


def dense(paper: Paper, sentences: Sequence[PaperSentence]) -> Dense:
    """Places and likenesses of the sentences of one paper. At least one sentence."""
    import numpy as np

    abstract = paper.abstract.of(paper.text) if paper.abstract else ""
    likenesses, alike = _likenesses(paper.title, abstract, sentences)
    columns = [
        {**places, **own}
        for places, own in zip(
            _places(sentences), _names(paper.title, abstract, sentences), strict=True
        )
    ]
    names = (*columns[0], *likenesses)
    values = np.array([list(column.values()) for column in columns], dtype=np.float64)
    values = np.hstack([values, np.column_stack(list(likenesses.values()))])
    return Dense(names, np.round(values, _PLACES), alike)


def _places(sentences: Sequence[PaperSentence]) -> Iterator[dict[str, float]]:
    for one in sentences:
        words, text = words_of(one.text), one.text
        length = max(len(words), 1)
        numbers = words.count(_NUMBER) + words.count(_PERCENT)
        capitals = sum(word[:1].isupper() for word in text.split()[1:])
        column: dict[str, float] = {}
        for role in ROLES:
            here = float(one.role == role)
            column[f"role {role}"] = here
            column[f"role {role}, late in section"] = here * one.in_section
            column[f"role {role}, early in paper"] = here * (1 - one.in_paper)
        for part in range(5):
            column[f"fifth {part + 1} of paper"] = float(min(int(one.in_paper * 5), 4) == part)
        for part in range(3):
            column[f"third {part + 1} of section"] = float(min(int(one.in_section * 3), 2) == part)
        column |= {
            "first of paragraph": float(one.from_paragraph[0] == 0),
            "second of paragraph": float(one.from_paragraph[0] == 1),
            "last of paragraph": float(one.from_paragraph[1] == 0),
            "first of section": float(one.from_section[0] == 0),
            "second of section": float(one.from_section[0] == 1),
            "last of section": float(one.from_section[1] == 0),
            "last but one of section": float(one.from_section[1] == 1),
            "late section": one.of_sections,
            "among the last sections": float(one.of_sections > 0.8),
            "under 8 words": float(length < 8),
            "under 14 words": float(length < 14),
            "over 30 words": float(length > 30),
            "over 45 words": float(length > 45),
            "length": min(length, 60) / 30,
            "numbers": min(numbers, 4) / 2,
            "a number": float(numbers > 0),
            "a percentage": float(_PERCENT in words),
            "a year": float(_A_YEAR in words),
            "a citation": float(_CITED in words),
            "citations": min(words.count(_CITED), 3) / 2,
            "a bracket": float("(" in text),
            "a semicolon": float(";" in text),
            "a colon": float(":" in text),
            "a question": float("?" in text),
            "a quotation": float('"' in text or "“" in text),
            "capitals": capitals / length,
            "starts small": float(not text[:1].isupper()),
            "no full stop": float(text.rstrip()[-1:] not in ".!?。！？"),
            "letters": sum(c.isalpha() for c in text) / max(len(text), 1),
            "formulas": float(sum(c in _SIGNS for c in text) > 1),
        }
        yield column


def _names(
    title: str, abstract: str, sentences: Sequence[PaperSentence]
) -> Iterator[dict[str, float]]:
    """Whether a sentence has a name that title or abstract have, as "GlowNet" or "CT-3"."""
    found = [set(_NAME.findall(one.text)) for one in sentences]
    counted = Counter(name for names in found for name in names)
    in_title = set(_NAME.findall(title))
    own = {n for n in in_title | set(_NAME.findall(abstract)) if counted[n] >= _NAMED}
    often = {name for name, count in counted.items() if count >= 0.05 * len(sentences)}
    for names in found:
        yield {
            "a name of the title": float(bool(names & in_title)),
            "a name of the abstract": float(bool(names & own)),
            "a name": float(bool(names)),
            "a frequent name": float(bool(names & often)),
        }


def _stems(text: str) -> list[str]:
    return [
        stem(part)
        for word in words_of(text)
        if word[0].isalpha()
        for part in word.split("-")
        if part not in STOP_WORDS and (len(part) > 1 or not part.isascii())
    ]


def _likenesses(
    title: str, abstract: str, sentences: Sequence[PaperSentence]
) -> tuple[Mapping[str, NDArray[np.float64]], Matrix]:
    """Cosines over the paper's own words, and of all sentences with each other.

    The names of these features begin with "~": they are to be scaled before they are weighted.
    """
    import numpy as np

    stems = [_stems(one.text) for one in sentences]
    vocabulary = {w: at for at, w in enumerate(sorted({w for one in stems for w in one}))}
    counts = np.zeros((len(stems), max(len(vocabulary), 1)))
    for row, one in zip(counts, stems, strict=True):
        for word, count in Counter(one).items():
            row[vocabulary[word]] = 1 + np.log(count)
    rarity = np.log(1 + len(stems) / np.maximum((counts > 0).sum(0), 1))

    def unit(rows: Matrix) -> Matrix:
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9))

    def of_text(text: str) -> Matrix:
        row = np.zeros(counts.shape[1])
        for word, count in Counter(_stems(text)).items():
            if word in vocabulary:
                row[vocabulary[word]] = 1 + np.log(count)
        return np.asarray(unit(row * rarity))

    vectors = unit(counts * rarity)
    alike = vectors @ vectors.T
    roles = np.array([one.role for one in sentences])
    is_abstract, is_end = roles == "abstract", roles == "conclusion"

    def like(rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(vectors @ unit(vectors[rows].sum(0)))

    order = np.arange(len(stems))
    elsewhere = np.abs(order[:, None] - order[None, :]) > _APART
    far = np.where(elsewhere & (roles[:, None] != roles[None, :]), alike, 0.0)
    nearest = -np.sort(-far, axis=1)[:, :3]
    to_abstract = np.where(order[:, None] == order[None, :], 0.0, alike)[:, is_abstract]
    from_title, from_abstract = vectors @ of_text(title), vectors @ of_text(abstract)
    in_abstract, in_title = set(_stems(abstract)), set(_stems(title))
    figures = [set(_LONG_NUMBER.findall(one.text)) for one in sentences]
    shared = {
        name: set().union(*(f for f, there in zip(figures, rows, strict=True) if there))
        for name, rows in (("abstract", is_abstract), ("conclusion", is_end))
    }

    def share(words: Sequence[str], among: set[str]) -> float:
        weights = {word: rarity[vocabulary[word]] for word in dict.fromkeys(words)}
        whole = sum(weights.values())
        return sum(w for word, w in weights.items() if word in among) / whole if whole else 0.0

    empty = np.zeros(len(stems))
    return {
        "~like title": from_title,
        "~like abstract": np.where(is_abstract, 0.0, from_abstract),
        "~like title, in abstract": np.where(is_abstract, from_title, 0.0),
        "~like paper": like(np.ones(len(stems), dtype=bool)),
        "~like end": like(is_end | (roles == "discussion")),
        "~like introduction": like(roles == "introduction"),
        "~like results": like((roles == "results") | (roles == "experiments")),
        "~like method": like(roles == "method"),
        "~likest of abstract": to_abstract.max(1) if to_abstract.shape[1] else empty,
        "~mean of abstract": to_abstract.mean(1) if to_abstract.shape[1] else empty,
        "~likest elsewhere": nearest[:, 0],
        "~three likest elsewhere": nearest.mean(1),
        "~mean elsewhere": far.mean(1),
        "~share of abstract": np.array([share(one, in_abstract) for one in stems]),
        "~share of title": np.array(
            [len(in_title & set(one)) / max(len(in_title), 1) for one in stems]
        ),
        "~rarity": np.array(
            [np.mean([rarity[vocabulary[w]] for w in one]) if one else 0.0 for one in stems]
        ),
        "~a number of the abstract": np.array([bool(f & shared["abstract"]) for f in figures])
        * ~is_abstract,
        "~a number of the conclusion": np.array([bool(f & shared["conclusion"]) for f in figures])
        * ~is_end,
    }, alike
