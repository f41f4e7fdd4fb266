"""The formats that JSON schemas may ask texts for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Final
from urllib.parse import urlsplit

_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,]\d+)?"
_ZONE: Final = r"(?:Z|[+-]\d\d:\d\d)"
_PLAIN_TIME = re.compile(rf"{_TIME}{_ZONE}?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d)T{_TIME}{_ZONE}", re.ASCII)
_HOSTNAME = re.compile(
    r"(?=.{1,255}\Z)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?"
)
_EMAIL = re.compile(r"[^\s@<>,;:\\\"\[\]()]+@[^\s@<>,;:\\\"\[\]()]+")
_UUID = re.compile(r"[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}")
_POINTER = re.compile(r"(?:/(?:[^~/]|~0|~1)*)*")
_RELATIVE_POINTER = re.compile(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)")
_TEMPLATE = re.compile(r"(?:[^\x00-\x20\"'<>%\\^`{|}]|%[0-9A-Fa-f]{2}|\{[+#./;?&=,!@|]?[A-Za-z0-9_%.,:*]+\})*")


def matches(name: str, text: str) -> bool:
    """Whether a text has a format; every text has one that is not known."""
    check = _FORMATS.get(name)
    return check is None or check(text)


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_clock(found: re.Match[str]) -> bool:
    try:
        time(int(found["hour"]), int(found["minute"]), int(found["second"]))
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    found = _PLAIN_TIME.fullmatch(text)
    return found is not None and _is_clock(found)


def _is_date_time(text: str) -> bool:
    if _is_time(text) or _is_date(text):
        return True
    found = _DATE_TIME.fullmatch(text)
    if found is None or not _is_clock(found):
        return False
    try:
        datetime.fromisoformat(found["date"])
    except ValueError:
        return False
    return True


def _is_address(version: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return check


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme) and "\\" not in text and not re.search(r"[\x00-\x20\x7f]|%(?![0-9a-fA-F]{2})", text)


def _is_reference(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return "\\" not in text and not re.search(r"[\x00-\x1f\x7f]|%(?![0-9a-fA-F]{2})", text)


def _is_regexp(text: str) -> bool:
    import re2

    try:
        re2.compile(text)
    except re2.error:
        return False
    return True


def _full(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "hostname": _full(_HOSTNAME),
    "email": _full(_EMAIL),
    "idn-email": _full(_EMAIL),
    "ipv4": _is_address(4),
    "ipv6": _is_address(6),
    "uri": _is_uri,
    "iri": _is_uri,
    "uri-reference": _is_reference,
    "iri-reference": _is_reference,
    "uri-template": _full(_TEMPLATE),
    "uuid": _full(_UUID),
    "regex": _is_regexp,
    "json-pointer": _full(_POINTER),
    "relative-json-pointer": _full(_RELATIVE_POINTER),
}
