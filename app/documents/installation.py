"""What an installation consists of: versions, models, the library's state."""

from __future__ import annotations

from app.documents import PathText, Shape


class EmbeddingModel(Shape):
    """The model that makes vectors."""

    name: str
    fingerprint: str
    """Over all its files; empty where it cannot be used."""
    weights_sha256: str
    """Of the bundled model's weights; empty for others."""


class DigestCounts(Shape):
    """Digests of the library, of each paper the newest in a language by a writer."""

    saved: int
    """All of them."""
    stale: int
    """Those that would be made of other parts now."""
    unknown: int
    """Those for which it is not known."""


class LibraryMissing(Shape):
    """Where a library would be, which is not there or cannot be opened."""

    directory: PathText
    digests: DigestCounts | None
    """null if it is not known."""


class LibraryExamined(Shape):
    """A library, and whether its catalogue, vectors and files agree."""

    directory: PathText
    papers: int
    failed: int
    """Files that did not become papers."""
    passages: int
    points: int
    """Vectors of passages."""
    model: str
    """That made them."""
    problems: list[str]
    """Each says what to do."""
    claims: int
    """Sentences of digests."""
    claim_points: int
    """Vectors of those."""
    checked: int
    """Papers whose bytes and files were compared with their checksums."""
    notes: int
    """The reader's own."""
    tags: int
    """The reader's own, on papers and on words of them."""
    rebuilding: str
    """The model that a rebuild which was cut short was for."""
    digests: DigestCounts | None
    """null if it is not known."""


class Installation(Shape):
    """What ``gloss doctor`` found."""

    python: str
    system: str
    versions: dict[str, str]
    """Of the packages that decide what comes out; `missing` for what is not installed."""
    model: EmbeddingModel
    writer: str
    """Who words digests; empty where that one cannot."""
    library: LibraryExamined | LibraryMissing
    problems: list[str]
    """Each says what to do."""


class LanguageModel(Shape):
    """A language model that can run on this machine."""

    name: str
    size: int
    """In bytes."""
    licence: str
    there: bool
    """Whether it has been downloaded."""
    path: PathText
    """Where it is, or would be."""
    url: str
    """Where it comes from."""
    sha256: str
    use: str
    """What it is for."""


class LanguageModels(Shape):
    """Those that gloss knows."""

    models: list[LanguageModel]
    folder: PathText
    """Where they are kept."""
    chosen: str
    """The one that the settings name."""
