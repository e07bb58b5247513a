"""The digests of a day as one page: Markdown for Hexo, and HTML that stands alone.

What a paper says gets onto the page as ``app.show`` says: escaped, for Markdown, HTML, YAML and
nunjucks, which Hexo runs over what Markdown has become.
"""

from __future__ import annotations

import datetime
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.digest import Digest, Language
from app.show.html import article, fill, style
from app.show.katex import NO_FORMULAS, beside
from app.show.markdown import escape_link_text, escape_markdown, markdown_lines
from app.show.pieces import Sentence
from app.show.text import file_slug, plain, web_address
from app.show.views import CitationView, DigestView, Picture, QuoteContext, view
from index.reference import ARXIV_ID

DAY_WORDS: dict[str, dict[Language, str]] = {
    "update": {"en": "Update of {}", "zh": "{} 更新"},
    "all": {"en": "All papers", "zh": "全部论文"},
    "papers": {"en": "Papers", "zh": "论文"},
    "one": {"en": "1 paper", "zh": "1 篇论文"},
    "many": {"en": "{} papers", "zh": "{} 篇论文"},
    "missing": {"en": "Not on this page", "zh": "未收录"},
    "missing_why": {
        "en": "These papers came up on that day and could not be read or had:",
        "zh": "以下论文当天出现，但无法读取或获取：",
    },
    "all_days": {"en": "All days", "zh": "全部日期"},
    "feed": {"en": "Atom feed", "zh": "Atom 订阅"},
    "near": {"en": "Near “{}”", "zh": "与《{}》相近"},
    "top": {"en": "Back to the list", "zh": "返回列表"},
    "skip": {"en": "Skip to the papers", "zh": "跳到论文"},
}

_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_LOOKALIKES = str.maketrans(
    {"<": "‹", ">": "›", '"': "”", "'": "’", "&": "＆", "{": "（", "}": "）", "\\": "＼", "`": "‘"}
)


@dataclass(frozen=True, slots=True)
class FailedPaper:
    """A paper that came up and is on no page, and why. Without ``categories``: not known."""

    id: str
    reason: str
    title: str = ""
    categories: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Its page on arXiv, where its id is one of arXiv's."""
        name, _, number = self.id.rpartition("v")
        bare = name if name and number.isdecimal() else self.id
        return f"https://arxiv.org/abs/{self.id}" if ARXIV_ID.fullmatch(bare) else ""


@dataclass(frozen=True, slots=True)
class Day:
    """What stands on a page: a topic's digests of one day, and the papers that failed."""

    topic: str  # a category, or what a query is called
    date: datetime.date
    lang: Language
    digests: tuple[Digest, ...]
    failed: tuple[FailedPaper, ...] = ()
    pictures: Mapping[tuple[str, str], Picture] = field(default_factory=dict)  # by paper, sentence
    app_url: str = ""
    near: Mapping[str, str] = field(default_factory=dict)  # the title of a kept paper, by paper
    formulas: Mapping[str, Mapping[str, Sentence]] = field(default_factory=dict)  # by paper

    @property
    def stem(self) -> str:
        """The name of its files, and of the folder with its pictures: "2024-07-05-cs.cv"."""
        return day_stem(self.topic, self.date, self.lang)

    @property
    def update(self) -> str:
        """Its heading, as in "Update of 2024-07-05"."""
        return DAY_WORDS["update"][self.lang].format(self.date.isoformat())

    @property
    def title(self) -> str:
        """Its topic as readers see it."""
        return topic_title(self.topic, self.lang)

    def around(self, digest: Digest) -> QuoteContext:
        """What the page adds to one of its digests."""
        own = {
            name: shown
            for (paper, name), shown in self.pictures.items()
            if paper == digest.paper.id
        }
        near = plain(self.near.get(digest.paper.id, ""))
        said = DAY_WORDS["near"][self.lang].format(near) if near else ""
        return QuoteContext(self.app_url, own, said, self.formulas.get(digest.paper.id, {}))


ALL = "all"  # the category that every paper has


def topic_title(topic: str, lang: Language) -> str:
    """A category as readers see it."""
    return DAY_WORDS["all"][lang] if topic.casefold() == ALL else plain(topic)


def counted(papers: int, lang: Language) -> str:
    """As in "3 papers"."""
    return DAY_WORDS["one" if papers == 1 else "many"][lang].format(papers)


def day_stem(topic: str, date: datetime.date, lang: Language) -> str:
    """The name of a page's files without what follows the dot; English has no mark."""
    return f"{date.isoformat()}-{file_slug(topic)}" + ("" if lang == "en" else f"-{lang}")


