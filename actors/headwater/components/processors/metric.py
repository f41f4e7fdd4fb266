"""Processor `metric`: counts and measures what a configuration says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gotext import quote
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import choice, interpolated, interpolated_map, spec, text
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message, Payloads
    from headwater.telemetry.metrics import Metrics

TYPES: Final = ("counter", "counter_by", "gauge", "timing")

INTEGER: Final = re.compile(r"[+-]?[0-9]+")

SPEC = spec(
    "processor",
    "metric",
    choice("type", TYPES, "What sort of metric it is."),
    text("name", "Its name."),
    interpolated_map(
        "labels",
        "Its labels.",
        optional=True,
        examples=({"topic": '${! meta("kafka_topic") }', "type": "${! this.doc.type }"},),
    ),
    interpolated("value", "What is added, set or noted; a counter takes none.", default=""),
    categories=("Utility",),
    summary="Keep a metric of one's own.",
    description=(
        "`counter` adds 1 a message, `counter_by` the value; `gauge` is set to the value, and `timing` notes it as a "
        "number of nanoseconds. Values must not be negative."
    ),
    examples=(
        (
            "Orders by country",
            "pipeline:\n  processors:\n    - metric:\n        type: counter_by\n        name: orders\n"
            "        labels:\n          country: ${! this.country }\n        value: ${! this.items.length() }\n",
        ),
    ),
)


@component(SPEC)
class Metric(Processor):
    """One observation a message; what cannot be made of a message is logged, and the message goes on."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._metrics = resources.metrics
        kind = config.text("type").lower()
        if kind not in TYPES:
            raise ConfigError(f"metric type unrecognised: {kind}")
        self._name = config.text("name")
        if not self._name:
            raise ConfigError("metric name must not be empty")
        self._labels = config.interpolations("labels")
        self._value = config.interpolated("value")
        self._observe: Callable[[Metrics, str], None] = {
            "counter": self._count,
            "counter_by": self._count_by,
            "gauge": self._set,
            "timing": self._time,
        }[kind]
        self._made: dict[tuple[str, ...], Metrics] = {}
        if not any(text.uses_batch for text in (self._value, *self._labels.values())):
            self.each = self._each
            self.payloads = self._payloads
        if not self._labels:
            # Without labels there is one series, which shows from the start.
            metrics = self._made[()] = self._metrics
            make = {"gauge": metrics.gauge, "timing": metrics.timing}.get(kind, metrics.counter)
            make(self._name)

    def process(self, batch: Batch) -> list[Batch]:
        """Observe each message."""
        for index in range(len(batch)):
            self._look_at(batch, index)
        return [batch]

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        for message in messages:
            self._look_at([message], 0)
        return list(messages)

    def _payloads(self, payloads: Payloads) -> Payloads | list[Message | None]:
        self._each(payloads.messages())
        return payloads

    def _look_at(self, batch: Batch, index: int) -> None:
        try:
            value = self._value.text(batch, index)
        except BloblangError as error:
            self._log.error(f"Value interpolation error: {error}")
            return
        try:
            values = tuple(expression.text(batch, index) for expression in self._labels.values())
        except BloblangError as error:
            self._log.error(f"Handler error: label interpolation error: {error}")
            return
        metrics = self._made.get(values)
        if metrics is None:
            metrics = self._made[values] = self._labelled(values)
        try:
            self._observe(metrics, value)
        except ValueError as error:
            self._log.error(f"Handler error: {error}")

    def _labelled(self, values: tuple[str, ...]) -> Metrics:
        return self._metrics.having(**dict(zip(self._labels, values, strict=True)))

    def _count(self, metrics: Metrics, value: str) -> None:
        metrics.counter(self._name).add()

    def _count_by(self, metrics: Metrics, value: str) -> None:
        metrics.counter(self._name).add(int(_positive(value)))

    def _set(self, metrics: Metrics, value: str) -> None:
        metrics.gauge(self._name).set(_positive(value))

    def _time(self, metrics: Metrics, value: str) -> None:
        if not INTEGER.fullmatch(value):
            raise ValueError(f"strconv.ParseInt: parsing {quote(value)}: invalid syntax")
        if value.startswith("-"):
            raise ValueError("value is negative")
        metrics.timing(self._name).observe(int(value))

    async def close(self) -> None:
        self._made.clear()


def _positive(text: str) -> float:
    """A number that is not negative; whole ones stay whole. Raises: ValueError."""
    if INTEGER.fullmatch(text):
        if int(text) < 0:
            raise ValueError(f"value {text} is negative")
        return int(text)
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {quote(text)}: invalid syntax") from None
    if value < 0:
        raise ValueError(f"value {value:f} is negative")
    return value
