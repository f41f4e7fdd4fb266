"""What a mapping can learn about the message it runs on, and about the others of its batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.functions.identifiers import new_uuid_v7
from headwater.bloblang.registry import Example, ExecutionContext, Param, function
from headwater.bloblang.targets import DEPRECATED, MESSAGE
from headwater.bloblang.values import DocumentInt, Fragment, get_path, number, number_text, split_path, to_text
from headwater.errors import DocumentError

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_NO_TRACE = "0" * 32


@function(
    "content",
    context=True,
    category=MESSAGE,
    summary="The payload of the message as it came in, as bytes.",
    examples=[Example("", "root.doc = content().string()", ('{"foo":"bar"}', r'{"doc":"{\"foo\":\"bar\"}"}'))],
)
def content(ctx: ExecutionContext) -> bytes:
    message = ctx.message
    return b"" if message is None else message.content()


@function(
    "json",
    Param("path", "string", "A dot path; the whole document where it is empty.", default=""),
    context=True,
    category=MESSAGE,
    summary="A field of the document that the message came in with.",
    examples=[
        Example("", 'root.mapped = json("foo.bar")', ('{"foo":{"bar":"hello world"}}', '{"mapped":"hello world"}')),
        Example("", "root.doc = json()", ('{"foo":{"bar":"hello world"}}', '{"doc":{"foo":{"bar":"hello world"}}}')),
    ],
)
def json_(ctx: ExecutionContext, path: str) -> Any:
    message = ctx.message
    if message is None:
        raise BloblangError("target message part does not exist", annotated=True)
    try:
        document = message.document()
    except DocumentError as error:
        text = str(error)
        raise BloblangError(
            "target message part does not exist" if text == "message is empty" else text, annotated=True
        ) from None
    return _used(get_path(document, split_path(path)) if path else document)


def _used(value: Any) -> Any:
    """A value, a textual number made a number."""
    if type(value) is Fragment or type(value) is DocumentInt or type(value) is int:
        try:
            return number(value)
        except BloblangError:
            return number_text(value)
    return value


# Metadata ------------------------------------------------------------------------------------------------------------


def _incoming(ctx: ExecutionContext) -> Mapping[str, Any]:
    message = ctx.message
    return {} if message is None else message.metadata


def _as_text(metadata: Mapping[str, Any], key: str) -> Any:
    if not key:
        return {name: to_text(value) for name, value in metadata.items()}
    if key not in metadata:
        return None
    return to_text(metadata[key]) or None


@function(
    "metadata",
    Param("key", "string", "The key; an object of all where it is empty.", default=""),
    context=True,
    category=MESSAGE,
    summary="The value of a metadata key that the message came in with; null without one.",
    examples=[Example("", 'root.topic = metadata("kafka_topic")', ("{}", '{"topic":null}'))],
)
def metadata_(ctx: ExecutionContext, key: str) -> Any:
    metadata = _incoming(ctx)
    return metadata.get(key) if key else dict(metadata)


@function(
    "meta",
    Param("key", "string", "The key; an object of all where it is empty.", default=""),
    context=True,
    category=DEPRECATED,
    status="deprecated",
    summary="The value of a metadata key that the message came in with, as text; use metadata.",
    examples=[Example("", 'root.topic = meta("kafka_topic") | "nope"', ("{}", '{"topic":"nope"}'))],
)
def meta(ctx: ExecutionContext, key: str) -> Any:
    return _as_text(_incoming(ctx), key)


@function(
    "root_meta",
    Param("key", "string", "The key; an object of all where it is empty.", default=""),
    context=True,
    category=DEPRECATED,
    status="deprecated",
    summary="The value of a metadata key as the mapping has set it, as text; use @key.",
    examples=[Example("", 'meta foo = "bar"\nroot.foo = root_meta("foo")', ("{}", '{"foo":"bar"}'))],
)
def root_meta(ctx: ExecutionContext, key: str) -> Any:
    return _as_text(_incoming(ctx) if ctx.metadata is None else ctx.metadata, key)


# The batch -----------------------------------------------------------------------------------------------------------


@function(
    "batch_index",
    context=True,
    batch=True,
    category=MESSAGE,
    summary="The position of the message in its batch, from 0.",
    examples=[Example("", "root = if batch_index() > 0 { deleted() }", ("{}", "{}"))],
)
def batch_index(ctx: ExecutionContext) -> int:
    return ctx.index


@function(
    "batch_size",
    context=True,
    batch=True,
    category=MESSAGE,
    summary="The number of messages in the batch.",
    examples=[Example("", "root.size = batch_size()", ("{}", '{"size":1}'))],
)
def batch_size(ctx: ExecutionContext) -> int:
    return len(ctx.batch)


# Errors --------------------------------------------------------------------------------------------------------------


def _error(ctx: ExecutionContext) -> Any:
    message = ctx.message
    return None if message is None else message.error


@function(
    "error",
    context=True,
    category=MESSAGE,
    summary="The text of the message's error; null without one.",
    examples=[Example("", "root.doc.error = error()", ("{}", '{"doc":{"error":null}}'))],
)
def error(ctx: ExecutionContext) -> str | None:
    found = _error(ctx)
    return None if found is None else found.text


@function(
    "errored",
    context=True,
    category=MESSAGE,
    summary="Whether processing of the message has failed.",
    examples=[Example("", "root.doc.status = if errored() { 400 } else { 200 }", ("{}", '{"doc":{"status":200}}'))],
)
def errored(ctx: ExecutionContext) -> bool:
    return _error(ctx) is not None


def _source(name: str, attribute: str, what: str) -> None:
    def source(ctx: ExecutionContext) -> str | None:
        found = _error(ctx)
        if found is None or not (found.name or found.label or found.path):
            return None
        value: str = getattr(found, attribute)
        return value

    function(
        name,
        context=True,
        category=MESSAGE,
        summary=f"The {what} of the component that the message's error came from; null without one.",
        examples=[Example("", f"root.doc.source = {name}()", ("{}", '{"doc":{"source":null}}'))],
    )(source)


_source("error_source_label", "label", "label")
_source("error_source_name", "name", "name")
_source("error_source_type", "name", "type")
_source("error_source_path", "path", "config path")


# Traces --------------------------------------------------------------------------------------------------------------


def _trace(ctx: ExecutionContext) -> Mapping[str, Any]:
    message = ctx.message
    context = None if message is None else message.context
    trace = None if context is None else context.trace
    return trace if isinstance(trace, Mapping) else {}


@function(
    "tracing_span",
    context=True,
    category=MESSAGE,
    status="experimental",
    summary="An object that carries the message's trace to another program; empty without one.",
    examples=[Example("", "root.span = tracing_span()", ("{}", '{"span":{}}'))],
)
def tracing_span(ctx: ExecutionContext) -> dict[str, Any]:
    return {key: value for key, value in _trace(ctx).items() if type(value) is str}


@function(
    "tracing_id",
    context=True,
    category=MESSAGE,
    status="experimental",
    summary="The id of the message's trace; zeros without one.",
    examples=[
        Example("", "root.trace = tracing_id()", ("{}", '{"trace":"00000000000000000000000000000000"}')),
    ],
)
def tracing_id(ctx: ExecutionContext) -> str:
    found = _TRACE.match(str(_trace(ctx).get("traceparent", "")))
    return found[1] if found is not None else _NO_TRACE


@function(
    "flow_id",
    context=True,
    category=MESSAGE,
    status="experimental",
    summary="An id of the message's way through the stream: that of its trace, or a new one without a trace.",
    examples=[Example("", "root.id = flow_id().length()", ("{}", '{"id":36}'))],
)
def flow_id(ctx: ExecutionContext) -> str:
    trace = tracing_id(ctx)
    if trace == _NO_TRACE:
        return new_uuid_v7()
    return f"{trace[:8]}-{trace[8:12]}-{trace[12:16]}-{trace[16:20]}-{trace[20:]}"
