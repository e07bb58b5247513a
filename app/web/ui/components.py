"""The components of the tabs, and Gradio itself with its telemetry off."""

# No `from __future__ import annotations` in app.web.ui: Gradio reads the annotations of handlers.

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.digest import Language
from app.show.text import plain
from app.web.session import HitPlace, Session
from app.web.texts import preferred, texts
from index.errors import GlossError

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # of handlers: programs use app.api.http
# Of handlers that take the processor for seconds or more: one at a time over all visitors, so that
# searches find it free meanwhile. All others run four at a time.
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "costly"}

# A list of things to choose: click, Enter or Space; `pick` is the number of the one. A link with
# `data-open` opens a paper here, unless the browser was asked for another tab or window.
CHOOSE = """
const choose = (target) => {
  const chosen = target.closest('[data-pick]');
  if (!chosen || target.closest('a')) return;
  element.querySelectorAll('.picked').forEach((one) => one.classList.remove('picked'));
  element.querySelectorAll('[aria-current]').forEach((one) => one.removeAttribute('aria-current'));
  chosen.classList.add('picked');
  (chosen.querySelector('.pick') || chosen).setAttribute('aria-current', 'true');
  trigger('click', {pick: Number(chosen.dataset.pick)});
  if (window.innerWidth < 768) {  // there the page stands below the list
    const place = element.closest('#hits') ? 'hit-line' : 'place-line';
    setTimeout(() => gloss.scrollTo(place), 600);
  }
};
element.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-open]');
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    trigger('input', {open: link.dataset.open});
  }
  choose(event.target);
});
element.addEventListener('keydown', (event) => {
  if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('[data-pick]')) {
    event.preventDefault();
    choose(event.target);
  }
});
"""

# The tour: `step` is one of its questions; the one that opens a paper does so as a link would.
TOUR = """
element.addEventListener('click', (event) => {
  const step = event.target.closest('[data-step]');
  if (!step) return;
  gloss.use(step.dataset.step);
  if (step.dataset.open) trigger('input', {open: step.dataset.open});
  else trigger('select', {step: step.dataset.step});
});
new MutationObserver(gloss.tour).observe(element, {childList: true, subtree: true});
gloss.tour();
"""

# What changes here is read out.
ANNOUNCE = "element.setAttribute('role', 'status');"

LAYOUT = """
/* Gradio says by a class whether it is dark. */
:root { color-scheme: light; }
:root:has(.dark), .dark { color-scheme: dark; }
.gloss-place { position: sticky; top: 1rem; align-self: flex-start; }
.gloss-ask { align-items: flex-end; }
.dark #tabs [role=tab].selected { color: var(--gloss-link); }
.gloss-found { gap: .2rem; }
.gloss-found .html-container { padding-block: 0 !important; }
/* Where there is something to read, the tour makes room for it. */
.gloss-found:has(.hit) .tour h2, .gloss-found:has(.hit) .tour .detail { display: none; }
.gloss-found:has(.hit) .tour button { padding: .3rem .6rem; font-size: .9em; }
#among, #map-by { min-height: 4.6rem; }
#hits { transition: opacity .15s .2s; }
#hits.waiting { opacity: .45; }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after {
    animation-duration: .01ms !important; animation-iteration-count: 1 !important;
    transition-duration: .01ms !important; scroll-behavior: auto !important;
  }
}
"""


def load_gradio() -> Any:
    """The ``gradio`` module; its files of a session are in a folder of our own."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir(), "gloss-ui")))
    import gradio

    return gradio


@cache
def labels() -> Any:
    """``gr.I18n`` of our texts: called with a key, a text in the language of the browser."""
    return load_gradio().I18n(**{str(lang): dict(said) for lang, said in texts().items()})


def language_of(request: Any) -> Language:
    """The language of a session's ``gr.Request``: ``?lang=`` of the address, or the browser's."""
    asked = request.query_params.get("lang")
    known = next((lang for lang in texts() if lang == asked), None)
    return known or preferred(request.headers.get("accept-language"))


def html(element: str, script: str | None = None, value: str | None = None) -> Any:
    """A place for HTML of our templates, with their style sheet only."""
    return load_gradio().HTML(
        value,
        elem_id=element,
        js_on_load=script,
        apply_default_css=False,
    )


def page_image(element: str) -> Any:
    """A place for a page's picture, hidden until there is one."""
    return load_gradio().Image(
        type="pil",
        format="png",
        interactive=False,
        visible=False,
        show_label=False,
        buttons=["fullscreen"],
        elem_id=element,
        label=labels()("page_label"),
    )


def no_page() -> Any:
    """The update that hides a page's picture."""
    return load_gradio().update(value=None, visible=False)


def chosen_place(
    session: Session, places: list[HitPlace], event: Any, lang: Language = "en"
) -> Any:
    """The picture and the line of the place that an event of ``CHOOSE`` picked."""
    number = event_value(event, "pick")
    if not isinstance(number, int) or not 0 <= number < len(places):
        return load_gradio().skip()
    with as_gradio_error(lang):
        return shown_place(session, places[number], lang)


def shown_place(session: Session, place: HitPlace, lang: Language) -> tuple[Any, str]:
    """The update that shows the page of a place, and the line above it."""
    image, line = session.show(place, lang)
    alt = ""
    if place.boxes:
        title = plain(place.title) or place.paper_id
        alt = texts()[lang]["page_alt"].format(page=place.boxes[0].page, title=title)
    update = load_gradio().update(value=image, visible=image is not None, alt_text=alt)
    return update, line


def event_value(event: Any, name: str) -> Any:
    """A value that our script sent in an event; it comes from a browser, so it may be anything."""
    return event._data.get(name) if isinstance(event._data, dict) else None


@contextmanager
def as_gradio_error(lang: Language = "en") -> Iterator[None]:
    """Show a person's error as a note in the page; anything else is a bug and is logged."""
    try:
        yield
    except GlossError as error:
        from gradio import Error

        # Error shows its message as HTML.
        raise Error(
            escape(plain(str(error))), title=texts()[lang]["error_title"], print_exception=False
        ) from error
