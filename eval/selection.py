"""Do the right words stand under each heading? Digests against papers judged by a reader.

``gloss eval selection --data FOLDER`` reads the form of ``bench/digests`` (``eval.judged``). By
default no figure is of a paper that trained the model: it is trained anew without a fifth of the
fields, and then without a fifth of the papers. With one folder more, that of ``bench/roles``, the
public sets are trained on as well, as for the weights that come with gloss; those are measured too
and called ``shipped``: where the papers of FOLDER trained them, that figure flatters.

A quote is right where it shares 80 % of its runs of five letters and digits with a judged sentence.

- ``precision``: right quotes of those chosen, the mean over items with a quote.
- ``first``: items whose first quote is right, of those with a quote.
- ``ideal``: items with a quote that the reader would print, of those that are not silent.
- ``useful``: items of which at least half the quotes are right, or that are rightly empty.
- ``false_silence``: items called "not stated" though the paper states them, of all items.
- ``false_words``: items with a quote though the paper is silent, of the silent ones.
- ``repeats``: quotes that stood in the digest before, of all quotes.
- ``quotes``: quotes an item.
- ``ranked``: average precision of the sentences that the reader accepts among all that may be
  quoted for the item, the likeliest first, and ``ranked_ideal`` of those that they would print, by
  what they are chosen by: how well sentences are ranked, whatever is made of it. Those that the
  model's third step does not see come last. The mean over the items of papers that have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.choose.model import Model, Scores, score, shipped
from app.choose.select import select
from app.choose.sentences import prose_sentences, quotable
from eval.evaluation import Report
from eval.judged import Judge, Judged, read_judged
from eval.measures import average_precision
from eval.pages import fill, write_page
from eval.train.selection import ITEMS, RoleModel, TrainingPaper, role_model, train, training_paper
from index.config import Settings
from index.embed.states import MiddleLayer, SentenceEncoder
from index.paper import Paper

if TYPE_CHECKING:
    pass

FOLDS = 5
_WORST = 25  # items that are shown
MEASURES = (
    "precision", "first", "ideal", "useful", "false_silence", "false_words", "repeats", "quotes",
    "ranked", "ranked_ideal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """One item of one digest: what was chosen, and whether it is right."""

    paper: str
    group: str
    item: str
    quotes: tuple[str, ...]
    right: tuple[bool, ...]
    ideal: bool
    silent: bool  # the paper says nothing of the kind
    repeats: int
    ranked: float | None = None  # average precision of accepted sentences; None without any
    ranked_ideal: float | None = None  # the same of those to print

    @property
    def useful(self) -> bool:
        """At least half of the quotes are right, or there are rightly none."""
        if self.silent or not self.right:
            return self.silent and not self.quotes
        return 2 * sum(self.right) >= len(self.right)


def run(settings: Settings, data: Sequence[Path]) -> Report:
    """The entry point of ``gloss eval selection``. Raises ``DataUnusable``."""
    from eval.corpus import DataUnusable

    if not 1 <= len(data) <= 2:
        raise DataUnusable(None, "give --data FOLDER of judged papers, and of roles if there are")
    papers = read_judged(data[0], settings)
    roles = role_model(data[1]) if len(data) == 2 else None
    encoder = MiddleLayer(settings.cache)
    numbers = [training_paper(one, encoder) for one in papers]
    ways = {
        "unseen fields": folded(papers, numbers, roles, by_field(papers), encoder),
        "unseen papers": folded(papers, numbers, roles, by_paper(papers), encoder),
        "shipped": judged(papers, numbers, lambda _: shipped(), encoder),
    }
    fields = sorted({one.group for one in papers})
    unseen = ways["unseen fields"]
    table = (
        ("item", *MEASURES),
        *((item, *_row(_of(unseen, item=item))) for item in ITEMS),
        *((name, *_row(found)) for name, found in ways.items()),
    )
    worst = _worst(unseen)
    page = write_page(
        settings,
        "selection",
        fill(
            "selection.html",
            papers=len(papers),
            table=table,
            fields=[(field, *_row(_of(unseen, group=field))) for field in fields],
            worst=[
                (one.paper, one.item, list(zip(one.quotes, one.right, strict=True)))
                for one in worst
            ],
        ),
    )
    return Report(
        measures={
            name: {
                **measured(found),
                "items": {item: measured(_of(found, item=item)) for item in ITEMS},
                "fields": {field: measured(_of(found, group=field)) for field in fields},
            }
            for name, found in ways.items()
        }
        | {"page": str(page)},
        table=table,
        notes=(f"Items are those on unseen fields. The {len(worst)} worst of them: {page}",),
    )


def folded(
    papers: Sequence[Judged],
    numbers: Sequence[TrainingPaper],
    roles: RoleModel | None,
    folds: Mapping[str, int],
    encoder: SentenceEncoder,
) -> list[JudgedItem]:
    """Each paper with a model that was trained without the papers of its fold."""
    models = {
        fold: train([one for one in numbers if folds[one.id] != fold], roles)
        for fold in sorted(set(folds.values()))
    }
    return judged(papers, numbers, lambda paper: models[folds[paper.id]], encoder)


def judged(
    papers: Sequence[Judged],
    numbers: Sequence[TrainingPaper],
    model: Callable[[Paper], Model],
    encoder: SentenceEncoder,
) -> list[JudgedItem]:
    """The items of the papers' digests, chosen by ``model``. ``numbers`` are of the same papers."""
    found = []
    for one, of_paper in zip(papers, numbers, strict=True):
        sentences = prose_sentences(one.paper)
        scores = score(one.paper, sentences, quotable(sentences), model(one.paper), encoder)
        chosen = select(one.paper, lambda *_, scores=scores: scores).spans
        ranked = _ranked(scores, of_paper)
        seen: Counter[str] = Counter()
        for item in ITEMS:
            said = one.items[item]
            quotes = tuple(span.of(one.paper.text) for span in chosen[item])
            ideal, right = Judge(said.ideal), Judge((*said.ideal, *said.ok))
            repeats = sum(seen[quote] for quote in quotes)
            seen.update(quotes)
            found.append(
                JudgedItem(
                    one.paper.id,
                    one.group,
                    item,
                    quotes,
                    tuple(right.accepts(quote) for quote in quotes),
                    any(ideal.accepts(quote) for quote in quotes),
                    said.silent,
                    repeats,
                    *ranked[item],
                )
            )
    return found


