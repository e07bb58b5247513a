"""Real papers, each read once in a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from index.disk import sha256_of
from index.paper import Paper
from index.read.front.identity import identify
from index.read.markup.markdown import read_markdown
from index.read.page.pdf import read_pages
from index.read.understand import understand


@cache
def _paper_of(path: Path) -> Paper:
    if path.suffix == ".md":
        paper = read_markdown(path, path.stem)
        assert paper is not None
        return paper
    return understand(read_pages(path, 500), identify(path.stem, "", sha256_of(path)))


@pytest.fixture(scope="session")
def paper_of() -> Callable[[Path], Paper]:
    """The paper in a file of ``data/`` or ../shared; skips the test where there is no such file."""

    def read(path: Path) -> Paper:
        if not path.exists():
            pytest.skip("../shared is not here")
        return _paper_of(path)

    return read


@pytest.fixture(scope="session")
def published_paper(paper_of: Callable[[Path], Paper]) -> Callable[[Path], Paper]:
    """As ``paper_of``, of a paper of ../shared. Reading one takes seconds: the test is slow."""
    return paper_of


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What reads published papers is marked slow; test_read_papers has a few for every run."""
    for item in items:
        if "published_paper" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
