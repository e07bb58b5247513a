"""A visitor's own language model: an address, a model and a key, for one session only.

They come with each event from the browser, where they stay; here they live as long as the digest
that they word. Nothing of them is written down, and of what the model says only the digest.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from index.config import Settings
from index.errors import GlossError
from index.fetch.connection import is_of_the_world

_SHOWN = 253  # characters of a host: DNS has no longer name


class OwnEndpointRefused(GlossError):
    """An address that this server does not ask for a visitor, or none at all."""


def with_own_endpoint(settings: Settings, address: str, model: str, key: str) -> Settings:
    """The settings with a visitor's endpoint in the place of the server's; the same without one.

    A public instance asks only servers of the internet, by TLS: an address of its own network
    would let a visitor reach what stands behind it. A name that changes its address after this
    look has to show a certificate for it all the same. Raises ``OwnEndpointRefused``; no message
    has the key.
    """
    address, model = address.strip(), model.strip()
    if not (address or model):
        return settings
    if not (address and model):
        raise OwnEndpointRefused("your own model: give both the server's address and a model")
    if settings.public.enabled:
        _look_up(address)
    own = {"url": address, "model": model, "key": SecretStr(key.strip())}
    given = {"endpoint": {**dict(settings.endpoint), **own}, "keep_answers": False}
    try:
        return Settings.model_validate({**dict(settings), **given})
    except ValidationError:
        raise OwnEndpointRefused(
            "your own model: no address of a server; give https://HOST/v1"
        ) from None


def _look_up(address: str) -> None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        host, port = "", 0
    if not host or parts.scheme != "https":
        raise OwnEndpointRefused("your own model: give an address that begins with https://")
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, ValueError):  # no such name, or none that DNS could have
        shown = host[:_SHOWN].encode(errors="replace").decode()
        raise OwnEndpointRefused(f"your own model: {shown} cannot be found") from None
    if not all(is_of_the_world(str(one)) for one in found):
        raise OwnEndpointRefused(
            f"your own model: {host} is no server of the internet, so it is not asked from here"
        )
