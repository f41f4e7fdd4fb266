"""`headwater blobl server`: a page to try mappings in a browser, and the one request that it makes."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any, Final

_LARGEST: Final = 8 << 20


def execute(mapping: str, content: str) -> dict[str, Any]:
    """What a mapping makes of a message, or where it is wrong; it reaches neither files nor environment."""
    from headwater.bloblang import BloblangError, Environment, ParseError, compile_mapping
    from headwater.message import Message

    environment = Environment.default().without(needs=("file", "environment", "host", "resources"), imports=False)
    try:
        made = compile_mapping(mapping, environment)
    except ParseError as error:
        return {"parse_error": error.text, "line": error.line, "column": error.column}
    try:
        result = made.apply(Message(content.encode("utf-8", "surrogateescape")))
    except BloblangError as error:
        return {"mapping_error": error.text}
    if result is None:
        return {"result": "", "deleted": True}
    return {"result": result.content().decode("utf-8", "replace"), "metadata": _shown(dict(result.metadata))}


def _shown(metadata: dict[str, Any]) -> dict[str, Any]:
    from headwater.bloblang.values import json_text

    return {key: json.loads(json_text(value)) for key, value in metadata.items()}


class Handler(BaseHTTPRequestHandler):
    """Answers for the page and for `/execute`."""

    server_version = "headwater"

    def do_GET(self) -> None:
        """The page."""
        if self.path.partition("?")[0] != "/":
            self._answer(404, b"not found\n", "text/plain")
            return
        page = resources.files("headwater.cli").joinpath("blobl_server.html").read_bytes()
        self._answer(200, page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """Run a mapping on a message: ``{"mapping": "...", "input": "..."}``."""
        if self.path != "/execute":
            self._answer(404, b"not found\n", "text/plain")
            return
        try:
            length = int(self.headers.get("content-length") or 0)
            if not 0 <= length <= _LARGEST:
                self._answer(413, b"too large\n", "text/plain")
                return
            request = json.loads(self.rfile.read(length))
            answer = execute(str(request["mapping"]), str(request["input"]))
        except (ValueError, KeyError, TypeError):
            self._answer(400, b"a JSON object with `mapping` and `input` is expected\n", "text/plain")
            return
        self._answer(200, json.dumps(answer).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of requests."""


def make_server(host: str, port: int) -> ThreadingHTTPServer:
    """The server, bound to its port but not yet serving."""
    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def serve(host: str, port: int) -> int:
    """Serve until interrupted."""
    try:
        server = make_server(host, port)
    except OSError as error:
        print(f"cannot listen on {host}:{port}: {error}", file=sys.stderr)
        return 1
    print(f"serving a page to try mappings at http://{host}:{server.server_port}/", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0
