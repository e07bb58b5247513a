"""The rule on whose work a statement is about.

A text is cut into clauses, and of each clause the words say who its subject is: the paper's authors
and their work, others and theirs, or nobody in particular. No parser is used. A mention is a
subject if neither a verb nor a word that only compares ("unlike") comes before it in its clause.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from app.check.tokens import STOP_WORDS, Pair, TokenizedText, stem, word_set
from app.digest import Whose

_NOMINATIVE = word_set("we i they")
_POSSESSIVE = word_set("our ours my")
_OWN_TEXT = word_set(
    "paper study work article survey review research thesis letter report manuscript contribution"
)
_EARLIER = word_set(
    """
    previous previously prior earlier existing past preceding aforementioned above-mentioned
    abovementioned other others' related recent traditional conventional competing
    state-of-the-art published contemporary
    """
)
_WORK = word_set(
    """
    work works method methods approach approaches study studies research researcher researchers
    paper papers author authors article articles literature model models technique techniques
    algorithm algorithms system systems solution solutions framework frameworks effort efforts
    attempt attempts investigation investigations report reports analyses survey surveys review
    reviews scholars baseline baselines dataset datasets architectures architecture
    theories scheme schemes strategies methodologies
    """
)
_WORKS = word_set("works studies papers authors researchers")  # "these methods" may be the authors'
_BETWEEN = 3  # words between "previous" and "methods"
_BEFORE = 6  # words that may stand before a subject: "one of the main limits of previous work"
_VERBS = word_set(
    """
    is are was were be been being has have had do does did can could may might will would shall
    should must cannot
    """
) | {
    f"{verb}{ending}"
    for verb in word_set(
        """
        achiev adapt address adopt aim allow appl argu assum boost build captur combin compar
        comput conduct consider contain creat decreas demonstrat depend describ design detect
        develop differ enabl employ estimat evaluat examin exceed exhibit exploit explor extend
        fail focus follow generat giv handl ignor improv includ increas indicat introduc
        investigat involv lack lead leverag match mak obtain outperform overcom perform predict
        present produc propos prov provid reach reduc rel rely relies remain remov replac requir
        rival show solv suffer suggest support surpass tackl tak train treat underperform us
        utiliz yield confirm reveal equal beat
        """
    )
    for ending in ("", "e", "es", "s", "ed", "d", "n")
}
_COMPARING = word_set(
    """
    unlike compared comparing comparison contrast contrary opposed than over against versus vs
    beyond rather instead despite besides similar similarly like as following followed based
    inspired motivated building using addition line agreement accordance response order spite view
    light keeping common from extending following given
    """
)
_PREPOSITIONS = word_set("in on at to with for by under within through via during between among")
_PASSIVE = word_set("is are was were be been being")
_NOT_BY_AGENT = word_set("inspired motivated followed guided informed")
_FRESH = word_set(
    "; but although though because whereas while so since when if however yet hence thus"
)
_RELATIVE = word_set("which who whose")
_BREAKS = _FRESH | _RELATIVE | word_set(", : ( ) that where")
_DETERMINERS = word_set("a an the this these those it its we our i they there")

# A citation by name is a noun, one in brackets stands beside a noun.
_BY_NAME, _BESIDE = "\ue000", "\ue001"
_YEAR = r"(?:19|20)[0-9]{2}[a-z]?"
_CITED_BY_NAME = re.compile(
    rf"\b[A-Z][\w'’-]+ et al\b\.?(?: ?\({_YEAR}\))?"
    rf"|\b[A-Z][\w'’-]+ (?:and|&) [A-Z][\w'’-]+ \({_YEAR}\)|\b[A-Z][\w'’-]+ \({_YEAR}\)"
)
_CITED_BESIDE = re.compile(
    rf"\[[0-9][0-9,;– -]*\]|\( ?[A-Z\ue000][^()]{{0,200}}[ ,]{_YEAR}[^()]{{0,20}}\)"
)
_CONTRACTED = re.compile(r"\b([Ww]e|[Tt]hey|I)['’](?=\w)")  # we've
_AUTHORS_OWN = re.compile(r"\b[Tt]he (?:authors['’](?!\w)|author['’]s\b)")
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[,;:()\ue001\ue000]")
_COINED = re.compile(
    r"\b(?:we|paper|study|work) (?:also |here |then )?(?:propos|introduc|present|develop|design)\w*"
    r"(?P<rest>[^.;]{3,200})",
    re.I,
)
_COINED_NAME = re.compile(
    r"(?:^ (?:the |an? )?|\b(?:called|named|dubbed|termed|or) |\()(?P<name>\w*[A-Z]\w*[A-Z]\w*)"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause's subject, whom it names at all, and its content words without those of mentions.

    ``person`` is "we" or "they" where the subject is people and not a work of theirs.
    """

    whose: Whose | None
    named: frozenset[Whose]
    stems: frozenset[str]
    person: str = ""


