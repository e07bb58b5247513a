"""Which paper people mean: an arXiv id in any of the forms that they paste."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

# https://info.arxiv.org/help/arxiv_identifier.html: "2407.03300" since April 2007, before that
# "hep-th/9901001" and "math.GT/0309136". The first four digits are a year and a month.
ARXIV_ID = re.compile(
    r"(?i:(?P<id>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
    r"|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3})"
    r"(?:v(?P<version>\d{1,2}))?)"
)

# The sites that name a paper by its arXiv id, each with the paths under which they do.
_ARXIV_PATHS = r"(?:abs|pdf|html|format|ps|src|e-print|ftp/arxiv/papers)/"
_SITES: tuple[tuple[str, str], ...] = (
    (r"(?:[a-z0-9-]+\.)?arxiv\.org", _ARXIV_PATHS),
    (r"(?:www\.)?alphaxiv\.org", r"(?:[a-z]{2}/)?(?:abs|pdf|html|overview)/"),
    (r"(?:www\.)?(?:huggingface\.co|hf\.co)", r"papers/"),
    # arXiv's DOIs: https://info.arxiv.org/help/doi.html
    (r"(?:dx\.|www\.)?doi\.org", r"10\.48550/arxiv\."),
    (r"(?:ar5iv\.labs\.arxiv\.org|(?:www\.)?ar5iv\.org)", r"(?:html|abs)/"),
)
_ADDRESS = "|".join(f"{host}(?::443|:80)?/+{paths}" for host, paths in _SITES)
_REFERENCE = re.compile(
    rf"(?:(?:https?://)?(?:{_ADDRESS})|(?:doi:\s*)?10\.48550/arxiv\.|arxiv:\s*)?"
    rf"{ARXIV_ID.pattern}(?:\.pdf)?/?",
    re.IGNORECASE | re.ASCII,
)
_LONGEST = 500  # characters; no address of a paper comes near


def arxiv_spelling(arxiv_id: str) -> str:
    """An id without version as arXiv writes it: "MATH.gt/0309136" is "math.GT/0309136"."""
    archive, slash, digits = arxiv_id.rpartition("/")
    name, dot, subject = archive.partition(".")
    return f"{name.lower()}{dot}{subject.upper()}{slash}{digits}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A paper on arXiv, and which version of it; ``None`` is the newest."""

    id: str  # without version, spelled as arXiv spells it
    version: int | None = None

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}v{self.version}"

    @property
    def api_id(self) -> str:
        """The id without subject class: arXiv itself answers "math/0309136" for "math.GT/0309136".

        https://info.arxiv.org/help/arxiv_identifier.html
        """
        archive, slash, number = self.id.rpartition("/")
        return f"{archive.partition('.')[0]}{slash}{number}"


def parse_reference(text: str) -> Reference | None:
    """The paper that ``text`` names, or ``None`` where it is anything but one arXiv id.

    Understood are ids with or without version and ``arXiv:``, addresses at arXiv, alphaXiv,
    Hugging Face and ar5iv with or without a scheme, and arXiv's DOIs.
    """
    if len(text) > _LONGEST:
        return None
    plain = re.split(r"[?#]", text.strip(), maxsplit=1)[0]
    match = _REFERENCE.fullmatch(unquote(plain))
    if match is None:
        return None
    version = int(match["version"]) if match["version"] else None
    return None if version == 0 else Reference(arxiv_spelling(match["id"]), version)
