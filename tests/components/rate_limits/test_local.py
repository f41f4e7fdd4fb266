"""Rate limit `local`: by number and by bytes."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import yaml

from headwater.components.catalogue import Catalogue
from headwater.components.contracts import RateLimit
from headwater.components.resources import Resources
from headwater.config.infer import infer
from headwater.config.lint import LintOptions
from headwater.config.service import lint_text
from headwater.errors import ConfigError
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Metrics
from headwater.testing.host import TestHost
from headwater.yamltext.nodes import Node


class Surroundings:
    """The clock alone."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock


def make(host: TestHost, config: str) -> RateLimit:
    catalogue = Catalogue()
    known = infer(Node.of(yaml.safe_load(f"local: {{{config}}}")), "rate_limit", "root.rate_limit_resources", catalogue)
    surroundings: Any = Surroundings(host.clock)
    resources = Resources(surroundings, log=Log(logging.getLogger("headwater")), metrics=Metrics())
    limit: RateLimit = catalogue.create_class("rate_limit", "local")(known.config, resources)
    return limit


def test_so_many_in_an_interval() -> None:
    host = TestHost()
    limit = make(host, "count: 2, interval: 1s")
    assert [host.run(limit.access()) for _ in range(3)] == [0.0, 0.0, 1.0]
    host.clock.advance(0.25)
    assert host.run(limit.access()) == 0.75
    host.clock.advance(0.75)
    assert [host.run(limit.access()) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_so_many_bytes_in_an_interval() -> None:
    host = TestHost()
    limit = make(host, "count: 0, byte_size: 5, interval: 1s")
    assert host.run(limit.access()) == 0.0
    limit.spend(4)
    assert host.run(limit.access()) == 0.0
    limit.spend(4)
    assert host.run(limit.access()) == 1.0
    host.clock.advance(1)
    assert host.run(limit.access()) == 0.0


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("count: 0", "count must be larger than zero"),
        ("interval: often", "failed to parse 'interval' as a duration string: time: invalid duration"),
    ],
)
def test_values_that_make_no_sense(config: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        make(TestHost(), config)


def test_a_number_of_bytes_below_zero_is_a_lint() -> None:
    config = b"rate_limit_resources:\n  - label: a\n    local:\n      byte_size: -1\n"
    lints = lint_text(config, Catalogue(), options=LintOptions(dialect="bento"))
    assert [str(lint) for lint in lints] == ["(4,1) byte_size cannot be less than zero"]
