"""How long the tab Library takes on the server for a library of that size: seconds of a processor.

``python -m eval.measure.shelf_speed LIBRARY`` prints the median and the 95th percentile of opening
the list (nothing made ready before), of sorting, turning a page and filtering.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.show.html import fill
from app.web.shelf import ORDERS, ShelfView, Shelves
from app.web.texts import texts
from index.config import Settings
from index.library import Library

RUNS = 40
WORDS = ("galaxy", "protein", "a", "quantum graph", "no such words")


def main() -> None:
    """Print the figures."""
    with Library.open(Settings(library=Path(sys.argv[1])), create=False) as library:
        shelves = Shelves()

        def shown(shelves: Shelves, view: ShelfView) -> None:
            page = shelves.page(library, view, "en")
            values = {"page": page, "removed": 0, "seconds": 10.0, "failure": ""}
            fill("shelf.html", say=texts()["en"], lang="en", **values)

        shown(shelves, ShelfView())
        steps: dict[str, Callable[[int], None]] = {
            "open": lambda _: shown(Shelves(), ShelfView()),
            "sort": lambda n: shown(shelves, ShelfView(ORDERS[n % 4], down=n % 8 < 4)),
            "turn a page": lambda n: shown(shelves, ShelfView(page=1 + n % 90)),
            "filter": lambda n: shown(shelves, ShelfView(text=WORDS[n % len(WORDS)])),
        }
        sys.stdout.write(
            f"{library.count()} papers, milliseconds of a processor: median, 95th percentile\n"
        )
        for name, step in steps.items():
            took = []
            for number in range(RUNS):
                began = time.process_time()
                step(number)
                took.append(1000 * (time.process_time() - began))
            said = f"{name}: {np.percentile(took, 50):.0f}, {np.percentile(took, 95):.0f}"
            sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
