"""A day's digests of a category as files: Markdown for Hexo, HTML, pictures, index and feed."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.digest import Digest, Language
from app.interests.nearness import Ranked
from app.publish.day import ALL, Day, FailedPaper, day_stem, to_hexo, to_html_day
from app.publish.files import write_file, write_text
from app.publish.listing import (
    FEED,
    INDEX,
    MANIFEST,
    Published,
    PublishedPage,
    PublishedPaper,
    entry_id,
    read_published,
    to_atom,
    to_index,
)
from app.show.figures import SCALE, quoted_figures, size_on_page
from app.show.html import PUBLISHED, script
from app.show.katex import FOLDER_BESIDE, files_beside
from app.show.pieces import sentences_with_formulas
from app.show.text import file_slug, plain
from app.show.views import Picture
from app.write import EXTRACTIVE, Writer, write_digests
from index.errors import GlossError, SourceNotFound
from index.hits import is_in_category

if TYPE_CHECKING:
    from index.library import PaperRow, Papers


class NothingForPage(GlossError):
    """No paper of that category came in on that day; ``there`` counts what did."""

    def __init__(
        self, category: str, date: datetime.date, there: Counter[tuple[datetime.date, str]]
    ) -> None:
        days = [
            f"{day} {name} ({there[day, name]})"
            for day, name in sorted(there, key=lambda key: (-key[0].toordinal(), key[1]))
        ]
        more = f" and {len(days) - 12} more" if len(days) > 12 else ""
        has = f"there are: {', '.join(days[:12])}{more}" if days else "the library has no papers"
        super().__init__(f"no paper of category {category} was added on {date}; {has}")
        self.category = category
        self.date = date
        self.there = there


@dataclass(frozen=True, slots=True)
class Site:
    """What pages link to, and where they are published; what is empty is not known.

    ``hexo`` is the ``source`` folder of a Hexo blog, which gets the Markdown and its pictures, too.
    """

    app_url: str = ""
    pages_url: str = ""
    title: str = ""  # of the index and the feed
    hexo: Path | None = None


NO_SITE = Site()


@dataclass(frozen=True, slots=True)
class PageFiles:
    """What was written, the papers on it, and those that failed. ``changed``: in any byte."""

    markdown: Path
    html: Path
    paper_ids: tuple[str, ...]
    failed: tuple[FailedPaper, ...] = ()
    changed: bool = True


def write_page(
    library: Papers,
    category: str,
    out: Path,
    *,
    date: datetime.date | None = None,
    lang: Language = "en",
    writer: Writer = EXTRACTIVE,
    site: Site = NO_SITE,
    ids: Collection[str] | None = None,
    ranked: Sequence[Ranked] = (),
    name_near: bool = False,
) -> PageFiles:
    """Write ``<date>-<category>.md`` and ``.html`` into ``out``, with their pictures in a folder of
    that name, and ``index.html`` and ``feed.xml`` over all pages that are there.

    A paper belongs to ``category`` where one of its own contains it, in any case; all belong to
    ``all``. Given ``ids``, those belong to it and no others: then it is what a query is called.
    ``date`` is the day (UTC) on which papers were added, today where not given.

    At the foot are the files and papers of that day that failed, with the reason. The library does
    not know the categories of what it could not read, so such a file is on every page of its day,
    unless ``pages.json`` has the categories from arXiv's record, as ``gloss daily`` leaves them
    there. A page of nothing but failures is not written.

    The papers of ``ranked`` are in its order, the others after them by id; with ``name_near`` the
    page names the kept paper that each is near.

    A file whose bytes would be the same is left alone. Raises ``NothingForPage``,
    ``OutputUnusable`` and ``PagesUnusable``.
    """
    day = date or today()
    rows = library.papers()
    chosen = papers_of(rows, category, day, ids)
    if not chosen:
        there = _days_and_categories([row for row in rows if row.status == "ok"])
        raise NothingForPage(category, day, there)
    place = {one.paper_id: number for number, one in enumerate(ranked)}
    chosen.sort(key=lambda row: place.get(row.id, len(place)))
    published = read_published(out)
    digests: list[Digest] = []
    failed = failed_of(rows, published, category, day, ids)
    by_id = {row.id: row for row in chosen}
    for written in write_digests(library, ((row.id, lang) for row in chosen), writer):
        if written.digest is not None:
            digests.append(written.digest)
        elif written.error is not None:
            row = by_id[written.paper_id]
            why = f"no digest: {reason_of(written.error)}"
            failed.append(FailedPaper(row.id, why, row.title, row.categories))
    stem = day_stem(category, day, lang)
    pictures = _write_pictures(library, digests, out, stem)
    page = Day(
        category,
        day,
        lang,
        tuple(digests),
        tuple(failed),
        dict(pictures),
        site.app_url,
        {one.paper_id: one.near.title for one in ranked if one.near} if name_near else {},
        {
            one.paper.id: sentences_with_formulas(library.paper(one.paper.id), one)
            for one in digests
        },
    )
    files = PageFiles(
        out / f"{stem}.md", out / f"{stem}.html", tuple(row.id for row in chosen), page.failed
    )
    markdown = to_hexo(page)
    # The HTML last of the two and before the list: a page that is listed is there.
    changed = [write_text(files.markdown, markdown)]
    if any(page.formulas.values()):
        for name, data in files_beside(script(*PUBLISHED)).items():
            write_file(out / FOLDER_BESIDE / name, data)
    changed.append(write_text(files.html, to_html_day(page)))
    if site.hexo is not None:
        _write_hexo(site.hexo, page, markdown, out)
    _publish(out, published, page, site, any(changed))
    return replace(files, changed=any(changed))


def today() -> datetime.date:
    """The day, UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def day_added(row: PaperRow) -> datetime.date:
    """The day (UTC) on which a paper came in."""
    return datetime.date.fromisoformat(row.added[:10])


