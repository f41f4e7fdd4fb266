"""Outputs that hold others, against children that fail at random: what counts as delivered was delivered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.components.catalogue import Catalogue
from headwater.components.contracts import Output
from headwater.components.resources import Resources
from headwater.config.infer import infer
from headwater.errors import BatchFailure, ComponentError
from headwater.message import Batch, Message, MessageError
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import Metrics
from headwater.testing.host import TestHost
from headwater.yamltext.nodes import Node


class Child(Output):
    """Refuses what it is told to, and keeps the rest."""

    max_in_flight = 4

    def __init__(self, refuses: Callable[[bytes], bool], whole: bool, many: bool) -> None:
        self.kept: list[bytes] = []
        self._refuses = refuses
        self._whole = whole
        if many:
            self.write_many = self._write_many

    async def write(self, batch: Batch) -> None:
        refused = {index: ComponentError("no") for index, m in enumerate(batch) if self._refuses(m.content())}
        if refused and (self._whole or len(batch) == 1):
            raise ComponentError("no")
        self.kept.extend(m.content() for index, m in enumerate(batch) if index not in refused)
        if refused:
            raise BatchFailure(refused)

    async def _write_many(self, batches: list[Batch]) -> list[ComponentError | None] | None:
        failures: list[ComponentError | None] = []
        for batch in batches:
            try:
                await self.write(batch)
            except ComponentError as error:
                failures.append(error)
            else:
                failures.append(None)
        return failures if any(failures) else None


class Surroundings:
    """Gives the children out in order."""

    def __init__(self, host: TestHost, children: list[Child]) -> None:
        self.clock = host.clock
        self._children = list(children)

    def build_output(self, config: Any, resources: Any) -> Child:
        return self._children.pop(0)


CATALOGUE = Catalogue()
TWO: list[Any] = [{"drop": {}}, {"drop": {}}]
QUICK = {"initial_interval": "1ms", "max_interval": "1ms"}
CONFIGS: dict[str, Any] = {
    "fallback": TWO,
    "retry": {"max_retries": 2, "backoff": QUICK, "output": TWO[0]},
    "reject_errored": TWO[0],
    "drop_on": {"error_patterns": ["nothing like it"], "output": TWO[0]},
    "switch": {"cases": [{"check": 'content() < "3"', "output": TWO[0]}, {"output": TWO[1]}]},
    "broker round_robin": {"pattern": "round_robin", "outputs": TWO},
    "broker greedy": {"pattern": "greedy", "outputs": TWO},
    "broker fan_out_fail_fast": {"pattern": "fan_out_fail_fast", "outputs": TWO},
    "broker fan_out_sequential_fail_fast": {"pattern": "fan_out_sequential_fail_fast", "outputs": TWO},
}


def make(host: TestHost, name: str, body: Any, children: list[Child]) -> Output:
    """An output around some children."""
    kind = name.split()[0]
    config = infer(Node.of({kind: body}), "output", "root.output", CATALOGUE)
    surroundings: Any = Surroundings(host, children)
    log = logging.getLogger("headwater.quiet")
    log.disabled = True
    resources = Resources(surroundings, log=Log(log), metrics=Metrics())
    output: Output = CATALOGUE.create_class("output", kind)(config.config, resources)
    return output


async def deliver(output: Output, sent: list[Batch]) -> list[BaseException | None]:
    """What becomes of each batch, many at once where the output can do that."""
    if output.write_many is not None:
        write_many: Any = output.write_many
        return list(await write_many(sent) or [None] * len(sent))
    outcomes: list[BaseException | None] = []
    for batch in sent:
        try:
            await output.write(batch)
        except ComponentError as error:
            outcomes.append(error)
        else:
            outcomes.append(None)
    return outcomes


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(CONFIGS)),
    batches=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=4),
    refused=st.lists(st.sets(st.integers(0, 9), max_size=5), min_size=2, max_size=2),
    marked=st.sets(st.integers(0, 9), max_size=3),
    whole=st.booleans(),
    many=st.booleans(),
)
def test_what_counts_as_delivered_was_delivered(
    name: str, batches: list[list[int]], refused: list[set[int]], marked: set[int], whole: bool, many: bool
) -> None:
    host = TestHost()
    children = [
        Child(lambda content, mine=mine: int(content[:1]) in mine, whole, many)  # type: ignore[misc]
        for mine in refused
    ]
    output = make(host, name, CONFIGS[name], children)
    sent = [
        [
            Message(
                f"{number}/{place}.{index}".encode(),
                error=MessageError("bad") if name == "reject_errored" and number in marked else None,
            )
            for index, number in enumerate(batch)
        ]
        for place, batch in enumerate(batches)
    ]

    outcomes = host.run(deliver(output, sent))
    kept = [content for child in children for content in child.kept]
    everywhere = "fan_out" in name
    for batch, outcome in zip(sent, outcomes, strict=True):
        for index, message in enumerate(batch):
            failed = outcome is not None and (not isinstance(outcome, BatchFailure) or index in outcome.failures)
            copies = kept.count(message.content())
            if not failed:
                assert copies == (2 if everywhere else 1)
            elif not everywhere and not whole:
                assert copies == 0
    assert not host.failures


PERSISTENT: dict[str, Any] = {
    "retry": {"backoff": QUICK, "output": TWO[0]},
    "switch": {"retry_until_success": True, "cases": CONFIGS["switch"]["cases"]},
    "broker fan_out": {"pattern": "fan_out", "outputs": TWO},
    "broker fan_out_sequential": {"pattern": "fan_out_sequential", "outputs": TWO},
}


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(PERSISTENT)),
    batches=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=4),
    attempts=st.lists(st.dictionaries(st.integers(0, 9), st.integers(1, 3)), min_size=2, max_size=2),
    many=st.booleans(),
)
def test_what_is_sent_again_arrives_once(
    name: str, batches: list[list[int]], attempts: list[dict[int, int]], many: bool
) -> None:
    host = TestHost()

    def refusing(left: dict[int, int]) -> Callable[[bytes], bool]:
        seen: dict[bytes, int] = {}

        def refuses(content: bytes) -> bool:
            seen[content] = seen.get(content, 0) + 1
            return seen[content] <= left.get(int(content[:1]), 0)

        return refuses

    children = [Child(refusing(left), whole=False, many=many) for left in attempts]
    output = make(host, name, PERSISTENT[name], children)
    sent = [
        [Message(f"{number}/{place}.{index}".encode()) for index, number in enumerate(batch)]
        for place, batch in enumerate(batches)
    ]
    assert host.run(deliver(output, sent)) == [None] * len(sent)
    copies = 2 if "fan_out" in name else 1
    wanted = sorted(message.content() for batch in sent for message in batch for _ in range(copies))
    assert sorted(content for child in children for content in child.kept) == wanted
    assert not host.failures
