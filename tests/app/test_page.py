"""A day's page: its papers, where it is written, and what is said when there are none."""

from __future__ import annotations

import datetime
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.digest import Digest
from app.publish.files import OutputUnusable, write_text
from app.publish.listing import PagesUnusable, PublishedFailure, read_published
from app.publish.site import NothingForPage, Site, write_page
from app.show.pieces import Piece, Sentence
from app.wording.writers import open_writer
from app.write import EXTRACTIVE

DAY = datetime.date(2024, 7, 5)


def test_page_has_the_papers_of_the_day_and_category(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    library.rows = [
        row_of("text"),
        row_of("2401.00001"),
        row_of("later", added="2024-07-06T00:00:00+00:00"),
        row_of("other", categories=("math.CO",)),
        row_of("broken", status="broken"),
    ]
    files = write_page(library, "CS.cv", tmp_path / "new", date=DAY)
    assert files.paper_ids == ("2401.00001", "text")
    assert files.markdown == tmp_path / "new" / "2024-07-05-cs.cv.md"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "2024-07-05-cs.cv.md",
        "2024-07-05-cs.cv.html",
        "index.html",
        "feed.xml",
        "pages.json",
    }
    assert files.markdown.read_text().count("\n## Lanterns on Paths\n") == 2
    assert files.html.read_text().count("<article id=") == 2


