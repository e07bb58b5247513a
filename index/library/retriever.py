"""A library as a LlamaIndex retriever, so that its query engines and agents can use the passages.

LlamaIndex because it is where many readers' own pipelines are. Only this module imports it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.hits import Hit, SearchFilter


class Searchable(Protocol):
    """The part of ``index.library.Library`` that the retriever uses."""

    def search(self, query: str, k: int = 10, filter: SearchFilter | None = None) -> list[Hit]:
        """The ``k`` best passages, best first."""


class LibraryRetriever(BaseRetriever):
    """Passages of a library as nodes: the passage's id is the node's, its place is metadata."""

    def __init__(
        self, library: Searchable, k: int = 10, filter: SearchFilter | None = None
    ) -> None:
        super().__init__()
        self._library = library
        self._k = k
        self._filter = filter

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._library.search(query_bundle.query_str, self._k, self._filter)
        return [NodeWithScore(node=_node(hit), score=hit.score) for hit in hits]


def _node(hit: Hit) -> TextNode:
    """The passage; its boxes and offsets are kept from the text that models are shown."""
    passage = hit.passage
    return TextNode(
        id_=passage.id,
        text=passage.text,
        start_char_idx=passage.span.start,
        end_char_idx=passage.span.end,
        metadata={
            "paper_id": passage.paper_id,
            "title": hit.title,
            "section": passage.section,
            "role": passage.role,
            "page": hit.boxes[0].page if hit.boxes else None,
            "boxes": [asdict(box) for box in hit.boxes],
            "start": passage.span.start,
            "end": passage.span.end,
            "found_by": hit.found_by,
        },
        excluded_embed_metadata_keys=["boxes", "start", "end", "found_by"],
        excluded_llm_metadata_keys=["boxes", "start", "end", "found_by"],
    )
