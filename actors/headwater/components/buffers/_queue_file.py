"""The file of the `sqlite` buffer: batches in order, each with a checksum, committed in groups.

All methods block. What cannot be read is put aside, never overwritten.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from headwater.errors import ComponentError

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    checksum INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS damaged (
    id INTEGER PRIMARY KEY,
    checksum INTEGER NOT NULL,
    content BLOB NOT NULL
);
"""
CHECKED_BYTES: Final = 256 * 1024 * 1024
"""Files up to this size are checked as a whole when they are opened; of larger ones each batch is when it is read."""
PER_STATEMENT: Final = 250
BUSY_SECONDS: Final = 5.0
FREE_PAGES: Final = 1024
"""Unused pages from which on an empty file is made smaller."""

Row = tuple[int, bytes]
"""The id of a batch, and its content."""


OUTSIDE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)
"""What SQLite says of a disk, a lock or a right, and not of the file itself."""


class QueueFile:
    """An open file. Raises: ComponentError.

    Args:
        path: Where it is; made when it is not there.
        report: Told about damage, in words for the log.
    """

    def __init__(self, path: str, report: Callable[[str], None]) -> None:
        self._path = path
        self._report = report
        # A stream that is ended by force closes the file while a commit may still run on another thread.
        self._lock = threading.Lock()
        folder = os.path.dirname(path)
        try:
            if folder:
                os.makedirs(folder, exist_ok=True)
            self._connection = self._open_sound()
            self.last = self._last()
        except (sqlite3.Error, OSError) as error:
            raise ComponentError(f"cannot open buffer file {path}: {error}") from None

    def _open_sound(self) -> sqlite3.Connection:
        """Open the file, or put it aside and begin a new one with what can be read of the old."""
        try:
            return self._open()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if self._is_outside(error):
                raise
            aside = self._put_aside()
            self._report(f"Buffer file {self._path} is damaged ({error}); it was moved to {aside}")
        connection = self._open()
        saved = self._salvage(aside, connection)
        self._report(f"Buffer file {self._path} begins anew with {saved} batches that could be read from {aside}")
        return connection

    def _is_outside(self, error: Exception) -> bool:
        """Whether it is the file's surroundings that do not allow to open it, and not the file that is damaged.

        A flipped bit in the head of a file can make it one that nobody may write to, or of a version yet to come.
        """
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return False
        if code & 0xFF == sqlite3.SQLITE_READONLY:
            return not os.access(self._path, os.W_OK) or not os.access(os.path.dirname(self._path) or ".", os.W_OK)
        return code & 0xFF in OUTSIDE

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            # Acked means that it survives a loss of power: the log is synchronised at each commit.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.executescript(SCHEMA)
            connection.text_factory = bytes  # a flipped bit makes a text of a blob, and seldom one that is UTF-8
            try:
                for table in ("batches", "damaged"):
                    connection.execute(f"SELECT id, checksum, content FROM {table} LIMIT 0")
            except sqlite3.OperationalError as error:
                raise sqlite3.DatabaseError(str(error)) from None
            if os.path.getsize(self._path) <= CHECKED_BYTES:
                found = connection.execute("PRAGMA quick_check(1)").fetchone()
                if found is None or found[0] != b"ok":
                    raise sqlite3.DatabaseError(repr(found[0]) if found else "no answer to a check")
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_aside(self) -> str:
        """Move the file and what belongs to it out of the way."""
        aside = f"{self._path}.damaged-{time.time_ns()}"
        os.rename(self._path, aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(self._path + suffix, aside + suffix)
        return aside

    @staticmethod
    def _salvage(aside: str, target: sqlite3.Connection) -> int:
        """Copy what can be read and is sound, from both ends so that one bad page does not hide all behind it."""
        found: dict[int, tuple[int, int, bytes]] = {}
        for order in ("ASC", "DESC"):
            try:
                source = sqlite3.connect(f"file:{aside}?mode=ro", uri=True)
            except sqlite3.Error:
                break
            with contextlib.suppress(sqlite3.Error, OverflowError, TypeError, UnicodeDecodeError):
                for row in source.execute(f"SELECT id, checksum, content FROM batches ORDER BY id {order}"):
                    if isinstance(row[2], bytes) and zlib.crc32(row[2]) == row[1]:
                        found[row[0]] = row
            source.close()
        target.execute("BEGIN IMMEDIATE")
        target.executemany("INSERT INTO batches (id, checksum, content) VALUES (?, ?, ?)", sorted(found.values()))
        target.execute("COMMIT")
        return len(found)

    def _last(self) -> int:
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batches'").fetchone()
        highest = self._connection.execute("SELECT MAX(id) FROM batches").fetchone()[0]
        return max(row[0] if row else 0, highest or 0)

    def count(self) -> int:
        """How many batches there are."""
        with self._lock:
            found = self._connection.execute("SELECT COUNT(*) FROM batches").fetchone()
        return int(found[0])

    # HOT: once a group of batches
    def commit(self, contents: Sequence[bytes], delivered: Iterable[tuple[int, int]]) -> int:
        """Add batches and forget delivered ones, as one transaction that is on disk when this returns.

        Args:
            contents: The batches to add; their ids follow each other.
            delivered: Ranges of ids, both ends included.

        Returns: The id of the first one added.

        Raises:
            ComponentError: Nothing of it was done; there may be no room on the disk.
        """
        with self._lock:
            return self._commit(contents, delivered)

    def _commit(self, contents: Sequence[bytes], delivered: Iterable[tuple[int, int]]) -> int:
        connection = self._connection
        first = self.last + 1
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for start in range(0, len(contents), PER_STATEMENT):
                    # One statement with many rows: each call would give the interpreter's lock away.
                    group = contents[start : start + PER_STATEMENT]
                    values: list[object] = []
                    for offset, content in enumerate(group, first + start):
                        values += (offset, zlib.crc32(content), content)
                    places = ",".join(["(?,?,?)"] * len(group))
                    connection.execute(f"INSERT INTO batches (id, checksum, content) VALUES {places}", values)
                for low, high in delivered:
                    connection.execute("DELETE FROM batches WHERE id BETWEEN ? AND ?", (low, high))
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise ComponentError(f"cannot write to buffer file {self._path}: {error}") from None
        self.last += len(contents)
        return first

    def page(self, id_: int, limit: int) -> tuple[list[Row], int]:
        """Batches with ids above one, in order. Those that are damaged are put aside and reported, and not among them.

        Returns: The batches, and the last id that had been given out when they were read.

        Raises:
            ComponentError: The file cannot be read.
        """
        with self._lock:
            return self._after(id_, limit), self.last

    def _after(self, id_: int, limit: int) -> list[Row]:
        try:
            rows = self._connection.execute(
                "SELECT id, checksum, content FROM batches WHERE id > ? ORDER BY id LIMIT ?", (id_, limit)
            ).fetchall()
            sound = [(row[0], row[2]) for row in rows if isinstance(row[2], bytes) and zlib.crc32(row[2]) == row[1]]
            if len(sound) < len(rows):
                good = {row[0] for row in sound}
                self._set_aside([row for row in rows if row[0] not in good])
                return sound or self._after(rows[-1][0], limit)
        except sqlite3.Error as error:
            raise ComponentError(f"cannot read buffer file {self._path}: {error}") from None
        return sound

    def _set_aside(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        ids = ", ".join(str(row[0]) for row in rows)
        self._report(f"Buffer file {self._path} has damaged batches ({ids}); they were put into its table `damaged`")
        self._connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            self._connection.execute("INSERT OR REPLACE INTO damaged (id, checksum, content) VALUES (?, ?, ?)", row)
            self._connection.execute("DELETE FROM batches WHERE id = ?", (row[0],))
        self._connection.execute("COMMIT")

    def compact(self) -> None:
        """Give back what an emptied file does not need."""
        with self._lock:
            self._compact()

    def _compact(self) -> None:
        try:
            free = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
            if free >= FREE_PAGES:
                # As a script: a single statement would be left after its first step, which frees one page.
                self._connection.executescript("PRAGMA incremental_vacuum;")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            self._report(f"Buffer file {self._path} could not be made smaller: {error}")

    def close(self) -> None:
        """Close it; what is in it stays."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()
