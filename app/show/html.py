"""HTML from the templates: every value is escaped by Jinja and loses its controls."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from app.digest import Digest
from app.show.text import find_addresses, query_words, web_address, without_controls
from app.show.views import view
from app.show.words import WORDS

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app.show"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["marked"] = _marked
    environment.filters["web"] = web_address
    return environment


def _finalized(value: object) -> object:
    """What a template is about to write, without characters that hide or reorder text."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return Markup(without_controls(value))
    return without_controls(value) if isinstance(value, str) else value


def fill(template: str, **values: object) -> str:
    """A template of ``app/show/templates`` filled in; every value is escaped and loses its
    controls."""
    return _environment().get_template(template).render(words=WORDS, **values)


def style(name: str = "gloss.css") -> str:
    """A style sheet of ``app/show/templates``; the default is that of a digest."""
    return template_source(name)


def script() -> str:
    """The script of the web UI, for its head."""
    return template_source("gloss.js")


def template_source(name: str) -> str:
    """A file of ``app/show/templates`` as it is: a style sheet, a script."""
    return _environment().loader.get_source(_environment(), name)[0]  # type: ignore[union-attr]


def _linked(text: str) -> Markup:
    """``text`` escaped, with the addresses in it as links."""
    from markupsafe import Markup, escape

    parts, end = [Markup()], 0
    for start, address in find_addresses(text):
        link = Markup('<a href="{0}" rel="noopener nofollow" target="_blank">{0}</a>')
        parts += [escape(text[end:start]), link.format(address)]
        end = start + len(address)
    return Markup().join([*parts, escape(text[end:])])


def _marked(text: str, query: str) -> Markup:
    """``text`` escaped, with the words of ``query`` marked."""
    from markupsafe import Markup, escape

    text = without_controls(text)  # which would stand between the letters of a word
    pattern = query_words(query)
    if pattern is None:
        return escape(text)
    parts, end = [Markup()], 0
    for found in pattern.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<mark>{}</mark>").format(found[0])]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])


def to_html(digest: Digest, figures: Mapping[str, bytes] | None = None) -> str:
    """A page that stands alone: no scripts, no requests, for any screen, by day and by night.

    ``figures`` are PNG images by the name of the sentence that quotes the caption: "figures.2".
    """
    images = {
        name: f"data:image/png;base64,{b64encode(image).decode()}"
        for name, image in (figures or {}).items()
    }
    return fill("digest.html", seen=view(digest), style=style(), images=images)
