"""Are the digests of a library what they claim to be?

Every quote is looked up in the paper's text at its span, and for a PDF the page itself is read
again, by what is drawn there and not by what gloss kept: the characters whose middle lies in a
citation's boxes must be the quote's. A miss is a defect, listed with its place.

Beside that: citation recall and precision by a judge (``eval.citations``), what is in no paper
(``eval.fabricated``), whether deleted sections are reported as not stated (``eval.abstention``),
how long digests are, what they cost. ``--data`` may name pages of the digest blog (``eval.seed``),
which are measured beside gloss's own digests of the same papers, and judgements that a person made
on the page of ``eval.judging``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.choose.template import TEMPLATE
from eval.abstention import Abstention, cases_of, together
from eval.boxes import DrawnPages
from eval.citations import CitationJudge, WordsOrChecker, judged
from eval.corpus import DataUnusable
from eval.evaluation import Report
from eval.fabricated import Fabrication, fabrications
from eval.judging import SEED, SENTENCES, agreement, drawn, page, read_judgements, sentences_of
from eval.measures import mean
from eval.pages import fill, write_page
from eval.remembering import RememberingStates
from eval.seed import Beside, BlogPaper, beside, notes, read_page, rows, table, words_in
from index.config import Settings
from index.errors import PaperNotFound
from index.hits import Passage
from index.paper import Paper

if TYPE_CHECKING:
    from app.digest import Citation, Digest
    from index.library import Library


@dataclass(frozen=True, slots=True)
class Miss:
    """A citation that does not hold, and why."""

    paper_id: str
    section: str
    quote: str
    why: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A sentence that the judge does not find in what it cites, or a citation that it needs not."""

    paper_id: str
    section: str
    sentence: str
    quotes: tuple[str, ...]  # all of an unsupported sentence; the needless ones of another


@dataclass(slots=True)
class DigestReport:
    """Counts over the digests of a library."""

    papers: int = 0
    sentences: int = 0
    cited: int = 0  # sentences whose every citation resolves
    citations: int = 0
    quotes_found: int = 0  # citations whose quote is the paper's text at its span
    boxed: int = 0  # citations of a PDF
    boxes_hold: int = 0  # of those, the ones whose boxes hold the quote's words on the page
    supported: int = 0  # sentences that the judge finds in what they cite
    relevant: int = 0  # citations that a supported sentence needs
    not_stated: int = 0
    items: int = 0
    rejected: int = 0
    fields: int = 0  # titles, authors, affiliations, links and numbers that were looked up
    words: int = 0
    origins: Counter[str] = field(default_factory=Counter)
    asked: int = 0  # sentences that a language model was asked for
    accepted: int = 0  # of those, the ones whose answer passed every check
    calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)  # a digest that was kept takes none
    misses: list[Miss] = field(default_factory=list)
    fabrications: list[Fabrication] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)

    def measures(self) -> dict[str, object]:
        """As ``--json`` prints them."""
        return {
            "papers": self.papers,
            "sentences": self.sentences,
            "cited": self.cited,
            "citations": self.citations,
            "quotes_found": self.quotes_found,
            "boxed": self.boxed,
            "boxes_hold": self.boxes_hold,
            "citation_recall": _share(self.supported, self.sentences),
            "citation_precision": _share(self.relevant, self.citations),
            "fabricated": len(self.fabrications),
            "fabricated_rate": _share(len(self.fabrications), self.fields),
            "fields": self.fields,
            "not_stated": self.not_stated,
            "items": self.items,
            "rejected": self.rejected,
            "accepted_share": _share(self.accepted, self.asked),
            "fallback_rate": _share(self.asked - self.accepted, self.asked),
            "origins": dict(self.origins),
            "words_per_digest": _share(self.words, self.papers, 1),
            "words_per_sentence": _share(self.words, self.sentences, 1),
            "seconds": self.seconds,
            "seconds_per_digest": mean(self.seconds.values()),
            "tokens": {"prompt": self.prompt_tokens, "completion": self.completion_tokens},
            "calls": self.calls,
            "failed_calls": self.failed_calls,
            "model_seconds": round(self.model_seconds, 2),
            "misses": [asdict(one) for one in self.misses],
            "fabrications": [asdict(one) for one in self.fabrications],
            "unsupported": [asdict(one) for one in self.unsupported],
        }


