"""Go durations and byte sizes: parsed and written as the reference does."""

from __future__ import annotations

from typing import Final

_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LIMIT: Final = 1 << 63
_DIGITS: Final = 20


class InvalidDuration(ValueError):
    """A text is no Go duration; the message is Go's own."""


def quote(text: str) -> str:
    """A text in Go's double quotes, as `time` errors show it."""
    parts = ['"']
    for character in text:
        if character in '"\\':
            parts.append("\\" + character)
        elif character < " " or ord(character) > 0x7F:
            parts.extend(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
        else:
            parts.append(character)
    parts.append('"')
    return "".join(parts)


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as ``1h15m30.5s``, ``-.5s`` or ``0``.

    Raises:
        InvalidDuration: It is none; the message is the one of Go's ``time.ParseDuration``.
    """
    rest = text
    negative = rest.startswith("-")
    if rest[:1] in ("+", "-"):
        rest = rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise InvalidDuration(f"time: invalid duration {quote(text)}")
    total = 0
    while rest:
        whole, rest = _digits(rest)
        fraction = ""
        pointed = rest.startswith(".")
        if pointed:
            fraction, rest = _digits(rest[1:])
        if not whole and not fraction:
            raise InvalidDuration(f"time: invalid duration {quote(text)}")
        length = 0
        while length < len(rest) and rest[length] != "." and not "0" <= rest[length] <= "9":
            length += 1
        if not length:
            raise InvalidDuration(f"time: missing unit in duration {quote(text)}")
        unit, rest = rest[:length], rest[length:]
        scale = _UNITS.get(unit)
        if scale is None:
            raise InvalidDuration(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        if len(whole.lstrip("0")) > _DIGITS:
            raise InvalidDuration(f"time: invalid duration {quote(text)}")
        total += int(whole[-_DIGITS:] or "0") * scale
        if fraction:
            fraction = fraction[:_DIGITS]
            total += int(fraction) * scale // 10 ** len(fraction)
        if total > _LIMIT:
            raise InvalidDuration(f"time: invalid duration {quote(text)}")
    if negative:
        return -total
    if total == _LIMIT:
        raise InvalidDuration(f"time: invalid duration {quote(text)}")
    return total


def _digits(text: str) -> tuple[str, str]:
    """The leading decimal digits, and what follows."""
    length = 0
    while length < len(text) and "0" <= text[length] <= "9":
        length += 1
    return text[:length], text[length:]


def parse_seconds(text: str) -> float:
    """Seconds of a duration text.

    Raises:
        InvalidDuration: It is none.
    """
    return parse_duration(text) / 1e9


def format_duration(nanoseconds: int) -> str:
    """A number of nanoseconds as Go writes it: ``0s``, ``1.5µs``, ``1m0s``, ``25h1m1s``."""
    sign = "-" if nanoseconds < 0 else ""
    value = abs(nanoseconds)
    if not value:
        return "0s"
    if value < 1_000:
        return f"{sign}{value}ns"
    if value < 1_000_000:
        return f"{sign}{_decimal(value, 3)}µs"
    if value < 1_000_000_000:
        return f"{sign}{_decimal(value, 6)}ms"
    minutes, rest = divmod(value, 60_000_000_000)
    seconds = _decimal(rest, 9)
    if not minutes:
        return f"{sign}{seconds}s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{sign}{minutes}m{seconds}s"
    return f"{sign}{hours}h{minutes}m{seconds}s"


def format_seconds(seconds: float) -> str:
    """A number of seconds as Go writes it."""
    return format_duration(round(seconds * 1e9))


def _decimal(value: int, places: int) -> str:
    """`value` with its point moved `places` to the left, without trailing zeros."""
    whole, fraction = divmod(value, 10**places)
    digits = f"{fraction:0{places}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
