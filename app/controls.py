"""Characters that steer a terminal, hide words or reorder what is read."""

from __future__ import annotations

import json
import re

_CONTROL = re.compile(
    # terminal and layout controls, zero-width and bidirectional marks that hide or reorder text,
    # and the unseen letters of the block of tags
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\U000e0000-\U000e007f]"
)


def without_controls(text: str) -> str:
    """``text`` without these characters."""
    return _CONTROL.sub("", text)


def escaped_in_json(dumped: str) -> str:
    """JSON of the same values, with these characters as ``\\uXXXX``."""
    return _CONTROL.sub(lambda found: json.dumps(found.group())[1:-1], dumped)
