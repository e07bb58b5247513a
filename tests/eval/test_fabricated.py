"""What a digest may not say: each kind is invented here, and what is the paper's is let pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.digest import Claim, Digest, DigestSection, Header, Support
from eval.fabricated import Fabrication, SourceText, fabrications, links_in
from index.paper import Paper, Record

TEXT = (
    "Lanterns in Rain\n\nAdá Byron, Bo Li\n\nUniversity of Oslo\n\n"
    "We tested 1,000 lanterns on ImageNet-64/128; three burnt for 3.50 hours, half of them dry.\n"
    "Code: https://github.com/lanterns/rain."
)
HEADER = Header(
    "2401.00001", 1, "Lanterns in Rain", ("Ada Byron",), None, (), "markdown",
    "https://arxiv.org/abs/2401.00001v1",
)  # fmt: skip
PAPER = Paper("2401.00001", 1, "markdown", "", TEXT, "Lanterns in Rain", ("Ada Byron",))


def found(
    section: str, text: str, header: Header = HEADER, paper: Paper = PAPER
) -> list[Fabrication]:
    claim = Claim(text, "compressed", (), Support(1.0, "supported", ()))
    digest = Digest(header, "en", "local", (DigestSection(section, (claim,)),))
    return list(fabrications(digest, paper).fabricated)


@pytest.mark.parametrize(
    "said",
    [
        "Some 1000 lanterns burn for 3.5 hours.",
        "3 of them did.",
        "50% were dry.",
        "ImageNet-64/128 was used.",
        "有1,000盏灯笼，燃烧3.5小时。",
        "It is at https://github.com/lanterns/rain/.",
        "A lantern burns.",
    ],
)
def test_what_is_the_papers_passes(said: str) -> None:
    assert found("summary", said) == []


@pytest.mark.parametrize(
    ("section", "said", "kind", "what"),
    [
        ("summary", "It burns for 4.5 hours.", "number", "4.5"),
        ("summary", "燃烧45小时。", "number", "45"),
        ("summary", "Seven burnt.", "number", "Seven"),
        ("summary", "GPT-4 wrote it.", "number", "4"),
        ("affiliation", "University of Bergen", "affiliation", "University of Bergen"),
        ("links", "https://github.com/others/rain", "link", "https://github.com/others/rain"),
    ],
)
def test_what_is_invented_is_listed(section: str, said: str, kind: str, what: str) -> None:
    (one,) = found(section, said)
    assert (one.kind, one.said, one.section, one.sentence) == (kind, what, section, said)


def test_header_fields_are_the_papers_or_those_of_the_record() -> None:
    other = replace(
        HEADER, authors=("Ada Byron", "Cy Dole"), url="https://arxiv.org/abs/2401.00002"
    )
    assert [(one.kind, one.said) for one in found("summary", "Rain.", other)] == [
        ("author", "Cy Dole"),
        ("link", "https://arxiv.org/abs/2401.00002"),
    ]
    record = Record("2401.00001", 1, "Lanterns in Rain", ("Cy Dole",), "", "", "", ())
    known = replace(PAPER, record=record)
    assert found("summary", "Rain.", replace(HEADER, authors=("Cy Dole",)), known) == []


def test_everything_that_was_looked_up_is_counted() -> None:
    claim = Claim("3 of 1,000 and 7.", "compressed", (), Support(1.0, "supported", ()))
    digest = Digest(HEADER, "en", "local", (DigestSection("summary", (claim,)),))
    fields = fabrications(digest, PAPER)
    assert (fields.looked_up, len(fields.fabricated)) == (1 + 1 + 1 + 3, 1)


def test_links_end_before_what_follows() -> None:
    assert links_in("见 https://a.org/b。www.c.com, d.io/e)") == [
        "https://a.org/b", "www.c.com", "d.io/e",
    ]  # fmt: skip
    assert SourceText("no links").has("No Links!")
