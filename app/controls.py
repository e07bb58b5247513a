"""Characters that steer a terminal, hide words or reorder what is read."""

from __future__ import annotations

import json
import re

# Terminal and layout controls, bidirectional marks, and what draws nothing: joiners, fillers, tags
# and variation selectors, in which whole sentences can be written
# (Default_Ignorable_Code_Point, https://www.unicode.org/reports/tr44/), annotations, and halves of
# pairs, which no encoding writes.
_CLASS = (
    r"\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = re.compile(f"[{_CLASS}]")
# JSON is read line by line, too, and these two end one; elsewhere they are spaces.
_NOT_IN_JSON = re.compile(rf"[{_CLASS}\u2028\u2029]")


def without_controls(text: str) -> str:
    """``text`` without these characters."""
    return _CONTROL.sub("", text)


def escaped_in_json(dumped: str) -> str:
    """JSON of the same values, with these characters as ``\\uXXXX``."""
    return _NOT_IN_JSON.sub(lambda found: json.dumps(found.group())[1:-1], dumped)
