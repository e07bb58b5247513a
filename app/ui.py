"""The web UI, in Gradio: it serves a working UI from Python alone, here and on Hugging Face Spaces.

No logic lives here: ``Desk`` asks the library, the writer and the templates, and ``build`` lays out
components that call it. ``gr.HTML`` shows what it is given, so all HTML comes from ``app.render``,
which escapes every text of a paper.
"""

# No `from __future__ import annotations`: Gradio reads the annotations of handlers.

import io
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from app.digest import Language
from app.render import fill, found_claim_view, plain, sources, style, to_html_fragment
from index.config import Settings
from index.errors import GlossError, NoDigests
from index.paper import ROLES, Box, ClaimHit, Hit, SearchFilter, Span
from index.sources import SUFFIXES

if TYPE_CHECKING:
    import gradio
    from PIL.Image import Image

    from app.ask import Sentence
    from index.library import Library

TITLE = "gloss"
EXPLANATION = (
    "Search research papers by meaning, and read digests in which every sentence "
    "can be checked against the words on the page: choose a sentence to see its place."
)
EXAMPLES = (
    "how is attention computed",
    "what are the limits of the method",
    "which data sets were used",
)
PASSAGES, DIGESTS, ASK = "passages", "digests", "ask"  # what is searched, or asked
HITS = 10
UPLOAD_LIMIT = "50mb"
PAGE_SCALE = 2.0  # pixels per point: a column of a paper is readable on a laptop
TEMPORARY_SECONDS = 3600  # uploads and page images older than this are deleted
CONTEXT = 400  # characters shown on each side of a place in a paper without pages

_CHOOSE = """
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

_COLOURS = """
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


