"""A connection to a Qdrant server, and what to do about its errors.

Errors of ``qdrant_client`` and of the transport below it are raised as ``StoreUnusable``, with one
line that says which setting or server to look at.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from json import JSONDecodeError
from typing import TYPE_CHECKING

from index.config import QdrantSettings
from index.errors import StoreUnusable
from index.proxies import check_proxies
from index.secret import redact

if TYPE_CHECKING:
    from ssl import SSLContext

    from httpx import Request, Response
    from qdrant_client import QdrantClient
    from qdrant_client.http.exceptions import UnexpectedResponse

MEMORY = ":memory:"
_GREETING = 5.0  # seconds to connect, and for the first question, which costs a server nothing


def connect(server: QdrantSettings) -> QdrantClient:
    """A client of the server, or of one in memory. Raises ``StoreUnusable`` for an unusable key or
    certificate, and ``ProxyUnusable``; whether the server answers is not asked.
    """
    from qdrant_client import QdrantClient

    if server.url == MEMORY:
        return QdrantClient(MEMORY)
    check_proxies()
    with warnings.catch_warnings():
        # The client warns of a key sent without TLS: whoever gave http:// chose so.
        warnings.simplefilter("ignore")
        client = QdrantClient(
            url=server.url,
            api_key=_sendable(server.url, server.api_key.get_secret_value()) or None,
            timeout=server.timeout,
            check_compatibility=False,
            verify=_trusted(server),
        )
    client.http.client.add_middleware(_impatient)
    return client


def _impatient(request: Request, send: Callable[[Request], Response]) -> Response:
    """Waits less for a server that is not there than for one that has much to do."""
    limits = request.extensions["timeout"]
    limits["connect"] = _GREETING
    if request.url.path.endswith("/exists"):
        limits["read"] = _GREETING
    return send(request)


def _sendable(url: str, api_key: str) -> str:
    """The key as a header can carry it; HTTP libraries quote one that they cannot send."""
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise StoreUnusable(
            url,
            "GLOSS_QDRANT__API_KEY holds a character that no key has; copy the key again",
        )
    return key


def _trusted(server: QdrantSettings) -> SSLContext | bool:
    """Whose certificates count; httpx's own list where nothing is said."""
    import ssl

    if not server.verify or server.ca is None:
        return server.verify
    try:
        return ssl.create_default_context(cafile=server.ca)
    except ssl.SSLError as error:
        raise StoreUnusable(
            server.url,
            f"{server.ca} is no certificate in PEM; set GLOSS_QDRANT__CA to the authority's",
        ) from error


@contextmanager
def explained(server: QdrantSettings, collection: str) -> Iterator[None]:
    """Raise errors of the client and of its transport as ``StoreUnusable``, without the key, which
    a server may repeat."""
    from httpx import TimeoutException
    from qdrant_client.common.client_exceptions import (
        QdrantException,
        ResourceExhaustedResponse,
    )
    from qdrant_client.http.exceptions import (
        ApiException,
        ResponseHandlingException,
        UnexpectedResponse,
    )

    url = server.url

    def said(error: object) -> str:
        key = server.api_key.get_secret_value().strip()
        return redact(" ".join(str(error).split()), key)

    try:
        yield
    except UnexpectedResponse as error:
        raise StoreUnusable(url, _refusal(error, collection)) from error
    except ResourceExhaustedResponse as error:
        raise StoreUnusable(
            url, f"has too much to do; try again in {error.retry_after_s} seconds"
        ) from error
    except (ResponseHandlingException, ApiException, QdrantException, OSError) as error:
        source = getattr(error, "source", error)
        if isinstance(source, ValueError):  # an answer that is not what was asked for
            raise _stranger(url) from error
        if "CERTIFICATE_VERIFY_FAILED" in str(source):
            raise StoreUnusable(
                url,
                "has a certificate that nobody vouches for; set GLOSS_QDRANT__CA to the "
                "certificate of the authority that signed it",
            ) from error
        if isinstance(source, TimeoutException):
            why = "does not answer in time; see whether the server is well"
        else:
            why = f"cannot be reached ({said(source)}); start the server"
        raise StoreUnusable(
            url, f"{why}, or unset GLOSS_QDRANT__URL to use the embedded store"
        ) from error
    except (JSONDecodeError, AssertionError) as error:  # no JSON; an envelope without a result
        raise _stranger(url) from error
    except (ValueError, RuntimeError) as error:  # a malformed address
        raise StoreUnusable(url, f"{said(error)}; check GLOSS_QDRANT__URL") from error


def _refusal(error: UnexpectedResponse, collection: str) -> str:
    status = error.status_code or 0
    if status in (401, 403):
        return "refuses the key; set GLOSS_QDRANT__API_KEY"
    if status == 404:
        return (
            f"has no collection {collection}, or is no Qdrant server; check "
            "GLOSS_QDRANT__URL, or run `gloss doctor --repair`"
        )
    if status < 400:
        return f"answers {_named(status)}; check GLOSS_QDRANT__URL"
    return f"answers {_named(status)}; see the server's log"


def _named(status: int) -> str:
    """A status with its name in RFC 9110, and not what the server calls it."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _stranger(url: str) -> StoreUnusable:
    return StoreUnusable(url, "does not answer as Qdrant does; check GLOSS_QDRANT__URL")
