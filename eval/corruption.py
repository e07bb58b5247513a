"""Generates labelled pairs: quotes of papers, shortened and joined (true) or corrupted (false).

A false claim is a true quote with one thing changed: a number, unit, sign, name or acronym put in
from elsewhere in the paper, a word that turns the meaning round, a qualifier left out, a tail from
another sentence, or all of it taken from another paper; own work put in the place of others', or
"matches" in the place of "outperforms". What is chosen depends on the seed alone.

Some false claims are true by chance ("some" removed where "all" holds too); they were not checked
one by one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.check.proper_names import names_in
from app.check.quantities import quantities

_WORDS_OF_TAIL = (5, 12)
_OTHER_UNITS = {
    "%": " percentage points",
    "points": "%",
    "ms": " seconds",
    "s": " minutes",
    "min": " hours",
    "h": " days",
    "day": " weeks",
    "MB": " GB",
    "GB": " MB",
    "times": "%",
}
_TURN_WORDS = """
    higher|lower highest|lowest larger|smaller largest|smallest more|fewer better|worse best|worst
    increases|decreases increase|decrease increased|decreased faster|slower longer|shorter
    stronger|weaker above|below before|after outperforms|underperforms improves|degrades
    positive|negative greater|less earlier|later maximum|minimum gain|loss
    """
_TURNS = tuple(tuple(one.split("|")) for one in _TURN_WORDS.split())
_TURNED = {one: other for pair in _TURNS for one, other in (pair, pair[::-1])}
_TURN = re.compile(rf"\b(?:{'|'.join(_TURNED)})\b")
_VERB = re.compile(r"\b(?:is|are|was|were|can|could|does|do|did|will|has|have|may|might|should)\b")
_NOT = re.compile(r"\b(?:does not |do not |did not |not |never )|(?<=can)not\b")
_HEDGE = re.compile(
    r"\b(?:may|might|could|possibly|perhaps|likely|probably|potentially|partly|partially)\s+"
)
_SUGGESTS = re.compile(r"\b(?:suggest|suggests|appear to|appears to|seem to|seems to|tends? to)\b")
_QUANTIFIER = re.compile(
    r"\b(?:some|several|many|(?<!the )most|often|usually|typically|generally|sometimes|mostly|only)"
    r"\s+"
)
_BOUND = re.compile(
    r"\b(?:up to|at least|at most|about|around|approximately|roughly|almost|nearly|over|more than"
    r"|less than|fewer than)\s+(?=[0-9])"
)
_ASIDE = re.compile(
    r"\s\([^()]{3,}\)|,\s(?:which|where|who|as|such as|for example|e\.g\.)[^][,.;]+,"
)
_END_CLAUSE = re.compile(
    r",?\s(?:which|where|because|since|while|whereas|so that|although)\s[^,;]+(?=[.]$)"
)
_HEAD = re.compile(r"^(?:In|For|With|By|On|From|To|Given|At|As)\s[^,;]{3,80},\s(?=\w)")
# Own work where others' stood, and others' where own did, as the subject of a clause.
_EARLIER = r"(?:previous|prior|existing|earlier|aforementioned|traditional|other) (?:[\w-]+ )?"
_WORKS = r"(?:works?|methods|approaches|studies|research|models|techniques|algorithms|systems)\b"
_OWNERS = (
    (re.compile(r"\bWe\b"), "Previous works"),
    (re.compile(r"(?<=that )we\b|(?<=, )we\b"), "existing approaches"),
    (re.compile(r"^Our (?=\w)"), "The earlier authors' "),
    (re.compile(r"(?<=, )our (?=\w)|(?<=that )our (?=\w)"), "Smith et al.'s "),
    (re.compile(r"\bThis (?:paper|study|work|article)\b"), "Prior research"),
    (
        re.compile(
            rf"^(?:(?:the|all|most|many|some|several) )?(?:of the )?{_EARLIER}{_WORKS}", re.I
        ),
        "The authors' works",
    ),
    (
        re.compile(rf"(?:(?<=that )|(?<=while )|(?<=, )|(?<=but )){_EARLIER}{_WORKS}"),
        "our methods",
    ),
    (
        re.compile(r"\b[A-Z][\w-]+ et al\.? (?:\((?:19|20)[0-9]{2}[a-z]?\)|\[[0-9]+\])(?= [a-z])"),
        "The authors",
    ),
)
_RELATIONS = (
    (
        re.compile(r"\b(?:match|equal)(?:es|s)? or (?:exceed|outperform|surpass)(?:s|es)?\b"),
        "improves on",
    ),
    (re.compile(r"\boutperform(?:s|ed)?\b|\bsurpass(?:es|ed)?\b|\bexceeds\b"), "matches"),
    (re.compile(r"\bbetter than\b"), "comparable to"),
    (
        re.compile(r"\b(?:comparable|competitive|on par)(?: performance)? (?:to|with)\b"),
        "better than",
    ),
    (re.compile(r"\bsuperior to\b"), "on par with"),
    (re.compile(r"\bworse than\b"), "as good as"),
    (
        re.compile(r"\b(?:similar|comparable|competitive) (?=performance|accuracy|results)"),
        "better ",
    ),
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A claim beside its sources. ``kind`` says how it was made; empty, if people made it."""

    claim: str
    sources: tuple[str, ...]
    supported: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The material for a changed quote, from its paper and from others."""

    quotes: tuple[str, ...]
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    elsewhere: tuple[str, ...]  # sentences of other papers


Change = Callable[[str, Surroundings, random.Random], str | None]


def generated(papers: Sequence[Sequence[str]], seed: int) -> list[Labelled]:
    """Pairs of every kind from the quotes of each paper."""
    choose = random.Random(seed)
    made: list[Labelled] = []
    for at, quotes in enumerate(papers):
        others = [quote for other, paper in enumerate(papers) if other != at for quote in paper]
        around = Surroundings(
            tuple(quotes),
            tuple(dict.fromkeys(digits for one in quotes for digits, _ in _digits(one))),
            tuple(dict.fromkeys(name for one in quotes for name in names_in(one))),
            tuple(others),
        )
        for number, quote in enumerate(quotes):
            made.append(Labelled(quote, (quote,), True, "quote"))
            if number:
                before = quotes[number - 1]
                made.append(Labelled(f"{before} {quote}", (before, quote), True, "two quotes"))
            made += [Labelled(one, (quote,), True, kind) for kind, one in _shorter(quote)]
            for kind, change in CHANGES.items():
                claim = change(quote, around, choose)
                if claim is not None and claim.split() != quote.split():
                    made.append(Labelled(claim, (quote,), False, kind))
    return made


def _shorter(quote: str) -> Iterator[tuple[str, str]]:
    """True shortenings: without an aside, without the last clause, without the opening."""
    for kind, pattern in (
        ("without an aside", _ASIDE),
        ("without the last clause", _END_CLAUSE),
        ("without the opening", _HEAD),
    ):
        match = pattern.search(quote)
        if match:
            rest = quote[: match.start()] + quote[match.end() :]
            if len(rest.split()) >= 5:
                yield kind, rest[0].upper() + rest[1:]


def _digits(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The digits of each quantity, and where they are."""
    taken = 0
    for number in quantities(text):
        written = re.search(r"[0-9][0-9,]*(?:\.[0-9]+)?", number.text)
        if written is None:
            continue
        pattern = re.compile(rf"(?<![\w.]){re.escape(written.group())}(?![0-9])")
        match = pattern.search(text, taken)
        if match:
            taken = match.end()
            yield written.group(), match


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _number(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    there = list(_digits(quote))
    if not there:
        return None
    digits, match = choose.choice(there)
    own = {value for value, _ in there}
    others = [one for one in around.numbers if one not in own] or [f"{digits}7"]
    return _put(quote, match, choose.choice(others))


def _unit(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    units = [one for one in quantities(quote) if one.unit in _OTHER_UNITS and one.text in quote]
    units = [one for one in units if re.match(r"[0-9.,]+", one.text)]
    if not units:
        return None
    number = choose.choice(units)
    digits = re.match(r"[0-9.,]+", number.text)
    new = (digits.group() if digits else "") + _OTHER_UNITS[number.unit]
    return quote.replace(number.text, new, 1)


def _sign(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    negative = re.search(r"(?<![\w)])[-−](?=[0-9])", quote)
    if negative:
        return _put(quote, negative, "")
    there = [
        match
        for digits, match in _digits(quote)
        if quote[: match.start()].endswith((" ", "(")) and digits.strip("0.")
    ]
    match = choose.choice(there) if there else None
    return _put(quote, match, f"−{match.group()}") if match else None


def _name(quote: str, around: Surroundings, choose: random.Random, acronyms: bool) -> str | None:
    def is_acronym(name: str) -> bool:
        return bool(re.fullmatch(r"[A-Z][A-Z0-9-]+s?", name))

    own = list(names_in(quote))
    mine = [name for name in own if is_acronym(name) == acronyms]
    others = [name for name in around.names if is_acronym(name) == acronyms and name not in {*own}]
    if not mine or not others:
        return None
    name = choose.choice(mine)
    return re.sub(
        rf"(?<!\w){re.escape(name)}(?!\w)", lambda _: choose.choice(others), quote, count=1
    )


def _proper_name(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    return _name(quote, around, choose, acronyms=False)


def _acronym(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    return _name(quote, around, choose, acronyms=True)


def _negation(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    negative = _NOT.search(quote)
    if negative:
        return _put(quote, negative, "")
    verb = _VERB.search(quote)
    return _put(quote, verb, f"{verb.group()} not") if verb else None


def _comparison(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    there = list(_TURN.finditer(quote))
    if not there:
        return None
    match = choose.choice(there)
    return _put(quote, match, _TURNED[match.group()])


def _hedge(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    hedge = _HEDGE.search(quote)
    if hedge:
        return _put(quote, hedge, "")
    suggests = _SUGGESTS.search(quote)
    return (
        _put(quote, suggests, "do" if " to" in suggests.group() else "prove") if suggests else None
    )


def _quantifier(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    match = _QUANTIFIER.search(quote)
    if match is None:
        return None
    return _put(quote, match, choose.choice(["", "all "]) if match.group() != "only " else "")


def _bound(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    match = _BOUND.search(quote)
    return _put(quote, match, "") if match else None


def _other_paper(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    return choose.choice(around.elsewhere) if around.elsewhere else None


def _tail(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    words = choose.choice(around.elsewhere or around.quotes).rstrip(".!? ").split()
    tail = " ".join(words[-choose.randint(*_WORDS_OF_TAIL) :])
    return f"{quote.rstrip('.!? ')}, and {tail}."


def _replaced(quote: str, table: Sequence[tuple[re.Pattern[str], str]]) -> str | None:
    """A quote with the first place replaced that some row of a table names."""
    for pattern, new in table:
        match = pattern.search(quote)
        if match:
            return _put(quote, match, new)
    return None


def _owner(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    return _replaced(quote, _OWNERS)


def _relation(quote: str, around: Surroundings, choose: random.Random) -> str | None:
    return _replaced(quote, _RELATIONS)


CHANGES: dict[str, Change] = {
    "number": _number,
    "unit": _unit,
    "sign": _sign,
    "name": _proper_name,
    "acronym": _acronym,
    "negation": _negation,
    "comparison": _comparison,
    "hedge": _hedge,
    "quantifier": _quantifier,
    "bound": _bound,
    "another paper": _other_paper,
    "tail": _tail,
    "whose work": _owner,
    "relation": _relation,
}
