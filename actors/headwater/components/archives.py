"""Archives of messages: joined into one payload, and taken apart again, with bounds on what they may expand to."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from headwater.components.payloads import structured, type_name
from headwater.compression import MAX_EXPANDED, CompressionError, too_large
from headwater.csv_records import CsvError, CsvReader
from headwater.errors import ComponentError
from headwater.message import Message

_MODE: Final = 0o666
_BLOCK: Final = 64 * 1024


class ArchiveError(ComponentError):
    """A payload is not the archive that it should be."""

    kind = "data"


# -- joining


def join_lines(contents: Sequence[bytes], names: Sequence[str]) -> bytes:
    """Payloads with a line feed between them."""
    return b"\n".join(contents)


def join_concatenated(contents: Sequence[bytes], names: Sequence[str]) -> bytes:
    """Payloads one behind the other."""
    return b"".join(contents)


def join_binary(contents: Sequence[bytes], names: Sequence[str]) -> bytes:
    """Payloads with their lengths: all numbers are four bytes, the most significant first."""
    pieces = [struct.pack(">I", len(contents))]
    for content in contents:
        pieces.append(struct.pack(">I", len(content)))
        pieces.append(content)
    return b"".join(pieces)


def join_tar(contents: Sequence[bytes], names: Sequence[str]) -> bytes:
    """A tape archive."""
    import tarfile

    buffer = io.BytesIO()
    now = int(time.time())
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for content, name in zip(contents, names, strict=True):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = _MODE
            entry.mtime = now
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def join_zip(contents: Sequence[bytes], names: Sequence[str]) -> bytes:
    """A zip archive."""
    import zipfile

    buffer = io.BytesIO()
    now = time.gmtime()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for content, name in zip(contents, names, strict=True):
            entry = zipfile.ZipInfo(name or "\0", now)
            entry.filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | _MODE) << 16
            # Names may come twice, which is no reason for a warning.
            archive.NameToInfo.pop(name, None)
            archive.writestr(entry, content)
    return buffer.getvalue()


JOINERS: Final[Mapping[str, Callable[[Sequence[bytes], Sequence[str]], bytes]]] = {
    "binary": join_binary,
    "concatenate": join_concatenated,
    "lines": join_lines,
    "tar": join_tar,
    "zip": join_zip,
}
"""Formats of bytes: a function of the payloads and their names."""


# -- taking apart


Opener = Callable[[Message], "list[Message]"]


def open_lines(message: Message) -> list[Message]:
    """A message for each line; what stands behind the last line feed is one too."""
    return [message.with_content(line) for line in message.content().split(b"\n")]


def open_binary(message: Message) -> list[Message]:
    """The counterpart of `join_binary`."""
    data = message.content()
    size = len(data)
    if size < 4:
        raise ArchiveError("serialised message bytes were in unexpected format")
    (count,) = struct.unpack_from(">I", data)
    if count >= size:
        raise ArchiveError("serialised message bytes were in unexpected format")
    messages: list[Message] = []
    place = 4
    for _ in range(count):
        start = place + 4
        if start > size:
            raise ArchiveError("serialised message bytes were in unexpected format")
        place = start + int.from_bytes(data[place:start], "big")
        if place > size:
            raise ArchiveError("serialised message bytes were in unexpected format")
        messages.append(message.with_content(data[start:place]))
    return messages


def open_tar(message: Message) -> list[Message]:
    """A message for each entry of a tape archive."""
    from headwater.components.scanners.tar import TarScan

    scan = TarScan()
    batches = [*scan.feed(message.content()), *scan.finish(), *scan.finish()]
    return [
        _named(message, str(entry.metadata.get("tar_name", "")), entry.content())
        for batch in batches
        for entry in batch
    ]


def open_zip(message: Message) -> list[Message]:
    """A message for each entry of a zip archive."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(message.content())) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_EXPANDED:
                raise too_large()
            messages: list[Message] = []
            left = MAX_EXPANDED
            for entry in entries:
                with archive.open(entry) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise too_large()
                messages.append(_named(message, entry.orig_filename, content))
            return messages
    except (CompressionError, ArchiveError):
        raise
    except NotImplementedError:
        raise ArchiveError("zip: unsupported compression algorithm") from None
    except zlib.error:
        raise ArchiveError("flate: corrupt input") from None
    except EOFError:
        raise ArchiveError("unexpected EOF") from None
    except RuntimeError:
        raise ArchiveError("zip: unsupported encryption") from None
    except (zipfile.BadZipFile, ValueError, OSError, OverflowError, struct.error) as error:
        text = "zip: checksum error" if "CRC" in str(error) else "zip: not a valid zip file"
        raise ArchiveError(text) from None


