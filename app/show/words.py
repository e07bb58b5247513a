"""Words of our own that a digest is shown with, in each language."""

from __future__ import annotations

from app.digest import Language

# What a reader sees beside a page number: where in the paper the words are. `front` is what
# stands above the abstract.
ROLE_TITLES: dict[str, dict[Language, str]] = {
    "front": {"en": "Title page", "zh": "首页"},
    "abstract": {"en": "Abstract", "zh": "摘要"},
    "introduction": {"en": "Introduction", "zh": "引言"},
    "background": {"en": "Background", "zh": "相关工作"},
    "method": {"en": "Method", "zh": "方法"},
    "experiments": {"en": "Experiments", "zh": "实验"},
    "results": {"en": "Results", "zh": "结果"},
    "discussion": {"en": "Discussion", "zh": "讨论"},
    "conclusion": {"en": "Conclusion", "zh": "结论"},
    "limitations": {"en": "Limitations", "zh": "局限"},
    "acknowledgements": {"en": "Acknowledgements", "zh": "致谢"},
    "references": {"en": "References", "zh": "参考文献"},
    "appendix": {"en": "Appendix", "zh": "附录"},
}


WORDS: dict[str, dict[Language, str]] = {
    "more_authors": {"en": "and {:,} more", "zh": "等 {:,} 人"},
    "authors": {"en": "Authors", "zh": "作者"},
    "paper": {"en": "Paper", "zh": "论文"},
    "date": {"en": "Date", "zh": "日期"},
    "categories": {"en": "Categories", "zh": "类别"},
    "page": {"en": "p. {}", "zh": "第 {} 页"},
    "quoted": {
        "en": "Every sentence is quoted from the paper; in parentheses, where it stands there.",
        "zh": "以下每句话均为论文英文原文的引用，括号内为其在论文中的位置。",
    },
    "cited": {
        "en": "Every sentence rests on words of the paper; in parentheses, where they stand there.",
        "zh": "以下每句话均以论文原文为依据，括号内为其在论文中的位置。",
    },
    "translated": {
        "en": "Every sentence is translated from a checked one, or is that one where the "
        "translation did not pass; in parentheses, where its words stand in the paper.",
        "zh": "以下中文句子译自经核对的英文句子，译文未通过核对的仍为英文；"
        "括号内为其依据在论文中的位置。",
    },
    "rejected": {
        "en": "{} sentence(s) failed the check against the paper and were replaced or dropped.",
        "zh": "{} 句话未通过与论文原文的核对，已被替换或删除。",
    },
    "lost page": {"en": "page {} could not be read", "zh": "第 {} 页未能读出"},
    "lost share": {"en": "{1} % of page {0} could not be read", "zh": "第 {0} 页有 {1}% 未能读出"},
    "lost more": {"en": "{} more pages could not be read in full", "zh": "另有 {} 页未能完整读出"},
    "newer": {
        "en": "Version {} is on arXiv; this digest is of version {}: gloss add {}",
        "zh": "arXiv 上已有第 {} 版，本摘要基于第 {} 版：gloss add {}",
    },
    "withdrawn": {"en": "Withdrawn on arXiv.", "zh": "该论文已从 arXiv 撤稿。"},
    "quoted from": {"en": "quoted from {}", "zh": "引自{}"},
    "from": {"en": "from {}", "zh": "依据{}"},
    "the text": {"en": "the text", "zh": "正文"},
    "supported": {"en": "supported", "zh": "有原文支持"},
    "unsupported": {"en": "unsupported", "zh": "缺少原文支持"},
    "words_of_paper": {"en": "the paper's words", "zh": "论文原文"},
    "picture_of": {"en": "Picture: {}", "zh": "图片：{}"},
    "open": {"en": "open in gloss", "zh": "在 gloss 中打开"},
    "check": {"en": "check", "zh": "核对"},
}