def _share(part: int, whole: int, decimals: int = 4) -> float | None:
    """None where there is nothing to have a share of."""
    return round(part / whole, decimals) if whole else None


def run(settings: Settings, data: Sequence[Path] = ()) -> Report:
    """Write and check a digest of every paper in the library of ``settings``.

    ``data`` are pages of the digest blog (``.md``) and judgements (``.json``). Raises
    ``DataUnusable``.
    """
    from app.check.entailment import open_support_model
    from app.check.support import Checker

    return measured(settings, data, WordsOrChecker(Checker(open_support_model(settings))))


def measured(settings: Settings, data: Sequence[Path], judge: CitationJudge) -> Report:
    """The same with this judge of what is supported. Raises ``DataUnusable``."""
    from app.wording.writers import open_writer
    from app.write import write_digest
    from index.library import Library

    for path in data:
        if path.suffix.lower() not in (".md", ".json"):
            raise DataUnusable(path, "is neither a blog page (.md) nor judgements (.json)")
    pages = {path: read_page(path) for path in data if path.suffix.lower() == ".md"}
    judgements = [
        one for path in data if path.suffix.lower() == ".json" for one in read_judgements(path)
    ]
    report = DigestReport()
    digests: list[Digest] = []
    abstentions: list[Abstention] = []
    sides: dict[Path, list[Beside]] = {}
    with (
        Library.open(settings, create=False) as library,
        open_writer(settings, settings.writer) as writer,
    ):
        write = _writing(settings, library)
        for row in library.papers():
            if row.status != "ok":
                continue
            began = time.perf_counter()
            digest = write_digest(library, row.id, writer=writer)
            report.seconds[row.id] = round(time.perf_counter() - began, 3)
            paper = library.paper(row.id)
            check(report, digest, paper, library, library.file_of(row.id), judge)
            abstentions.append(cases_of(paper, write))
            digests.append(digest)
        for path, blog in pages.items():
            sides[path] = list(_sides(settings, path, blog, library, judge))
    abstention = together(abstentions)
    measures: dict[str, object] = {
        "writer": settings.writer,
        "judge": judge.name,
        **report.measures(),
        "abstention": _abstention_measures(abstention),
    }
    if sides:
        measures["seed"] = {
            path.name: [_seed_measures(one) for one in of] for path, of in sides.items()
        }
    if judgements:
        measures["judgements"] = asdict(agreement(judgements))
    sample = drawn(sentences_of(digests), SENTENCES, SEED)
    judging = write_page(settings, "judging", page(sample, settings.writer, SEED))
    blogs = {path.name: (of, list(notes(of))) for path, of in sides.items()}
    text = fill(
        "digests.html",
        measures=measures,
        digests=digests,
        titles={item.name: item.titles["en"] for item in TEMPLATE},
        abstention=abstention,
        blogs=blogs,
        rows=rows,
    )
    measures["page"] = str(write_page(settings, "digests", text))
    measures["judging_page"] = str(judging)
    return Report(
        measures, tuple(_table(sides.values())), tuple(_notes(measures, abstention, blogs))
    )


def _writing(settings: Settings, library: Library) -> Callable[[Paper], Digest]:
    """What writes the digest of a paper, in quotes, whether it is in the library or not."""
    from app.write import written
    from index.library import splitter

    split, encoder = splitter(settings), RememberingStates(library.sentence_encoder)
    return lambda paper: written(paper, split(paper), encoder)


def _sides(
    settings: Settings,
    path: Path,
    blog: Sequence[BlogPaper],
    library: Library,
    judge: CitationJudge,
) -> Iterator[Beside]:
    """A blog's papers beside gloss's digests of them."""
    from index.read import KINDS, Reader

    with Reader(settings) as reader:

        def full_text(paper: BlogPaper) -> Paper | None:
            try:
                return library.paper(paper.id)
            except PaperNotFound:
                pass
            named = sorted(path.parent.glob(f"{paper.id.replace('/', '-')}*"))
            file = next((one for one in named if one.suffix.lower() in KINDS), None)
            return reader.read(file).paper if file else None

        yield from beside(blog, full_text, reader, _writing(settings, library), judge)


