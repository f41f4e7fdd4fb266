"""Processor `log`: writes a line for each message."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.values import go_type_name
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.config.fields import choice, interpolated, interpolated_map, mapping, spec
from headwater.errors import ConfigError
from headwater.telemetry.logs import TRACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Message, Payloads

SPEC = spec(
    "processor",
    "log",
    choice("level", ("ERROR", "WARN", "INFO", "DEBUG", "TRACE"), "The level.", default="INFO", advisory=True),
    mapping(
        "fields_mapping",
        "A mapping whose result, an object, becomes fields of the line.",
        optional=True,
        examples=('root.reason = "cus I wana"\nroot.id = this.id',),
    ),
    interpolated("message", "The text of the line.", default=""),
    interpolated_map("fields", "Fields of the line, as texts.", optional=True, deprecated=True),
    categories=("Utility",),
    summary="Write a log line for each message, which goes on as it was.",
    examples=(
        (
            "Failures",
            "pipeline:\n  processors:\n    - catch:\n        - log:\n            level: ERROR\n"
            "            message: \"failed: ${! error() }\"\n            fields_mapping: 'root.id = this.id'\n",
        ),
    ),
)

LEVELS: Final = {
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": TRACE,
}


@component(SPEC)
class Log(Processor):
    """A line a message; nothing is evaluated while its level is switched off."""

    def __init__(self, config: Config, resources: Resources) -> None:
        level = config.text("level")
        if level.upper() not in LEVELS:
            raise ConfigError(f"log level not recognised: {level.upper()}")
        self._level = LEVELS[level.upper()]
        self._custom = resources.log.having(custom_source=True)
        self._message = config.interpolated("message")
        self._mapping = config.mapping("fields_mapping")
        self._fields = config.interpolations("fields")
        texts = (self._message, *self._fields.values())
        if not any(text.uses_batch for text in texts) and not (self._mapping and self._mapping.uses_batch):
            self.each = self._each
            self.payloads = self._payloads

    def process(self, batch: Batch) -> list[Batch]:
        """Write a line for each message."""
        if self._custom.enabled(self._level):
            for index in range(len(batch)):
                self._write(batch, index)
        return [batch]

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        if self._custom.enabled(self._level):
            for message in messages:
                self._write([message], 0)
        return list(messages)

    def _payloads(self, payloads: Payloads) -> Payloads | list[Message | None]:
        if self._custom.enabled(self._level):
            self._each(payloads.messages())
        return payloads

    def _write(self, batch: Batch, index: int) -> None:
        fields: dict[str, Any] = {}
        if self._mapping is not None:
            try:
                value = self._mapping.value(batch[index], batch, index)
            except BloblangError as error:
                self._custom.error(f"Failed to execute fields mapping: {error}")
                return
            if not isinstance(value, dict):
                self._custom.error(f"Fields mapping yielded a non-object result: {go_type_name(value)}")
                return
            fields.update(sorted(value.items()))
        for name, expression in self._fields.items():
            try:
                fields[name] = expression.text(batch, index)
            except BloblangError as error:
                self._custom.error(f"Field {name} interpolation error: {error}")
                return
        try:
            message = self._message.text(batch, index)
        except BloblangError as error:
            self._custom.error(f"Message interpolation error: {error}")
            return
        # As a whole, since a field may have any name.
        (self._custom.having(**fields) if fields else self._custom).log(self._level, message)