def reason_of(error: Exception) -> str:
    """An error in a line."""
    said = str(error) if isinstance(error, GlossError) else f"{type(error).__name__}: {error}"
    return plain(said)


def papers_of(
    rows: Sequence[PaperRow],
    category: str,
    day: datetime.date,
    ids: Collection[str] | None = None,
) -> list[PaperRow]:
    """The papers of a page, by id. ``ids``: as ``write_page`` takes them."""
    return sorted(
        (
            row
            for row in rows
            if row.status == "ok"
            and day_added(row) == day
            and (_in_category(row.categories, category) if ids is None else row.id in ids)
        ),
        key=lambda row: row.id,
    )


def _in_category(categories: Sequence[str], category: str) -> bool:
    return category.casefold() == ALL or is_in_category(categories, category)


def _days_and_categories(rows: Sequence[PaperRow]) -> Counter[tuple[datetime.date, str]]:
    return Counter((day_added(row), name) for row in rows for name in (*row.categories, ALL))


def failed_of(
    rows: Sequence[PaperRow],
    published: Published,
    category: str,
    day: datetime.date,
    ids: Collection[str] | None,
) -> list[FailedPaper]:
    """What belongs at a page's foot, by id: what the library and ``pages.json`` know of."""
    known = {one.id: one for one in published.failures if one.date == day}
    failed = {
        one.id: FailedPaper(one.id, one.reason, one.title, one.categories) for one in known.values()
    }
    for row in rows:
        if row.status == "ok":
            failed.pop(row.id, None)
        elif day_added(row) == day:
            failure = failed.get(row.id)
            failed[row.id] = FailedPaper(
                row.id,
                plain(f"{row.status}: {row.reason}"),
                row.title or (failure.title if failure else ""),
                row.categories or (failure.categories if failure else ()),
            )

    def belongs(one: FailedPaper) -> bool:
        if ids is not None:
            return one.id in known and category in known[one.id].topics
        return not one.categories or _in_category(one.categories, category)

    return sorted(filter(belongs, failed.values()), key=lambda one: one.id)


# Pictures


def _write_pictures(
    library: Papers, digests: Sequence[Digest], out: Path, stem: str
) -> Iterator[tuple[tuple[str, str], Picture]]:
    """The figures that digests quote the captions of, by paper and sentence, drawn once.

    Their names have the hash of the file that they are drawn from, so one that is there is right.
    """
    from index.read.floats.captions import figure_name

    for digest in digests:
        paper = library.paper(digest.paper.id)
        for sentence, figure in quoted_figures(paper, digest).items():
            name = figure_name(figure.label)
            if name is None:
                continue
            file = f"{file_slug(paper.id)}-{paper.sha256[:8]}-{name.stem}.png"
            try:
                size = size_on_page(_drawn(library, paper.id, figure.label, out / stem / file))
            except SourceNotFound:
                continue  # the sentence stands without it
            if size is not None:
                key = (paper.id, sentence)
                yield key, Picture(name.label, f"{stem}/{file}", *size)


def _drawn(library: Papers, paper_id: str, label: str, path: Path) -> bytes:
    if path.is_file():
        return path.read_bytes()
    image = library.figure_image(paper_id, label, SCALE)
    if size_on_page(image) is not None:
        write_file(path, image)
    return image


def _write_hexo(source: Path, page: Day, markdown: str, out: Path) -> None:
    """The Markdown as a post; its pictures outside of ``_posts``: there Hexo needs no setting."""
    write_text(source / "_posts" / f"{page.stem}.md", markdown)
    for picture in page.pictures.values():
        write_file(source / picture.file, (out / picture.file).read_bytes())


# The folder


def _publish(out: Path, published: Published, page: Day, site: Site, changed: bool) -> None:
    """List the page, and rewrite index and feed. Pictures that it had and lost are removed."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    former = published.page(page.stem)
    files = tuple(sorted(Path(one.file).name for one in page.pictures.values()))
    listed = PublishedPage(
        stem=page.stem,
        topic=plain(page.topic),
        date=page.date,
        lang=page.lang,
        id=former.id if former else entry_id(published, page.stem, page.date, site.pages_url),
        published=former.published if former else now,
        updated=former.updated if former and not changed else now,
        papers=tuple(_listed_paper(digest) for digest in page.digests),
        failed=tuple(one.id for one in page.failed),
        files=files,
    )
    if site.title:
        published = published.changed(title=plain(site.title))
    published = published.with_page(listed).without_lost(out)
    write_listed(out, published, site.pages_url)
    for name in set(former.files if former else ()) - set(files):
        if name == Path(name).name and name.endswith(".png"):
            (out / page.stem / name).unlink(missing_ok=True)


def write_listed(out: Path, published: Published, pages_url: str) -> None:
    """Write the list of the pages, and the index and the feed that are made of it."""
    write_text(out / MANIFEST, published.to_json())
    write_text(out / INDEX, to_index(published))
    write_text(out / FEED, to_atom(published, pages_url))


def _listed_paper(digest: Digest) -> PublishedPaper:
    summary = digest.summary
    return PublishedPaper(
        id=digest.paper.id,
        version=digest.paper.version,
        title=plain(digest.paper.title) or digest.paper.id,
        summary=plain(summary.text) if summary else "",
    )
