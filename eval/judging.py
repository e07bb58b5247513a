"""Writes a page for human judgements of digest sentences, and compares them with the checker.

The page is one file without network access: its button saves the judgements as JSON where the
browser saves files, and ``gloss eval digests --data JUDGEMENTS.json`` reads them back.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from app.choose.template import ITEMS
from app.digest import Digest
from eval.corpus import DataUnusable
from eval.pages import fill

SENTENCES = 60  # on a page
SEED = 5
FORM = "gloss judgements 1"

Answer = Literal["yes", "no", "unclear", ""]


@dataclass(frozen=True, slots=True)
class SampledSentence:
    """A sentence of a digest, with what it rests on and what the checker says of it."""

    id: str  # "2407.03300/en/method.2"
    title: str  # of the paper
    item: str
    text: str
    english: str
    origin: str
    quotes: tuple[str, ...]
    places: tuple[str, ...]  # of each quote: its passage, and its page where there is one
    verdict: str
    score: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's judgement of a sentence; empty fields were not judged."""

    id: str
    verdict: str  # the checker's
    supported: Answer
    readable: Answer


@dataclass(frozen=True, slots=True)
class Agreement:
    """A person beside the checker, over the sentences that were judged."""

    judged: int
    supported: int
    unsupported: int
    unclear: int
    readable: float | None  # share of those of which it was said
    agreement: float | None  # share of those that are clear where the checker says the same
    kappa: float | None  # Cohen's: agreement beyond chance; None where either says always the same
    disagreed: tuple[str, ...]


def sentences_of(digests: Iterable[Digest]) -> list[SampledSentence]:
    """The sentences of digests, in order: not the affiliations, keywords and links."""
    return [
        SampledSentence(
            id=f"{digest.paper.id}/{digest.lang}/{section.name}.{number}",
            title=digest.paper.title,
            item=ITEMS[section.name].titles["en"],
            text=claim.text,
            english=claim.english,
            origin=claim.origin,
            quotes=tuple(citation.quote for citation in claim.citations),
            places=tuple(
                citation.passage_id + (f", page {citation.page}" if citation.page else "")
                for citation in claim.citations
            ),
            verdict=claim.support.verdict,
            score=claim.support.score,
        )
        for digest in digests
        for section in digest.sections
        if ITEMS[section.name].group != "front"
        for number, claim in enumerate(section.items, start=1)
    ]


def drawn(
    sentences: Sequence[SampledSentence], count: int = SENTENCES, seed: int = SEED
) -> list[SampledSentence]:
    """A sample of them by seed, in their order; all if there are not more."""
    if len(sentences) <= count:
        return list(sentences)
    return [
        sentences[at] for at in sorted(random.Random(seed).sample(range(len(sentences)), count))
    ]


def page(sentences: Sequence[SampledSentence], writer: str, seed: int = SEED) -> str:
    """The page as HTML."""
    about = {"form": FORM, "writer": writer, "seed": seed}
    shown = [asdict(one) for one in sentences]
    return fill("judging.html", sentences=shown, about=about)


def read_judgements(path: Path) -> list[Judgement]:
    """The judgements that the page has saved. Raises ``DataUnusable``."""
    try:
        saved: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataUnusable(path, f"is not JSON: {error}") from error
    if not isinstance(saved, dict) or saved.get("form") != FORM:
        raise DataUnusable(path, f"was not saved by the page of judgements ({FORM})")
    said = saved.get("judgements")
    if not isinstance(said, list):
        raise DataUnusable(path, "has no judgements")
    return [_judgement(path, number, one) for number, one in enumerate(said, 1)]


def _judgement(path: Path, number: int, said: Any) -> Judgement:
    answers = ("yes", "no", "unclear", "")
    match said:
        case {"id": str(id_), "verdict": str(verdict), "supported": one, "readable": other}:
            if one in answers and other in answers:
                return Judgement(id_, verdict, one, other)
    raise DataUnusable(path, f"judgement {number} lacks id, verdict, supported or readable")


def agreement(judgements: Sequence[Judgement]) -> Agreement:
    """The agreement of the checker with the person."""
    judged = [one for one in judgements if one.supported]
    clear = [one for one in judged if one.supported != "unclear"]
    person = [one.supported == "yes" for one in clear]
    checker = [one.verdict == "supported" for one in clear]
    same = [mine == its for mine, its in zip(person, checker, strict=True)]
    legible = [one.readable == "yes" for one in judgements if one.readable in ("yes", "no")]
    return Agreement(
        judged=len(judged),
        supported=sum(person),
        unsupported=len(person) - sum(person),
        unclear=len(judged) - len(clear),
        readable=_share(legible),
        agreement=_share(same),
        kappa=_kappa(person, checker),
        disagreed=tuple(one.id for one, alike in zip(clear, same, strict=True) if not alike),
    )


def _share(held: Sequence[bool]) -> float | None:
    return round(sum(held) / len(held), 4) if held else None


def _kappa(person: Sequence[bool], checker: Sequence[bool]) -> float | None:
    """Cohen's kappa (1960) of two who say yes or no."""
    if len(set(person)) < 2 or len(set(checker)) < 2:
        return None
    count = len(person)
    mine, its = sum(person) / count, sum(checker) / count
    chance = mine * its + (1 - mine) * (1 - its)
    same = sum(one == other for one, other in zip(person, checker, strict=True)) / count
    return round((same - chance) / (1 - chance), 4)
