"""waitress's connections, and what they keep from an application: the headers as they were sent.

WSGI has one value a name, and cannot tell underscores from hyphens, so waitress joins values of one name and drops
names with underscores. Components take each header as metadata, by its own name.
"""

from __future__ import annotations

from typing import Any

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser, get_header_lines  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Keeps the headers as they were sent, where WSGI would not."""

    sent: tuple[tuple[str, str], ...] = ()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if header_plus.rstrip().count(b"\r\n") != len(self.headers):
            lines = (line.partition(b":") for line in get_header_lines(header_plus.partition(b"\r\n")[2]))
            sent = [(name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1")) for name, _, value in lines]
            self.sent = tuple(sent)


class _Task(WSGITask):  # type: ignore[misc]
    """Hands them over."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        sent = getattr(self.request, "sent", ())
        if sent:
            environ["headwater.headers"] = sent
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser
    task_class = _Task


class Server(TcpWSGIServer):  # type: ignore[misc]
    """A listening socket of waitress."""

    channel_class = _Channel