class _Mention(NamedTuple):
    whose: Whose | None  # None for "they", and for "our earlier work"
    at: int
    end: int
    person: str = ""


def attribution(pair: Pair) -> Iterator[str]:
    """What the basis says of others' work is not said of the authors', nor the other way round.

    A clause is refused if more than half of its words that the basis has stand there only in
    clauses on the other side. What says nothing of whose it is passes; for a clause of the basis
    that says nothing, ``pair.whose`` answers where it is known. "They" are never "the authors".
    """
    names = _coined(pair.source.text)
    altered = (one.text for one in pair.claim.sentences if one.text not in pair.source.text)
    attributed = [
        one for text in altered for one in clauses(text, names, is_claim=True) if one.whose
    ]
    basis = clauses(pair.basis.text, names) if attributed else []
    for clause in attributed:
        other: Whose = "others" if clause.whose == "own" else "own"
        against: set[str] = set()
        rest: set[str] = set()
        for one in basis:
            theirs = clause.person == "we" and one.person == "they"
            (against if theirs or (one.whose or pair.whose) == other else rest).update(one.stems)
        noted = clause.whose == "own" and "others" in clause.named
        if noted and not any("own" in one.named for one in basis):
            continue  # "the authors note a limitation of earlier work"
        found = clause.stems & (against | rest)
        only_there = found - rest
        if 2 * len(only_there) > len(found) and 3 * len(only_there) >= len(clause.stems):
            yield f"{clause.whose}: {' '.join(sorted(only_there))}"


def clauses(text: str, names: Collection[str] = (), is_claim: bool = False) -> list[Clause]:
    """The clauses of a text. ``names`` are those that the paper gave to its own work.

    In a claim "the paper", "the study" and "the authors" are the paper's, in a paper's own text
    they need not be; and what "the authors note that" introduces is not said to be theirs.
    """
    found: list[Clause] = []
    marked = _CITED_BESIDE.sub(_BESIDE, _CITED_BY_NAME.sub(_BY_NAME, text))
    marked = _CONTRACTED.sub(r"\1 ", marked)
    if is_claim:
        marked = _AUTHORS_OWN.sub("our", marked)
    for sentence in TokenizedText(marked).sentences:
        tokens = _TOKEN.findall(sentence.text)
        before: Clause | None = None
        outside: Clause | None = None  # what stands before a bracket
        last: Whose | None = None
        for opener, segment in _segments(tokens):
            if opener == "(":
                outside = before
            elif opener == ")":
                before = outside
            clause, mentions = _clause(segment, names, is_claim)
            inherited = _inherited(opener, segment, before, last, is_claim)
            if clause.whose is None and inherited is not None and not _compares(segment):
                clause = Clause(
                    inherited,
                    clause.named | (before.named if before else frozenset()),
                    clause.stems,
                    clause.person or (before.person if before and opener == "," else ""),
                )
            if mentions:
                last = mentions[-1].whose or last
            found.append(clause)
            before = clause
    return found


