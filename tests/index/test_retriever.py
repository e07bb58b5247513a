from index.paper import Box, Hit, Passage, SearchFilter, Span
from index.retriever import LibraryRetriever


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
