"""The lines of the log, as the `logger` section asks for them."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from headwater.cli.logging import Console, Json, LogFile, Logfmt, LogSettings, level_number
from headwater.telemetry.logs import TRACE, Log


def lines_of(settings: LogSettings, write: Any) -> list[str]:
    out = io.BytesIO()
    handler = Console(out)
    handler.setFormatter((Json if settings.format == "json" else Logfmt)(settings))
    logger = logging.Logger("headwater", TRACE)
    logger.addHandler(handler)
    write(Log(logger, {"label": "", "path": "root.input"}))
    return out.getvalue().decode().splitlines()


def test_logfmt_has_time_level_message_then_sorted_fields() -> None:
    (line,) = lines_of(LogSettings(), lambda log: log.warning('hello "you"', stream="foo"))
    assert re.fullmatch(
        r'time="[-0-9:TZ+]+" level=warning msg="hello \\"you\\"" @service=benthos label="" path=root.input stream=foo',
        line,
    )


def test_logfmt_without_time_and_with_names_of_its_own() -> None:
    settings = LogSettings(
        add_timestamp=False,
        level_name="severity",
        message_name="text",
        static_fields={"app": "a b", "n": 5, "on": True},
    )
    assert lines_of(settings, lambda log: log.info("up")) == [
        'severity=info text=up app="a b" label="" n=5 on=true path=root.input'
    ]


def test_json_is_one_object_with_sorted_keys() -> None:
    settings = LogSettings.of({"format": "json", "static_fields": {}, "timestamp_name": "at"})
    (line,) = lines_of(settings, lambda log: log.error("a <b>\n"))
    entry = json.loads(line)
    assert list(entry) == sorted(entry)
    assert re.fullmatch(r"[-0-9:TZ+]+", entry.pop("at"))
    assert entry == {"label": "", "level": "error", "msg": "a <b>\n", "path": "root.input"}
    assert "\\u003cb\\u003e" in line


def test_levels_have_words_and_numbers() -> None:
    words = lines_of(LogSettings(add_timestamp=False), lambda log: [log.trace("x"), log.debug("x"), log.fatal("x")])
    assert [word.split()[0] for word in words] == ["level=trace", "level=debug", "level=fatal"]
    assert level_number("off") > logging.CRITICAL
    with pytest.raises(ValueError, match="log level 'loud' is none of OFF"):
        level_number("loud")


def test_a_section_gives_the_settings() -> None:
    settings = LogSettings.of({"level": "DEBUG", "file": {"path": "/x", "rotate": True, "rotate_max_age_days": 3}})
    assert (settings.level, settings.file_path, settings.rotate, settings.rotate_max_age_days) == (
        "DEBUG",
        "/x",
        True,
        3,
    )


def test_a_full_file_is_put_aside(tmp_path: Path) -> None:
    file = LogFile(str(tmp_path / "deep" / "app.log"), rotate=True, max_age_days=1, max_bytes=10)
    file.write(b"12345678\n")
    file.write(b"abc\n")
    file.close()
    kept = sorted((tmp_path / "deep").iterdir())
    assert sorted(path.read_bytes() for path in kept) == [b"12345678\n", b"abc\n"]
    assert (tmp_path / "deep" / "app.log").read_bytes() == b"abc\n"


def test_logfmt_leaves_an_empty_message_out_and_prints_values_as_go_does() -> None:
    settings = LogSettings(add_timestamp=False, static_fields={})
    assert lines_of(settings, lambda log: log.info("", o={"x": [1, "a b", None]}, n=None)) == [
        'level=info label="" n="<nil>" o="map[x:[1 a b <nil>]]" path=root.input'
    ]
