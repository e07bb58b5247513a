"""A library of gloss as a LlamaIndex retriever.

    python data/retriever_example.py LIBRARY "how is attention computed"

prints the three nearest passages with their places. One program at a time has a library open, so
end `gloss serve` first, or ask that over HTTP (docs/api.md).
"""

import sys
from pathlib import Path

from llama_index.core.llms import LLM
from llama_index.core.query_engine import BaseQueryEngine, RetrieverQueryEngine

from index.config import Settings
from index.library import Library
from index.library.retriever import LibraryRetriever


def query_engine(library: Library, llm: LLM) -> BaseQueryEngine:
    """LlamaIndex's answers over the library's passages, worded by a model of your own."""
    return RetrieverQueryEngine.from_args(LibraryRetriever(library, k=5), llm=llm)


def main(folder: str, question: str) -> None:
    """Print what is nearest to the question."""
    with Library.open(Settings(library=Path(folder)), create=False) as library:
        retriever = LibraryRetriever(library, k=3)
        for found in retriever.retrieve(question):
            place = found.metadata
            page = f", p. {place['page']}" if place["page"] else ""
            sys.stdout.write(f"{found.score:.3f}  {place['title']}, {place['section']}{page}\n")
            sys.stdout.write(f"    {found.text.strip()[:200]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
