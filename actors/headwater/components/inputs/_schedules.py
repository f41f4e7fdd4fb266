"""When something is due again: durations, and cron expressions by the rules and in the words of Go's `robfig/cron`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from headwater import durations
from headwater.errors import ConfigError

NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)  # noqa: SIM905
}
_DAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_FIELDS: Final[Sequence[tuple[int, int, Mapping[str, int]]]] = (
    (0, 59, {}),
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
"""Least and greatest number and names of seconds, minutes, hours, days, months and days of the week."""


class Cron:
    """When a cron expression is due; times are those of UTC unless it names a zone.

    Raises:
        ConfigError: It is none.
    """

    def __init__(self, text: str) -> None:
        self._zone: tzinfo = UTC
        self._every = 0.0
        expression = text.strip()
        for prefix in ("TZ=", "CRON_TZ="):
            if expression.startswith(prefix):
                name, _, expression = expression[len(prefix) :].partition(" ")
                self._zone = _zone(name)
                expression = expression.strip()
        if not expression:
            raise ConfigError("empty spec string")
        if expression.startswith("@every "):
            try:
                every = durations.parse_seconds(expression[len("@every ") :])
            except durations.InvalidDuration as error:
                raise ConfigError(f"failed to parse duration {expression}: {error}") from None
            self._every = max(1.0, float(int(every)))
            return
        if expression.startswith("@") and expression not in NICKNAMES:
            raise ConfigError(f"unrecognized descriptor: {expression}")
        self._expression = _checked(NICKNAMES.get(expression, expression))
        from cronsim import CronSimError

        try:
            self._next(datetime.now(self._zone))
        except (CronSimError, StopIteration) as error:
            raise ConfigError(f"{error}: {expression}") from None

    def _next(self, after: datetime) -> datetime:
        from cronsim import CronSim

        found: datetime = next(CronSim(self._expression, after))
        return found

    def wait(self, time_ns: int) -> float:
        """Seconds from a wall clock time to the next tick."""
        now = time_ns / 1e9
        if self._every:
            # Whole seconds, as the reference rounds them.
            return self._every - now % 1.0
        due = self._next(datetime.fromtimestamp(now, self._zone))
        return max(0.0, due.timestamp() - now)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name == "Local":
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"unknown time zone {name}") from None


def _checked(expression: str) -> str:
    """An expression as the library takes it. Raises: ConfigError."""
    fields = expression.split()
    if not 5 <= len(fields) <= 6:
        raise ConfigError(f"expected 5 to 6 fields, found {len(fields)}: [{' '.join(fields)}]")
    for field, (low, high, names) in zip(fields, _FIELDS[6 - len(fields) :], strict=True):
        for part in field.split(","):
            _check_part(part, low, high, names)
    # A question mark is a star to the reference, and unknown to the library.
    return " ".join(fields).replace("?", "*")


def _check_part(part: str, low: int, high: int, names: Mapping[str, int]) -> None:
    span, *steps = part.split("/")
    first, *last = span.split("-")
    if len(last) > 1:
        raise ConfigError(f"too many hyphens: {part}")
    if first in ("*", "?"):
        start, end = low, high
    else:
        start = end = _number(first, names)
        if last:
            end = _number(last[0], names)
    if len(steps) > 1:
        raise ConfigError(f"too many slashes: {part}")
    step = _number(steps[0], {}) if steps else 1
    if steps and not last and first not in ("*", "?"):
        end = high
    if start < low:
        raise ConfigError(f"beginning of range ({start}) below minimum ({low}): {part}")
    if end > high:
        raise ConfigError(f"end of range ({end}) above maximum ({high}): {part}")
    if start > end:
        raise ConfigError(f"beginning of range ({start}) beyond end of range ({end}): {part}")
    if step == 0:
        raise ConfigError(f"step of range should be a positive number: {part}")


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not text.lstrip("+-").isdigit():
        raise ConfigError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax')
    if int(text) < 0:
        raise ConfigError(f"negative number ({int(text)}) not allowed: {text}")
    return int(text)


def schedule(text: str) -> float | Cron:
    """Seconds of an interval (0: none), or a cron expression. Raises: ConfigError."""
    if not text:
        return 0.0
    try:
        return durations.parse_seconds(text)
    except durations.InvalidDuration as error:
        try:
            return Cron(text)
        except ConfigError as problem:
            raise ConfigError(
                f"failed to parse interval as duration string: {error}, or as cron expression: {problem}"
            ) from None
