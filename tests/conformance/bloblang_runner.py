"""Check Bloblang against recorded cases, a JSON object a line.

    scripts/conformance bloblang [--failures] [--json FILE] [--pending FILE] [--accepted FILE] [--only TEXT] FILE...

A case holds a mapping, query or interpolation, its input, and the value, message, error or batch to expect. Ids listed
as pending must fail, all others must pass. Ids listed as accepted differ in the words of another language's library
alone; they count as skipped.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

import ratchet
from headwater.bloblang import Environment, compile_mapping, compile_query, parse_interpolation
from headwater.bloblang.errors import BloblangError, ParseError
from headwater.bloblang.execution import finish
from headwater.bloblang.mapping import MutationError
from headwater.bloblang.parser import ExpressionParser
from headwater.bloblang.scanner import Failure
from headwater.bloblang.values import (
    DELETE,
    NOTHING,
    Float32,
    Fragment,
    Timestamp,
    UInt64,
    fragment_text,
    number_text,
    to_text,
    type_name,
)
from headwater.components.contracts import Cache, KeyExists, KeyNotFound
from headwater.errors import MessageError
from headwater.message import Message


class Mismatch(Exception):
    """What came out is not what was expected."""


class Skip(Exception):
    """A case cannot be checked; the text says why."""


# Tagged values -------------------------------------------------------------------------------------------------------


def untagged(value: Any) -> Any:
    """A value of a tagged one."""
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, inner), = value.items()
        if tag == "$bytes":
            return inner.encode("utf-8", "surrogateescape")
        if tag == "$bytes_b64":
            return base64.b64decode(inner)
        if tag == "$string_b64":
            return base64.b64decode(inner).decode("utf-8", "surrogateescape")
        if tag == "$uint64":
            return UInt64(int(inner))
        if tag == "$float32":
            return Float32(float(inner))
        if tag == "$float":
            return float(inner)
        if tag == "$number":
            text = inner
            return int(text) if text.lstrip("-").isdigit() and text != "-0" else Fragment(text.encode())
        if tag == "$timestamp":
            return parse_timestamp(inner)
        if tag == "$delete":
            return DELETE
        if tag == "$nothing":
            return NOTHING
        if tag == "$object":
            return {key: untagged(item) for key, item in inner.items()}
    return {key: untagged(item) for key, item in value.items()}


def parse_timestamp(text: str) -> Timestamp:
    from headwater.bloblang.timeformat import to_timestamp

    return to_timestamp(text)


def shown(value: Any) -> str:
    """A value with its types, for comparison and for people."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {shown(value[key])}" for key in sorted(value)) + "}"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bytes):
        return f"bytes {value!r}"
    if isinstance(value, Timestamp):
        return f"timestamp {value.text()}"
    if type(value) is Fragment:
        return f"number {fragment_text(value)}"
    if isinstance(value, Float32):
        return f"float32 {number_text(value)}"
    if isinstance(value, float):
        return f"float {float(value)!r}"
    if isinstance(value, int):
        return f"int {int(value)}"
    return repr(value)


def same(expected: Any, got: Any, loose: bool) -> bool:
    """Whether two values are the same, numbers by kind too unless `loose`."""
    if type_name(expected) != type_name(got):
        return False
    if isinstance(expected, list):
        return len(expected) == len(got) and all(same(a, b, loose) for a, b in zip(expected, got, strict=True))
    if isinstance(expected, dict):
        return set(expected) == set(got) and all(same(item, got[key], loose) for key, item in expected.items())
    if type_name(expected) == "number":
        a, b = as_number(expected), as_number(got)
        if type(expected) is Fragment and type(got) is Fragment and not loose:
            return fragment_text(expected) == fragment_text(got)
        if not loose and isinstance(a, float) != isinstance(b, float):
            return False
        return a == b or (a != a and b != b) or (loose and float(a) == float(b))
    if isinstance(expected, Timestamp):
        return expected.text() == got.text()
    return bool(expected == got)


