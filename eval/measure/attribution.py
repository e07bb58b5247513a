"""How often a sentence that changes sides or relations is refused, and how often a true one is.

    python eval/measure/attribution.py SENTENCES... [--half 0]

``SENTENCES`` are JSON of judged digests (``items``, each with ``ideal`` and ``ok``), or JSON lines
with ``text`` and ``doc_id``, or with a ``source``. Half of the files of digests, of the documents
or of the sources count: details were chosen on the even half, the odd one is reported. A true
sentence is one in which "we" is "the authors" and every other of which lost its citations, as
writers word it; a false one has another owner, or another relation (``eval.corruption``).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.check.rules import RULES
from app.check.tokens import Pair
from eval.corruption import CHANGES, Surroundings
from index.read.text.sentences import split_sentences
from index.spans import Span

KINDS = {"whose work": "attribution", "relation": "relation"}
_FIRST_PERSON = (("We", "The authors"), ("we", "the authors"), ("us", "the authors"))
_POSSESSIVE = (("Our", "The authors'"), ("our", "the authors'"))
_CITATION = re.compile(
    r" ?(?:\[[0-9][0-9,;– -]*\]|\([A-Z][^()]{0,200}[ ,](?:19|20)[0-9]{2}[a-z]?\))"
)
_NOTHING = Surroundings((), (), (), ())


def sentences(files: Sequence[Path], half: int) -> Iterator[tuple[str, list[str]]]:
    """Each set's name with the sentences of its half, each once."""
    digests = sorted(path for path in files if path.suffix == ".json")
    found: list[str] = []
    for path in digests[half::2]:
        items = json.loads(path.read_text(encoding="utf-8"))["items"]
        found += [text for one in items.values() for key in ("ideal", "ok") for text in one[key]]
    if found:
        yield "digests", list(dict.fromkeys(found))
    for path in files:
        if path.suffix == ".jsonl":
            yield path.stem, list(dict.fromkeys(_of_lines(path, half)))


def _of_lines(path: Path, half: int) -> Iterator[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    groups = sorted({row.get("doc_id") or row["source"] for row in rows})
    mine = {*groups[half::2]}
    for row in rows:
        if (row.get("doc_id") or row["source"]) in mine:
            text = row.get("text") or row["source"]
            yield from (span.of(text) for span in split_sentences(text, Span(0, len(text))))


def worded(sentence: str, cited: bool) -> str:
    """A true claim: the sentence as of others, without its citations unless ``cited``."""
    for word, new in (*_FIRST_PERSON, *_POSSESSIVE):
        sentence = re.sub(rf"\b{word}\b", new, sentence)
    return sentence if cited else _CITATION.sub("", sentence)


def refused(pairs: Iterable[tuple[str, str]], rules: Iterable[str]) -> tuple[int, int]:
    """How many claims some of the rules refuse beside their sources, and of how many."""
    found = [
        any(any(RULES[rule](Pair.of(claim, [source]))) for rule in rules) for claim, source in pairs
    ]
    return sum(found), len(found)


def measure(found: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Refused, and of how many: true ones, and each kind of false ones by its rule and others."""
    true = [(worded(one, cited=at % 2 == 0), one) for at, one in enumerate(found)]
    measures = {"true": refused(true, KINDS.values())}
    for kind, rule in KINDS.items():
        made = [(CHANGES[kind](one, _NOTHING, random.Random(0)), one) for one in found]
        false = [(claim, one) for claim, one in made if claim is not None]
        measures[kind] = refused(false, [rule])
        measures[f"{kind}, by the other rules"] = refused(false, RULES.keys() - {*KINDS.values()})
    return measures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--half", type=int, default=1)
    given = parser.parse_args()
    for name, texts in sentences(given.files, given.half):
        json.dump({"set": name, "sentences": len(texts), **measure(texts)}, sys.stdout)
        sys.stdout.write("\n")
