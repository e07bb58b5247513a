"""Counts the functions of gloss that a command calls, in its own process.

    python eval/measure/functions.py PAPER.pdf

Adds the paper to a library of its own, searches it, writes its digest and draws a page of it, each
in a fresh process, under ``sys.setprofile``. A function counts once, however often it is called;
comprehensions and lambdas count for the function that they stand in. Counted apart: reading, which
runs in worker processes, and the second search of a library that is open.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = """
import sys, threading, os, atexit, json
ours = tuple(os.path.join(ROOT, name) + os.sep for name in ("index", "app", "gloss"))
seen = set()
def note(frame, event, _):
    if event == "call":
        code = frame.f_code
        is_function = code.co_flags & 1 and not code.co_name.startswith("<")  # no class's body
        if is_function and code.co_filename.startswith(ours):
            seen.add((code.co_filename, code.co_qualname))
def begin():
    threading.setprofile(note); sys.setprofile(note)
def end():
    sys.setprofile(None); threading.setprofile(None)
    open(OUT, "w").write(json.dumps(len(seen)))
sys.path.insert(0, ROOT)
"""
COMMAND = """
from app.cli import main
sys.argv = ["gloss", "--library", LIBRARY, *ARGUMENTS]
begin()
try:
    main()
except SystemExit:
    pass
end()
"""
READING = """
from pathlib import Path
from index.read import _read_file
path = Path(PAPER)
begin()
_read_file(path, path.name, path.name, 2000, 6_000_000)
end()
"""
SEARCH = """
from index.config import Settings
from index.library import Library
with Library.open(Settings(library=LIBRARY)) as library:
    library.search("what is shown?")
    begin()
    library.search("how are passages chosen?")
    end()
"""
PAGE = """
from index.config import Settings
from index.library import Library
with Library.open(Settings(library=LIBRARY)) as library:
    (row,) = library.papers()
    paper = library.paper(row.id)
    boxes = paper.boxes_of(paper.sentences[3].span) if hasattr(paper, "boxes_of") else ()
    begin()
    library.page_image(row.id, 1, boxes, 2.0)
    end()
"""


def count(code: str, **names: object) -> int:
    """Distinct functions that ``code`` passes through in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "count")
        given = "".join(
            f"{name} = {value!r}\n"
            for name, value in {**names, "OUT": out, "ROOT": str(ROOT)}.items()
        )
        subprocess.run(
            [sys.executable, "-c", given + HEADER + code],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        return int(json.loads(Path(out).read_text("utf-8")))


def main(paper: str) -> None:
    """Print a line for each command."""
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder) / "library")
        path = str(Path(paper).resolve())
        counts = {"add": count(COMMAND, LIBRARY=library, ARGUMENTS=["add", path])}
        counts["add, in the worker"] = count(READING, PAPER=path)
        listed = ["--library", library, "papers", "--json"]
        code = f"import sys; sys.argv = ['gloss', *{listed!r}]; from app.cli import main; main()"
        said = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        paper_id = json.loads(said.stdout)["papers"][0]["id"]
        counts["search"] = count(
            COMMAND, LIBRARY=library, ARGUMENTS=["search", "how are passages chosen?"]
        )
        counts["search, library open"] = count(SEARCH, LIBRARY=library)
        counts["digest"] = count(COMMAND, LIBRARY=library, ARGUMENTS=["digest", paper_id])
        counts["page picture"] = count(PAGE, LIBRARY=library)
    for name, value in counts.items():
        sys.stdout.write(f"{name:<20} {value}\n")


if __name__ == "__main__":
    main(sys.argv[1])
