"""The visitor of the measure of load asks what the app answers today."""

from __future__ import annotations

import asyncio
from pathlib import Path

from eval.measure.visitor import Visitor


def test_a_visit(served: tuple[str, str, Path], versions: tuple[Path, Path]) -> None:
    fakes, public, _ = served

    async def visit() -> list[str]:
        reader, adder = Visitor(fakes, "9.0.0.1"), Visitor(public, "9.0.0.2")
        try:
            await reader.arrive()
            await reader.search("lantern")
            await reader.ask("how long does a lantern burn?")
            await reader.read("2401.00001")
            places: list[str] = []
            await reader.see_page(lambda there: places.extend(there) or there[0])
            assert b'"hits":[{' in await reader.get("search", q="lantern", k=1)
            await adder.arrive()
            await adder.read(await adder.add("lanterns.md", versions[0].read_bytes()))
            return [*adder.own, *places]
        finally:
            await reader.leave()
            await adder.leave()

    own, *places = asyncio.run(visit())
    assert own == "lanterns"
    assert len(places) >= 2 and all("/pages/" in one for one in places)
