"""Whether a library's catalogue, vectors and files agree."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from index.catalog import Catalog, ClaimSet, Edition
from index.config import Settings
from index.errors import PUT_BACK, GlossError, PaperDamaged
from index.library.engines import Engines
from index.library.files import Files
from index.library.rebuild import Rebuild

_SAMPLE = 20  # papers that are looked at by every check: their files are some 40 MB


@dataclass(frozen=True, slots=True)
class LibraryHealth:
    """Whether catalogue, vectors and files agree. Each problem says how to fix it."""

    papers: int
    failed: int
    passages: int
    points: int
    model: str
    problems: tuple[str, ...]
    claims: int = 0  # sentences of digests, and their vectors
    claim_points: int = 0
    checked: int = 0  # papers whose bytes and files were compared with their checksums
    notes: int = 0  # the reader's own
    tags: int = 0
    rebuilding: str = ""  # the model that a rebuild which was cut short was for

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def health(
    settings: Settings, catalog: Catalog, files: Files, engines: Engines, deep: bool = False
) -> LibraryHealth:
    """Compare catalogue, vectors and files. Problems are reported, not raised.

    ``deep`` compares the bytes of all papers with their checksums, and not those of a sample, and
    the vectors, too.
    """
    problems: list[str] = []
    damage = catalog.damage()
    if damage:
        problems.append(f"catalogue damaged: {damage}; {PUT_BACK}")
    points: dict[int, int] = {}
    wrong: frozenset[int] = frozenset()
    try:
        store = engines.started().store
        points = store.editions()
        wrong = store.damaged() if deep else wrong
        problems.extend(store.problems())
    except GlossError as error:
        problems.append(str(error))
        measured = False
    else:
        measured = True
    current = catalog.editions.in_state("current")
    looked_at = current if deep else random.sample(current, min(len(current), _SAMPLE))
    for edition in current:
        if not files.path(edition.file).is_file():
            problems.append(f"{edition.paper_id}: its file is gone; {_again(edition)}")
        found = points.get(edition.number, 0)
        if measured and found != edition.passages:
            problems.append(
                f"{edition.paper_id}: {found} of {edition.passages} passages are in the index; "
                "run `gloss doctor --repair`"
            )
    problems.extend(_damaged_points("passages", wrong, {e.number: e.paper_id for e in current}))
    for edition in looked_at:
        problems.extend(_damage(edition, catalog, files))
    integrity = catalog.integrity
    if not (
        integrity.all_words_in_step()
        if deep
        else integrity.words_in_step(one.number for one in looked_at)
    ):
        problems.append(
            "the index of words, by which phrases are found, is not that of the passages; "
            "run `gloss doctor --repair`"
        )
    meta = catalog.meta()
    made = engines.splitting()
    if current and any(meta.get(name) != value for name, value in made.items()):
        problems.append(
            "its passages were made by an earlier version or other settings, and are found "
            "less well; run `gloss doctor --repair`"
        )
    strays = sum(points.values()) - sum(points.get(edition.number, 0) for edition in current)
    if strays:
        problems.append(
            f"{strays} vectors of no paper are in the index; run `gloss doctor --repair`"
        )
    unknown = files.unknown(catalog.editions.files())
    if unknown:
        problems.append(
            f"{len(unknown)} files that no paper of the catalogue has are in {unknown[-1].parent}, "
            f"as after an older catalogue was put back: `gloss add {unknown[-1].parent}` adds them "
            "again; delete those that nobody wants"
        )
    sets, claim_points = _claim_health(catalog, engines, problems, measured, deep)
    for paper_key, note in catalog.notes.damaged():
        problems.append(
            f"{paper_key}: note {note} is damaged in the catalogue: `gloss note {paper_key} TEXT "
            f"--change {note}` writes it again, or a backup has it"
        )
    astray = catalog.notes.astray()
    if astray:
        problems.append(
            f"{astray} rows of notes, tags or their places in the catalogue are damaged: {PUT_BACK}"
        )
    entries = catalog.entries.damaged()
    if entries:
        problems.append(
            f"{entries} imported entries are damaged in the catalogue: import their exports again, "
            "or a backup has them"
        )
    places = catalog.notes.places()
    rebuild = Rebuild.noted(catalog.meta())
    return LibraryHealth(
        papers=len(current),
        failed=len(catalog.editions.numbers("failed")),
        passages=sum(edition.passages for edition in current),
        points=sum(points.values()),
        model=catalog.meta().get("model", settings.model),
        problems=tuple(problems),
        claims=sum(one.claims for one in sets),
        claim_points=claim_points,
        checked=len(looked_at),
        notes=sum(len(one.notes) for one in places),
        tags=sum(len(one.tags) for one in places),
        rebuilding=rebuild.made_with.get("model", "") if rebuild else "",
    )


def _damage(edition: Edition, catalog: Catalog, files: Files) -> list[str]:
    """What the checksums of a paper and of its file say."""
    damage = []
    integrity = catalog.integrity
    if not integrity.is_sound(edition.number):
        damage.append(str(PaperDamaged(edition.paper_id)))
    elif not integrity.are_passages_sound(edition.number):
        damage.append(
            f"{edition.paper_id}: its passages in the catalogue are damaged; "
            "run `gloss doctor --repair`"
        )
    if files.path(edition.file).is_file() and not files.is_whole(edition.file):
        damage.append(f"{edition.paper_id}: its file is damaged; {_again(edition)}")
    return damage


def _damaged_points(what: str, numbers: Collection[int], papers: Mapping[int, str]) -> list[str]:
    """A line for each paper some of whose points are not what was stored."""
    whose = {papers.get(number, "papers that cannot be named") for number in numbers}
    return [
        f"{paper}: vectors of its {what} are damaged, and found wrongly; "
        "run `gloss doctor --repair`"
        for paper in sorted(whose)
    ]


def _again(edition: Edition) -> str:
    """How to add a paper's file again: from where it came."""
    return f"add it again: `gloss add {edition.original}`"


