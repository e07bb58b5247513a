"""Identifies the paper in a file: id, version, date, categories, by arXiv's stamp or file name.

A file name identifies a paper if it is only an arXiv id, with a version or the mark of a copy
("(1)", "- Copy"). A longer name is that of another document about the paper: a supplement, an
appendix, notes.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from index.reference import ARXIV_ID, arxiv_spelling

_STAMP = re.compile(
    rf"arXiv:\s*{ARXIV_ID.pattern}\s*(?:\[(?P<category>[A-Za-z-]+(?:\.[A-Za-z-]+)?)\])?\s*"
    r"(?P<day>\d{1,2}\s*[A-Z][a-z]{2}\s*\d{4})?"
)
_FILE_NAME = re.compile(rf"(?:arxiv[-_ ]?)?{ARXIV_ID.pattern}(?!\d)(?P<more>.*)", re.I | re.S)
# A file's name has no slash; the archives before April 2007: https://arxiv.org/archive
_OLD_NAME = re.compile(
    r"(?P<arxiv>(?:arxiv[-_ ]?)?)(?P<archive>acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|"
    r"bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|"
    r"math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|"
    r"solv-int|supr-con)(?P<subject>(?:\.[a-z]{2})?)[_-]?(?=\d{7}(?!\d))",
    re.I,
)
# What Windows, macOS, GNOME, KDE and browsers add to the name of a copy, and a doubled extension.
_COPIED = "copy|copie|copia|kopie|kopia|副本|コピー|拷贝|복사본"
_COPY = re.compile(
    rf"(?:[\s_-]*(?:{_COPIED})(?:[\s_]*\d{{1,3}})?|[\s_-]*\((?:{_COPIED})\)|[\s_]*\(\d{{1,3}}\)"
    r"|[ -]\d{1,2}|\.(?:pdf|md|html?|\d{1,2}))*\s*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """The metadata of a file that is known before its text is read."""

    id: str
    version: int | None
    date: str | None  # ISO; arXiv's month where the day is not known
    categories: tuple[str, ...]
    sha256: str
    belongs_to: str = ""  # the paper whose arXiv id the file name begins with, where it is not this


def is_stamp(line: str) -> bool:
    """Whether a line is arXiv's stamp and nothing else.

    A sentence that cites another paper's id does not count: it would replace that paper.
    """
    match = _STAMP.fullmatch(line.strip())
    return match is not None and bool(match["category"] or match["day"])


def identify(file_name: str, stamp: str, sha256: str, given: str | None = None) -> Identity:
    """Identity from the line that arXiv stamps on page 1, else from the file's name.

    ``file_name`` is without its extension; ``given`` overrides the id.
    """
    stamped = _STAMP.fullmatch(stamp.strip()) if is_stamp(stamp) else None
    slashed = _OLD_NAME.sub(r"\g<arxiv>\g<archive>\g<subject>/", file_name, count=1)
    match = stamped or _FILE_NAME.match(slashed)
    if match is None:
        return Identity(given or _slug(file_name), None, None, (), sha256)
    arxiv_id = arxiv_spelling(match["id"])
    if stamped is None and not _COPY.fullmatch(match["more"]):
        return Identity(given or _slug(file_name), None, None, (), sha256, arxiv_id)
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


_DAYS = ("%B %d, %Y", "%B %d %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y", "%Y%m%d")


def iso_date(text: str) -> str | None:
    """A date in words or figures as ISO, as exact as it is: "2024-07-03", "2024-07", "2024"."""
    said = text.strip()
    match = re.match(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?(?!\d)", said)
    if match:
        try:
            found = datetime(int(match[1]), int(match[2]), int(match[3] or 1)).date()
        except ValueError:
            return None
        return found.isoformat() if match[3] else found.isoformat()[:7]
    for form in _DAYS:
        with suppress(ValueError):
            return datetime.strptime(said, form).date().isoformat()
    for form in ("%B %Y", "%b %Y"):
        with suppress(ValueError):
            return datetime.strptime(said, form).date().isoformat()[:7]
    return said if re.fullmatch(r"(?:1[89]|20)\d{2}", said) else None


def _slug(name: str) -> str:
    """A file name as an id: letters, digits, dots, dashes and underscores of any script."""
    plain = unicodedata.normalize("NFC", name).strip()
    slug = re.sub(r"[^\w.-]+", "-", plain).strip("-.")[:80]
    return slug or "paper"