class AddressInUse(GlossError):
    """The address to listen on is taken, or is none of this machine's."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {why}; give another --port or --host")
        self.host = host
        self.port = port


class NothingToSearch(GlossError):
    """No digest is there to be searched. Who has only the UI cannot run a command to change it."""

    def __init__(self, paper_id: str) -> None:
        of_it = f" of {paper_id}" if paper_id else ""
        super().__init__(f"no digest{of_it} yet: choose a paper under Paper, which writes its own")


class NotAdded(GlossError):
    """An uploaded file did not become a paper."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a paper: which words, and where they are on its pages."""

    paper_id: str
    title: str
    where: str
    span: Span
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Desk:
    """What the components call."""

    library: "Library"

    def search(
        self, query: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The hits as HTML, and their places in the same order."""
        hits = self.library.search(query, HITS, _filter(paper_id, role, since))
        return fill("hits.html", hits=hits, query=query), [_place_of_hit(hit) for hit in hits]

    def search_digests(
        self, query: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The sentences of digests that were found, as HTML, and their places in the same order."""
        wanted = _filter(paper_id, role, since)
        try:
            hits = self.library.search_claims(query, HITS, wanted)
        except NoDigests as error:
            if error.unsearchable:
                raise
            raise NothingToSearch(error.paper_id) from error
        views = [(found_claim_view(hit), hit.found_by) for hit in hits]
        return fill("claims.html", hits=views, query=query), [_place_of_claim(hit) for hit in hits]

    def ask(
        self, question: str, paper_id: str | None, role: str | None, since: str | None
    ) -> tuple[str, list[Place]]:
        """The answer as HTML, and the places of its sentences, or else of the nearest passages.

        A question is asked of whole papers of any date: ``role`` and ``since`` do not count.
        """
        from app.ask import ask

        answer = ask(self.library, question, paper_id or None)
        shown = fill(
            "answer.html",
            sources=sources(answer),
            found=answer.found,
            hits=answer.nearest,
            query=question,
        )
        if not answer.found:
            return shown, [_place_of_hit(hit) for hit in answer.nearest]
        return shown, [_place_of_sentence(one) for one in answer.sentences]

    def add(self, path: Path, progress: Callable[[float, str], None]) -> str:
        """Put an uploaded file into the library; its paper's id. Raises ``NotAdded``."""
        from index.sources import find_sources

        sources = find_sources([path])
        if sources.errors:
            raise NotAdded(sources.errors[0].why)
        added = self.library.add(sources.found[0], progress=_in_words(progress))
        if added.status != "ok":
            raise NotAdded(f"{path.name}: {added.status}: {added.reason}")
        return added.paper_id

    def digest(self, paper_id: str | None, lang: Language) -> tuple[str, list[Place]]:
        """A paper's digest as HTML, and the place of each of its sentences."""
        from app.write import write_digest

        if not paper_id:
            return "", []
        digest = write_digest(self.library, paper_id, lang=lang)
        places = [
            Place(
                paper_id, digest.paper.title, "", claim.citations[0].span, claim.citations[0].boxes
            )
            for claim in digest.claims
        ]
        return to_html_fragment(digest), places

    def show(self, place: Place) -> tuple["Image | None", str]:
        """The page with the place marked, and a line on it; or the text around the place."""
        if place.boxes:
            page = place.boxes[0].page
            boxes = [box for box in place.boxes if box.page == page]
            image = _image(self.library.page_image(place.paper_id, page, boxes, PAGE_SCALE))
            return image, fill("place.html", place=place, pages=_pages(place.boxes), around=None)
        text = self.library.paper(place.paper_id).text
        start, end = place.span.start, place.span.end
        around = text[max(start - CONTEXT, 0) : start], text[start:end], text[end : end + CONTEXT]
        return None, fill("place.html", place=place, pages="", around=around)

    def papers(self) -> str:
        """All papers with their states, as HTML."""
        return fill("papers.html", rows=self.library.papers())

    def choices(self) -> list[tuple[str, str]]:
        """The papers that can be read: what is shown, and the id."""
        rows = [row for row in self.library.papers() if row.status == "ok"]
        return sorted((plain(f"{row.title or row.id} ({row.id})"), row.id) for row in rows)


# What the library is doing, and how much of an add is behind it then (embedding takes longest).
STAGES = {
    "read": ("reading", 0.05),
    "split": ("splitting", 0.3),
    "embed": ("embedding", 0.35),
    "store": ("storing", 0.9),
}


def _in_words(progress: Callable[[float, str], None]) -> Callable[[str], None]:
    def tell(stage: str) -> None:
        words, part = STAGES.get(stage, (stage, 0.0))
        progress(part, words)

    return tell


def _place_of_hit(hit: Hit) -> Place:
    passage = hit.passage
    return Place(passage.paper_id, hit.title, passage.section, passage.span, hit.boxes)


def _place_of_sentence(sentence: "Sentence") -> Place:
    first = sentence.claim.citations[0]
    return Place(sentence.paper_id, sentence.title, sentence.section, first.span, first.boxes)


def _place_of_claim(hit: ClaimHit) -> Place:
    first = hit.claim.citations[0]
    part = found_claim_view(hit).part
    return Place(hit.claim.paper_id, hit.title, part, first.span, first.boxes)


def _filter(paper_id: str | None, role: str | None, since: str | None) -> SearchFilter:
    return SearchFilter(
        paper_id=paper_id or None,
        role=next((one for one in ROLES if one == role), None),
        since=_date(since),
    )


def _date(text: str | None) -> str | None:
    from app.cli import iso_date

    return iso_date(text) if text and text.strip() else None


def _pages(boxes: Sequence[Box]) -> str:
    first, last = boxes[0].page, boxes[-1].page
    return str(first) if first == last else f"{first} and {last}"


def _image(data: bytes) -> "Image":
    from PIL import Image

    return Image.open(io.BytesIO(data))


def build(library: "Library", source_url: str = "") -> "gradio.Blocks":
    """The UI over an open library; ``source_url`` is where its users find the source code."""
    gr = _gradio()
    desk = Desk(library)

    def picked(places: list[Place], event: gr.EventData) -> Any:  # type: ignore[name-defined]
        number = event._data.get("pick") if isinstance(event._data, dict) else None
        if not isinstance(number, int) or not 0 <= number < len(places):
            return gr.skip()
        with _as_gradio_error():
            image, line = desk.show(places[number])
        return gr.update(value=image, visible=image is not None), line

    def search(
        query: str, among: str, paper: str | None, role: str | None, since: str
    ) -> tuple[str, list[Place], Any, str]:
        ways = {PASSAGES: desk.search, DIGESTS: desk.search_digests, ASK: desk.ask}
        with _as_gradio_error():
            return *ways[among](query, paper, role, since), gr.update(value=None, visible=False), ""

    def search_anew(
        query: str, among: str, paper: str | None, role: str | None, since: str
    ) -> tuple[str, list[Place], Any, str]:
        if not query.strip():
            return "", [], gr.update(value=None, visible=False), ""
        return search(query, among, paper, role, since)

    def filters_that_count(among: str) -> tuple[Any, Any]:
        by_role, by_date = among == PASSAGES, among != ASK
        return (
            gr.update(interactive=True) if by_role else gr.update(value="", interactive=False),
            gr.update(interactive=True) if by_date else gr.update(value="", interactive=False),
        )

    def read(paper: str | None, lang: Language) -> tuple[str, list[Place], Any, str]:
        with _as_gradio_error():
            return *desk.digest(paper, lang), gr.update(value=None, visible=False), ""

    def add(path: str | None, progress: Any = gr.Progress()) -> Any:  # noqa: B008
        if path is None:
            return gr.skip()
        with _as_gradio_error():
            paper_id = desk.add(Path(path), lambda part, stage: progress(part, desc=stage))
        return gr.update(choices=desk.choices(), value=paper_id)

    def refresh() -> tuple[Any, Any, str]:
        choices = desk.choices()
        return (
            gr.update(choices=[("All papers", ""), *choices]),
            gr.update(choices=choices),
            desk.papers(),
        )

    with gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=(TEMPORARY_SECONDS, TEMPORARY_SECONDS),
        fill_width=True,
    ) as blocks:
        gr.Markdown(f"# {TITLE}\n{EXPLANATION}")
        with gr.Tab("Search", id="search"), gr.Row():
            with gr.Column(scale=5, min_width=320):
                query = gr.Textbox(
                    label="What are you looking for?",
                    placeholder="a question, a phrase or a few words",
                    submit_btn="Search",
                    max_lines=1,
                    max_length=1000,
                )
                among = gr.Radio(
                    [
                        ("Passages of papers", PASSAGES),
                        ("Sentences of digests", DIGESTS),
                        ("Ask: sentences that answer", ASK),
                    ],
                    value=PASSAGES,
                    label="Look in",
                    elem_id="among",
                )
                with gr.Accordion("Filters", open=False), gr.Row():
                    paper_filter = gr.Dropdown([("All papers", "")], value="", label="Paper")
                    role = gr.Dropdown(
                        [("Anywhere", ""), *((one.capitalize(), one) for one in ROLES)],
                        value="",
                        label="Part of the paper",
                    )
                    since = gr.Textbox(label="Since", placeholder="2024 or 2024-07-05", max_lines=1)
                with gr.Row(elem_classes="gloss-examples"):
                    examples = [
                        gr.Button(example, size="sm", scale=0, min_width=0) for example in EXAMPLES
                    ]
                hits = _html(gr, "hits", _CHOOSE)
            with gr.Column(scale=4, min_width=320, elem_classes="gloss-place"):
                hit_line = _html(gr, "hit-line")
                hit_image = _page_image(gr, "hit-image")
        with gr.Tab("Paper", id="paper"), gr.Row():
            with gr.Column(scale=5, min_width=320):
                with gr.Row():
                    paper = gr.Dropdown(
                        [],
                        value=None,
                        label="A paper of the library",
                        scale=3,
                        elem_id="paper-choice",
                    )
                    lang = gr.Radio(
                        [("English", "en"), ("中文", "zh")],
                        value="en",
                        label="Headings",
                        min_width=220,
                    )
                upload = gr.UploadButton(
                    "Add a paper: a PDF, a Markdown or an HTML text",
                    file_types=list(SUFFIXES),
                    size="sm",
                    elem_id="upload",
                )
                reading = _html(gr, "digest", _CHOOSE)
            with gr.Column(scale=4, min_width=320, elem_classes="gloss-place"):
                place_line = _html(gr, "place-line")
                place_image = _page_image(gr, "place-image")
        with gr.Tab("Library", id="library") as library_tab:
            table = _html(gr, "papers")
            with gr.Row():
                again = gr.Button("Refresh", size="sm", scale=0, min_width=120)
        gr.HTML(
            fill("footer.html", source_url=source_url), elem_id="footer", apply_default_css=False
        )
        hit_places, claim_places = gr.State([]), gr.State([])

        found = [hits, hit_places, hit_image, hit_line]
        asked = [query, among, paper_filter, role, since]
        lists = [paper_filter, paper, table]
        private: dict[str, Any] = {"api_visibility": "private"}
        query.submit(search, asked, found, **private)
        among.input(filters_that_count, among, [role, since], **private).then(
            search_anew, asked, found, **private
        )
        for button in examples:
            button.click(lambda text: text, button, query, **private).then(
                search, asked, found, **private
            )
        hits.click(picked, hit_places, [hit_image, hit_line], **private)
        upload.upload(add, upload, paper, show_progress_on=reading, **private).success(
            refresh, None, lists, **private
        )
        gr.on(
            [paper.change, lang.change],
            read,
            [paper, lang],
            [reading, claim_places, place_image, place_line],
            **private,
        )
        reading.click(picked, claim_places, [place_image, place_line], **private)
        gr.on([blocks.load, library_tab.select, again.click], refresh, None, lists, **private)
    return cast("gradio.Blocks", blocks)


