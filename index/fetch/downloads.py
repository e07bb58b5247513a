"""PDFs from arXiv, each fetched once: stored by their content, resumed where they broke off.

In the folder lie ``<sha256>.pdf``, for each version a small ``<id>v<version>.json`` that says which
of them it is, and what is half-way: ``<id>v<version>.part``, with what arXiv said of it beside it.
Every file is written beside its place and renamed, so a crash leaves nothing that looks whole.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from index.disk import sha256_of
from index.errors import FetchError
from index.fetch.polite import PoliteClient, page_words, unwritable
from index.reference import Reference

if TYPE_CHECKING:
    import httpx

# A PDF begins with this, after at most so much else, and ends with that: ISO 32000-1, 7.5.2 and
# 7.5.5 with the notes in annex H. arXiv stamps every PDF that it serves, so its ends are sound.
_BEGIN, _BEGIN_WITHIN = b"%PDF-", 1024
_END, _END_WITHIN = b"%%EOF", 4096
_WITHDRAWN = "it was probably withdrawn or never existed; an earlier version may still be there"


@dataclass(frozen=True, slots=True)
class Download:
    """A PDF on disk. ``size`` is in bytes; ``fetched`` is false for one that was there already."""

    path: Path
    sha256: str
    size: int
    fetched: bool


@dataclass(frozen=True, slots=True)
class _Stored:
    """The stored content of a version."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class _Partial:
    """The identity of a partly downloaded file: its ETag or its date."""

    validator: str


class Downloads:
    """The PDFs in ``folder``; ``base`` is the address below which arXiv has them."""

    def __init__(self, folder: Path, base: str, client: PoliteClient, limit: int) -> None:
        self._folder = folder
        self._base = base.rstrip("/")
        self._client = client
        self._limit = limit

    def pdf(self, reference: Reference) -> Download:
        """The PDF of a version, from the disk where its bytes are still those that were fetched.

        Raises ``FetchError``.
        """
        if reference.version is None:
            raise ValueError(f"{reference}: which version?")
        name = str(reference).replace("/", "_")
        stored = self._stored(name)
        if stored is not None:
            return stored
        try:
            with FileLock(self._folder / "downloads.lock"):
                # Another process may have fetched it while this one waited.
                return self._stored(name) or self._fetch(reference, name)
        except OSError as error:
            raise unwritable(f"the PDF of {reference}", error) from error

    def _stored(self, name: str) -> Download | None:
        """The PDF on disk, unless it is damaged."""
        try:
            entry = _Stored(**json.loads((self._folder / f"{name}.json").read_bytes()))
            path = self._folder / f"{entry.sha256}.pdf"
            if path.stat().st_size != entry.size or sha256_of(path) != entry.sha256:
                return None
        except (OSError, ValueError, TypeError):
            return None
        return Download(path, entry.sha256, entry.size, fetched=False)

    def _fetch(self, reference: Reference, name: str) -> Download:
        url = f"{self._base}/{Reference(reference.api_id, reference.version)}"
        asked = f"the PDF of {reference}"
        part = self._folder / f"{name}.part"
        notes = self._folder / f"{name}.part.json"

        def headers() -> dict[str, str]:
            plain = {"Accept": "application/pdf", "Accept-Encoding": "identity"}
            begun = _begun(part, notes)
            if begun is None:
                return plain
            size, validator = begun
            return {**plain, "Range": f"bytes={size}-", "If-Range": validator}

        def receive(response: httpx.Response) -> None:
            self._receive(response, part, notes, asked)

        try:
            self._client.ask(url, asked, receive, headers, also=frozenset({416}))
        except FetchError as error:
            if error.status not in (404, 410):
                raise
            came = f"arXiv has none (HTTP {error.status})"
            raise FetchError(asked, came, _WITHDRAWN, url, error.status) from error
        if not part.exists():  # what was there was not the beginning of what arXiv has
            self._client.ask(url, asked, receive, headers)
        try:
            _check(part, asked, url)
        except FetchError:
            _drop(part, notes)
            raise
        return self._keep(part, notes, name)

    def _receive(self, response: httpx.Response, part: Path, notes: Path, asked: str) -> None:
        """Write the body to ``part``, after what it has where arXiv sends only the rest."""
        url, status = str(response.url), response.status_code
        if status == 416:
            _drop(part, notes)
            return
        begun = _begun(part, notes)
        start = begun[0] if begun is not None and status == 206 else 0
        whole = _length(response, start)
        if whole is not None and whole > self._limit:
            raise FetchError(asked, *self._client.too_large(), url=url)
        if status == 206 and not response.headers.get("Content-Range", "").startswith(
            f"bytes {start}-"
        ):
            _drop(part, notes)
            came = "arXiv sent another part of the file than was asked for"
            raise FetchError(asked, came, "try again", url, status)
        if start == 0:
            _drop(part, notes)
            validator = _validator(response)
            if validator:
                _write(notes, json.dumps(asdict(_Partial(validator))).encode())
        got = start
        with part.open("ab") as file:
            for chunk in response.iter_bytes():
                got += len(chunk)
                if got > self._limit:
                    file.close()
                    _drop(part, notes)
                    raise FetchError(asked, *self._client.too_large(), url=url)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if whole is not None and got != whole:
            _drop(part, notes)
            came = f"{got:,} bytes came of the {whole:,} announced"
            raise FetchError(asked, came, "try again later", url, status)

    def _keep(self, part: Path, notes: Path, name: str) -> Download:
        """Give the whole file its name, and only then say whose it is."""
        entry = _Stored(sha256_of(part), part.stat().st_size)
        path = self._folder / f"{entry.sha256}.pdf"
        part.replace(path)
        notes.unlink(missing_ok=True)
        _write(self._folder / f"{name}.json", json.dumps(asdict(entry)).encode())
        return Download(path, entry.sha256, entry.size, fetched=True)


