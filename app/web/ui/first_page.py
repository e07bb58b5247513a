"""Our page at the root: the first screen, searches and the reader, in the visitor's language.

It has nothing of Gradio's, which takes seconds to import: our script asks for Gradio's page
(``GRADIO_PAGE``) and puts its parts into ours once the browser has nothing else to do, or something
of it is asked for. Gradio 6.31 chooses the language of its labels by the browser's, which
``gloss.js`` sets before.
"""

import gzip
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
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

# What an address names if it does not lead to the first screen.
ELSEWHERE = ("q", "paper", "view")
GRADIO_PAGE = "/gradio"
_SMALL = 1000  # bytes that are not worth compressing


@dataclass(frozen=True, slots=True)
class View:
    """A tab of Gradio's: its id, and the key of its name in ``texts.yaml``."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Shell:
    """What the page has: its texts, the first screen, what the scripts are to know."""

    sessions: Sessions
    views: Sequence[View] = ()
    source_url: str = ""

    def before(self, lang: Language) -> str:
        """What is at its top: the name, the box, the navigation."""
        say = texts()[lang]
        other: Language = "en" if lang == "zh" else "zh"
        views = [(one.id, say[one.text]) for one in self.views if one.id != "add"]
        return fill("top.html", say=say, lang=lang, other=other, views=views)

    def after(self, lang: Language, at_home: bool) -> str:
        """What is below: the screens, and what the scripts are to say."""
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
                "gradio": GRADIO_PAGE.removeprefix("/"),
            },
            source_url=self.source_url,
        )


class FirstPage:
    """Answers with the page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._head = (
            f"<script>{script('gloss.js')}</script>"
            f"<style>{style('gloss.css', 'app.css', 'reader.css')}</style>"
        )
        reader = script("reader.js", "marks.js", "notes.js", "tools.js")
        screens = script("app.js", "formulas.js", "quoted.js", "related.js")
        self._scripts = f"<script>{screens}(() => {{{reader}}})();</script>"

    def route(self) -> "Route":
        """``GET /``."""
        from starlette.routing import Route

        return Route("/", self.answer)

    def answer(self, request: "Request") -> "Response":
        """The page, compressed for a browser that takes that."""
        from starlette.responses import HTMLResponse

        asked = parse_qs(request.url.query)
        lang = _language(asked, request.headers.get("accept-language", ""))
        at_home = not any(asked.get(name) for name in ELSEWHERE)
        page = self._page(lang, at_home).encode()
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language"}
        if len(page) > _SMALL and "gzip" in request.headers.get("accept-encoding", ""):
            page = gzip.compress(page, 5)
            headers["Content-Encoding"] = "gzip"
        return HTMLResponse(page, headers=headers)

    def _page(self, lang: Language, at_home: bool) -> str:
        tag = "zh-CN" if lang == "zh" else "en"
        return (
            f'<!doctype html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            # Without an icon the browser would ask for one, of Gradio.
            f'<title>gloss</title>\n<link rel="icon" href="data:,">\n'
            f"{self._head}\n</head>\n<body>\n"
            f"{self._shell.before(lang)}\n{self._shell.after(lang, at_home)}\n"
            f"{self._scripts}\n</body>\n</html>\n"
        )


def _language(asked: Mapping[str, Sequence[str]], accepted: str) -> Language:
    """As ``language_of`` has it for an event."""
    wish = asked.get("lang", [""])[0]
    known = next((lang for lang in texts() if lang == wish), None)
    return known or preferred(accepted)