def test_katex_lies_beside_a_page_with_formulas(
    library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula = Sentence((Piece("a", "\\alpha"),), ((),))
    found = {"summary.1": formula}
    monkeypatch.setattr("app.publish.site.sentences_with_formulas", lambda *_: found)
    page = write_page(library, "all", tmp_path, date=DAY).html.read_text()
    assert r'<span class="tex" data-tex="\alpha">a</span>' in page
    named = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', page)
    assert len(named) == 3 and all((tmp_path / name).is_file() for name in named)
    assert len([*tmp_path.glob("katex-*/fonts/*.woff2")]) == 20


def test_all_takes_every_paper(library: Any, row_of: Callable[..., Any], tmp_path: Path) -> None:
    library.rows = [row_of("2401.00001", categories=()), row_of("text", categories=("q-bio",))]
    assert len(write_page(library, "All", tmp_path, date=DAY).paper_ids) == 2


def test_writing_twice_gives_the_same_bytes(library: Any, tmp_path: Path) -> None:
    first = write_page(library, "all", tmp_path, date=DAY).markdown.read_bytes()
    assert write_page(library, "all", tmp_path, date=DAY).markdown.read_bytes() == first


def test_a_name_cannot_leave_the_folder(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    name = "../../etc/passwd"
    library.rows = [row_of("2401.00001", categories=(name,))]
    out = tmp_path / "a" / "b"
    files = write_page(library, name, out, date=DAY)
    assert files.markdown.parent == out
    assert files.markdown.name == "2024-07-05-etc-passwd.md"


def test_without_papers_it_says_which_days_have_some(library: Any, tmp_path: Path) -> None:
    with pytest.raises(NothingForPage, match=r"there are: 2024-07-05 all \(1\), .*cs\.CV \(1\)"):
        write_page(library, "cs.CV", tmp_path, date=datetime.date(2020, 1, 1))
    library.rows = []
    with pytest.raises(NothingForPage, match="the library has no papers"):
        write_page(library, "all", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    with pytest.raises(OutputUnusable, match="cannot be written"):
        write_text(tmp_path / "file" / "below", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnusable):
        write_text(tmp_path / "folder", "text")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


def test_only_a_regular_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o600)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "nowhere").symlink_to(tmp_path / "not-there")
    (tmp_path / "to-pipe").symlink_to(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").write_text("other")
    os.link(tmp_path / "other", tmp_path / "hard")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    before = {path.name: path.lstat().st_ino for path in tmp_path.iterdir()}
    for name, why in (
        ("pipe", "a device or a pipe"),
        ("socket", "a device or a pipe"),
        ("link", "it is a link"),
        ("nowhere", "it is a link"),
        ("to-pipe", "it is a link"),
        ("loop", "it is a link"),
        ("folder", "it is a folder"),
        ("folder/..", "it is a folder"),
        ("pipe/a", "Not a directory"),
        ("file/a", "Not a directory"),
        ("nowhere/a", "File exists"),
        ("loop/a", "Too many levels"),
        ("a\0b", "null byte"),
        ("x" * 300, "name too long"),
    ):
        for text in ("new", "old"):
            with pytest.raises(OutputUnusable, match=why):
                write_text(tmp_path / name, text)
    assert {path.name: path.lstat().st_ino for path in tmp_path.iterdir()} == before
    assert file.read_text() == "old"
    write_text(tmp_path / "hard", "new")
    assert (tmp_path / "other").read_text() == "other"  # the other name of it keeps what it had
    write_text(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600  # a private file stays private


def test_what_a_killed_run_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Path, "replace", kill)
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        write_text(tmp_path / "file", "text")
    (left,) = tmp_path.iterdir()
    (tmp_path / ".mine.part").write_text("")
    os.utime(tmp_path / ".mine.part", (0, 0))
    write_text(tmp_path / "file", "text")
    assert left.exists()  # another run may be writing it
    os.utime(left, (0, 0))
    write_text(tmp_path / "other", "text")
    assert {path.name for path in tmp_path.iterdir()} == {".mine.part", "file", "other"}


def _state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_would_be_the_same_is_not_written(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    first = write_page(library, "all", tmp_path, date=DAY)
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    before = _state(tmp_path)
    second = write_page(library, "all", tmp_path, date=DAY)
    assert (first.changed, second.changed) == (True, False)
    assert _state(tmp_path) == before
    library.rows.append(row_of("text"))
    assert write_page(library, "all", tmp_path, date=DAY).changed
    after = _state(tmp_path)
    assert {name for name in after if after[name] != before[name]} == set(before)


def test_index_and_feed_keep_the_other_days(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    later = datetime.date(2024, 7, 6)
    library.rows = [row_of("2401.00001"), row_of("text", added="2024-07-06T00:00:00+00:00")]
    site = Site(pages_url="https://example.org/papers/")
    write_page(library, "cs.CV", tmp_path, date=DAY, site=site)
    write_page(library, "all", tmp_path, date=later, lang="zh")
    write_page(library, "all", tmp_path, date=later)
    pages = read_published(tmp_path).pages
    assert [page.stem for page in pages] == [
        "2024-07-06-all",
        "2024-07-06-all-zh",
        "2024-07-05-cs.cv",
    ]
    # An id stays what it was when the page was new.
    assert pages[2].id == "tag:example.org,2024-07-05:papers/2024-07-05-cs.cv"
    assert pages[0].id.startswith("urn:uuid:")
    write_page(library, "cs.CV", tmp_path, date=DAY)
    assert read_published(tmp_path).pages == pages
    for name in ("index.html", "feed.xml"):
        text = (tmp_path / name).read_text()
        places = [text.index(f'href="{page.stem}.html') for page in pages]
        assert places == sorted(places)
    (tmp_path / "2024-07-06-all.html").unlink()
    write_page(library, "cs.CV", tmp_path, date=DAY)
    assert "2024-07-06-all.html" not in (tmp_path / "index.html").read_text()


def test_what_failed_on_the_day_is_at_the_foot(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    failed = {"status": "broken", "reason": "cut <short>", "title": "", "categories": ()}
    library.rows = [
        row_of("2401.00001"),
        row_of("torn", **failed),
        row_of("earlier", **failed, added="2024-07-04T00:00:00+00:00"),
    ]
    files = write_page(library, "cs.CV", tmp_path, date=DAY)
    assert [(one.id, one.reason) for one in files.failed] == [("torn", "broken: cut <short>")]
    assert files.html.read_text().count("cut &lt;short&gt;") == 1
    assert files.markdown.read_text().endswith("\n- torn: broken: cut &lt;short>\n")
    # What arXiv's record said of it, as `gloss daily` leaves it, tells where it belongs.
    known = PublishedFailure(id="torn", date=DAY, reason="", categories=("math.CO",))
    published = read_published(tmp_path).changed(failures=(known,))
    write_text(tmp_path / "pages.json", published.to_json())
    assert write_page(library, "cs.CV", tmp_path, date=DAY).failed == ()
    assert [one.id for one in write_page(library, "all", tmp_path, date=DAY).failed] == ["torn"]


def test_a_paper_without_a_digest_is_at_the_foot(
    library: Any,
    row_of: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import app.write

    real = app.write.write_digest

    def stumble(library: Any, paper_id: str, *others: Any, **named: Any) -> Digest:
        if paper_id == "text":
            raise ValueError("a slip")
        return real(library, paper_id, *others, **named)

    monkeypatch.setattr(app.write, "write_digest", stumble)
    library.rows = [row_of("2401.00001"), row_of("text")]
    files = write_page(library, "all", tmp_path, date=DAY)
    assert [(one.id, one.reason) for one in files.failed] == [
        ("text", "no digest: ValueError: a slip")
    ]
    assert files.html.read_text().count("<article id=") == 1


def test_hexo_gets_its_own_copy(library: Any, tmp_path: Path) -> None:
    source = tmp_path / "blog" / "source"
    files = write_page(library, "all", tmp_path / "out", date=DAY, site=Site(hexo=source))
    (post,) = (source / "_posts").iterdir()
    assert post.name == "2024-07-05-all.md"
    assert post.read_bytes() == files.markdown.read_bytes()


def test_a_query_s_page_has_what_the_query_found(
    library: Any, row_of: Callable[..., Any], tmp_path: Path
) -> None:
    library.rows = [row_of("2401.00001"), row_of("text")]
    files = write_page(library, "Old Lanterns", tmp_path, date=DAY, ids={"text", "gone"})
    assert files.paper_ids == ("text",)
    assert files.html.name == "2024-07-05-old-lanterns.html"
    with pytest.raises(NothingForPage):
        write_page(library, "Old Lanterns", tmp_path, date=DAY, ids=())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"pages": [{"stem": 1}]}'])
def test_a_list_that_is_not_ours_is_left_alone(library: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "pages.json").write_text(text)
    with pytest.raises(PagesUnusable, match=r"pages\.json: .*move it away"):
        write_page(library, "all", tmp_path, date=DAY)
    assert (tmp_path / "pages.json").read_text() == text


def test_figures_lie_beside_the_page(
    open_library: Any, started_reader: Any, tmp_path: Path
) -> None:
    """A real PDF with a figure, and the picture of it; one that is no longer shown goes."""
    from index.config import Settings
    from index.library import Library
    from index.sources import Source

    settings = Settings(library=tmp_path / "library")
    with open_library(settings, reader=started_reader) as opened:
        assert isinstance(opened, Library)
        sample = Path(__file__).parents[2] / "data" / "cited-digests.pdf"
        assert opened.add(Source(sample, sample.name)).status == "ok"
        out, source = tmp_path / "out", tmp_path / "source"
        with open_writer(settings, "extractive") as writer:
            assert writer is EXTRACTIVE
            files = write_page(opened, "all", out, site=Site(hexo=source), writer=writer)
        stem = files.html.stem
        pictures = sorted((out / stem).iterdir())
        assert pictures and all(path.read_bytes()[:4] == b"\x89PNG" for path in pictures)
        for picture in pictures:
            address = f"{stem}/{picture.name}"
            assert f"]({address})" in files.markdown.read_text()
            assert f'src="{address}"' in files.html.read_text()
            assert (source / address).read_bytes() == picture.read_bytes()
        published = read_published(out)
        page = published.pages[0]
        stale = page.model_copy(update={"files": (*page.files, "old.png", "../../kept.png")})
        write_text(out / "pages.json", published.with_page(stale).to_json())
        (out / stem / "old.png").write_bytes(b"")
        (tmp_path / "kept.png").write_bytes(b"")
        before = pictures[0].stat().st_mtime_ns
        write_page(opened, "all", out)
        assert sorted((out / stem).iterdir()) == pictures
        assert (tmp_path / "kept.png").exists()
        assert pictures[0].stat().st_mtime_ns == before
