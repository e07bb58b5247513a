"""Papers that people named, looked up on arXiv."""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import SourceNotFound
from index.intake.reasons import held_reason, known_versions, withdrawn_reason
from index.intake.wanted import Arxiv, Outcome, Plan, Wanted
from index.library import Added, Papers
from index.reference import Reference


def look_up(library: Papers, arxiv: Arxiv, references: Sequence[Reference]) -> Plan:
    """The records of papers on arXiv, and which of them are to be fetched.

    What the library has with arXiv's record, or newer, is not fetched again. Raises ``FetchError``.
    """
    records = arxiv.records(references)
    library.record_versions(known_versions(records.values()))
    wanted: list[Wanted] = []
    settled: list[Outcome] = []
    seen: set[tuple[str, int]] = set()
    for reference in dict.fromkeys(references):
        record = records.get(reference)
        if record is None or record.version is None:
            missing = SourceNotFound(str(reference), "arXiv has no such paper or version")
            settled.append(Outcome(Wanted(str(reference)), "failed", missing.why, error=missing))
            continue
        if (record.id, record.version) in seen:  # "2407.03300" and "2407.03300v2"
            continue
        seen.add((record.id, record.version))
        one = Wanted(str(reference), record=record)
        held = library.find_arxiv(record.id)
        here = held is not None and held.version is not None and (
            held.version > record.version or (held.version == record.version and held.recorded)
        )  # fmt: skip
        if held is not None and (here or record.withdrawn):
            said = held_reason(held, record.id, record.version, record.withdrawn)
            added = Added(held.paper_id, "ok", said, held.passages, {}, False)
            settled.append(Outcome(one, "skipped", said or "already here", added))
        elif record.withdrawn:
            settled.append(Outcome(one, "skipped", withdrawn_reason(record)))
        else:
            wanted.append(one)
    return Plan(tuple(wanted), tuple(settled))
