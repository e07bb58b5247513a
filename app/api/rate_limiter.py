"""Rate limits of costly requests for each visitor of a public instance, by address.

Uses the package limits, whose moving window counts each job until it is as old as the window, so
that no more are done around the turn of an hour than within one. Its storage is this process's
memory: one process owns a library, and what it has counted may go when it stops.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from app.api.failures import TooMany
from app.api.service import Visit
from index.config import Settings

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

FORWARDED = "x-forwarded-for"
# A home or a firm has at least these first bits of an IPv6 address to itself, and may choose the
# others anew for each request: https://www.rfc-editor.org/rfc/rfc6177.
HOUSEHOLD = 64
UNKNOWN = "unknown"  # all visitors without a known address share one limit


@dataclass(frozen=True)
class VisitorRateLimiter:
    """A ``RateLimiter``: so many jobs a minute and an hour for each visitor. Thread-safe.

    A refused job is not counted, so that a retry does not lengthen the wait.
    """

    per_minute: int
    per_hour: int
    _limiter: MovingWindowRateLimiter = field(init=False, repr=False, compare=False)
    _asking: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        object.__setattr__(self, "_limiter", MovingWindowRateLimiter(MemoryStorage()))

    @classmethod
    def of(cls, settings: Settings) -> VisitorRateLimiter:
        """A limiter with the limits of the settings."""
        return cls(settings.public.costly_per_minute, settings.public.costly_per_hour)

    def __call__(self, visit: Visit) -> None:
        """Count a job of the visitor. Raises ``TooMany`` over the limit."""
        from limits import RateLimitItemPerHour, RateLimitItemPerMinute

        visitor = visitor_of(visit)
        rates: list[tuple[RateLimitItem, str]] = [
            (RateLimitItemPerMinute(self.per_minute), "a minute"),
            (RateLimitItemPerHour(self.per_hour), "an hour"),
        ]
        with self._asking:  # else two jobs at once might both take the last place
            for rate, window in reversed(rates):  # the longest wait is the one to tell
                if not self._limiter.test(rate, visitor):
                    free_at = self._limiter.get_window_stats(rate, visitor).reset_time
                    raise TooMany(
                        "too many papers added or digests written for one visitor "
                        f"({rate.amount} {window})",
                        max(math.ceil(free_at - time.time()), 1),
                    )
            for rate, _ in rates:
                self._limiter.hit(rate, visitor)


def visitor_of(visit: Visit) -> str:
    """The visitor as counted: an IPv4 address, or the network of an IPv6 address.

    Behind a proxy, as on Hugging Face Spaces, the request comes from the proxy, which appends the
    visitor's address to ``X-Forwarded-For``, as each proxy before it has appended the one that it
    saw. What a visitor wrote into that header stands to the left of these, so the last address that
    is one of the internet is the visitor's. A request that itself comes from such an address has no
    proxy in between, and its header says nothing.
    """
    host = visit.client.host if visit.client is not None else None
    peer = _address(host or "")
    if peer is not None and peer.is_global:
        return _network(peer)
    forwarded = [_address(one) for one in ",".join(_forwarded(visit)).split(",")]
    outside = [one for one in forwarded if one is not None and one.is_global]
    if outside:
        return _network(outside[-1])
    return _network(peer) if peer is not None else UNKNOWN


def _forwarded(visit: Visit) -> list[str]:
    """All values of the header: a proxy may add another header instead of appending."""
    from starlette.datastructures import Headers

    headers = visit.headers
    if isinstance(headers, Headers):
        return headers.getlist(FORWARDED)
    return [headers.get(FORWARDED, "")]


def _address(said: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, which may end in a port; None if it is not an address."""
    said = said.strip()
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        address = ip_address(said)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, HOUSEHOLD), strict=False))
