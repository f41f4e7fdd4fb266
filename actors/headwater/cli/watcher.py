"""Watched files: what changed, once it has been quiet for a while.

Files are looked at, not subscribed to: that works on every file system, through renames and symbolic links, and costs a
`stat` a file.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

QUIET_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.25

Signature = tuple[int, int, int]
"""Inode, size and time of change of a file."""


def signatures(paths: Iterable[str]) -> dict[str, Signature]:
    """What each file looks like; files that are not there are left out."""
    found: dict[str, Signature] = {}
    for path in paths:
        try:
            stat = os.stat(path)
        except OSError:
            continue
        found[path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


@dataclass
class Changes:
    """Tells what changed between looks, holding back what changed less than `quiet` seconds ago."""

    known: dict[str, Signature]
    quiet: float = QUIET_SECONDS
    _moving: dict[str, tuple[Signature | None, float]] = field(default_factory=dict)

    def look(self, now: float, current: Mapping[str, Signature]) -> tuple[list[str], list[str]]:
        """Take a look.

        Args:
            now: Monotonic seconds.
            current: What the files look like now.

        Returns:
            Paths that are new or changed, and paths that are gone; each is told once.
        """
        for path in current.keys() | self.known.keys():
            signature = current.get(path)
            if signature == self.known.get(path):
                self._moving.pop(path, None)
            elif path not in self._moving or self._moving[path][0] != signature:
                self._moving[path] = (signature, now)
        changed: list[str] = []
        gone: list[str] = []
        for path, (signature, since) in list(self._moving.items()):
            if now - since < self.quiet:
                continue
            del self._moving[path]
            if signature is None:
                del self.known[path]
                gone.append(path)
            else:
                self.known[path] = signature
                changed.append(path)
        return sorted(changed), sorted(gone)


class Watcher:
    """A thread that looks at files and hands on what changed.

    Args:
        paths: Which files to look at, asked anew each time.
        apply: Gets the changed and the gone paths; also called with nothing, every `POLL_SECONDS`, for what has to be
            tried again.
    """

    def __init__(self, paths: Callable[[], Iterable[str]], apply: Callable[[list[str], list[str]], None]) -> None:
        self._paths = paths
        self._apply = apply
        self._changes = Changes(signatures(paths()))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headwater-watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; waits for a change that is being applied."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = POLL_SECONDS
        while not self._stop.wait(pause):
            started = time.monotonic()
            current = signatures(self._paths())
            pause = max(POLL_SECONDS, 20 * (time.monotonic() - started))
            self._apply(*self._changes.look(started, current))
