"""The e-mail of a day: what it says, what may not get into it, and each way that sending fails."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import library_fakes as fakes
import pytest
import served_arxiv as arxivs
import served_smtp as smtp
from pydantic import SecretStr, ValidationError

from app.publish.mail import MailNotSent, send, sender_of
from app.publish.message import FULL, AddressUnusable, DayMail, MailPaper, address_of, to_message
from index.config import MailSettings, Settings

if TYPE_CHECKING:
    from served_smtp import ServedMail

TESTS = Path(__file__).parent
NOW = datetime.datetime(2026, 11, 28, 6, 15, tzinfo=datetime.UTC)


@pytest.fixture
def mail() -> Iterator[ServedMail]:
    with smtp.served_mail(smtp.ServedMail()) as served:
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signed itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def settings(mail: ServedMail, **given: Any) -> MailSettings:
    values = {"host": "127.0.0.1", "port": mail.port, "tls": "none", "timeout": 2.0}
    return MailSettings(**(values | {"sender": "gloss@example.org"} | given))


LOGIN = {"user": smtp.USER, "password": SecretStr(smtp.PASSWORD)}


def day_mail(digest: Any, papers: int = 1, **near: str) -> DayMail:
    digests = [
        replace(digest, paper=replace(digest.paper, id=f"2401.{number:05}"))
        for number in range(1, papers + 1)
    ]
    return DayMail(
        NOW.date(),
        "en",
        "Paper digests",
        tuple(MailPaper(one, near.get("near", "")) for one in digests),
        "https://app.example.org",
    )


@pytest.fixture
def message(lanterns: Any) -> Any:
    return to_message(day_mail(lanterns), "gloss@example.org", ["ada@example.org"], NOW)


def parts(message: Any) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return tuple(one.get_content().replace("\r\n", "\n") for one in (text, html))


def test_what_the_message_says(lanterns: Any) -> None:
    sent = to_message(
        day_mail(lanterns, near="Old Lamps"),
        "gloss@example.org",
        ["a@b.example", "c@d.example"],
        NOW,
    )
    read = message_from_bytes(bytes(sent), policy=SMTP)
    assert read["Subject"] == "Paper digests, 2026-11-28: 1 paper"
    assert (read["From"], read["To"]) == ("gloss@example.org", "a@b.example, c@d.example")
    assert read["Auto-Submitted"] == "auto-generated"
    text, html = parts(read)
    for said in (text, html):
        assert "Lanterns on Paths" in said
        assert "We measure how well lanterns light a path." in said
        assert "p. 1, Abstract" in said
        assert "Near “Old Lamps”, which you keep" in said
        assert "https://app.example.org/?paper=2401.00001" in said
        assert "https://arxiv.org/abs/2401.00001v2" in said
    assert "Each lantern burns" not in html  # the summary, not the whole digest
    assert not re.search(r"<(script|style|img|link|iframe|form)|var\(|light-dark", html)
    again = to_message(
        day_mail(lanterns, near="Old Lamps"),
        "gloss@example.org",
        ["c@d.example", "a@b.example"],
        NOW,
    )
    assert again["Message-ID"] == sent["Message-ID"]  # so that a second one is seen once
    other = to_message(day_mail(lanterns, 2), "gloss@example.org", ["a@b.example"], NOW)
    assert other["Message-ID"] != sent["Message-ID"]


def test_of_many_papers_the_first_are_in_full(lanterns: Any) -> None:
    text, html = parts(
        to_message(day_mail(lanterns, FULL + 3), "a@b.example", ["a@b.example"], NOW)
    )
    assert text.count("We measure how well") == html.count("We measure how well") == FULL
    assert html.count("Lanterns on Paths") == FULL + 3
    assert "Not ranked" in text and "Not ranked" in html


@pytest.mark.parametrize(
    "title",
    ["A\r\nBcc: eve@evil.example\r\n\r\nX", "A\nB", "\u202eA\x00\x85\u2028B", "x" * 5000, "\ud800"],
)
def test_no_text_gets_into_a_header(lanterns: Any, title: str) -> None:
    evil = replace(lanterns, paper=replace(lanterns.paper, title=title, authors=(title,)))
    mail = replace(day_mail(evil), title=title, papers=(MailPaper(evil, title),))
    data = bytes(to_message(mail, "a@b.example", ["c@d.example"], NOW))
    _, _, body = data.partition(b"\r\n\r\n")
    read = message_from_bytes(data, policy=SMTP)
    assert list(read.keys()) == [
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    ]
    assert "\n" not in read["Subject"] and len(read["Subject"]) < 130
    assert body and max(map(len, data.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1


def test_markup_of_a_paper_is_text(lanterns: Any) -> None:
    evil = "<img src=x onerror=alert(1)><b>&"
    paper = replace(lanterns.paper, title=evil, authors=(evil,), url="javascript:alert(1)")
    mail = replace(day_mail(lanterns), papers=(MailPaper(replace(lanterns, paper=paper), evil),))
    _, html = parts(to_message(mail, "a@b.example", ["c@d.example"], NOW))
    assert "<img" not in html and "javascript:" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") == 3


@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "@b.example", "a@b.example\nBcc: x@y.example", "a b@c.example",
     "Ada <a@b.example>", "a@b.example,c@d.example", "ä@b.example", " a@b.example",
     "a@b.example>"],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(AddressUnusable):
        address_of(address)
    with pytest.raises(MailNotSent, match="set GLOSS_MAIL__SENDER to an address"):
        sender_of(MailSettings(sender=address))


def test_who_it_is_from() -> None:
    assert sender_of(MailSettings(user="ada@example.org")) == "ada@example.org"
    both = MailSettings(user="ada@example.org", sender="gloss@example.org")
    assert sender_of(both) == "gloss@example.org"


def test_it_is_sent(mail: ServedMail, message: Any) -> None:
    send(message, ["ada@example.org", "bo@example.org"], settings(mail, **LOGIN))
    assert mail.logged_in
    assert mail.envelopes == [("gloss@example.org", ["ada@example.org", "bo@example.org"])]
    (got,) = mail.messages
    assert parts(got) == parts(message)


def test_it_is_sent_by_starttls_and_by_tls(certificate: Path, message: Any) -> None:
    for wrapped in (False, True):
        double = smtp.ServedMail(tls=server_tls(certificate), wrapped=wrapped)
        with smtp.served_mail(double) as mail:
            way = "tls" if wrapped else "starttls"
            given = {**LOGIN, "tls": way, "ca": certificate}
            send(message, ["ada@example.org"], settings(mail, **given))
            assert len(mail.messages) == 1
            if not wrapped:  # nothing before it but the greeting, and no login
                assert mail.commands[1] == "STARTTLS"
            with pytest.raises(MailNotSent, match="its certificate does not hold"):
                send(message, ["ada@example.org"], settings(mail, tls=way))
            assert len(mail.messages) == 1


FAILURES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a wrong password": (
        {"password": "another"}, LOGIN, "login refused (535); check GLOSS_MAIL__USER"
    ),
    "a server that repeats the password where it refuses the sender": (
        {"sender_answer": f"550 {smtp.PASSWORD} is bad".encode()}, LOGIN,
        "refused the sender (550); check GLOSS_MAIL__SENDER",
    ),
    "no STARTTLS": ({"offers": ()}, {"tls": "starttls"}, "offers no STARTTLS; set GLOSS_MAIL__TLS"),
    "no login": ({"offers": ()}, LOGIN, "offers no login here"),
    "an unknown way to log in": ({"offers": ("AUTH XYZ",)}, LOGIN, "cannot log in with what it"),
    "TLS where there is none": ({}, {"tls": "tls"}, "speaks no TLS there; check GLOSS_MAIL__PORT"),
    "silence": ({"silent": True}, {"timeout": 0.3}, "no answer for 0.3 s; check GLOSS_MAIL__HOST"),
    "an answer without end": ({"endless": True}, {"timeout": 0.1}, "e-mail by 127.0.0.1"),
    "nobody of that name": (
        {"refused": ("ada@example.org", "bo@example.org")}, {},
        "refused ada@example.org, bo@example.org; check mail_to",
    ),
    "one of two refused": (
        {"refused": ("bo@example.org",)}, {}, "refused bo@example.org; the others have it"
    ),
    "a message that is not taken": (
        {"data_answer": b"552 \x1b[31mtoo\x07 large " + b"x" * 500}, {},
        "answered 552 [31mtoo large",
    ),
    "a letter that SMTP cannot send": ({}, {**LOGIN, "password": SecretStr("ä")}, "be ASCII"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_line_without_the_password(
    name: str, message: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    behaviour, given, said = FAILURES[name]
    with smtp.served_mail(smtp.ServedMail(**behaviour)) as mail:
        if name == "a server that repeats the password where it refuses the sender":
            mail.password = smtp.PASSWORD
        with pytest.raises(MailNotSent) as failed:
            send(message, ["ada@example.org", "bo@example.org"], settings(mail, **given))
        line = str(failed.value)
        assert said in line and "\n" not in line and len(line) < 300
        assert failed.value.delivered == (name == "one of two refused")
        error = failed.value
        assert error.__cause__ is None and (error.__suppress_context__ or not error.__context__)
        printed = capfd.readouterr()
        for text in (line, caplog.text, printed.out, printed.err):
            assert smtp.PASSWORD not in text and "c2VjcmV0" not in text
        if name in ("no STARTTLS", "no login", "TLS where there is none"):
            assert not mail.logged_in and not mail.messages


def test_nobody_listens_and_no_such_host(message: Any) -> None:
    given = MailSettings(host="127.0.0.1", port=smtp.free_port(), tls="none", sender="a@b.example")
    with pytest.raises(MailNotSent, match="nobody listens there; check GLOSS_MAIL__HOST"):
        send(message, ["a@b.example"], given)
    with pytest.raises(MailNotSent, match="no server; set GLOSS_MAIL__HOST"):
        send(message, ["a@b.example"], MailSettings(sender="a@b.example"))


def test_no_password_goes_out_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="a password needs TLS") as refused:
        MailSettings(host="mail.example.org", tls="none", **LOGIN)
    assert "s3cret" not in repr(MailSettings(host="mail.example.org", **LOGIN))
    assert "s3cret" not in str(refused.value)


# The whole job


CONFIG = """
out = "site"
categories = ["cs.CV"]
mail_to = ["ada@example.org", "bo@example.org"]
pages_url = "https://papers.example.org"
"""


@pytest.fixture
def daily(
    gloss_on_arxiv: Any, mail: ServedMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Run ``gloss daily`` with an arXiv of two papers and a mail server."""
    with ExitStack() as opened:
        arxiv = opened.enter_context(arxivs.served_arxiv())
        arxiv.papers = tuple(
            arxivs.ServedPaper(
                id=paper_id,
                title=title,
                authors=name,
                names=(name,),
                abstract=f"On {title}.",
                categories=("cs.CV",),
                versions=(arxivs.Version("2024-09-20T10:00:00Z"),),
            )
            for paper_id, title, name in (
                ("2409.00001", "Zebra zoo zones", "A. Byron"),
                ("2409.00002", "Bees buzz best", "Bo Lì"),
            )
        )
        arxiv.files = {
            "2409.00001v1": fakes.printed(text="We show that zebras zigzag. Zoos zoom."),
            "2409.00002v1": fakes.printed(text="We show that bees buzz. Bees bring buds."),
        }
        (tmp_path / "daily.toml").write_text(CONFIG)
        for name, value in {
            "HOST": "127.0.0.1", "PORT": mail.port, "TLS": "none", "USER": smtp.USER,
            "PASSWORD": smtp.PASSWORD, "TIMEOUT": 2,
        }.items():  # fmt: skip
            monkeypatch.setenv(f"GLOSS_MAIL__{name}", str(value))
        run = gloss_on_arxiv(arxiv, fakes)
        config = str(tmp_path / "daily.toml")

        def gloss(*given: str) -> SimpleNamespace:
            command = given if given[:1] in (("add",), ("papers",)) else ("daily", *given)
            return run(*command, *(("--config", config) if command[0] == "daily" else ()))

        yield gloss


