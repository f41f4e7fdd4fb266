"""Processor `parse_log`: log lines as objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.gonumbers import NumberError, parse_decimal_int
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.payloads import one_by_one
from headwater.components.resources import Resources
from headwater.components.syslog import Rfc3164, parse_rfc5424, zone_named
from headwater.config.fields import boolean, choice, spec, text
from headwater.config.view import Config
from headwater.errors import ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "parse_log",
    choice("format", ("syslog_rfc5424", "syslog_rfc3164"), "What the lines are."),
    boolean(
        "best_effort",
        "Taken for the sake of old configurations: a line that is broken is marked as failed in any case.",
        default=True,
        advanced=True,
    ),
    boolean("allow_rfc3339", "Take time stamps of RFC 3339 in lines of RFC 3164 too.", default=True, advanced=True),
    text(
        "default_year",
        "The year of time stamps of RFC 3164, which have none: a number, or `current`; empty for the year 0.",
        default="current",
        advanced=True,
    ),
    text(
        "default_timezone", "The time zone of time stamps of RFC 3164, which have none.", default="UTC", advanced=True
    ),
    text("codec", "No longer of use.", deprecated=True),
    categories=("Parsing",),
    summary="Make objects of log lines.",
    description=(
        "The objects hold what a line has of `message`, `timestamp`, `facility`, `severity`, `priority`, `version`, "
        "`hostname`, `procid`, `appname`, `msgid` and `structureddata`. A line that is broken is marked as failed."
    ),
    examples=(("Lines of syslog", "pipeline:\n  processors:\n    - parse_log:\n        format: syslog_rfc5424\n"),),
)


@component(SPEC)
class ParseLog(Processor):
    """Parses lines."""

    def __init__(self, config: Config, resources: Resources) -> None:
        name = config.text("format")
        self._parse: Callable[[bytes], dict[str, Any]]
        if name == "syslog_rfc5424":
            self._parse = parse_rfc5424
        elif name == "syslog_rfc3164":
            self._parse = _rfc3164(config).parse
        else:
            raise ConfigError(f"format not recognised: {name}")
        self.each = one_by_one(resources, self._convert)

    def _convert(self, message: Message) -> Message:
        return message.with_document(self._parse(message.content()))


def _rfc3164(config: Config) -> Rfc3164:
    year: str | int | None = config.text("default_year") or None
    if year is not None and year != "current":
        try:
            year = parse_decimal_int(str(year))
        except NumberError as error:
            raise ConfigError(f"failed to convert year {year} into integer:  {error}") from None
    try:
        zone = zone_named(config.text("default_timezone"))
    except ValueError as error:
        # The original names the zone that it did not get here.
        raise ConfigError(f"failed to lookup timezone UTC - {error}") from None
    return Rfc3164(config.boolean("allow_rfc3339"), year, zone, config.boolean("best_effort"))
