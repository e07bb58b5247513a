"""What a question asks for: a number of something, a name of a kind, a reason, a definition, …

The tables name kinds of question in general English. A question in another language asks for
nothing in particular here, and is answered by likeness alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from app.answer.sentences import content_words
from app.check.tokens import Token, word_set

Asked = Literal[
    "number",
    "who",
    "where",
    "when",
    "why",
    "definition",
    "comparison",
    "how",
    "yes-no",
    "which",
    "shortfall",
    "funding",
    "availability",
]
ASKED: tuple[Asked, ...] = get_args(Asked)

_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)"
)
_MEASURE = (
    r"(?:number|percentage|percent|fraction|share|proportion|rate|ratio|size|factor|value|score|"
    r"accuracy|amount|length|duration|dimension|level|probability|speed|latency|age|weight|budget|"
    r"cost|price|correlation|error|threshold|temperature|distance|height|strength|width|depth)s?"
)
_PATTERNS: tuple[tuple[Asked, str], ...] = (
    (
        "number",
        r"\bhow (?:many|much|often|long|large|big|small|high|low|far|fast|old|strong|tall|wide|"
        r"deep|heavy|near|close|well|frequent|accurate)\b"
        rf"|\b(?:what|which) (?:[\w-]+ )?(?:[\w-]+ )?{_MEASURE}\b",
    ),
    ("who", r"\bwho(?:m|se)?\b|\b(?:which|what) (?:\w+ )?(?:organi[sz]ations?|agenc(?:y|ies)|"
            r"compan(?:y|ies)|institutions?|universit(?:y|ies)|authors?|people|groups?|teams?)\b"),
    ("where", r"\bwhere\b|\b(?:which|what) (?:\w+ )?(?:city|country|countries|place|site|region|"
              r"location|facility|laboratory|hospital|platform|website|event)\b"),
    ("when", r"\bwhen\b|\b(?:which|what) (?:\w+ )?(?:years?|date|months?|days?|period)\b"),
    ("why", r"\bwhy\b|\bhow come\b|\b(?:what|which) (?:is|are|was|were) the "
            r"(?:reasons?|motivations?|causes?)\b|\bfor (?:what|which) reasons?\b"),
    ("definition", r"\bwhat (?:is|are) (?:an? |the )?(?:[\w-]+ )?(?:[\w-]+ )?[\w-]+\s*\?"
                   r"|\bmean(?:s|t)? by\b|\bwhat (?:does|do) .{1,60} mean\b|\bdefin"
                   r"|\bunderstand by\b|\bcounts? as\b|\bcalled\b|\blabelled\b|\bconsidered\b"),
    ("comparison", r"\bcompar|\bdiffer|\bversus\b|\bvs\b|\boutperform|\bbeats?\b|\bthan\b"
                   r"|\b(?:effect|impact|influence)s? of\b|\bsame as\b"),
    ("how", rf"\bhow {_AUXILIARY}\b"),
    ("yes-no", rf"^\s*{_AUXILIARY}\b"),
    ("which", r"\b(?:which|what)\b"),
    ("shortfall", r"\blimit|\bweakness|\bshortcoming|\bdrawback|\bcaveat|\bfuture\b|\blater\b"
                  r"|\bignor|\bneglect|\bassum|\bleft? (?:open|out|for|to)\b|\bleave\b"
                  r"|\bset aside\b|\bwant to\b|\bstill\b|\bdifficult|\bfails?\b|\bnext\b"),
    ("funding", r"\bfund|\bfinanc|\bsponsor|\bmoney\b|\bpaid for\b|\bgrants?\b|"
                r"\bsupported (?:the|this|by)\b|\bwho supported\b"
                r"|\bsupported .{0,30}(?:authors?|work|research|study)"),
    ("availability", r"\b(?:code|software|source|data|program|tool|package)\b.{0,40}"
                     r"\b(?:available|download|found|released?|public|given out|obtain|licen[cs]e)"
                     r"|\blicen[cs]e\b|\bdownload|\brepository\b|\bmade public\b"),
)  # fmt: skip
_ASKED = tuple((name, re.compile(pattern, re.I)) for name, pattern in _PATTERNS)

# The unit that a number in the answer has, by words of the question.
_UNITS = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("share", r"\b(?:percent\w*|shares?|fractions?|proportions?|rates?|part of|how often|"
                  r"accuracy|success)\b|%"),
        ("time", r"\bhow (?:long|fast|old)\b|\b(?:milliseconds?|seconds?|minutes?|hours?|days?|"
                 r"weeks?|months?|years?|time|duration|latency|delay|ages?)\b"),
        ("money", r"\b(?:dollars?|euros?|costs?|paid|pay|prices?|money|budget|worth|revenue)\b"
                   r"|[$€£]"),
        ("size", r"\bhow (?:large|big|wide|tall|deep|far|high|heavy)\b|\b(?:size|distance|length|"
                 r"height|width|weight|resolution|litres?|liters?|temperature)\b"),
        ("factor", r"\b(?:factor|times|speed-?up|faster|quicker|slower|gain|improvement)\b"
                   r"|\bhow much (?:more|less|better|worse|higher|lower)\b|\bby how much\b"),
    )
)  # fmt: skip

# Words that ask, or that every question on a paper may have.
_NO_MATTER = word_set(
    "many much often long kind type sort author authors paper study work use uses used using get"
    " give given take taken make made"
)
_THING = re.compile(
    rf"\b(?:how many|how much|which|what|whose)((?: (?!{_AUXILIARY}\b)[\w-]+){{1,4}})", re.I
)

_OTHER_SCRIPT = re.compile(
    r"[\u0370-\u1cff\u2c00-\u2dff\u3040-\u30ff\u3400-\u9fff\ua000-\ud7af\uf900-\ufaff]"
)
_ENGLISH = word_set(
    "what which who whom whose when where why how the of is are was were does did do has have can"
    " could should with by for from and or their this that these it its than any there between"
)
_OTHER_WORDS = word_set(
    "le la les des du une quel quelle quels quelles est sont qui que quoi dans pour avec sur et"
    " comment pourquoi combien où quand par aux ont été"
    " der die das und ist sind welche welcher welches wie warum wer wo wann wird wurde mit für von"
    " el los las una qué cuál cuáles cómo cuánto cuántos por para con dónde quién del"
    " il lo gli che come perché quale quali quanto quanti sono della delle nel"
    " os um uma quais quantos foi são não"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what it asks for."""

    text: str
    is_english: bool
    asked: frozenset[Asked]
    words: tuple[str, ...]  # that carry its matter, in small letters, each once
    stems: tuple[str, ...]  # of the words, in the same order
    things: frozenset[str]  # stems of what is counted or named: "how many *trials*"
    units: tuple[str, ...]  # kinds of unit that a number in the answer may have

    @property
    def matter(self) -> str:
        """Its content without the words that make it a question."""
        return " ".join(self.words) or self.text


def question_of(text: str) -> Question:
    """What a question asks for."""
    content = {word.stem: word.word for word in content_words(text) if _matters(word)}
    english = is_english(text)
    named = (word for match in _THING.finditer(text) for word in content_words(match[1]))
    return Question(
        text=text,
        is_english=english,
        asked=frozenset(name for name, asks in _ASKED if english and asks.search(text)),
        words=tuple(content.values()),
        stems=tuple(content),
        things=frozenset(word.stem for word in named if _matters(word)),
        units=tuple(name for name, asks in _UNITS if english and asks.search(text)),
    )


def is_english(text: str) -> bool:
    """Whether a question is English, or cannot be told from it.

    Other scripts are not, nor is a text with function words of another language and none of
    English.
    """
    if _OTHER_SCRIPT.search(text):
        return False
    words = set(re.findall(r"[^\W\d_]+", text.lower()))
    return bool(words & _ENGLISH) or not words & _OTHER_WORDS


def _matters(word: Token) -> bool:
    return word.word not in _NO_MATTER
