"""The errors that a person may see. Each says in one line what to do and carries its data.

The command line prints ``str(error)`` and exits with ``error.exit_code``; anything that is not a
``GlossError`` is a bug and shows its traceback.
"""

from __future__ import annotations

from pathlib import Path

from index.secret import hide_logins

# The end of a message that says that a library is damaged.
PUT_BACK = "`gloss restore BACKUP` puts a backup back; else start again in another --library"


class GlossError(Exception):
    """Something that the person at the keyboard can put right.

    Its words have no login of an address, such as that of a proxy, which other libraries repeat.
    """

    exit_code = 2

    def __init__(self, *said: object) -> None:
        super().__init__(*(hide_logins(one) if isinstance(one, str) else one for one in said))


class SettingsUnusable(GlossError):
    """A ``GLOSS_*`` variable of the environment has a value that does not fit."""


class ProxyUnusable(GlossError):
    """A proxy of the environment has an address that cannot be used; what is wrong with it is not
    said, since it may be the password's."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable}: no address of a proxy; give http://HOST:PORT, with signs of a password "
            "as %XX, or unset it"
        )
        self.variable = variable


class SourceNotFound(GlossError):
    """What was to be added is not there, or is nothing that gloss reads."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


class PaperNotFound(GlossError):
    """No paper of that id is in the library; ``why`` where its file did not become one."""

    def __init__(self, paper_id: str, near: tuple[str, ...] = (), why: str = "") -> None:
        hint = f"did you mean {', '.join(near)}?" if near else "`gloss papers` lists what is there"
        super().__init__(f"{paper_id}: {why or f'not in this library; {hint}'}")
        self.paper_id = paper_id
        self.near = near
        self.why = why


class PaperThere(GlossError):
    """A paper that is to be added beside the others would change one of them."""

    def __init__(self, paper_id: str, other_id: str) -> None:
        same = "this id" if other_id == paper_id else f"this id or file, {other_id},"
        super().__init__(f"{paper_id}: the library has a paper of {same} already")
        self.paper_id = paper_id
        self.other_id = other_id


class PaperDamaged(GlossError):
    """What the catalogue has of a paper was damaged on the disk."""

    def __init__(self, paper_id: str) -> None:
        super().__init__(
            f"{paper_id}: what the catalogue has of it is damaged: "
            "`gloss doctor --repair` reads its file again"
        )
        self.paper_id = paper_id


class ClaimNotFound(GlossError):
    """No digest of the library has a sentence of that id."""

    def __init__(self, claim_id: str, near: tuple[str, ...] = ()) -> None:
        hint = (
            f"did you mean {', '.join(near)}?"
            if near
            else "`gloss search --in digests QUERY` shows the ids of what it finds"
        )
        super().__init__(f"{claim_id}: in no digest of this library; {hint}")
        self.claim_id = claim_id
        self.near = near


class NoDigests(GlossError):
    """No digest that could be searched; ``paper_id`` where one of that paper was asked for."""

    def __init__(self, paper_id: str = "", unsearchable: int = 0) -> None:
        if unsearchable:
            why = (
                "the digests in this library were written before digests could be searched: "
                "`gloss doctor --repair` makes them so"
            )
        elif paper_id:
            why = f"{paper_id}: has no digest yet: `gloss digest {paper_id}` writes one"
        else:
            why = (
                "no digest to search yet: `gloss digest ID` writes one; "
                "`gloss digest --all` writes all"
            )
        super().__init__(why)
        self.paper_id = paper_id
        self.unsearchable = unsearchable


class RoleOfDigest(GlossError):
    """Sentences of digests were to be filtered by a section role, which they do not have."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"role {role}: does not apply to digests, whose sections are not the paper's; "
            "leave it out, or search passages"
        )
        self.role = role


class PaperChanged(GlossError):
    """A digest's citations are not the words of the paper that is in the library now."""

    def __init__(self, paper_id: str) -> None:
        super().__init__(f"{paper_id}: was replaced while its digest was written; write it again")
        self.paper_id = paper_id


class LibraryBusy(GlossError):
    """Another process has the library open; an embedded library has one owner at a time."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"{directory}: in use by {holder}; wait for it, stop it, or give another --library"
        )
        self.directory = directory
        self.holder = holder


class LibraryUnusable(GlossError):
    """The library directory cannot be opened or written, or is of another version."""

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(f"{directory}: {why}")
        self.directory = directory
        self.why = why


class BackupUnusable(GlossError):
    """A backup cannot be written, or is not what it was when it was made."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder = folder
        self.why = why


class LibraryReadOnly(LibraryUnusable):
    """The library can be read, and nothing can be written; ``reason`` says why not."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(
            directory,
            f"cannot be written ({reason}); what is in it can be read: "
            "gloss papers, show, search, and digests that are saved",
        )
        self.reason = reason


class DiskFull(GlossError):
    """Too little room on the disk for what is to be written; ``free`` and ``needed`` in bytes."""

    def __init__(self, folder: Path, free: int, needed: int) -> None:
        super().__init__(
            f"{folder}: the disk is full ({_megabytes(free)} free, {_megabytes(needed)} needed): "
            "free some space and run it again; nothing was lost"
        )
        self.folder = folder
        self.free = free
        self.needed = needed

    def __reduce__(self) -> tuple[type[DiskFull], tuple[Path, int, int]]:
        """An error that crosses from one process to another keeps its data."""
        return DiskFull, (self.folder, self.free, self.needed)


class UserUnknown(GlossError):
    """A path begins at the home of a user that this machine does not have."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such user here; give the whole path, or ./{path}")
        self.path = path


class NoScratch(GlossError):
    """No temporary folder has room for the copies that a read-only library is searched in."""

    def __init__(self) -> None:
        super().__init__(
            "no temporary folder has room for a copy of the vectors: set TMPDIR to a folder that "
            "can be written"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


class ModelUnusable(GlossError):
    """An embedding model is missing, damaged, or not the one that it says it is."""

    def __init__(self, model: str, why: str) -> None:
        super().__init__(f"model {model}: {why}")
        self.model = model
        self.why = why


class EmptyQuery(GlossError):
    """A query without a word in it."""

    def __init__(self) -> None:
        super().__init__("the query is empty: give at least one word to search for")


class StoreUnusable(GlossError):
    """The vector store cannot be reached or does not fit this library."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"vector store {store}: {why}")
        self.store = store
        self.why = why


class ClusterUnusable(GlossError):
    """The Ray cluster that papers were to be read on cannot be had, or is not as it must be."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"Ray at {address}: {why}")
        self.address = address
        self.why = why


class FetchError(GlossError):
    """arXiv could not be asked, or what it answered cannot be used.

    One line of three parts: what was asked, what came, what to do. ``status`` is the HTTP status
    where there was one, and ``retry_after`` the seconds that arXiv asked to wait.
    """

    def __init__(
        self,
        asked: str,
        came: str,
        advice: str,
        url: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(" ".join(f"{asked}: {came}; {advice}".split()))
        self.asked = asked
        self.came = came
        self.advice = advice
        self.url = url
        self.status = status
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[FetchError], tuple[object, ...]]:
        """An error that crosses from one process to another keeps its data."""
        data = (self.asked, self.came, self.advice, self.url, self.status, self.retry_after)
        return FetchError, data
