"""Of a long source, the sentences that a claim may rest on: few enough for a model to read at once.

A support model reads some 200 word pieces. Sentences are taken by how much of the claim they bring
that those taken before did not, a word counting the more the fewer sentences have it; what is left
of the room goes to their neighbours, which say what "it" is. They stay in reading order.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from index.paper import Span
from index.read.sentences import split_sentences

WORDS = 110  # of a window: with a claim of 40 words some 200 word pieces
_WORD = re.compile(r"[^\W_]+|[\u4e00-\u9fff]")
_STEM = 6  # letters by which words count as the same: "measured", "measure"


def window(source: str, claim: str, words: int = WORDS) -> str:
    """The sentences of ``source`` that say most of ``claim``, at most ``words`` words of them.

    A sentence that is longer than that alone is cut. A source that fits is given back whole.
    """
    if len(source.split()) <= words:
        return " ".join(source.split())
    sentences = [
        " ".join(span.of(source).split()) for span in split_sentences(source, Span(0, len(source)))
    ]
    stems = [_stems(one) for one in sentences]
    spread = Counter(stem for one in stems for stem in one)
    missing = {stem: 1 / spread[stem] for stem in _stems(claim) if stem in spread}
    room = words
    taken: set[int] = set()

    def take(at: int) -> bool:
        nonlocal room
        length = len(sentences[at].split())
        if at in taken or (length > room and taken):
            return False
        taken.add(at)
        room -= length
        return True

    order: list[int] = []
    left = set(range(len(sentences)))
    while missing and room > 0 and left:
        best = max(left, key=lambda at: (_worth(stems[at], missing), -at))
        if not stems[best] & missing.keys():
            break
        left.discard(best)
        if take(best):
            order.append(best)
            missing = {stem: worth for stem, worth in missing.items() if stem not in stems[best]}
    for at in order or [0]:
        for beside in (at - 1, at + 1):
            if 0 <= beside < len(sentences) and room > 0:
                take(beside)
    return " ".join(" ".join(sentences[at] for at in sorted(taken)).split()[: 2 * words])


def _worth(stems: frozenset[str], missing: dict[str, float]) -> float:
    """Rounded once: a set's order differs from run to run, and with it a sum of its parts."""
    return math.fsum(missing.get(stem, 0.0) for stem in stems)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.lower()[:_STEM] for word in _WORD.findall(text) if len(word) > 2)
