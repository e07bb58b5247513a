"""The digest's template as data: which items, under which heading, and what answers each.

The items and their order are those of the digest blogs that readers have today (title, authors,
affiliation, keywords, links; summary with background, earlier methods, method, performance; methods;
conclusion with significance, strengths, performance, limits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.digest import Language
from index.paper import Role

Voice = Literal["own", "others", "any"]
Selection = Literal["evidence", "affiliations", "keywords", "links", "captions"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its name, its titles, the question that its evidence answers, and where to look.

    ``roles`` come in order of preference. ``cue`` marks wordings that announce such a sentence;
    ``cue_required`` means that nothing else counts, so that a paper without such a sentence is
    reported as silent rather than answered with the nearest words. ``also`` are roles that are looked
    at for sentences with the cue only. ``voice`` says whether the authors speak of their own work in
    it ("we", "our", the name they gave it) or of others'.
    """

    name: str
    group: str
    titles: dict[Language, str]
    most: int
    selection: Selection = "evidence"
    question: str = ""
    roles: tuple[Role, ...] = ()
    also: tuple[Role, ...] = ()
    cue: re.Pattern[str] | None = None
    cue_required: bool = False
    never: re.Pattern[str] | None = None
    voice: Voice = "any"
    least: int = 0  # filled up to this from sections of the roles in ``fill``, without a cue
    fill: tuple[Role, ...] = ()
    reuse: bool = False  # whether it may repeat a quote where it would stay empty
    turn: int = 5  # items choose their evidence in this order; what is chosen is not quoted again


GROUPS: dict[str, dict[Language, str]] = {
    "summary": {"en": "Summary", "zh": "摘要"},
    "takeaways": {"en": "Key takeaways", "zh": "要点"},
    "front": {"en": "About the paper", "zh": "论文信息"},
    "overview": {"en": "Overview", "zh": "概述"},
    "methods": {"en": "Methods", "zh": "方法"},
    "conclusion": {"en": "Conclusion", "zh": "结论"},
    "figures": {"en": "Figures and tables", "zh": "图表"},
}

NOT_STATED: dict[Language, str] = {"en": "not stated in the paper", "zh": "论文中未说明"}


def _cue(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(alternatives) + r")", re.I)


_PROPOSES = (
    r"(?:we|this (?:paper|work|article|study|report|letter|note)|in this (?:paper|work|article|study|report)|"
    r"the (?:aim|goal|purpose) of this)\b.{0,60}?\b(?:propos|present|introduc|describ|develop|show|"
    r"stud|investigat|consider|report|address|explor|examin|analy|demonstrat|argu|provid|is about|build)"
)
_OFFERS = (
    r"(?:we|this (?:paper|work|article|study|report|letter|note)|in this (?:paper|work|article|study|report)|"
    r"the (?:aim|goal|purpose) of this)\b.{0,60}?\b(?:propos|present|introduc|describ|"
    r"stud(?:y|ies)|investigat|consider|report|address|explor|examin|argu|look at|is about)"
)
_RESULT = (
    r"\d+(?:\.\d+)?\s*(?:%|percent|BLEU|points?|F1|accuracy|times|x\b|×|ms\b|seconds?|hours?)",
    r"outperform", r"achiev", r"improv", r"state[- ]of[- ]the[- ]art", r"better than", r"faster",
    r"superior", r"competitive", r"significant(?:ly)?", r"we (?:find|found|observe|show) that",
    r"results? (?:show|indicate|suggest|demonstrate)", r"(?:f-measure|precision|recall|accuracy|score)s? of",
    r"turn out", r"reach", r"correlat",
)  # fmt: skip

_NEVER_PLAN = _cue(
    r"future",
    r"we (?:plan|intend|hope|expect|recommend|suspect|leave)",
    r"motivated by",
    r"available (?:at|on|from)",
)
_NEVER_METHOD = _cue(
    r"future",
    r"achiev",
    r"outperform",
    r"BLEU",
    r"improving over",
    r"aims? to",
    r"we (?:plan|expect)",
    r"show that",
    r"motivated by",
    r"challenges",
    r"faster than",
    r"data splits?",
    r"previous work",
    r"experiments? (?:on|with)",
    r"evaluat",
    r"various",
    r"significant",
)
_NEVER_RESULT = _cue(
    r"future",
    r"outperform",
    r"BLEU",
    r"results? (?:show|indicate)",
    r"motivated by",
    r"we show that",
)
_NEVER_LIMIT = _cue(
    r"future",
    r"limit",
    r"we (?:plan|expect|hope)",
    r"too (?:simple|complicated|few|small)",
    r"only",
    r"cannot",
    r"fail",
    r"worse",
    r"unrealistic",
    r"difficult",
    r"despite",
    r"unfortunately",
    r"would",
    r"could",
    r"expect",
)

