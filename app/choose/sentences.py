"""A paper's sentences, each with its surroundings: what choosing looks at."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.paper import Paper, Role, Section
from index.read.text.headings import title_role
from index.spans import Span

WORDS_LEAST, WORDS_MOST = 5, 80  # of one quote

_ENDED = re.compile(r"[.!?…][\"'”’)\]]*(?:\^?\d{1,3}(?:[,–-]\d{1,3})*)?$|[。！？]$")
# Sentences that say where something is said, and not what: roadmaps, signposts, tables announced.
# Readers accepted 27 of 161 of them, and 6 of 9 that show "that ..." (52 papers).
_SECTION = (
    r"(?:(?:sub)?sections?|chapters?|appendi(?:x|ces)|§{1,2}) ?"
    r"(?:\d[\d.]*|[IVX]+\b(?:-[A-Z])?|[A-H]\b)"
    r"|(?:the )?(?:next|following|final|last|remaining|subsequent) (?:(?:sub)?sections?|chapters?)"
)
_FIRST = r"(?:(?:then|now|next|first|also|finally|briefly|further|will) ){0,3}"
_TELL = (
    r"(?:describe|discuss|present|review|outline|summari[sz]e|introduce|explain|detail|recall|sketch|"
    r"list|conclude|provide|examine|explore|give|turn to)"
)
_POINTS = re.compile(
    r"^(?:table|figure|fig\.|listing|algorithm) ?\d+ (?:shows?|presents?|gives?|lists?|reports?|"
    r"summari[sz]es|compares|illustrates|depicts|plots|contains|provides)\b(?! that\b)"
    r"|^(?:the )?(?:next |following |last )?(?:sub)?section (?:\d[\d.]* )?(?:contains?|describes?|"
    r"presents?|gives?|discusses|explains?|reports?|introduces|shows?|concludes?|reviews?)\b"
    r"(?! that\b)"
    rf"|^(?:(?:finally|next|then), )?(?:{_SECTION}) {_FIRST}"
    rf"(?:contains?|compares?|develops?|{_TELL}s?)\b"
    rf"|\bin (?:{_SECTION}),? we {_FIRST}{_TELL}\b"
    rf"|\bwe {_FIRST}{_TELL}\b[^.;]{{0,200}}\bin (?:{_SECTION})\.?$"
    rf"|^before (?:we \w+|\w+ing)\b[^,]{{0,100}}, we {_FIRST}{_TELL}\b"
    rf"|^we (?:(?:now|next|then|first|briefly) {_FIRST}|(?:conclude|begin|start|end) by )"
    r"(?:describ|discuss|review|outlin|summari[sz]e|explain|turn to|recall|sketch|list)"
    r"|^in (?:this|the next|the following|what follows) (?:sub)?section\b(?!,? we \w+ that\b)"
    r"|\b(?:due to|lack of) space\b"
    r"|\b(?:rest|remainder) of (?:this|the) (?:paper|article|work)\b"
    r"|\b(?:this|the) (?:paper|article) is (?:organi[sz]ed|structured) as follows",
    re.I,
)
_MATHS = frozenset("=<>≤≥∈∑∏∫√∂∇±·≈∼|{}∥→←⟨⟩∗˙¯∀∃∪∩⊂⊤⊥∞⃗′�")
# An opener that means something in the sentence before; "However," and the like do not.
_LEANS = re.compile(
    r"[(\[\"“'‘]*(?:(?:Th(?:is|ese|ose)|It|They|Such|Here(?!,? we\b)|There(?:by|in)|Its|Their|"
    r"Others|The (?:former|latter))\b"
    r"|(?:In|At|By|For|To|Of|From|With|On) (?:th(?:is|ese|ose)|such|it|them|doing so|"
    r"the (?:former|latter))\b)"
)
# What may stand before such an opener and changes nothing.
_CONNECTIVE = re.compile(
    r"(?:However|Moreover|Furthermore|Additionally|Therefore|Thus|Hence|Consequently|Instead|Similarly|"
    r"Nevertheless|Nonetheless|Also|Besides|Conversely|Specifically|In particular|In addition|"
    r"In contrast|As a result|On the other hand|For (?:example|instance)),? "
)
_BULLET = re.compile(r"[•‣◦∙·▪●–—*-]\s+")
_EXPLETIVE = re.compile(
    r"It (?:is|was|has been|remains|seems) (?:[\w-]+ ){0,3}(?:to|that|how|whether)\b"
)
_OWN = re.compile(
    r"[(\[\"“'‘]*(?:In |The (?:aim|goal|purpose|objective)s? of )?[Tt]h(?:is|e present) (?:paper|"
    r"work|article|study|report|letter|note|survey|review|thesis|manuscript|research|chapter)\b"
)


@dataclass(frozen=True, slots=True)
class PaperSentence:
    """A sentence of prose, and where it stands. Shares are 0 at the start, 1 at the end."""

    span: Span
    text: str
    role: Role
    headings: tuple[str, ...]  # of its section and those around it, the outermost first
    label: str  # the run-in heading of its paragraph, or ""
    section: int  # the number of its section
    paragraph: int  # the number of its paragraph
    in_paper: float  # share of the sentences before it
    in_section: float
    of_sections: float  # which of the sections, as a share
    from_section: tuple[int, int]  # sentences between it and the start, and the end, of its section
    from_paragraph: tuple[int, int]  # the same of its paragraph


def prose_sentences(paper: Paper) -> tuple[PaperSentence, ...]:
    """Every sentence of the paper's paragraphs, in reading order."""
    prose = [one.span for one in paper.sentences if one.kind == "paragraph"]
    block_starts = [block.span.start for block in paper.blocks]
    section_starts = [section.span.start for section in paper.sections]
    paragraphs = [bisect_right(block_starts, span.start) - 1 for span in prose]
    sections = [section_starts.index(paper.section_at(span.start).span.start) for span in prose]
    headings = list(_headings(paper.sections))
    labels = _labels(paper)
    in_section, in_paragraph = _numbered(sections), _numbered(paragraphs)
    filled = {number: at for at, number in enumerate(dict.fromkeys(sections))}

    def made(number: int, span: Span) -> PaperSentence:
        section, paragraph = paper.sections[sections[number]], paragraphs[number]
        before, after = in_section[number]
        label = labels.get(paragraph, "")
        labelled = title_role(label) if label else "other"
        return PaperSentence(
            span=span,
            text=span.of(paper.text),
            role="limitations" if labelled == "limitations" else section.role,
            headings=headings[sections[number]],
            label=label,
            section=sections[number],
            paragraph=paragraph,
            in_paper=number / len(prose),
            in_section=before / max(before + after, 1),
            of_sections=filled[sections[number]] / max(len(filled) - 1, 1),
            from_section=(before, after),
            from_paragraph=in_paragraph[number],
        )

    return tuple(made(number, span) for number, span in enumerate(prose))


