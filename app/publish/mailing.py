"""Which papers the e-mail of a day has, and that none is sent twice.

``pages.json`` remembers the papers that went out, and the days whose message is still due since
the server did not take it. The next run sends what is due.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.interests.nearness import Ranked
from app.publish.daily_file import Daily
from app.publish.day import anchor, day_stem
from app.publish.files import write_file, write_text
from app.publish.listing import MANIFEST, Mailed, Published, read_published
from app.publish.mail import MailNotSent, send, sender_of
from app.publish.message import NOBODY, DayMail, MailPaper, to_message
from app.publish.site import Site, papers_of
from app.write import Writer, write_digests

if TYPE_CHECKING:
    from index.config import MailSettings
    from index.library import PaperRow, Papers


@dataclass(frozen=True, slots=True)
class Post:
    """Where messages go: to a server, or one of today into a file, which counts as not sent."""

    settings: MailSettings
    file: Path | None = None


def ids_of_day(
    rows: Sequence[PaperRow], published: Published, daily: Daily, day: datetime.date
) -> list[str]:
    """The papers that the pages of a day have, each once, by id."""
    ids: set[str] = set()
    for topic, is_query in daily.topics():
        found = published.found_by(topic, day) if is_query else None
        ids.update(row.id for row in papers_of(rows, topic, day, found))
    return sorted(ids)


def days_due(published: Published, now: datetime.date) -> list[datetime.date]:
    """Today, and the days whose message could not be sent; the earliest first."""
    return sorted({now, *(one.date for one in published.mailed if one.due)})


def mail_days(
    library: Papers,
    daily: Daily,
    site: Site,
    writer: Writer,
    rankings: Mapping[datetime.date, Sequence[Ranked]],
    post: Post,
    now: datetime.datetime,
) -> str:
    """Send what is due, or write today's message into the file. What was done, in a line.

    Raises ``MailNotSent`` and ``OutputUnusable``; what was sent before is remembered then.
    """
    published = read_published(daily.out)
    if post.file is not None:
        mail = _mail(library, published, daily, site, writer, now.date(), rankings[now.date()])
        if not mail.papers:
            return "mail: no papers today, nothing written"
        try:
            sender = sender_of(post.settings)
        except MailNotSent:  # a trial needs none
            sender = NOBODY
        write_file(post.file, bytes(to_message(mail, sender, daily.mail_to, now)))
        return f"mail: {len(mail.papers)} papers, written to {post.file}"
    sent = 0
    for day in days_due(published, now.date()):
        former = published.mailed_on(day)
        new = [one for one in rankings[day] if one.paper_id not in former.ids]
        mail = _mail(library, published, daily, site, writer, day, new)
        if not mail.papers:
            continue
        ids = tuple(one.digest.paper.id for one in mail.papers)
        done = Mailed(date=day, ids=(*former.ids, *ids))
        try:
            message = to_message(mail, sender_of(post.settings), daily.mail_to, now)
            send(message, daily.mail_to, post.settings)
        except MailNotSent as error:
            late = done if error.delivered else former.model_copy(update={"due": True})
            _remember(daily.out, published.with_mailed(late))
            raise
        published = published.with_mailed(done)
        _remember(daily.out, published)
        sent += len(ids)
    if not sent:
        return "mail: nothing new to send"
    return f"mail: sent; papers: {sent}, recipients: {len(daily.mail_to)}"


def _mail(
    library: Papers,
    published: Published,
    daily: Daily,
    site: Site,
    writer: Writer,
    day: datetime.date,
    ranked: Sequence[Ranked],
) -> DayMail:
    lang = daily.languages[0]
    near = {one.paper_id: one.near.title if one.near else "" for one in ranked}
    papers = [
        MailPaper(
            one.digest,
            near[one.paper_id],
            _page_address(published, daily, site, day, one.paper_id),
        )
        for one in write_digests(library, [(one, lang) for one in near], writer)
        if one.digest is not None
    ]
    return DayMail(day, lang, site.title or published.title, tuple(papers), site.app_url)


def _page_address(
    published: Published, daily: Daily, site: Site, day: datetime.date, paper_id: str
) -> str:
    """Where the paper's digest is published; nothing where the pages' address is not known."""
    if not site.pages_url:
        return ""
    for topic, _ in daily.topics():
        page = published.page(day_stem(topic, day, daily.languages[0]))
        if page is not None and any(one.id == paper_id for one in page.papers):
            return f"{site.pages_url.rstrip('/')}/{page.html}#{anchor(paper_id)}"
    return ""


def _remember(out: Path, published: Published) -> None:
    write_text(out / MANIFEST, published.to_json())
