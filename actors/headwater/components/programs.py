"""Programs that components start: how they are told about, in Go's words."""

from __future__ import annotations

import os
import shutil
import signal

from headwater.components.oserrors import reason


def not_found(name: str) -> str:
    """Why a program cannot be started, or nothing: looked for as the shell does."""
    if shutil.which(name):
        return ""
    if "/" in name:
        return f"fork/exec {name}: {'permission denied' if os.path.exists(name) else 'no such file or directory'}"
    return f'exec: "{name}": executable file not found in $PATH'


def start_error(name: str, error: BaseException) -> str:
    """Why a program could not be started."""
    found = not_found(name)
    if found:
        return found
    if isinstance(error, OSError):
        return f"fork/exec {name}: {reason(error)}"
    return f"exec: {error}"


def exit_text(status: int) -> str:
    """How a program ended, where it did not end well."""
    if status == 0:
        return ""
    if status > 0:
        return f"exit status {status}"
    return f"signal: {signal_text(-status)}"


def signal_text(number: int) -> str:
    """A signal in the system's words, such as ``killed``."""
    text = signal.strsignal(number) if number in set(signal.Signals) else None
    return (text or f"signal {number}").lower()
