"""Exports of reference managers are read, and nothing in them leads out of their folder."""

from __future__ import annotations

import importlib.metadata
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import library_fakes as fakes
import pytest

from index.bibliography import ExportUnusable, read_export
from index.bibliography.attached import attached_file
from index.bibliography.fields import arxiv_of, date_of, doi_of, note_of
from index.bibliography.refused import FileRefused
from index.entries import Entry, Name
from index.intake.imported import ImportedEntry, find_entries, import_all
from index.library import Library
from index.sources import Source

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:link="http://purl.org/rss/1.0/modules/link/" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/">
{items}</rdf:RDF>"""
ITEM = """<bib:Article rdf:about="{about}"><z:itemType>journalArticle</z:itemType>
 <dcterms:isPartOf><bib:Journal><dc:title>Journal of Light</dc:title><prism:volume>3</prism:volume>
 <dc:identifier>DOI 10.1000/light.{number}</dc:identifier></bib:Journal></dcterms:isPartOf>
 <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Byron</foaf:surname>
 <foaf:givenName>Ada</foaf:givenName></foaf:Person></rdf:li><rdf:li><foaf:Person>
 <foaf:surname>van der Maaten</foaf:surname><foaf:givenName>L.</foaf:givenName></foaf:Person>
 </rdf:li></rdf:Seq></bib:authors>
 <dcterms:isReferencedBy rdf:resource="#note_{number}"/>
 <link:link rdf:resource="#file_{number}"/>
 <dc:subject>light</dc:subject>
 <dc:subject><z:AutomaticTag><rdf:value>auto</rdf:value></z:AutomaticTag></dc:subject>
 <dc:title>{title}</dc:title><dc:date>2017-06-1{tenth}</dc:date><bib:pages>11-19</bib:pages>
 <dc:identifier><dcterms:URI><rdf:value>{url}</rdf:value></dcterms:URI></dc:identifier>
</bib:Article>
<bib:Memo rdf:about="#note_{number}"><rdf:value>&lt;p&gt;Read &lt;b&gt;twice&lt;/b&gt;&lt;/p&gt;
&lt;p&gt;then ask&lt;/p&gt;</rdf:value></bib:Memo>
<z:Attachment rdf:about="#file_{number}"><z:itemType>attachment</z:itemType>
 <rdf:resource rdf:resource="{file}"/><dc:title>Full Text</dc:title>
 <link:type>application/pdf</link:type></z:Attachment>
