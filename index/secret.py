"""What is secret and may stand in words: a key that a server was given, a login in an address.

Some servers repeat the key in an error, a header or an answer. It is looked for as it is, and as
JSON, HTML and addresses would write it, in letters of either case. A login is refused where an
address is a setting (``check_server``), and hidden in what others say of one (``hide_logins``),
such as that of a proxy.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

# To the last @, since a password may hold any sign.
_LOGIN = re.compile(r"\b([a-z][a-z0-9+.-]*:[/\\]{2})\S*@", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)


_LONGEST = 2_000  # characters of an address: clients take some thousands


def names_server(address: str) -> bool:
    """Whether an address has a host, such as DNS may know, and a port, if any, that there is.

    Clients have errors of their own for what is none, and each another.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return False
    return bool(host) and port != 0 and address.isprintable() and len(address) <= _LONGEST


def check_server(address: str, instead: str = "give the address without it") -> str:
    """The address of a server that is asked; a ``ValueError`` where a login may stand in it.

    Addresses are shown, logged and saved. No host, port or path of a server has an ``@``, and a
    password may have any sign.
    """
    if "@" in address:
        raise ValueError(f"has a login in it (NAME:PASSWORD@), which would be shown; {instead}")
    return address


def check_link(address: str) -> str:
    """The address of pages, which people are led to; a ``ValueError`` as in ``check_server``.

    A path may have an ``@``: only what stands before it is looked at, and a port that is no
    number, which is the beginning of a password.
    """
    after = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*:[/\\]+", "", address)
    host = re.split(r"[/?#\\]", after, maxsplit=1)[0]
    port = host.rpartition("]")[2].partition(":")[2]
    check_server(host if not port.strip("0123456789") else after)
    return address


def hide_logins(words: str) -> str:
    """The words with ``***`` for what stands before the ``@`` of an address with a scheme."""
    return _LOGIN.sub(r"\1***@", words)


def without_login(address: str) -> str:
    """The address alone."""
    return _LOGIN.sub(r"\1", address)


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
