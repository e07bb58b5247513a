"""The shapes of what gloss says to programs, for OpenAPI and for tools.

``app.api.documents`` and ``app.show`` make the documents; here they are described, and whatever is
served is held against it. Pages count from 1. Coordinates are PDF points (1/72 inch) from the
page's top left. Dates are ISO 8601.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.digest import Language, Origin, SectionStatus
from index.paper import FoundBy, HiddenBy, Role, SourceKind


class Shape(BaseModel):
    """A document: all its fields are listed, and no other comes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class BoxShape(Shape):
    """A rectangle on a page of a PDF."""

    page: int
    """The page, from 1."""
    x0: float
    """Left edge, in points."""
    y0: float
    """Top edge, in points from the top of the page."""
    x1: float
    """Right edge, in points."""
    y1: float
    """Bottom edge, in points from the top of the page."""


class SupportShape(Shape):
    """Whether the cited words carry the sentence."""

    score: float
    """From 0 to 1; 1 for words that stand in the paper as they are."""
    verdict: str
    """`supported`, for what is published."""


class SpanShape(Shape):
    """A place in the paper's text, in characters."""

    start: int
    """The first character, from 0."""
    end: int
    """One after the last character."""


class CitationShape(Shape):
    """The words of a paper that a sentence rests on."""

    passage_id: str
    """The passage that they stand in."""
    quote: str
    """The words, exactly as the paper has them."""
    span: SpanShape
    """Where they are in the paper's text."""
    page: int | None
    """The page where they begin, from 1; null for a paper that is no PDF."""
    boxes: list[BoxShape]
    """Where they are on the pages, one box a printed line; empty for a paper that is no PDF."""


class FoundCitationShape(Shape):
    """The words that a sentence of a digest rests on, as a search tells them."""

    passage_id: str
    """The passage that they stand in."""
    quote: str
    """The words, exactly as the paper has them."""
    page: int | None
    """The page where they begin, from 1; null for a paper that is no PDF."""
    boxes: list[BoxShape]
    """Where they are on the pages, one box a printed line."""


class PassageHit(Shape):
    """A passage of a paper that a search found."""

    passage_id: str
    """As `2407.03300v1#method.3`: paper, version, section role, number."""
    paper_id: str
    """The paper, as all addresses take it."""
    title: str
    """The paper's title."""
    section: str
    """The section's title."""
    role: Role
    """What part of a paper the section is."""
    text: str
    """The passage, some 130 tokens."""
    score: float
    """The higher the better; comparable within one answer only."""
    found_by: FoundBy
    """Whether meaning (`dense`), words or both found it."""
    boxes: list[BoxShape]
    """Where it is on the pages; empty for a paper that is no PDF."""


class ClaimFound(Shape):
    """A sentence of a digest that a search found."""

    claim_id: str
    """As `2407.03300v1/en/method.2`: paper, version, language, section, number."""
    paper_id: str
    """The paper, as all addresses take it."""
    title: str
    """The paper's title."""
    section: str
    """The digest's section, as `key_takeaways`."""
    text: str
    """The sentence."""
    score: float
    """The higher the better; comparable within one answer only."""
    found_by: FoundBy
    """Whether meaning (`dense`), words or both found it."""
    citations: list[FoundCitationShape]
    """The words that it rests on; never empty."""
    support: SupportShape
    """Whether those words carry it."""


class SearchFound(Shape):
    """What a search found, best first."""

    query: str
    """What was asked for."""
    hits: list[PassageHit | ClaimFound]
    """Passages, or sentences of digests, whichever were searched."""


class ClaimShape(Shape):
    """A checked sentence with the words that it rests on."""

    text: str
    """The sentence."""
    origin: Origin
    """`quoted` as the paper has it, or `compressed` or `translated` by a language model."""
    citations: list[CitationShape]
    """The words that it rests on; never empty."""
    support: SupportShape
    """Whether those words carry it."""
    english: str = ""
    """Of a translated sentence only: the checked sentence that it says in Chinese."""


