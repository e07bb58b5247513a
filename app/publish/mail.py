"""E-mail to a server, by smtplib: it comes with Python, and a message a day needs no more.

Each way to fail is one line that says what to set. Neither the password nor what was sent of it is
in a message: of what a server answers while somebody logs in, the number is shown alone.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING

from app.publish.message import AddressUnusable, address_of
from app.show.text import plain
from index.errors import GlossError

if TYPE_CHECKING:
    from index.config import MailSettings

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_STEPS = 10  # times the seconds of a step that one answer may take
_ANSWER = 160  # letters of a server's answer that are shown


class MailNotSent(GlossError):
    """The message did not go out, or not to all; ``server`` is host and port.

    ``delivered`` is whether somebody has it.
    """

    def __init__(self, server: str, why: str, delivered: bool = False) -> None:
        super().__init__(f"e-mail by {server}: {why}" if server else f"e-mail: {why}")
        self.server = server
        self.why = why
        self.delivered = delivered


def sender_of(settings: MailSettings) -> str:
    """Who messages are from. Raises ``MailNotSent``."""
    for said in (settings.sender, settings.user):
        with suppress(AddressUnusable):
            return address_of(said)
    raise MailNotSent("", "no sender; set GLOSS_MAIL__SENDER to an address, you@example.org")


def send(message: EmailMessage, to: Sequence[str], settings: MailSettings) -> None:
    """Hand the message to the server of the settings. Raises ``MailNotSent``."""
    if not settings.host:
        raise MailNotSent("", "no server; set GLOSS_MAIL__HOST, or leave mail_to out of the file")
    port = settings.port or _PORTS[settings.tls]
    server = f"{plain(settings.host)}:{port}"
    sender = sender_of(settings)
    with _explained(server, settings), _connected(settings, port) as client:
        if settings.tls == "starttls":
            client.starttls(context=_context(settings))
        if settings.user:
            client.login(settings.user, settings.password.get_secret_value())
        refused = client.send_message(message, sender, list(to))
        with suppress(OSError, smtplib.SMTPException):  # it has the message
            client.quit()
    if refused:
        why = f"refused {', '.join(sorted(refused))}; the others have it"
        raise MailNotSent(server, why, delivered=True)


def _context(settings: MailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)


class _Bounded(smtplib.SMTP):
    """A connection that an answer without end, or a byte now and then, does not hold for ever."""

    def getreply(self) -> tuple[int, bytes]:
        """An answer, within some times the seconds that a step may take."""
        over = threading.Timer(self.timeout * _STEPS, self._hang_up)
        over.daemon = True
        over.start()
        try:
            return super().getreply()
        finally:
            over.cancel()

    def _hang_up(self) -> None:
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


@contextmanager
def _connected(settings: MailSettings, port: int) -> Iterator[smtplib.SMTP]:
    client: smtplib.SMTP
    if settings.tls == "tls":
        context = _context(settings)
        client = _BoundedTls(settings.host, port, timeout=settings.timeout, context=context)
    else:
        client = _Bounded(settings.host, port, timeout=settings.timeout)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _explained(server: str, settings: MailSettings) -> Iterator[None]:
    """Errors of smtplib as one line each; none is chained, since some carry what was sent."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        why = f"login refused ({error.smtp_code}); check GLOSS_MAIL__USER and GLOSS_MAIL__PASSWORD"
    except smtplib.SMTPNotSupportedError as error:
        if "STARTTLS" in str(error):
            why = "offers no STARTTLS; set GLOSS_MAIL__TLS to tls, or to none on this machine"
        elif "AUTH" in str(error):
            why = "offers no login here; set GLOSS_MAIL__TLS, or leave GLOSS_MAIL__USER empty"
        else:
            why = "does not do what the message needs"
    except smtplib.SMTPRecipientsRefused as error:
        why = f"refused {', '.join(sorted(error.recipients))}; check mail_to"
    except smtplib.SMTPSenderRefused as error:
        why = f"refused the sender ({_answer(error, settings)}); check GLOSS_MAIL__SENDER"
    except smtplib.SMTPResponseException as error:
        why = f"answered {_answer(error, settings)}"
    except smtplib.SMTPServerDisconnected as error:
        late = isinstance(error.__context__, TimeoutError)
        why = _late(settings) if late else "hung up; check GLOSS_MAIL__PORT and GLOSS_MAIL__TLS"
    except smtplib.SMTPException:
        why = "cannot log in with what it offers; check GLOSS_MAIL__USER and GLOSS_MAIL__PASSWORD"
    except ssl.SSLCertVerificationError as error:
        why = f"its certificate does not hold ({error.verify_message}); set GLOSS_MAIL__CA"
    except ssl.SSLError:
        why = "speaks no TLS there; check GLOSS_MAIL__PORT and GLOSS_MAIL__TLS"
    except TimeoutError:
        why = _late(settings)
    except ConnectionRefusedError:
        why = "nobody listens there; check GLOSS_MAIL__HOST and GLOSS_MAIL__PORT"
    except socket.gaierror:
        why = "no such host; check GLOSS_MAIL__HOST"
    except UnicodeError:
        why = "user, password and addresses must be ASCII"
    except OSError as error:
        why = f"out of reach: {error.strerror or type(error).__name__}"
    else:
        return
    raise MailNotSent(server, why) from None


def _late(settings: MailSettings) -> str:
    return f"no answer for {settings.timeout:g} s; check GLOSS_MAIL__HOST and GLOSS_MAIL__PORT"


def _answer(error: smtplib.SMTPResponseException, settings: MailSettings) -> str:
    """What the server said, in a line; the number alone where it repeats what is secret."""
    said = error.smtp_error
    text = plain(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))
    secret = settings.password.get_secret_value()
    if secret and secret in text:
        return str(error.smtp_code)
    return f"{error.smtp_code} {text[:_ANSWER]}".strip()
