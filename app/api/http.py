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
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import StringConstraints, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from app.api import service as programs
from app.api.failures import INTERNAL, Failure, TooBusy, WriterNotOffered, failure_of
from app.api.page import api_page
from app.api.schemas import ErrorAnswer, Health
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
from app.show.figures import Pictures, figure_pictures
from app.show.workbook import MEDIA_TYPE
from index import __version__
from index.config import Settings
from index.errors import GlossError
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
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
Since = Annotated[
    str,
    StringConstraints(pattern="^[0-9]{4}(-[0-9]{2}){0,2}$"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "pattern": f"^{_YEAR}-(0[1-9]|1[0-2])$"},
                {"type": "string", "pattern": f"^{_YEAR}$"},
            ]
        }
    ),
]
Question = Annotated[
    str,
    Query(
        min_length=1,
        max_length=QUERY_MOST,
        description=f"A question, a phrase or a few words; at most {QUERY_MOST} characters, at "
        "least one of them a letter or digit. Words in quotation marks must be there as they are.",
        examples=["how is attention computed"],
    ),
]
OnePaper = Annotated[
    str | SkipJsonSchema[None],
    Query(max_length=ID_MOST, description="Only in this paper.", examples=["2407.03300"]),
]
PaperId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=ID_MOST,
        description="A paper's id, with or without a version. That of an old arXiv paper has a "
        "slash, which may be written as it is or as `%2F`.",
        examples=["2407.03300", "cs/9901001"],
    ),
]

_WHY = {
    403: "This server does not offer that.",
    404: "Not in this library.",
    409: "The paper was replaced meanwhile; ask again.",
    422: "A value is missing or does not fit; the message names it.",
    429: "More than a visitor's share; `Retry-After` has the seconds to wait.",
    503: "Busy, or something that the server needs is not at hand; `Retry-After` where known.",
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorAnswer, "description": _WHY[status]} for status in statuses}


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
    _answer_errors(app)
    writing = threading.Lock()  # one digest by a language model at a time

    @app.get("/search", response_model=SearchFound, responses=_errors(404, 422, 503))
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

    @app.get("/ask", response_model=AnswerFound, responses=_errors(404, 422, 503))
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
            **_errors(404, 422, 429, 503),
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

    @app.get("/papers", response_model=PaperList, responses=_errors(422, 503))
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
            **_errors(403, 404, 409, 422, 429, 503),
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
        from app.show.html import to_html
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
        figures = figure_pictures(library, written, pictures)
        return HTMLResponse(to_html(written, figures), headers=_STILL)

    @app.get(
        "/papers/{paper_id:path}/related",
        response_model=RelatedFound,
        responses=_errors(404, 409, 422, 429, 503),
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
            **_errors(404, 422, 503),
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
        responses=_errors(404, 422, 503),
    )
    def paper(paper_id: PaperId) -> Any:
        """A paper as it was understood: title, authors, abstract, sections, figures."""
        return programs.show(library, paper_id)

    @app.get("/health", response_model=Health, responses=_errors(503))
    def health() -> Any:
        """That the server answers, and how many papers it can search."""
        return Health(status="ok", version=app.version, papers=library.count())

    if own is not None:
        from app.api.notes import add_note_routes

        add_note_routes(app, own, _errors)

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


def _answer_errors(app: FastAPI) -> None:
    """Whatever fails has one shape, and no traceback leaves the server."""

    async def failed(request: Request, error: Exception) -> Response:
        return _answer(failure_of(error))

    async def unusable(request: Request, error: Exception) -> Response:
        return _answer(Failure(422, "unusable", _unusable(cast(RequestValidationError, error))))

    async def refused(request: Request, error: Exception) -> Response:
        status = cast(HTTPException, error).status_code
        if status == 400:  # FastAPI's for bytes that are no text
            return _answer(Failure(422, "unusable", "body: it is no JSON in UTF-8"))
        kinds = {404: "no-such-address", 405: "no-such-method"}
        said = f"{request.method} {request.url.path}: {kinds.get(status, 'refused')}"
        answer = _answer(
            Failure(status, kinds.get(status, "refused"), f"{said}; see {PREFIX}/docs")
        )
        answer.headers.update(cast(HTTPException, error).headers or {})
        return answer

    async def broken(request: Request, error: Exception) -> Response:
        return _answer(Failure(500, "internal", INTERNAL))  # the server logs it

    app.add_exception_handler(GlossError, failed)
    app.add_exception_handler(RequestValidationError, unusable)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, broken)


def _answer(failure: Failure) -> JSONResponse:
    headers = {}
    if failure.retry_after is not None:
        headers["Retry-After"] = str(max(round(failure.retry_after), 1))
    said = {"error": {"kind": failure.kind, "message": failure.message}}
    return JSONResponse(said, failure.status, headers)


def _unusable(error: RequestValidationError) -> str:
    """Which values do not fit and why, on one line; what was sent is not repeated."""
    wrong = {
        str([*one["loc"], "body"][1]): one["msg"]  # after "path", "query"; a body may be no JSON
        for one in error.errors()
        if one["type"] != "none_required"  # said of what may be left out, beside what is wrong
    }
    return " ".join("; ".join(f"{name}: {why}" for name, why in wrong.items()).split())