def titles(message: Any) -> list[str]:
    return re.findall(r"^\d+\. (.*)$", parts(message)[0], flags=re.M)


def test_the_day_is_ranked_and_mailed_once(daily: Any, mail: ServedMail, tmp_path: Path) -> None:
    (tmp_path / "mine.pdf").write_bytes(
        fakes.printed(text="Bees buzz; bees bring buds.", title="My bees")
    )
    assert daily("add", str(tmp_path / "mine.pdf")).code == 0
    ran = daily()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "mail: sent; papers: 2, recipients: 2"
    (message,) = mail.messages
    assert titles(message)[:2] == ["Bees buzz best", "Zebra zoo zones"]
    text, html = parts(message)
    assert text.count("Near “My bees”, which you keep") == 2
    assert "https://papers.example.org/" in html and "#paper-2409.00002" in html
    page = next((tmp_path / "site").glob("*-cs.cv.html")).read_text()
    assert page.index("Bees buzz best") < page.index("Zebra zoo zones")
    assert "My bees" not in page  # a page is for everybody
    again = daily()
    assert (again.code, again.out.splitlines()[-1]) == (0, "mail: nothing new to send")
    assert len(mail.messages) == 1


def test_a_page_names_the_kept_paper_where_the_file_says_so(daily: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.bib").write_text("@book{a, title={My {Bees}}, abstract={bees buzz}}")
    with (tmp_path / "daily.toml").open("a") as file:
        file.write('why_on_pages = true\nbibtex = "mine.bib"\n')
    assert daily().code == 0
    for kind in ("html", "md"):
        page = next((tmp_path / "site").glob(f"*-cs.cv.{kind}")).read_text()
        assert page.count("Near “My Bees”") == 2


def test_a_mail_that_fails_leaves_the_pages_and_is_sent_by_the_next_run(
    daily: Any, mail: ServedMail, tmp_path: Path
) -> None:
    mail.password = "another"
    failed = daily()
    assert failed.code == 3
    assert failed.err == (
        f"gloss: e-mail by 127.0.0.1:{mail.port}: login refused (535); check GLOSS_MAIL__USER and "
        "GLOSS_MAIL__PASSWORD\n"
    )
    assert len(list((tmp_path / "site").glob("*-cs.cv.html"))) == 1
    assert smtp.PASSWORD not in (tmp_path / "site" / "pages.json").read_text()
    mail.password = smtp.PASSWORD
    sent = daily()
    assert (sent.code, sent.out.splitlines()[-1]) == (0, "mail: sent; papers: 2, recipients: 2")
    assert len(mail.messages) == 1


def test_the_mail_of_a_trial_goes_to_a_file(daily: Any, mail: ServedMail, tmp_path: Path) -> None:
    file = tmp_path / "day.eml"
    ran = daily("--mail-to-file", str(file))
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"mail: 2 papers, written to {file}")
    read = message_from_bytes(file.read_bytes(), policy=SMTP)
    assert read["To"] == "ada@example.org, bo@example.org"
    assert len(titles(read)) == 2 and not mail.commands
    # It does not count as sent.
    assert daily().out.splitlines()[-1] == "mail: sent; papers: 2, recipients: 2"
    refused = daily("--mail-to-file", str(tmp_path))
    assert refused.code == 3 and "it is a folder; name a file" in refused.err


