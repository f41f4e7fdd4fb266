"""waitress's connections, and what they keep from an application: headers whose names have underscores.

WSGI cannot tell them from those with hyphens, so waitress drops them; components take them as metadata, by their own
names.
"""

from __future__ import annotations

from typing import Any

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Keeps headers with underscores."""

    underscored: tuple[tuple[str, str], ...] = ()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if b"_" in header_plus:
            lines = (line.partition(b":") for line in header_plus.split(b"\r\n")[1:])
            self.underscored = tuple(
                (name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1"))
                for name, _, value in lines
                if b"_" in name
            )


class _Task(WSGITask):  # type: ignore[misc]
    """Hands them over."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        underscored = getattr(self.request, "underscored", ())
        if underscored:
            environ["headwater.headers"] = underscored
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser
    task_class = _Task


class Server(TcpWSGIServer):  # type: ignore[misc]
    """A listening socket of waitress."""

    channel_class = _Channel