def as_number(value: Any) -> int | float:
    if type(value) is Fragment:
        text = fragment_text(value)
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return float(value) if isinstance(value, float) else int(value)


# Input ---------------------------------------------------------------------------------------------------------------


def message_of(row: dict[str, Any]) -> Message:
    """A message as a case describes it."""
    if "content_b64" in row:
        raw = base64.b64decode(row["content_b64"])
    elif "structured" in row:
        return Message(None, untagged(row["structured"]), untagged(row.get("meta") or {}))
    else:
        raw = row.get("content", "").encode("utf-8", "surrogateescape")
    message = Message(raw)
    metadata = untagged(row.get("meta") or {})
    if metadata:
        message = message.with_metadata(metadata)
    error = row.get("error")
    if error:
        path = error.get("path", "")
        message = message.with_error(
            MessageError(error["text"], error.get("name", ""), error.get("label", ""), path)
        )
    if row.get("traceparent"):
        from headwater.message import Context

        message = Message(
            message.raw,
            metadata=message.metadata,
            error=message.error,
            context=Context(trace={"traceparent": row["traceparent"]}),
        )
    return message


class Case:
    """A case and where it runs."""

    def __init__(self, row: dict[str, Any], directory: str) -> None:
        self.row = row
        self.directory = directory
        self.input = row.get("input", {})
        self.text = self.here(row["mapping"])
        self.messages = [message_of(each) for each in self.input.get("messages", [])]
        for message in self.messages:
            if message.raw is not None and b"{{DIR}}" in message.raw:
                message.raw = message.raw.replace(b"{{DIR}}", directory.encode())
        self.index = self.input.get("index", 0)
        self.mode = self.input.get("this_mode")
        self.this = untagged(self.input.get("this")) if self.mode == "value" else None
        self.variables = {name: untagged(value) for name, value in (self.input.get("vars") or {}).items()}

    def here(self, text: str) -> str:
        return text.replace("{{DIR}}", self.directory)

    def resources(self) -> Any:
        labels = self.input.get("cache_resources")
        return Caches(labels) if labels else None


class Store(Cache):
    """A cache in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes:
        if key not in self.values:
            raise KeyNotFound
        return self.values[key]

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        self.values[key] = value

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        if key in self.values:
            raise KeyExists
        self.values[key] = value

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)


class Caches:
    """Memory caches by label."""

    def __init__(self, labels: list[str]) -> None:
        self.caches = {label: Store() for label in labels}

    def cache(self, label: str) -> Cache:
        return self.caches[label]


# Checks --------------------------------------------------------------------------------------------------------------


def check_text(expected: dict[str, Any], got: str, case: Case) -> None:
    """Compare an error's text by the rule of the case."""
    rule = expected.get("match", "exact")
    texts = [case.here(text) for text in (expected.get("texts") or [expected["text"]])]
    good = {
        "exact": lambda: got == texts[0],
        "contains": lambda: texts[0] in got,
        "suffix": lambda: got.endswith(texts[0]),
        "any": lambda: got in texts or any(text in got for text in texts),
    }[rule]
    if not good():
        raise Mismatch(f"expected error ({rule}): {texts[0]}\n         got error: {got}")


def check_value(expected: Any, got: Any, row: dict[str, Any]) -> None:
    # A document holds whole floats as integers, as JSON does.
    loose = "go_plain_int" in row["flags"] or row.get("kind") in ("mapping", "example")
    if not same(expected, got, loose):
        raise Mismatch("\n         ".join(differences(expected, got, loose)))


def differences(expected: Any, got: Any, loose: bool, path: str = "") -> list[str]:
    """Where two values differ, a line each."""
    if isinstance(expected, dict) and isinstance(got, dict) and set(expected) == set(got):
        found = []
        for key, item in expected.items():
            if not same(item, got[key], loose):
                found += differences(item, got[key], loose, f"{path}.{key}")
        return found
    place = f" at {path[1:]}" if path else ""
    return [f"expected value{place}: {shown(expected)}", f"     got value{place}: {shown(got)}"]