def _claim_health(
    catalog: Catalog, engines: Engines, problems: list[str], started: bool, deep: bool
) -> tuple[list[ClaimSet], int]:
    """The claim sets that count and how many vectors they have; adds what is wrong."""
    unsearched = len(catalog.claims.unclaimed())
    if unsearched:
        problems.append(
            f"digests of {unsearched} papers cannot be searched; run `gloss doctor --repair`"
        )
    for paper_id, lang in catalog.integrity.damaged_digests():
        problems.append(
            f"{paper_id}: its digest ({lang}) in the catalogue is damaged: "
            f"`gloss digest {paper_id} --lang {lang}` writes it again"
        )
    for paper_id in catalog.integrity.damaged_claims().values():
        problems.append(
            f"{paper_id}: sentences of its digest are damaged where digests are searched; "
            "run `gloss doctor --repair`"
        )
    sets = catalog.claims.sets()
    if not (started and (sets or engines.started().claims)):
        return sets, 0
    try:
        index = engines.claims(engines.started())
        points = index.counts()
        wrong = index.damaged() if deep else frozenset()
    except GlossError as error:
        problems.append(str(error))
        return sets, 0
    sets = catalog.claims.sets()
    papers = {one.number: one.paper_id for one in sets}
    problems.extend(_damaged_points("digest's sentences", wrong, papers))
    for one in sets:
        found = points.get(one.number, 0)
        if found != one.claims:
            problems.append(
                f"{one.paper_id}: {found} of {one.claims} sentences of its digest ({one.lang}) "
                "are in the index; run `gloss doctor --repair`"
            )
    strays = sum(points.values()) - sum(points.get(one.number, 0) for one in sets)
    if strays:
        problems.append(
            f"{strays} vectors of no digest are in the index; run `gloss doctor --repair`"
        )
    return sets, sum(points.values())
