"""The same kills on LlamaIndex's IngestionPipeline with Qdrant in local mode.

A pipeline with ``docstore_strategy="upserts"``, a docstore that is saved to disk after each run,
and ``QdrantClient(path=...)``, as LlamaIndex's guide has them, takes three papers of a line, then a
fourth, then a new version of the first. The run is killed at each change of the disk, as gloss is
in ``tests/index/kills.py``; a new process opens what is left and runs the same again, as a person
would. After that each paper should be found once, as it is now. (gloss's own figures: ``pytest
tests/index/test_kills.py -m slow``.)

Needs ``pip install llama-index-vector-stores-qdrant`` and a checkout: it shares the tests' counter.

    python eval/measure/kills_beside.py
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).parents[2] / "tests" / "index"
_DIMENSION = 26

THREE = {"bees": "bees dance", "ants": "ants march", "wasps": "wasps sting"}
OPERATIONS: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "first run": ({}, THREE),
    "a fourth paper": (THREE, {**THREE, "moths": "moths fly"}),
    "a new version": (THREE, {**THREE, "bees": "bees rest"}),
}


def _letters(text: str) -> list[float]:
    return [float(text.count(letter)) + 0.001 for letter in "abcdefghijklmnopqrstuvwxyz"]


def _client(folder: Path) -> Any:
    from qdrant_client import QdrantClient

    return QdrantClient(path=str(folder / "qdrant"))


def ingest(papers: Mapping[str, str], folder: Path) -> int:
    """Run the pipeline over papers, save it, and say so on standard output."""
    from llama_index.core import Document
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.schema import (
        BaseNode,
        NodeRelationship,
        RelatedNodeInfo,
        TextNode,
        TransformComponent,
    )
    from llama_index.core.storage.docstore import SimpleDocumentStore
    from llama_index.vector_stores.qdrant import QdrantVectorStore

    class Embedding(TransformComponent):
        def __call__(self, nodes: Sequence[BaseNode], **_: Any) -> Sequence[BaseNode]:
            return [
                TextNode(
                    text=node.get_content(),
                    embedding=_letters(node.get_content()),
                    relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=node.node_id)},
                )
                for node in nodes
            ]

    client = _client(folder)
    pipeline = IngestionPipeline(
        transformations=[Embedding()],
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
        vector_store=QdrantVectorStore(client=client, collection_name="papers"),
    )
    if (folder / "pipeline").is_dir():
        pipeline.load(str(folder / "pipeline"))
    pipeline.run(documents=[Document(id_=name, text=text) for name, text in papers.items()])
    pipeline.persist(str(folder / "pipeline"))
    client.close()
    sys.stdout.write("saved\n")
    return 0


def found(folder: Path) -> int:
    """Print the texts that the collection has, by paper."""
    client = _client(folder)
    texts: list[tuple[str, str]] = []
    if client.collection_exists("papers"):
        points, _ = client.scroll("papers", limit=99)
        for point in points:
            node = json.loads((point.payload or {})["_node_content"])
            texts.append((str((point.payload or {})["doc_id"]), str(node["text"])))
    client.close()
    sys.stdout.write(json.dumps(texts))
    return 0


def judged(texts: Sequence[tuple[str, str]], wanted: Mapping[str, str]) -> str:
    """Whether each paper is there once, as it is wanted."""
    for name, text in wanted.items():
        mine = [one for other, one in texts if other == name]
        if not mine:
            return "lost"
        if len(mine) > 1:
            return "doubled"
        if mine != [text]:
            return "stale"
    return "right"


def _work(kills: Any, last: int, papers: Mapping[str, str], folder: Path) -> Callable[[], int]:
    def work() -> int:
        import sqlite3

        steps = kills.Steps(str(folder), last)
        connect: Any = steps.connect(sqlite3.connect)
        sqlite3.connect = connect
        sys.addaudithook(steps.hear)
        ingest(papers, folder)
        (folder.parent / "steps").write_text(str(steps.count))
        return 0

    return work


def main() -> None:
    """Print, by operation, how many kills there were and how they came out."""
    sys.path.insert(0, str(_TESTS))
    forks, kills = (importlib.import_module(name) for name in ("forks", "kills"))
    for name in ("llama_index.core.ingestion", "llama_index.vector_stores.qdrant", "qdrant_client"):
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        for operation, (before, after) in OPERATIONS.items():
            template, folder = root / "template", root / "run"
            template.mkdir(exist_ok=True)
            if before:
                forks.forked(partial(ingest, before, template), root)
            forks.copied(template, folder)
            counted = forks.forked(_work(kills, 0, after, folder), root)
            assert counted.status == 0, counted.complained
            total = int((root / "steps").read_text())
            left: Counter[str] = Counter()
            again: Counter[str] = Counter()
            for last in range(1, total + 1):
                forks.copied(template, folder)
                forks.forked(_work(kills, last, after, folder), root)
                ended = forks.forked(partial(found, folder), root)
                texts = json.loads(ended.said) if ended.status == 0 else None
                left[judged(texts, before) if texts is not None else "cannot be opened"] += 1
                rerun = forks.forked(partial(ingest, after, folder), root)
                ended = forks.forked(partial(found, folder), root)
                texts = json.loads(ended.said) if ended.status == 0 else None
                good = rerun.status == 0 and texts is not None
                again[judged(texts or [], after) if good else "ends with an error"] += 1
            forks.copied(template, folder)
            sys.stdout.write(
                f"{operation}: {total} kills; what was there before: {dict(left)}; "
                f"run again: {dict(again)}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
