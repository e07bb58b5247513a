"""A key that a server was given, found and hidden in what that server says.

Some servers repeat the key in an error, a header or an answer. It is looked for as it is, and as
JSON, HTML and addresses would write it, in letters of either case.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from urllib.parse import quote, unquote

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


def redact(words: str, key: str) -> str:
    """The words with ``***`` wherever they have the key, also where tags that stood in it left
    spaces; the same words for an empty key."""
    if not key:
        return words
    forms = {key, quote(key, safe=""), json.dumps(key)[1:-1], repr(key)[1:-1], html.escape(key)}
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = "|".join(r"\s*".join(map(re.escape, form)) for form in longest_first)
    return re.sub(pattern, "***", words, flags=re.IGNORECASE)


def reveals(text: str, key: str) -> bool:
    """Whether a text has the key, also in escapes of JSON, HTML or an address, or with characters
    in between that nobody sees."""
    if not key:
        return False
    read = (text, _ESCAPE.sub(_unescaped, text), html.unescape(text), unquote(text))
    return any(key.casefold() in _seen(one) for one in read)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]


def _seen(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one) != "Cf").casefold()
