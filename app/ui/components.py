"""What the tabs are made of, and Gradio itself, told not to phone home."""

# No `from __future__ import annotations` in app.ui: Gradio reads the annotations of handlers.

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.desk import Desk, Place
from app.digest import Language
from app.render import plain
from app.texts import preferred, texts
from index.errors import GlossError

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # of handlers: programs use app.api

# A list of things to choose: click, Enter or Space; `pick` is the number of the one.
CHOOSE = """
const choose = (target) => {
  const chosen = target.closest('[data-pick]');
  if (!chosen || target.closest('a')) return;
  element.querySelectorAll('.picked').forEach((one) => one.classList.remove('picked'));
  chosen.classList.add('picked');
  trigger('click', {pick: Number(chosen.dataset.pick)});
  if (window.innerWidth < 768) {  // there the page stands below the list
    const place = element.closest('#hits') ? 'hit-line' : 'place-line';
    setTimeout(() => document.getElementById(place)?.scrollIntoView({behavior: 'smooth'}), 600);
  }
};
element.addEventListener('click', (event) => choose(event.target));
element.addEventListener('keydown', (event) => {
  if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('[data-pick]')) {
    event.preventDefault();
    choose(event.target);
  }
});
"""

COLOURS = """
.gradio-container {
  --gloss-line: var(--border-color-primary); --gloss-soft: #5f6368; --gloss-link: #1a5fb4;
  --gloss-mark: #fff0a8; --gloss-hover: #eef3fa; --gloss-bad: #a51d2d;
}
.dark .gradio-container, .gradio-container.dark {
  --gloss-soft: #a8adb3; --gloss-link: #8ab4f8; --gloss-mark: #5c4a00; --gloss-hover: #24303f;
  --gloss-bad: #ff8f8f;
}
.gloss-examples { flex-wrap: wrap; }
.gloss-examples button { white-space: nowrap; flex: 0 0 auto; min-width: max-content !important; }
.gloss-place { position: sticky; top: 1rem; align-self: flex-start; }
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


def html(element: str, script: str | None = None) -> Any:
    """A place for HTML of our templates, with their style sheet only."""
    return load_gradio().HTML(
        elem_id=element,
        js_on_load=script,
        apply_default_css=False,
        min_height=60 if script else None,
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
        alt_text="The page, with the place marked",
    )


def no_page() -> Any:
    """The update that takes a page's picture away."""
    return load_gradio().update(value=None, visible=False)


def chosen_place(desk: Desk, places: list[Place], event: Any) -> Any:
    """The picture and the line of the place that an event of ``CHOOSE`` picked."""
    gr = load_gradio()
    number = event._data.get("pick") if isinstance(event._data, dict) else None
    if not isinstance(number, int) or not 0 <= number < len(places):
        return gr.skip()
    with as_gradio_error():
        image, line = desk.show(places[number])
    return gr.update(value=image, visible=image is not None), line


@contextmanager
def as_gradio_error() -> Iterator[None]:
    """Show a person's error as a note in the page; anything else is a bug and is logged."""
    try:
        yield
    except GlossError as error:
        from gradio import Error

        # Error shows its message as HTML.
        raise Error(escape(plain(str(error))), print_exception=False) from error
