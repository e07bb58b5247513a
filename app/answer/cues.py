"""What a sentence has that may answer a kind of question: numbers, names, causes, comparisons, …

General words and signs only; how much each counts, and for which question, is learned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.check.tokens import stem

_NUMBER_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|hundreds?|thousands?|"
    r"millions?|billions?|dozens?|half|twice"
)
_NUMBER = re.compile(rf"(?<![\w.\[])\d[\d.,]*|\b(?:{_NUMBER_WORDS})\b", re.I)
_REFERENCE = re.compile(
    r"\[\d+(?:\s?[,–-]\s?\d+)*\]|\([^()]*\b(?:19|20)\d\d[a-z]?\)"
    r"|\b(?:Figs?|Figures?|Tabs?|Tables?|Secs?|Sections?|Eqs?|Equations?|Appendix|Chapter)\.?\s?\(?\d[\d.]*"
)
_TOKEN = re.compile(r"\w[\w.,%-]*")

_PATTERNS: tuple[tuple[str, str, re.RegexFlag], ...] = (
    ("year", r"\b(?:19|20)\d\d\b", re.NOFLAG),
    ("month", r"\b(?:January|February|March|April|May|June|July|August|September|October|November|"
              r"December)\b", re.NOFLAG),
    ("name", r"(?<=[a-z,;:] )(?:[A-Z][\w’'-]*[a-z]|[A-Z]{2,})", re.NOFLAG),
    ("short name", r"\b(?:[A-Z]{2,}[\w-]*|[A-Z][a-z]+[A-Z]\w*|[A-Za-z]+-?\d+\w*)\b", re.NOFLAG),
    ("cause", r"\b(?:because|since|due to|as a result|therefore|thus|hence|so that|in order to|"
              r"owing to|lead(?:s|ing)? to|result(?:s|ing)? in|allow(?:s|ing)?|reasons?|caus\w+|"
              r"which (?:makes|leads|means)|to (?:avoid|ensure|reduce|prevent|keep|account))\b",
     re.I),
    ("definition", r"\b(?:defin\w+|refers? to|means?|that is|called|known as|denot\w+|considered|"
                   r"termed|is (?:an?|the)|are (?:the|those))\b|\bi\.e\.", re.I),
    ("comparison", r"\b(?:than|compar\w+|outperform\w*|better|worse|higher|lower|larger|smaller|"
                   r"faster|slower|more|less|fewer|whereas|while|versus|vs|in contrast|similar|"
                   r"differ\w*|same|significant\w*|improv\w*)\b", re.I),
    ("shortfall", r"\b(?:limit\w*|future|not|cannot|however|assum\w+|only|remain\w*|neglect\w*|"
                  r"ignor\w+|beyond|leave|difficult\w*|challeng\w*)\b", re.I),
    ("plan", r"\b(?:future|further (?:work|research|stud\w+)|next|plan|would be|could be|"
             r"should|remains?)\b", re.I),
    ("means", r"\b(?:using|by \w+ing|via|based on|first|then|we (?:use|employ|adopt|apply|compute|"
              r"measure|collect|train|select|sample)\w*|(?:was|were|are|is) \w+ed)\b", re.I),
    ("own", r"\b(?:we|our|us|this (?:paper|work|study|article))\b", re.I),
    ("support", r"\b(?:support\w*|fund\w*|grants?|award\w*|fellowship|foundation|sponsor\w*|"
                r"council|ministry|thank\w*)\b", re.I),
    ("offer", r"https?:|www\.|\b(?:github|available|released?|public\w*|open[- ]source|"
              r"licen[cs]e\w*|download\w*|repository|package|website)\b", re.I),
    ("people", r"\b(?:people|participants?|subjects?|patients?|volunteers?|respondents?|observers?|"
               r"users?|annotators?|experts?|authors?|members?|students?|workers?|adults?|children)\b",
     re.I),
    ("place", r"\b(?:in|at|from) (?:the )?[A-Z][a-z]", re.NOFLAG),
    ("data", r"\b(?:data ?sets?|data|corpus|corpora|collections?|benchmarks?|samples?|records?|"
             r"surveys?|images?|recordings?)\b", re.I),
    ("question", r"\?\s*$", re.NOFLAG),
    ("citation", r"\[\d+(?:\s?[,–-]\s?\d+)*\]|\(\w[^()]*\b(?:19|20)\d\d[a-z]?\)|et al\.",
     re.NOFLAG),
    ("pointer", r"\b(?:Figs?|Figures?|Tabs?|Tables?|Secs?|Sections?|Eqs?|Equations?|Appendix)"
                r"\.?\s?\(?\d", re.I),
    ("aside", r"[(–—:]", re.NOFLAG),
    ("maths", r"[=∑∈≤≥∂∇√∏∫]", re.NOFLAG),
)  # fmt: skip
_CUES = tuple((name, re.compile(pattern, flags)) for name, pattern, flags in _PATTERNS)
_AS_PRINTED = frozenset({"citation", "pointer"})  # looked for before references are taken out
CUES = tuple(name for name, _ in _CUES)

_UNITS = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("share", r"\d\s?%|\bper ?cent|\b(?:half|third|quarter|majority)\b|\b0?\.\d"),
        ("time", r"\d[\s-]?(?:s|ms|h|hrs?|min|secs?|milliseconds?|seconds?|minutes?|hours?|days?|"
                 r"weeks?|months?|years?|mo|y\.o)\b|\b(?:second|minute|hour|day|week|month|year)s?\b"),
        ("money", r"[$€£¥]\s?\d|\b(?:USD|EUR|GBP|dollars?|euros?|pounds)\b"),
        ("size", r"\d\s?(?:[kMGT]i?B|[nµmck]?m|[mkµ]?g|°C?|K|pixels?|px|litres?|liters?|tokens|"
                 r"words|bytes|degrees)\b|\d\s?[x×]\s?\d"),
        ("factor", r"\d\s?[x×](?!\w)|\b(?:times|fold)\b|\d\s?%|\bper ?cent\b"),
    )
)  # fmt: skip
_BESIDE = 4  # words between a number and what it counts


@dataclass(frozen=True, slots=True)
class Cues:
    """What one sentence has."""

    counts: dict[str, int]  # of each cue
    numbers: int
    units: frozenset[str]  # of its numbers
    tokens: tuple[str, ...]  # stems in order, and "#" for a number

    def counted(self, things: frozenset[str]) -> float:
        """1 where a number stands before one of ``things``, 0.7 soon after it, 0 elsewhere."""
        best = 0.0
        for at, token in enumerate(self.tokens):
            if token in things:
                if "#" in self.tokens[max(0, at - _BESIDE) : at]:
                    return 1.0
                if "#" in self.tokens[at + 1 : at + 1 + _BESIDE]:
                    best = 0.7
        return best


def cues_of(text: str) -> Cues:
    """What a sentence has; numbers of citations, figures and sections are none."""
    plain = _REFERENCE.sub(" ", text)
    return Cues(
        {name: len(cue.findall(text if name in _AS_PRINTED else plain)) for name, cue in _CUES},
        len(_NUMBER.findall(plain)),
        frozenset(name for name, unit in _UNITS if unit.search(plain)),
        tuple(_tokens(plain)),
    )


def _tokens(text: str) -> Sequence[str]:
    words = (match.group().rstrip(".,") for match in _TOKEN.finditer(text))
    return ["#" if _NUMBER.match(word) else stem(word.lower()) for word in words]
