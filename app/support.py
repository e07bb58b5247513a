"""Does a claim say what its citations say? Code decides, whoever wrote the claim.

A quoted claim must be its citations' words, character for character, at their spans, and for a PDF
the boxes must hold those words. Nothing else passes yet: compressed and translated claims come with
the models that score them.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.digest import Citation, Support
from index.paper import Paper


def check_quote(paper: Paper, text: str, citations: Sequence[Citation]) -> Support:
    """The checks that a quoted claim passed. Any that fails makes it ``unsupported``."""
    checks = {
        "has a citation": bool(citations),
        "quote is the paper's text at its span": all(
            citation.span.of(paper.text) == citation.quote for citation in citations
        ),
        "claim is the quote": text.split() == " ".join(c.quote for c in citations).split(),
        "boxes hold the quote's words": all(_boxed(paper, citation) for citation in citations),
        "boxes hold nothing else": all(_alone(paper, citation) for citation in citations),
    }
    passed = tuple(name for name, held in checks.items() if held)
    if len(passed) == len(checks):
        return Support(1.0, "supported", passed)
    return Support(0.0, "unsupported", passed)


def _boxed(paper: Paper, citation: Citation) -> bool:
    """Every printed word of the quote lies in one of its boxes; nothing to check without pages."""
    if paper.source != "pdf":
        return not citation.boxes
    words = paper.words.within(citation.span)
    return bool(words) and all(
        any(
            box.page == word.box.page
            and box.x0 <= word.box.x0 + 0.01
            and word.box.x1 <= box.x1 + 0.01
            and box.y0 <= word.box.y0 + 0.01
            and word.box.y1 <= box.y1 + 0.01
            for box in citation.boxes
        )
        for word in words
    )


def _alone(paper: Paper, citation: Citation) -> bool:
    """No other word of the paper has its middle in the boxes, as a formula's fragments may have."""
    first, last = citation.span.start, citation.span.end
    return all(
        word.span.start < last and first < word.span.end
        for word in paper.words.inside(citation.boxes)
    )
