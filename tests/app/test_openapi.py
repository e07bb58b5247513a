"""The API keeps what its description promises, whatever is asked (schemathesis makes it up)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import booleans

from app.api.http import PREFIX, api, mounted
from index.config import Settings

if TYPE_CHECKING:
    from index.library import Library

schemathesis = pytest.importorskip("schemathesis")
OWN = "/(notes|tags|cite|bibliography|pdf|obsidian)"  # what one's own server has beside the rest
OWN_PATH = re.compile(OWN)
FIRST_OR_REST = [(0,), pytest.param((1, 2), marks=pytest.mark.slow)]  # of each three addresses
MODES = schemathesis.GenerationMode
CHECKED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def fulfils(
    served: FastAPI, paper_id: str, examples: int, paths: str = "", of_three: tuple[int, ...] = ()
) -> None:
    """Ask every address in ``examples`` right and as many wrong ways, half of them of a paper that
    is there; fails on the first promise that is broken.

    Not asked is what a schema cannot rule out: a query without a letter, a role of digests, one
    paper to compare, words that a paper does not have. ``paths`` are those to ask, and
    ``of_three`` which of each three.
    """
    schema = schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", served)
    operations = [found.ok() for found in schema.get_all_operations()]
    if paths:
        operations = [one for one in operations if re.match(paths, one.path)]
    assert len(operations) == (10 if paths else 9)
    for number, operation in enumerate(operations):
        if of_three and number % 3 not in of_three:
            continue  # another run asks it: to make up requests takes longer than to ask them
        takes = bool(list(operation.iter_parameters()))
        for mode in (MODES.POSITIVE, MODES.NEGATIVE) if takes else (MODES.POSITIVE,):
            asked = operation.as_strategy(generation_mode=mode)
            _every(asked, paper_id, examples if takes else 1)


def _every(asked: Any, paper_id: str, examples: int) -> None:
    @settings(CHECKED, max_examples=examples)
    @given(asked, booleans())
    def keeps_its_promises(case: Any, is_there: bool) -> None:
        query = case.query or {}
        if "q" in query:
            assume(any(character.isalnum() for character in str(query["q"])))
        assume(query.get("in") != "digests" or "role" not in query)
        if is_there and case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE:
            case.path_parameters = {
                name: paper_id if name == "paper_id" else 1 for name in case.path_parameters or {}
            }
            if "paper" in query:
                query["paper"] = paper_id
        if case.path == "/compare" and case.meta.generation.mode == MODES.POSITIVE:
            case.query = query = {**query, "paper": [paper_id, "another"]}
            asked = [*query.get("ask", []), query.get("search") or "a"]
            assume(all(any(map(str.isalnum, str(one))) for one in asked))
        body = case.body if isinstance(case.body, dict) else {}
        if OWN_PATH.match(case.path) and case.meta.generation.mode == MODES.POSITIVE:
            said = {**query, **body}
            assume(not said.get("quote") and not (said.get("paper") and said.get("tag")))
            assume(str(said.get("name", "")).isprintable())
            if is_there and "paper" in body:
                body["paper"] = paper_id
        case.call_and_validate(timeout=600)  # seconds: what a busy machine takes is no failure

    keeps_its_promises()


@pytest.mark.parametrize("of_three", FIRST_OR_REST, ids=str)
def test_of_a_library_in_memory(library: Any, digest_of: Any, of_three: tuple[int, ...]) -> None:
    library.digests["2401.00001"] = digest_of()
    served = FastAPI()
    served.router.routes.append(mounted(api(library, Settings())))
    fulfils(served, "2401.00001", 2, of_three=of_three)


@pytest.mark.parametrize("of_three", FIRST_OR_REST, ids=str)
def test_of_ones_own_library(library: Any, of_three: tuple[int, ...]) -> None:
    library.notes.add("2401.00001", "mine")
    library.annotated = lambda paper_id, highlights: b"%PDF"
    served = FastAPI()
    served.router.routes.append(mounted(api(library, Settings(), own=library)))
    fulfils(served, "2401.00001", 2, OWN, of_three)


@pytest.mark.slow
def test_of_a_library_with_the_real_model(sample_library: Library) -> None:
    served = FastAPI()
    served.router.routes.append(mounted(api(sample_library, Settings())))
    fulfils(served, "cited-digests", 60)