def _named(message: Message, name: str, content: bytes) -> Message:
    made = message.with_content(content)
    return made.with_metadata({**message.metadata, "archive_filename": name}) if name else made


def open_json_documents(message: Message) -> list[Message]:
    """A message for each document of a payload that holds any number of them."""
    from headwater.components.scanners.json_documents import DocumentsScan

    data = message.content()
    scan = DocumentsScan()
    batches = [batch for start in range(0, len(data), _BLOCK) for batch in scan.feed(data[start : start + _BLOCK])]
    batches += scan.finish()
    batches += scan.finish()
    return [message.with_document(made.document()) for batch in batches for made in batch]


def open_json_array(message: Message) -> list[Message]:
    """A message for each element of an array."""
    elements = _document(message, list, "array")
    return [message.with_document(element) for element in elements]


def open_json_map(message: Message) -> list[Message]:
    """A message for each value of an object."""
    values = _document(message, dict, "map")
    return [
        message.with_document(value).with_metadata({**message.metadata, "archive_key": key})
        for key, value in values.items()
    ]


def _document(message: Message, kind: type, word: str) -> Any:
    prefix = f"failed to parse message into JSON {word}: "
    try:
        document = structured(message)
    except ComponentError as error:
        raise ArchiveError(prefix + str(error)) from None
    if type(document) is not kind:
        raise ArchiveError(f"{prefix}invalid type '{type_name(document)}'")
    return document


def csv_opener(delimiter: str = ",") -> Opener:
    """How to make a message of each row of a CSV file with a header."""

    def open_csv(message: Message) -> list[Message]:
        reader = CsvReader(delimiter)
        header: list[str] | None = None
        messages: list[Message] = []
        for record in (*reader.feed(message.content()), *reader.finish()):
            if isinstance(record, CsvError):
                raise ArchiveError(f"failed to parse message as csv: {record}")
            if header is None:
                header = record
            else:
                messages.append(message.with_document(dict(zip(header, record, strict=True))))
        return messages

    return open_csv


def xml_opener(cast: bool) -> Opener:
    """How to make a message of each of the XML documents that a payload holds one behind the other."""
    from headwater.xmldocuments import XmlError, parse_all

    def open_xml(message: Message) -> list[Message]:
        try:
            return [message.with_document(document) for document in parse_all(message.content(), cast)]
        except XmlError as error:
            raise ArchiveError(f"failed to parse message as XML: {error}") from None

    return open_xml


def opener(format_name: str) -> Opener:
    """How archives of a format are taken apart.

    Raises:
        ArchiveError: There is no such format.
    """
    if (found := _OPENERS.get(format_name)) is not None:
        return found
    name, colon, argument = format_name.partition(":")
    if name == "csv":
        if not colon:
            return csv_opener()
        if not argument:
            raise ArchiveError("csv format requires a non-empty delimiter")
        if len(argument) != 1:
            raise ArchiveError("csv format requires a single character delimiter")
        return csv_opener(argument)
    if format_name in ("xml_documents_to_json", "xml_documents_to_json:cast"):
        return xml_opener(argument == "cast")
    raise ArchiveError(f"archive format not recognised: {format_name}")


_OPENERS: Final[Mapping[str, Opener]] = {
    "binary": open_binary,
    "json_array": open_json_array,
    "json_documents": open_json_documents,
    "json_map": open_json_map,
    "lines": open_lines,
    "tar": open_tar,
    "zip": open_zip,
}
