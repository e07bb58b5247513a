"""Documents: filled from nouns, numbers as precise as they are told, absent fields absent."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from pydantic import ValidationError

from app.digest import Claim, Support
from app.documents.claims import BoxShape, ClaimShape
from app.documents.found import AnswerFound, AnswerSentence, answer_found
from app.documents.papers import PaperState, paper_shown
from app.write.ask import Answer, AnswerQuote
from index.hits import Citation
from index.library import PaperRow
from index.spans import Box, Span

CITATION = Citation("a#method.1", "It burns.", Span(0, 9), (Box(1, 1 / 3, 2.0, 3.0, 4.005),))
CLAIM = Claim("It burns.", "quoted", (CITATION,), Support(1.0, "supported", ("quote",)))
ROW = PaperRow("a", None, "", "broken", "it is torn", "pdf", 0, "", (), None, ())


def test_a_claim_with_all_that_it_rests_on() -> None:
    assert json.loads(ClaimShape.of(CLAIM).to_json()) == {
        "text": "It burns.",
        "origin": "quoted",
        "citations": [
            {
                "passage_id": "a#method.1",
                "quote": "It burns.",
                "span": {"start": 0, "end": 9},
                "page": 1,
                "boxes": [{"page": 1, "x0": 0.33, "y0": 2.0, "x1": 3.0, "y1": 4.0}],
            }
        ],
        "support": {"score": 1.0, "verdict": "supported"},
    }


def test_what_is_empty_may_be_absent() -> None:
    translated = replace(CLAIM, origin="translated", english="It burns.")
    assert ClaimShape.of(translated).model_dump()["english"] == "It burns."
    assert "english" not in ClaimShape.of(CLAIM).model_dump()
    assert paper_shown(ROW, None).model_dump()["reason"] == "it is torn"


def test_an_answers_sentence_says_whose_it_is_first() -> None:
    found = answer_found(Answer("What burns?", (AnswerQuote(CLAIM, "a", "A", "Method", 0.7),), ()))
    assert isinstance(found, AnswerFound) and found.found
    assert list(found.model_dump()["sentences"][0])[:5] == [
        "paper_id", "title", "section", "score", "text",
    ]  # fmt: skip
    assert set(AnswerSentence.model_fields) > set(ClaimShape.model_fields)


def test_a_noun_that_lacks_a_field_makes_no_document() -> None:
    @dataclass
    class Edge:
        page: int = 1
        x0: float = 0.0

    with pytest.raises(ValidationError, match="y0"):
        BoxShape.of(Edge())
    with pytest.raises(ValidationError, match="status"):
        PaperState.of(ROW, status="lost")
