"""Errors in the reader's language: the only place that turns one into a line of the app."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from app.api.failures import Failure
from app.digest import Language
from app.show.text import plain

FILE = Path(__file__).with_suffix(".yaml")


@cache
def error_lines() -> Mapping[str, Mapping[str, str]]:
    """Of each language but English: the line of an error by its class, and status if it has one."""
    import yaml  # type: ignore[import-untyped]

    return cast(dict[str, dict[str, str]], yaml.safe_load(FILE.read_text(encoding="utf-8")))


def line_of(error: Exception, lang: Language, failure: Failure | None = None) -> str:
    """What the app says of an error; in English where there is no line in that language.

    The English line is the error's own, or that of ``failure``, which strangers may read.
    """
    known = error_lines().get(lang, {})
    names = [one.__name__ for one in type(error).__mro__]
    kinds = [f"{names[0]} {getattr(error, 'status', '')}", *names]
    said = next((known[one] for one in kinds if one in known), None)
    if said is not None:
        return plain(said.format_map(vars(error)))
    return plain(failure.message if failure is not None else str(error))
