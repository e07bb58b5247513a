"""A digest as Markdown, HTML, JSON and as a page for Hexo.

Text from a paper is data. HTML goes through Jinja's autoescape; Markdown through
``escape_markdown``; YAML values through a YAML writer. Nothing of a paper reaches an output by any
other way.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from app.digest import Citation, Claim, Digest, DigestSection, Header, Language
from app.template import GROUPS, ITEMS, NOT_STATED
from index.paper import Box, ClaimHit

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from app.ask import Answer
    from app.diff import ClaimChange, DigestDiff, QuoteChange

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
    "newer": {
        "en": "Version {} is on arXiv; this digest is of version {}: gloss add {}",
        "zh": "arXiv 上已有第 {} 版，本摘要基于第 {} 版：gloss add {}",
    },
    "withdrawn": {"en": "Withdrawn on arXiv.", "zh": "该论文已从 arXiv 撤稿。"},
    "update": {"en": "Update of {}", "zh": "{} 更新"},
}

# An address as papers print it. Only http(s), only characters that no markup language acts on.
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:/[\w./~?#=&%+,;:@!-]*)?", re.A
)
_CONTROL = re.compile(
    # terminal and layout controls, zero-width and bidirectional marks that hide or reorder text,
    # and the unseen letters of the block of tags
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """``text`` on one line, without characters that steer a terminal or reorder what is read."""
    return " ".join(_CONTROL.sub("", text).split())


_MARKDOWN = re.compile(
    r"""
      (?P<reference>\[\d+(?:(?:,\ ?|[-–])\d+)*\](?![(\[:]))  # "[2, 19]" is what it seems
    | (?P<brace>\{(?=[{%\#]))                 # nunjucks, which Hexo runs over the finished HTML
    | (?P<entity>&(?=\#?\w+;))
    | (?P<tag><)
    | (?P<mark>[\\`*\[\]~$])
    | (?P<underscore>(?<![^\W_])_|_(?![^\W_]))  # inside a word it means nothing
    | (?P<heading>(?:^|(?<=\s))\#)
    | (?P<start>^(?:[-+>=|:]|\d{1,9}(?=[.)](?:\s|$))))
    """,
    re.VERBOSE,
)


def _escape_mark(match: re.Match[str]) -> str:
    found = match.group()
    match match.lastgroup:
        case "reference":
            return found
        case "brace":
            # A backslash or an entity would be a brace again before nunjucks looks.
            return "{&#8288;"
        case "entity":
            return "&amp;"
        case "tag":
            return "&lt;"
        case "start" if found.isdigit():
            return f"{found}\\"
        case _:
            return f"\\{found}"


def escape_markdown(text: str) -> str:
    """``text`` so that Markdown, and Hexo after it, shows it as it is; addresses become links.

    Handles HTML, links, emphasis, code, lists, headings, tables, ``$`` math and nunjucks braces.
    """
    text = plain(text)
    parts: list[str] = []
    end = 0
    for start, address in _addresses(text):
        # Escaped with its surroundings, as ^ and the look-arounds must see the whole text.
        parts += [_escape_part(text, end, start), f"<{address}>"]
        end = start + len(address)
    return "".join(parts) + _escape_part(text, end, len(text))


def _escape_part(text: str, start: int, end: int) -> str:
    parts: list[str] = []
    for match in _MARKDOWN.finditer(text, start, end):
        parts += [text[start : match.start()], _escape_mark(match)]
        start = match.end()
    return "".join(parts) + text[start:end]


def _addresses(text: str) -> list[tuple[int, str]]:
    """Where addresses begin in ``text``, without the full stop of the sentence around them."""
    return [(found.start(), found.group().rstrip(".,;:!?")) for found in _ADDRESS.finditer(text)]


@dataclass(frozen=True, slots=True)
class CitationView:
    """A citation as a reader sees it: "p. 4, Method", and the page's address on arXiv."""

    passage_id: str
    page: str  # "p. 4"; empty for a paper without pages
    place: str  # "Method"
    url: str | None
    quote: str

    @property
    def label(self) -> str:
        """Page and place."""
        return ", ".join(part for part in (self.page, self.place) if part)


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim with its number among ``Digest.claims``."""

    number: int
    text: str
    quoted: bool
    foreign: bool  # in English, under headings that are not
    citations: tuple[CitationView, ...]


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item under its title; no title where its group's says the same."""

    name: str
    title: str
    claims: tuple[ClaimView, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """The items under one heading."""

    title: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest in words, before any markup."""

    lang: Language
    header: Header
    title: str
    authors: str
    paper_label: str
    facts: tuple[tuple[str, str], ...]  # date, categories
    note: str
    notices: tuple[str, ...]  # what has happened to the paper since
    not_stated: str
    groups: tuple[GroupView, ...]
    rejected: str


def view(digest: Digest) -> DigestView:
    """What all renderings show, in the order of the template."""
    lang, header = digest.lang, digest.paper
    numbers = iter(range(len(digest.claims)))

    def group_of(section: DigestSection) -> str:
        item = ITEMS.get(section.name)
        return item.group if item else section.name

    groups = []
    for name, members in groupby(digest.sections, key=group_of):
        sections = list(members)
        items = tuple(
            ItemView(
                name=section.name,
                title=_title(section.name, lang) if len(sections) > 1 else "",
                claims=tuple(_claim_view(claim, next(numbers), digest) for claim in section.items),
            )
            for section in sections
        )
        title = GROUPS[name][lang] if name in GROUPS else _title(name, lang)
        groups.append(GroupView(title, items))

    facts = [(WORDS["date"][lang], header.date)] if header.date else []
    if header.categories:
        facts.append((WORDS["categories"][lang], ", ".join(header.categories)))
    origins = {claim.origin for claim in digest.claims}
    note = "cited" if origins - {"quoted"} else "quoted"
    if lang != "en" and digest.writer != "extractive":
        note = "translated"  # also where no translation passed: it says what the English is
    return DigestView(
        lang=lang,
        header=header,
        title=plain(header.title) or header.id,
        authors=", ".join(plain(author) for author in header.authors),
        paper_label=header.id + (f"v{header.version}" if header.version else ""),
        facts=tuple(facts),
        note=WORDS[note][lang],
        notices=notices(header, lang),
        not_stated=NOT_STATED[lang],
        groups=tuple(groups),
        rejected=WORDS["rejected"][lang].format(digest.rejected) if digest.rejected else "",
    )


@dataclass(frozen=True, slots=True)
class FoundClaimView:
    """A sentence of a digest that a search found, in words, before any markup."""

    title: str
    section: str  # of the digest
    part: str  # of the paper: "Method"
    source: str  # where in the paper: "quoted from Method, p. 3"
    text: str
    quotes: tuple[str, ...]  # what it rests on; empty where the sentence is the quote
    support: str  # whether it rests on that. The score is an order, no probability: not shown


def found_claim_view(hit: ClaimHit) -> FoundClaimView:
    """What the command line and the web UI show of a claim."""
    claim = hit.claim
    lang: Language = "zh" if claim.lang == "zh" else "en"
    first = claim.citations[0]
    role = first.passage_id.rpartition("#")[2].rpartition(".")[0]
    part = ROLE_TITLES[role][lang] if role in ROLE_TITLES else ""
    places = [part] if part else []
    places += [WORDS["page"][lang].format(first.page)] if first.page else []
    quotes = tuple(plain(cited.quote) for cited in claim.citations)
    quoted = " ".join(quotes) == plain(claim.text)
    return FoundClaimView(
        title=plain(hit.title) or claim.paper_id,
        section=_title(claim.section, lang),
        part=part,
        source=("quoted from " if quoted else "from ") + (", ".join(places) or "the text"),
        text=plain(claim.text),
        quotes=() if quoted else quotes,
        support=plain(claim.verdict),
    )


@dataclass(frozen=True, slots=True)
class SourceView:
    """A sentence of an answer and where it stands, in words, before any markup."""

    number: int  # from 1
    text: str
    title: str  # of the paper
    place: str  # "Method · p. 3"
    passages: str  # the passages that it is quoted from, by id


def sources(answer: Answer) -> tuple[SourceView, ...]:
    """What the command line and the web UI show of an answer."""
    return tuple(
        SourceView(
            number=number,
            text=plain(one.claim.text),
            title=plain(one.title) or one.paper_id,
            place=_place(plain(one.section), one.claim.citations[0]),
            passages=", ".join(plain(cited.passage_id) for cited in one.claim.citations),
        )
        for number, one in enumerate(answer.sentences, start=1)
    )


def _place(section: str, cited: Citation) -> str:
    role = cited.passage_id.rpartition("#")[2].rpartition(".")[0]
    named = section or (ROLE_TITLES[role]["en"] if role in ROLE_TITLES else "")
    page = WORDS["page"]["en"].format(cited.page) if cited.page else ""
    return " · ".join(part for part in (named, page) if part)


def notices(header: Header, lang: Language = "en") -> tuple[str, ...]:
    """What a reader has to know of the paper beside what the digest says: one line each."""
    if header.withdrawn:
        return (WORDS["withdrawn"][lang],)
    if header.newest is None:
        return ()
    get = f"{header.id}v{header.newest}"
    return (WORDS["newer"][lang].format(header.newest, header.version, get),)


def _title(name: str, lang: Language) -> str:
    item = ITEMS.get(name)
    return item.titles[lang] if item else name.replace("_", " ").capitalize()


def _claim_view(claim: Claim, number: int, digest: Digest) -> ClaimView:
    return ClaimView(
        number=number,
        text=plain(claim.text),
        quoted=claim.origin == "quoted",
        foreign=digest.lang != "en" and claim.origin != "translated",
        citations=tuple(_citation_view(citation, digest) for citation in claim.citations),
    )


def _citation_view(citation: Citation, digest: Digest) -> CitationView:
    part = citation.passage_id.rpartition("#")[2]  # "method.3"
    role = part.rpartition(".")[0]
    page = WORDS["page"][digest.lang].format(citation.page) if citation.page else ""
    place = ROLE_TITLES[role][digest.lang] if role in ROLE_TITLES else ""
    return CitationView(
        passage_id=citation.passage_id,
        page=page,
        place=place or ("" if page else plain(part)),
        url=_page_url(digest.paper.url, citation.page),
        quote=plain(citation.quote),
    )


def _page_url(url: str | None, page: int | None) -> str | None:
    """The page in arXiv's PDF; nothing for any other address."""
    if page is None or url is None or not re.fullmatch(r"https?://arxiv\.org/abs/[\w./-]+", url):
        return None
    return f"{url.replace('/abs/', '/pdf/', 1)}#page={page}"


# Markdown


def to_markdown(digest: Digest) -> str:
    """The digest as Markdown that reads well as it is: page links stand at the end."""
    seen = view(digest)
    targets: dict[str, str] = {}

    def page_link(citation: CitationView) -> str:
        if citation.url is None:
            return citation.page
        targets[citation.page] = citation.url
        return f"[{citation.page}]"

    lines = _markdown_lines(seen, level=1, page_link=page_link, with_note=True)
    if targets:
        lines += ["", *(f"[{page}]: {url}" for page, url in targets.items())]
    return "\n".join(lines) + "\n"


def _page_link_inline(citation: CitationView) -> str:
    return f"[{citation.page}]({citation.url})" if citation.url else citation.page


def _markdown_lines(seen: DigestView, *, level: int, page_link: Any, with_note: bool) -> list[str]:
    mark = "#" * level
    lines = [f"{mark} {escape_markdown(seen.title)}", "", *_markdown_header(seen)]
    for notice in seen.notices:
        lines += ["", f"> **{escape_markdown(notice)}**"]
    if with_note:
        lines += ["", f"> {seen.note}"]
    for group in seen.groups:
        lines += ["", f"{mark}# {escape_markdown(group.title)}"]
        for item in group.items:
            if item.title:
                lines += ["", f"**{escape_markdown(item.title)}**"]
            lines.append("")
            bullet = "- " if len(item.claims) > 1 else ""
            lines += [bullet + _markdown_claim(claim, page_link) for claim in item.claims]
            if not item.claims:
                lines.append(f"*{seen.not_stated}*")
    if seen.rejected:
        lines += ["", f"*{seen.rejected}*"]
    return lines


def _markdown_header(seen: DigestView) -> list[str]:
    fields = []
    if seen.authors:
        fields.append((WORDS["authors"][seen.lang], escape_markdown(seen.authors)))
    label = escape_markdown(seen.paper_label)
    url = _web_address(seen.header.url)
    fields.append((WORDS["paper"][seen.lang], f"[{label}]({url})" if url else label))
    fields += [(name, escape_markdown(value)) for name, value in seen.facts]
    # The two spaces make a line break.
    return [f"**{name}:** {value}  " for name, value in fields[:-1]] + [
        f"**{name}:** {value}" for name, value in fields[-1:]
    ]


def _markdown_claim(claim: ClaimView, page_link: Any) -> str:
    places = [
        ", ".join(part for part in (page_link(citation), escape_markdown(citation.place)) if part)
        for citation in claim.citations
    ]
    where = "; ".join(dict.fromkeys(place for place in places if place))
    return escape_markdown(claim.text) + (f" ({where})" if where else "")


def _web_address(url: str | None) -> str | None:
    """``url`` where it is an http(s) address through and through."""
    return url if url is not None and _ADDRESS.fullmatch(url) else None


def to_hexo(
    digests: Sequence[Digest],
    category: str,
    date: datetime.date,
    lang: Language = "en",
    *,
    author: str = "gloss",
    cover: str | None = None,
) -> str:
    """A day's digests as a Hexo page, its front matter with the keys that digest blogs have."""
    titles = "; ".join(plain(digest.paper.title) for digest in digests)
    update = WORDS["update"][lang].format(date.isoformat())
    front = {
        "title": plain(category),
        "date": datetime.datetime.combine(date, datetime.time()),
        "author": plain(author),
        "cover": cover,
        "categories": "Paper",
        "tags": [plain(category)],
        "description": f"{update}: {titles}",
        "keywords": plain(category),
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
    notes = dict.fromkeys(view(digest).note for digest in digests)
    lines = ["---", *_front_matter(front), "---", "", *(f"> {note}" for note in notes)]
    lines += ["", f"# {update}"]
    for digest in digests:
        lines.append("")
        lines += _markdown_lines(
            view(digest), level=2, page_link=_page_link_inline, with_note=False
        )
    return "\n".join(lines) + "\n"


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


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["marked"] = _marked
    environment.filters["web"] = _web_address
    return environment


def _without_controls(value: object) -> object:
    """What a template is about to write, without characters that hide or reorder text."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return Markup(_CONTROL.sub("", value))
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def fill(template: str, **values: object) -> str:
    """A template of ``app/templates`` filled in; every value is escaped and loses its controls."""
    return _environment().get_template(template).render(words=WORDS, **values)


def style(name: str = "gloss.css") -> str:
    """The style sheet that all HTML of gloss shares, or another of ``app/templates``."""
    return _environment().loader.get_source(_environment(), name)[0]  # type: ignore[union-attr]


def _linked(text: str) -> Markup:
    """``text`` escaped, with the addresses in it as links."""
    from markupsafe import Markup, escape

    parts, end = [Markup()], 0
    for start, address in _addresses(text):
        link = Markup('<a href="{0}" rel="noopener nofollow" target="_blank">{0}</a>')
        parts += [escape(text[end:start]), link.format(address)]
        end = start + len(address)
    return Markup().join([*parts, escape(text[end:])])


# Marking these in a hit tells nobody why it was found.
_COMMON = re.compile(
    "a|an|and|are|as|at|be|by|can|do|does|for|from|has|have|how|in|is|it|its|of|on|or|our|that|the|"
    "their|these|this|to|was|we|were|what|when|where|which|who|why|with",
    re.IGNORECASE,
)


def query_words(query: str) -> re.Pattern[str] | None:
    """Finds the words of ``query`` in a text, and words that begin with them; short ones whole.

    Common words count only in a query of nothing else; ``None`` for a query without words.
    """
    all_words = set(re.findall(r"\w+", query))
    words = {word for word in all_words if not _COMMON.fullmatch(word)} or all_words
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    choices = (re.escape(word) + (r"\w*" if len(word) > 3 else r"\b") for word in longest_first)
    return re.compile(rf"\b(?:{'|'.join(choices)})", re.IGNORECASE)


def _marked(text: str, query: str) -> Markup:
    """``text`` escaped, with the words of ``query`` marked."""
    from markupsafe import Markup, escape

    text = _CONTROL.sub("", text)  # which would stand between the letters of a word
    pattern = query_words(query)
    if pattern is None:
        return escape(text)
    parts, end = [Markup()], 0
    for found in pattern.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<mark>{}</mark>").format(found[0])]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])


def to_html(digest: Digest, figures: Mapping[str, bytes] | None = None) -> str:
    """A page that stands alone: no scripts, no requests, for any screen, by day and by night.

    ``figures`` are PNG images by the caption that a claim of the section "figures" quotes.
    """
    return fill(
        "digest.html", seen=view(digest), style=style(), images=_data_addresses(figures or {})
    )


def to_html_day(
    digests: Sequence[Digest], category: str, date: datetime.date, lang: Language = "en"
) -> str:
    """A day's digests as one page of the same kind."""
    return fill(
        "day.html",
        views=[view(digest) for digest in digests],
        style=style(),
        images={},
        lang=lang,
        category=plain(category),
        update=WORDS["update"][lang].format(date.isoformat()),
    )


def to_html_fragment(digest: Digest) -> str:
    """The digest for the web UI: claims can be chosen, by their number in ``data-pick``."""
    return fill("fragment.html", seen=view(digest), images={})


def _data_addresses(figures: Mapping[str, bytes]) -> dict[str, str]:
    return {
        plain(caption): f"data:image/png;base64,{b64encode(image).decode()}"
        for caption, image in figures.items()
    }


# JSON


def to_json(digest: Digest) -> dict[str, Any]:
    """The digest as ``gloss digest --json`` prints it."""
    header = digest.paper
    return {
        "paper": {
            "id": header.id,
            "version": header.version,
            "title": header.title,
            "authors": list(header.authors),
            "date": header.date,
            "categories": list(header.categories),
            "source": header.source,
            "url": header.url,
            "newest": header.newest,
            "withdrawn": header.withdrawn,
        },
        "lang": digest.lang,
        "writer": digest.writer,
        "sections": [
            {
                "name": section.name,
                "items": [claim_json(claim) for claim in section.items],
                "status": section.status,
            }
            for section in digest.sections
        ],
        "rejected": digest.rejected,
        "lock": dict(digest.lock),
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as ``gloss ask --json`` prints it, but for its nearest passages."""
    return {
        "question": answer.question,
        "found": answer.found,
        "sentences": [
            {
                "paper_id": one.paper_id,
                "title": one.title,
                "section": one.section,
                "score": one.score,
                **claim_json(one.claim),
            }
            for one in answer.sentences
        ],
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """A checked sentence as all our JSON has it."""
    return {
        "text": claim.text,
        "origin": claim.origin,
        "citations": [_citation_json(citation) for citation in claim.citations],
        "support": {"score": claim.support.score, "verdict": claim.support.verdict},
        **({"english": claim.english} if claim.english else {}),
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "passage_id": citation.passage_id,
        "quote": citation.quote,
        "span": {"start": citation.span.start, "end": citation.span.end},
        "page": citation.page,
        "boxes": [box_json(box) for box in citation.boxes],
    }


def diff_json(found: DigestDiff) -> dict[str, Any]:
    """What a new version left of a digest, as ``gloss diff --json`` prints it."""
    return {
        "paper": {"id": found.paper_id, "version": found.version, "title": found.title},
        "former": {"version": found.former.version, "title": found.former.title},
        "lang": found.lang,
        "writer": found.writer,
        "stands": len(found.of("stands")),
        "changed": len(found.of("changed")),
        "lost": len(found.of("lost")),
        "claims": [
            {
                "section": one.section,
                "text": one.claim.text,
                "status": one.fate,
                "quotes": [
                    {
                        "status": quote.fate,
                        "quote": quote.quote,
                        "passage_id": quote.passage_id,
                        "page": quote.page,
                        "closeness": round(quote.closeness, 4),
                        "now": _citation_json(quote.now) if quote.now else None,
                        "words": [
                            {"before": word.before, "after": word.after} for word in quote.words
                        ],
                    }
                    for quote in one.quotes
                ],
            }
            for one in found.claims
        ],
    }


def diff_lines(found: DigestDiff) -> list[str]:
    """The same for a person at a terminal: what is lost, what has changed, how much stands."""
    numbers = [f"version {one}" if one else "" for one in (found.former.version, found.version)]
    before, after = (numbers[0] or "its former file", numbers[1] or "the file that is here now")
    lines = [
        plain(f"{found.paper_id}: {found.title}"),
        f"The digest of {before} ({found.lang}, {found.writer}), beside {after}.",
    ]
    lost, changed = found.of("lost"), found.of("changed")
    if lost:
        lines += ["", f"Lost ({len(lost)}): no sentence comes near what they rest on"]
        lines += [line for one in lost for line in _lost_lines(one)]
    if changed:
        lines += ["", f"Changed ({len(changed)})"]
        lines += [line for one in changed for line in _changed_lines(one)]
    standing, total = len(found.of("stands")), len(found.claims)
    return [*lines, "", f"{standing} of {total} sentences stand word for word."]


def _lost_lines(one: ClaimChange) -> list[str]:
    gone = [quote for quote in one.quotes if quote.fate == "lost"]
    lines = [f"- {_title(one.section, 'en')}: {plain(one.claim.text)}"]
    if len(gone) == 1 and plain(gone[0].quote) == plain(one.claim.text):
        return lines
    return lines + [f"    rested on: {plain(quote.quote)}" for quote in gone]


def _changed_lines(one: ClaimChange) -> list[str]:
    lines = [f"- {_title(one.section, 'en')}: {plain(one.claim.text)}"]
    for quote in one.quotes:
        if quote.fate == "changed":
            lines += [f"    {_words_line(quote)}", f"    now: {_now_line(quote)}"]
    return lines


def _words_line(quote: QuoteChange) -> str:
    """As in "28.4 -> 28.9; added: on average"."""
    said = []
    for word in quote.words:
        before, after = plain(word.before), plain(word.after)
        if before and after:
            said.append(f"{before} -> {after}")
        else:
            said.append(f"left out: {before}" if before else f"added: {after}")
    return "; ".join(said)


def _now_line(quote: QuoteChange) -> str:
    if quote.now is None:
        return ""
    page = f"p. {quote.now.page}" if quote.now.page else ""
    place = ", ".join(part for part in (page, quote.now.passage_id) if part)
    return f"{plain(quote.now.quote)}{f' ({place})' if place else ''}"


def box_json(box: Box) -> dict[str, float]:
    """A box as all our JSON has it; coordinates to a hundredth of a point."""
    return {
        "page": box.page,
        "x0": round(box.x0, 2),
        "y0": round(box.y0, 2),
        "x1": round(box.x1, 2),
        "y1": round(box.y1, 2),
    }


def file_slug(name: str) -> str:
    """``name`` as part of a file name: letters, digits, dots and dashes, never a path or hidden."""
    kept = unicodedata.normalize("NFKC", name).casefold()
    slug = re.sub(r"[^\w.]+", "-", kept).strip("-._")
    return re.sub(r"\.{2,}", ".", slug)[:80] or "page"
