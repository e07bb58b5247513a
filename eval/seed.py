"""Measures a page of an existing digest blog in the same way as gloss's own digests.

The page is Hexo Markdown: for each paper a heading, arXiv's authors and abstract, and then a
language model's text, mostly in Chinese: a summary, key takeaways, fields (authors, affiliation,
links), an overview, methods and a conclusion.

The source for a paper is its full text, if the library has it or a file named by its arXiv id is
beside the page, else the title, authors, abstract and comment on the page. gloss's digest is
written from the same source. Nothing is judged by hand: the figures come from lookups in the
source, and the quotes are the page's words.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from app.check.tokens import Pair
from app.choose.template import ITEMS
from app.digest import Digest
from eval.boxes import letters
from eval.citations import CitationJudge, judged
from eval.corpus import DataUnusable
from eval.fabricated import SourceText, links_in
from index.paper import Paper, Reading
from index.read.text.sentences import split_sentences
from index.reference import ARXIV_ID
from index.spans import Span

FIELDS = ("authors", "affiliation", "keywords", "links")

_PAPER = re.compile(r"^## (?P<title>.+)$", re.M)
_AUTHORS = re.compile(r"^\*\*Authors:\s*(?P<authors>.+?)\*\*\s*$", re.M)
_PDF = re.compile(r"^\[PDF\]\((?P<url>[^)]*)\)(?P<comment>.*)$", re.M)
_PICTURES = re.compile(r"<details>.*?</details>", re.S)
_BOLD = re.compile(r"\*\*|__|`")
_ADVERT = re.compile(r"^\s*\[ChatPaperFree\]\(.*\)\s*$", re.M)
# "- **(2) 过去的方法及问题**：", "1. Title:", "（3）", "一、"
_NUMBERED = re.compile(
    r"^\s*(?:[-*•]\s*)*(?:\d{1,2}\s*[.．、](?!\d)\s*|[(（]\s*(?P<part>\d{1,2})\s*[)）]\s*|[一二三四五六七八]、\s*)?"
)
_LABEL = re.compile(r"^(?P<label>[^：:。]{1,40}?)\s*[：:]\s*(?P<said>.*)$")
_FIELD_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("affiliation", r"^affiliation|^(?:第一)?(?:作者)?(?:所属|隶属)?的?(?:机构|单位)"),
        ("authors", r"^authors?\b|^(?:论文)?作者(?:[（(].*)?$"),
        ("keywords", r"keywords?\b|关键词|关键字"),
        ("links", r"^urls?\b|^(?:论文|代码|相关)?链接"),
        ("title", r"^titles?\b|^(?:论文)?标题"),
    )
)
_GROUP_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.I))
    for name, pattern in (
        ("takeaways", r"^key takeaways$"),
        ("methods", r"^(?:methods?|方法论?|研究方法论?)(?:[（(].*)?$"),
        ("conclusion", r"conclusion|结论|评述"),
        ("summary", r"^summary$|^摘要$"),
    )
)
# What the model said to its user, and not about the paper.
_CHATTER = re.compile(
    r"好的，|我将|我会|按照您|根据您|您(?:的|给|提供|需要)|请您|请提供|希望(?:以上|这)|仅供参考|"
    r"以上(?:就)?是|以下是|我来帮您|please (?:refer|provide)|feel free|as an ai|certainly|sure[,!]",
    re.I,
)
_ABOUT_CONCLUSION = re.compile(r"结论|评述")
_HEAD = re.compile(r".{1,40}[：:]")  # the head of what follows
_ROLE = re.compile(r"corresponding author|equal contribution|first author", re.I)
_OPEN = re.compile(
    r"X{2,}|\bNone\b|\bN/?A\b|not provided|未提供|暂未提供|暂无|待补充|待定|无法确定|不详|"
    r"需查阅|请查阅|请访问|请提供|需要您提供|需要根据|根据实际|论文链接地址|GitHub库地址",
    re.I,
)
_CITES = re.compile(
    r"\[\d{1,3}\]|[（(](?:p\.|pp\.|page|第)\s?\d+|(?:section|sec\.|§)\s?\d|第\s?\d+\s?(?:页|节)|#page=",
    re.I,
)
_NAME = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]*[A-Z])[A-Za-z][A-Za-z0-9-]+(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class BlogSentence:
    """A sentence of the blog, and the part of its digest that it is in."""

    group: str  # as in ``app.choose.template.GROUPS``
    text: str


@dataclass(frozen=True, slots=True)
class BlogPaper:
    """A paper as the page has it: what is arXiv's, and what a model wrote of it."""

    id: str
    version: int | None
    title: str
    authors: tuple[str, ...]
    abstract: str
    comment: str
    fields: Mapping[str, str]  # of ``FIELDS`` and "title", those that the model filled in
    sentences: tuple[BlogSentence, ...]
    chatter: tuple[str, ...]  # sentences to the model's user, which a reader of a digest sees

    @property
    def known(self) -> str:
        """The page's data from arXiv, as a Markdown paper."""
        authors = ", ".join(self.authors)
        comment = f"\n\n{self.comment}" if self.comment else ""
        return f"# {self.title}\n\n{authors}{comment}\n\n## Abstract\n\n{self.abstract}\n"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a digest beside what is known of the paper."""

    name: str
    said: str
    there: tuple[str, ...]  # what the paper prints of it; empty where it is not known
    named: int  # of those, how many the field has
    left_open: bool  # missing, or filled with "XXX", "None", "not provided"
    invented: tuple[str, ...]  # names and addresses of it that are not in what is known


@dataclass(frozen=True, slots=True)
class Measured:
    """One digest of one paper, the blog's or gloss's, by the same measures."""

    fields: tuple[Field, ...]
    sentences: int
    words: int
    cited: int  # sentences that say where in the paper they come from
    judged: int  # sentences that the judge can tell about
    supported: int  # of those, by what they cite, or by the closest sentences of what is known
    numbers: tuple[str, ...]  # that are not in what is known
    names: tuple[str, ...]  # the same of names in Latin letters
    chatter: tuple[str, ...]
    left_open: tuple[str, ...]  # sentences that leave a blank
    groups: Mapping[str, int]  # sentences by part of the digest
    not_stated: tuple[str, ...] = ()  # items that gloss reports so


@dataclass(frozen=True, slots=True)
class Beside:
    """A paper of the page: the blog's digest and gloss's."""

    id: str
    title: str
    full_text: bool
    blog: Measured
    gloss: Measured
    unsupported: tuple[str, ...] = ()  # of the blog, what the judge does not find in the paper
    digest: Digest | None = field(default=None, compare=False)


class Reads(Protocol):
    """Reads a file into a paper."""

    def read(self, path: Path, paper_id: str | None = None, name: str | None = None) -> Reading:
        """The reading of a file."""


# --- the page -------------------------------------------------------------------------------------


def read_page(path: Path) -> list[BlogPaper]:
    """The papers of a page in order. Raises ``DataUnusable`` if it has none."""
    try:
        page = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataUnusable(path, f"cannot be read: {error}") from error
    heads = list(_PAPER.finditer(page))
    ends = [*(head.start() for head in heads[1:]), len(page)]
    papers = [
        paper
        for head, end in zip(heads, ends, strict=False)
        if (paper := _paper(head["title"], page[head.end() : end])) is not None
    ]
    if not papers:
        raise DataUnusable(path, "has no paper with authors and a PDF of arXiv, as digest blogs do")
    return papers


def _paper(title: str, part: str) -> BlogPaper | None:
    authors, pdf = _AUTHORS.search(part), _PDF.search(part)
    known = ARXIV_ID.search(pdf["url"]) if pdf else None
    if authors is None or pdf is None or known is None:
        return None
    abstract = " ".join(part[authors.end() : pdf.start()].split())
    written_of_it = _ADVERT.sub("", _BOLD.sub("", _PICTURES.sub("", part[pdf.end() :])))
    fields: dict[str, str] = {}
    sentences: list[BlogSentence] = []
    chatter: list[str] = []
    group = "summary"
    for line in written_of_it.splitlines():
        numbered = _NUMBERED.match(line)
        said = line[numbered.end() if numbered else 0 :].strip()
        if not said:
            continue
        label = _LABEL.match(said)
        head = label["label"].strip() if label else said.rstrip("：:")
        name = _named(_FIELD_NAMES, head) if label else ""
        if name and name not in fields:
            fields[name] = label["said"].strip() if label else ""
            continue
        new_group = _named(_GROUP_NAMES, re.sub(r"[（(][^）)]*[）)]$", "", head).strip())
        in_overview = numbered is not None and numbered["part"] is not None
        if new_group and len(head) <= 24 and not in_overview:
            group = "overview" if new_group == "summary" and fields else new_group
            said = label["said"].strip() if label else ""
        for span in split_sentences(said, Span(0, len(said))):
            one = span.of(said).strip()
            if _CHATTER.search(one):
                chatter.append(one)
                group = "conclusion" if _ABOUT_CONCLUSION.search(one) else group
            elif any(map(str.isalnum, one)) and not _HEAD.fullmatch(one):
                sentences.append(BlogSentence(group, one))
    return BlogPaper(
        id=known["id"],
        version=int(known["version"]) if known["version"] else None,
        title=" ".join(title.split()),
        authors=tuple(one.strip() for one in authors["authors"].split(",") if one.strip()),
        abstract=abstract,
        comment=" ".join(pdf["comment"].split()),
        fields=fields,
        sentences=tuple(sentences),
        chatter=tuple(chatter),
    )


def _named(names: Sequence[tuple[str, re.Pattern[str]]], label: str) -> str:
    return next((name for name, pattern in names if pattern.search(label)), "")


# --- side by side ---------------------------------------------------------------------------------


def beside(
    page: Sequence[BlogPaper],
    full_text: Callable[[BlogPaper], Paper | None],
    reader: Reads,
    write: Callable[[Paper], Digest],
    judge: CitationJudge,
) -> Iterator[Beside]:
    """Each paper of a page, the blog's digest and gloss's. Raises ``DataUnusable``."""
    for blog in page:
        whole = full_text(blog)
        paper = whole or _from_abstract(blog, reader)
        digest = write(paper)
        source = SourceText(f"{SourceText.of(paper).text}\n{blog.known}")
        unsupported = tuple(
            said.text
            for said in blog.sentences
            if judge.supported(said.text, [_closest(source.text, said.text)]) is False
        )
        yield Beside(
            id=blog.id,
            title=blog.title,
            full_text=whole is not None,
            blog=_of_blog(blog, paper, source, judge, whole is not None),
            gloss=_of_gloss(digest, paper, source, judge),
            unsupported=unsupported,
            digest=digest,
        )


def _closest(source: str, claim: str) -> str:
    """The sentences of a paper that share most words with a claim; all of them if none does."""
    return Pair.of(claim, [source]).basis.text or source


def _from_abstract(blog: BlogPaper, reader: Reads) -> Paper:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{blog.id.replace('/', '-')}.md"
        path.write_text(blog.known, encoding="utf-8")
        reading = reader.read(path, blog.id)
    if reading.paper is None:
        raise DataUnusable(None, f"{blog.id}: its abstract could not be read: {reading.reason}")
    return replace(reading.paper, title=blog.title, authors=blog.authors)  # arXiv's, by the page


def _of_blog(
    blog: BlogPaper, paper: Paper, source: SourceText, judge: CitationJudge, whole: bool
) -> Measured:
    texts = [one.text for one in blog.sentences]
    verdicts = [judge.supported(text, [_closest(source.text, text)]) for text in texts]
    return Measured(
        fields=tuple(
            _field(name, blog.fields.get(name, ""), paper, source, whole) for name in FIELDS
        ),
        sentences=len(texts),
        words=sum(map(words_in, texts)),
        cited=sum(bool(_CITES.search(text)) for text in texts),
        judged=sum(verdict is not None for verdict in verdicts),
        supported=sum(verdict is True for verdict in verdicts),
        numbers=_foreign(texts, source.foreign_numbers),
        names=_foreign(texts, lambda text: foreign_names(text, source)),
        chatter=blog.chatter,
        left_open=tuple(text for text in texts if _OPEN.search(text)),
        groups=_counted(said.group for said in blog.sentences),
    )


def _of_gloss(digest: Digest, paper: Paper, source: SourceText, judge: CitationJudge) -> Measured:
    stated = {section.name: section for section in digest.sections}
    said = {
        "authors": ", ".join(digest.paper.authors),
        **{
            name: ", ".join(claim.text for claim in stated[name].items)
            for name in ("affiliation", "keywords", "links")
        },
    }
    front = [name for name, item in ITEMS.items() if item.group == "front"]
    claims = [
        (ITEMS[section.name].group, claim)
        for section in digest.sections
        if section.name not in front
        for claim in section.items
    ]
    texts = [claim.text for _, claim in claims]
    return Measured(
        fields=tuple(_field(name, said[name], paper, source, True) for name in FIELDS),
        sentences=len(claims),
        words=sum(map(words_in, texts)),
        cited=sum(bool(claim.citations) for _, claim in claims),
        judged=len(claims),
        supported=sum(judged(claim, judge).supported for _, claim in claims),
        numbers=_foreign(texts, source.foreign_numbers),
        names=_foreign(texts, lambda text: foreign_names(text, source)),
        chatter=(),
        left_open=(),
        groups=_counted(group for group, _ in claims),
        not_stated=tuple(one.name for one in digest.sections if one.status == "not stated"),
    )


def _field(name: str, said: str, paper: Paper, source: SourceText, whole: bool) -> Field:
    there = {
        "authors": paper.authors,
        "affiliation": tuple(span.of(paper.text) for span in paper.affiliations),
        "keywords": tuple(span.of(paper.text) for span in paper.keywords),
        "links": tuple(span.of(paper.text) for span in paper.links),
    }[name]
    linked = links_in(said)
    if name == "links":
        invented = [link for link in linked if not source.has(link)]
    else:
        told = _ROLE.sub(" ", _OPEN.sub(" ", said))
        can_be_told = whole or name == "authors"
        invented = foreign_names(told, source) if can_be_told else []
    if name == "authors" and not _OPEN.search(said):
        invented += _foreign_chinese(said, source)
    return Field(
        name=name,
        said=said,
        there=there,
        named=sum(letters(one) in letters(said) for one in there),
        left_open=not said or bool(_OPEN.search(said)),
        invented=tuple(invented),
    )


def foreign_names(said: str, source: SourceText) -> list[str]:
    """Names in Latin letters (with a capital) that a text does not have."""
    plain = said
    for link in links_in(said):
        plain = plain.replace(link, " ")
    found = (match.group() for match in _NAME.finditer(plain))
    return [name for name in dict.fromkeys(found) if not source.has(name)]


def _foreign_chinese(said: str, source: SourceText) -> list[str]:
    """Authors' names in Chinese characters that the paper does not print."""
    parts = (part.strip() for part in re.split(r"[,，、;；（）()*]", said))
    return [
        part
        for part in parts
        if re.fullmatch(r"[\u4e00-\u9fff·]{2,5}", part) and not source.has(part)
    ]


