"""What a new version leaves of a digest: what stands, what has changed, what is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.digest import Citation, Claim, Digest, DigestSection, Header, Support
from app.documents.diffs import digest_compared
from app.show.diff import diff_lines
from app.write import write_digest
from app.write.diff import (
    CLOSE,
    ClaimChange,
    DigestDiff,
    NothingToCompare,
    WordChange,
    diff,
    paper_diff,
)
from index.errors import PaperNotFound
from index.hits import Passage
from index.paper import Block, Figure, Paper, Section, Sentence
from index.read.text.sentences import split_sentences
from index.sources import Source
from index.spans import Span

ID = "2407.03300"
BURNS = "The lantern burns for 3.5 hours on a single fill of oil."


def paper_of(*paragraphs: str) -> Paper:
    """A second version with these paragraphs, a blank line between two."""
    text = "\n\n".join(paragraphs)
    starts = [sum(len(one) + 2 for one in paragraphs[:at]) for at in range(len(paragraphs))]
    spans = [Span(at, at + len(one)) for at, one in zip(starts, paragraphs, strict=True)]
    return Paper(
        ID, 2, "markdown", "bb", text, "Lanterns",
        sections=(Section("Results", "results", 1, Span(0, len(text))),),
        blocks=tuple(Block("paragraph", span) for span in spans),
        sentences=tuple(
            Sentence(one, "paragraph") for span in spans for one in split_sentences(text, span)
        ),
    )  # fmt: skip


def claim_of(*quotes: str, text: str = "", start: int = 0) -> Claim:
    """A claim on quotes of the first version, which stand apart there."""
    citations = tuple(
        Citation("2407.03300v1#results.1", quote, Span(at, at + len(quote)), ())
        for number, quote in enumerate(quotes)
        for at in (start + 1000 * number,)
    )
    return Claim(text or quotes[0], "quoted", citations, Support(1.0, "supported", ()))


def digest_of(*claims: Claim) -> Digest:
    header = Header(ID, 1, "Lanterns", (), None, (), "markdown", None)
    return Digest(header, "en", "extractive", (DigestSection("summary", claims),))


def compared(*quotes: str, new: Sequence[str], **parts: Any) -> ClaimChange:
    """A claim on these quotes beside a version of these paragraphs, which are its passages."""
    paper = replace(paper_of(*new), **parts)
    passages = [
        Passage(f"{ID}v2#results.{n}", ID, "", "results", one.span, one.span.of(paper.text))
        for n, one in enumerate(paper.blocks, 1)
    ]
    (change,) = diff(digest_of(claim_of(*quotes)), paper, passages).claims
    return change


def fate(quote: str, *new: str) -> str:
    return compared(quote, new=new).fate


def words(quote: str, *new: str) -> list[tuple[str, str]]:
    (change,) = compared(quote, new=new).quotes
    return [(one.before, one.after) for one in change.words]


def test_the_same_words_stand_at_their_new_place() -> None:
    change = compared(BURNS, new=["Other words stand here.", f"And so do these. {BURNS}"])
    (quote,) = change.quotes
    assert (change.fate, quote.closeness, quote.words) == ("stands", 1.0, ())
    assert quote.passage_id == "2407.03300v1#results.1"
    assert quote.now is not None
    assert (quote.now.passage_id, quote.now.quote) == ("2407.03300v2#results.2", BURNS)
    assert quote.now.span.start == len("Other words stand here.\n\nAnd so do these. ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("We use a data-driven rule for wicks.", "We use a data- driven rule\nfor  wicks."),
        ("We use a data-driven rule for wicks.", "We use a datadriven rule for wicks."),
        ("The trans\u00adport of oil is slow.", "The transport of oil is slow."),
        ("It reaches 28 % of the light.", "It reaches 28% of the light."),
    ],
)
def test_white_space_and_hyphens_are_folded(before: str, after: str) -> None:
    assert fate(before, f"It is new. {after}") == "stands"
    assert fate(after, f"It is new. {before}") == "stands"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("We reach 28.4 lumens on the path.", "We reach 28.9 lumens on the path.", "28.4 28.9"),
        ("We reach 28 lumens on the path.", "We reach 28.4 lumens on the path.", "28 28.4"),
        ("We gain -0.5 lumens on the path.", "We gain 0.5 lumens on the path.", "-0.5 0.5"),
        ("We gain 5 lumens on the path.", "We gain 5% lumens on the path.", "5 5%"),
        ("The model GPT-4 lights the path.", "The model GPT-5 lights the path.", "GPT-4 GPT-5"),
        ("The path is 35 steps long here.", "The path is 3 5 steps long here.", "35 3 5"),
        ("The path is 3-5 steps long here.", "The path is 35 steps long here.", "3-5 35"),
        ("The path was notable for light.", "The path was no table for light.", "notable no table"),
    ],
)
def test_one_word_that_changed_is_told(before: str, after: str, told: str) -> None:
    ((was, now),) = words(before, "It is new.", after)
    assert f"{was} {now}" == told
    assert fate(before, after) == "changed"


number = st.decimals(min_value=-999, max_value=999, places=1).map(str)


@given(number, number)
def test_a_number_stands_only_as_itself(one: str, other: str) -> None:
    before, after = (f"The lantern reaches {n} lumens on all of the paths." for n in (one, other))
    assert fate(before, f"We tested it. {after}") == ("stands" if one == other else "changed")


def test_a_sentence_that_goes_on_or_begins_before_does_not_stand() -> None:
    limited = "The lantern burns for 3.5 hours on a single fill of oil, but only in summer."
    assert words(BURNS, limited) == [("", ", but only in summer")]
    denied = f"It is not true that {BURNS}"
    assert words(BURNS, denied) == [("", "It is not true that")]
    assert words(BURNS, BURNS[:-1] + "!") == [(".", "!")]


def test_what_has_no_sentence_near_is_lost() -> None:
    change = compared(
        BURNS, new=["The village lies in the north.", "All shops sell oil for lamps."]
    )
    (quote,) = change.quotes
    assert (change.fate, quote.now, quote.words) == ("lost", None, ())
    assert 0 < quote.closeness < CLOSE
    assert fate(BURNS) == "lost"


def test_the_nearest_is_chosen_and_no_place_is_taken_twice() -> None:
    near = "The lantern burns for 3.7 hours on a single fill of oil."
    far = "The candle burns for 3.7 hours on a single pot of oil."
    (quote,) = compared(BURNS, new=[far, near]).quotes
    assert quote.now is not None and quote.now.quote == near
    # Where the near one stands for a quote of its own, it is no changed version of the other.
    other = compared(BURNS, near, new=[f"{near} Nothing else is said here."])
    assert [one.fate for one in other.quotes] == ["lost", "stands"]


def test_a_claim_fares_as_the_worst_of_its_quotes() -> None:
    second = "Candles go out in the wind at once."
    new = [BURNS, "Candles go out in the rain at once."]
    change = compared(BURNS, second, new=new)
    assert [one.fate for one in change.quotes] == ["stands", "changed"]
    assert change.fate == "changed"
    gone = compared(BURNS, second, "No word of this one is there any more.", new=new)
    assert gone.fate == "lost"


def test_a_sentence_in_two_passages_is_one_quote() -> None:
    start = BURNS.index("on a")
    parts = [(0, BURNS[: start - 1]), (start, BURNS[start:])]
    citations = tuple(
        Citation(f"2407.03300v1#results.{n}", part, Span(at, at + len(part)), ())
        for n, (at, part) in enumerate(parts, 1)
    )
    claim = replace(claim_of(BURNS), citations=citations)
    (change,) = diff(digest_of(claim), paper_of(BURNS), ()).claims
    assert [(one.fate, one.quote) for one in change.quotes] == [("stands", BURNS)]
    # Two whole sentences stand for themselves.
    apart = [(0, BURNS), (len(BURNS) + 1, "Candles do not.")]
    citations = tuple(
        Citation("2407.03300v1#results.1", part, Span(at, at + len(part)), ()) for at, part in apart
    )
    new = paper_of(f"{BURNS} This is new. Candles do not.")
    (change,) = diff(digest_of(replace(claim, citations=citations)), new, ()).claims
    assert [one.fate for one in change.quotes] == ["stands", "stands"]


def test_short_quotes_stand_or_are_lost() -> None:
    address = "https://github.com/byron/lanterns"
    assert fate(address, f"Our code is at {address}.") == "stands"
    assert fate(address, f"Our code is at {address}-2 for now.") == "lost"
    assert fate(address, f"Our code is at {address}/old for now.") == "lost"
    assert fate("University of Path", "1University of Path, 2Other Place") == "stands"
    assert fate("University of Path", "⋆University of Path; ‡Other Place") == "stands"
    assert fate("light", "We write of enlightenment and of flights.") == "lost"
    assert fate("0.5", "A loss of -0.5 and of 10.5 came up.") == "lost"


def test_quotes_of_several_sentences_and_of_captions() -> None:
    two = f"{BURNS} It weighs two pounds."
    assert words(two, f"First this. {BURNS} It weighs three pounds.") == [("two", "three")]
    caption = "Figure 2: Light of the lantern over 20 nights"
    text = "Figure 2: Light of the lantern over 30 nights"
    change = compared(
        caption, new=[text], sentences=(), figures=(Figure("Figure 2", Span(0, len(text))),)
    )
    assert change.quotes[0].words == (WordChange("20", "30"),)


def test_of_two_places_that_of_a_like_section_counts() -> None:
    paper = paper_of(BURNS, BURNS)
    passages = [
        Passage(f"{ID}v2#{role}.1", ID, "", "results", one.span, BURNS)
        for role, one in zip(("abstract", "results"), paper.blocks, strict=True)
    ]
    (change,) = diff(digest_of(claim_of(BURNS)), paper, passages).claims
    assert change.quotes[0].now is not None
    assert change.quotes[0].now.passage_id == "2407.03300v2#results.1"
    (change,) = diff(digest_of(claim_of(BURNS)), paper, passages[:1]).claims
    assert change.quotes[0].now is not None
    assert change.quotes[0].now.passage_id == "2407.03300v2#abstract.1"
    (change,) = diff(digest_of(claim_of(BURNS)), paper, ()).claims
    assert change.quotes[0].now is not None and change.quotes[0].now.passage_id == ""


# Of a library.


def fates(found: DigestDiff) -> dict[str, set[str]]:
    return {fate: {one.claim.text for one in found.of(fate)} for fate in ("lost", "changed")}


def test_two_versions_in_a_library(
    open_library: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    with open_library(tmp_path / "library") as library:
        library.add(Source(versions[0], "first"))
        with pytest.raises(NothingToCompare, match="no digest of a former version is kept"):
            paper_diff(library, ID)
        before = write_digest(library, ID)
        with pytest.raises(NothingToCompare):  # its own digest is no former one
            paper_diff(library, ID)
        library.add(Source(versions[1], "second"))
        found = paper_diff(library, ID)
        assert paper_diff(library, f"{ID}v1") == paper_diff(library, f"{ID}v2") == found
        assert (found.former.version, found.version) == (1, 2)
        assert [one.claim for one in found.claims] == list(before.claims)
        paper = library.paper(ID)
        for change in found.claims:
            gone = {
                part for part in ("28.4", "only 2% of", "In future") if part in change.claim.text
            }
            assert change.fate == (
                "lost" if "In future" in gone else "changed" if gone else "stands"
            )
            for quote in change.quotes:
                if quote.now is not None:
                    assert quote.now.span.of(paper.text) == quote.now.quote
                    passage = next(
                        one for one in library.passages(ID) if one.id == quote.now.passage_id
                    )
                    assert passage.span.contains(quote.now.span)
        assert all(fates(found).values())
        with pytest.raises(NothingToCompare, match=r"there is one in en: gloss diff .* --lang en"):
            paper_diff(library, ID, "zh")
        for missing in ("2407.99999", f"{ID}v9"):
            with pytest.raises(PaperNotFound):
                paper_diff(library, missing)


def test_a_file_that_was_edited_has_a_former_version_too(
    open_library: Any, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    paper = tmp_path / "lanterns.md"
    with open_library(tmp_path / "library") as library:
        for version in versions:
            paper.write_text(version.read_text())
            library.add(Source(paper, "lanterns"))
            write_digest(library, "lanterns", "zh")
        found = paper_diff(library, "lanterns", "zh")
        assert (found.former.version, found.version, found.lang) == (None, None, "zh")
        assert found.of("changed")
        said = diff_lines(found)
        assert said[1] == (
            "The digest of its former file (zh, extractive), beside the file that is here now."
        )


def test_the_command(gloss_on_disk: Any, versions: tuple[Path, Path]) -> None:
    gloss_on_disk("add", str(versions[0]))
    gloss_on_disk("digest", ID)
    only = gloss_on_disk("diff", ID)
    assert (only.code, only.out) == (2, "")
    assert only.err == (
        f"gloss: {ID}: no digest of a former version is kept, so there is nothing to compare; "
        "one that was written before a new version is added stays\n"
    )
    gloss_on_disk("add", str(versions[1]))
    ran = gloss_on_disk("diff", ID)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        f"{ID}: Lanterns for Long Paths",
        "The digest of version 1 (en, extractive), beside version 2.",
    ]
    document = json.loads(gloss_on_disk("diff", ID, "--json").out)
    counts = {one: document[one] for one in ("lost", "changed", "stands")}
    assert all(counts.values()) and sum(counts.values()) == len(document["claims"])
    headings = [line for line in lines if line.startswith(("Lost", "Changed"))]
    assert headings == [
        f"Lost ({counts['lost']}): no sentence comes near what they rest on",
        f"Changed ({counts['changed']})",
    ]
    assert any(line.strip() == "28.4 -> 28.9" for line in lines)
    total = len(document["claims"])
    assert lines[-1] == f"{counts['stands']} of {total} sentences stand word for word."
    (changed, *_) = [one for one in document["claims"] if one["status"] == "changed"]
    (quote,) = changed["quotes"]
    assert quote["now"]["passage_id"].startswith(f"{ID}v2#")
    assert quote["words"] and 0.6 <= quote["closeness"] < 1
    assert document["paper"]["version"] == 2 and document["former"]["version"] == 1


def test_what_a_terminal_shows_is_plain() -> None:
    steer = "The lantern burns for 3 hours \x1b[31m on a single fill of oil."
    worded = claim_of(steer, text="It burns for 3 hours.")
    found = diff(digest_of(worded), paper_of(steer.replace("3", "4")), ())
    said = "\n".join(diff_lines(found))
    assert "\x1b" not in said and "3 -> 4" in said
    lost = diff(digest_of(worded), paper_of("Nothing is left."), ())
    assert "    rested on: The lantern burns for 3 hours [31m on a single fill of oil." in (
        diff_lines(lost)
    )
    assert digest_compared(lost).claims[0].quotes[0].now is None
