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
from index.paper import BlockKind, Role

Selection = Literal["evidence", "affiliations", "keywords", "links", "captions"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its name, its titles, the question that its evidence answers, and where to look.

    ``roles`` come in order of preference. ``cue`` marks wordings that announce such a sentence;
    ``cue_required`` means that nothing else counts, so that a paper without such a sentence is
    reported as silent rather than answered with the nearest words. ``also`` are roles that are looked
    at for sentences with the cue only.
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
    kinds: tuple[BlockKind, ...] = ("paragraph",)


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