"""


def item(number: int, file: str, url: str = "") -> str:
    url = url or f"https://example.org/{number}"
    return ITEM.format(
        number=number,
        about=url,
        tenth=number % 10,
        title=f"Lantern {number:02} &amp; Lamp",
        file=file,
        url=url,
    )


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with fakes.open_library(tmp_path / "lib", store=fakes.ListStore()) as opened:
        yield opened


def paper(folder: Path, number: int, name: str = "paper.pdf", **said: object) -> None:
    path = folder / "files" / str(number) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"Lanterns number {number} burn. They are bright."
    path.write_text(json.dumps({"text": text, "id": f"paper-{number}", **said}))


def run(library: Library, export: Path) -> list[ImportedEntry]:
    return list(import_all(library, find_entries(str(export)), str(export)))


def export_of_20(folder: Path) -> Path:
    """Fourteen with files, and one each: broken, none, none but on arXiv, and three attacks."""
    items = []
    for number in range(14):
        # The names are as people have them.
        name = "Byron et al. - 2017 - Läntern 100%.pdf" if number == 3 else "paper.pdf"
        paper(folder, number, name)
        items.append(item(number, f"files/{number}/{name}"))
    paper(folder, 14, status="encrypted")
    items.append(item(14, "files/14/paper.pdf"))
    items.append(item(15, "files/15/gone.pdf"))
    items.append(item(16, "", "http://arxiv.org/abs/1706.03762"))
    secret = folder.parent / "secret.pdf"
    secret.write_text(json.dumps({"text": "A secret. Not to be read."}))
    (folder / "files" / "17").mkdir()
    (folder / "files" / "17" / "link.pdf").symlink_to(secret)
    items += [item(17, "files/17/link.pdf"), item(18, "../secret.pdf")]
    items.append(item(19, f"file://{folder}/files/../../secret.pdf"))
    export = folder / "My Library.rdf"
    export.write_text(RDF.format(items="".join(items)), encoding="utf-8")
    return export


def test_a_zotero_export_of_20_entries(library: Library, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    export = export_of_20(tmp_path / "export")
    done = {one.entry.title: one for one in run(library, export)}
    assert len(done) == 20
    results = [done[f"Lantern {number:02} & Lamp"] for number in range(20)]
    assert [one.outcome for one in results] == (
        ["added"] * 14 + ["failed"] * 2 + ["no-file"] + ["failed"] * 3
    )
    assert results[14].reason == "its file paper.pdf is no paper that can be read: encrypted"
    assert "gone.pdf: No such file or directory" in results[15].reason
    assert results[16].reason == (
        "no file came with it; `gloss add 1706.03762` fetches it from arXiv"
    )
    assert "a link; copy the file that it leads to" in results[17].reason
    assert "leads out of the export's folder" in results[18].reason
    assert "secret" not in " ".join(library.paper(one).text for one in library.ids())
    # The metadata is the export's, also in what the library says of the paper.
    row = library.row("paper-3")
    assert (row.title, row.authors, row.date) == (
        "Lantern 03 & Lamp",
        ("Ada Byron", "L. van der Maaten"),
        "2017-06-13",
    )
    entry = library.imported("paper-3")
    assert entry is not None
    assert (entry.container, entry.volume, entry.pages, entry.doi) == (
        "Journal of Light",
        "3",
        "11-19",
        "10.1000/light.3",
    )
    (own,) = library.notes.of("paper-3")
    assert own.place.tags == ("auto", "light")
    assert [note.text for note in own.place.notes] == ["Read twice\nthen ask"]
    # Those without a paper are kept, once, and again nothing is doubled.
    assert len(library.waiting_entries()) == 6
    again = run(library, export)
    assert {one.outcome for one in again} == {"there", "no-file", "failed"}
    assert len(library.waiting_entries()) == 6
    (own,) = library.notes.of("paper-3")
    assert len(own.place.notes) == 1
    assert library.health().ok


def test_metadata_stay_with_a_repair_and_go_with_the_paper(
    library: Library, tmp_path: Path
) -> None:
    paper(tmp_path, 1)
    export = tmp_path / "a.rdf"
    export.write_text(RDF.format(items=item(1, "files/1/paper.pdf")))
    run(library, export)
    with library._catalog.transaction() as connection:
        connection.execute("UPDATE editions SET paper = x'00'")
    library._catalog.contents._kept.clear()
    assert library.repair().problems == ()
    assert library.row("paper-1").title == "Lantern 01 & Lamp"
    library.remove("paper-1")
    (waiting,) = library.waiting_entries()
    assert waiting.reason == "its paper was taken out of the library"
    # Another paper of that name is called what it is called.
    other = tmp_path / "paper-1.pdf"
    other.write_text(json.dumps({"text": "Stones are heavy. So it is.", "title": "Stones"}))
    assert library.add(Source(other, other.name)).paper_id == "paper-1"
    assert library.row("paper-1").title == "Stones"
    assert library.forget_entry(waiting.number) and not library.forget_entry(99)
    assert library.waiting_entries() == []


def test_a_paper_of_arxiv_that_is_here_gets_what_is_said_of_it(
    library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "p.pdf"
    path.write_text(json.dumps({"text": "We attend. So we do.", "id": "1706.03762", "version": 5}))
    library.add(Source(path, path.name))
    (tmp_path / "a.rdf").write_text(
        RDF.format(items=item(1, "", "https://arxiv.org/abs/1706.03762v3"))
    )
    (one,) = run(library, tmp_path / "a.rdf")
    assert (one.outcome, one.paper_id) == ("there", "1706.03762")
    assert library.waiting_entries() == []
    assert library.notes.of("1706.03762")[0].place.tags == ("auto", "light")


WANTED = Entry(
    title="Länterns & Lamps",
    kind="article-journal",
    authors=(Name("Byron", "Ada"), Name("van der Maaten", "Laurens"), Name("The Lamp Group")),
    date="2017-06",
    container="Journal of Light",
    volume="3",
    issue="2",
    pages="11-19",
    doi="10.1000/x_1",
    arxiv="1706.03762",
    url="https://example.org/a",
    abstract="We light.",
    key="byron",
    tags=("a", "b"),
    notes=("a note",),
    files=("files/12/Byron 2017.pdf",),
)
EXPORTS = {
    "a.bib": r"""@string{jl = "Journal of Light"}
        @comment{ignored} % and this
        @Article{byron, title = {{L{\"a}nterns} \& Lamps}, year = 2017, month = jun, journal = jl,
        author = {Byron, Ada and Laurens van der Maaten and {The Lamp Group}}, volume = {3},
        number = 2, pages = {11--19}, doi = {10.1000/x\_1}, eprint = {1706.03762},
        archivePrefix = {arXiv}, url = {https://example.org/a}, abstract = {We light.},
        keywords = {a, b}, annote = {a note},
        file = {Full Text:files/12/Byron 2017.pdf:application/pdf}}
        @misc{untitled, year = 2001}
        @misc{broken, title = {never closed""",
    "a.ris": "\ufeffTY  - JOUR\nID  - byron\nTI  - Länterns & Lamps\nAU  - Byron, Ada\n"
    "AU  - van der Maaten, Laurens\nAU  - The Lamp Group\nDA  - 2017/06//\nPY  - 2017\n"
    "T2  - Journal of Light\nVL  - 3\nIS  - 2\nSP  - 11\nEP  - 19\nDO  - 10.1000/x_1\n"
    "AN  - arXiv:1706.03762\nUR  - https://example.org/a\nAB  - We light.\nKW  - a\nKW  - b\n"
    "N1  - <p>a note</p>\nL1  - files/12/Byron 2017.pdf\nER  - \n",
    "a.json": json.dumps(
        [
            {
                "id": "byron",
                "type": "article-journal",
                "title": "Länterns & Lamps",
                "author": [
                    {"family": "Byron", "given": "Ada"},
                    {
                        "family": "Maaten",
                        "given": "Laurens",
                        "non-dropping-particle": "van der",
                    },
                    {"literal": "The Lamp Group"},
                ],
                "issued": {"date-parts": [["2017", 6]]},
                "container-title": "Journal of Light",
                "volume": 3,
                "issue": "2",
                "page": "11-19",
                "DOI": "https://doi.org/10.1000/x_1",
                "number": "arXiv:1706.03762",
                "URL": "https://example.org/a",
                "abstract": "We light.",
                "keyword": "a, b",
                "note": "a note",
                "attachments": [{"path": "files/12/Byron 2017.pdf"}],
            },
            {"type": "article"},
            "nonsense",
        ]
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_each_format_says_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(EXPORTS[name], encoding="utf-8")
    assert read_export(tmp_path / name).entries == (WANTED,)


ENTITIES = """<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize(
    "name, text, why",
    [
        ("a.rdf", ENTITIES + RDF.format(items=item(1, "")), "it defines entities"),
        ("a.rdf", "<rdf", "not XML"),
        ("a.rdf", '<?xml version="1.0" encoding="zzz"?><a/>', "not as its ending says"),
        ("a.rdf", '<?xml version="1.0" encoding="base64"?><a/>', "not as its ending says"),
        ("a.rdf", "<html><body/></html>", "not RDF"),
        ("a.json", "[[[", "not as its ending says"),
        ("a.json", "[" * 100_000, "not as its ending says"),
        ("a.json", '{"a": 1}', "no list of items"),
        ("a.ris", "nonsense", "no entry in it"),
        ("a.ris", "ER  - \nTY  - JOUR\n", "not as its ending says|no entry in it"),
        ("a.bib", "@article{a, title=" + "{" * 5000, "no entry in it"),
        (
            "a.bib",
            "@string{a = {xxxxxxxxxx}}" + "@string{a = a # a}" * 60 + "@misc{b, title = a}",
            "too long to be an abbreviation",
        ),
        ("a.bib", "", "no entry in it"),
        ("a.docx", "", "gloss imports .ris"),
        ("gone.bib", None, "No such file"),
    ],
)
def test_what_is_no_export_is_said(tmp_path: Path, name: str, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ExportUnusable, match=why) as error:
        read_export(tmp_path / name)
    assert "\n" not in str(error.value)


def test_bibtex_is_looked_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pybtex looks for each sign to the end of the text, from each place where it looks."""
    from pybtex.database.input.bibtex import LowLevelParser

    def far(*_: object) -> None:
        pytest.fail("each sign is looked for")

    monkeypatch.setattr(LowLevelParser, "skip_to", far)
    told = '@misc{b, title = "B {and} C"}\n@misc{c, title={D}}\n'
    (tmp_path / "a.bib").write_text(told + "@article{a,title={" * 300)
    assert [entry.title for entry in read_export(tmp_path / "a.bib").entries] == ["B and C", "D"]


def test_values_of_bibtex_look_through_no_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pybtex's own way to plain text does, 20 ms for each title and name."""
    asked = Mock(side_effect=importlib.metadata.entry_points)
    monkeypatch.setattr("importlib.metadata.entry_points", asked)
    (tmp_path / "a.bib").write_text(r"@book{a, title={{\'e} b}, author={Ada {\O} and B, C}}")
    (entry,) = read_export(tmp_path / "a.bib").entries
    assert (entry.title, list(map(str, entry.authors))) == ("é b", ["Ada Ø", "C B"])
    assert asked.call_count == 0


def test_values_are_bounded_and_whole(tmp_path: Path) -> None:
    values = [
        {"title": "a" * 1_000_000, "author": 5, "issued": {"date-parts": [[]]}, "keyword": {}},
        {"title": "half \ud800", "author": [{"family": ["x"]}], "issued": 7, "DOI": ["x"]},
        {"title": "x", "issued": {"date-parts": [[10**30, 99, 99]]}, "note": "<" * 50_000},
    ]
    (tmp_path / "a.json").write_text(json.dumps(values[:1]))
    with pytest.raises(ExportUnusable, match="not as its ending says"):
        read_export(tmp_path / "a.json")
    values[0]["author"] = []
    (tmp_path / "a.json").write_text(json.dumps(values))
    first, second, third = read_export(tmp_path / "a.json").entries
    assert len(first.title) == 20_000 and second.title == "half"
    assert (second.authors, third.date) == ((), "")


def test_files_outside_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "files").mkdir(parents=True)
    inside = folder / "files" / "a.pdf"
    inside.write_text("x")
    outside = tmp_path / "secret.pdf"
    outside.write_text("x")
    (folder / "link.pdf").symlink_to(outside)
    (folder / "inner.pdf").symlink_to(inside)
    (folder / "linked").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.pdf")
    (folder / "folder.pdf").mkdir()
    for good in ("files/a.pdf", "files\\a.pdf", str(inside), inside.as_uri(), "files/%61.pdf"):
        assert attached_file([good], folder) == inside, good
    assert attached_file(["files/a.docx", ""], folder) is None
    assert attached_file(["files/a.html", "files/a.pdf"], folder) == inside
    for bad, why in [
        ("../secret.pdf", "leads out"),
        ("files/../../secret.pdf", "leads out"),
        ("files/%2e%2e/%2e%2e/secret.pdf", "leads out|No such file"),
        (str(outside), "outside"),
        (outside.as_uri(), "outside"),
        (f"file://{folder}/../secret.pdf", "leads out"),
        (f"file://{folder}/%2e%2e/secret.pdf", "leads out"),
        ("file://evil.example/share/a.pdf", "on another machine"),
        ("file://[/a.pdf", "not an address"),
        ("https://evil.example/a.pdf", "an address"),
        ("smb://evil/a.pdf", "an address"),
        ("link.pdf", "a link"),
        ("inner.pdf", "a link"),
        ("linked/secret.pdf", "a link"),
        ("pipe.pdf", "not a file"),
        ("folder.pdf", "not a file"),
        ("files/a\0.pdf", "not a file beside"),
        ("x" * 5000 + ".pdf", "File name too long"),
        ("C:\\Users\\a.pdf", "No such file"),
    ]:
        with pytest.raises(FileRefused, match=why):
            attached_file([bad], folder)
    with pytest.raises(FileRefused):
        attached_file([str(inside)], None)


@pytest.mark.parametrize(
    "value, date",
    [("2017-06-12", "2017-06-12"), ("2017/6/", "2017-06"), ("June 2017", "2017-06"),
     ("12 Jun. 2017", "2017-06"), ("2017", "2017"), ("2017-13-40", "2017"), ("in press", ""),
     ("20170", ""), (2017, "2017"), (None, "")],
)  # fmt: skip
def test_dates(value: object, date: str) -> None:
    assert date_of(value) == date


def test_identifiers_and_notes() -> None:
    assert doi_of("", "see https://doi.org/10.1000/a(b)c.") == "10.1000/a(b)c"
    assert arxiv_of("http://example.org", "Publisher: arXiv:1706.03762v2 [cs]") == "1706.03762v2"
    assert arxiv_of("10.48550/arXiv.1706.03762") == "1706.03762"
    assert arxiv_of("arXiv: no", "12") == ""
    assert note_of("<p>a<br>b</p><script>x()</script>") == "a\nbx()"


# Zotero itself: a double of its local API.

Answer = Callable[[str], tuple[int, str, dict[str, str]]]


@contextmanager
def zotero(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that answers as Zotero does; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, text, headers = answer(self.path)
            body = text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def work(key: str, title: str, **data: object) -> dict[str, Any]:
    creators = [{"creatorType": "author", "firstName": "Ada", "lastName": "Byron"}]
    said = {"key": key, "itemType": "journalArticle", "title": title, "creators": creators}
    return {"key": key, "data": {**said, "date": "2017-06-12", "tags": [{"tag": "ml"}], **data}}


def attachment(key: str, parent: str, mode: str = "imported_file") -> dict[str, Any]:
    data = {"key": key, "itemType": "attachment", "parentItem": parent, "linkMode": mode}
    return {"key": key, "data": data}


def test_zotero_is_asked_page_by_page(library: Library, tmp_path: Path) -> None:
    stored = tmp_path / "Zotero" / "storage"
    for key in ("FILE0001", "FILE0002"):
        (stored / key).mkdir(parents=True)
        text = f"Lanterns burn in {key}. They are bright."
        (stored / key / "a b.pdf").write_text(json.dumps({"text": text, "id": key.lower()}))
    secret = tmp_path / "secret.pdf"
    secret.write_text(json.dumps({"text": "A secret. Not to be read."}))
    note = {"itemType": "note", "parentItem": "WORK0001", "note": "<p>mine</p>"}
    pages = [
        [work("WORK0001", "First"), attachment("FILE0001", "WORK0001")],
        [
            {"key": "NOTE0001", "data": note},
            work("WORK0002", "Linked", url="https://arxiv.org/abs/1706.03762"),
            attachment("FILE0002", "WORK0002", "linked_file"),
            work("WORK0003", "Attack"),
            attachment("FILE0003", "WORK0003"),
        ],
    ]
    files = {
        "FILE0001": (stored / "FILE0001" / "a b.pdf").as_uri(),
        "FILE0002": (stored / "FILE0002" / "a b.pdf").as_uri(),
        "FILE0003": secret.as_uri(),
    }

    def answer(path: str) -> tuple[int, str, dict[str, str]]:
        if "/file/view/url" in path:
            return 200, files[path.split("/items/")[1].split("/")[0]], {}
        number = 1 if "start=" in path else 0
        follow = f"<{address}/api/users/0/items?limit=100&start=100>"
        headers = {"Link": f'{follow}; rel="next"'} if number == 0 else {}
        return 200, json.dumps(pages[number]), headers

    with zotero(answer) as (address, asked):
        done = list(import_all(library, find_entries(f"zotero:{address}"), "zotero:"))
        assert len([one for one in asked if "/file/" in one]) == 2  # none for the linked one
    first, linked, attack = done
    assert (first.outcome, first.paper_id) == ("added", "file0001")
    assert library.row("file0001").title == "First"
    (own,) = library.notes.of("file0001")
    assert (own.place.tags, own.place.notes[0].text) == (("ml",), "mine")
    assert (linked.outcome, attack.outcome) == ("no-file", "no-file")
    assert "gloss add 1706.03762" in linked.reason
    assert library.ids() == ["file0001"]


@pytest.mark.parametrize(
    "status, text, headers",
    [
        (500, "", {}),
        (403, "Local API is not enabled", {}),
        (200, "<html>", {}),
        (200, "{}", {}),
        (200, '[{"key": 5}, 7]', {}),
        (302, "", {"Location": "http://169.254.169.254/"}),
        (200, "[{}]", {"Link": '<http://192.0.2.1/api?start=1>; rel="next"'}),
    ],
)
def test_what_is_no_zotero_is_said(status: int, text: str, headers: dict[str, str]) -> None:
    with zotero(lambda _: (status, text, headers)) as (address, _):
        try:
            assert find_entries(f"zotero:{address}").entries == ()
        except ExportUnusable as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    "address",
    ["http://192.0.2.1:23119", "https://127.0.0.1", "file:///etc", "http://", "http://evil.example",
     "http://[", "http://127.0.0.1.evil.example", "http://localhost:x", "http://localhost:0",
     "http://name:s3cret@localhost", "http://localhost/" + "a" * 70_000, "http://localhost/\x7f",
     "http://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://2130706433"],
)  # fmt: skip
def test_zotero_is_on_this_machine_alone(address: str) -> None:
    with pytest.raises(ExportUnusable, match="asked on this machine alone") as refused:
        find_entries(f"zotero:{address}")
    assert "s3cret" not in str(refused.value) and len(str(refused.value)) < 1000


def test_a_zotero_that_does_not_run_is_said() -> None:
    with zotero(lambda _: (200, "[]", {})) as (address, _):
        pass
    with pytest.raises(ExportUnusable, match="Zotero does not answer; start it"):
        find_entries(f"zotero:{address}")