def _segments(tokens: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The parts of a sentence between its breaks, each with the word or mark that opens it."""
    cuts = [at for at, token in enumerate(tokens) if token.lower() in _BREAKS]
    for start, end in pairwise((-1, *cuts, len(tokens))):
        if start + 1 < end:
            yield (tokens[start].lower() if start >= 0 else ""), tokens[start + 1 : end]


def _inherited(
    opener: str,
    segment: Sequence[str],
    before: Clause | None,
    last: Whose | None,
    is_claim: bool,
) -> Whose | None:
    """The subject that a clause without one of its own has from the clause before it."""
    if before is None:
        return None
    words = [token.lower() for token in segment[:2]]
    if words[0] in ("they", "it"):
        return before.whose if is_claim or before.person != "we" else None
    if opener in _RELATIVE:
        return last
    if opener in _FRESH or (opener == "that" and is_claim):
        return None
    if words[0] in ("and", "or") and (len(words) < 2 or words[1] in _DETERMINERS):
        return None
    return before.whose


def _compares(segment: Sequence[str]) -> bool:
    return any(token.lower() in _COMPARING for token in segment[:4])


def _clause(
    segment: Sequence[str], names: Collection[str], is_claim: bool
) -> tuple[Clause, list[_Mention]]:
    words = [token.lower().replace("’", "'") for token in segment]
    mentions = list(_mentions(segment, words, names, is_claim))
    subject: _Mention | None = None
    agent: _Mention | None = None
    passive: _Mention | None = None
    topic: _Mention | None = None
    for one in mentions:
        before = words[: one.at]
        has_verb = any(word in _VERBS for word in before)
        if words[one.at] in _NOMINATIVE:
            subject = subject or one
        elif before[-1:] == ["by"] and len(before) > 1 and before[-2] not in _NOT_BY_AGENT:
            passive = passive or (one if {*before} & _PASSIVE else None)
            agent = agent or one
        elif not has_verb and one.at <= _BEFORE and not {*before} & _COMPARING:
            if {*before} & _PREPOSITIONS:
                topic = topic or one
            else:
                subject = subject or one
    if subject is None or words[subject.at] not in _NOMINATIVE:
        subject = passive or subject or agent
    said = subject or topic
    inside = {at for one in mentions for at in range(one.at, one.end)}
    rest = " ".join(word for at, word in enumerate(words) if at not in inside)
    stems = TokenizedText(rest).stems - _WORK_STEMS
    named = frozenset(one.whose for one in mentions if one.whose and words[one.at] != _BESIDE)
    if said is None:
        return Clause(None, named, stems), mentions
    return Clause(said.whose, named, stems, said.person), mentions


# Words of mentions, which both sides have.
_WORK_STEMS = frozenset(map(stem, _EARLIER)) | frozenset(
    map(stem, word_set("work method approach paper author literature technique algorithm system"))
)


def _mentions(
    segment: Sequence[str], words: Sequence[str], names: Collection[str], is_claim: bool
) -> Iterator[_Mention]:
    """Who is named in a clause, in order."""
    at = 0
    while at < len(words):
        found = _mention_at(at, segment, words, names, is_claim)
        if found is not None:
            yield found
        at = found.end if found is not None else at + 1


def _mention_at(
    at: int, segment: Sequence[str], words: Sequence[str], names: Collection[str], is_claim: bool
) -> _Mention | None:
    word, after = words[at], words[at + 1 : at + 2 + _BETWEEN]
    following = after[0] if after else ""
    # A digest never says "I"; in a paper "Type I" is nobody.
    is_i = segment[at] == "I" and not is_claim and (not at or segment[at - 1][0].islower())
    if word == "we" or is_i:
        return _Mention("own", at, at + 1, "we")
    if word == "they":
        return _Mention(None, at, at + 1, "they")
    if word in _POSSESSIVE:
        earlier = _earlier_work(at + 1, words)
        return _Mention(None, at, earlier) if earlier else _Mention("own", at, at + 1)
    if word in names or segment[at] in names:
        return _Mention("own", at, at + 1)
    if word == _BY_NAME or (word == _BESIDE and following in _VERBS):
        return _Mention("others", at, at + 1)
    if word in ("author", "authors") and at and words[at - 1] == "the":
        if after[:1] == [_BESIDE] or (following in ("of", "in") and _is_of_others(at + 2, words)):
            return _Mention("others", at, at + 2)
        if is_claim:
            return _Mention("own", at, at + 1, "we")
        return None
    if following in _OWN_TEXT and (
        word == "this"
        or (word in ("present", "current") and at and words[at - 1] == "the")
        or (word == "the" and is_claim and following in ("paper", "study"))
    ):
        theirs = after[1:2] in (["by"], ["of"]) and _is_of_others(at + 3, words)
        return _Mention("others" if theirs else "own", at, at + 2)
    if word == "proposed" and at and words[at - 1] in ("the", "newly") and following != "by":
        return _Mention("own", at, at + 1)
    if word in ("these", "those") and following in _WORKS:
        return _Mention("others", at, at + 2)
    earlier = _earlier_work(at, words)
    if earlier:
        by = words[earlier : earlier + 3]
        if by in (["by", "the", "authors"], ["of", "the", "authors"]):
            return _Mention(None, at, earlier + 3)
        return _Mention(None if by[:2] in (["by", "us"], ["of", "ours"]) else "others", at, earlier)
    return None


def _is_of_others(at: int, words: Sequence[str]) -> bool:
    return words[at : at + 1] in ([_BESIDE], [_BY_NAME]) or bool(_earlier_work(at, words))


def _earlier_work(at: int, words: Sequence[str]) -> int:
    """Where "previous segmentation methods" ends if it begins here; 0 if it does not."""
    if at >= len(words) or words[at] not in _EARLIER:
        return 0
    for end in range(at + 1, min(at + 2 + _BETWEEN, len(words))):
        if words[end] in _WORK:
            return end + 1
        if words[end] in _VERBS or (words[end] in STOP_WORDS and words[end] != "and"):
            return 0
    return 0


def _coined(text: str) -> frozenset[str]:
    """Names that the authors give to their own work: "we propose ConCoRD"."""
    return frozenset(
        name["name"]
        for match in _COINED.finditer(text)
        for name in _COINED_NAME.finditer(match["rest"])
    )
