"""Which paper a file is: id, version, date and categories, from arXiv's stamp or the file name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

_ARXIV_ID = (
    r"(?P<id>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"
    r"(?:v(?P<version>\d{1,2}))?"
)
_STAMP = re.compile(
    rf"arXiv:\s*{_ARXIV_ID}\s*(?:\[(?P<category>[A-Za-z-]+(?:\.[A-Za-z-]+)?)\])?\s*"
    r"(?P<day>\d{1,2}\s*[A-Z][a-z]{2}\s*\d{4})?"
)
_FILE_NAME = re.compile(rf"(?:arxiv[-_ ]?)?{_ARXIV_ID}(?=$|[^\d])", re.I)


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a file before its text is understood."""

    id: str
    version: int | None
    date: str | None  # ISO; arXiv's month where the day is not known
    categories: tuple[str, ...]
    sha256: str


def identify(file_name: str, stamp: str, sha256: str, given: str | None = None) -> Identity:
    """Identity from the stamp that arXiv prints on page 1, else from the file's name.

    ``file_name`` is without its extension; ``given`` overrides the id.
    """
    stamped = _STAMP.search(stamp)
    match = stamped or _FILE_NAME.match(file_name)
    if match is None:
        return Identity(given or _slug(file_name), None, None, (), sha256)
    arxiv_id = match["id"]
    day = _day(stamped["day"]) if stamped and stamped["day"] else None
    category = (stamped["category"],) if stamped and stamped["category"] else ()
    version = int(match["version"]) if match["version"] else None
    return Identity(given or arxiv_id, version, day or _month(arxiv_id), category, sha256)


def _day(text: str) -> str | None:
    try:
        parsed: date = datetime.strptime(re.sub(r"\s+", "", text), "%d%b%Y").date()
    except ValueError:
        return None
    return parsed.isoformat()


def _month(arxiv_id: str) -> str | None:
    digits = arxiv_id.split("/")[-1]
    if not re.match(r"\d{4}", digits):
        return None
    year = int(digits[:2])
    return f"{1900 + year if year > 90 else 2000 + year}-{digits[2:4]}"


def _slug(name: str) -> str:
    """A file name as an id: letters, digits, dots, dashes and underscores of any script."""
    plain = unicodedata.normalize("NFC", name).strip()
    slug = re.sub(r"[^\w.-]+", "-", plain).strip("-.")[:80]
    return slug or "paper"
