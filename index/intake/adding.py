"""Papers added in their order, each outcome as soon as it is certain."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from index.errors import FetchError, GlossError, SourceNotFound
from index.intake.ahead import PdfDownloads, ReadAhead
from index.intake.wanted import Arxiv, Outcome, RemotePreparer, Wanted
from index.library import Added, Papers, PendingPaper, Progress
from index.sources import Source


def add_all(
    library: Papers,
    wanted: Sequence[Wanted],
    threads: int,
    arxiv: Arxiv | None = None,
    progress: Callable[[str], Progress] | None = None,
    cluster: RemotePreparer | None = None,
) -> Iterator[Outcome]:
    """Add papers in their order, reading some ahead; each outcome comes once it is certain.

    ``threads`` download and read while the caller's thread embeds and stores; they are at most
    twice their number ahead. What fails one paper stops no other; an error that none would survive
    (of the library, the model, the store) is raised. Whoever stops iterating stops them: what was
    not yielded, or was being stored just then, is not in the library.

    A ``cluster`` reads and embeds in their place; what it gives back is taken in the same way.
    """
    downloads = PdfDownloads(arxiv)

    def read(one: Wanted) -> PendingPaper:
        source = one.source
        stage = None
        if progress is not None:
            stage = progress(source.path.name if source is not None else one.name)
        if source is None:
            assert one.record is not None
            if stage is not None:
                stage("download")
            source = Source(downloads.path(one.record), one.name)
        if cluster is not None:
            return library.receive(source, stage, one.record)
        return library.prepare(source, stage, one.record)

    ahead = ReadAhead(wanted, read, threads, 2 * (threads if cluster is None else cluster.papers))
    results = (ahead.result(number) for number in range(len(wanted)))
    prepared: Iterator[PendingPaper | BaseException] = results
    if cluster is not None and wanted:
        prepared = cluster.prepare(results, library.embedder)
    try:
        for one, result in zip(wanted, prepared, strict=True):
            try:
                if isinstance(result, BaseException):
                    raise result
                added = library.commit(result)
            except (SourceNotFound, FetchError) as error:
                why = error.why if isinstance(error, SourceNotFound) else str(error)
                yield Outcome(one, "failed", why, error=error)
            except GlossError:
                raise
            except Exception as error:  # a bug that one paper meets stops no other
                yield Outcome(one, "failed", f"{type(error).__name__}: {error}", error=error)
            else:
                yield _outcome(one, added)
    finally:
        if isinstance(prepared, Generator):
            prepared.close()
        ahead.stop()


def _outcome(one: Wanted, added: Added) -> Outcome:
    if added.status != "ok":
        return Outcome(one, "failed", f"{added.status}: {added.reason}", added)
    if not added.changed:
        return Outcome(one, "skipped", added.reason or "already here", added)
    return Outcome(one, "taken", added.reason, added)
