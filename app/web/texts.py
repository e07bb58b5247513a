"""What the web UI says, in English and in Chinese: ``texts.yaml`` has each text in both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast, get_args

from app.digest import Language

FILE = Path(__file__).with_name("texts.yaml")


@cache
def texts() -> Mapping[Language, Mapping[str, str]]:
    """Of each language: a key, and its text."""
    import yaml  # type: ignore[import-untyped]

    # The parser in C, where PyYAML was built with it, takes a tenth of the 0.1 s of the other one,
    # for which the first screen would wait.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = FILE.read_text(encoding="utf-8")
    found = cast(dict[str, dict[str, str]], yaml.load(text, Loader=loader))
    languages: tuple[Language, ...] = get_args(Language)
    return {lang: {key: said[lang] for key, said in found.items()} for lang in languages}


def preferred(accepted: str | None) -> Language:
    """The language that a browser prefers of those that we speak, by its ``Accept-Language``."""
    ranked: list[tuple[float, str]] = []
    for part in (accepted or "").split(","):
        tag, _, quality = part.partition(";q=")
        try:
            ranked.append((-float(quality or 1), tag.strip().lower()))
        except ValueError:
            continue
    for _, tag in sorted(ranked, key=lambda one: one[0]):
        for lang in texts():
            if tag == lang or tag.startswith(f"{lang}-"):
                return lang
    return "en"
