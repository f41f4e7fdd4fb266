"""HTTP requests made of messages, and messages made of responses."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.components.metadata_filter import MetadataFilter
from headwater.errors import ComponentError
from headwater.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headwater.bloblang import Interpolation
    from headwater.config.view import Config
    from headwater.message import Batch

OCTETS: Final = "application/octet-stream"


@dataclass(slots=True)
class HttpRequest:
    """A request, ready to be sent. Header names are canonical; one may stand there several times."""

    method: str
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None


def canonical_header(name: str) -> str:
    """A header's name as Go writes it: ``content-type`` is ``Content-Type``; names with odd characters stay."""
    if not name or not all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name):
        return name
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


class RequestFactory:
    """Makes requests as a configuration with `http_client_fields` says.

    Args:
        config: The body of the component.
    """

    def __init__(self, config: Config) -> None:
        self.url = config.interpolated("url")
        self._verb = config.text("verb") or "GET"
        self._headers = config.interpolations("headers")
        self._metadata = MetadataFilter(config.object("metadata"))
        self._payload = config.optional_interpolated("payload")
        self._multipart: list[tuple[Interpolation, Interpolation, Interpolation]] = []
        if "multipart" in config.field.index:
            self._multipart = [
                (part.interpolated("content_type"), part.interpolated("content_disposition"), part.interpolated("body"))
                for part in config.objects("multipart")
            ]

    def target(self, batch: Batch) -> str:
        """The URL for a batch; what interpolations see when there is no message is an empty one."""
        return _evaluated(self.url, "url", batch or [Message(b"")])

    def create(self, batch: Batch, *, with_body: bool = True) -> HttpRequest:
        """The request for a batch.

        Args:
            batch: One message becomes the body as it is, several become a multipart body.
            with_body: Whether messages are sent, or only looked at by interpolations.

        Raises:
            ComponentError: An interpolation failed.
        """
        seen = batch or [Message(b"")]
        request = HttpRequest(self._verb, _evaluated(self.url, "url", seen))
        content_type = self._set_body(request, batch if with_body else [], seen)
        for name, value in self._headers.items():
            canonical = canonical_header(name)
            if not content_type or canonical != "Content-Type":
                request.headers.append((canonical, _evaluated(value, f"header '{name}'", seen)))
        if batch and self._metadata:
            request.headers.extend((canonical_header(key), text) for key, text in self._metadata.items(batch[0]))
        if content_type:
            request.headers = [pair for pair in request.headers if pair[0] != "Content-Type"]
            request.headers.append(("Content-Type", content_type))
        elif (request.body is not None or not with_body) and not any(
            name == "Content-Type" for name, _ in request.headers
        ):
            request.headers.append(("Content-Type", OCTETS))
        return request

    def _set_body(self, request: HttpRequest, batch: Batch, seen: Batch) -> str:
        """Give a request its body. Returns: the content type that the body demands, if any."""
        if self._payload is not None:
            try:
                request.body = self._payload.bytes(seen, 0)
            except BloblangError as error:
                raise ComponentError(f"payload interpolation error: {error}", "data") from None
            return ""
        if self._multipart and batch:
            parts = [
                (
                    [
                        ("Content-Disposition", _evaluated(disposition, "content_disposition", seen)),
                        ("Content-Type", _evaluated(kind, "content_type", seen)),
                    ],
                    _evaluated(body, "body", seen).encode("utf-8", "surrogateescape"),
                )
                for kind, disposition, body in self._multipart
            ]
            return self._set_parts(request, parts)
        if not batch:
            return ""
        if len(batch) == 1:
            request.body = batch[0].content()
            return ""
        given = next((v for name, v in self._headers.items() if canonical_header(name) == "Content-Type"), None)
        parts = []
        for index, message in enumerate(batch):
            kind = OCTETS if given is None else _evaluated(given, "header 'Content-Type'", batch, index)
            headers = [("Content-Type", kind)]
            headers.extend((canonical_header(key), text) for key, text in self._metadata.items(message))
            parts.append((headers, message.content()))
        return self._set_parts(request, parts)

    @staticmethod
    def _set_parts(request: HttpRequest, parts: Sequence[tuple[list[tuple[str, str]], bytes]]) -> str:
        boundary = secrets.token_hex(30)
        request.body = encode_multipart(parts, boundary)
        return f"multipart/form-data; boundary={boundary}"


