"""A day's digests of one category as a page: Markdown for Hexo, and HTML that stands alone."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.digest import Language
from app.render import file_slug, to_hexo, to_html_day
from app.write import write_digest
from index.errors import GlossError
from index.paper import is_in_category

if TYPE_CHECKING:
    from index.library import Library, PaperRow

ALL = "all"  # the category that every paper has


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


class OutputUnusable(GlossError):
    """A file cannot be written where it was asked for."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: cannot be written: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True, slots=True)
class PageFiles:
    """What was written, and the papers on it."""

    markdown: Path
    html: Path
    paper_ids: tuple[str, ...]


def write_page(
    library: Library,
    category: str,
    out: Path,
    *,
    date: datetime.date | None = None,
    lang: Language = "en",
) -> PageFiles:
    """Write ``<date>-<category>.md`` and ``.html`` into ``out``.

    A paper belongs to ``category`` where one of its own contains it, in any case; all belong to
    ``all``. ``date`` is the day (UTC) on which papers were added, today where not given. Raises
    ``NothingForPage`` and ``OutputUnusable``.
    """
    day = date or datetime.datetime.now(datetime.UTC).date()
    rows = [row for row in library.papers() if row.status == "ok"]
    chosen = sorted(
        (row for row in rows if day_added(row) == day and _in_category(row, category)),
        key=lambda row: row.id,
    )
    if not chosen:
        raise NothingForPage(category, day, _days_and_categories(rows))
    digests = [write_digest(library, row.id, lang) for row in chosen]
    stem = f"{day.isoformat()}-{file_slug(category)}"
    files = PageFiles(out / f"{stem}.md", out / f"{stem}.html", tuple(row.id for row in chosen))
    write_text(files.markdown, to_hexo(digests, category, day, lang))
    write_text(files.html, to_html_day(digests, category, day, lang))
    return files


def day_added(row: PaperRow) -> datetime.date:
    """The day (UTC) on which a paper came in."""
    return datetime.date.fromisoformat(row.added[:10])


def _in_category(row: PaperRow, category: str) -> bool:
    return category.casefold() == ALL or is_in_category(row.categories, category)


def _days_and_categories(rows: list[PaperRow]) -> Counter[tuple[datetime.date, str]]:
    return Counter((day_added(row), name) for row in rows for name in (*row.categories, ALL))


def write_text(path: Path, text: str) -> None:
    """Write ``text`` whole or not at all; folders are made. Raises ``OutputUnusable``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputUnusable(path, error.strerror or str(error)) from error