def words_in(text: str) -> int:
    """Words, of which each Chinese character is one."""
    return len(re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff][^\s\u4e00-\u9fff]*", text))


def _foreign(texts: Sequence[str], look: Callable[[str], list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for text in texts for one in look(text)))


def _counted(groups: Iterator[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return counts


# --- for people -----------------------------------------------------------------------------------


def table(papers: Sequence[Beside]) -> Iterator[tuple[str, ...]]:
    """The measures of both, row by row; the head is the first row."""
    yield ("paper", "known", "measure", "blog", "gloss")
    for one in papers:
        known = "full text" if one.full_text else "abstract"
        for number, (name, blog, gloss) in enumerate(rows(one)):
            yield (one.id if not number else "", known if not number else "", name, blog, gloss)


def rows(one: Beside) -> Iterator[tuple[str, str, str]]:
    """The measures of both for one paper: name, the blog's, gloss's."""
    for blog, gloss in zip(one.blog.fields, one.gloss.fields, strict=True):
        if blog.there or gloss.there or blog.said:
            yield (blog.name, field_verdict(blog), field_verdict(gloss))
    blog_said, gloss_said = one.blog, one.gloss
    yield ("sentences", str(blog_said.sentences), str(gloss_said.sentences))
    yield ("words", str(blog_said.words), str(gloss_said.words))
    for what, count in _COUNTS.items():
        yield (what, count(blog_said), count(gloss_said))


_COUNTS: dict[str, Callable[[Measured], str]] = {
    "with a citation": lambda one: f"{one.cited} of {one.sentences}",
    "supported, of those judged": lambda one: f"{one.supported} of {one.judged}",
    "numbers not in what is known": lambda one: str(len(one.numbers)),
    "names not in what is known": lambda one: str(len(one.names)),
    "sentences to whoever asked": lambda one: str(len(one.chatter)),
    "sentences with a blank": lambda one: str(len(one.left_open)),
}


def field_verdict(one: Field) -> str:
    """A field in a few words: how much of it is right, open, or nowhere to be found."""
    said = []
    if one.there:
        said.append(f"{one.named} of {len(one.there)}")
    if one.left_open:
        said.append("left open" if one.said else "not stated")
    if one.invented:
        said.append(f"{len(one.invented)} not in what is known")
    return ", ".join(said) or ("said" if one.said else "not stated")


def notes(papers: Sequence[Beside]) -> Iterator[str]:
    """The blog's deviations from the paper and open fields, in its words, and gloss's."""
    for one in papers:
        known = "its full text" if one.full_text else "its abstract"
        yield f"{one.id} {one.title} (known: {known})"
        for blog, gloss in zip(one.blog.fields, one.gloss.fields, strict=True):
            if blog.left_open or blog.invented or blog.named < len(blog.there):
                yield f"  blog   {blog.name}: {blog.said or '(nothing)'} [{field_verdict(blog)}]"
                yield f"  gloss  {gloss.name}: {gloss.said or 'not stated in the paper'}"
        for what, found in (
            ("a number that is not in what is known", one.blog.numbers),
            ("a name that is not in what is known", one.blog.names),
            ("leaves a blank", one.blog.left_open),
            ("to whoever asked", one.blog.chatter),
            ("not found in the paper by the judge", one.unsupported),
        ):
            for said in found:
                yield f"  blog   {what}: {said}"
        if one.gloss.not_stated:
            items = ", ".join(ITEMS[name].titles["en"] for name in one.gloss.not_stated)
            yield f"  gloss  not stated in the paper: {items}"
        if not one.full_text:
            told = ", ".join(
                f"{group} {count}"
                for group, count in one.blog.groups.items()
                if group in ("methods", "conclusion")
            )
            yield f"  blog   sentences on what an abstract does not tell: {told or 'none'}"