def _evaluated(expression: Interpolation, what: str, batch: Batch, index: int = 0) -> str:
    """A text for a message. Raises: ComponentError that says what could not be made."""
    try:
        return expression.text(batch, index)
    except BloblangError as error:
        raise ComponentError(f"{what} interpolation error: {error}", "data") from None


def encode_multipart(parts: Sequence[tuple[Sequence[tuple[str, str]], bytes]], boundary: str) -> bytes:
    """A multipart body, with the headers of each part in order of their names."""
    pieces: list[bytes] = []
    for headers, body in parts:
        pieces.append(f"--{boundary}\r\n".encode())
        pieces.extend(f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in sorted(headers))
        pieces.extend((b"\r\n", body, b"\r\n"))
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)


_BLANK_LINE: Final = re.compile(rb"(?:^|\n)\r?\n")


class MultipartError(ComponentError):
    """A multipart body is none."""


def decode_multipart(body: bytes, boundary: str, ended: bool = True) -> list[tuple[dict[str, str], bytes]]:
    """The parts of a multipart body: headers by canonical name, and content.

    Args:
        body: The whole body.
        boundary: What stands between parts.
        ended: Whether the last boundary must say that it is the last.

    Raises:
        MultipartError: There is no boundary, or the body does not end with it.
    """
    if not boundary:
        raise MultipartError("multipart: boundary is empty", "data")
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    # How the first boundary's line ends is how all lines do. The line end before a boundary belongs to the boundary.
    first = body.find(mark)
    line_end = b"\n" if first >= 0 and body[first + len(mark) : first + len(mark) + 1] == b"\n" else b"\r\n"
    pieces = (line_end + body if first == 0 else body).split(line_end + mark)
    parts: list[tuple[dict[str, str], bytes]] = []
    for number, piece in enumerate(pieces[1:], 2):
        if piece.startswith(b"--"):
            return parts
        _, begun, rest = piece.partition(b"\n")
        if number == len(pieces) and not ended:
            if begun and _BLANK_LINE.search(rest):
                raise MultipartError("unexpected EOF", "data")
            return parts
        parts.append(_decode_part(rest))
    if not ended:
        return parts
    raise MultipartError("multipart: NextPart: EOF", "data")


def _decode_part(text: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and content of a part that begins behind its boundary's line."""
    headers: dict[str, str] = {}
    while True:
        line, end, text = text.partition(b"\n")
        line = line.rstrip(b"\r")
        if not line or not end:
            return headers, text
        name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
        headers.setdefault(canonical_header(name.strip()), value.strip())


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """The type in lower case and the parameters of a `Content-Type`."""
    from email.message import Message as Headers

    headers = Headers()
    headers["Content-Type"] = header
    parameters = headers.get_params(failobj=[])
    if not parameters:
        return "", {}
    return parameters[0][0].strip().lower(), {name.lower(): str(value) for name, value in parameters[1:]}


def response_messages(
    status: int, headers: Sequence[tuple[str, str]], body: bytes, extract: MetadataFilter
) -> list[Message]:
    """The messages that a response consists of: one, or one for each part of a multipart body."""
    metadata = response_metadata(status, headers, extract)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    if content_type.lower().startswith("multipart/"):
        _, parameters = media_type(content_type)
        parts = decode_multipart(body, parameters.get("boundary", ""))
        return [Message(content, metadata=metadata, origin=index) for index, (_, content) in enumerate(parts)]
    return [Message(body, metadata=metadata)]


def response_metadata(status: int, headers: Sequence[tuple[str, str]], extract: MetadataFilter) -> Mapping[str, Any]:
    """What messages of a response know of it: its status, and the headers that were asked for, in lower case."""
    metadata: dict[str, Any] = {"http_status_code": status}
    if extract:
        for name, value in headers:
            key = name.lower()
            if extract.takes(key):
                metadata.setdefault(key, value)
    return metadata


def answered(sources: Batch, answers: Sequence[Message]) -> list[Message]:
    """What comes back for some messages, in their place: content of the answers, metadata of both.

    Where there are more answers than messages, the others stand in for the first message.
    """
    return [
        Message(
            answer.content(),
            metadata={**source.metadata, **answer.metadata},
            error=source.error,
            origin=source.origin,
            context=source.context,
        )
        for answer, source in (
            (answer, sources[index] if index < len(sources) else sources[0]) for index, answer in enumerate(answers)
        )
    ]
