"""Counts how often a printed line breaks a word, and how often a search then misses a sentence.

    python eval/measure/line_ends.py FOLDER

Two counts over a folder of PDFs. Of the lines that prose is printed on, those that end in a letter
and a hyphen. Of runs of words taken from inside paragraphs, those that ``Page.search_for`` does not
find again, with the words joined as a reader would join them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pymupdf

RUN = 25  # words, about one sentence
PROSE_LINES = 3  # a paragraph has at least as many
PROSE_WORDS = 5  # a line of prose has at least as many words

BROKEN = re.compile(r"[^\W\d_]-$")


def joined(lines: list[list[str]]) -> list[str]:
    """The words of a paragraph, those that a line's end broke put together again."""
    words: list[str] = []
    carry = ""
    for line in lines:
        for number, word in enumerate(line):
            word, carry = carry + word, ""
            if number == len(line) - 1 and BROKEN.search(word):
                carry = word[:-1]
            else:
                words.append(word)
    return [*words, carry] if carry else words


def paragraphs(page: pymupdf.Page) -> list[list[list[str]]]:
    """The paragraphs of a page, each a list of lines, each a list of words."""
    blocks: dict[int, dict[int, list[str]]] = {}
    for *_, word, block, line, _ in page.get_text("words"):  # type: ignore[no-untyped-call]
        blocks.setdefault(block, {}).setdefault(line, []).append(word)
    found = []
    for block in blocks.values():
        lines = list(block.values())
        full = sum(len(line) >= PROSE_WORDS for line in lines)
        if full >= PROSE_LINES and full >= 0.6 * len(lines):
            found.append(lines)
    return found


def count(folder: Path) -> dict[str, dict[str, float]]:
    """The counts for each PDF of ``folder``, and over all of them."""
    rows: dict[str, dict[str, float]] = {}
    for path in sorted(folder.glob("*.pdf")):
        row: dict[str, float] = {
            "lines": 0,
            "broken": 0,
            "words": 0,
            "runs": 0,
            "runs over a break": 0,
        }
        row |= {"missed": 0, "missed over a break": 0}
        with pymupdf.open(path) as document:  # type: ignore[no-untyped-call]
            for page in document:
                for lines in paragraphs(page):
                    broken = sum(bool(BROKEN.search(line[-1])) for line in lines[:-1])
                    words = joined(lines)
                    row["lines"] += len(lines) - 1
                    row["broken"] += broken
                    row["words"] += len(words)
                    printed = {word for line in lines for word in line}
                    for start in range(0, len(words) - RUN + 1, RUN):
                        run = words[start : start + RUN]
                        over_break = not set(run) <= printed
                        hits = page.search_for(" ".join(run), quads=False)
                        row["runs"] += 1
                        row["runs over a break"] += over_break
                        row["missed"] += not hits
                        row["missed over a break"] += over_break and not hits
        rows[path.name] = row
    total = {key: sum(row[key] for row in rows.values()) for key in next(iter(rows.values()))}
    total["broken lines, %"] = round(100 * total["broken"] / total["lines"], 1)
    total["broken words, %"] = round(100 * total["broken"] / total["words"], 2)
    total["missed, %"] = round(100 * total["missed"] / total["runs"], 1)
    return {**rows, "all": total}


if __name__ == "__main__":
    json.dump(count(Path(sys.argv[1])), sys.stdout, indent=2)
    sys.stdout.write("\n")
