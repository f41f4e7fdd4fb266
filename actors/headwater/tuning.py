"""What the program, and never the library, sets for the whole process so that streams run fast."""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0005
"""How long a thread keeps the interpreter while others wait for it; the default is ten times that, which makes every
call that lets go of it, such as a read or a write, wait as long beside a busy mapping."""

_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
KEPT_BYTES: Final = 64 << 20
"""Free memory that the C library keeps for the next chunk instead of giving it back to the system after each: payloads
come and go by the thousand, and giving back and asking again took nearly half of the time."""


def tune() -> None:
    """Set it; once, before streams start."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(20_000, 20, 100)
    gc.freeze()
    # One arena: threads do not allocate side by side, since one has the interpreter, and the further arenas grow and
    # shrink by calls to the system for every block of a file. Blocks and what is made of them stay in it, too.
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt  # glibc has it, others do without
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_TOP_PAD, 1 << 20)
        mallopt(_M_MMAP_THRESHOLD, 8 << 20)
        mallopt(_M_ARENA_MAX, 1)