def anchor(paper_id: str) -> str:
    """Where a paper begins on its page: ``2024-07-05-cs.cv.html#paper-2407.03300``."""
    return f"paper-{file_slug(paper_id)}"


# Markdown for Hexo


def to_hexo(day: Day) -> str:
    """The page for Hexo, its front matter with the keys that digest blogs have.

    Where there are pictures it has an address of its own, ``<stem>.html`` at the blog's root.
    Beside it lies what Hexo publishes of the folder ``<stem>``, be that the post's asset folder or
    one in ``source``: one relative address finds a picture in the blog and beside the Markdown.
    """
    views = [view(digest) for digest in day.digests]
    titles = "; ".join(seen.title for seen in views)
    front: dict[str, object] = {
        "title": _for_themes(day.title),
        "date": datetime.datetime.combine(day.date, datetime.time()),
        "author": "gloss",
        "cover": None,
        "categories": "Paper",
        "tags": [_for_themes(day.title)],
        "description": _for_themes(f"{day.update}: {titles}"),
        "keywords": _for_themes(day.title),
        "toc": None,
        "toc_number": False,
        "toc_style_simple": True,
        "copyright": None,
        "copyright_author": None,
        "copyright_author_href": None,
        "copyright_url": None,
        "copyright_info": None,
        "mathjax": False,  # quoted text has no markup, and \href in it must not become a link
        "katex": None,
        "aplayer": None,
        "highlight_shrink": None,
        "aside": None,
    }
    if day.pictures:
        front["permalink"] = f"{day.stem}.html"
    notes = dict.fromkeys(seen.note for seen in views)
    lines = ["---", *_front_matter(front), "---", "", *(f"> {note}" for note in notes)]
    lines += ["", f"# {day.update}"]
    if len(views) > 1:
        lines += ["", *_contents(views)]
    for digest, seen in zip(day.digests, views, strict=True):
        if len(views) > 1:
            lines += ["", f'<a id="{anchor(seen.header.id)}"></a>']
        lines.append("")
        lines += markdown_lines(
            seen,
            level=2,
            page_link=_page_link_inline,
            with_note=False,
            around=day.around(digest),
        )
    if day.failed:
        lines += ["", f"## {DAY_WORDS['missing'][day.lang]}", ""]
        lines += [DAY_WORDS["missing_why"][day.lang], "", *map(_failed_line, day.failed)]
    return "\n".join(lines) + "\n"


def _contents(views: Sequence[DigestView]) -> list[str]:
    return [
        f"{number}. [{escape_link_text(seen.title)}](#{anchor(seen.header.id)})"
        for number, seen in enumerate(views, start=1)
    ]


def _page_link_inline(citation: CitationView) -> str:
    return f"[{citation.page}]({citation.url})" if citation.url else citation.page


def _failed_line(one: FailedPaper) -> str:
    label = escape_link_text(one.id)
    name = f"[{label}]({one.url})" if web_address(one.url) else label
    title = f" {escape_markdown(one.title)}" if plain(one.title) else ""
    return f"- {name}{title}: {escape_markdown(one.reason)}"


def _for_themes(text: str) -> str:
    """``text`` for a field that themes of Hexo escape, or print as HTML or in a script.

    Markup is left out; what could be markup, or end a script's string, becomes a sign that looks
    like it and is none, since an entity would be read as it is where a theme escapes.
    """
    read = html.unescape(html.unescape(text))
    return plain(_TAG.sub("", read).translate(_LOOKALIKES)) or plain(read.translate(_LOOKALIKES))


def _front_matter(values: Mapping[str, object]) -> list[str]:
    import yaml  # type: ignore[import-untyped]

    lines: list[str] = []
    for key, value in values.items():
        if value is None:
            lines.append(f"{key}:")
        else:
            dumped: str = yaml.safe_dump({key: value}, allow_unicode=True, width=math.inf)
            lines += dumped.splitlines()
    return lines


# HTML


def to_html_day(day: Day) -> str:
    """One file, with its pictures in a folder beside it, and nothing from other places.

    Where a sentence has formulas, KaTeX is in a folder beside it; else there is no script.
    It fits a phone, follows the system's light or dark, and prints with every quote unfolded.
    """
    papers = [
        article(digest, day.around(digest), anchor(digest.paper.id)) for digest in day.digests
    ]
    return fill(
        "day.html",
        day=day,
        papers=papers,
        count=counted(len(papers), day.lang),
        notes=list(dict.fromkeys(paper.seen.note for paper in papers)),
        style=style("site.css"),
        formulas=beside() if any(day.formulas.values()) else NO_FORMULAS,
        say={name: said[day.lang] for name, said in DAY_WORDS.items()},
    )
