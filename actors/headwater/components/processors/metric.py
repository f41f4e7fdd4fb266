"""Processor `metric`: counts and measures what a configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import choice, interpolated, interpolated_map, spec, text
from headwater.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch
    from headwater.telemetry.metrics import Metrics

TYPES: Final = ("counter", "counter_by", "gauge", "timing")

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
        "`counter` adds 1 a message, `counter_by` the value, which must not be negative; `gauge` is set to the value, "
        "and `timing` notes it as a number of nanoseconds."
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
        kind = config.text("type")
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

    def process(self, batch: Batch) -> list[Batch]:
        """Observe each message."""
        for index in range(len(batch)):
            try:
                values = tuple(expression.text(batch, index) for expression in self._labels.values())
                metrics = self._made.get(values)
                if metrics is None:
                    metrics = self._metrics.having(**dict(zip(self._labels, values, strict=True)))
                    self._made[values] = metrics
                self._observe(metrics, self._value.text(batch, index))
            except BloblangError as error:
                self._log.error(f"Failed to interpolate metric: {error}")
            except ValueError as error:
                self._log.error(f"Handler error: {error}")
        return [batch]

    def _count(self, metrics: Metrics, value: str) -> None:
        metrics.counter(self._name).add()

    def _count_by(self, metrics: Metrics, value: str) -> None:
        amount = int(value)
        if amount < 0:
            raise ValueError("value is negative")
        metrics.counter(self._name).add(amount)

    def _set(self, metrics: Metrics, value: str) -> None:
        try:
            metrics.gauge(self._name).set(int(value))
        except ValueError:
            metrics.gauge(self._name).set(float(value))

    def _time(self, metrics: Metrics, value: str) -> None:
        amount = int(value)
        if amount < 0:
            raise ValueError("value is negative")
        metrics.timing(self._name).observe(amount)

    async def close(self) -> None:
        self._made.clear()
