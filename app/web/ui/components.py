"""The components of the tabs, and Gradio itself with its telemetry off."""

# No `from __future__ import annotations` in app.web.ui: Gradio reads the annotations of handlers.

import inspect
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.api.tools import without_iri_parser
from app.digest import Language
from app.web.errors import line_of
from app.web.texts import preferred, texts
from index.errors import GlossError

PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # of handlers: programs use app.api.http
# Of handlers that take the processor for seconds or more: one at a time over all visitors, so that
# searches find it free meanwhile. All others run four at a time.
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "costly"}


def load_gradio() -> Any:
    """The ``gradio`` module; its files of a session are in a folder of our own."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir(), "gloss-ui")))
    if "gradio" in sys.modules:
        return sys.modules["gradio"]
    without_iri_parser()  # Gradio imports mcp
    with _no_stubs():
        import gradio

    return gradio


@contextmanager
def _no_stubs() -> Iterator[None]:
    """Gradio parses and writes a stub (.pyi) for each component it imports: a quarter of its start.

    It writes none for a class whose file it is not told (``gradio.component_meta``, 6.31).
    """
    real = inspect.getfile

    def getfile(thing: Any) -> str:
        if type(thing).__name__ == "ComponentMeta":
            raise OSError
        return real(thing)

    inspect.getfile = getfile  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = real


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
            escape(line_of(error, lang)), title=texts()[lang]["error_title"], print_exception=False
        ) from error
