"""Measures the steps of a cold search; ``eval.speed`` runs it in a separate process.

    python -m eval.start LIBRARY QUESTION

It does what ``gloss search`` does, step by step, and prints the seconds of each as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(directory: Path, question: str) -> dict[str, float]:
    """Seconds of each step: the program, the library, its model, its store, the answer."""
    seconds: dict[str, float] = {}
    began = time.perf_counter()

    def done(step: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[step] = now - began
        began = now

    import app.cli.terminal

    app.cli.terminal.messages.quiet = True
    done("program")
    from index.config import Settings
    from index.library import Library

    settings = Settings(library=directory)
    done("settings")
    library = Library.open(settings, create=False)
    name = library.model
    library.close()
    done("catalogue")
    from index.embed import open_embedder

    embedder = open_embedder(name, settings.cache)
    done("model")
    with Library.open(settings, create=False, embedder=embedder) as library:
        assert library.embedder is embedder
        done("store")
        library.search(question)
        done("first answer")
        library.search(question)
        done("the same again")
    done("closing")
    return seconds


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), sys.argv[2]), sys.stdout)
