"""Pages, words, marks, figures and files: what stands beside a digest, by its address."""

from __future__ import annotations

import io
import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import served_arxiv
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.digest import Digest, DigestSection
from app.show.figures import Pictures, in_few_colours
from app.web.jobs import Job, Stopped
from app.web.media import (
    figure_addresses,
    marks_of,
    page_words,
    text_blocks,
    view_router,
    written,
)
from app.web.session import STAGES, NotAdded, Session, SharedSession
from app.wording.writers import writers_at_hand
from app.write.claims import sentence_names
from app.write.saved import NoSavedDigest
from index.config import Settings
from index.errors import FetchError, SourceNotFound
from index.paper import Block, Figure
from index.spans import Box, PageSize, Span

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def session(library: Any) -> Session:
    return Session(library)


@pytest.fixture
def client(session: Session) -> TestClient:
    app = FastAPI()
    app.include_router(view_router(SharedSession(session)))
    return TestClient(app)


def test_a_page_is_drawn_once_and_kept_by_the_browser(client: TestClient, library: Any) -> None:
    address = "/view/library/2401.00001/pages/2.png?scale=1.4"
    first = client.get(address)
    assert first.status_code == 200 and first.headers["content-type"] == "image/png"
    assert "private" in first.headers["cache-control"]
    assert client.get(address).content == first.content
    assert library.shown == [("2401.00001", 2, ())]
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/view/library/2401.00001/pages/2.png?scale=3")
    assert other.headers["etag"] != first.headers["etag"] and len(library.shown) == 2
    assert client.get("/view/library/2401.00001/pages/2.png?scale=90").status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "/view/other/2401.00001/pages/1.png",
        "/view/library/gone/pages/1.png",
        "/view/other/2401.00001/digest.md",
        "/view/library/gone/digest.md",
        "/view/library/../../etc/passwd",
    ],
)
def test_who_has_no_key_or_no_paper_is_told_404(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_words_come_by_line_with_their_boxes(client: TestClient, library: Any) -> None:
    lines = client.get("/view/library/2401.00001/pages/2.json").json()
    assert [" ".join(word[4] for word in line) for line in lines] == [
        "Method",
        "Each lantern burns for 3.5 hours.",
        "Limits",
        "We tried no lantern in the rain.",
    ]
    x0, y0, x1, y1, _, start = lines[0][0]
    word = library.paper("2401.00001").words.on(2)[0]
    assert start == word.span.start
    assert [x0, y0, x1, y1] == pytest.approx(
        [getattr(word.box, c) for c in ("x0", "y0", "x1", "y1")]
    )
    assert client.get("/view/library/2401.00001/pages/9.json").json() == []


def test_marks_cover_the_words_of_the_quote_and_no_others(library: Any, lanterns: Digest) -> None:
    paper = library.paper("2401.00001")
    size = PageSize(400, 600)
    for claim in lanterns.claims:
        cited = replace(claim.citations[0], boxes=paper.boxes(claim.citations[0].span))
        (marks,) = marks_of(replace(claim, citations=(cited,)), (size, size))
        inside = []
        for page in (1, 2):
            for line in page_words(paper, page, size):
                for x0, y0, x1, y1, word, _ in line:
                    x, y = 100 * (x0 + x1) / 2 / size.width, 100 * (y0 + y1) / 2 / size.height
                    if any(
                        at == page and left <= x <= left + width and top <= y <= top + height
                        for at, left, top, width, height in marks
                    ):
                        inside.append(word)
        assert " ".join(inside) == claim.text


corners = st.tuples(*[st.floats(0, 100, width=32)] * 2).map(sorted)


@given(across=corners, down=corners, turned=st.sampled_from([0, 90, 180, 270]))
def test_a_box_of_a_turned_page_stays_on_it_and_keeps_its_area(
    across: list[float], down: list[float], turned: int
) -> None:
    stored = (100.0, 140.0)
    size = PageSize(*(stored if turned in (0, 180) else stored[::-1]), turned)
    box = Box(1, across[0], down[0], across[1], down[1])
    seen = size.seen(box)
    assert 0 <= seen.x0 <= seen.x1 <= size.width and 0 <= seen.y0 <= seen.y1 <= size.height
    area = (box.x1 - box.x0) * (box.y1 - box.y0)
    assert (seen.x1 - seen.x0) * (seen.y1 - seen.y0) == pytest.approx(area, abs=1e-3)


def test_the_corner_of_a_turned_page_is_where_people_see_it() -> None:
    corner = Box(1, 0, 0, 10, 20)  # at the top left of what is stored, 100 by 140
    seen = PageSize(140, 100, 90).seen(corner)  # turned clockwise: at the top right
    assert (seen.x0, seen.y0, seen.x1, seen.y1) == (120, 0, 140, 10)
    seen = PageSize(100, 140, 180).seen(corner)  # at the bottom right
    assert (seen.x0, seen.y0, seen.x1, seen.y1) == (90, 120, 100, 140)
    seen = PageSize(140, 100, 270).seen(corner)  # at the bottom left
    assert (seen.x0, seen.y0, seen.x1, seen.y1) == (0, 90, 20, 100)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_marks_of_a_turned_page_lie_on_its_ink(turned: int, tmp_path: Path) -> None:
    import pymupdf

    from index.read.page.pictures import draw_page, page_sizes

    path = tmp_path / "turned.pdf"
    with pymupdf.open() as document:
        page = document.new_page(width=200, height=300)
        page.draw_rect(pymupdf.Rect(20, 30, 60, 40), fill=(0, 0, 0))
        page.set_rotation(turned)
        document.save(path)
    (size,) = page_sizes(path)
    seen = size.seen(Box(1, 20, 30, 60, 40))
    with Image.open(io.BytesIO(draw_page(path, 1, (), 1.0))) as picture:
        assert picture.size == (size.width, size.height)
        left, top, right, bottom = (
            picture.convert("L").point(lambda v: 255 if v < 99 else 0).getbbox()
        )
    assert (left, top, right, bottom) == pytest.approx(
        (seen.x0, seen.y0, seen.x1, seen.y1), abs=1.5
    )


def test_pictures_that_were_not_asked_for_lately_make_room() -> None:
    drawn: list[str] = []

    def ask(pictures: Pictures, name: str) -> bytes:
        def draw() -> bytes:
            drawn.append(name)
            return name[:1].encode() * 100

        return pictures.of((name, 1), draw)

    size = len(ask(Pictures(), "red"))
    drawn.clear()
    room_for_two = Pictures(most=5 * size // 2)
    for name in ("red", "blue", "red", "green", "red", "blue"):
        ask(room_for_two, name)
    assert drawn == ["red", "blue", "green", "blue"]


def test_print_is_sent_with_a_palette_and_a_photograph_is_not() -> None:
    def png(image: Image.Image) -> bytes:
        data = io.BytesIO()
        image.save(data, "PNG")
        return data.getvalue()

    page = Image.new("RGB", (200, 200), "white")
    for at in range(100):
        page.putpixel((at, at), (at, at, at))
    photograph = Image.new("RGB", (200, 200))
    photograph.putdata([(n % 256, n // 256 % 256, n % 7) for n in range(200 * 200)])
    small = in_few_colours(png(page))
    with Image.open(io.BytesIO(small)) as seen:
        assert seen.mode == "P" and len(small) < len(png(page))
        colours = zip(seen.convert("RGB").tobytes(), page.tobytes(), strict=True)
        assert max(abs(one - other) for one, other in colours) <= 8
    assert in_few_colours(png(photograph)) == png(photograph)


@pytest.fixture
def drawn(digest_of: Callable[..., Digest], claim_of: Callable[..., Any]) -> tuple[Digest, Figure]:
    """A digest that quotes a caption, and the figure above it."""
    words = "Each lantern burns for 3.5 hours."
    digest = digest_of(figures=[claim_of(words, "method.1", 2)])
    start = digest.claims[0].citations[0].span.start
    return digest, Figure("Figure 1", Span(start, start + len(words)), 2, Box(2, 0, 0, 9, 9))


def test_figures_have_their_pictures(
    client: TestClient, library: Any, drawn: tuple[Digest, Figure]
) -> None:
    digest, there = drawn
    paper = replace(library.paper("2401.00001"), figures=(there,))
    (address,) = figure_addresses("/view/library/2401.00001", paper, digest).values()
    assert address.startswith("/view/library/2401.00001/figures/Figure%201.png?v=")
    assert client.get(address).headers["content-type"] == "image/png"
    lost = replace(paper, figures=(replace(there, box=None),))
    assert figure_addresses("", lost, digest) == {}
    other = replace(paper, text=paper.text.replace("3.5", "4.5"))
    assert figure_addresses("", other, digest) == {}


def test_a_file_of_html_has_the_figures_in_it(
    library: Any, drawn: tuple[Digest, Figure], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, there = drawn
    paper = replace(library.paper("2401.00001"), figures=(there,))
    monkeypatch.setattr(library, "paper", lambda _: paper)
    page = written(library, digest, "html", Pictures())
    (found,) = re.findall(r'<img src="data:image/png;base64,([^"]+)" .* alt="Picture: ', page)
    assert b64decode(found).startswith(b"\x89PNG")

    def refuse(*_: Any) -> bytes:
        raise SourceNotFound("2401.00001", "its file is gone")

    monkeypatch.setattr(library, "figure_image", refuse)
    assert "<img" not in written(library, digest, "html", Pictures())
    assert "Each lantern burns" in written(library, digest, "html", Pictures())


@pytest.mark.parametrize(
    ("form", "begins"),
    [("md", "# Lanterns"), ("html", "<!doctype"), ("json", "{"), ("bib", "@misc")],
)
def test_a_digest_is_downloaded(client: TestClient, form: str, begins: str) -> None:
    answer = client.get(f"/view/library/2401.00001/digest.{form}?lang=en")
    assert answer.text.startswith(begins)
    assert f"2401.00001.{form}" in answer.headers["content-disposition"]
    if form == "json":
        assert json.loads(answer.text)["paper"]["id"] == "2401.00001"
    assert client.get("/view/library/2401.00001/digest.exe").status_code == 422


def test_a_digest_that_a_model_wrote_is_not_written_for_a_download(
    client: TestClient, library: Any
) -> None:
    def none_saved(paper_id: str, lang: str, writer: str) -> None:
        raise NoSavedDigest(paper_id, lang, writer)

    library.newest_digest = none_saved
    answer = client.get("/view/library/2401.00001/digest.md?writer=local")
    assert answer.status_code == 404 and "writes one" in answer.json()["detail"]


def test_the_reader_says_of_each_sentence_what_it_is_and_where(
    session: Session, digest_of: Callable[..., Digest], claim_of: Callable[..., Any]
) -> None:
    quote, said = "Each lantern burns for 3.5 hours.", "A lantern lasts 3.5 hours."
    digest = digest_of(
        method=[claim_of(quote, "method.1", 2, text=said)],
        limits=[claim_of("We tried no lantern in the rain.", "limitations.1", 2)],
    )
    shown = session.reader(digest, "en")
    assert shown.count('role="button"') == 2 and 'tabindex="0"' not in shown
    assert f'<blockquote lang="en">{quote}</blockquote>' in shown
    assert "shortened" in shown and "supported by these words" in shown
    assert shown.count("quoted</span>") == 0  # what is quoted has its page, and no more to say
    assert "not stated in the paper" in shown and 'title="p. 2, Method">p. 2</span>' in shown
    source = "(Byron and Li, 2024, Lanterns on Paths, p. 2, https://arxiv.org/"
    assert f'data-copy="“We tried no lantern in the rain.” {source}' in shown
    assert f'data-copy="{said} {source}' in shown  # ours, and so no quote
    undated = replace(digest, paper=replace(digest.paper, date=None))
    assert "(Byron and Li, n.d., Lanterns" in session.reader(undated, "en")
    assert "[[2, 17.75, " in shown  # the page, and 72 points of 400 less the mark's edge
    assert "being worded" not in shown
    waiting = session.reader(digest, "en", {"method"})
    assert waiting.count("being worded") == 1
    assert "缩写" in session.reader(digest, "zh")


def test_pages_have_their_size_before_they_are_there(session: Session) -> None:
    shown = session.pages("2401.00001", "en")
    assert shown.count('class="page"') == 2
    assert shown.count('loading="lazy" width="400" height="600"') == 2
    assert "aspect-ratio: 400 / 600" in shown
    assert "/view/library/2401.00001/pages/2.png?v=000000000000&amp;scale=1.5" in shown


def test_a_paper_without_pages_shows_its_text_block_by_block(
    session: Session, library: Any
) -> None:
    paper = library.paper("text")
    heading = paper.text.index("Method")
    blocks = (Block("heading", Span(0, 8)), Block("heading", Span(heading, heading + 6)))
    found = text_blocks(replace(paper, blocks=blocks))
    assert [kind for kind, _ in found] == ["heading", "paragraph", "heading", "paragraph"]
    assert "".join(span.of(paper.text) for _, span in found) == paper.text
    shown = session.pages("text", "en")
    assert "came without pages" in shown and "data-start=" in shown


def test_only_arxiv_is_fetched_and_never_a_path_of_the_server(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("# Mine")
    monkeypatch.setattr("index.fetch.Fetcher", lambda settings: pytest.fail("asked arXiv"))
    for named in (str(secret), str(tmp_path), "https://evil.example/2.pdf", "", "  "):
        with pytest.raises(NotAdded, match="no arXiv id or address; paste one like"):
            session.fetch(named, lambda stage: None)


class _Arxiv:
    """What ``Session.fetch`` asks; the papers are settled by ``look_up``."""

    def __init__(self, settings: Settings) -> None: ...
    def __enter__(self) -> _Arxiv:
        return self

    def __exit__(self, *_: object) -> None: ...

    def pdf(self, record: Any) -> Any:
        raise FetchError("the PDF of 2407.03300", "HTTP 503", "try again in an hour", status=503)


def test_fetching_says_what_to_do_when_it_fails(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.intake import Outcome, Plan, Wanted
    from index.paper import Record

    record = Record("2407.03300", 1, "T", (), "", "2024-07-03", "2024-07-03", ())
    wanted = Wanted("2407.03300", record=record)
    gone = Outcome(wanted, "failed", "arXiv has no such paper or version")
    here = Outcome(wanted, "skipped", "already here", SimpleNamespace(paper_id="2407.03300"))  # type: ignore[arg-type]
    plans = [Plan((wanted,), ()), Plan((), (gone,)), Plan((), (here,))]
    monkeypatch.setattr("index.fetch.Fetcher", _Arxiv)
    monkeypatch.setattr("index.intake.look_up", lambda *_: plans.pop(0))
    told: list[str] = []
    with pytest.raises(FetchError, match="try again in an hour"):
        session.fetch("2407.03300", told.append)
    assert told == ["look up", "download"]
    with pytest.raises(NotAdded, match="no such paper"):
        session.fetch("arXiv:2407.03300", told.append)
    assert session.fetch("https://arxiv.org/abs/2407.03300", told.append) == "2407.03300"


def test_a_paper_comes_from_arxiv_and_a_stop_leaves_nothing(
    open_library: Callable[..., Any], tmp_path: Path
) -> None:
    served = served_arxiv
    with served.served_arxiv() as arxiv:
        arxiv.files = {"2407.03300v2": (DATA / "cited-digests.pdf").read_bytes()}
        settings = arxiv.settings(tmp_path / "cache", library=tmp_path / "library")
        with open_library(settings) as opened:
            session = Session(opened, settings=settings)

            def stop_after(stage: str) -> None:
                if stage == "read":
                    raise Stopped

            with pytest.raises(Stopped):
                session.fetch("2407.03300", stop_after)
            assert opened.papers() == []
            stages: list[str] = []
            assert (
                session.fetch("https://arxiv.org/abs/2407.03300v2", stages.append) == "2407.03300"
            )
            assert stages == list(STAGES)
            assert [row.id for row in opened.papers()] == ["2407.03300"]
            assert session.fetch("2407.03300", stages.append) == "2407.03300"  # it is here
            with pytest.raises(NotAdded, match="arXiv has no such paper or version"):
                session.fetch("2407.09999", stages.append)


def test_what_is_stopped_half_way_is_not_in_the_library(
    open_library: Callable[..., Any], versions: tuple[Path, Path], tmp_path: Path
) -> None:
    with open_library(tmp_path / "library") as opened:
        session = Session(opened)
        for last in ("read", "split", "embed", "store"):
            seen: list[str] = []

            def tell(stage: str, last: str = last, seen: list[str] = seen) -> None:
                seen.append(stage)
                if stage == last:
                    raise Stopped

            with pytest.raises(Stopped):
                session.add(versions[0], tell)
            assert seen[-1] == last
            assert opened.papers() == [] and opened.health().problems == ()
            assert list((tmp_path / "library" / "files").glob("*.md")) == []
            assert list((tmp_path / "library" / "files" / "incoming").glob("*")) == []
        assert session.add(versions[0], lambda stage: None) == "2407.03300"
        assert opened.search("lantern")


def test_sections_are_told_as_they_are_worded_and_a_stop_saves_nothing(
    open_library: Callable[..., Any], versions: tuple[Path, Path], tmp_path: Path, served_model: Any
) -> None:
    served_model.ever("says", words="No sentence.")
    settings = served_model.settings(tmp_path / "cache", library=tmp_path / "library")
    with open_library(settings) as opened:
        session = Session(opened, settings=settings)
        assert session.writers()[0] == "extractive" and "endpoint" in session.writers()
        paper = session.add(versions[0], lambda stage: None)

        def stop_at_second(section: DigestSection, told: list[str]) -> None:
            told.append(section.name)
            if len(told) == 2:
                raise Stopped

        stopped: list[str] = []
        with pytest.raises(Stopped):
            session.worded(paper, "en", "endpoint", lambda one: stop_at_second(one, stopped))
        with pytest.raises(NoSavedDigest):
            session.saved(paper, "en", "endpoint")
        told: list[DigestSection] = []
        worded = session.worded(paper, "en", "endpoint", told.append)
        assert tuple(told) == worded.sections
        assert session.saved(paper, "en", "endpoint").sections == worded.sections
        quiet: list[DigestSection] = []
        session.worded(paper, "en", "endpoint", quiet.append)
        assert quiet == []  # it was saved
        assert len(sentence_names(worded)) == len(worded.claims)


def test_writers_are_offered_where_they_can_be_opened(tmp_path: Path) -> None:
    bare = Settings(cache=tmp_path)
    assert writers_at_hand(bare) == ("extractive",)
    named = Settings(cache=tmp_path, endpoint={"url": "http://127.0.0.1:9/v1", "model": "m"})
    assert writers_at_hand(named) == ("extractive", "endpoint")
    assert Job(lambda tell: tell("x")).stop(5) is False