def _abstention_measures(abstention: Abstention) -> dict[str, object]:
    silent = [case for case in abstention.decided if case.truth == "silent"]
    return {
        "precision": abstention.precision,
        "recall": abstention.recall,
        "deletions": abstention.deletions,
        "silent": len(silent),
        "stated": len(abstention.decided) - len(silent),
        "wrong": [asdict(case) for case in abstention.wrong],
        "left_open": len(abstention.left_open),
    }


def _seed_measures(one: Beside) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "full_text": one.full_text,
        "blog": asdict(one.blog),
        "gloss": asdict(one.gloss),
        "unsupported": list(one.unsupported),
    }


def _table(sides: Iterable[Sequence[Beside]]) -> Iterator[tuple[str, ...]]:
    for number, of_page in enumerate(sides):
        shown = list(table(of_page))
        yield from shown if not number else shown[1:]


def _notes(
    measures: Mapping[str, object],
    abstention: Abstention,
    blogs: Mapping[str, tuple[Sequence[Beside], Sequence[str]]],
) -> Iterator[str]:
    for _, said in blogs.values():
        yield from said
    for case in abstention.wrong:
        where = f" without {case.deleted}" if case.deleted else ""
        says = f"states {case.quote!r}" if case.stated else "says not stated"
        yield f"abstention: {case.paper_id}{where}: {case.item} is {case.truth}, the digest {says}"
    yield f"sentences to judge: {measures['judging_page']}"
    yield f"all cases: {measures['page']}"


class Passages(Protocol):
    """What the check needs of a library."""

    def passages(self, paper_id: str) -> tuple[Passage, ...]:
        """All passages of a paper."""


def check(
    report: DigestReport,
    digest: Digest,
    paper: Paper,
    library: Passages,
    file: Path,
    judge: CitationJudge,
) -> None:
    """Add one digest of ``paper``, which was read from ``file``, to the report."""
    report.papers += 1
    report.rejected += digest.rejected
    report.asked += digest.usage.sentences
    report.accepted += digest.usage.accepted
    report.calls += digest.usage.calls
    report.failed_calls += digest.usage.failed
    report.prompt_tokens += digest.usage.prompt_tokens
    report.completion_tokens += digest.usage.completion_tokens
    report.model_seconds += digest.usage.seconds
    found = fabrications(digest, paper)
    report.fields += found.looked_up
    report.fabrications += found.fabricated
    drawn_pages = DrawnPages(file) if paper.source == "pdf" else None
    passages = {passage.id: passage for passage in library.passages(paper.id)}
    for section in digest.sections:
        report.items += 1
        report.not_stated += section.status == "not stated"
        for claim in section.items:
            report.sentences += 1
            report.words += words_in(claim.text)
            report.origins[claim.origin] += 1
            said = judged(claim, judge)
            report.supported += said.supported
            report.relevant += sum(said.relevant)
            if not (said.supported and all(said.relevant)):
                needless = tuple(
                    citation.quote
                    for citation, relevant in zip(claim.citations, said.relevant, strict=True)
                    if not relevant
                )
                report.unsupported.append(Unsupported(paper.id, section.name, claim.text, needless))
            reasons = [
                reason
                for citation in claim.citations
                if (reason := _why_not(report, citation, paper, drawn_pages, passages))
            ] or ([] if claim.citations else ["no citation"])
            report.cited += not reasons
            for reason in reasons:
                report.misses.append(Miss(paper.id, section.name, claim.text[:120], reason))


def _why_not(
    report: DigestReport,
    citation: Citation,
    paper: Paper,
    drawn: DrawnPages | None,
    passages: Mapping[str, Passage],
) -> str:
    """Why a citation does not hold; empty if it does."""
    report.citations += 1
    if citation.span.of(paper.text) != citation.quote:
        return "the quote is not the paper's text at its span"
    report.quotes_found += 1
    passage = passages.get(citation.passage_id)
    if passage is None or not passage.span.contains(citation.span):
        return "its passage does not hold the quote"
    if drawn is None:
        return ""
    report.boxed += 1
    if not citation.boxes:
        return "a PDF's citation without boxes"
    if not drawn.hold(citation.boxes, citation.quote):
        return f"the page says {drawn.says(citation.boxes)[:80]!r}"
    report.boxes_hold += 1
    return ""
