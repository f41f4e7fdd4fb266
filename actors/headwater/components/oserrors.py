"""What the operating system refuses, in the words that users of Benthos grep for: Go's."""

from __future__ import annotations

import errno
import os
import socket

_RENAMED = {errno.ENOTEMPTY: "directory not empty"}


def reason(error: OSError) -> str:
    """The bare reason, such as ``no such file or directory`` or ``connection refused``."""
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, TimeoutError) and not error.errno:
        return "i/o timeout"
    if error.errno is None:
        return str(error) or type(error).__name__
    return _RENAMED.get(error.errno) or os.strerror(error.errno).lower()


def path_error(action: str, path: str, error: OSError) -> str:
    """What went wrong with a file, such as ``open a/b: permission denied``."""
    return f"{action} {path}: {reason(error)}"


def dial_error(network: str, address: str, error: OSError) -> str:
    """Why no connection came about, such as ``dial tcp 127.0.0.1:1: connect: connection refused``."""
    if isinstance(error, socket.gaierror):
        host = address.rpartition(":")[0] or address
        return f"dial {network}: lookup {host.strip('[]')}: {reason(error)}"
    if isinstance(error, TimeoutError) and not error.errno:
        return f"dial {network} {address}: i/o timeout"
    return f"dial {network} {address}: connect: {reason(error)}"
