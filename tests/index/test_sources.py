from pathlib import Path

import pytest

from index.read.front.identity import identify
from index.sources import find_sources, key_of


def names(found: object) -> list[str]:
    return [source.path.name for source in found.found]  # type: ignore[attr-defined]


def test_folders_are_searched_to_the_bottom_in_order_and_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("b/deep/z.PDF", "b/a.md", "c.markdown", "notes.txt", ".hidden.pdf"):
        (tmp_path / name).touch()
    (tmp_path / "link.pdf").symlink_to(tmp_path / "b" / "deep" / "z.PDF")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = find_sources([tmp_path, str(tmp_path / "b"), tmp_path / "c.markdown"])
    assert names(found) == ["a.md", "z.PDF", "c.markdown"]
    assert found.errors == ()


def test_a_link_keeps_its_own_name_and_extension(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "0a1b2c").touch()
    (tmp_path / "papers").symlink_to(tmp_path / "store")
    for name in ("bees.pdf", "also bees.pdf"):
        (tmp_path / name).symlink_to(tmp_path / "store" / "0a1b2c")
    (source,) = find_sources([tmp_path / "bees.pdf"]).found
    assert source.path == tmp_path.resolve() / "bees.pdf"
    assert names(find_sources([tmp_path])) == ["also bees.pdf"]
    (tmp_path / "store" / "wasps.md").touch()
    arguments = [tmp_path / "papers" / "wasps.md", tmp_path / "store" / ".." / "store" / "wasps.md"]
    (source,) = find_sources(arguments).found
    assert source.path == (tmp_path / "store" / "wasps.md").resolve()


def test_a_link_out_of_an_added_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "bees.md").touch()
    (tmp_path / "secret").touch()
    (tmp_path / "papers" / "environ.md").symlink_to(tmp_path / "secret")
    (tmp_path / "shelf").symlink_to(tmp_path / "papers")
    for folder in ("papers", "shelf"):
        found = find_sources([tmp_path / folder])
        assert names(found) == ["bees.md"]
        (error,) = found.errors
        assert str(error).startswith(
            f"{tmp_path / folder / 'environ.md'}: a link out of the folder"
        )
    named = find_sources([tmp_path / "papers" / "environ.md"])
    assert names(named) == ["environ.md"]


def test_a_missing_source_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    found = find_sources([tmp_path / "gone.pdf", tmp_path / "a.pdf"])
    assert names(found) == ["a.pdf"]
    assert [str(error) for error in found.errors] == [
        f"{tmp_path / 'gone.pdf'}: no such file or folder"
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("empty", "no .pdf, .md, .markdown, .html, .htm, .xhtml files in this folder"),
        ("notes.txt", "gloss reads .pdf, .md, .markdown, .html, .htm, .xhtml files only"),
        ("x" * 300, "File name too long"),
        ("", "no .pdf"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    found = find_sources([name or "empty/."])
    assert found.found == ()
    assert why in str(found.errors[0])


def test_papers_on_arxiv_stand_beside_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    long = "https://arxiv.org/abs/2407.03300?" + "x" * 300
    arguments = [
        *(
            "hep-th/9901001",
            str(tmp_path),
            "arXiv:2407.03300v1",
            "https://arxiv.org/abs/2407.03300",
        ),
        *("http://www.arxiv.org/pdf/2407.03300v1.pdf", "10.48550/arXiv.2407.03300", long),
    ]
    found = find_sources(arguments)
    assert names(found) == ["a.pdf"]
    assert [str(one) for one in found.papers] == ["hep-th/9901001", "2407.03300v1", "2407.03300"]
    assert found.errors == ()


def test_other_addresses_blanks_and_devices() -> None:
    errors = find_sources(["https://example.org/a.pdf", " ", "a\0.pdf", "/dev/null"]).errors
    assert [error.why.split(":")[0] for error in errors] == [
        "of addresses, only arXiv's are fetched",
        "not the name of a file or folder",
        "not the name of a file or folder",
        "neither a file nor a folder",
    ]


def test_a_file_named_like_an_id_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2407.03300v1.pdf").touch()
    (tmp_path / "2407.03300").mkdir()
    (tmp_path / "2407.03300" / "a.md").touch()
    found = find_sources(["2407.03300v1.pdf", "2407.03300"])
    assert (names(found), found.papers) == (["a.md", "2407.03300v1.pdf"], ())


def test_keys() -> None:
    assert key_of("2407.03300v12") == key_of("2407.03300v12")
    assert (key_of("2407.03300v12").paper, key_of("2407.03300v12").version) == ("2407.03300", 12)
    assert key_of("hep-th/9901001").arxiv
    assert not key_of("my-paper-v2").arxiv


@pytest.mark.parametrize(
    ("text", "paper", "version"),
    [
        ("2407.03300v2", "2407.03300", 2),
        ("2407.03300V2", "2407.03300", 2),
        ("HEP-TH/9901001v1", "hep-th/9901001", 1),
        ("math.gt/0309136", "math.GT/0309136", None),
        ("2413.03300", None, None),  # there is no month 13
        ("hep-th/9913001", None, None),
        ("2407.03300v123", None, None),
    ],
)
def test_arxiv_ids_are_the_same_wherever_they_are_read(
    text: str, paper: str | None, version: int | None
) -> None:
    key = key_of(text)
    assert (key.arxiv, key.version) == (paper is not None, version)
    stamped = identify("paper", f"arXiv:{text} [cs.CV] 3 Jul 2024", "")
    if paper is None:
        assert (key.paper, find_sources([text]).errors[0].why) == (text, "no such file or folder")
    else:
        assert (key.paper, stamped.id, stamped.version) == (paper, paper, version)
        assert [(one.id, one.version) for one in find_sources([text]).papers] == [(paper, version)]
