"""The words of every passage in order, by which phrases are found: SQLite's own index (FTS5).

A row for each passage, put in and taken out in the transactions that do so with passages. The
index keeps no text, which the paper has already: a row is taken out by the words that it was made
of, so before its passage goes. Words are cut here and joined by spaces, and the tokenizer ``ascii``
cuts at spaces alone, since our words have no other sign of ASCII: what FTS5 calls a phrase is ours.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress

TABLE = """
CREATE VIRTUAL TABLE passage_words USING fts5 (
    words, content='', columnsize=0, tokenize='ascii'
);
"""

# A row's number has the edition and, in the lower bits, the passage's position: more than a paper
# may have passages (``ReadSettings.passages_max``).
POSITION_BITS = 20

_SOME = 4  # words of a passage: each more takes another look into the index
_STALE = "words"  # the name in ``meta`` of what ``is_stale`` says

_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])")
_WORD = re.compile(r"[^\W_]+")


def in_words(text: str) -> str:
    """Lower-case words without accents, a space between them; a Chinese character is a word."""
    if text.isascii():
        plain = text.lower()
    else:
        plain = unicodedata.normalize("NFKD", text).casefold()
        accents = {ord(letter): None for letter in set(plain) if unicodedata.combining(letter)}
        plain = _CJK.sub(r" \1 ", plain.translate(accents))
    return " ".join(_WORD.findall(plain))


def every(phrases: Sequence[str]) -> str:
    """FTS5's query for rows that have every phrase, each as ``in_words`` gives it."""
    return " ".join(f'"{phrase}"' for phrase in phrases)


def put_in(connection: sqlite3.Connection, number: int, texts: Iterable[str]) -> None:
    """Index the passages of an edition, which has none here: their texts, in order."""
    connection.executemany(
        "INSERT INTO passage_words (rowid, words) VALUES (?, ?)", _rows(number, texts)
    )


def take_out(connection: sqlite3.Connection, number: int) -> None:
    """Take the passages of an edition out, which are still in its table.

    Where its text is damaged they stay, and ``is_stale`` is true from then on.
    """
    try:
        texts = texts_of(connection, number)
    except (zlib.error, ValueError):
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, 'stale')", (_STALE,))
        return
    connection.executemany(
        "INSERT INTO passage_words (passage_words, rowid, words) VALUES ('delete', ?, ?)",
        _rows(number, texts),
    )


def is_stale(connection: sqlite3.Connection) -> bool:
    """Whether words are known to be in the index that no passage has."""
    query = "SELECT 1 FROM meta WHERE name = ?"
    return connection.execute(query, (_STALE,)).fetchone() is not None


def has_rows(connection: sqlite3.Connection, number: int) -> bool:
    """Whether some words of every passage of an edition are in the index, where they stand in it.

    Raises ``zlib.error`` or ``ValueError`` where its text is damaged.
    """
    query = "SELECT 1 FROM passage_words WHERE passage_words MATCH ? AND rowid = ?"
    for row, text in _rows(number, texts_of(connection, number)):
        words = text.split()
        some = " ".join(words[len(words) // 2 :][:_SOME])
        if some and connection.execute(query, (f'"{some}"', row)).fetchone() is None:
            return False
    return True


def sums_there(connection: sqlite3.Connection) -> dict[int, int]:
    """A sum over the words of each row of the index and their places: it is read whole.

    A hundred thousand passages of 150 words take a quarter of a minute.
    """
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.words_there"
        " USING fts5vocab(main, passage_words, instance)"
    )
    cursor = connection.cursor()
    cursor.row_factory = None
    sums: defaultdict[int, int] = defaultdict(int)
    last, value = b"", 0
    for word, row, place in cursor.execute(
        "SELECT CAST(term AS BLOB), doc, offset FROM words_there"
    ):
        if word != last:
            last, value = word, zlib.crc32(word)
        sums[row] += value * (place + 1)
    return sums


def sums_of(connection: sqlite3.Connection, number: int) -> dict[int, int]:
    """The same of the passages of an edition, by the rows that they have in the index.

    Raises as ``has_rows`` does.
    """
    return {
        row: sum(zlib.crc32(word) * at for at, word in enumerate(text.encode().split(), start=1))
        for row, text in _rows(number, texts_of(connection, number))
        if text
    }


def refill(connection: sqlite3.Connection) -> None:
    """Make the index again of the passages of all editions whose text is not damaged."""
    connection.execute("INSERT INTO passage_words (passage_words) VALUES ('delete-all')")
    editions = connection.execute("SELECT DISTINCT edition FROM passages").fetchall()
    for (number,) in editions:
        with suppress(zlib.error, ValueError):
            put_in(connection, number, texts_of(connection, number))
    connection.execute("DELETE FROM meta WHERE name = ?", (_STALE,))


def texts_of(connection: sqlite3.Connection, number: int) -> list[str]:
    """The texts of an edition's passages, in order. Raises as ``has_rows`` does."""
    packed = connection.execute("SELECT text FROM editions WHERE number = ?", (number,)).fetchone()
    spans = connection.execute(
        'SELECT start, "end" FROM passages WHERE edition = ? ORDER BY position', (number,)
    ).fetchall()
    try:
        text = zlib.decompress(packed["text"]).decode() if spans else ""
        return [text[span["start"] : span["end"]] for span in spans]
    except TypeError as error:  # a row that is gone, or a value of another type
        raise ValueError(f"edition {number} is damaged") from error


def _rows(number: int, texts: Iterable[str]) -> Iterable[tuple[int, str]]:
    first = number << POSITION_BITS
    return ((first + at, in_words(text)) for at, text in enumerate(texts))
