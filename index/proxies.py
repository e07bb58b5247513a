"""The proxies that the environment names, looked at before a client is made that uses them."""

from __future__ import annotations

from urllib.request import getproxies

from index.errors import ProxyUnusable


def check_proxies() -> None:
    """Raise ``ProxyUnusable`` for a proxy of the environment that httpx cannot use.

    httpx repeats the part of an address that it does not understand, which may be of a password.
    """
    import httpx

    found = getproxies()
    for scheme in ("http", "https", "all"):
        address = found.get(scheme, "")
        try:
            if address and not httpx.Proxy(_with_scheme(address)).url.host:
                raise ProxyUnusable(f"{scheme.upper()}_PROXY")
        except (httpx.InvalidURL, ValueError):
            raise ProxyUnusable(f"{scheme.upper()}_PROXY") from None


def _with_scheme(address: str) -> str:
    """As httpx takes it from the environment."""
    return address if "://" in address else f"http://{address}"
