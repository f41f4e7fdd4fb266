"""Processor `jq`."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import orjson

from headwater.bloblang.values import json_text
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.jq_words import complaint, refusal
from headwater.components.payloads import one_by_one, structured
from headwater.components.resources import Resources
from headwater.config.fields import boolean, spec, text
from headwater.config.view import Config
from headwater.documents import encode_document
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "jq",
    text("query", "The jq query."),
    boolean("raw", "Hand the payload to the query as a text instead of as a document.", default=False, advanced=True),
    boolean("output_raw", "Write texts that come out without quotes.", default=False, advanced=True),
    categories=("Mapping",),
    summary="Replace each message with the result of a jq query.",
    description=(
        "A query without results drops the message, several results become an array. `$metadata` is the metadata. A "
        "message for which the query fails stays as it was, marked as failed.\n\nNumbers that a query hands on stay "
        "as they "
        "were written; it calculates with 64-bit floats."
    ),
    examples=(
        (
            "Names of some",
            'pipeline:\n  processors:\n    - jq:\n        query: \'[.locations[] | select(.state == "WA").name] | '
            "sort'\n",
        ),
    ),
)

_EXACT: Final = 1 << 53
_LARGEST: Final = 1.7976931348623157e308


@component(SPEC)
class Jq(Processor):
    """Runs a query over documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        import jq

        self._raw = config.boolean("raw")
        self._output_raw = config.boolean("output_raw")
        query = config.text("query")
        if not re.sub(r"#.*", "", query).strip():
            query = "."
        self._query = query.strip()
        self._raises = re.search(r"\berror\b", query) is not None
        try:
            self._program = jq.compile(query, args={"metadata": {}})
            self._metadata = "$metadata" in query
            if re.search(r"\benv\b|\$ENV\b", query):
                # As with gojq, queries do not get to see the environment.
                query = f"def env: {{}}; {{}} as $ENV | (\n{query}\n)"
                self._program = jq.compile(query, args={"metadata": {}})
            if self._metadata:
                # Variables are set when a program is compiled, so what changes comes with the input.
                self._program = jq.compile(f".[0] as $metadata | .[1] | (\n{query}\n)")
        except ValueError as error:
            raise ConfigError(refusal(str(error), query)) from None
        self.each = one_by_one(resources, self._run)
        self.portable = True

    def _run(self, message: Message) -> Message | None:
        if self._raw:
            document: Any = message.content().decode("utf-8", "replace")
            source = orjson.dumps(document)
        else:
            document = structured(message)
            # Keys are sorted, as gojq has them, so that what enumerates them gives the same.
            source = encode_document(document)
        if self._metadata:
            source = b"[" + encode_document(message.metadata) + b"," + source + b"]"
        try:
            emitted = self._program.input_text(source.decode("utf-8", "replace")).all()
        except ValueError as error:
            raise ComponentError(complaint(str(error), self._raises, self._query, document), "data") from None
        written = {} if self._raw else _written_numbers(document, {})
        emitted = [_restored(value, written) for value in emitted]
        if self._output_raw:
            raw = "".join(value if isinstance(value, str) else json_text(value) for value in emitted)
            return message.with_content(raw.encode("utf-8", "surrogateescape")) if emitted else None
        if not emitted:
            return None
        return message.with_document(emitted[0] if len(emitted) == 1 else emitted)


def _written_numbers(value: Any, found: dict[float, Any]) -> dict[float, Any]:
    """The numbers of a document that a 64-bit float does not hold as they were written, by that float."""
    kind = type(value)
    if kind is dict:
        for item in value.values():
            _written_numbers(item, found)
    elif kind is list:
        for item in value:
            _written_numbers(item, found)
    elif kind is orjson.Fragment:
        found[_bounded(float(orjson.dumps(value)))] = value
    elif isinstance(value, int) and kind is not bool and not -_EXACT <= value <= _EXACT:
        try:
            found[float(value)] = value
        except OverflowError:
            found[math.copysign(_LARGEST, value)] = value
    return found


def _bounded(value: float) -> float:
    return max(-_LARGEST, min(_LARGEST, value))


def _restored(value: Any, written: dict[float, Any]) -> Any:
    """A result with numbers that were handed on as they were written."""
    kind = type(value)
    if kind is dict:
        return {key: _restored(item, written) for key, item in value.items()}
    if kind is list:
        return [_restored(item, written) for item in value]
    if kind is float or kind is int:
        if kind is float and not math.isfinite(value):
            return None if math.isnan(value) else math.copysign(_LARGEST, value)
        try:
            found = written.get(float(value)) if written else None
        except OverflowError:
            found = None
        if found is not None:
            return found
        return int(value) if kind is float and value.is_integer() and abs(value) < 1e17 else value
    return value
