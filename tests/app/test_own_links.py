"""Which links of a paper are its own: its code, its data, its page, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.write.links import own_links
from index.config import Settings
from index.paper import Paper
from index.read import Reader

FILLED = "The lantern burns for nine hours in a steady wind, and the flame is never higher. " * 8


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Settings()) as reading:
        yield reading


def paper_of(reader: Reader, folder: Path, words: str) -> Paper:
    file = folder / "lanterns.md"
    file.write_text(
        f"# Lanterns in the wind\n\nAda Byronet\n\n## Abstract\n\n{FILLED}\n\n"
        f"## 1 Introduction\n\n{FILLED}\n\n## 2 Method\n\n{words}\n\n{FILLED}\n"
    )
    paper = reader.read(file).paper
    assert paper is not None
    return paper


@pytest.mark.parametrize(
    ("words", "is_own"),
    [
        ("Our code is at https://example.org/flame for all.", True),
        ("The code we used to train the models is available at https://example.org/flame.", True),
        ("We also release the wind data (https://example.org/flame).", True),
        ("We also release the wind data.[^1]\n\n[^1]: https://example.org/flame", True),
        ("Everything was written by hand; see https://github.com/x/lanterns.", True),
        ("It hangs in https://byronet.example.org/hall for visitors.", True),
        ("We use MetaWick, available at https://example.org/flame.", False),
        ("For the wicks, cotton or hemp, we used what is found at https://example.org/f.", False),
        ("We use MetaWick.[^1]\n\n[^1]: https://example.org/flame", False),
        ("We release all data. A hall is lit by gas.[^1]\n\n[^1]: https://example.org/f", False),
        ("To view a copy of this licence, which is available, visit https://example.org/f.", False),
        ("Full terms & conditions of access can be found at https://example.org/f.", False),
        ("Our data were funded by the Lamp Trust (https://example.org/f).", False),
        ("It was parsed by https://github.com/x/openlantern of others.", False),
    ],
)
def test_only_links_to_its_own_things_are_its_own(
    reader: Reader, tmp_path: Path, words: str, is_own: bool
) -> None:
    paper = paper_of(reader, tmp_path, words)
    (link,) = paper.links
    assert list(own_links(paper)) == [link] * is_own


def test_what_it_says_is_its_own_comes_first(reader: Reader, tmp_path: Path) -> None:
    paper = paper_of(
        reader,
        tmp_path,
        "Others hang at https://byronet.example.org/hall by day. Our code is at "
        "https://example.org/flame for all.",
    )
    assert [one.of(paper.text) for one in own_links(paper)] == [
        "https://example.org/flame",
        "https://byronet.example.org/hall",
    ]
