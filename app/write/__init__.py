"""A paper of the library to a digest: evidence for each item, quoted, cited, checked, worded.

First every item gets the paper's own words with their place; an item without evidence stays empty,
which every rendering shows as "not stated in the paper". Then a writer may say the quotes in other
words (``app.wording``); the extractive one leaves them as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, get_args

from app.check.support import check_quote
from app.choose.select import Selection, select, shipped_rank
from app.choose.template import TEMPLATE, Item
from app.digest import Citation, Claim, Digest, DigestSection, Header, Language, Usage
from app.write.claims import claim_records
from app.write.links import own_links
from app.write.lock import lock_of, name_of, sealed
from app.write.saved import from_text, to_text
from index.errors import GlossError, PaperChanged, PaperNotFound
from index.hits import Passage
from index.paper import Paper
from index.reference import ARXIV_ID
from index.spans import Span

if TYPE_CHECKING:
    from index.catalog import KnownVersion
    from index.embed.states import SentenceEncoder
    from index.intake import Outcome
    from index.library import Papers

_CAPTION_WORDS = 45  # of a caption that are quoted, to the end of a sentence


@dataclass(frozen=True, slots=True)
class Worded:
    """A digest's sections as a writer worded them."""

    sections: tuple[DigestSection, ...]
    rejected: int = 0  # sentences that failed a check, so that quotes stand in their place
    usage: Usage = field(default_factory=Usage)


OnSection = Callable[[DigestSection], object]
"""Called with each finished section. An error from it ends the writing."""


class Writer(Protocol):
    """Words a digest. Code attaches and checks the citations, for every writer."""

    @property
    def name(self) -> str:
        """As ``--writer`` names it."""

    def made_by(self, lang: Language) -> Mapping[str, str]:
        """The parts of the writer that decide a digest's bytes: models, prompts, checks."""

    def word(
        self, sections: Sequence[DigestSection], lang: Language, on_section: OnSection | None = None
    ) -> Worded:
        """The sections, in the same order, with claims that say what the given quotes say.

        No claim cites what its section did not, and no section with claims comes back empty.
        """


@dataclass(frozen=True, slots=True)
class Extractive:
    """The writer that keeps the paper's words as they are, in any language."""

    name: str = "extractive"

    def made_by(self, lang: Language) -> Mapping[str, str]:
        """Nothing: quotes are made of the paper alone."""
        return {}

    def word(
        self, sections: Sequence[DigestSection], lang: Language, on_section: OnSection | None = None
    ) -> Worded:
        """The sections as they are."""
        if on_section is not None:
            for section in sections:
                on_section(section)
        return Worded(tuple(sections))


EXTRACTIVE = Extractive()


@dataclass(frozen=True, slots=True)
class DigestResult:
    """The result of writing one paper's digest: the digest, or the error."""

    paper_id: str
    digest: Digest | None = None
    error: Exception | None = None


def write_digest(
    library: Papers,
    paper_id: str,
    lang: Language = "en",
    writer: Writer = EXTRACTIVE,
    on_section: OnSection | None = None,
    again: bool = False,
) -> Digest:
    """The digest of a paper in the library; made once and kept while paper, model and code stay.

    One for which some calls to the writer's model brought no answer is not final: it is worded
    again, and kept if no more of its sentences are accepted then. With ``again`` any is.
    Its sentences are searched from then on, instead of those of the paper's former digest in that
    language. ``on_section`` is called with each worded section, unless the digest was saved;
    what it raises leaves the library as it was. Raises ``PaperNotFound`` and ``PaperChanged``,
    and, before a model is asked, ``LibraryReadOnly`` or ``DiskFull`` where it could not be kept.
    """
    paper = library.paper(paper_id)
    lock = lock_of(library, paper.id, lang, writer.name, writer.made_by(lang))
    if lock["text"] != hashlib.sha256(paper.text.encode()).hexdigest():
        raise PaperChanged(paper.id)
    name = name_of(lock)
    digest = saved = _saved(library, paper.id, lock)
    if digest is None or digest.usage.failed or again:
        library.check_writable()
        passages, encoder = library.passages(paper.id), library.sentence_encoder
        digest = written(paper, passages, encoder, lang, writer, on_section)
        if saved is not None and digest.usage.failed:
            digest = max(saved, digest, key=lambda one: one.usage.accepted)
    digest = sealed(replace(digest, lang=lang), lock)
    if digest != saved or not library.is_searched(paper.id, name, lang):
        records = claim_records(digest)
        library.save_digest(paper.id, name, to_text(digest), lang, records, writer.name)
    return replace(digest, paper=with_news(digest.paper, library.latest_version(paper.id)))


def write_digests(
    library: Papers,
    wanted: Iterable[tuple[str, Language]],
    writer: Writer = EXTRACTIVE,
    again: bool = False,
) -> Iterator[DigestResult]:
    """The digests of papers by id and language, in that order, each yielded once it is final.

    What fails one paper stops no other; an error that none would survive (of the library, the
    model, the store) is raised.
    """
    for paper_id, lang in wanted:
        try:
            digest = write_digest(library, paper_id, lang, writer, again=again)
        except (PaperNotFound, PaperChanged) as error:
            yield DigestResult(paper_id, error=error)
        except GlossError:
            raise
        except Exception as error:  # a bug that one paper meets stops no other
            yield DigestResult(paper_id, error=error)
        else:
            yield DigestResult(paper_id, digest)


