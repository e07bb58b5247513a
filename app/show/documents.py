"""JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.digest import Citation, Claim, Digest
from index.paper import Box, Loss

if TYPE_CHECKING:
    from app.write.ask import Answer
    from app.write.diff import DigestDiff


def to_json(digest: Digest) -> dict[str, Any]:
    """The digest as ``gloss digest --json`` prints it."""
    header = digest.paper
    return {
        "paper": {
            "id": header.id,
            "version": header.version,
            "title": header.title,
            "authors": list(header.authors),
            "date": header.date,
            "categories": list(header.categories),
            "source": header.source,
            "url": header.url,
            "losses": [loss_json(loss) for loss in header.losses],
            "newest": header.newest,
            "withdrawn": header.withdrawn,
        },
        "lang": digest.lang,
        "writer": digest.writer,
        "sections": [
            {
                "name": section.name,
                "items": [claim_json(claim) for claim in section.items],
                "status": section.status,
            }
            for section in digest.sections
        ],
        "rejected": digest.rejected,
        "lock": dict(digest.lock),
    }


def loss_json(loss: Loss) -> dict[str, Any]:
    """A page of which words were lost."""
    return {"page": loss.page, "share": round(loss.share, 4), "reason": loss.reason}


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as ``gloss ask --json`` prints it, but for its nearest passages."""
    return {
        "question": answer.question,
        "found": answer.found,
        "sentences": [
            {
                "paper_id": one.paper_id,
                "title": one.title,
                "section": one.section,
                "score": one.score,
                **claim_json(one.claim),
            }
            for one in answer.sentences
        ],
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """A checked sentence as all our JSON has it."""
    return {
        "text": claim.text,
        "origin": claim.origin,
        "citations": [_citation_json(citation) for citation in claim.citations],
        "support": {"score": claim.support.score, "verdict": claim.support.verdict},
        **({"english": claim.english} if claim.english else {}),
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "passage_id": citation.passage_id,
        "quote": citation.quote,
        "span": {"start": citation.span.start, "end": citation.span.end},
        "page": citation.page,
        "boxes": [box_json(box) for box in citation.boxes],
    }


def diff_json(found: DigestDiff) -> dict[str, Any]:
    """What a new version left of a digest, as ``gloss diff --json`` prints it."""
    return {
        "paper": {"id": found.paper_id, "version": found.version, "title": found.title},
        "former": {"version": found.former.version, "title": found.former.title},
        "lang": found.lang,
        "writer": found.writer,
        "stands": len(found.of("stands")),
        "changed": len(found.of("changed")),
        "lost": len(found.of("lost")),
        "claims": [
            {
                "section": one.section,
                "text": one.claim.text,
                "status": one.fate,
                "quotes": [
                    {
                        "status": quote.fate,
                        "quote": quote.quote,
                        "passage_id": quote.passage_id,
                        "page": quote.page,
                        "closeness": round(quote.closeness, 4),
                        "now": _citation_json(quote.now) if quote.now else None,
                        "words": [
                            {"before": word.before, "after": word.after} for word in quote.words
                        ],
                    }
                    for quote in one.quotes
                ],
            }
            for one in found.claims
        ],
    }


def box_json(box: Box) -> dict[str, float]:
    """A box as all our JSON has it; coordinates to a hundredth of a point."""
    return {
        "page": box.page,
        "x0": round(box.x0, 2),
        "y0": round(box.y0, 2),
        "x1": round(box.x1, 2),
        "y1": round(box.y1, 2),
    }
