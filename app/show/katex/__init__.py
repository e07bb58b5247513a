"""KaTeX, which sets formulas in the browser, as it was published; no other host is asked.

Its files are those of the package ``katex`` on npm, unchanged; ``SHA256SUMS`` has their checksums,
``LICENSE`` its terms (MIT). ``app.web.katex`` serves them; pages that are files have them in a
folder beside them (``beside``), or in themselves (``within``). ADR 36 says why it is here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VERSION = "0.19.1"
FOLDER = Path(__file__).parent
FOLDER_BESIDE = f"katex-{VERSION}"  # a page that has been written stays right with another version
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_SHEET, _SCRIPT, _OURS = "katex.min.css", "katex.min.js", "formulas.js"
# A font as woff2, which every browser of this decade takes, and further forms of it.
_FONT = re.compile(r"src:url\((fonts/[\w-]+\.woff2)\)[^;}]*")


@dataclass(frozen=True, slots=True)
class Formulas:
    """What a page that is a file needs for its formulas; one without any needs nothing more."""

    policy: str = "style-src 'unsafe-inline'"  # of scripts, styles and fonts
    style: str = ""  # in its head
    scripts: str = ""  # at its end


NO_FORMULAS = Formulas()


@cache
def katex_files() -> dict[str, Path]:
    """The files that a browser may ask for, by their names below one address."""
    return {
        path.relative_to(FOLDER).as_posix(): path
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in TYPES
    }


def files_beside(ours: str) -> dict[str, bytes]:
    """The files of ``beside`` by their names: KaTeX's with its licence, and ``ours``, a script."""
    files = {name: path.read_bytes() for name, path in katex_files().items()}
    licence = (FOLDER / "LICENSE").read_bytes()
    return {**files, "LICENSE": licence, _OURS: ours.encode()}


def beside() -> Formulas:
    """For a page with the folder ``FOLDER_BESIDE`` beside it."""
    scripts = (f'<script src="{FOLDER_BESIDE}/{name}"></script>' for name in (_SCRIPT, _OURS))
    return Formulas(
        "style-src 'self' 'unsafe-inline'; script-src 'self'; font-src 'self'",
        f'<link rel="stylesheet" href="{FOLDER_BESIDE}/{_SHEET}">',
        "\n".join(scripts),
    )


@cache
def within(ours: str) -> Formulas:
    """For a page that is one file, which grows by 650 kB; ``ours`` is the script of ours."""
    sheet = (FOLDER / _SHEET).read_text("utf-8")
    sheet = _FONT.sub(lambda found: f'src:url({_data(found[1])}) format("woff2")', sheet)
    scripts = [(FOLDER / _SCRIPT).read_text("utf-8"), ours]
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return Formulas(
        f"style-src 'unsafe-inline'; script-src {allowed}; font-src data:",
        f"<style>{sheet}</style>",
        "\n".join(f"<script>{one}</script>" for one in scripts),
    )


def _data(name: str) -> str:
    data = base64.b64encode((FOLDER / name).read_bytes()).decode()
    return f"data:font/woff2;base64,{data}"