def check_message(expected: dict[str, Any], got: Message, case: Case) -> None:
    content = got.content()
    if "content_b64" in expected:
        want = base64.b64decode(expected["content_b64"])
    elif "json" in expected:
        if orjson.loads(content) != expected["json"]:
            raise Mismatch(f"expected content: {expected['json']}\n         got content: {content!r}")
        want = content
    elif "content" in expected:
        want = case.here(expected["content"]).encode("utf-8", "surrogateescape")
    else:
        want = content
    if content != want and not (expected.get("compare") == "json" and orjson.loads(content) == orjson.loads(want)):
        if want[:1] == b"{" == content[:1]:
            check_value(json.loads(want), json.loads(content), {"flags": []})
        raise Mismatch(f"expected content: {want!r}\n         got content: {content!r}")
    metadata = expected.get("meta")
    has = shown(dict(got.metadata))
    if metadata is not None and not same(untagged(metadata), dict(got.metadata), True):
        raise Mismatch(f"expected metadata: {shown(untagged(metadata))}\n         got metadata: {has}")
    for key, value in untagged(expected.get("meta_subset") or {}).items():
        if key not in got.metadata or not same(value, got.metadata[key], True):
            raise Mismatch(f"expected metadata {key}: {shown(value)}\n         got metadata: {has}")
    if "error" in expected:
        text = got.error.text if got.error else None
        if text != expected["error"]:
            raise Mismatch(f"expected error mark: {expected['error']}\n         got: {text}")


def production(case: Case, expected: dict[str, Any]) -> None:
    """Check one term of the grammar, and what it leaves."""
    from headwater.bloblang.syntax import Literal

    parser = ExpressionParser(case.text, Environment.default())
    parser.slices = case.row["repos"] == ["bento"]
    name = expected["production"]
    literal = _literal(parser)
    terms: dict[str, Any] = {
        "snake_case": lambda: _snake(parser),
        "number": parser.number,
        "boolean": lambda: _word(parser, {"true": True, "false": False}, "boolean"),
        "quoted_string": parser.quoted,
        "triple_quoted_string": parser.raw_string,
        "static_literal": literal,
        "spaces_and_tabs": lambda: _blanks(parser),
        "newline": lambda: _newline(parser),
        "query": parser.query,
    }
    try:
        value = terms[name]()
    except Failure as failure:
        if expected["type"] != "parse_error":
            raise Mismatch(f"expected {expected}\n         got error {failure.message()}") from None
        if expected["match"] == "structured":
            got = (case.text[failure.at :], failure.expected, "required" if failure.fatal else None)
            want = (expected["error_input"], expected["expected"], expected["fatal"])
            if got != want:
                raise Mismatch(f"expected {want}\n         got {got}") from None
            return
        check_text(expected, failure.error(case.text).text, case)
        return
    if expected["type"] != "remaining":
        raise Mismatch(f"expected {expected}\n         got {value!r}")
    if case.text[parser.at :] != expected["text"]:
        raise Mismatch(f"expected to be left: {expected['text']!r}\n         got: {case.text[parser.at:]!r}")
    if "value" in expected:
        got_value = value.value if isinstance(value, Literal) else value
        check_value(untagged(expected["value"]), got_value, {"flags": []})


def _snake(parser: ExpressionParser) -> str:
    from headwater.bloblang.scanner import SNAKE

    found = SNAKE.match(parser.source, parser.at)
    if found is None:
        raise Failure(parser.at, ("snake-case",))
    parser.at = found.end()
    return found.group()


def _word(parser: ExpressionParser, words: dict[str, Any], label: str) -> Any:
    for word, value in words.items():
        if parser.peek(word):
            parser.at += len(word)
            return value
    raise Failure(parser.at, (label,))


