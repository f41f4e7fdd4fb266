"""Processor `group_by_value`: a batch of its own for each value."""

from __future__ import annotations

from headwater.bloblang import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import interpolated, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "group_by_value",
    interpolated(
        "value",
        "What messages of a group have in common.",
        examples=('${! metadata("kafka_key") }', '${! json("foo.bar") }-${! metadata("baz") }'),
    ),
    categories=("Composition",),
    summary="Split a batch into groups of messages with the same value, each a batch of its own.",
    examples=(
        (
            "A file for each customer",
            'pipeline:\n  processors:\n    - group_by_value:\n        value: ${! json("customer") }\n'
            "    - archive:\n        format: lines\n",
        ),
    ),
)


@component(SPEC)
class GroupByValue(Processor):
    """Splits a batch by a text that is made for each message."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._value = config.interpolated("value")

    def process(self, batch: Batch) -> list[Batch]:
        """Form a batch for each value, in the order in which the values were met."""
        groups: dict[str, Batch] = {}
        for place, message in enumerate(batch):
            value = ""
            try:
                value = self._value.text(batch, place)
            except BloblangError as error:
                self._resources.count_failure(f"Group value interpolation error: {error}")
                message = self._resources.marked(message, f"group value interpolation error: {error}")
            groups.setdefault(value, []).append(message)
        return list(groups.values())
