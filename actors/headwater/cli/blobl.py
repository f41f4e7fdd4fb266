"""`headwater blobl`: run a mapping over documents, line by line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from headwater.bloblang import Mapping

EPILOG: Final = """\
Each line of standard input is a message; what the mapping makes of it is printed as a line. A message that the mapping
fails on is named on standard error and left out. The mapping is the first word, or stands in a file; `server` as the
first word serves a page to try mappings in a browser.

  headwater blobl 'root.name = this.name.uppercase()' < people.jsonl
  cat events.jsonl | headwater blobl -f mapping.blobl --pretty
  cat lines.txt | headwater blobl --raw 'root = this.split(" ")'
  headwater blobl server --port 4196

exit status: 0 if every line was mapped, 1 otherwise.
"""

_BLOCK: Final = 1 << 20
_CHUNK: Final = 512


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "blobl", help="run a mapping over documents, line by line", epilog=EPILOG
    )
    parser.add_argument("mapping", nargs="?", default="", metavar="MAPPING", help="the mapping, or `server`")
    parser.add_argument("-f", "--file", default="", metavar="FILE", help="read the mapping from a file")
    parser.add_argument("-i", "--input", default="", metavar="FILE", help="read documents from a file")
    parser.add_argument("--pretty", "-p", action="store_true", help="print documents over several lines")
    parser.add_argument("--raw", "-r", action="store_true", help="lines are text: `this` is the line as a string")
    parser.add_argument(
        "--threads", "-t", type=int, default=1, metavar="N", help="map on several threads; order is kept"
    )
    parser.add_argument(
        "--max-token-length", type=int, default=1 << 20, metavar="BYTES", help="the longest line that is read"
    )
    parser.add_argument("--host", default="127.0.0.1", help="where `server` listens")
    parser.add_argument("--port", type=int, default=4195, help="where `server` listens")


def run(args: argparse.Namespace) -> int:
    """Map standard input; returns 1 if a message failed, or the mapping is wrong."""
    from headwater.bloblang import ParseError, compile_mapping

    text = args.mapping
    if text == "server" and not args.file:
        from headwater.cli.blobl_server import serve

        return serve(args.host, args.port)
    if args.file:
        try:
            with open(args.file, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
        except OSError as error:
            print(f"failed to read the mapping: {error}", file=sys.stderr)
            return 1
    if not text.strip():
        print("a mapping is missing: `headwater blobl --help` shows how to give one", file=sys.stderr)
        return 1
    try:
        mapping = compile_mapping(text, path=args.file or None)
    except ParseError as error:
        print(f"failed to parse mapping: {error}", file=sys.stderr)
        return 1
    if not args.input:
        return _map(mapping, sys.stdin.buffer, args)
    try:
        with open(args.input, "rb") as source:
            return _map(mapping, source, args)
    except OSError as error:
        print(f"failed to read {args.input}: {error}", file=sys.stderr)
        return 1


def _lines(source: BinaryIO, longest: int) -> Iterator[list[bytes]]:
    """Lines in chunks, without their ends; blank ones are left out."""
    rest = b""
    while True:
        # What is there already is enough: whoever types line by line gets an answer to each.
        block = source.read1(_BLOCK) if hasattr(source, "read1") else source.read(_BLOCK)
        if not block:
            break
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if len(rest) > longest:
            raise ValueError(f"a line is longer than {longest} bytes; --max-token-length allows more")
        for start in range(0, len(lines), _CHUNK):
            chunk = [line.removesuffix(b"\r") for line in lines[start : start + _CHUNK]]
            yield [line for line in chunk if line]
    if rest:
        yield [rest]


def _map(mapping: Mapping, source: BinaryIO, args: argparse.Namespace) -> int:
    from headwater.bloblang import Failed
    from headwater.message import Message, Payloads

    def mapped(chunk: list[bytes]) -> Iterable[bytes | Failed | None]:
        if args.raw:
            made = mapping.apply_many([Message(line, line.decode("utf-8", "surrogateescape")) for line in chunk])
        elif mapping.bare:
            return mapping.apply_payloads(Payloads(chunk))
        else:
            made = mapping.apply_many([Message(line) for line in chunk])
        return (result.content() if isinstance(result, Message) else result for result in made)

    def work(chunk: list[bytes]) -> tuple[list[bytes], list[str]]:
        lines: list[bytes] = []
        failures: list[str] = []
        for result in mapped(chunk):
            if isinstance(result, Failed):
                failures.append(result.error.text)
            elif result is not None:
                lines.append(_indented(result) if args.pretty else result)
        return lines, failures

    status = 0
    out = sys.stdout.buffer
    try:
        for lines, failures in _worked(work, _lines(source, args.max_token_length), args.threads):
            if lines:
                out.write(b"\n".join(lines) + b"\n")
                out.flush()
            for failure in failures:
                status = 1
                print(f"failed to execute map: {failure}", file=sys.stderr)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return status


def _worked(work: Any, chunks: Iterable[list[bytes]], threads: int) -> Iterator[tuple[list[bytes], list[str]]]:
    if threads <= 1:
        yield from map(work, chunks)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Any] = []
        for chunk in chunks:
            waiting.append(pool.submit(work, chunk))
            if len(waiting) > 2 * threads:
                yield waiting.pop(0).result()
        for each in waiting:
            yield each.result()


def _indented(content: bytes) -> bytes:
    from headwater.bloblang.values import json_text
    from headwater.documents import decode_document
    from headwater.errors import DocumentError

    try:
        return json_text(decode_document(content), escape_html=False, indent="  ").encode()
    except DocumentError:
        return content