def _blanks(parser: ExpressionParser) -> str:
    start = parser.at
    parser.need_blanks()
    return parser.source[start : parser.at]


def _newline(parser: ExpressionParser) -> str:
    start = parser.at
    parser.line_break()
    return parser.source[start : parser.at]


def _literal(parser: ExpressionParser) -> Any:
    """Values without queries in them, as some terms of the grammar take them."""

    def comma(stop: str) -> None:
        parser.blanks()
        if not parser.peek(","):
            raise Failure(parser.at, (",", stop))
        parser.at += 1

    def items(primary: Any, stop: str) -> list[Any]:
        parser.at += 1
        try:
            return parser.delimited(primary, lambda: comma(stop), stop)
        except Failure as failure:
            if failure.expected[-1:] == [stop] and failure.expected[-2:-1] == [stop]:
                failure.expected.pop()
            raise

    def pair() -> tuple[str, Any]:
        key = parser.quoted()
        parser.blanks()
        parser.term(":")
        parser.skip()
        return key, literal()

    def literal() -> Any:
        source, at = parser.source, parser.at
        first = source[at : at + 1]
        if source.startswith('"""', at):
            return parser.raw_string()
        if first == '"':
            return parser.quoted()
        if first == "[":
            return items(literal, "]")
        if first == "{":
            return dict(items(pair, "}"))
        for word, value in (("true", True), ("false", False), ("null", None)):
            if parser.peek(word):
                parser.at += len(word)
                return value
        if first.isdigit() or first == "-":
            return parser.number()
        raise Failure(at, ("boolean", "number", "quoted string", "quoted string", "null", "array", "object"))

    return literal


# Running -------------------------------------------------------------------------------------------------------------


def run(row: dict[str, Any], directory: str) -> None:
    """Run a case.

    Raises:
        Mismatch: Something else came out.
        Skip: It cannot be checked.
    """
    case = Case(row, directory)
    expected = row["expect"]
    if expected["type"] == "sequence":
        for step in row["steps"]:
            run({**row, **step}, directory)
        return
    if expected["type"] == "remaining" or expected.get("language") == "production":
        production(case, expected)
        return
    language = expected.get("language") or (
        "query" if row["kind"] == "expression" else "interpolation" if row["kind"] == "interpolation" else "mapping"
    )
    try:
        runner = {"mapping": Mapped, "query": Queried, "interpolation": Interpolated}[language](case)
    except ParseError as error:
        if expected["type"] == "parse_error":
            check_text(expected, error.text, case)
            return
        raise Mismatch(f"expected {json.dumps(expected)}\n         got parse error: {error.text}") from None
    if expected["type"] == "parse_error":
        raise Mismatch(f"expected parse error: {expected['text']}\n         got: it parses")
    if expected["type"] == "parses":
        return
    runner.prior()
    if expected["type"] == "batch":
        runner.batch(expected)
        return
    try:
        got = runner.run(expected["type"])
    except BloblangError as error:
        if expected["type"] == "error":
            check_text(expected, error.text, case)
            return
        raise Mismatch(f"expected {json.dumps(expected)}\n         got error: {error.text}") from None
    compare(expected, got, case)


def compare(expected: dict[str, Any], got: Any, case: Case) -> None:
    """Compare a result."""
    kind = expected["type"]
    if kind == "error":
        raise Mismatch(f"expected error: {expected['text']}\n         got: {plain(got)}")
    if kind == "deleted":
        if got is not DELETE and got is not None:
            raise Mismatch(f"expected deleted\n         got: {plain(got)}")
    elif kind == "message":
        if not isinstance(got, Message):
            raise Mismatch(f"expected message {json.dumps(expected)}\n         got: {plain(got)}")
        check_message(expected, got, case)
    elif kind == "string":
        text = got if isinstance(got, str) else to_text(got)
        if text != case.here(expected["text"]):
            raise Mismatch(f"expected text: {expected['text']!r}\n         got text: {text!r}")
    elif kind == "value":
        check_value(untagged(expected["value"]), got, case.row)
        if "string" in expected and not isinstance(got, Message):
            text = to_text(got)
            want_text = case.here(untagged(expected["string"]))
            if text != want_text and want_text[:1] == "{" and text[:1] == "{":
                check_value(json.loads(want_text), json.loads(text), case.row)
            if text != want_text:
                raise Mismatch(f"expected as text: {expected['string']!r}\n         got as text: {text!r}")
    else:
        raise Mismatch(f"unknown expectation {kind}")


