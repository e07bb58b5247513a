"""What a new version leaves of a digest, for a person at a terminal."""

from __future__ import annotations

from app.show.text import plain
from app.show.views import item_title
from app.write.diff import ClaimChange, DigestDiff, QuoteChange


def diff_lines(found: DigestDiff) -> list[str]:
    """What is lost, what has changed, how much stands: a line each."""
    numbers = [f"version {one}" if one else "" for one in (found.former.version, found.version)]
    before, after = (numbers[0] or "its former file", numbers[1] or "the file that is here now")
    lines = [
        plain(f"{found.paper_id}: {found.title}"),
        f"The digest of {before} ({found.lang}, {found.writer}), beside {after}.",
    ]
    lost, changed = found.of("lost"), found.of("changed")
    if lost:
        lines += ["", f"Lost ({len(lost)}): no sentence comes near what they rest on"]
        lines += [line for one in lost for line in _lost_lines(one)]
    if changed:
        lines += ["", f"Changed ({len(changed)})"]
        lines += [line for one in changed for line in _changed_lines(one)]
    standing, total = len(found.of("stands")), len(found.claims)
    return [*lines, "", f"{standing} of {total} sentences stand word for word."]


def _lost_lines(one: ClaimChange) -> list[str]:
    gone = [quote for quote in one.quotes if quote.fate == "lost"]
    lines = [f"- {item_title(one.section, 'en')}: {plain(one.claim.text)}"]
    if len(gone) == 1 and plain(gone[0].quote) == plain(one.claim.text):
        return lines
    return lines + [f"    rested on: {plain(quote.quote)}" for quote in gone]


def _changed_lines(one: ClaimChange) -> list[str]:
    lines = [f"- {item_title(one.section, 'en')}: {plain(one.claim.text)}"]
    for quote in one.quotes:
        if quote.fate == "changed":
            lines += [f"    {_words_line(quote)}", f"    now: {_now_line(quote)}"]
    return lines


def _words_line(quote: QuoteChange) -> str:
    """As in "28.4 -> 28.9; added: on average"."""
    said = []
    for word in quote.words:
        before, after = plain(word.before), plain(word.after)
        if before and after:
            said.append(f"{before} -> {after}")
        else:
            said.append(f"left out: {before}" if before else f"added: {after}")
    return "; ".join(said)


def _now_line(quote: QuoteChange) -> str:
    if quote.now is None:
        return ""
    page = f"p. {quote.now.page}" if quote.now.page else ""
    place = ", ".join(part for part in (page, quote.now.passage_id) if part)
    return f"{plain(quote.now.quote)}{f' ({place})' if place else ''}"
