"""HTML from the templates: every value is escaped by Jinja and loses its controls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.controls import without_controls
from app.digest import Digest
from app.show.katex import NO_FORMULAS, Formulas, within
from app.show.text import find_addresses, plain, query_words, web_address
from app.show.views import NOTHING_AROUND, DigestView, QuoteContext, first_authors, view
from app.show.words import WORDS

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

PUBLISHED = ("formulas.js", "published.js")  # the scripts of a page with formulas that is a file


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


def style(*names: str) -> str:
    """Style sheets of ``app/show/templates``, after the colours that they share."""
    return "".join(template_source(name) for name in ("palette.css", *names))


def script(*names: str) -> str:
    """Scripts of ``app/show/templates``, one after the other."""
    return "".join(map(template_source, names))


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


@dataclass(frozen=True, slots=True)
class ArticleView:
    """A digest as HTML has it, with its place on a page and what the page adds."""

    seen: DigestView
    around: QuoteContext
    authors: str  # the first of them
    other_authors: tuple[str, ...]  # the rest of a long list
    anchor: str = ""  # the id of its element; none where the page has nothing else


def article(digest: Digest, around: QuoteContext, anchor: str = "") -> ArticleView:
    """A digest as HTML has it."""
    names = [plain(name) for name in digest.paper.authors]
    first = first_authors(names)
    return ArticleView(view(digest), around, ", ".join(first), tuple(names[len(first) :]), anchor)


def to_html(digest: Digest, around: QuoteContext = NOTHING_AROUND) -> str:
    """A page that stands alone, without requests, for any screen, by day and by night.

    It has no scripts but KaTeX, where it has formulas.
    """
    return fill(
        "digest.html",
        paper=article(digest, around),
        style=style("site.css"),
        formulas=formulas_within(around),
    )


def formulas_within(around: QuoteContext) -> Formulas:
    """What such a page needs for its formulas."""
    return within(script(*PUBLISHED)) if around.formulas else NO_FORMULAS
