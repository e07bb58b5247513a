"""What a library costs as it grows, of two sizes that take no time."""

from __future__ import annotations

from pathlib import Path

from eval.growth import growth
from index.config import Settings


def test_each_size_has_its_costs(tmp_path: Path) -> None:
    small, large = growth(Settings(library=tmp_path / "library"), [2, 4])
    assert (small.papers, large.papers) == (2, 4)
    assert small.add > 0 and large.search > 0
