"""The errors that a person may see. Each says in one line what to do and carries its data.

The command line prints ``str(error)`` and exits with ``error.exit_code``; anything that is not a
``GlossError`` is a bug and shows its traceback.
"""

from __future__ import annotations

from pathlib import Path


class GlossError(Exception):
    """Something that the person at the keyboard can put right."""

    exit_code = 2


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
