"""A digest's sentences as highlights with notes, to be put into a copy of the paper's PDF."""

from __future__ import annotations

from collections.abc import Iterable

from app.digest import Digest
from app.show.views import view
from index.notes import Located
from index.paper import Paper
from index.spans import Box, Highlight

_BETWEEN = "\n\n"  # notes of sentences that rest on the same words


def digest_highlights(digest: Digest) -> tuple[Highlight, ...]:
    """For each place that the digest cites, one highlight; its note has heading and sentence.

    Words that several sentences rest on are marked once. None of a paper that is no PDF.
    """
    said: dict[tuple[Box, ...], list[tuple[str, str]]] = {}
    for group in view(digest).groups:
        for item in group.items:
            heading = " · ".join(part for part in (group.title, item.title) if part)
            for claim in item.claims:
                for cited in digest.claims[claim.number].citations:
                    if cited.boxes:
                        said.setdefault(cited.boxes, []).append((heading, claim.text))
    return tuple(
        Highlight(
            boxes,
            heading=" / ".join(dict.fromkeys(heading for heading, _ in notes)),
            note=_BETWEEN.join(f"{heading}\n{text}" for heading, text in dict.fromkeys(notes)),
        )
        for boxes, notes in said.items()
    )


def own_highlights(marked: Iterable[Located], paper: Paper) -> tuple[Highlight, ...]:
    """The reader's notes and tags on words of a paper, where the words are on its pages."""
    return tuple(
        Highlight(
            boxes,
            heading=", ".join(one.place.tags),
            note=_BETWEEN.join(
                [note.text for note in one.place.notes]
                + ([f"Tags: {', '.join(one.place.tags)}"] if one.place.tags else [])
            ),
            author="you",
            by="own",
        )
        for one in marked
        if one.span is not None and (boxes := paper.boxes(one.span))
    )