class AnswerSentence(ClaimShape):
    """A sentence of a paper that answers a question."""

    paper_id: str
    """Whose it is."""
    title: str
    """The paper's title."""
    section: str
    """The section's title."""
    score: float
    """How well it answers; the higher the better."""


class AnswerFound(Shape):
    """Sentences of the papers that answer a question, or word that none does."""

    question: str
    """What was asked."""
    found: bool
    """Whether the papers answer."""
    sentences: list[AnswerSentence]
    """At most five, best first; empty where the papers do not answer."""
    nearest: list[PassageHit]
    """The passages nearest to the question, which need not answer it."""


class PaperState(Shape):
    """A paper of the library, or a file that did not become one."""

    id: str
    """As all addresses take it: an arXiv id, or the file's name."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""
    status: Literal["ok", "no-text", "encrypted", "broken", "limit", "not-a-paper"]
    """`ok`, or why the file could not be read."""
    reason: str
    """A line on the status; empty for most that are `ok`."""
    source: SourceKind
    """What kind of file it was read from."""
    passages: int
    """How many passages can be found of it."""
    newest: int | None
    """The newest version that arXiv was heard to have."""
    withdrawn: bool
    """Whether arXiv says that it was withdrawn."""


class PaperList(Shape):
    """All papers of the library."""

    papers: list[PaperState]
    """By id."""


class ArxivRecord(Shape):
    """What arXiv says of a paper."""

    id: str
    """Without version."""
    version: int | None
    """The version that this record is of."""
    comment: str
    """The authors' comment."""
    doi: str
    """Empty where there is none."""
    journal: str
    """Where it was published; empty where arXiv does not know."""
    published: str
    """When version 1 came."""
    updated: str
    """When this version came."""
    withdrawn: bool
    """Whether it was withdrawn."""


class SectionShape(Shape):
    """A section of a paper."""

    title: str
    """As the paper has it."""
    role: Role
    """What part of a paper it is."""
    level: int
    """1 is the top."""


class FigureShape(Shape):
    """A figure or table."""

    label: str
    """As `Figure 1`."""
    caption: str
    """As the paper has it."""
    page: int | None
    """The caption's page, from 1."""
    box: BoxShape | None
    """Where the figure is, where that was found."""


class CellShape(Shape):
    """A cell of a table that is not empty."""

    text: str
    """Its words."""
    quote: str
    """Its words with the heads of its row and column: `BERT: 84.6 (MNLI dev)`."""
    row: int
    """From 0, the head's rows first."""
    column: int
    """From 0."""
    down: int
    """How many rows it covers."""
    across: int
    """How many columns it covers."""
    box: BoxShape | None
    """Where it is, in a file with pages."""


class TableShape(Shape):
    """A table with its cells."""

    label: str
    """As `Table 2`; empty for one without a caption."""
    header: list[list[CellShape]]
    """The rows of column heads; may be empty."""
    rows: list[list[CellShape]]
    """The other rows."""


class FindingShape(Shape):
    """Text in the file that a reader of the page does not see, or that gloss could not read; it is
    in no passage."""

    kind: Literal["hidden", "lost"]
    """Whether it was left out, or could not be read."""
    page: int | None
    """From 1."""
    hidden_by: HiddenBy | None
    """How hidden text is hidden."""
    share: float | None
    """Of what was lost: the share of the page's words, 0 to 1."""
    text: str
    """Of hidden text at most its first 200 characters; of lost text why it was lost."""
    box: BoxShape | None
    """Where hidden text is, in a file with pages."""


class LossShape(Shape):
    """A page of which words were lost."""

    page: int
    """From 1."""
    share: float
    """Of its words, 0 to 1."""
    reason: str
    """Why."""


