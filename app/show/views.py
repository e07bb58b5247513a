"""A digest, a found sentence and an answer in words, before any markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.choose.template import GROUPS, ITEMS, NOT_STATED
from app.digest import Citation, Claim, Digest, DigestSection, Header, Language
from app.show.pieces import Sentence
from app.show.text import plain, web_address
from app.show.words import ROLE_TITLES, WORDS
from index.accounts import Loss
from index.hits import ClaimHit

if TYPE_CHECKING:
    from app.write.ask import Answer


# Of an author list that is longer, the first ten are shown; physics has lists of thousands.
AUTHORS_SHOWN = 12


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


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure's image: a file beside the page, and the pixels of a screen that it takes."""

    label: str  # as in "Figure 2"
    file: str  # its address, relative to the page, or the picture itself as a "data:" address
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class QuoteContext:
    """What a page adds to a digest: links into the app, pictures and formulas by the sentence's
    name, and which paper that the reader keeps it is near."""

    app_url: str = ""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    near: str = ""  # a sentence
    formulas: Mapping[str, Sentence] = field(default_factory=dict)  # sentences that have some

    def link(self, paper_id: str, sentence: str = "") -> str:
        """The address of a paper, or of a sentence of its digest, in the app; or nothing."""
        if not self.app_url:
            return ""
        asked = {"paper": paper_id} | ({"sentence": sentence} if sentence else {})
        return f"{self.app_url.rstrip('/')}/?{urlencode(asked)}"


NOTHING_AROUND = QuoteContext()


def first_authors(names: Sequence[str]) -> Sequence[str]:
    """The names of a list that are shown: all of a short one, the first ten of a longer one."""
    return names if len(names) <= AUTHORS_SHOWN else names[: AUTHORS_SHOWN - 2]


def author_line(names: Sequence[str], lang: Language) -> str:
    """The authors on one line, with how many more there are: "A, B, ... and 2,990 more"."""
    first = [plain(name) for name in first_authors(names)]
    left = len(names) - len(first)
    more = f" {WORDS['more_authors'][lang].format(left)}" if left else ""
    return ", ".join(first) + more


def short_authors(names: Sequence[str], most: int = 3) -> str:
    """The first authors on one line: "Ada Byron, Bo Li et al."."""
    first = ", ".join(plain(name) for name in names[:most])
    return f"{first} et al." if len(names) > most else first


def reference(header: Header, page: int | None) -> str:
    """What stands in parentheses behind a quote: first author, year, title, page, address."""
    names = [plain(name) for name in header.authors]
    last = [name.split()[-1] for name in names if name]
    by = f"{last[0]} et al." if len(last) > 2 else " and ".join(last)
    year = (header.date or "")[:4] or "n.d."  # as app.show.citation has it
    at = WORDS["page"]["en"].format(page) if page else ""
    parts = (by, year, plain(header.title) or header.id, at, web_address(header.url) or "")
    return ", ".join(part for part in parts if part)


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
                title=item_title(section.name, lang) if len(sections) > 1 else "",
                claims=tuple(
                    _claim_view(claim, next(numbers), f"{section.name}.{number}", digest)
                    for number, claim in enumerate(section.items, start=1)
                ),
            )
            for section in sections
        )
        title = GROUPS[name][lang] if name in GROUPS else item_title(name, lang)
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
    part = _role_title(first, lang)
    places = [part] if part else []
    places += [WORDS["page"][lang].format(first.page)] if first.page else []
    quotes = tuple(plain(cited.quote) for cited in claim.citations)
    quoted = " ".join(quotes) == plain(claim.text)
    return FoundClaimView(
        title=plain(hit.title) or claim.paper_id,
        section=item_title(claim.section, lang),
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


def _role_title(cited: Citation, lang: Language) -> str:
    """What part of the paper the words stand in; empty for one that has no title."""
    return ROLE_TITLES[cited.role][lang] if cited.role in ROLE_TITLES else ""


def _place(section: str, cited: Citation, lang: Language) -> str:
    named = section or _role_title(cited, lang)
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


def item_title(name: str, lang: Language) -> str:
    """The title of an item of a digest: that of the template, else its name in words."""
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
    page = WORDS["page"][digest.lang].format(citation.page) if citation.page else ""
    place = _role_title(citation, digest.lang)
    return CitationView(
        passage_id=citation.passage_id,
        page=page,
        place=place or ("" if page else plain(citation.part)),
        url=_page_url(digest.paper.url, citation.page),
        quote=plain(citation.quote),
    )


def _page_url(url: str | None, page: int | None) -> str | None:
    """The page in arXiv's PDF; nothing for any other address."""
    if page is None or url is None or not re.fullmatch(r"https?://arxiv\.org/abs/[\w./-]+", url):
        return None
    return f"{url.replace('/abs/', '/pdf/', 1)}#page={page}"
