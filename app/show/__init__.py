"""A digest as Markdown, HTML and JSON; ``app.publish.day`` puts several on a page.

Text from a paper is data. HTML goes through Jinja's autoescape; Markdown through
``escape_markdown``; YAML values through a YAML writer. Nothing of a paper reaches an output by any
other way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from app.choose.template import GROUPS, ITEMS, NOT_STATED
from app.digest import Citation, Claim, Digest, DigestSection, Header, Language
from index.paper import Box, ClaimHit, Loss

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from app.write.ask import Answer
    from app.write.diff import ClaimChange, DigestDiff, QuoteChange

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

# Of an author list that is longer, the first ten are shown; physics has lists of thousands.
AUTHORS_SHOWN = 12

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


def escape_link_text(text: str) -> str:
    """``text`` for the brackets of a link, which has no other link in it: addresses stay words.

    Brackets are entities, since marked, which Hexo has, takes the backslash of an escaped one away
    before it reads the text of a link, so that ``!\\[x\\](address)`` would be an image.
    """
    text = plain(text)
    parts: list[str] = []
    end = 0
    for bracket in re.finditer(r"[\[\]]", text):
        parts += [_escape_part(text, end, bracket.start()), f"&#{ord(bracket.group())};"]
        end = bracket.end()
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


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses of the web that a text prints, each once."""
    return tuple(dict.fromkeys(address for _, address in _addresses(plain(text))))


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
    name: str  # "method.2": its part of the name that ``app.write.claims`` gives it
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
    losses: str  # what of the paper's pages could not be read


def first_authors(names: Sequence[str]) -> Sequence[str]:
    """The names of a list that are shown: all of a short one, the first ten of a longer one."""
    return names if len(names) <= AUTHORS_SHOWN else names[: AUTHORS_SHOWN - 2]


def author_line(names: Sequence[str], lang: Language) -> str:
    """The authors on one line, with how many more there are: "A, B, ... and 2,990 more"."""
    first = [plain(name) for name in first_authors(names)]
    left = len(names) - len(first)
    more = f" {WORDS['more_authors'][lang].format(left)}" if left else ""
    return ", ".join(first) + more


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
                claims=tuple(
                    _claim_view(claim, next(numbers), f"{section.name}.{number}", digest)
                    for number, claim in enumerate(section.items, start=1)
                ),
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
        authors=author_line(header.authors, lang),
        paper_label=header.id + (f"v{header.version}" if header.version else ""),
        facts=tuple(facts),
        note=WORDS[note][lang],
        notices=notices(header, lang),
        not_stated=NOT_STATED[lang],
        groups=tuple(groups),
        rejected=WORDS["rejected"][lang].format(digest.rejected) if digest.rejected else "",
        losses=losses_said(header.losses, lang),
    )


_LOSSES_SAID = 5  # of a paper; the others are counted


def losses_said(losses: Sequence[Loss], lang: Language) -> str:
    """What of a paper's pages could not be read, in a sentence; empty where nothing was lost."""
    said = [
        WORDS["lost page" if loss.percent >= 100 else "lost share"][lang].format(
            loss.page, loss.percent
        )
        for loss in losses[:_LOSSES_SAID]
    ]
    if len(losses) > _LOSSES_SAID:
        said.append(WORDS["lost more"][lang].format(len(losses) - _LOSSES_SAID))
    if not said:
        return ""
    between, end = ("；", "。") if lang == "zh" else ("; ", ".")
    sentence = between.join(said)
    return f"{sentence[0].upper()}{sentence[1:]}{end}"


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


def found_claim_view(hit: ClaimHit, reader: Language = "en") -> FoundClaimView:
    """What the command line and the web UI show of a claim, to a reader of a language."""
    claim = hit.claim
    lang: Language = "zh" if "zh" in (claim.lang, reader) else "en"
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
        source=WORDS["quoted from" if quoted else "from"][reader].format(
            ", ".join(places) or WORDS["the text"][reader]
        ),
        text=plain(claim.text),
        quotes=() if quoted else quotes,
        support=WORDS[claim.verdict][reader] if claim.verdict in WORDS else plain(claim.verdict),
    )


@dataclass(frozen=True, slots=True)
class SourceView:
    """A sentence of an answer and where it stands, in words, before any markup."""

    number: int  # from 1
    text: str
    paper_id: str
    title: str  # of the paper
    place: str  # "Method · p. 3"
    passages: str  # the passages that it is quoted from, by id