def plain(got: Any) -> str:
    return f"message {got.content()!r}" if isinstance(got, Message) else shown(got)


class Mapped:
    """A case that is a mapping."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.mapping = compile_mapping(
            case.text, path=case.directory, resources=case.resources(), variables=bool(case.variables)
        )

    def prior(self) -> None:
        for row in self.case.input.get("prior_messages") or []:
            with contextlib.suppress(BloblangError):
                self.mapping.apply(message_of(row))
        for this in self.case.input.get("prior_this") or []:
            with contextlib.suppress(BloblangError):
                self.mapping.value(Message(b""), this=untagged(this))

    def run(self, kind: str) -> Any:
        case = self.case
        messages = case.messages or [Message(b"")]
        message = messages[case.index]
        if "boolean_query" in case.row["flags"]:
            return self.mapping.check(message, messages, case.index)
        if case.mode == "value" or kind in ("value", "string") or case.variables:
            options: dict[str, Any] = {"this": case.this} if case.mode == "value" else {}
            given = message if case.messages else None
            value = self.mapping.value(given, messages, case.index, variables=case.variables, **options)
            return finish(message, value, message.metadata) if kind == "message" else value
        return self.mapping.apply(message, messages, case.index)

    def batch(self, expected: dict[str, Any]) -> None:
        case = self.case
        results: list[Message] = []
        mutation = case.input.get("processor") == "mutation"
        for index, message in enumerate(case.messages):
            try:
                if mutation:
                    got = self.mapping.mutate(message, case.messages, index)
                else:
                    got = self.mapping.apply(message, case.messages, index)
            except MutationError as error:
                got = error.message.with_error(MessageError(error.text))
            except BloblangError as error:
                got = message.with_error(MessageError(error.text))
            if got is not None:
                results.append(got)
        count = expected.get("count", len(expected["messages"]))
        if len(results) != count:
            shown_results = [plain(each) for each in results]
            raise Mismatch(f"expected {count} messages\n         got {len(results)}: {shown_results}")
        for want, got in zip(expected["messages"], results, strict=False):
            check_message(want, got, case)
            if "error" not in want and got.error is not None and not any(m.error for m in case.messages):
                raise Mismatch(f"expected no error mark\n         got: {got.error.text}")


class Queried:
    """A case that is a bare query."""

    def __init__(self, case: Case) -> None:
        self.case = case
        maps = case.input.get("maps")
        if maps:
            body = "".join(f"map {name} {{\n  root = {text}\n}}\n" for name, text in maps.items())
            self.mapping: Any = compile_mapping(body + f"root = {case.text}", variables=True)
            self.query = None
        else:
            with_variables = "no_vars_context" not in case.row["flags"]
            self.query = compile_query(case.text, resources=case.resources(), variables=with_variables)

    def prior(self) -> None:
        for row in self.case.input.get("prior_messages") or []:
            if self.query is not None:
                with contextlib.suppress(BloblangError):
                    self.query.value([message_of(row)])

    def run(self, kind: str) -> Any:
        case = self.case
        options: dict[str, Any] = {"variables": case.variables}
        if case.mode == "value":
            options["this"] = case.this
        elif case.mode == "none":
            from headwater.bloblang.execution import NO_CONTEXT

            options["this"] = NO_CONTEXT
        if self.query is None:
            message = case.messages[case.index] if case.messages else Message(b"")
            try:
                return self.mapping.value(message, case.messages, case.index, **options)
            except BloblangError as error:
                error.text = error.text.partition("): ")[2]
                raise
        return self.query.value(case.messages, case.index, **options)

    def batch(self, expected: dict[str, Any]) -> None:
        raise Mismatch("a query maps no batch")


class Interpolated:
    """A case that is an interpolation string."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.text = parse_interpolation(case.text, resources=case.resources())

    def prior(self) -> None:
        return

    def run(self, kind: str) -> Any:
        messages = self.case.messages or [Message(b"")]
        return self.text.text(messages, self.case.index)

    def batch(self, expected: dict[str, Any]) -> None:
        raise Mismatch("an interpolation maps no batch")


