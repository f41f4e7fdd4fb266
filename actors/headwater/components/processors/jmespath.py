"""Processor `jmespath`."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.jmespath_words import complaint, refusal
from headwater.components.payloads import one_by_one, plain, structured
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

        query = config.text("query")
        try:
            self._query = jmespath.compile(query)
        except jmespath.exceptions.JMESPathError as error:
            raise ConfigError(f"failed to compile JMESPath query: {refusal(query, error)}") from None
        self.each = one_by_one(resources, self._convert)
        self.portable = True

    def _convert(self, message: Message) -> Message:
        from jmespath.exceptions import JMESPathError

        document = plain(structured(message))
        try:
            return message.with_document(self._query.search(document))
        except JMESPathError as error:
            raise ComponentError(complaint(error), "data") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ComponentError(f"failed to run JMESPath query: {error}", "data") from None
