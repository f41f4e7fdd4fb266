"""Files that may be named pipes: the other side of those may be long in coming, and no thread shall wait for it.

Opening a pipe waits until somebody opens it for the opposite. So files are opened without waiting, and what turns out
to be a pipe stays that way: its reader asks whether there is something, its writer asks whether somebody reads.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from headwater import tasks

FIRST_PAUSE: Final = 0.001
LONGEST_PAUSE: Final = 0.05
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)


def is_fifo(descriptor: int) -> bool:
    """Whether a descriptor is that of a named pipe."""
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def open_at_once(path: str, flags: int, mode: int = 0o777) -> int:
    """Open a file without waiting for the other side of a pipe. The descriptor of a pipe waits for nothing later on
    either, all others do as ever.

    Raises:
        OSError: Also, with `ENXIO`, for a pipe that nobody reads yet, where it is opened for writing.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | _NO_WAIT, mode)
    if _NO_WAIT and not is_fifo(descriptor):
        os.set_blocking(descriptor, True)
    return descriptor


def lacks_reader(path: str, error: OSError) -> bool:
    """Whether a file could not be opened for writing because it is a pipe that nobody reads yet."""
    if error.errno != errno.ENXIO:
        return False
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False


class Pauses:
    """Waits between looks at the other side: short at first."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    async def wait(self) -> None:
        """Wait a little longer than the last time."""
        pause, self._next = self._next, min(2 * self._next, LONGEST_PAUSE)
        await tasks.sleep(pause)


async def write_fifo(descriptor: int, data: bytes) -> None:
    """Write everything to a pipe, as its reader makes room.

    Raises:
        OSError: Nobody reads it any more.
    """
    left = memoryview(data)
    pauses = Pauses()
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            await pauses.wait()
        else:
            pauses = Pauses()
