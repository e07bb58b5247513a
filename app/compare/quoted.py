"""The quoted digest of a paper, from any library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.digest import Digest
from index.errors import LibraryReadOnly

if TYPE_CHECKING:
    from index.library import Papers


def quoted_digest(library: Papers, paper_id: str) -> Digest:
    """The digest in the paper's own words: the saved one, or a new one, which is saved.

    In a library that cannot be written it is made and not saved. Raises as ``write_digest`` does.
    """
    from app.write import write_digest, written

    try:
        return write_digest(library, paper_id)
    except LibraryReadOnly:
        paper, passages = library.paper(paper_id), library.passages(paper_id)
        return written(paper, passages, library.sentence_encoder)
