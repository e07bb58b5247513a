"""The digest's template as data: which items, under which heading, and what answers each.

The items and their order are those of the digest blogs that readers have today (title, authors,
affiliation, keywords, links; summary with background, earlier methods, method, performance; methods;
conclusion with significance, strengths, performance, limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.digest import Language, Whose
from index.paper import Role

Selection = Literal["evidence", "affiliations", "keywords", "links", "captions"]

_TOLD: tuple[Role, ...] = ("abstract", "introduction", "discussion", "conclusion", "other")
_FOUND: tuple[Role, ...] = ("results", "experiments")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its name, its titles, and the question that its sentences answer.

    ``roles`` are the sections that it may rest on. Of the sentences that careful readers accepted
    under its heading, 88 to 98 of 100 lie in them (ADR 25). Which are quoted, the model decides
    (``app.choose.model``). ``whose`` work its quotes are about where their words do not say it.
    """

    name: str
    group: str
    titles: dict[Language, str]
    most: int
    selection: Selection = "evidence"
    question: str = ""
    roles: tuple[Role, ...] = ()
    whose: Whose | None = None


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


TEMPLATE: tuple[Item, ...] = (
    Item(
        "summary", "summary", {"en": "Summary", "zh": "摘要"}, most=1,
        question="What does this paper propose, study or find, in one sentence?",
        roles=_TOLD, whose="own",
    ),
    Item(
        "key_takeaways", "takeaways", {"en": "Key takeaways", "zh": "要点"}, most=5,
        question="What are the main findings and contributions of this paper?",
        roles=(*_TOLD, *_FOUND), whose="own",
    ),
    Item("affiliation", "front", {"en": "Affiliation", "zh": "单位"}, most=12, selection="affiliations"),
    Item("keywords", "front", {"en": "Keywords", "zh": "关键词"}, most=12, selection="keywords"),
    Item("links", "front", {"en": "Links", "zh": "链接"}, most=4, selection="links"),
    Item(
        "background", "overview", {"en": "Background", "zh": "研究背景"}, most=2,
        question="What problem does the field face and why does it matter?",
        roles=("abstract", "introduction", "background", "other"),
    ),
    Item(
        "earlier_methods", "overview",
        {"en": "Earlier methods and their problems", "zh": "过去的方法及问题"}, most=2,
        question="What did earlier methods do, and what were their problems and shortcomings?",
        roles=(*_TOLD, *_FOUND, "background", "method"), whose="others",
    ),
    Item(
        "method", "overview", {"en": "Method", "zh": "研究方法"}, most=2,
        question="What is the core idea of this paper's approach?",
        roles=(*_TOLD, *_FOUND, "background", "method"), whose="own",
    ),
    Item(
        "task_and_performance", "overview", {"en": "Task and performance", "zh": "任务与性能"}, most=2,
        question="On which task, data or setting was it tested, and what was the headline outcome?",
        roles=(*_TOLD, *_FOUND, "method"), whose="own",
    ),
    Item(
        "methods", "methods", {"en": "Methods", "zh": "方法"}, most=6,
        question="How does the method work? What are its steps, data and components?",
        roles=("introduction", "method", *_FOUND, "appendix", "other"), whose="own",
    ),
    Item(
        "significance", "conclusion", {"en": "Significance", "zh": "意义"}, most=2,
        question="Why does this work matter? What does it make possible?",
        roles=(*_TOLD, *_FOUND), whose="own",
    ),
    Item(
        "strengths", "conclusion", {"en": "Strengths", "zh": "优势"}, most=2,
        question="What advantages of the work do the authors state or show?",
        roles=(*_TOLD, *_FOUND, "method"), whose="own",
    ),
    Item(
        "performance", "conclusion", {"en": "Performance", "zh": "性能"}, most=2,
        question="Which results with their numbers does the paper report?",
        roles=(*_TOLD, *_FOUND, "method"), whose="own",
    ),
    Item(
        "limits", "conclusion", {"en": "Limits", "zh": "局限"}, most=2,
        question="What are the limitations of this work, and what is left for future work?",
        roles=(*_TOLD, *_FOUND, "limitations", "method"), whose="own",
    ),
    Item("figures", "figures", {"en": "Figures and tables", "zh": "图表"}, most=8, selection="captions"),
)  # fmt: skip

ITEMS: dict[str, Item] = {item.name: item for item in TEMPLATE}
