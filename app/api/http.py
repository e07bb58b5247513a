"""The HTTP API: what programs may ask, as JSON, described by OpenAPI, with a page to read it.

FastAPI because it checks what comes and what goes against the shapes, and describes both. It is an
application of its own, so that its errors have its shape and those of the web UI beside it have
theirs. Nothing of a request reaches the file system but as an id that the library looks up.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema
from starlette.routing import Mount

from app.api import service as programs
from app.api.errors import answer_errors
from app.api.failures import TooBusy, WriterNotOffered
from app.api.page import api_page
from app.api.parameters import OnePaper, PaperId, Question, Since, errors
from app.api.schemas import Health
from app.api.service import (
    COMPARED,
    COMPARED_LEAST,
    COMPARED_MOST,
    HITS,
    HITS_MOST,
    ID_MOST,
    LIST_MOST,
    PAGE_MOST,
    QUERY_MOST,
    QUESTIONS_MOST,
    RELATED,
    RELATED_MOST,
    SCALE,
    SCALE_LEAST,
    SCALE_MOST,
    SENTENCES_MOST,
    RateLimiter,
    unlimited,
)
from app.api.tables import table_answer
from app.digest import Language, WriterName
from app.documents.comparisons import PapersCompared, RelatedFound
from app.documents.digests import DigestShape
from app.documents.found import AnswerFound, SearchFound
from app.documents.papers import PaperList, PaperShown
from app.show.figures import Pictures, all_within
from app.show.workbook import MEDIA_TYPE
from index import __version__
from index.config import Settings
from index.notes import TAG_MOST
from index.paper import Role

if TYPE_CHECKING:
    from index.library import Library, Papers

PREFIX = "/api"
DESCRIPTION = (
    "Search research papers by meaning and by words, ask them, and read digests in which every "
    "sentence cites the exact words on the page. All answers are JSON but for page images and "
    "digests as Markdown or HTML; all errors have one shape."
)
PICTURE_SECONDS = 600  # that a picture may be kept without asking; then its tag is compared
WAIT_SECONDS = 30.0  # after which a language model may be free again

# What a page of a digest may do in a browser: show itself.
_STILL = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
}


def mounted(app: FastAPI) -> Mount:
    """The API at ``PREFIX``, whatever the address: Starlette's own would pass by line breaks."""
    mount = Mount(PREFIX, app)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def api(
    library: Papers,
    settings: Settings,
    rate_limiter: RateLimiter = unlimited,
    drawn: Pictures | None = None,
    own: Library | None = None,
) -> FastAPI:
    """The API of a library, for ``mounted``.

    ``own`` is the library again where who asks is its reader: then notes are offered, too.

    ``rate_limiter`` is called before a digest is written for a visitor. ``drawn``
    has pictures that were drawn before.
    """
    pictures = drawn or Pictures()
    app = FastAPI(
        title="gloss",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    answer_errors(app, f"{PREFIX}/docs")
    writing = threading.Lock()  # one digest by a language model at a time

    @app.get("/search", response_model=SearchFound, responses=errors(404, 422, 503))
    def search(
        q: Question,
        among: Annotated[
            programs.Among,
            Query(alias="in", description="What to search: passages, or sentences of digests."),
        ] = "passages",
        k: Annotated[int, Query(ge=1, le=HITS_MOST, description="How many hits.")] = HITS,
        paper: OnePaper = None,
        role: Annotated[
            Role | SkipJsonSchema[None],
            Query(description="Only in sections of this role; does not apply to digests."),
        ] = None,
        since: Annotated[
            Since | SkipJsonSchema[None],
            Query(
                description="Only papers of this date or later: a day, a month or a year.",
                examples=["2024-07-05", "2024-07", "2024"],
            ),
        ] = None,
        until: Annotated[
            Since | SkipJsonSchema[None],
            Query(description="Only papers of this date or earlier; a month or a year in whole."),
        ] = None,
        category: Annotated[
            str,
            Query(
                max_length=programs.CATEGORY_MOST,
                description="Only papers of an arXiv category that contains this.",
                examples=["cs.CL"],
            ),
        ] = "",
    ) -> Any:
        """Find passages of papers, or sentences of digests, by meaning and by words.

        On one's own server `notes` has the reader's own notes with the words of the query.
        """
        return programs.search(
            library, q, among, k, paper or "", role or "", since or "", until or "", category, own
        )

    @app.get("/ask", response_model=AnswerFound, responses=errors(404, 422, 503))
    def ask(
        q: Question,
        paper: OnePaper = None,
        k: Annotated[
            int, Query(ge=1, le=SENTENCES_MOST, description="How many sentences at most.")
        ] = SENTENCES_MOST,
    ) -> Any:
        """Answer a question by sentences of the papers, quoted, or say that they do not."""
        return programs.ask(library, q, paper or "", k)

    @app.get(
        "/compare",
        response_model=PapersCompared,
        responses={
            200: {"content": {"text/markdown": {}, "text/csv": {}, MEDIA_TYPE: {}}},
            **errors(404, 422, 429, 503),
        },
    )
    def compare(
        request: Request,
        paper: Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=ID_MOST)]],
            Query(
                default_factory=list,
                max_length=COMPARED_MOST,
                description="A paper's id; give it for each. Two to twenty papers in all.",
                examples=[["1706.03762", "2407.03300"]],
            ),
        ],
        ask: Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=QUERY_MOST)]],
            Query(
                default_factory=list,
                max_length=QUESTIONS_MOST,
                description="A question for each paper, which adds a column.",
                examples=[["What hardware was used?"]],
            ),
        ],
        search: Annotated[
            str,
            Query(max_length=QUERY_MOST, description="Further papers: those that this finds."),
        ] = "",
        day: Annotated[
            Since | SkipJsonSchema[None],
            Query(
                description="Further papers: those of a day, a month or a year.",
                examples=["2024-07-05", "2024-07"],
            ),
        ] = None,
        k: Annotated[
            int,
            Query(
                ge=COMPARED_LEAST,
                le=COMPARED_MOST,
                description="How many papers of `search`, `day` or `tag` at most.",
            ),
        ] = COMPARED,
        tag: Annotated[
            str,
            Query(
                max_length=TAG_MOST,
                description="Further papers: those that are tagged so, on one's own server.",
            ),
        ] = "",
        form: Annotated[
            Literal["json", "md", "csv", "xlsx"],
            Query(alias="format", description="How it is written."),
        ] = "json",
    ) -> Any:
        """Papers side by side: task, data, method, main result, limits and code, quoted."""
        limit = partial(programs.limit_compare, rate_limiter, request)
        compared = programs.compare(library, paper, ask, search, day or "", k, tag, own, limit)
        if form == "json":
            return compared.document()
        return table_answer(compared.table, form)

    @app.get("/papers", response_model=PaperList, responses=errors(422, 503))
    def papers(
        limit: Annotated[
            int, Query(ge=0, le=LIST_MOST, description="How many papers at most; 0 for all.")
        ] = 0,
        offset: Annotated[
            int, Query(ge=0, le=LIST_MOST, description="How many of the first to leave out.")
        ] = 0,
    ) -> Any:
        """List the papers of the library with their states."""
        return programs.papers(library, limit, offset)

    @app.get(
        "/papers/{paper_id:path}/digest",
        response_model=DigestShape,
        responses={
            200: {"content": {"text/markdown": {}, "text/html": {}}},
            **errors(403, 404, 409, 422, 429, 503),
        },
    )
    def digest(
        request: Request,
        paper_id: PaperId,
        lang: Annotated[
            Language, Query(description="The headings' language, and that of worded sentences.")
        ] = "en",
        form: Annotated[
            Literal["json", "md", "html"], Query(alias="format", description="How it is written.")
        ] = "json",
        writer: Annotated[
            WriterName,
            Query(
                description="Who words it: `extractive` quotes the paper, and answers within "
                "seconds. `local` and `endpoint` ask a language model, for minutes, and are there "
                "only where the server is set so.",
            ),
        ] = "extractive",
    ) -> Any:
        """A paper's digest: every sentence with the exact words that it rests on."""
        from app.show.html import formulas_within, to_html
        from app.show.markdown import to_markdown

        if writer == "extractive":
            programs.limit_digest(rate_limiter, request, library, paper_id, lang)
        else:
            rate_limiter(request)
        if writer == "extractive" and form == "json":
            return programs.digest(library, paper_id, lang)
        from app.write import write_digest

        with _writer(settings, writer, writing) as by:
            written = write_digest(library, paper_id, lang=lang, writer=by)
        if form == "json":
            return DigestShape.of(written)
        if form == "md":
            return Response(to_markdown(written), media_type="text/markdown; charset=utf-8")
        around = all_within(library, written, pictures)
        policy = f"default-src 'none'; {formulas_within(around).policy}; img-src data:"
        headers = {**_STILL, "Content-Security-Policy": policy}
        return HTMLResponse(to_html(written, around), headers=headers)

    @app.get(
        "/papers/{paper_id:path}/related",
        response_model=RelatedFound,
        responses=errors(404, 409, 422, 429, 503),
    )
    def related(
        request: Request,
        paper_id: PaperId,
        k: Annotated[int, Query(ge=1, le=RELATED_MOST, description="How many at most.")] = RELATED,
    ) -> Any:
        """The papers nearest to one, with the two sentences that are most alike."""
        programs.limit_digest(rate_limiter, request, library, paper_id)
        return programs.related(library, paper_id, k)

    @app.get(
        "/papers/{paper_id:path}/pages/{page}.png",
        response_class=Response,
        responses={
            200: {"content": {"image/png": {}}, "description": "The page."},
            304: {"description": "The picture is the one whose tag was sent."},
            **errors(404, 422, 503),
        },
    )
    def page_image(
        request: Request,
        paper_id: PaperId,
        page: Annotated[int, Path(ge=1, le=PAGE_MOST, description="The page, from 1.")],
        scale: Annotated[
            float,
            Query(
                ge=SCALE_LEAST,
                le=SCALE_MOST,
                allow_inf_nan=False,
                description="Pixels a PDF point (1/72 inch): 2 is 144 dots per inch.",
            ),
        ] = SCALE,
        passage: Annotated[
            str | SkipJsonSchema[None],
            Query(max_length=ID_MOST, description="Mark what the page has of this passage."),
        ] = None,
    ) -> Any:
        """A page of a paper as a picture, with a passage marked."""
        picture = programs.page_picture(library, paper_id, page, scale, passage or "")
        tag = f'"{picture.tag}"'
        headers = {
            "ETag": tag,
            "Cache-Control": f"private, max-age={PICTURE_SECONDS}",
            "X-Content-Type-Options": "nosniff",
        }
        if tag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(picture.draw(library, pictures), media_type="image/png", headers=headers)

    @app.get(
        "/papers/{paper_id:path}",
        response_model=PaperShown,
        responses=errors(404, 422, 503),
    )
    def paper(paper_id: PaperId) -> Any:
        """A paper as it was understood: title, authors, abstract, sections, figures."""
        return programs.show(library, paper_id)

    @app.get("/health", response_model=Health, responses=errors(503))
    def health() -> Any:
        """That the server answers, and how many papers it can search."""
        return Health(status="ok", version=app.version, papers=library.count())

    if own is not None:
        from app.api.notes import add_note_routes

        add_note_routes(app, own)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(api_page(app.openapi(), PREFIX), headers=_STILL)

    @app.get("/", include_in_schema=False)
    def root() -> Response:
        return Response(status_code=307, headers={"Location": f"{PREFIX}/docs"})

    return app


@contextmanager
def _writer(settings: Settings, name: WriterName, writing: threading.Lock) -> Iterator[Any]:
    """The writer, where it is offered; one language model at a time.

    Raises ``WriterNotOffered``, ``TooBusy``, and what ``open_writer`` raises.
    """
    from app.wording.writers import open_writer

    offered = tuple(dict.fromkeys(("extractive", settings.writer)))
    if name not in offered:
        raise WriterNotOffered(name, offered)
    if name == "extractive":
        with open_writer(settings, name) as by:
            yield by
        return
    if not writing.acquire(blocking=False):
        raise TooBusy("the language model is writing another digest", WAIT_SECONDS)
    try:
        with open_writer(settings, name) as by:
            yield by
    finally:
        writing.release()


def _tags(header: str) -> list[str]:
    """The tags of ``If-None-Match``; weak ones count, since the bytes are not asked for."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
