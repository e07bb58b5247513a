"""What gloss says to programs: nouns as JSON documents, the same for ``--json``, HTTP and tools.

``app.api.schemas`` describes them. A digest's own document, and the parts that all share, are in
``app.show``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.show.documents import answer_json, box_json
from index.paper import Cell, ClaimHit, Finding, Hit, Loss, Paper, quote_cell

if TYPE_CHECKING:
    from app.write.ask import Answer
    from index.library import PaperRow


def papers_json(rows: Sequence[PaperRow]) -> dict[str, Any]:
    """All papers with their states, as ``gloss papers --json`` prints them."""
    return {"papers": [_row_json(row) for row in rows]}


def _row_json(row: PaperRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "title": row.title,
        "status": row.status,
        "reason": row.reason,
        "source": row.source,
        "passages": row.passages,
        "newest": row.newest,
        "withdrawn": row.withdrawn,
    }


def abstract_of(paper: Paper) -> str:
    """As arXiv has it, else as the page does."""
    if paper.record and paper.record.abstract:
        return paper.record.abstract
    return paper.abstract.of(paper.text) if paper.abstract else ""


def show_json(row: PaperRow, paper: Paper | None) -> dict[str, Any]:
    """A paper as it was understood, as ``gloss show --json`` prints it; none: why it is none."""
    return _paper_json(paper, row) if paper else _failed_json(row)


def hits_json(query: str, found: Sequence[Hit | ClaimHit]) -> dict[str, Any]:
    """What a search found, as ``gloss search --json`` prints it."""
    return {"query": query, "hits": [_found_json(hit) for hit in found]}


def asked_json(answer: Answer) -> dict[str, Any]:
    """An answer with its nearest passages, as ``gloss ask --json`` prints it."""
    return {**answer_json(answer), "nearest": [_hit_json(hit) for hit in answer.nearest]}


def _record_json(paper: Paper, row: PaperRow) -> dict[str, Any] | None:
    record = paper.record
    if record is None:
        return None
    return {
        "id": record.id,
        "version": record.version,
        "comment": record.comment,
        "doi": record.doi,
        "journal": record.journal,
        "published": record.published,
        "updated": record.updated,
        "withdrawn": record.withdrawn or row.withdrawn,
    }


def _paper_json(paper: Paper, row: PaperRow) -> dict[str, Any]:
    return {
        "id": paper.id,
        "version": paper.version,
        "status": "ok",
        "title": paper.title,
        "authors": list(paper.authors),
        "affiliations": [span.of(paper.text) for span in paper.affiliations],
        "author_affiliations": [
            [paper.affiliations[n].of(paper.text) for n in places]
            for places in paper.author_affiliations
        ],
        "date": paper.date,
        "categories": list(paper.categories),
        "abstract": abstract_of(paper),
        "arxiv": _record_json(paper, row),
        "sections": [
            {"title": section.title, "role": section.role, "level": section.level}
            for section in paper.sections
            if section.title
        ],
        "figures": [
            {
                "label": figure.label,
                "caption": figure.caption.of(paper.text),
                "page": figure.page,
                "box": box_json(figure.box) if figure.box else None,
            }
            for figure in paper.figures
        ],
        "tables": [
            {
                "label": table.label,
                "header": [[_cell_json(paper, cell) for cell in row] for row in table.header],
                "rows": [[_cell_json(paper, cell) for cell in row] for row in table.rows],
            }
            for table in paper.tables
        ],
        "findings": [
            *(_hidden_json(finding) for finding in paper.findings),
            *(_lost_json(loss) for loss in paper.losses),
        ],
        "accounts": [
            {**asdict(account), "lost": list(account.lost), "share": round(account.share, 4)}
            for account in paper.accounts
        ],
    }


def _cell_json(paper: Paper, cell: Cell) -> dict[str, Any]:
    return {
        "text": " ".join(cell.span.of(paper.text).split()),
        "quote": quote_cell(paper, cell),
        "row": cell.row,
        "column": cell.column,
        "down": cell.down,
        "across": cell.across,
        "box": box_json(cell.box) if cell.box else None,
    }


def _hidden_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": "hidden",
        "page": finding.box.page if finding.box else None,
        "hidden_by": finding.hidden_by,
        "share": None,
        "text": finding.text,
        "box": box_json(finding.box) if finding.box else None,
    }


def _lost_json(loss: Loss) -> dict[str, Any]:
    return {
        "kind": "lost",
        "page": loss.page,
        "hidden_by": None,
        "share": round(loss.share, 4),
        "text": loss.reason,
        "box": None,
    }


def _failed_json(row: PaperRow) -> dict[str, Any]:
    """A file that did not become a paper: nothing but why."""
    return {
        "id": row.id,
        "version": row.version,
        "status": row.status,
        "reason": row.reason,
        "title": row.title,
        "authors": [],
        "affiliations": [],
        "author_affiliations": [],
        "date": None,
        "categories": [],
        "abstract": "",
        "arxiv": None,
        "sections": [],
        "figures": [],
        "tables": [],
        "findings": [],
        "accounts": [],
    }


def _found_json(hit: Hit | ClaimHit) -> dict[str, Any]:
    return _hit_json(hit) if isinstance(hit, Hit) else _claim_hit_json(hit)


def _claim_hit_json(hit: ClaimHit) -> dict[str, Any]:
    claim = hit.claim
    return {
        "claim_id": claim.id,
        "paper_id": claim.paper_id,
        "title": hit.title,
        "section": claim.section,
        "text": claim.text,
        "score": hit.score,
        "found_by": hit.found_by,
        "citations": [
            {
                "passage_id": cited.passage_id,
                "quote": cited.quote,
                "page": cited.page,
                "boxes": [box_json(box) for box in cited.boxes],
            }
            for cited in claim.citations
        ],
        "support": {"score": claim.support, "verdict": claim.verdict},
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "passage_id": hit.passage.id,
        "paper_id": hit.passage.paper_id,
        "title": hit.title,
        "section": hit.passage.section,
        "role": hit.passage.role,
        "text": hit.passage.text,
        "score": hit.score,
        "found_by": hit.found_by,
        "boxes": [box_json(box) for box in hit.boxes],
    }
