"""A library as a LlamaIndex retriever, and the example of it in docs/api.md."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from index.config import Settings
from index.hits import Hit, Passage, SearchFilter
from index.library import Library
from index.library.retriever import LibraryRetriever
from index.spans import Box, Span


class OnePassage:
    def __init__(self, boxes: tuple[Box, ...]) -> None:
        self.boxes = boxes
        self.asked: list[tuple[str, int, SearchFilter | None]] = []

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        self.asked.append((query, k, filter))
        passage = Passage("p#method.2", "p", "Training", "method", Span(7, 12), "words")
        return [Hit(passage, 0.5, "both", "A Title", self.boxes)]


def test_a_hit_becomes_a_node_that_knows_its_place() -> None:
    library = OnePassage((Box(3, 1.0, 2.0, 3.0, 4.0),))
    wanted = SearchFilter(role="method")
    found = LibraryRetriever(library, k=4, filter=wanted).retrieve("how is it trained")
    assert library.asked == [("how is it trained", 4, wanted)]
    assert [(node.node_id, node.score, node.text) for node in found] == [
        ("p#method.2", 0.5, "words")
    ]
    assert found[0].metadata == {
        "paper_id": "p",
        "title": "A Title",
        "section": "Training",
        "role": "method",
        "page": 3,
        "boxes": [{"page": 3, "x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0}],
        "start": 7,
        "end": 12,
        "found_by": "both",
    }
    assert (found[0].node.start_char_idx, found[0].node.end_char_idx) == (7, 12)


def test_models_are_not_shown_coordinates() -> None:
    from llama_index.core.schema import MetadataMode

    found = LibraryRetriever(OnePassage((Box(3, 1.0, 2.0, 3.0, 4.0),))).retrieve("training")
    shown = found[0].node.get_content(MetadataMode.LLM)
    assert "A Title" in shown and "x0" not in shown


def test_a_paper_without_pages_has_no_page() -> None:
    found = LibraryRetriever(OnePassage(())).retrieve("training")
    assert found[0].metadata["page"] is None and found[0].metadata["boxes"] == []


EXAMPLE = Path(__file__).parents[2] / "data" / "retriever_example.py"


@pytest.fixture
def example() -> Any:
    spec = importlib.util.spec_from_file_location("retriever_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_is_the_one_in_the_documentation() -> None:
    docs = (EXAMPLE.parents[1] / "docs" / "api.md").read_text("utf-8")
    found = re.search(r"<!-- retriever -->\n```python\n(.*?)```\n<!-- /retriever -->", docs, re.S)
    assert found is not None
    assert found[1] == EXAMPLE.read_text("utf-8")


def test_the_example_runs(
    example: Any,
    fake_embedder: Any,
    reader_here: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from llama_index.core.llms import MockLLM

    from index.sources import find_sources

    paper = EXAMPLE.with_name("choosing-passage-size.md")
    settings = Settings(library=tmp_path / "library")
    with Library.open(settings, embedder=fake_embedder, reader=reader_here) as library:
        library.add(find_sources([paper]).found[0])
        answer = example.query_engine(library, MockLLM()).query("how large is a passage")
        assert [node.metadata["paper_id"] for node in answer.source_nodes] == [paper.stem] * 5
        assert answer.source_nodes[0].text in str(answer)  # the mock repeats what it was given
    real = Library.open
    monkeypatch.setattr(
        Library, "open", lambda *given, **named: real(*given, **named, embedder=fake_embedder)
    )
    example.main(str(tmp_path / "library"), "how large is a passage")
    said = capsys.readouterr().out
    assert len(re.findall(r"^-?\d\.\d{3}  \S", said, re.M)) == 3
    assert answer.source_nodes[0].text.strip()[:200] in said