def _headings(sections: Sequence[Section]) -> Iterator[tuple[str, ...]]:
    """The titles around each section and its own."""
    around: list[Section] = []
    for section in sections:
        while around and around[-1].level >= section.level:
            around.pop()
        around.append(section)
        yield tuple(one.title for one in around)


def _labels(paper: Paper) -> dict[int, str]:
    """Run-in headings by the number of the block that follows."""
    return {
        number + 1: block.span.of(paper.text)
        for number, block in enumerate(paper.blocks)
        if block.kind == "run-in"
    }


def _numbered(groups: Sequence[int]) -> list[tuple[int, int]]:
    """For each, how many of its group come before it and after it."""
    members: dict[int, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        members[group].append(at)
    places = {
        at: (place, len(found) - 1 - place)
        for found in members.values()
        for place, at in enumerate(found)
    }
    return [places[at] for at in range(len(groups))]


def reads_well(text: str) -> bool:
    """Whether it is a whole sentence of prose: no formula, signpost, stub or endless one."""
    words = text.split()
    far_eastern = 0 if text.isascii() else sum("\u3040" <= one <= "\u9fff" for one in text)
    length = len(words) + far_eastern // 2
    return (
        WORDS_LEAST <= length <= WORDS_MOST
        and not text[0].islower()
        and bool(_ENDED.search(text))
        and sum(map(str.isalpha, text)) >= 0.6 * len(text.replace(" ", ""))
        and sum(map(_MATHS.__contains__, text)) <= 3
        and not _POINTS.search(text)
        and text.count("(") == text.count(")")
    )


def leans(text: str) -> bool:
    """Whether its opener stands for something in the sentence before: "These results ..."."""
    rest = _without(_CONNECTIVE, text)
    rest = rest[:1].upper() + rest[1:]
    return bool(_LEANS.match(rest)) and not _OWN.match(rest) and not _EXPLETIVE.match(rest)


def quotable(sentences: Sequence[PaperSentence]) -> list[Span | None]:
    """What is quoted for each sentence: itself, with its predecessor if it leans on it, or nothing.

    A predecessor is the sentence before in the same paragraph; both must read well and be short
    enough together. A sentence that leans and has none is not quoted, nor is the bullet of a list.
    """
    found: list[Span | None] = []
    for number, one in enumerate(sentences):
        first, text = one, one.text
        if leans(text) and one.from_paragraph[0] > 0:
            first = sentences[number - 1]
            text = f"{first.text} {text}"
        head = _without(_BULLET, first.text)
        start = first.span.end - len(head)
        whole = reads_well(head) and reads_well(_without(_BULLET, one.text))
        stands = whole and len(text.split()) <= WORDS_MOST and not leans(head)
        found.append(Span(start, one.span.end) if stands else None)
    return found


def _without(opening: re.Pattern[str], text: str) -> str:
    """The text after such an opening, or all of it where it does not open so."""
    match = opening.match(text)
    return text[match.end() :] if match else text


def quotes_of(paper: Paper) -> list[Span]:
    """All that a digest of the paper could quote, in reading order."""
    return [span for span in quotable(prose_sentences(paper)) if span is not None]