def with_digests(
    library: Papers, outcomes: Iterable[Outcome], failed: Callable[[str, Exception], object]
) -> Iterator[Outcome]:
    """Outcomes of adding as they come; after each, the digest of its paper is written, if need be.

    That is the digest which ``write_digest`` gives from then on, in English and in quotes. A paper
    is in whatever becomes of its digest: ``failed`` is called with its id where a bug keeps that
    from being written, and what is cut short is written when it is asked for. Raises what
    ``write_digests`` raises.
    """
    for outcome in outcomes:
        yield outcome
        added = outcome.added
        if added is None or added.status != "ok":
            continue
        for written in write_digests(library, [(added.paper_id, "en")]):
            if written.error is not None and not isinstance(written.error, GlossError):
                failed(added.paper_id, written.error)


def _saved(library: Papers, paper_id: str, lock: Mapping[str, str]) -> Digest | None:
    """The digest that was saved with such a lock.

    The extractive writer's is the same in every language, since a quote is the paper's language
    whatever the headings are: one is as good as the other.
    """
    langs = get_args(Language) if lock["writer"] == "extractive" else ()
    for lang in dict.fromkeys((lock["lang"], *langs)):
        text = library.saved_digest(paper_id, name_of({**lock, "lang": lang}))
        saved = from_text(text) if text else None
        if saved is not None:
            return saved
    return None


def saved_languages(digests: Sequence[str]) -> tuple[Language, ...]:
    """The languages of saved digests, in order; an unreadable digest is skipped."""
    read = (from_text(text) for text in digests)
    return tuple(sorted({digest.lang for digest in read if digest} or {"en"}))


def with_news(header: Header, latest: KnownVersion | None) -> Header:
    """The header, with the newest version or the withdrawal that arXiv has reported."""
    if latest is None:
        return header
    if latest.withdrawn:
        return replace(header, withdrawn=True)
    newer = header.version is not None and latest.version > header.version
    return replace(header, newest=latest.version) if newer else header


def written(
    paper: Paper,
    passages: Sequence[Passage],
    encoder: SentenceEncoder,
    lang: Language = "en",
    writer: Writer = EXTRACTIVE,
    on_section: OnSection | None = None,
) -> Digest:
    """The digest of a paper, without a library: no lock, and nothing is saved.

    Raises what ``encoder`` raises.
    """
    claims: dict[Span, Claim] = {}

    def holds(span: Span) -> bool:
        if span not in claims:
            claims[span] = quote(paper, span, passages)
        return claims[span].support.verdict == "supported"

    selection = select(paper, shipped_rank(encoder), holds)
    spans: dict[str, list[Span]] = {}
    rejected = 0
    for item in TEMPLATE:
        chosen = _choose(item, paper, selection)
        spans[item.name] = [span for span in chosen if holds(span)]
        rejected += len(chosen) - len(spans[item.name])
    quoted = [
        DigestSection(item.name, tuple(claims[span] for span in spans[item.name]))
        for item in TEMPLATE
    ]
    worded = writer.word(quoted, lang, on_section)
    return Digest(
        header_of(paper),
        lang,
        writer.name,
        worded.sections,
        rejected + selection.rejected + worded.rejected,
        usage=worded.usage,
    )


def _choose(item: Item, paper: Paper, selection: Selection) -> list[Span]:
    match item.selection:
        case "evidence":
            return list(selection.spans[item.name])
        case "affiliations":
            return _first(paper, paper.affiliations, item.most)
        case "keywords":
            return _first(paper, paper.keywords, item.most)
        case "links":
            return _first(paper, tuple(own_links(paper)), item.most)
        case "captions":
            return [_shortened(paper, figure.caption) for figure in paper.figures[: item.most]]


def _first(paper: Paper, spans: tuple[Span, ...], most: int) -> list[Span]:
    """The first ``most`` that differ in their words."""
    different: dict[str, Span] = {}
    for span in spans:
        different.setdefault(span.of(paper.text).lower(), span)
    return list(different.values())[:most]


def _shortened(paper: Paper, caption: Span) -> Span:
    """A caption to the end of the sentence with which it gets long."""
    end = caption.end
    for sentence in paper.sentences:
        if sentence.kind == "caption" and caption.contains(sentence.span):
            end = sentence.span.end
            words = len(paper.text[caption.start : end].split())
            if words >= 12:
                break
    if len(paper.text[caption.start : end].split()) > _CAPTION_WORDS:
        words_ends = [m.end() for m in re.finditer(r"\S+", paper.text[caption.start : end])]
        end = caption.start + words_ends[_CAPTION_WORDS - 1]
    return Span(caption.start, end)


def quote(paper: Paper, span: Span, passages: Sequence[Passage]) -> Claim:
    """The paper's words at ``span`` as a checked claim, one citation for each passage of theirs."""
    citations = []
    for passage in passages:
        start, end = max(span.start, passage.span.start), min(span.end, passage.span.end)
        words = paper.text[start:end].strip() if start < end else ""
        if words:
            start += paper.text[start:end].index(words)
            part = Span(start, start + len(words))
            citations.append(Citation(passage.id, words, part, paper.boxes(part)))
    text = " ".join(span.of(paper.text).split())
    return Claim(text, "quoted", tuple(citations), check_quote(paper, text, citations))


def header_of(paper: Paper) -> Header:
    """The fields that are copied from a paper."""
    known = ARXIV_ID.fullmatch(paper.id)
    number = f"v{paper.version}" if paper.version else ""
    return Header(
        id=paper.id,
        version=paper.version,
        title=paper.title,
        authors=paper.authors,
        date=paper.date,
        categories=paper.categories,
        source=paper.source,
        url=f"https://arxiv.org/abs/{paper.id}{number}" if known else None,
        losses=paper.losses,
    )
