"""Does a claim say what its citations say? Code decides, for every writer.

A quoted claim must be its citations' words, character for character, at their spans, and for a PDF
the boxes must hold those words. A compressed claim must keep the numbers, names, negations,
comparisons and qualifiers of what it cites, say nothing of one's work that is said of another's,
and mostly keep its words (``app.check.rules``). Where a support model is set, it must find it said
there (``app.check.entailment``).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.check.entailment import SourcedClaim, SupportModel
from app.check.rules import kept, outcomes
from app.check.tokens import Pair
from app.digest import Citation, Support, Whose
from index.paper import Paper

RULES_HOLD = 0.5  # the score from which a claim has kept every rule


def check_quote(paper: Paper, text: str, citations: Sequence[Citation]) -> Support:
    """The checks that a quoted claim passed. One failed check makes it ``unsupported``."""
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


def check_claim(claim: str, sources: Sequence[str], whose: Whose | None = None) -> Support:
    """The rules that a compressed claim passes against its cited texts. It must pass all of them.

    ``sources`` are the cited quotes, or the table that a quote points to; ``whose`` work they are
    about is decided by their words where it is None (``app.check.attribution``). The score is at
    least 0.5 where every rule holds (``app.check.rules.kept``). It puts claims in an order and is
    no probability: rules do not understand, so a claim that keeps them all may still be false.
    """
    pair = Pair.of(claim, sources, whose)
    found = outcomes(pair)
    passed = tuple(outcome.rule for outcome in found if outcome.held)
    if not claim.strip() or not sources:
        return Support(0.0, "unsupported", passed)
    score = round(kept(found, pair), 4)
    return Support(score, "supported" if score >= RULES_HOLD else "unsupported", passed)


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


class Checker:
    """Decides whether worded claims may be published: the rules, and a support model beside them.

    Without a model the rules decide alone, and a score is only an order.
    """

    def __init__(self, model: SupportModel | None = None) -> None:
        self._model = model
        self.name = "rules" if model is None else f"rules and {model.name}"
        self.fingerprint = "rules" if model is None else model.fingerprint
        self.threshold = RULES_HOLD if model is None else model.threshold

    def check(self, claims: Sequence[SourcedClaim]) -> list[Support]:
        """The support of each claim, in order. A claim must pass every rule, and the model."""
        ruled = [check_claim(one.claim, one.sources, one.whose) for one in claims]
        if self._model is None:
            return ruled
        model = self._model
        scores = iter(model.scores([one for one in claims if one.sources and one.claim.strip()]))
        found = []
        for one, support in zip(claims, ruled, strict=True):
            if not (one.sources and one.claim.strip()):
                found.append(support)
                continue
            score = next(scores)
            passed = (*support.checks, *((model.name,) if score >= model.threshold else ()))
            holds = support.verdict == "supported" and score >= model.threshold
            found.append(Support(round(score, 4), "supported" if holds else "unsupported", passed))
        return found

    def why(self, claim: SourcedClaim, support: Support) -> str:
        """Why a claim was refused, in words for its writer; empty if it passed."""
        if support.verdict == "supported":
            return ""
        broken = [
            f"{one.rule} ({', '.join(one.objections)})"
            for one in outcomes(Pair.of(claim.claim, claim.sources, claim.whose))
            if not one.held
        ]
        if broken:
            return "it does not keep " + "; ".join(broken)
        return "the evidence does not say it"