def outcome(row: dict[str, Any]) -> tuple[str, str]:
    """Run a case in a directory of its own: "passed", "failed" or "skipped", and why."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as directory:
        try:
            for name, text in (row.get("input", {}).get("files") or {}).items():
                path = Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(text, dict):
                    path.write_bytes(base64.b64decode(next(iter(text.values()))))
                else:
                    path.write_text(text.replace("{{DIR}}", directory), newline="")
            for name, text in (row.get("input", {}).get("env") or {}).items():
                os.environ[name] = text.replace("{{DIR}}", directory)
            os.environ["TZ"] = "UTC"
            run(row, directory)
        except Mismatch as error:
            return "failed", str(error)
        except Skip as error:
            return "skipped", str(error)
        except Exception as error:
            return "failed", f"{type(error).__name__}: {error}"
        finally:
            for name in set(os.environ) - set(before):
                del os.environ[name]
            os.environ.update(before)
    return "passed", ""


def rows_of(paths: list[str]) -> Iterator[dict[str, Any]]:
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield json.loads(line)


def main(arguments: list[str]) -> int:
    """Run cases; 0 where all is as listed."""
    parser = argparse.ArgumentParser(prog="scripts/conformance bloblang")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--failures", action="store_true", help="show each failure")
    parser.add_argument("--json", help="write a record a case")
    parser.add_argument("--pending", type=Path, default=ratchet.PENDING, help="ids that fail for now")
    parser.add_argument("--accepted", type=Path, default=ratchet.ACCEPTED, help="ids that differ in foreign words")
    parser.add_argument("--only", help="only ids that contain this text")
    options = parser.parse_args(arguments)
    pending = ratchet.pending("bloblang", options.pending)
    accepted = ratchet.accepted("bloblang", options.accepted)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    unlisted, recovered = [], []
    record = open(options.json, "w", encoding="utf-8") if options.json else None  # noqa: SIM115
    reasons: dict[str, int] = {}
    seen: set[str] = set()
    for row in rows_of(options.files):
        name = row["id"]
        if options.only and options.only not in name:
            continue
        seen.add(name)
        state, reason = outcome(row)
        if state == "failed" and name in accepted:
            state, reason = "skipped", accepted[name]
        counts[state] += 1
        if state == "skipped":
            reasons[reason] = reasons.get(reason, 0) + 1
        elif state == "failed" and name not in pending:
            unlisted.append(name)
        elif state == "passed" and name in pending:
            recovered.append(name)
        if record:
            record.write(json.dumps({"id": name, "outcome": state, "reason": reason}) + "\n")
        if state == "failed" and options.failures:
            print(f"{name}\n  mapping: {row['mapping']!r}\n         {reason}")
    if record:
        record.close()
    for reason, count in sorted(reasons.items()):
        print(f"skipped: {count} {reason}")
    for name in unlisted:
        print(f"bloblang {name}: fails and is not listed as pending")
    for name in recovered:
        print(f"bloblang {name}: passes: take it off the pending list")
    stale = [] if options.only else sorted(pending - seen)
    for name in stale:
        print(f"bloblang {name}: is listed as pending and does not exist")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if unlisted or recovered or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
