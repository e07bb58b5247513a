"""Papers taken along: what other programs read of it, and what no title can do to them."""

from __future__ import annotations

import io
import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import rispy
import yaml
from pybtex.database import parse_string

from app.digest import Digest
from app.publish.exports import write_notes, write_pdfs
from app.publish.files import OutputUnusable
from app.show.bibtex import citation_keys, entries_to_bibtex
from app.show.citation import author_and_year, cite, pandoc_cite
from app.show.csl import to_csl
from app.show.exports import entries_of
from app.show.markdown import escape_markdown
from app.show.obsidian import KEPT_BELOW, kept_part, note_name, safe_id, to_obsidian
from app.show.references import entry_of, on_one_line
from app.show.ris import to_ris
from app.write import write_digest
from app.write.spots import NothingChosen, chosen_papers, spot_of
from index.entries import Entry, Name, name_of
from index.library import Library
from index.notes import Anchor, Located, Note, Place

ATTACKS = (
    '=cmd|"/c calc"!A0',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "x\n---\nevil: !!python/object/apply:os.system ['id']",
    "'\"]: {a: b}\n- c #",
    r"\input{/etc/passwd} \write18{id} }%$ {{x}}",
    "x\nER  - \nTY  - JOUR\nTI  - evil",
    '"},{"id":"evil',
    "[[evil]] ![[evil]] %% hidden %% ==x== <% tp.evil %> ^block",
    "../../etc/passwd",
    "`= dv.evil()` ```dataviewjs",
    "a\u202eb\u2028c\x00d\x1b[2J",
    "@article{evil, title={x}}",
)
ENTRY = Entry(
    title="Lanterns, Lamps & 50% of {Light}",
    kind="article-journal",
    authors=(Name("Byron", "Ada"), Name("van der Maaten", "L."), Name("The Lamp Group")),
    date="2017-06-12",
    container="Journal of Light",
    volume="3",
    issue="2",
    pages="11–19",
    doi="10.1000/xyz_1",
    arxiv="1706.03762v5",
    url="https://arxiv.org/abs/1706.03762v5",
    abstract="We light.",
    tags=("to read", "ml"),
    notes=("a note",),
)


def test_ris_is_read_back(tmp_path: Path) -> None:
    first, second = rispy.loads(to_ris([ENTRY, replace(ENTRY, title="Other", pages="")]))
    assert second["title"] == "Other"
    assert first["type_of_reference"] == "JOUR"
    assert first["title"] == ENTRY.title
    assert first["authors"] == ["Byron, Ada", "van der Maaten, L.", "The Lamp Group"]
    assert (first["year"], first["date"]) == ("2017", "2017/06/12")
    assert (first["secondary_title"], first["volume"], first["number"]) == (
        "Journal of Light",
        "3",
        "2",
    )
    assert (first["start_page"], first["end_page"], first["doi"]) == ("11", "19", "10.1000/xyz_1")
    assert (first["keywords"], first["notes"]) == (["to read", "ml"], ["a note"])
    assert first["urls"] == [ENTRY.url]
    assert to_ris([]) == ""


