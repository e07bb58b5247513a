"""The pairs that a support model learns from, and those that it is measured on.

Weights are shipped, so they learn only from sets whose licence allows that (``PROVENANCE.tsv``
beside the sets; WiCE: ODC-BY; SciFact: CC BY 4.0). Of sets that are learnt from, pairs that share
a window or a claim stay together, and of each such group ``split_of`` says whether it is learnt
from. Pairs made of abstracts come from SciFact's corpus; the papers that generated pairs are
measured on are others.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.check.window import window
from eval.corruption import Labelled, generated

SEED = 5

# The most pairs of a set: those made by a pattern teach no more by being many.
PERMITTED: dict[str, int] = {
    "mnli_dev_matched": 20_000,
    "snli_devtest": 20_000,
    "cad_nli": 20_000,
    "negation_nli": 5_000,
    "conjnli_dev": 1_000,
    "breaking_nli": 3_000,
    "scone_nli": 3_000,
    "med": 3_000,
    "entailmentbank": 20_000,
    "check_covid": 5_000,
    "fm2_devtest": 5_000,
    "scifact_train": 5_000,
    "wice_dev": 5_000,
}
# Without a licence that allows to ship what was learnt from them: to measure what they would add.
OTHERS: dict[str, int] = {
    "sick": 10_000,
    "mrpc": 6_000,
    "rte123": 5_000,
    "glue_rte_rest": 1_000,
    "lingnli_train": 12_000,
    "lingnli_val": 8_000,
    "climate_fever": 8_000,
    "covid_fact": 5_000,
    "nli4ct": 3_000,
    "control_devtest": 2_000,
    "healthver_dev": 2_000,
    "qags_cnndm": 1_000,
    "summedits_news": 1_000,
    "summedits_qmsumm": 1_000,
}
_TOGETHER = {"entailmentbank_steps": "entailmentbank", "entailmentbank_synthneg": "entailmentbank"}
_GROUP = 100  # texts that lend each other numbers, names and sentences
_NEIGHBOURS = 3  # sentences at most that stand around a quote in a generated source


@dataclass(frozen=True, slots=True)
class Pair:
    """A source that a model can read at once, a claim, and whether it bears the claim out."""

    set: str
    source: str
    claim: str
    supported: bool


def labelled_sets(
    folders: Sequence[Path], names: Iterable[str], whole: bool = False
) -> dict[str, list[Pair]]:
    """The sets of these names, their sources cut to windows, or left ``whole``."""
    wanted = set(names)
    sets: dict[str, list[Pair]] = defaultdict(list)
    for path in sorted(file for folder in folders for file in folder.glob("*.jsonl")):
        name = _TOGETHER.get(path.stem, path.stem)
        if name in wanted:
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            for row in rows:
                source = row["source"] if whole else window(row["source"], row["claim"])
                sets[name].append(Pair(name, source, row["claim"], bool(row["label"])))
    return dict(sets)


def split_of(pairs: Sequence[Pair], measured_share: float = 0.4) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from and pairs to measure on; none of the one shares a text with the other."""
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while parent.setdefault(text, text) != text:
            text = parent[text]
        return text

    for pair in pairs:
        parent[root(pair.source[:400])] = root(pair.claim)

    def is_measured(pair: Pair) -> bool:
        digest = hashlib.sha256(root(pair.claim).encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < measured_share

    learnt = [pair for pair in pairs if not is_measured(pair)]
    return learnt, [pair for pair in pairs if is_measured(pair)]


def made_of(texts: Sequence[Sequence[str]], most: int, seed: int = SEED) -> list[Pair]:
    """Pairs made of the sentences of texts (``eval.corruption``), half of them supported.

    A source is the sentences that a claim was made of with some that stand around them, so that
    they have to be found. Of the unsupported a part is true of the text, but not of the source.
    """
    choose = random.Random(seed)
    pairs: list[Pair] = []
    for start in range(0, len(texts), _GROUP):  # a group knows its own words: it is quadratic
        group = texts[start : start + _GROUP]
        places = {
            sentence: (number, place)
            for number, text in enumerate(group)
            for place, sentence in enumerate(text)
        }
        for pair in generated(group, seed + start):
            source = _around(pair, group, places, choose)
            pairs.append(Pair("made", source, pair.claim, pair.supported))
    for text in texts:
        if len(text) > 3:
            place = choose.randrange(len(text))
            others = [one for number, one in enumerate(text) if number != place]
            begin = choose.randrange(max(len(others) - 2, 1))
            pairs.append(Pair("made", " ".join(others[begin : begin + 3]), text[place], False))
    choose.shuffle(pairs)
    by_label = [[pair for pair in pairs if pair.supported == label] for label in (True, False)]
    half = min(most // 2, *(len(one) for one in by_label))
    return [pair for one in by_label for pair in one[:half]]


def _around(
    pair: Labelled,
    texts: Sequence[Sequence[str]],
    places: dict[str, tuple[int, int]],
    choose: random.Random,
) -> str:
    number, first = places[pair.sources[0]]
    last = places[pair.sources[-1]][1]
    before, after = choose.randint(0, _NEIGHBOURS), choose.randint(0, _NEIGHBOURS)
    around = texts[number][max(first - before, 0) : last + 1 + after]
    return window(" ".join(around), pair.claim)


def abstracts(corpus: Path) -> list[list[str]]:
    """The sentences of each abstract of SciFact's corpus."""
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    return [[" ".join(s.split()) for s in row["sentences"] if len(s.split()) > 5] for row in rows]


def capped(sets: dict[str, list[Pair]], most: dict[str, int], seed: int = SEED) -> Iterator[Pair]:
    """The pairs of all sets, at most so many of each."""
    for name in sorted(sets):
        pairs = sets[name]
        cap = most.get(name, len(pairs))
        yield from pairs if len(pairs) <= cap else random.Random(seed).sample(pairs, cap)
