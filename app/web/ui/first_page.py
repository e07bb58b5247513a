"""Our script at the top of the page that Gradio serves, and the page in the visitor's language.

``gr.Blocks`` takes a script for the head too, but Gradio 6.31 runs it only after it has chosen the
language of its labels, and writes ``lang="en"`` on every page.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from app.digest import Language
from app.web.texts import preferred, texts

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class FirstPage:
    """What is around an application: its page at the root gets the script, all else passes."""

    def __init__(self, app: "ASGIApp", script: str) -> None:
        self._app = app
        self._script = script.encode()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in ("", "/"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        lang = _language(scope["query_string"], headers.get(b"accept-language", b""))
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: list[Message] = []
        parts: list[bytes] = []

        async def hold(message: "Message") -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = (
                self._with_script(b"".join(parts), lang) if _is_page(start[0]) else b"".join(parts)
            )
            kept = [pair for pair in start[0]["headers"] if pair[0].lower() != b"content-length"]
            length = (b"content-length", str(len(body)).encode())
            await send({**start[0], "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": plain}, receive, hold)

    def _with_script(self, page: bytes, lang: Language) -> bytes:
        tag = b"zh-CN" if lang == "zh" else b"en"
        page = re.sub(rb'(<html\s+lang=)"en"', rb'\1"' + tag + rb'"', page, count=1)
        script = b"<script>" + self._script + b"</script>"
        return page.replace(b"<head>", b"<head>" + script, 1)


def _is_page(start: "Message") -> bool:
    types = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"] == 200 and any(value.startswith(b"text/html") for value in types)


def _language(query: bytes, accepted: bytes) -> Language:
    """As ``language_of`` has it for an event."""
    asked = parse_qs(query.decode("latin-1")).get("lang", [""])[0]
    known = next((lang for lang in texts() if lang == asked), None)
    return known or preferred(accepted.decode("latin-1"))