def formatted(csl: str) -> list[str]:
    """What a citation processor prints of CSL-JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of Python's and of styles
        from citeproc import (
            Citation,
            CitationItem,
            CitationStylesBibliography,
            CitationStylesStyle,
            formatter,
        )
        from citeproc.source.json import CiteProcJSON

        source = CiteProcJSON(json.loads(csl))
        style = CitationStylesStyle("harvard-cite-them-right", validate=False)
        printed = CitationStylesBibliography(style, source, formatter.plain)
        for key in source:
            printed.register(Citation([CitationItem(key)]))
        return ["".join(one) for one in printed.bibliography()]


def test_csl_json_is_read_back_by_a_citation_processor() -> None:
    csl = to_csl([ENTRY, Entry(title="A Bare One")])
    (full, bare) = formatted(csl)
    for part in ("Byron, A.", "van der Maaten, L.", "The Lamp Group", "2017", "Journal of Light"):
        assert part in full
    assert ENTRY.title in full and "11" in full and "A Bare One" in bare
    first, second = json.loads(csl)
    assert first["issued"] == {"date-parts": [[2017, 6, 12]]}
    assert first["DOI"] == ENTRY.doi and first["keyword"] == "to read, ml"
    assert second == {"id": "gloss:a-bare-one", "type": "article", "title": "A Bare One"}


def test_bibtex_is_read_back() -> None:
    text = entries_to_bibtex([ENTRY, ENTRY, replace(ENTRY, kind="article", container="")])
    entries = parse_string(text, "bibtex").entries
    assert list(entries) == ["byron2017lanterns", "byron2017lanternsb", "byron2017lanternsc"]
    first = entries["byron2017lanterns"]
    assert first.type == "article"
    assert first.fields["title"] == (
        r"{Lanterns, Lamps \& 50\% of \textbraceleft{}Light\textbraceright{}}"
    )
    names = [" ".join(one.prelast_names + one.last_names) for one in first.persons["author"]]
    assert names == ["Byron", "van der Maaten", "{The Lamp Group}"]
    assert (first.fields["journal"], first.fields["pages"], first.fields["month"]) == (
        "Journal of Light",
        "11--19",
        "June",
    )


def test_keys_are_told_apart() -> None:
    plain = Entry(title="On Paths", authors=(Name("Byron", "Ada"),), date="2020")
    odd = replace(plain, title="Onb", authors=(Name("Byron"),))
    keys = citation_keys([plain] * 28 + [odd])
    assert keys[:3] == ["byron2020paths", "byron2020pathsb", "byron2020pathsc"]
    assert keys[27] == "byron2020pathsab"
    assert len(set(keys)) == 29
    clash = replace(plain, title="Pathsb")
    assert len(set(citation_keys([clash, plain, plain]))) == 3


@pytest.mark.parametrize(
    "text, family, given",
    [
        ("Ada Byron", "Byron", "Ada"),
        ("Byron, Ada", "Byron", "Ada"),
        ("Laurens van der Maaten", "van der Maaten", "Laurens"),
        ("The Lamp Oil Group", "The Lamp Oil Group", ""),
        ("The gloss authors", "The gloss authors", ""),
        ("王伟", "王伟", ""),
        ("Plato", "Plato", ""),
        ("de Finetti", "Finetti", "de"),
    ],
)
def test_names_are_taken_apart(text: str, family: str, given: str) -> None:
    assert name_of(text) == Name(family, given)


def test_a_quote_is_cited_with_author_year_and_page() -> None:
    assert cite(ENTRY, "the words", 4) == "“the words” (Byron et al., 2017, p. 4)"
    two = replace(ENTRY, authors=ENTRY.authors[:2])
    assert author_and_year(two) == "Byron & van der Maaten, 2017"
    assert cite(replace(ENTRY, authors=(), date="", title="On"), "x") == "“x” (“On”, n.d.)"
    assert pandoc_cite("byron2017", 4) == "[@byron2017, p. 4]"


# What no title may do.


def attacked(text: str) -> Entry:
    raw = Entry(
        title=text,
        authors=(Name(text, text), Name(text)),
        date="2020",
        container=text,
        doi=text,
        url=f"javascript:{text}",
        abstract=text,
        tags=(text,),
        notes=(text,),
    )
    return on_one_line(raw)


@pytest.mark.parametrize("text", ATTACKS)
def test_bibliographies_hold_whatever_a_title_says(text: str) -> None:
    entry = attacked(text)
    safe = Entry(title="Safe")
    ris = to_ris([entry, safe])
    read = rispy.loads(ris)
    assert [one["title"] for one in read] == [entry.title, "Safe"]
    assert "urls" not in read[0]
    csl = to_csl([entry, safe])
    assert [one["title"] for one in json.loads(csl)] == [entry.title, "Safe"]
    assert len(formatted(csl)) == 2
    bib = entries_to_bibtex([entry, safe])
    parsed = parse_string(bib, "bibtex")
    assert len(parsed.entries) == 2
    # What a backslash begins is one of the escapes, so that TeX runs no command.
    commands = set(re.findall(r"\\[A-Za-z]+|\\.", bib))
    names = ("textbackslash", "textasciitilde", "textasciicircum", "textbraceleft",
             "textbraceright")  # fmt: skip
    assert commands <= {*(f"\\{name}" for name in names), *(f"\\{mark}" for mark in "&%$#_")}
    for out in (ris, csl, bib):
        assert not re.search("[\x00-\x08\x0e-\x1f\u202e\u2028]", out)


def located(quote: str, note: str, tag: str) -> Located:
    place = Place(
        1, "p", "t", Anchor(quote, 3, 0, None), False, (Note(1, note, "2020", "2020"),), (tag,)
    )
    return Located(place, "p", "gone", None, 3)


@pytest.mark.parametrize("text", ATTACKS)
def test_notes_of_obsidian_hold_whatever_a_title_says(text: str, lanterns: Digest) -> None:
    digest = replace(lanterns, paper=replace(lanterns.paper, title=text, authors=(text,)))
    entry = attacked(text)
    note = to_obsidian(digest, entry, [located(text, text, text)], "key", "pdf/a b(1).pdf")
    assert note.startswith("---\n") and note.endswith(f"\n{KEPT_BELOW}\n")
    front, body = note[4:].split("\n---\n", 1)
    values = yaml.safe_load(front)
    assert (values["title"], values["gloss_id"]) == (entry.title, digest.paper.id)
    assert set(values) <= {
        *("title", "aliases", "authors", "date", "gloss_id", "citekey", "journal", "doi"),
        *("categories", "tags"),
    }
    assert all(re.fullmatch(r"[\w/-]+", tag) for tag in values["tags"])
    body = body.removesuffix(f"{KEPT_BELOW}\n")
    assert "its words are no longer in this version" in body
    assert "pdf/a%20b%281%29.pdf#page=3" in body
    for live in ("<script", "<img", "![[", "[[", "%%", "==", "<%", "```", "`="):
        assert not re.search(rf"(?<!\\){re.escape(live)}", body), live
    assert "\n---" not in body
    assert kept_part(note) == ""
    name = note_name(entry, text)
    assert not re.search(r'[\\/:*?"<>|#^\[\]\x00-\x1f]', name) and len(name.encode()) < 255
    assert safe_id(text) not in ("", ".", "..") and "/" not in safe_id(text)


@pytest.mark.parametrize(
    ("title", "paper_id", "name"),
    [
        ("é" * 300, "a", f"{'é' * 60} (a).md"),
        ("aux. The method", "a", "_aux. The method (a).md"),  # Windows has a device of that name
        ("CON", "a", "CON (a).md"),
        ("../..", "cs/9901001", "(cs-9901001).md"),
        ("a" * 119 + ". b", "p", f"{'a' * 119} (p).md"),
    ],
)
def test_a_name_is_one_that_every_system_takes(title: str, paper_id: str, name: str) -> None:
    made = note_name(Entry(title=title), paper_id)
    assert made == name
    assert len(made.encode()) <= 240 and len(f"{safe_id(paper_id)}.pdf".encode()) <= 240


def test_a_note_has_the_digest_with_pages(lanterns: Digest) -> None:
    entry = replace(ENTRY, tags=("to read", "2024"))
    note = to_obsidian(lanterns, entry, [], "byron2017", "pdf/2401.00001.pdf")
    values = yaml.safe_load(note.split("---")[1])
    assert values["tags"] == ["to-read", "n2024"]
    assert values["citekey"] == "byron2017"
    assert "([p. 2](pdf/2401.00001.pdf#page=2), Method)" in note
    assert "## Own notes" not in note
    without = to_obsidian(lanterns, entry, [], "byron2017")
    assert "[p. 2](https://arxiv.org/pdf/2401.00001v2#page=2)" in without


# Real papers.


@pytest.fixture(scope="module")
def noted(sample_library: Library) -> Any:
    """The sample library with a note on a paper and one on its words, taken away at the end."""
    notes = sample_library.notes
    spot = spot_of(sample_library, "cited-digests/en/method.1")
    notes.add("cited-digests", "on the paper")
    notes.add("cited-digests", "on its words", spot.span)
    notes.tag("cited-digests", "to read")
    yield sample_library
    for one in notes.find():
        for note in one.place.notes:
            notes.delete(note.number)
    notes.untag("cited-digests", "to read")
    assert notes.find() == []


def test_the_pdf_says_what_the_digest_says(noted: Library, tmp_path: Path) -> None:
    (done,) = write_pdfs(noted, ["cited-digests"], tmp_path / "a.pdf")
    assert done.file == tmp_path / "a.pdf"
    data = done.file.read_bytes()
    digest = write_digest(noted, "cited-digests")
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    marks = [
        (number, mark.get_object())
        for number, page in enumerate(pages)
        for mark in page.get("/Annots") or ()
        if mark.get_object()["/Subtype"] == "/Highlight"
    ]
    under: dict[str, str] = {}
    for number, mark in marks:
        text = pypdfium2.PdfDocument(data)[number].get_textpage()
        corners = [float(one) for one in mark["/QuadPoints"]]
        for at in range(0, len(corners), 8):
            xs, ys = corners[at : at + 8 : 2], corners[at + 1 : at + 8 : 2]
            said = text.get_text_bounded(min(xs), min(ys), max(xs), max(ys))
            under[mark["/Contents"]] = under.get(mark["/Contents"], "") + said

    def letters(text: str) -> str:
        return "".join(one for one in text if one.isalnum())

    for claim in digest.claims:
        (note,) = {note for note in under if claim.text in note.splitlines()}
        for cited in claim.citations:
            assert letters(cited.quote) in letters(under[note])
    heading = next(note for note in under if note.startswith("Overview · Method\n"))
    assert heading.split("\n")[1] in [claim.text for claim in digest.claims]
    own = [mark for _, mark in marks if mark["/T"] == "you"]
    assert [mark["/Contents"] for mark in own] == ["on its words"]


def test_files_for_papers_that_have_and_have_none(noted: Library, tmp_path: Path) -> None:
    ids = ["choosing-passage-size", "cited-digests"]
    without, having = write_pdfs(noted, ids, tmp_path / "pdfs")
    assert "has no PDF to put notes into: it was added as markdown" in str(without.error)
    assert having.file == tmp_path / "pdfs" / "cited-digests.pdf"
    with pytest.raises(OutputUnusable, match="one file cannot hold 2 papers; name a folder"):
        list(write_pdfs(noted, ids, tmp_path / "a.pdf"))


def test_a_vault_is_written_again_around_what_the_reader_wrote(
    noted: Library, tmp_path: Path
) -> None:
    ids = ["choosing-passage-size", "cited-digests"]
    first, second = (one.file for one in write_notes(noted, ids, tmp_path))
    assert first is not None and second is not None
    assert "on the paper" in second.read_text() and "on its words" in second.read_text()
    assert (tmp_path / "pdf" / "cited-digests.pdf").is_file()
    assert [one.name for one in (tmp_path / "pdf").iterdir()] == ["cited-digests.pdf"]
    renamed = second.rename(tmp_path / "Mine (cited-digests).md")
    renamed.write_text(renamed.read_text() + "my own thoughts\n")
    before = renamed.read_bytes()
    (again,) = write_notes(noted, ["cited-digests"], tmp_path)
    assert again.file == renamed and renamed.read_bytes() == before


def test_papers_are_chosen_in_one_way(noted: Library) -> None:
    every = noted.ids()
    assert chosen_papers(noted, every=True) == every
    assert chosen_papers(noted, ["cited-digests"] * 2) == ["cited-digests"]
    assert chosen_papers(noted, tag="To Read") == ["cited-digests"]
    assert "choosing-passage-size" in chosen_papers(noted, query="passage size")
    for wrong in ({}, {"ids": ["cited-digests"], "every": True}):
        with pytest.raises(NothingChosen, match="give the IDs"):
            chosen_papers(noted, **wrong)
    with pytest.raises(NothingChosen, match="no paper with the tag 'nowhere'"):
        chosen_papers(noted, tag="nowhere")


def test_entries_have_notes_and_tags(noted: Library) -> None:
    (entry,) = entries_of(noted, ["cited-digests"])
    assert entry.tags == ("to read",)
    assert entry.notes[0] == "on the paper"
    assert re.fullmatch("“.+”: on its words", entry.notes[1])
    paper = noted.paper("cited-digests")
    merged = entry_of(paper, replace(ENTRY, tags=("zotero",)))
    assert (merged.title, merged.doi, merged.tags) == (paper.title, ENTRY.doi, ("zotero",))
    assert escape_markdown(merged.title)


def test_the_commands(gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path) -> None:
    gloss = gloss_on_disk
    assert gloss("add", str(versions[0])).code == 0
    ran = gloss("export", "2407.03300", "--pdf", str(tmp_path / "a.pdf"))
    assert (ran.code, ran.out) == (3, "")
    assert "2407.03300: has no PDF to put notes into: it was added as markdown" in ran.err
    assert gloss("note", "2407.03300", "a first note").code == 0
    ran = gloss("note", "2407.03300", "on words", "--quote", "the lantern")
    assert ran.code == 2 and "these words are" in ran.err
    ran = gloss("note", "2407.03300/en/limits.9", "x")
    assert ran.code == 2 and "in no digest of this library" in ran.err
    claim = json.loads(gloss("search", "--in", "digests", "lantern", "--json").out or "{}")
    assert gloss("digest", "2407.03300").code == 0
    claim = json.loads(gloss("search", "--in", "digests", "lantern", "--json").out)["hits"][0]
    assert gloss("note", claim["claim_id"], "on a sentence").code == 0
    assert gloss("tag", "2407.03300", "to read", "ml").code == 0
    listed = json.loads(gloss("notes", "--json").out)["places"]
    assert [one["tags"] for one in listed] == [["ml", "to read"], []]
    assert [[note["text"] for note in one["notes"]] for one in listed] == [
        ["a first note"],
        ["on a sentence"],
    ]
    # The new version: what is noted stays.
    assert gloss("add", str(versions[1])).code == 0
    assert len(json.loads(gloss("note", "2407.03300", "--json").out)["places"]) == 2
    assert json.loads(gloss("notes", "--search", "first NOTE", "--json").out)["places"]
    assert gloss("notes", "--search", "nowhere").out == ""
    ran = gloss("export", "--tag", "ml", "--ris", "-")
    assert rispy.loads(ran.out)[0]["keywords"] == ["ml", "to read"]
    ran = gloss("export", "--all", "--csl", str(tmp_path / "a.json"), "--json")
    assert json.loads(ran.out) == {"papers": ["2407.03300"], "files": []}
    assert json.loads((tmp_path / "a.json").read_text())[0]["note"]
    for wrong in (("--all",), ("--all", "--ris", "-", "--csl", "-"), ("--ris", "-")):
        assert gloss("export", *wrong).code == 2
    ran = gloss("cite", claim["claim_id"].replace("v1/", "/"), "--json")
    assert re.search(r"”.*\(.+, (\d{4}|n\.d\.)\)", json.loads(ran.out)["text"])
    assert gloss("note", "2407.03300", "changed", "--change", "1").code == 0
    assert gloss("note", "2407.03300", "--delete", "9").code == 2
    assert gloss("note", "2407.03300", "--delete", "2").code == 0
    assert gloss("note", "2407.03300", "--change", "1").code == 2
    assert gloss("tag", "2407.03300", "--delete", "ML").code == 0
    ran = gloss("remove", "2407.03300")
    assert ran.out == ("2407.03300  removed; 1 note and 1 tag kept: `gloss notes` lists them\n")
    ran = gloss("notes")
    assert "its paper is no longer in the library" in ran.out and "changed" in ran.out
    assert gloss("note", "2407.03300", "--delete", "1").code == 0
    assert gloss("notes").out.count("changed") == 0


def test_a_search_finds_notes_apart_from_passages(
    gloss_on_disk: Any, versions: tuple[Path, Path]
) -> None:
    gloss = gloss_on_disk
    assert gloss("add", str(versions[0])).code == 0
    gloss("note", "2407.03300", "Ask the village about its oil")
    gloss("tag", "2407.03300", "survey")
    found = json.loads(gloss("search", "the village", "--json").out)
    (place,) = found["notes"]
    assert (place["paper"], place["notes"][0]["text"]) == (
        "2407.03300",
        "Ask the village about its oil",
    )
    assert found["hits"] and not any("Ask the village" in hit["text"] for hit in found["hits"])
    said = gloss("search", "village survey").out
    passages, _, own = said.partition("Your notes\n")
    assert "Ask the village" in own and "Ask the village" not in passages
    for elsewhere in (
        ("--role", "method"),
        ("--until", "2000"),
        ("--category", "math"),
        ("--in", "digests", "--since", "2100"),
    ):
        assert json.loads(gloss("search", "village", *elsewhere, "--json").out)["notes"] == []
    assert json.loads(gloss("search", "glass", "--json").out)["notes"] == []  # a word of the paper
    compared = gloss("compare", "2407.03300", "--tag", "nowhere")
    assert compared.code == 2 and "nowhere: no paper has this tag" in compared.err


def test_import_and_what_waits(
    gloss_on_disk: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    gloss = gloss_on_disk
    folder = tmp_path / "export"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "lanterns.md").write_text(versions[0].read_text(), encoding="utf-8")
    attack = "<script>x</script> \x1b[2J\u202e"
    items = [
        {
            "title": "Lanterns Named",
            "keyword": "ml",
            "attachments": [{"path": "files/lanterns.md"}],
        },
        {"title": f"Attention {attack}", "URL": "https://arxiv.org/abs/1706.03762"},
    ]
    (folder / "a.json").write_text(json.dumps(items))
    ran = gloss("import", str(folder / "a.json"))
    assert ran.code == 3 and ran.out.splitlines()[0] == "lanterns  added  Lanterns Named"
    assert "`gloss add 1706.03762` fetches it from arXiv" in ran.out
    assert "1 of 2 entries have a paper" in ran.err
    listed = gloss("papers").out
    assert "entry:2\tno-file\t0\tAttention" in listed
    assert "\x1b" not in ran.out + listed and "\u202e" not in ran.out + listed
    said = json.loads(gloss("papers", "--json").out)
    assert [one["title"] for one in said["papers"]] == ["Lanterns Named"]
    assert [(one["number"], one["arxiv"]) for one in said["entries"]] == [(2, "1706.03762")]
    assert gloss("export", "--tag", "ml", "--bibtex", "-").out.count("Lanterns Named") == 1
    ran = gloss("import", str(folder / "a.json"), "--json")
    assert [one["outcome"] for one in json.loads(ran.out)["entries"]] == ["there", "no-file"]
    assert gloss("remove", "entry:2", "lanterns").code == 0
    assert "entry:2" not in gloss("papers").out
    assert gloss("remove", "entry:2").code == 2
    ran = gloss("import", str(tmp_path / "gone.ris"))
    assert ran.code == 2 and ran.err.endswith("gone.ris: No such file or directory\n")


def test_each_id_has_a_file_of_its_own_that_any_system_takes() -> None:
    """A second paper of the same name would take the first one's file."""
    kept = ["2401.00001", "notes on bees", "Vaswani_2017", "蜜蜂", "a..b", "CONtext"]
    assert [safe_id(one) for one in kept] == kept
    assert safe_id("cs/9901001") == "cs-9901001"
    odd = [
        "a:b", "a?b", "a/b", "a-b", "a b", "a  b", "a\nb", "a\0b", "é", "e\u0301", "..", ".", " ",
        "../../a", "CON", "nul.txt", "com1", "LPT9.a", "\u202ea", "a", "x" * 300, "x" * 301,
        "\ud800", "a.", ".a",
    ]  # fmt: skip
    names = [safe_id(one) for one in odd]
    assert len({name.casefold() for name in names}) == len(odd)
    for name in names:
        assert not re.search(r'[\\/:*?"<>|\x00-\x1f\u202e]', name) and len(name.encode()) < 100
        assert name.strip(". ") == name and name.split(".")[0].lower() not in ("con", "nul", "com1")