def test_keywords_and_authors_decide_what_is_taken(daily: Any, tmp_path: Path) -> None:
    config = (tmp_path / "daily.toml").read_text()
    for asked, taken in (('keywords = ["zoos"]', 0), ('authors = ["li bo"]', 1)):
        (tmp_path / "daily.toml").write_text(f"{config}{asked}\n")
        ran = daily()
        assert ran.code == 0
        assert ran.out.startswith(
            f"fetch: {f'{taken} taken' if taken else 'nothing new'}, {2 - taken} skipped, 0 failed"
        )
    assert "Zebra" not in daily("papers").out


def test_a_bibtex_file_that_cannot_be_read_is_a_line(daily: Any, tmp_path: Path) -> None:
    with (tmp_path / "daily.toml").open("a") as file:
        file.write('bibtex = "none.bib"\n')
    ran = daily()
    assert ran.code == 3
    assert re.fullmatch(r"gloss: .*none.bib: no such file; give a BibTeX file .*\n", ran.err)
    assert len(list((tmp_path / "site").glob("*-cs.cv.html"))) == 1


def test_settings_of_the_mail_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLOSS_MAIL__HOST", "mail.example.org")
    monkeypatch.setenv("GLOSS_MAIL__PASSWORD", "s3cret")
    mail = Settings().mail
    assert (mail.host, mail.tls, mail.password.get_secret_value()) == (
        "mail.example.org",
        "starttls",
        "s3cret",
    )
