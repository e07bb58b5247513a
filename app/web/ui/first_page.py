"""Our HTML and scripts in the page that Gradio serves, in the visitor's language.

The first screen is in the page itself, and our scripts need nothing of Gradio's: it is started
once the browser has nothing else to do, or something of it is asked for. ``gr.Blocks`` takes a
script for the head too, but Gradio 6.31 runs it only after it has chosen the language of its
labels, and writes ``lang="en"`` on every page.
"""

import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from app.digest import Language
from app.show.html import fill, script, style
from app.web.errors import line_of
from app.web.katex import ADDRESS
from app.web.session import Sessions
from app.web.texts import preferred, texts
from index.errors import GlossError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What an address names if it does not lead to the first screen.
ELSEWHERE = ("q", "paper", "view")
# Gradio's own script, which ours starts; and what has Gradio write the title of the page.
_STARTS = re.compile(rb'<script type="module" crossorigin src="([^"]+)"></script>')
_SMALL = 1000  # bytes that are not worth compressing
_TITLED = b'control_page_title="true"'


@dataclass(frozen=True, slots=True)
class View:
    """A tab of Gradio's: its id, and the key of its name in ``texts.yaml``."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Shell:
    """What is around Gradio's part of the page."""

    sessions: Sessions
    views: Sequence[View] = ()
    source_url: str = ""

    def before(self, lang: Language) -> str:
        """What is above it: the name, the box, the navigation."""
        say = texts()[lang]
        other: Language = "en" if lang == "zh" else "zh"
        views = [(one.id, say[one.text]) for one in self.views if one.id != "add"]
        return fill("top.html", say=say, lang=lang, other=other, views=views)

    def after(self, lang: Language, at_home: bool) -> str:
        """What is below it: the screens, the scripts, and what these are to say."""
        say, session = texts()[lang], self.sessions.first
        said = {key: text for key, text in say.items() if key.startswith("app_")}
        names = {one.id: say[one.text] for one in self.views}
        try:
            home = session.home(lang) if at_home else ""
        except GlossError as error:  # of the library: the rest of the page is there all the same
            home = fill("empty.html", said=line_of(error, lang))
        return fill(
            "shell.html",
            say=say,
            home=home,
            app={
                "key": session.key,
                "lang": lang,
                "say": said,
                "views": names,
                "katex": ADDRESS,
            },
            source_url=self.source_url,
        )


class FirstPage:
    """What is around an application: its page at the root gets the shell, all else passes."""

    def __init__(self, app: "ASGIApp", shell: Shell) -> None:
        self._app = app
        self._shell = shell
        self._head = f"<script>{script('gloss.js')}</script><style>{_styles()}</style>".encode()
        reader = script("reader.js", "marks.js", "notes.js", "tools.js")
        self._scripts = (
            f"<script>{script('app.js', 'quoted.js', 'related.js')}"
            f"(() => {{{reader}}})();</script>".encode()
        )

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in ("", "/"):
            await self._app(scope, receive, send)
            return
        from anyio import to_thread

        headers = dict(scope["headers"])
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        lang = _language(asked, headers.get(b"accept-language", b""))
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
            body = b"".join(parts)
            if _is_page(start[0]):
                at_home = not any(asked.get(name) for name in ELSEWHERE)
                body = await to_thread.run_sync(self._around, body, lang, at_home)
            kept = [pair for pair in start[0]["headers"] if pair[0].lower() != b"content-length"]
            if len(body) > _SMALL and b"gzip" in headers.get(b"accept-encoding", b""):
                body = await to_thread.run_sync(gzip.compress, body, 5)
                kept += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
            length = (b"content-length", str(len(body)).encode())
            await send({**start[0], "headers": [*kept, length]})
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": plain}, receive, hold)

    def _around(self, page: bytes, lang: Language, at_home: bool) -> bytes:
        tag = b"zh-CN" if lang == "zh" else b"en"
        page = re.sub(rb'(<html\s+lang=)"en"', rb'\1"' + tag + rb'"', page, count=1)
        page = page.replace(b"<head>", b"<head>" + self._head, 1).replace(_TITLED, b"", 1)
        page = _STARTS.sub(rb'<link rel="gradio" href="\1">', page, count=1)
        before = self._shell.before(lang).encode()
        after = self._shell.after(lang, at_home).encode() + self._scripts
        page = page.replace(b"<gradio-app", before + b"<gradio-app", 1)
        return page.replace(b"</gradio-app>", b"</gradio-app>" + after, 1)


def _styles() -> str:
    return style("gloss.css", "app.css", "reader.css")


def _is_page(start: "Message") -> bool:
    types = [value for name, value in start["headers"] if name.lower() == b"content-type"]
    return start["status"] == 200 and any(value.startswith(b"text/html") for value in types)


def _language(asked: Mapping[str, Sequence[str]], accepted: bytes) -> Language:
    """As ``language_of`` has it for an event."""
    wish = asked.get("lang", [""])[0]
    known = next((lang for lang in texts() if lang == wish), None)
    return known or preferred(accepted.decode("latin-1"))