class AccountShape(Shape):
    """Where the words of one page went: words are runs of letters and digits."""

    page: int
    """From 1."""
    drawn: int
    """Counted apart from the others, so that what was lost on the way shows."""
    text: int
    """In running text, headings, front matter, footnotes, formulas and references."""
    captions: int
    """In captions."""
    tables: int
    """In tables."""
    figures: int
    """In drawings."""
    furniture: int
    """In running heads, page and line numbers, stamps in the margin; they are not in the text."""
    hidden: int
    """Not seen by a reader of the page; they are not in the text."""
    unaccounted: int
    """Drawn, and in none of these."""
    share: float
    """The share that is accounted for, 0 to 1."""
    lost: list[str]
    """The first of the words that are unaccounted for, folded."""
    aside: str
    """The furniture and what a clip cuts off, a line each."""
    unreadable: float
    """The share of characters that stand for no known letter, 0 to 1."""
    unread: str
    """Why the page, or a part of it, could not be read."""


class PaperShown(Shape):
    """A paper as it was understood."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    status: Literal["ok", "no-text", "encrypted", "broken", "limit", "not-a-paper"]
    """`ok`, or why the file could not be read; then all below is empty."""
    reason: str = ""
    """Why, where the status is not `ok`; absent otherwise."""
    title: str
    """As arXiv or page 1 has it."""
    authors: list[str]
    """In the paper's order."""
    affiliations: list[str]
    """As page 1 has them."""
    author_affiliations: list[list[str]]
    """Of each author; empty where the paper does not tell."""
    date: str | None
    """As exact as is known: `2024-07-03`, `2017-06`."""
    categories: list[str]
    """As `cs.CL`; the primary one first."""
    abstract: str
    """As arXiv has it, else as the page does."""
    arxiv: ArxivRecord | None
    """What arXiv says, of a paper that came from there."""
    sections: list[SectionShape]
    """In order."""
    figures: list[FigureShape]
    """In order."""
    tables: list[TableShape]
    """Those whose rows and columns were found."""
    findings: list[FindingShape]
    """Hidden and lost text, which no search finds and no digest quotes."""
    accounts: list[AccountShape]
    """Of each page of a PDF."""


class DigestPaper(Shape):
    """What a digest copies of its paper."""

    id: str
    """As all addresses take it."""
    version: int | None
    """arXiv's, where known."""
    title: str
    """As arXiv or page 1 has it."""
    authors: list[str]
    """In the paper's order."""
    date: str | None
    """As exact as is known."""
    categories: list[str]
    """As `cs.CL`; the primary one first."""
    source: SourceKind
    """What kind of file it was read from."""
    url: str | None
    """The paper's page on arXiv, where it has one."""
    losses: list[LossShape]
    """The pages of which words could not be read."""
    newest: int | None
    """A newer version than the digest's that arXiv was heard to have."""
    withdrawn: bool
    """Whether arXiv says that it was withdrawn."""


class DigestPart(Shape):
    """One item of a digest."""

    name: str
    """As `key_takeaways`."""
    items: list[ClaimShape]
    """Its sentences; empty where the paper does not say."""
    status: SectionStatus
    """`not stated` where the paper does not say; nothing is filled in then."""


class DigestShape(Shape):
    """A paper's digest: every sentence with the words that it rests on."""

    paper: DigestPaper
    """Copied, never written."""
    lang: Language
    """The headings' language, and that of translated sentences."""
    writer: str
    """Who worded it: `extractive` quotes the paper."""
    sections: list[DigestPart]
    """The same items in the same order for every paper."""
    rejected: int
    """Sentences that failed a check and were replaced or dropped."""
    lock: dict[str, str]
    """What it was made from, by hash and version."""


class Health(Shape):
    """That the server answers."""

    status: Literal["ok"]
    """It does."""
    version: str
    """Of gloss."""
    papers: int
    """Papers that can be searched."""


class ErrorShape(Shape):
    """Why a request failed."""

    kind: str
    """A word for programs, as `paper-not-found`."""
    message: str
    """A line for people, which says what to do."""


class ErrorAnswer(Shape):
    """What every request gets that fails."""

    error: ErrorShape
    """What went wrong."""