def _begun(part: Path, notes: Path) -> tuple[int, str] | None:
    """How many bytes are there, and of which file; nothing where one is not known."""
    try:
        validator = _Partial(**json.loads(notes.read_bytes())).validator
        size = part.stat().st_size
    except (OSError, ValueError, TypeError):
        return None
    return (size, validator) if size and isinstance(validator, str) else None


def _validator(response: httpx.Response) -> str:
    """What tells this file from its successor, for If-Range (RFC 9110, section 13.1.5).

    Nothing for one that cannot be resumed: without a strong validator, or sent compressed.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return ""
    tag: str = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    date: str = response.headers.get("Last-Modified", "")
    return date


def _length(response: httpx.Response, start: int) -> int | None:
    """How long the whole file is by what its headers say, if they do."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    if response.status_code == 206:
        whole = re.search(r"/([0-9]+)\s*$", response.headers.get("Content-Range", ""))
        if whole is not None:
            return int(whole[1])
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _check(path: Path, asked: str, url: str) -> None:
    """Raise ``FetchError`` unless the file begins and ends as a PDF does."""
    with path.open("rb") as file:
        head = file.read(20_000)
        file.seek(max(path.stat().st_size - _END_WITHIN, 0))
        tail = file.read()
    if not head:
        raise FetchError(asked, "an empty file came", "try again later", url, 200)
    if _BEGIN not in head[: _BEGIN_WITHIN + len(_BEGIN)]:
        words = page_words(head)
        advice = _WITHDRAWN if "withdrawn" in words.lower() else "try again later"
        raise FetchError(asked, f'a page came instead: "{words}"', advice, url, 200)
    if _END not in tail:
        raise FetchError(asked, "the PDF that came is cut off", "try again later", url, 200)


def _write(path: Path, content: bytes) -> None:
    """Write a small file at once or not at all."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _drop(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
