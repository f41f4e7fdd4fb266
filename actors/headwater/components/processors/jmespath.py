"""Processor `jmespath`."""

from __future__ import annotations

from typing import Any

import orjson

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.jmespath_words import complaint, refusal
from headwater.components.payloads import one_by_one, structured
from headwater.components.resources import Resources
from headwater.config.fields import spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "jmespath",
    text("query", "The JMESPath query.", examples=("locations[?state == 'WA'].name",)),
    categories=("Mapping",),
    summary="Replace each message with the result of a JMESPath query.",
    description="A message for which the query fails stays as it was, marked as failed.",
    examples=(
        (
            "Names of some",
            "pipeline:\n  processors:\n    - jmespath:\n        query: \"locations[?state == 'WA'].name\"\n",
        ),
    ),
)


@component(SPEC)
class JmesPath(Processor):
    """Runs a query over documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        import jmespath

        self._resources = resources
        self._options = jmespath.Options(custom_functions=_functions())
        query = config.text("query")
        try:
            self._query = jmespath.compile(query)
        except jmespath.exceptions.JMESPathError as error:
            raise ConfigError(f"failed to compile JMESPath query: {refusal(query, error)}") from None
        self.each = one_by_one(resources, self._convert)
        self.portable = True

    def _convert(self, message: Message) -> Message:
        from jmespath.exceptions import JMESPathError

        document = _plain(structured(message))
        try:
            return message.with_document(self._query.search(document, self._options))
        except JMESPathError as error:
            if document is None:
                message = message.with_content(b"")
            elif isinstance(document, (dict, list)):
                # What was read for the query goes on.
                message = message.with_document(document)
            return self._resources.failed(message, complaint(error))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            text = str(error)
            if text == "slice step cannot be zero":
                raise ComponentError("Invalid slice, step cannot be 0", "data") from None
            raise ComponentError(f"failed to run JMESPath query: {text}", "data") from None


def _plain(value: Any) -> Any:
    """A document with numbers of Python, whole ones as integers, so that they are written without a fraction."""
    kind = type(value)
    if kind is dict:
        return {key: _plain(item) for key, item in value.items()}
    if kind is list:
        return [_plain(item) for item in value]
    if kind is orjson.Fragment:
        number = float(orjson.dumps(value))
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return value


def _functions() -> Any:
    """The functions of queries, which name the whole of an array that does not fit where the library names an element
    of it."""
    from jmespath.exceptions import JMESPathTypeError
    from jmespath.functions import Functions

    class WholeArrays(Functions):  # type: ignore[misc]
        def _subtype_check(self, current: Any, allowed_subtypes: Any, types: Any, function_name: str) -> None:
            try:
                super()._subtype_check(current, allowed_subtypes, types, function_name)
            except JMESPathTypeError as error:
                error.current_value = current
                raise

    return WholeArrays()
