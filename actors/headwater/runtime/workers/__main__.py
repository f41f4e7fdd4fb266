"""`python -m headwater.runtime.workers`: a worker process. Started by a system, of no use to anybody else."""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Work until the parent is gone. Arguments: the parent's process id, and `PYTHONPATH` as it was."""
    # The parent ends its workers itself; a signal for the whole group of processes is not for them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent = int(sys.argv[1])
    if len(sys.argv) > 2:
        os.environ["PYTHONPATH"] = sys.argv[2]
    else:
        os.environ.pop("PYTHONPATH", None)
    from headwater.runtime.workers.child import serve

    serve(parent)


if __name__ == "__main__":
    main()
