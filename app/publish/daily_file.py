"""The file that says what the daily job does: ``docs/daily.md`` has its keys."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.digest import Language, WriterName
from app.interests.filters import PaperFilter, folded
from app.publish.day import ALL, day_stem
from app.publish.message import address_of
from app.show.text import plain
from index.config import Link
from index.disk import expanded, read_file
from index.errors import FetchError, GlossError
from index.fetch.feeds import category_spelling

_LARGEST = 1_000_000  # bytes of a file
# Days for which a paper that could not be had is asked for again, and for which a page that is not
# there yet, or lacks a paper, is written.
DAYS = 7


class ConfigUnusable(GlossError):
    """The file that says what to do cannot be read, or a key of it does not fit."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Query(_Table):
    """A search of arXiv that has pages of its own, under a name."""

    name: str = Field(min_length=1, max_length=80)
    query: str = Field(min_length=1)  # in arXiv's language
    limit: int | None = Field(default=None, ge=1)


class Daily(_Table):
    """What the file says. Folders are relative to it."""

    out: Path  # where the pages go
    categories: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()
    page_of_all: bool = False  # beside those of the categories and queries
    limit: int | None = Field(default=None, ge=1)  # the most papers of one category or query
    languages: tuple[Language, ...] = Field(default=("en",), min_length=1)
    writer: WriterName | None = None  # else GLOSS_WRITER
    library: Path | None = None  # else GLOSS_LIBRARY
    hexo: Path | None = None  # a blog's source folder
    # Of the categories' new papers those alone that have one of the keywords or of the authors.
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    bibtex: Path | None = None  # what the reader keeps elsewhere; else GLOSS_BIBTEX
    why_on_pages: bool = False  # whether pages name the kept paper that each is near
    mail_to: tuple[str, ...] = ()  # who gets the e-mail of the day
    days: int = Field(default=DAYS, ge=1, le=90)
    title: str = ""
    app_url: Link = Field(default="", pattern="^(https?://.*)?$")  # else GLOSS_APP_URL
    pages_url: Link = Field(default="", pattern="^(https?://.*)?$")  # else GLOSS_PAGES_URL

    @field_validator("categories")
    @classmethod
    def _spelled(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(dict.fromkeys(map(category_spelling, categories)))
        except FetchError as error:
            raise ValueError(f"{error.asked} {error.came}; {error.advice}") from error

    @field_validator("mail_to")
    @classmethod
    def _addresses(cls, mail_to: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(address_of, mail_to)))

    @field_validator("keywords", "authors")
    @classmethod
    def _words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if any(not folded(one) for one in words):
            raise ValueError("has an entry without a letter")
        return words

    @model_validator(mode="after")
    def _asks_for_something(self) -> Daily:
        if not self.categories and not self.queries:
            raise ValueError('asks for nothing: give categories = ["cs.CV"], or [[queries]]')
        stems = [day_stem(name, datetime.date.min, "en") for name, _ in self.topics()]
        twice = [name for (name, _), stem in zip(self.topics(), stems, strict=True)
                 if stems.count(stem) > 1]  # fmt: skip
        if twice:
            raise ValueError(f"two pages would have one name: {', '.join(twice)}")
        return self

    @property
    def wants(self) -> PaperFilter:
        """What the categories' papers are to have."""
        return PaperFilter(self.keywords, self.authors)

    def topics(self) -> list[tuple[str, bool]]:
        """What has pages, and whether it is a query's name."""
        of_all = [ALL] if self.page_of_all else []
        named = [(name, False) for name in (*self.categories, *of_all)]
        return named + [(query.name, True) for query in self.queries]


def read_daily(path: Path) -> Daily:
    """What a TOML file asks for. Raises ``ConfigUnusable``, which names the key in one line."""
    try:
        said = tomllib.loads(read_file(path, _LARGEST).decode("utf-8"))
    except FileNotFoundError as error:
        raise ConfigUnusable(path, "no such file; data/daily.toml is one to begin with") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigUnusable(path, f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigUnusable(path, f"is no TOML: {error}") from error
    try:
        daily = Daily.model_validate(said)
    except ValidationError as error:
        raise ConfigUnusable(path, _wrong_keys(error)) from error
    folder = path.absolute().parent
    places = {
        key: folder / expanded(place)
        for key in ("out", "library", "hexo", "bibtex")
        if (place := getattr(daily, key)) is not None
    }
    return daily.model_copy(update=places)


def _wrong_keys(error: ValidationError) -> str:
    """The first keys that do not fit and why; of more than two, how many more."""
    known = ", ".join(Daily.model_fields)
    said = []
    for wrong in error.errors(include_url=False, include_context=False):
        key = ""
        for part in wrong["loc"]:
            key += f"[{part + 1}]" if isinstance(part, int) else f"{'.' if key else ''}{part}"
        why = wrong["msg"].removeprefix("Value error, ")
        if wrong["type"] == "extra_forbidden":
            there = known if len(wrong["loc"]) == 1 else ", ".join(Query.model_fields)
            why = f"no such key; there are {there}"
        elif wrong["type"] == "missing":
            why = "is missing"
        said.append(plain(f"{key}: {why}" if key else why))
    more = f"; and {len(said) - 2} more" if len(said) > 2 else ""
    return "; ".join(said[:2]) + more