def _ranked(scores: Scores, paper: TrainingPaper) -> dict[str, tuple[float | None, float | None]]:
    """For each item the average precision of accepted sentences, and of those to print."""
    import numpy as np

    found = {}
    for column, name in enumerate(ITEMS):
        among = np.flatnonzero(paper.allowed[:, column])
        at = scores.items.index(name)
        good, ideal = scores.good[among, at], scores.ideal[among, at]
        label = paper.labels[among, column]
        found[name] = (
            average_precision((label[np.argsort(-good, kind="stable")] >= 1).tolist()),
            average_precision((label[np.argsort(-good - ideal, kind="stable")] >= 2).tolist()),
        )
    return found


def measured(found: Sequence[JudgedItem]) -> dict[str, float | None]:
    """The measures over some items; None where nothing is counted."""

    def share(part: float, whole: float) -> float | None:
        return round(part / whole, 4) if whole else None

    filled = [one for one in found if one.quotes]
    spoken = [one for one in found if not one.silent]
    silent = [one for one in found if one.silent]
    quotes = sum(len(one.quotes) for one in found)
    ranked = [one.ranked for one in found if one.ranked is not None]
    ranked_ideal = [one.ranked_ideal for one in found if one.ranked_ideal is not None]
    return {
        "precision": share(sum(sum(one.right) / len(one.right) for one in filled), len(filled)),
        "first": share(sum(one.right[0] for one in filled), len(filled)),
        "ideal": share(sum(one.ideal for one in spoken), len(spoken)),
        "useful": share(sum(one.useful for one in found), len(found)),
        "false_silence": share(sum(not one.quotes for one in spoken), len(found)),
        "false_words": share(sum(bool(one.quotes) for one in silent), len(silent)),
        "repeats": share(sum(one.repeats for one in found), quotes),
        "quotes": share(quotes, len(found)),
        "ranked": share(sum(ranked), len(ranked)),
        "ranked_ideal": share(sum(ranked_ideal), len(ranked_ideal)),
    }


def by_field(papers: Sequence[Judged]) -> dict[str, int]:
    """Folds of whole fields, as even as they get: the largest field to the smallest fold."""
    sizes = Counter(one.group for one in papers)
    loads: dict[int, int] = dict.fromkeys(range(FOLDS), 0)
    fold_of: dict[str, int] = {}
    for field, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        fold_of[field] = min(loads, key=lambda fold: (loads[fold], fold))
        loads[fold_of[field]] += size
    return {one.paper.id: fold_of[one.group] for one in papers}


def by_paper(papers: Sequence[Judged]) -> dict[str, int]:
    """Every fifth paper of each field in turn."""
    order = sorted(papers, key=lambda one: (one.group, one.paper.id))
    return {one.paper.id: at % FOLDS for at, one in enumerate(order)}


def _of(found: Sequence[JudgedItem], item: str = "", group: str = "") -> list[JudgedItem]:
    return [one for one in found if item in ("", one.item) and group in ("", one.group)]


def _row(found: Sequence[JudgedItem]) -> tuple[str, ...]:
    return tuple("-" if value is None else f"{value:.3f}" for value in measured(found).values())


def _worst(found: Sequence[JudgedItem]) -> list[JudgedItem]:
    """The items with the largest share of wrong quotes."""
    wrong = [one for one in found if one.quotes and not all(one.right)]
    return sorted(wrong, key=lambda one: (sum(one.right) / len(one.right), one.paper))[:_WORST]
