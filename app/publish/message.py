"""The e-mail of a day: the papers in the order of their nearness, as text and as HTML.

HTML has its style in each element: mail programs drop style sheets, variables and grids.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.digest import Digest, Language
from app.publish.day import counted
from app.show.html import fill
from app.show.text import plain, web_address
from app.show.views import ClaimView, DigestView, QuoteContext, author_line, view

MAIL_WORDS: dict[str, dict[Language, str]] = {
    "near": {"en": "Near “{}”, which you keep", "zh": "与您收藏的《{}》相近"},
    "open": {"en": "Open in the app", "zh": "在应用中打开"},
    "whole": {"en": "Whole digest", "zh": "完整摘要"},
    "more": {"en": "Further down the list", "zh": "其余论文"},
    "ranked": {
        "en": "In the order of their nearness to what you keep.",
        "zh": "按与您收藏的相近程度排列。",
    },
    "unranked": {
        "en": "Not ranked: you keep no papers yet that they could be compared with.",
        "zh": "未排序：尚无可供比较的收藏论文。",
    },
    "silent": {"en": "No summary is stated in the paper.", "zh": "论文中没有给出概要。"},
    "foot": {
        "en": "Every sentence is quoted from its paper. Sent by `gloss daily`, whose file says to "
        "whom (mail_to).",
        "zh": "每句话都引自论文原文。由 `gloss daily` 发送，收件人由其配置文件（mail_to）指定。",
    },
}
FULL = 20  # papers with their summary; of those further down the title
TITLES = 100  # at most
NOBODY = "gloss@localhost"  # who a message that is only written to a file is from


class AddressUnusable(ValueError):
    """What is given as an e-mail address is none."""


@dataclass(frozen=True, slots=True)
class MailPaper:
    """A paper in the message. ``near`` is the title of the kept paper it is near; may be empty."""

    digest: Digest
    near: str = ""
    page: str = ""  # the address of its digest on a published page

    @property
    def seen(self) -> DigestView:
        """The digest in words."""
        return view(self.digest)


@dataclass(frozen=True, slots=True)
class DayMail:
    """What the message says."""

    date: datetime.date
    lang: Language
    title: str  # of the site
    papers: tuple[MailPaper, ...]
    app_url: str = ""

    @property
    def subject(self) -> str:
        """As in "Paper digests, 2026-11-28: 12 papers"; no text of a paper."""
        count = counted(len(self.papers), self.lang)
        title = plain(self.title.encode("utf-8", "replace").decode())[:80]
        return f"{title}, {self.date.isoformat()}: {count}"


def address_of(text: str) -> str:
    """An e-mail address as it is given, "ada@example.org". Raises ``AddressUnusable``.

    ASCII only, and nothing but the address: neither a line break nor a second one gets into a
    header or a command.
    """
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError) as error:
        raise AddressUnusable(f"{plain(text)[:80]!r} is no e-mail address") from error
    if not address.username or not address.domain:
        raise AddressUnusable(f"{plain(text)[:80]!r} is no e-mail address")
    if not text.isascii() or not text.isprintable() or any(one in text for one in ' ,;<>"'):
        raise AddressUnusable(f"{plain(text)[:80]!r} is no e-mail address in ASCII")
    return text


def to_message(
    mail: DayMail, sender: str, to: Sequence[str], now: datetime.datetime
) -> EmailMessage:
    """The message. The same papers to the same people have the same ``Message-ID``.

    So a mail that was sent twice, since its answer was lost, is seen once by most programs.
    Raises ``AddressUnusable``.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = mail.subject
    message["From"] = address_of(sender)
    if to:
        message["To"] = ", ".join(map(address_of, to))
    message["Date"] = format_datetime(now)
    names = [mail.date.isoformat(), mail.lang, *sorted(to)]
    names += [one.digest.paper.id for one in mail.papers]
    known = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{known}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer that nobody reads
    text, html = (
        said.encode("utf-8", "replace").decode() for said in (to_text(mail), to_html(mail))
    )
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def to_html(mail: DayMail) -> str:
    """The message as HTML without a picture, a script or a style sheet."""
    return fill("mail.html", **_values(mail))


def to_text(mail: DayMail) -> str:
    """The message as text."""
    say = _said(mail.lang)
    around = QuoteContext(mail.app_url)
    lines = [mail.subject, say["ranked" if _ranked(mail) else "unranked"], ""]
    for number, paper in enumerate(mail.papers[:FULL], start=1):
        seen = paper.seen
        lines.append(f"{number}. {seen.title}")
        lines.append(f"   {author_line(seen.header.authors, mail.lang)}")
        if paper.near:
            lines.append(f"   {say['near'].format(paper.near)}")
        for claim in _summary(seen):
            places = "; ".join(cited.label for cited in claim.citations)
            lines.append(f"   {claim.text} ({places})")
        if not _summary(seen):
            lines.append(f"   {say['silent']}")
        links = (around.link(seen.header.id), paper.page, seen.header.url)
        lines += [f"   {url}" for url in dict.fromkeys(links) if web_address(url)]
        lines.append("")
    further = mail.papers[FULL:][:TITLES]
    if further:
        lines.append(say["more"])
        lines += [f"- {one.seen.title} ({one.digest.paper.id})" for one in further]
        lines.append("")
    return "\n".join([*lines, "-- ", say["foot"]]) + "\n"


def _values(mail: DayMail) -> dict[str, object]:
    around = QuoteContext(mail.app_url)
    say = _said(mail.lang)
    papers = [
        {
            "seen": one.seen,
            "authors": author_line(one.digest.paper.authors, mail.lang),
            "near": say["near"].format(one.near) if one.near else "",
            "summary": _summary(one.seen),
            "open": around.link(one.digest.paper.id),
            "page": one.page,
        }
        for one in mail.papers[: FULL + TITLES]
    ]
    return {
        "mail": mail,
        "full": papers[:FULL],
        "further": papers[FULL:],
        "ranked": say["ranked" if _ranked(mail) else "unranked"],
        "say": say,
    }


def _ranked(mail: DayMail) -> bool:
    return any(one.near for one in mail.papers)


def _said(lang: Language) -> dict[str, str]:
    return {name: said[lang] for name, said in MAIL_WORDS.items()}


def _summary(seen: DigestView) -> list[ClaimView]:
    """The sentences of the first heading, which is the summary."""
    return [claim for group in seen.groups[:1] for item in group.items for claim in item.claims][:3]