TEMPLATE: tuple[Item, ...] = (
    Item(
        "summary", "summary", {"en": "Summary", "zh": "摘要"}, most=1,
        question="What does this paper propose or study, in one sentence?",
        roles=("abstract", "introduction", "conclusion"),
        cue=_cue(_OFFERS),
        voice="own", turn=0, never=_NEVER_RESULT,
    ),
    Item(
        "key_takeaways", "takeaways", {"en": "Key takeaways", "zh": "要点"}, most=5,
        question="What are the main findings and contributions of this paper?",
        roles=("abstract", "conclusion", "introduction", "results"),
        cue=_cue(_PROPOSES, *_RESULT, r"contribution", r"novel", r"first (?:to|time)", r"allows?", r"enables?"),
        cue_required=True, voice="own", least=3, fill=("abstract", "conclusion"), reuse=True, turn=4, never=_NEVER_PLAN,
    ),
    Item("affiliation", "front", {"en": "Affiliation", "zh": "单位"}, most=12, selection="affiliations"),
    Item("keywords", "front", {"en": "Keywords", "zh": "关键词"}, most=12, selection="keywords"),
    Item("links", "front", {"en": "Links", "zh": "链接"}, most=4, selection="links"),
    Item(
        "background", "overview", {"en": "Background", "zh": "研究背景"}, most=2,
        question="What problem does the field face and why does it matter?",
        roles=("introduction", "background", "abstract"),
        cue=_cue(
            r"challeng", r"important", r"problem", r"widely", r"recent", r"crucial", r"essential",
            r"goal", r"task of", r"ha(?:s|ve) (?:become|been|emerged)", r"need", r"increasing",
            r"motivat", r"fundamental", r"difficult", r"understanding",
        ),
        voice="others", least=1, fill=("introduction",), turn=3, never=_cue(r"available (?:at|on|from)"),
    ),
    Item(
        "earlier_methods", "overview",
        {"en": "Earlier methods and their problems", "zh": "过去的方法及问题"}, most=2,
        question="What did earlier methods do, and what were their problems and shortcomings?",
        roles=("background", "introduction", "abstract"),
        cue=_cue(
            r"however", r"existing", r"previous(?:ly)?", r"prior", r"earlier", r"traditional(?:ly)?",
            r"conventional", r"suffer", r"limit(?:ed|ation|s)", r"fail", r"can(?:not| not)", r"lack",
            r"expensive", r"costly", r"drawback", r"neglect", r"ignor", r"shortcoming", r"inefficien",
            r"prone to", r"only (?:consider|use|explor|focus)", r"state[- ]of[- ]the[- ]art",
            r"most (?:of the )?(?:work|approaches|methods|models|competitive)", r"remains?",
        ),
        voice="others", turn=3,
        cue_required=True,
    ),
    Item(
        "method", "overview", {"en": "Method", "zh": "研究方法"}, most=2,
        question="What method, model or system does this paper propose and how does it work?",
        roles=("abstract", "introduction", "conclusion", "method"),
        cue=_cue(_OFFERS, r"our (?:method|approach|model|system|framework|algorithm|architecture)",
                 r"we (?:use|cast|combine|train|learn|apply|augment|reduce|compute|replace|have calculated|calculate)"),
        cue_required=True,
        voice="own", reuse=True, turn=1, never=_NEVER_METHOD,
    ),
    Item(
        "task_and_performance", "overview", {"en": "Task and performance", "zh": "任务与性能"}, most=2,
        question="On which task and data was it tested, and what performance did it reach?",
        roles=("abstract", "results", "experiments", "conclusion"),
        cue=_cue(*_RESULT, r"we (?:evaluate|test|validate|have submitted)", r"experiments? (?:on|show|demonstrate)"),
        cue_required=True,
        reuse=True, turn=2, never=_NEVER_PLAN,
    ),
    Item(
        "methods", "methods", {"en": "Methods", "zh": "方法"}, most=6,
        question="How does the method work? What are its steps and components?",
        roles=("method",),
        cue=_cue(r"we (?:use|compute|train|define|apply|employ|propose|introduce|learn|model|represent|cast|add|take)",
                 r"(?:consists?|composed) of", r"is (?:computed|defined|trained|obtained|given) (?:as|by|from)",
                 r"each", r"the (?:model|algorithm|system|encoder|decoder|network|architecture|sampler|function)"),
        never=_NEVER_PLAN,
    ),
    Item(
        "significance", "conclusion", {"en": "Significance", "zh": "意义"}, most=2,
        question="Why does this work matter? What does it make possible?",
        roles=("conclusion", "discussion", "introduction", "abstract"),
        cue=_cue(r"first (?:to|time|\w+ model|benchmark)", r"novel", r"new", r"contribut", r"enabl", r"opens?",
                 r"promis", r"allows?", r"provid", r"important", r"insight", r"demonstrat", r"show(?:s|n|ed)? that",
                 r"implication", r"applicable", r"indicat", r"impact"),
        cue_required=True,
        voice="own", reuse=True, turn=9, never=_NEVER_PLAN,
    ),
    Item(
        "strengths", "conclusion", {"en": "Strengths", "zh": "优势"}, most=2,
        question="What are the strengths and advantages of the proposed approach?",
        roles=("conclusion", "discussion", "abstract", "introduction", "results"),
        cue=_cue(r"advantage", r"faster", r"simpler?\b", r"general(?:ly|izes?|ise[sd]?)?\b", r"flexib",
                 r"robust", r"efficien", r"scal(?:able|es|ability)", r"outperform", r"better", r"effective",
                 r"parallel", r"universal", r"easily", r"benefit", r"strength", r"improv", r"cheap", r"accurate"),
        cue_required=True,
        voice="own", reuse=True, turn=8, never=_NEVER_LIMIT,
    ),
    Item(
        "performance", "conclusion", {"en": "Performance", "zh": "性能"}, most=2,
        question="Which scores and numbers does the paper report?",
        roles=("results", "experiments", "conclusion", "abstract"),
        also=("method", "other"),
        cue=re.compile(
            r"(?<![\w.\[(-])\d+(?:\.\d+)?\s*(?:%|(?:percent|BLEU|ROUGE|points?|F1|EM\b|times|ms\b|seconds?|"
            r"minutes?|hours?|days?)\b)"
            r"|(?:accuracy|precision|recall|f-measures?|score|BLEU|FID|F1|perplexity|error rate)s?\b"
            r"[^.]{0,40}?\b(?:of|is|to|at|was)\s+(?:about |over |around )?\d+(?:\.\d+)?",
            re.I,
        ),
        reuse=True, turn=7, never=_cue(r"if the", r"each citation", r"we (?:use|set|train)", r"trained (?:for|on|the)"),
        cue_required=True,
    ),
    Item(
        "limits", "conclusion", {"en": "Limits", "zh": "局限"}, most=2,
        question="What are the limitations of this work, and what is left for future work?",
        roles=("limitations", "discussion", "conclusion"),
        also=("abstract", "results", "experiments", "method"),
        cue=_cue(r"limitations? (?:of|is|are|in)\b.{0,40}?(?:our|this|we)", r"our limitations?", r"drawback of (?:our|this)",
                 r"future (?:work|research|directions|studies)", r"in (?:the )?future\b",
                 r"(?:research|another|other|promising|interesting|further) directions?", r"open (?:question|problem|issue)",
                 r"it would be (?:interesting|worth|useful|valuable)", r"(?:has|have|is|are) not (?:yet |been |fully |completely )+(?:solved|explored|understood|clear)", r"we (?:leave|plan|hope to|intend|have not|could not|were unable)",
                 r"(?:our|this) \w+ (?:only|does not|do not|cannot|is limited|are limited|fails?|may not)",
                 r"remains? (?:open|unclear|a challenge|challenging|an open)", r"caveat", r"shortcoming", r"unrealistic",
                 r"care must be", r"limited class", r"too (?:simple|complicated|small)", r"weakness", r"room for improvement", r"not (?:yet|been) (?:explored|addressed|studied)",
                 r"unable to", r"limited (?:to|by)", r"is restricted to", r"further (?:work|research|investigation)"),
        cue_required=True,
        reuse=True, least=1, fill=("limitations",), turn=6, never=_cue(r"no way limited", r"not limited to"),
    ),
    Item("figures", "figures", {"en": "Figures and tables", "zh": "图表"}, most=8, selection="captions"),
)  # fmt: skip

ITEMS: dict[str, Item] = {item.name: item for item in TEMPLATE}
