"""Technical terms and what they are called in Chinese: those that come with gloss, and a user's.

A YAML mapping of English terms to Chinese, or to a list where there are several names: the first is
what a translation is asked to use, and all are accepted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from index.disk import read_file
from index.errors import GlossError

_OWN = Path(__file__).with_name("glossary.yaml")
_LARGEST = 10_000_000  # bytes of a glossary
_CHARACTERS_MOST = 80  # of a term, in either language: it goes into the prompt


class GlossaryUnusable(GlossError):
    """A glossary's file is not there, is no YAML, or is not a mapping of terms."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Term:
    """An occurrence of a term in a sentence. ``chinese`` is never empty; its first is preferred."""

    english: str  # as the glossary has it
    chinese: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Glossary:
    """English terms, in small letters, and their Chinese names."""

    terms: Mapping[str, tuple[str, ...]]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all terms, for the lock of a digest."""
        return hashlib.sha256(repr(sorted(self.terms.items())).encode()).hexdigest()

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        """Finds all terms, longest first, whole words only, in any case, with a plural's ending."""
        if not self.terms:
            return None
        longest_first = sorted(self.terms, key=lambda term: (-len(term), term))
        terms = "|".join(_spelled(term) for term in longest_first)
        return re.compile(rf"(?<![\w])(?P<term>{terms})(?P<plural>s|es)?(?![\w])", re.I)

    def occurrences(self, english: str) -> Iterator[Term]:
        """The terms in a sentence, in order; they do not overlap, and the longest counts."""
        if self._pattern is None:
            return
        for match in self._pattern.finditer(english):
            term = _key(match["term"])
            names = self.terms.get(term) or self.terms[_singular(term)]
            yield Term(term, names, match.start(), match.end())


def load_glossary(path: Path | None = None) -> Glossary:
    """The terms that come with gloss, and those of ``path``, which win.

    Raises ``GlossaryUnusable`` for a file that is not there, not YAML or not of the form.
    """
    terms = _read(_OWN)
    if path is not None:
        terms |= _read(path.expanduser())
    return Glossary(terms)


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    import yaml  # type: ignore[import-untyped]

    try:
        text = read_file(path, _LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GlossaryUnusable(path, "is not UTF-8; save it as such") from error
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}; GLOSS_GLOSSARY names a YAML file"
        raise GlossaryUnusable(path, why) from error
    try:
        # As text: "no: 挪威语" and "2024: 年" are terms like others, and not a bool and a number.
        values = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise GlossaryUnusable(path, f"is not YAML{where}: {problem}") from error
    if values is None or values == "":
        return {}
    if not isinstance(values, dict):
        raise GlossaryUnusable(path, 'is no list of terms; write one in a line, as "loss: 损失"')
    return {_key(_english(path, term)): _names(path, term, names) for term, names in values.items()}


def _english(path: Path, term: object) -> str:
    if not isinstance(term, str) or not re.search(r"[A-Za-z]", term) or _too_long(term):
        raise GlossaryUnusable(path, f'{_shown(term)} is no English term; write "loss: 损失"')
    return term


def _names(path: Path, term: str, names: object) -> tuple[str, ...]:
    given = names if isinstance(names, list) else [names]
    good = [
        " ".join(name.split())
        for name in given
        if isinstance(name, str) and name.strip() and not _too_long(name)
    ]
    if not good or len(good) < len(given):
        raise GlossaryUnusable(
            path, f'{_shown(term)} has no Chinese name or list of names; write "{term}: 损失"'
        )
    return tuple(good)


def _too_long(text: str) -> bool:
    return len(text) > _CHARACTERS_MOST


def _shown(term: object) -> str:
    return " ".join(str(term).split())[:40]


def _key(term: str) -> str:
    return re.sub(r"[\s-]+", " ", term).strip().lower()


def _singular(term: str) -> str:
    return re.sub(r"y$", "ies", term) if term.endswith("y") else re.sub(r"ies$", "y", term)


def _spelled(term: str) -> str:
    """A term's pattern: spaces and hyphens are the same, "-y" has the plural "-ies"."""
    words = [re.escape(word) for word in term.split(" ")]
    if words[-1].endswith("y"):
        words[-1] = f"{words[-1][:-1]}(?:y|ies)"
    return r"[\s-]+".join(words)
