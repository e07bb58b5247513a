"""What arXiv has to offer: in categories, since a date, for a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from index.catalog import KnownVersion
from index.errors import SourceNotFound
from index.fetch.feeds import category_spelling
from index.intake.reasons import held_reason, known_versions, withdrawn_reason
from index.intake.wanted import Arxiv, ArxivQuery, ArxivSelection, Outcome, Plan, Wanted
from index.library import Papers
from index.paper import Record
from index.reference import Reference

# How many results of a query are looked at: without a limit or a date only the newest, one request;
# else as far as it takes to find what is new.
QUERY_FIRST = 100
QUERY_MOST = 2000
# Days from a submission to its announcement, at most: a weekend with holidays around it.
ANNOUNCED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A paper that came up. ``passed_over`` says why it is not taken unless it is here already."""

    id: str
    version: int
    title: str
    record: Record | None = None
    passed_over: str = ""

    @property
    def wanted(self) -> Wanted:
        """As something to be added, with what is known of it."""
        reference = Reference(self.id, self.version)
        known = self.record or Record(self.id, self.version, self.title, (), "", "", "", ())
        return Wanted(str(reference), record=known)


def plan(
    library: Papers, arxiv: Arxiv, selection: ArxivSelection, *, dry_run: bool = False
) -> Plan:
    """Ask arXiv what there is, and settle what of it is worth downloading. Raises ``FetchError``.

    Of a category, what was announced last; since a date, what OAI-PMH has. New versions are taken
    of papers that the library has, and are remembered in any case unless it is a ``dry_run``.
    """
    candidates: dict[str, _Candidate] = {}
    asked: list[ArxivQuery] = []
    versions: list[KnownVersion] = []

    def offer(candidate: _Candidate) -> None:
        # A replacement in one category may be new, as a cross-list, in another.
        former = candidates.get(candidate.id)
        rank = (candidate.version, not candidate.passed_over)
        if former is None or rank > (former.version, not former.passed_over):
            candidates[candidate.id] = candidate

    for category in dict.fromkeys(map(category_spelling, selection.categories)):
        papers = 0
        if selection.since:
            for record in arxiv.since(category, selection.since):
                papers += 1
                versions += known_versions([record])
                offer(_changed(record, selection.since))
            asked.append(ArxivQuery(category, papers))
        else:
            feed = arxiv.today(category)
            for one in feed.announcements:
                versions.append(KnownVersion(one.id, one.version))
                why = ""
                if one.kind.startswith("replace"):
                    why = "a replacement of a paper that is not in the library"
                offer(_Candidate(one.id, one.version, one.title, None, why))
            asked.append(ArxivQuery(category, len(feed.announcements), feed.published))
    if selection.query:
        papers = 0
        for record in _found(arxiv, selection, library, candidates):
            papers += 1
            versions += known_versions([record])
            offer(_Candidate(record.id, record.version or 1, record.title, record))
        asked.append(ArxivQuery(selection.query, papers))

    settled: list[Outcome] = []
    chosen: list[_Candidate] = []
    for candidate in candidates.values():
        why = _not_taken(library, candidate)
        if why:
            settled.append(Outcome(candidate.wanted, "skipped", why))
        else:
            chosen.append(candidate)
    records = _records_of(arxiv, [one for one in chosen if one.record is None])
    wanted: list[Wanted] = []
    for candidate in chosen:
        said = candidate.record or records.get(Reference(candidate.id, candidate.version))
        paper = replace(candidate, record=said).wanted
        if said is None:
            missing = SourceNotFound(paper.name, "arXiv announced it and has no record of it")
            settled.append(Outcome(paper, "failed", missing.why, error=missing))
            continue
        versions += known_versions([said])
        held = library.find_arxiv(said.id)
        if said.withdrawn:
            why = held_reason(held, said.id, candidate.version, True) if held else ""
            settled.append(Outcome(paper, "skipped", why or withdrawn_reason(said)))
        elif selection.limit is not None and len(wanted) >= selection.limit:
            settled.append(Outcome(paper, "skipped", f"beyond --limit {selection.limit}"))
        else:
            wanted.append(paper)
    if not dry_run:
        library.record_versions(versions)
    return Plan(tuple(wanted), tuple(settled), tuple(asked))


def _changed(record: Record, since: str) -> _Candidate:
    """A record of OAI-PMH, which lists a paper again after every change."""
    why = ""
    if _is_old(record, since):
        what = "a replacement of" if (record.version or 1) > 1 else "a change to the record of"
        why = f"{what} a paper that is not in the library"
    return _Candidate(record.id, record.version or 1, record.title, record, why)


def _is_old(record: Record, since: str) -> bool:
    """Whether a paper was there before ``since``: submitted long enough before to be announced."""
    try:
        submitted = date.fromisoformat(record.published)
    except ValueError:
        return False
    return submitted + ANNOUNCED_WITHIN < date.fromisoformat(since)


def _found(
    arxiv: Arxiv, selection: ArxivSelection, library: Papers, candidates: Mapping[str, _Candidate]
) -> Iterator[Record]:
    """What the query finds: the newest hundred; where there is a limit or a date, as far as that.

    The last submitted come first, so the first one from before the date ends it.
    """
    fresh = sum(not _not_taken(library, one) for one in candidates.values())
    further = selection.limit is not None or selection.since
    most = QUERY_MOST if further else QUERY_FIRST
    for number, record in enumerate(arxiv.search(selection.query, most)):
        if selection.since and record.published < selection.since:
            return
        if number >= QUERY_FIRST and selection.limit is not None and fresh >= selection.limit:
            return
        one = _Candidate(record.id, record.version or 1, record.title, record)
        fresh += record.id not in candidates and not _not_taken(library, one)
        yield record


def _not_taken(library: Papers, candidate: _Candidate) -> str:
    """Why a paper that came up is not taken; empty if it is, as far as is known."""
    held = library.find_arxiv(candidate.id)
    if candidate.record is not None and candidate.record.withdrawn:
        if held is not None:
            return held_reason(held, candidate.id, candidate.version, True)
        return withdrawn_reason(candidate.record)
    if held is None:
        return candidate.passed_over
    if held.version is not None and held.version >= candidate.version:
        said = held_reason(held, candidate.id, candidate.version, False)
        return said or "already here"
    return ""


def _records_of(arxiv: Arxiv, candidates: Sequence[_Candidate]) -> Mapping[Reference, Record]:
    if not candidates:
        return {}
    return arxiv.records([Reference(one.id, one.version) for one in candidates])