def _html(gr: Any, element: str, script: str | None = None) -> Any:
    """A place for HTML of our templates, with their style sheet only."""
    return gr.HTML(
        elem_id=element,
        js_on_load=script,
        apply_default_css=False,
        min_height=60 if script else None,
    )


def _page_image(gr: Any, element: str) -> Any:
    return gr.Image(
        type="pil",
        format="png",
        interactive=False,
        visible=False,
        show_label=False,
        buttons=["fullscreen"],
        elem_id=element,
        alt_text="The page, with the place marked",
    )


@contextmanager
def _as_gradio_error() -> Iterator[None]:
    """Show a person's error as a note in the page; anything else is a bug and is logged."""
    try:
        yield
    except GlossError as error:
        from gradio import Error

        # Error shows its message as HTML.
        raise Error(_escaped(plain(str(error))), print_exception=False) from error


def _escaped(text: str) -> str:
    from html import escape

    return escape(text)


def _gradio() -> Any:
    """Gradio, told not to phone home."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir(), "gloss-ui")))
    import gradio

    return gradio


def launch(blocks: "gradio.Blocks", host: str, port: int) -> str:
    """Start serving in a thread and return the address. Raises ``AddressInUse``."""
    gr = _gradio()
    _check_free(host, port)
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "monospace"],
    )
    blocks.queue(default_concurrency_limit=4, max_size=64)
    _, address, _ = blocks.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        show_error=True,
        max_file_size=UPLOAD_LIMIT,
        theme=theme,
        css=_COLOURS + style(),
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
    )
    return str(address)


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        raise AddressInUse(host, port, error.strerror or str(error)) from error


def serve(
    settings: Settings, host: str, port: int, *, ready: Callable[[str], object] | None = None
) -> NoReturn:
    """Serve until interrupted; the library is ours meanwhile. ``ready`` is told the address."""
    from index.library import Library

    _check_free(host, port)
    if threading.current_thread() is threading.main_thread():
        # Told to stop (systemd, a container), leave in order: end the workers, free the library.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Library.open(settings) as library:
        blocks = build(library, settings.source_url)
        address = launch(blocks, host, port)
        if ready is not None:
            ready(address)
        try:
            while True:
                threading.Event().wait(3600)
        finally:
            blocks.close(verbose=False)


def launch_space(samples: Path = Path("data")) -> NoReturn:
    """Serve on Hugging Face Spaces: a library of its own, the sample papers to begin with.

    Their digests are written, too, so that there are some to search.
    """
    from app.write import write_digest
    from index.library import Library
    from index.sources import find_sources

    settings = Settings()
    if "GLOSS_LIBRARY" not in os.environ:
        settings = settings.model_copy(update={"library": Path("demo-library")})
    with Library.open(settings) as library:
        if not library.papers():
            # By name: the folder also holds a README.
            papers = [*samples.glob("*.pdf"), samples / "choosing-passage-size.md"]
            for source in find_sources(papers).found:
                added = library.add(source)
                if added.status == "ok":
                    write_digest(library, added.paper_id)
    serve(settings, os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0"), 7860)
