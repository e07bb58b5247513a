"""A running Zotero, asked through its local API by pyzotero, on this machine alone.

https://www.zotero.org/support/dev/web_api/v3/start; the local API is the same at 127.0.0.1:23119.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from index.bibliography.fields import (
    ZOTERO_KINDS,
    arxiv_of,
    date_of,
    doi_of,
    listed,
    note_of,
    one_line,
    with_title,
)
from index.bibliography.refused import ExportUnusable
from index.entries import Entry, Name, name_of

ADDRESS = "http://127.0.0.1:23119"
_ITEMS_MOST = 200_000  # with attachments and notes
_SECONDS = 30.0
_SHOWN = 200  # characters of an address
_WHERE = f"Zotero is asked on this machine alone, without a login: its address is {ADDRESS}"
_NO_WORKS = ("attachment", "note", "annotation")


def read_zotero(address: str = ADDRESS) -> list[Entry]:
    """The entries of the library of a Zotero that runs on this machine.

    The files of an entry are those that Zotero has stored itself; linked files are not taken.
    Raises ``ExportUnusable``.
    """
    import httpx2
    from pyzotero import Zotero
    from pyzotero.errors import PyZoteroError

    _check_here(address)

    def only_here(request: Any) -> None:  # pages of a list are where the answer says
        _check_here(str(request.url))

    client = httpx2.Client(
        follow_redirects=False,
        trust_env=False,
        timeout=_SECONDS,
        event_hooks={"request": [only_here]},
    )
    with client:
        zotero = Zotero("0", "user", local=True, client=client)
        zotero.endpoint = f"{address.rstrip('/')}/api"
        try:
            items = _all_items(zotero, address)
            children = _children(items)
            places = {
                one["key"]: _stored_file(client, zotero.endpoint, one)
                for found in children.values()
                for one in found
                if _data(one).get("itemType") == "attachment"
            }
        except ExportUnusable:
            raise
        except httpx2.InvalidURL:
            raise ExportUnusable(_shown(address), _WHERE) from None
        except (httpx2.HTTPError, PyZoteroError) as error:
            raise ExportUnusable(
                address,
                "Zotero does not answer; start it, and allow other applications to communicate "
                f"with it (Settings, Advanced): {type(error).__name__}",
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError, StopIteration) as error:
            raise ExportUnusable(address, "what answers there is no Zotero") from error
    works = (one for one in items if _data(one).get("itemType") not in _NO_WORKS)
    return with_title(_entry(one, children.get(one.get("key", ""), []), places) for one in works)


def _all_items(zotero: Any, address: str) -> list[dict[str, Any]]:
    """The items of a library, page by page. Raises ``ExportUnusable`` where they do not end."""
    items: list[dict[str, Any]] = []
    followed: set[str] = set()
    batch = zotero.items(limit=100)
    while True:
        items.extend(one for one in batch if isinstance(one, dict))
        following = (zotero.links or {}).get("next")
        if not following:
            return items
        if following in followed or len(items) > _ITEMS_MOST:
            raise ExportUnusable(address, f"its list of items does not end ({len(items):,} so far)")
        followed.add(following)
        batch = zotero.follow()


def _check_here(address: str) -> None:
    """Raise ``ExportUnusable`` unless an address is on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
        here = here and parts.username is None and parts.port != 0
    except ValueError:
        here = False
        parts = None
    if not here or parts is None or parts.scheme != "http":
        raise ExportUnusable(_shown(address), _WHERE)


def _shown(address: str) -> str:
    """An address as a message has it: some of it, in characters that can be printed."""
    return address[:_SHOWN].encode(errors="replace").decode()


def _data(item: dict[str, Any]) -> dict[str, Any]:
    data = item.get("data")
    return data if isinstance(data, dict) else {}


def _children(items: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        parent = _data(item).get("parentItem")
        if isinstance(parent, str) and isinstance(item.get("key"), str):
            found.setdefault(parent, []).append(item)
    return found


def _stored_file(client: Any, endpoint: str, item: dict[str, Any]) -> str:
    """Where Zotero has stored an attachment: a folder of its own, called as its key is."""
    data, key = _data(item), str(item["key"])
    if data.get("linkMode") not in ("imported_file", "imported_url") or not key.isalnum():
        return ""
    answer = client.get(f"{endpoint}/users/0/items/{key}/file/view/url")
    if answer.status_code != 200:
        return ""
    address = urlsplit(answer.text.strip())
    path = Path(unquote(address.path))
    stored = address.scheme == "file" and address.netloc in ("", "localhost")
    return str(path) if stored and path.parent.name == key and ".." not in path.parts else ""


def _entry(item: dict[str, Any], children: list[dict[str, Any]], places: dict[str, str]) -> Entry:
    data = _data(item)
    creators = [one for one in data.get("creators") or () if isinstance(one, dict)]
    authors = [one for one in creators if one.get("creatorType") == "author"] or creators
    extra = data.get("extra")
    return Entry(
        title=one_line(data.get("title")),
        kind=ZOTERO_KINDS.get(one_line(data.get("itemType")), "article"),
        authors=tuple(name for one in authors if (name := _name(one)) is not None),
        date=date_of(data.get("date")),
        container=one_line(
            data.get("publicationTitle") or data.get("proceedingsTitle") or data.get("bookTitle")
        ),
        volume=one_line(data.get("volume")),
        issue=one_line(data.get("issue")),
        pages=one_line(data.get("pages")),
        publisher=one_line(data.get("publisher")),
        doi=doi_of(data.get("DOI"), extra),
        arxiv=arxiv_of(data.get("archiveID"), data.get("url"), data.get("DOI"), extra),
        url=one_line(data.get("url")),
        abstract=one_line(data.get("abstractNote")),
        key=one_line(data.get("citationKey")),
        tags=listed(one.get("tag") for one in data.get("tags") or () if isinstance(one, dict)),
        notes=tuple(
            note
            for one in children
            if _data(one).get("itemType") == "note" and (note := note_of(_data(one).get("note")))
        ),
        files=listed(places.get(str(one["key"]), "") for one in children),
    )


def _name(said: dict[str, Any]) -> Name | None:
    if said.get("name"):
        return name_of(one_line(said["name"]))
    family = one_line(said.get("lastName"))
    return Name(family, one_line(said.get("firstName"))) if family else None
