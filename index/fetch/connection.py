"""What is watched of the connection of a request: where it leads, and when its answer begins.

httpx limits each wait for bytes, so that headers of a byte now and then would never end, and it
says nothing of the address that a name leads to. Its "trace" (https://www.encode.io/httpcore/extensions)
gives the socket, before anything is sent on it.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

# Proxies that redirect a machine's traffic answer for names with addresses of this network, which
# is for tests of devices (RFC 2544) and leads nowhere else.
_OF_PROXIES = ipaddress.ip_network("198.18.0.0/15")
# IPv6 that has an address of IPv4 in it, so many bits from the right: RFC 4291 (two forms), 6145,
# 6052 (NAT64), 3056 (6to4).
_AROUND_IPV4 = tuple(
    (ipaddress.IPv6Network(network), place)
    for network, place in (
        ("::/96", 0),
        ("::ffff:0:0/96", 0),
        ("::ffff:0:0:0/96", 0),
        ("64:ff9b::/96", 0),
        ("2002::/16", 80),
    )
)
_TRANSLATED_HERE = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class ConnectionWatch:
    """Ends the connection of a request unless ``answered`` is called within ``seconds``.

    ``judge`` is called with the address that was reached, and may raise. Use as a context manager.
    """

    def __init__(self, seconds: float, judge: Callable[[str, str], None]) -> None:
        self._judge = judge
        self._socket: socket.socket | None = None
        self._asked = ""
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self.ended = False  # whether it was

    def __enter__(self) -> ConnectionWatch:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.answered()

    def answered(self) -> None:
        """The headers are there."""
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """What httpcore calls at each step of a request."""
        if event == "connection.connect_tcp.started":
            self._asked = str(info["host"])
        elif event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream = info["return_value"]
            self._socket = stream.get_extra_info("socket")
            reached = stream.get_extra_info("server_addr")
            if reached:
                try:
                    self._judge(self._asked, str(reached[0]))
                except BaseException:
                    stream.close()
                    raise

    def _end(self) -> None:
        self.ended = True
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


def is_private(address: str) -> bool:
    """Whether an IP address is of this machine or of its own network, and none of the world's."""
    try:
        ip = _ip(address)
    except ValueError:
        return False
    return not _is_of_the_world(ip) and not (ip.version == 4 and ip in _OF_PROXIES)


def is_of_the_world(address: str) -> bool:
    """Whether an IP address is that of one machine of the internet. Raises ``ValueError``."""
    return _is_of_the_world(_ip(address))


def _ip(address: str) -> _Ip:
    """The address, or the one of IPv4 that is within it, which a translator asks for it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        for network, place in _AROUND_IPV4:
            if ip in network and int(ip) > 1:  # :: and ::1 are themselves
                return ipaddress.IPv4Address(int(ip) >> place & 0xFFFF_FFFF)
    return ip


def _is_of_the_world(ip: _Ip) -> bool:
    if ip.version == 6 and (ip.is_site_local or ip in _TRANSLATED_HERE):
        return False
    return ip.is_global and not ip.is_multicast
