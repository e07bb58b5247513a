"""A mail server on this machine that keeps what it gets, and fails as it is told to."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

USER, PASSWORD = "ada@example.org", "s3cret-Lantern"


@dataclass
class ServedMail:
    """The server's address, what it was given, and how it behaves."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)  # from and to
    commands: list[str] = field(default_factory=list)  # but what logs in
    offers: tuple[str, ...] = ("AUTH PLAIN LOGIN", "STARTTLS")
    tls: ssl.SSLContext | None = None  # for STARTTLS
    wrapped: bool = False  # TLS from the first byte
    password: str = PASSWORD
    refused: tuple[str, ...] = ()  # who gets nothing
    silent: bool = False  # says nothing at all
    endless: bool = False  # begins an answer and never ends it
    data_answer: bytes = b"250 taken"
    sender_answer: bytes = b"250 ok"
    login_answer: bytes = b"535 5.7.8 no: %s"  # is given what was sent

    @property
    def logged_in(self) -> bool:
        return "AUTH" in self.commands


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        served = cast("_Server", self.server).served
        self.request.settimeout(10)
        if served.wrapped:
            assert served.tls is not None
            try:
                self._wrap(served.tls)
            except OSError:
                return
        if served.silent:
            self.rfile.read(1)
            return
        if served.endless:
            try:
                while True:
                    self._say(b"220-and then")
                    threading.Event().wait(0.02)
            except OSError:
                return
        self._say(b"220 ready")
        try:
            self._talk(served)
        except OSError:
            return

    def _wrap(self, tls: ssl.SSLContext) -> None:
        self.request = tls.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")

    def finish(self) -> None:
        self.rfile.close()
        self.request.close()
        super().finish()

    def _say(self, line: bytes) -> None:
        self.request.sendall(line + b"\r\n")

    def _talk(self, served: ServedMail) -> None:
        sender, to = "", list[str]()
        while raw := self.rfile.readline():  # from the file that STARTTLS puts in its place
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            verb = line.partition(" ")[0].upper()
            served.commands.append(verb if verb == "AUTH" else line)
            if verb == "EHLO":
                lines = ["double", *served.offers]
                for at, one in enumerate(lines):
                    end = b" " if at == len(lines) - 1 else b"-"
                    self._say(b"250" + end + one.encode())
            elif verb == "STARTTLS":
                self._say(b"220 go on")
                assert served.tls is not None
                self._wrap(served.tls)
            elif verb == "AUTH":
                self._login(served, line)
            elif verb == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
                self._say(served.sender_answer)
            elif verb == "RCPT":
                one = line.partition("<")[2].partition(">")[0]
                if one in served.refused:
                    self._say(b"550 nobody of that name")
                else:
                    to.append(one)
                    self._say(b"250 ok")
            elif verb == "DATA":
                self._say(b"354 go on")
                data = b""
                for part in iter(self.rfile.readline, b".\r\n"):
                    data += part[1:] if part.startswith(b".") else part
                if served.data_answer.startswith(b"2"):
                    served.messages.append(
                        cast(EmailMessage, message_from_bytes(data, policy=SMTP))
                    )
                    served.envelopes.append((sender, to))
                self._say(served.data_answer)
                sender, to = "", []
            elif verb == "QUIT":
                self._say(b"221 bye")
                return
            else:
                self._say(b"250 ok")

    def _login(self, served: ServedMail, line: str) -> None:
        kind, _, first = line[5:].partition(" ")
        if kind.upper() == "PLAIN":
            said = base64.b64decode(first).decode()
            _, user, password = said.split("\0")
        else:  # LOGIN, whose name may be in the first line
            if not first:
                self._say(b"334 VXNlcm5hbWU6")
                first = self.rfile.readline().decode()
            user = base64.b64decode(first).decode()
            self._say(b"334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.rfile.readline()).decode()
        if (user, password) == (USER, served.password):
            self._say(b"235 welcome")
        else:
            answer = served.login_answer
            self._say(answer % password.encode() if b"%s" in answer else answer)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, served: ServedMail) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served = served


@contextmanager
def served_mail(served: ServedMail) -> Iterator[ServedMail]:
    """The server, until the context ends."""
    server = _Server(served)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
