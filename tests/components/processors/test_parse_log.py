"""Processor `parse_log`: log lines as objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from headwater.errors import ConfigError

RFC5424 = "- parse_log: {format: syslog_rfc5424}"
RFC3164 = "- parse_log: {format: syslog_rfc3164, default_year: '2020'%s}"


def test_rfc5424(contents: Callable[..., list[str]]) -> None:
    line = (
        '<34>1 2003-10-11T22:14:15.003000+02:00 host su 12 ID47 [a@1 k="v" q="\\"\\]\\\\"][b] \ufeff\'su root\' failed'
    )
    assert json.loads(contents(RFC5424, line)[0]) == {
        "priority": 34,
        "facility": 4,
        "severity": 2,
        "version": 1,
        "timestamp": "2003-10-11T22:14:15.003+02:00",
        "hostname": "host",
        "appname": "su",
        "procid": "12",
        "msgid": "ID47",
        "structureddata": {"a@1": {"k": "v", "q": '"]\\'}, "b": {}},
        "message": "\ufeff'su root' failed",
    }


def test_nil_values_are_left_out(contents: Callable[..., list[str]]) -> None:
    assert json.loads(contents(RFC5424, "<0>1 - - - - - -")[0]) == {
        "priority": 0,
        "facility": 0,
        "severity": 0,
        "version": 1,
    }


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("bad", "expecting a priority value within angle brackets [col 0]"),
        ("<x>1", "expecting a priority value in the range 1-191 or equal to 0 [col 1]"),
        ("<87]1", "expecting a priority value in the range 1-191 or equal to 0 [col 3]"),
        ("<192>1", "expecting a priority value in the range 1-191 or equal to 0 [col 3]"),
        ("<34>0", "expecting a version value in the range 1-999 [col 4]"),
        ("<34>1", "parsing error [col 5]"),
        ("<34>12x", "expecting a version value in the range 1-999 [col 6]"),
        ("<34>1 2003-02-30T01:02:03Z", 'parsing time "2003-02-30T01:02:03Z": day out of range [col 26]'),
        ('<34>1 - h a p m [a k="v]', 'expecting chars `]`, `"`, and `\\` to be escaped within param value [col 23]'),
        ("<34>1 2003-13-01", "expecting a RFC3339MICRO timestamp or a nil value [col 12]"),
        (
            "<34>1 - host",
            "expecting an hostname (from 1 to max 255 US-ASCII characters) or a nil value [col 12]",
        ),
        (
            "<34>1 - h a p m [",
            "expecting a structured data element id (from 1 to max 32 US-ASCII characters; except `=`, ` `, `]`, and "
            '`"` [col 17]',
        ),
        ("<34>1 - h a p m [a][a]", "duplicate structured data element id [col 21]"),
    ],
)
def test_broken_lines_are_marked(outcomes: Callable[..., Any], line: str, error: str) -> None:
    assert outcomes(RFC5424, line) == [(line, error)]


def test_rfc3164(contents: Callable[..., list[str]]) -> None:
    processors = RFC3164 % ""
    line = "<34>Oct  1 22:14:15 mymachine su[77]: 'su root' failed"
    assert json.loads(contents(processors, line)[0]) == {
        "priority": 34,
        "facility": 4,
        "severity": 2,
        "timestamp": "2020-10-01T22:14:15Z",
        "hostname": "mymachine",
        "appname": "su",
        "procid": "77",
        "message": "'su root' failed",
    }


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("<34>Oct 11 22:14:15", {}),
        ("<34>1 2003-10-11T22:14:15.003Z h a p m - x", {}),
        ("<34>Oct 11 22:14:15 h a: b\nc", {"hostname": "h", "appname": "a"}),
        ("<34>Oct 11 22:14:15 h a:", {"hostname": "h", "appname": "a", "message": "a:"}),
        ("<34>Oct 11 22:14:15 h a[12", {"hostname": "h", "appname": "a", "message": "12"}),
        ("<34>Oct 11 22:14:15 h a[1]: ", {"hostname": "h", "appname": "a", "procid": "1", "message": "1]: "}),
        ("<34>Oct 11 22:14:15 h a]b", {"hostname": "h", "message": "a]b"}),
    ],
)
def test_of_old_lines_that_break_off_there_is_what_was_read(
    contents: Callable[..., list[str]], line: str, rest: dict[str, str]
) -> None:
    found = json.loads(contents(RFC3164 % "", line)[0])
    assert found.pop("timestamp", None) == ("2020-10-11T22:14:15Z" if rest else None)
    assert found == {"priority": 34, "facility": 4, "severity": 2, **rest}


def test_time_zones_and_lines_without_a_tag(contents: Callable[..., list[str]]) -> None:
    found = json.loads(contents(RFC3164 % ", default_timezone: Europe/Berlin", "<34>Jul 11 22:14:15 h just words")[0])
    assert found["timestamp"] == "2020-07-12T00:14:15+02:00"
    assert found["message"] == "just words"
    assert "appname" not in found


@pytest.mark.parametrize(
    ("fields", "line", "error"),
    [
        ("", "<34>Oct 11 22:14", "expecting a Stamp timestamp [col 16]"),
        ("", "<34>Xxx", "expecting a Stamp or a RFC3339 timestamp [col 4]"),
        (", allow_rfc3339: false", "<34>2003-10-11T22:14:15Z h a: x", "expecting a Stamp timestamp [col 4]"),
        ("", "<34>", "expecting a Stamp timestamp [col 4]"),
        ("", "<34>Oct 11 22:14:15 h ", "expecting an alphanumeric tag (max 32 characters) [col 22]"),
        ("", "<34>2003-10-11T22:14:15.5Z h a: x", "expecting a Stamp or a RFC3339 timestamp [col 23]"),
        (", best_effort: false", "<34>Oct 11 22:14:15", "parsing error [col 19]"),
        (", best_effort: false", "<34>Oct 11 22:14:15 h a: b\nc", "parsing error [col 26]"),
    ],
)
def test_broken_old_lines_are_marked(outcomes: Callable[..., Any], fields: str, line: str, error: str) -> None:
    assert outcomes(RFC3164 % fields, line) == [(line, error)]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            "format: syslog_rfc3164, default_year: soon",
            'failed to convert year soon into integer:  strconv.Atoi: parsing "soon"',
        ),
        ("format: syslog_rfc3164, default_timezone: Nowhere/At", "unknown time zone Nowhere/At"),
        ("format: nope", "format not recognised: nope"),
    ],
)
def test_what_cannot_be_built(contents: Callable[..., list[str]], fields: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        contents(f"- parse_log: {{{fields}}}", "x")
    assert error in str(caught.value)
