"""Documents out of text and back: JSON, YAML, CSV, XML, logfmt, URLs and forms."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gourl import UrlError, parse_query, parse_url
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import PARSING, STRING_OR_BYTES, TEXT
from headwater.bloblang.values import encode_text, json_text
from headwater.csv_records import CsvError, CsvReader
from headwater.documents import fragment, json_problem

_ANY = ("any",)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_SPACE = " \t\r\n"


# JSON ----------------------------------------------------------------------------------------------------------------


def _raw(target: str | bytes) -> bytes:
    return target if type(target) is bytes else encode_text(target)  # type: ignore[arg-type]


@method(
    "parse_json",
    Param("use_number", "bool", "Keep numbers as they are written; otherwise all are floats.", optional=True),
    target="stringish",
    category=PARSING,
    receives=STRING_OR_BYTES,
    summary="The value of a JSON text.",
    examples=[
        Example("", "root.doc = this.doc.parse_json()", (r'{"doc":"{\"foo\":\"bar\"}"}', '{"doc":{"foo":"bar"}}')),
        Example(
            "",
            "root.doc = this.doc.parse_json(use_number: true)",
            (
                r'{"doc":"{\"foo\":\"11380878173205700000000000000000000000000000000\"}"}',
                '{"doc":{"foo":"11380878173205700000000000000000000000000000000"}}',
            ),
        ),
    ],
)
def parse_json(target: str | bytes, use_number: bool | None) -> Any:
    raw = _raw(target)
    if not use_number and b"-0" not in raw:
        try:
            return _floats(orjson.loads(raw))
        except (orjson.JSONDecodeError, RecursionError):
            pass
    return _parse_carefully(raw, bool(use_number))


def _floats(value: Any) -> Any:
    """The same value, which belongs to the caller, with floats for integers."""
    kind = type(value)
    if kind is int:
        return float(value)
    if kind is dict:
        for key, item in value.items():
            if type(item) in (int, dict, list):
                value[key] = _floats(item)
    elif kind is list:
        for index, item in enumerate(value):
            if type(item) in (int, dict, list):
                value[index] = _floats(item)
    return value


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BloblangError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _textual_integer(text: str) -> Any:
    return fragment(text) if text == "-0" or len(text) > 4000 else int(text)


_DECODER = json.JSONDecoder(parse_int=_float, parse_float=_float)
_NUMBER_DECODER = json.JSONDecoder(parse_int=_textual_integer, parse_float=fragment)


def _parse_carefully(raw: bytes, use_number: bool) -> Any:
    """Parse the first document, whatever follows it, and find the words for what is wrong."""
    prefix = "failed to parse value as JSON: "
    problem = json_problem(raw, trailing=True)
    if problem is not None:
        raise BloblangError(prefix + problem)
    text = _SURROGATES.sub("\ufffd", raw.decode("utf-8", "surrogateescape"))
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, _ = (_NUMBER_DECODER if use_number else _DECODER).raw_decode(text, start)
    except RecursionError:
        raise BloblangError(prefix + "exceeded max depth") from None
    except BloblangError as error:
        raise BloblangError(prefix + error.text) from None
    except ValueError as error:
        raise BloblangError(prefix + str(error)) from None
    return _mended(value) if "\\u" in text else value


def _mended(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _SURROGATES.sub("\ufffd", value)
    if kind is dict:
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if kind is list else value


@method(
    "format_json",
    Param("indent", "string", "What a level is indented by.", default="    "),
    Param("no_indent", "bool", "Write everything on one line.", default=False),
    Param("escape_html", "bool", "Escape the characters < > &.", default=True),
    target="any",
    category=PARSING,
    receives=_ANY,
    status="beta",
    summary="A value as JSON, as bytes.",
    examples=[
        Example(
            "",
            "root = this.doc.format_json(no_indent: true)",
            ('{"doc":{"foo":"bar"}}', '{"foo":"bar"}'),
        ),
        Example(
            "",
            'root = this.format_json("  ")',
            ('{"doc":{"foo":"bar"}}', '{\n  "doc": {\n    "foo": "bar"\n  }\n}'),
        ),
    ],
)
def format_json(target: Any, indent: str, no_indent: bool, escape_html: bool) -> bytes:
    return encode_text(json_text(target, escape_html, "" if no_indent else indent))


# YAML ----------------------------------------------------------------------------------------------------------------


@method(
    "parse_yaml",
    target="stringish",
    category=PARSING,
    receives=STRING_OR_BYTES,
    summary="The value of a YAML text.",
    examples=[Example("", "root.doc = this.doc.parse_yaml()", ('{"doc":"foo: bar"}', '{"doc":{"foo":"bar"}}'))],
)
def parse_yaml(target: str | bytes) -> Any:
    from headwater.bloblang.yamls import parse_yaml as parse

    try:
        return parse(_raw(target))
    except BloblangError as error:
        raise BloblangError(f"failed to parse value as YAML: {error.text}") from None


@method(
    "format_yaml",
    target="any",
    textual=True,
    category=PARSING,
    receives=_ANY,
    summary="A value as YAML, as bytes.",
    examples=[
        Example("", "root.doc = this.doc.format_yaml().string()", ('{"doc":{"foo":"bar"}}', r'{"doc":"foo: bar\n"}'))
    ],
)
def format_yaml(target: Any) -> bytes:
    from headwater.bloblang.yamls import format_yaml as write

    return encode_text(write(target))


# CSV -----------------------------------------------------------------------------------------------------------------


@method(
    "parse_csv",
    Param("parse_header_row", "bool", "Whether the first row names the fields.", default=True),
    Param("delimiter", "string", "What stands between fields.", default=","),
    Param("lazy_quotes", "bool", "Let quotes stand anywhere.", default=False),
    target="any",
    category=PARSING,
    receives=STRING_OR_BYTES,
    summary="The rows of a CSV text: objects by the names of the first row, or arrays.",
    examples=[
        Example(
            "",
            "root.orders = this.orders.parse_csv()",
            (
                r'{"orders":"foo,bar\nfoo 1,bar 1\nfoo 2,bar 2"}',
                '{"orders":[{"bar":"bar 1","foo":"foo 1"},{"bar":"bar 2","foo":"foo 2"}]}',
            ),
        ),
        Example(
            "",
            "root.orders = this.orders.parse_csv(false)",
            (r'{"orders":"foo 1,bar 1\nfoo 2,bar 2"}', '{"orders":[["foo 1","bar 1"],["foo 2","bar 2"]]}'),
        ),
    ],
)
def parse_csv(target: Any, parse_header_row: bool, delimiter: str, lazy_quotes: bool) -> list[Any]:
    if len(delimiter) != 1:
        raise BloblangError("delimiter value must be exactly one character")
    if type(target) is not str and type(target) is not bytes:
        raise TypeMismatch(target, "string")
    if delimiter in '"\r\n\ufffd':
        raise BloblangError("csv: invalid field or comment delimiter")
    reader = CsvReader(delimiter, lazy_quotes)
    rows: list[Any] = []
    for record in [*reader.feed(_raw(target)), *reader.finish()]:
        if isinstance(record, CsvError):
            raise BloblangError(str(record))
        rows.append(record)
    if not rows:
        raise BloblangError("zero records were parsed")
    if not parse_header_row:
        return rows
    header = rows[0]
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


# XML -----------------------------------------------------------------------------------------------------------------


@method(
    "parse_xml",
    Param("cast", "bool", "Make numbers and booleans of values that look like them.", default=False),
    target="octets",
    bare=True,
    category=PARSING,
    receives=TEXT,
    summary="An XML text as an object: elements become keys, attributes keys with a hyphen.",
    examples=[
        Example(
            "",
            "root.doc = this.doc.parse_xml()",
            (
                '{"doc":"<root><title>This is a title</title><content>This is some content</content></root>"}',
                '{"doc":{"root":{"content":"This is some content","title":"This is a title"}}}',
            ),
        ),
        Example(
            "",
            "root.doc = this.doc.parse_xml(cast: true)",
            (
                '{"doc":"<root><title>This is a title</title><number>123</number><bool>True</bool></root>"}',
                '{"doc":{"root":{"bool":true,"number":123,"title":"This is a title"}}}',
            ),
        ),
    ],
)
def parse_xml(target: bytes, cast: bool) -> Any:
    from headwater.xmldocuments import XmlError
    from headwater.xmldocuments import parse_xml as parse

    try:
        document = parse(target, cast)
        return _floats(document) if cast else document
    except XmlError as error:
        raise BloblangError(f"failed to parse value as XML: {error}") from None


@method(
    "format_xml",
    Param("indent", "string", "What a level is indented by.", default="    "),
    Param("no_indent", "bool", "Write everything on one line.", default=False),
    target="object",
    bare=True,
    category=PARSING,
    receives=("object",),
    summary="An object as XML, as bytes; the reverse of parse_xml.",
    examples=[
        Example(
            "",
            "root = this.format_xml(no_indent: true)",
            ('{"foo":{"bar":{"baz":"foo bar baz"}}}', "<foo><bar><baz>foo bar baz</baz></bar></foo>"),
        )
    ],
)
def format_xml(target: dict[str, Any], indent: str, no_indent: bool) -> bytes:
    from headwater.bloblang.xmls import format_xml as write

    return encode_text(write(target, None if no_indent else indent))


# logfmt --------------------------------------------------------------------------------------------------------------


@method(
    "parse_logfmt",
    target="text",
    category=PARSING,
    receives=TEXT,
    summary="The pairs of a line in logfmt as an object; a key without a value is true.",
    examples=[
        Example(
            "",
            "root = content().parse_logfmt()",
            ('level=info msg="hello world" dur=1.5s', '{"dur":"1.5s","level":"info","msg":"hello world"}'),
        )
    ],
)
def parse_logfmt(target: str) -> dict[str, Any]:
    from headwater.bloblang.logfmt import parse_logfmt as parse

    return parse(target)


# URLs ----------------------------------------------------------------------------------------------------------------


@method(
    "parse_url",
    target="text",
    category=PARSING,
    receives=TEXT,
    summary="The parts of a URL.",
    examples=[
        Example(
            "",
            "root.foo_url = this.foo_url.parse_url()",
            (
                '{"foo_url":"https://docs.example.com/guides/getting_started"}',
                '{"foo_url":{"fragment":"","host":"docs.example.com","opaque":"","path":"/guides/getting_started",'
                '"raw_fragment":"","raw_path":"","raw_query":"","scheme":"https"}}',
            ),
        )
    ],
)
def parse_url_(target: str) -> dict[str, Any]:
    try:
        url = parse_url(target)
    except UrlError as error:
        raise BloblangError(str(error)) from None
    result: dict[str, Any] = {name: value for name, value in url._asdict().items() if name != "user"}
    if url.user is not None:
        name, password = url.user
        result["user"] = {"name": name} if password is None else {"name": name, "password": password}
    return result


@method(
    "parse_form_url_encoded",
    target="text",
    bare=True,
    category=PARSING,
    receives=TEXT,
    summary="The fields of a form or of a URL's query; those that are repeated become arrays.",
    examples=[
        Example(
            "",
            "root.values = this.body.parse_form_url_encoded()",
            (
                '{"body":"noise=meow&animal=cat&fur=orange&fur=fluffy"}',
                '{"values":{"animal":"cat","fur":["orange","fluffy"],"noise":"meow"}}',
            ),
        )
    ],
)
def parse_form_url_encoded(target: str) -> dict[str, Any]:
    try:
        values = parse_query(target)
    except UrlError as error:
        raise BloblangError(f"failed to parse value as url-encoded data: {error}") from None
    return {key: items[0] if len(items) == 1 else items for key, items in values.items()}
