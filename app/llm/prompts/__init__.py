"""The prompts, as templates beside this file, and the fence around what a paper says.

What is set into a template is ours: numbers, a language's name. The paper's text never goes through
one; it follows fenced, as data.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_FENCE = re.compile(r"<\s*/?\s*(?:evidence|question|answer|claim|sentence)\b[^>]*>?", re.I)


def prompt(name: str, **values: object) -> str:
    """A prompt by name, filled."""
    filled: str = _templates().get_template(f"{name}.j2").render(**values)
    return filled.strip()


def prompt_source(name: str) -> bytes:
    """A prompt as it is written, for a digest's lock."""
    return (_FOLDER / f"{name}.j2").read_bytes()


def fenced(text: str) -> str:
    """``text`` on one line, without what would open or close a fence."""
    return " ".join(_FENCE.sub(" ", text).split())


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No escaping: a prompt is no HTML.
    return Environment(loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined)