def sources(answer: Answer, reader: Language = "en") -> tuple[SourceView, ...]:
    """What the command line and the web UI show of an answer."""
    return tuple(
        SourceView(
            number=number,
            text=plain(one.claim.text),
            paper_id=one.paper_id,
            title=plain(one.title) or one.paper_id,
            place=_place(plain(one.section), one.claim.citations[0], reader),
            passages=", ".join(plain(cited.passage_id) for cited in one.claim.citations),
        )
        for number, one in enumerate(answer.sentences, start=1)
    )


def _place(section: str, cited: Citation, lang: Language) -> str:
    role = cited.passage_id.rpartition("#")[2].rpartition(".")[0]
    named = section or (ROLE_TITLES[role][lang] if role in ROLE_TITLES else "")
    page = WORDS["page"][lang].format(cited.page) if cited.page else ""
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


def _claim_view(claim: Claim, number: int, name: str, digest: Digest) -> ClaimView:
    return ClaimView(
        number=number,
        name=name,
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

    lines = markdown_lines(seen, level=1, page_link=page_link, with_note=True)
    if targets:
        lines += ["", *(f"[{page}]: {url}" for page, url in targets.items())]
    return "\n".join(lines) + "\n"


PageLink = Callable[[CitationView], str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure's image: a file beside the page, and the pixels of a screen that it takes."""

    label: str  # as in "Figure 2"
    file: str  # its address, relative to the page, or the picture itself as a "data:" address
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Around:
    """What a page adds to a digest: links into the app, and pictures by the sentence's name."""

    app_url: str = ""
    pictures: Mapping[str, Picture] = field(default_factory=dict)

    def link(self, paper_id: str, sentence: str = "") -> str:
        """The address of a paper, or of a sentence of its digest, in the app; or nothing."""
        if not self.app_url:
            return ""
        asked = {"paper": paper_id} | ({"sentence": sentence} if sentence else {})
        return f"{self.app_url.rstrip('/')}/?{urlencode(asked)}"


NOTHING_AROUND = Around()


def markdown_lines(
    seen: DigestView,
    *,
    level: int,
    page_link: PageLink,
    with_note: bool,
    around: Around = NOTHING_AROUND,
) -> list[str]:
    """A digest as lines of Markdown under a heading of ``level``."""
    mark = "#" * level
    lines = [f"{mark} {escape_markdown(seen.title)}", "", *_markdown_header(seen, around)]
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
            for claim in item.claims:
                lines += _markdown_claim(claim, len(item.claims) > 1, seen, page_link, around)
            if not item.claims:
                lines.append(f"*{seen.not_stated}*")
    for said in (seen.rejected, seen.losses):
        if said:
            lines += ["", f"*{escape_markdown(said)}*"]
    return lines


def _markdown_header(seen: DigestView, around: Around) -> list[str]:
    fields = []
    if seen.authors:
        fields.append((WORDS["authors"][seen.lang], escape_markdown(seen.authors)))
    label = escape_markdown(seen.paper_label)
    url = web_address(seen.header.url)
    paper = f"[{label}]({url})" if url else label
    open_in_app = around.link(seen.header.id)
    if open_in_app:
        paper += f" · [{WORDS['open'][seen.lang]}]({open_in_app})"
    fields.append((WORDS["paper"][seen.lang], paper))
    fields += [(name, escape_markdown(value)) for name, value in seen.facts]
    # The two spaces make a line break.
    return [f"**{name}:** {value}  " for name, value in fields[:-1]] + [
        f"**{name}:** {value}" for name, value in fields[-1:]
    ]


def _markdown_claim(
    claim: ClaimView, listed: bool, seen: DigestView, page_link: PageLink, around: Around
) -> list[str]:
    """A sentence with its place; below it, its picture and, if it is no quote, what it rests on."""
    places = [
        ", ".join(part for part in (page_link(citation), escape_markdown(citation.place)) if part)
        for citation in claim.citations
    ]
    where = "; ".join(dict.fromkeys(place for place in places if place))
    check = around.link(seen.header.id, claim.name)
    if check:
        where += f"{', ' if where else ''}[{WORDS['check'][seen.lang]}]({check})"
    bullet, indent = ("- ", "  ") if listed else ("", "")
    lines = [bullet + escape_markdown(claim.text) + (f" ({where})" if where else "")]
    if not claim.quoted:
        quotes = [f"{indent}> “{escape_markdown(cited.quote)}”" for cited in claim.citations]
        lines += f"\n{indent}>\n".join(quotes).splitlines()
    picture = around.pictures.get(claim.name)
    if picture:
        lines += ["", f"{indent}![{escape_markdown(picture.label)}]({picture.file})"]
        lines += [""] if listed else []
    return lines


def web_address(url: str | None) -> str | None:
    """``url`` where it is an http(s) address through and through."""
    return url if url is not None and _ADDRESS.fullmatch(url) else None


# HTML


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app.show"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["marked"] = _marked
    environment.filters["web"] = web_address
    return environment


def _without_controls(value: object) -> object:
    """What a template is about to write, without characters that hide or reorder text."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return Markup(_CONTROL.sub("", value))
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def fill(template: str, **values: object) -> str:
    """A template of ``app/show/templates`` filled in; every value is escaped and loses its
    controls."""
    return _environment().get_template(template).render(words=WORDS, **values)


def style(*names: str) -> str:
    """Style sheets of ``app/show/templates``, after the colours that they share."""
    return "".join(template_source(name) for name in ("palette.css", *names))


def script() -> str:
    """The script of the web UI, for its head."""
    return template_source("gloss.js")


def template_source(name: str) -> str:
    """A file of ``app/show/templates`` as it is: a style sheet, a script."""
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


@dataclass(frozen=True, slots=True)
class ArticleView:
    """A digest as HTML has it, with its place on a page and what the page adds."""

    seen: DigestView
    around: Around
    authors: str  # the first of them
    other_authors: tuple[str, ...]  # the rest of a long list
    anchor: str = ""  # the id of its element; none where the page has nothing else


def article(digest: Digest, around: Around, anchor: str = "") -> ArticleView:
    """A digest as HTML has it."""
    names = [plain(name) for name in digest.paper.authors]
    first = first_authors(names)
    return ArticleView(view(digest), around, ", ".join(first), tuple(names[len(first) :]), anchor)


def to_html(digest: Digest, figures: Mapping[str, Picture] | None = None) -> str:
    """A page that stands alone: no scripts, no requests, for any screen, by day and by night.

    ``figures`` are pictures by the name of the sentence that quotes the caption: "figures.2".
    """
    paper = article(digest, Around(pictures=figures or {}))
    return fill("digest.html", paper=paper, style=style("site.css"))


# BibTeX

_TEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "&%$#_"},
    "{": r"\textbraceleft{}", "}": r"\textbraceright{}",  # BibTeX counts braces, escaped or not
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def to_bibtex(header: Header) -> str:
    """The paper as an entry of BibTeX, with what is known of it and nothing else.

    What came from arXiv has the fields of https://info.arxiv.org/help/hypertex/bibstyles.html.
    """
    title, url = plain(header.title), web_address(header.url)
    fields: dict[str, str] = {}
    if title:
        fields["title"] = f"{{{escape_tex(title)}}}"  # the second braces keep its capitals
    if header.authors:
        fields["author"] = " and ".join(map(_bibtex_name, header.authors))
    year, month, *_ = [*re.findall(r"\d+", header.date or ""), "", ""]
    if len(year) == 4:
        fields["year"] = year
    if header.url is not None:
        fields |= {"eprint": escape_tex(header.id), "archivePrefix": "arXiv"}
        if header.categories:
            fields["primaryClass"] = escape_tex(header.categories[0])
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    if month and 1 <= int(month) <= len(_MONTHS) and "year" in fields:
        lines.append(f"  month = {_MONTHS[int(month) - 1]},")
    if url is not None:
        lines.append(f"  url = {{{url}}},")
    return "\n".join([f"@misc{{{_bibtex_key(header, year)},", *lines, "}"]) + "\n"


def escape_tex(text: str) -> str:
    """``text`` so that TeX prints it as it is."""
    return "".join(_TEX.get(letter, letter) for letter in plain(text))


def _bibtex_name(author: str) -> str:
    """A name; one that BibTeX would take apart, as of a group, in braces."""
    name = escape_tex(author)
    return f"{{{name}}}" if re.search(r",|\band\b", name, re.I) else name


def _bibtex_key(header: Header, year: str) -> str:
    """As in ``vaswani2017attention``: the first author, the year, the title's first word."""

    def ascii_word(text: str) -> str:
        bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9]", "", bare).lower()

    first_author = plain(header.authors[0]).split() if header.authors else []
    name = ascii_word(first_author[-1]) if first_author else ""
    words = (ascii_word(word) for word in plain(header.title).split())
    first = next((word for word in words if word and not _COMMON.fullmatch(word)), "")
    key = f"{name}{year}{first}" if name else ""
    return key or f"gloss:{file_slug(header.id)}"


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
            "losses": [loss_json(loss) for loss in header.losses],
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


def loss_json(loss: Loss) -> dict[str, Any]:
    """A page of which words were lost."""
    return {"page": loss.page, "share": round(loss.share, 4), "reason": loss.reason}


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
