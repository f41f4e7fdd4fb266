"""Output `switch`: each message to the output whose check fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.bloblang.errors import BloblangError
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.lanes import Lane, Shares
from headwater.components.redelivery import BackoffPolicy, Redelivery
from headwater.config import decode
from headwater.config.fields import boolean, child, mapping, objects, spec
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from headwater.acknowledge import Failure
    from headwater.bloblang import Mapping
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch, Batches
    from headwater.yamltext.nodes import Node


def _reject_is_final(node: Node) -> str | None:
    """Refuse a `reject` that would be repeated for ever."""
    again = node.get("retry_until_success") if node.is_mapping else None
    cases = node.get("cases")
    if again is None or not decode.boolean(again) or cases is None:
        return None
    for case in cases.items or [value for _, value in cases.pairs]:
        output = case.get("output") if case.is_mapping else None
        name, text = (output.get("type"), output.get("reject")) if output is not None else (None, None)
        if (name is not None and name.value == "reject") or (text is not None and text.is_text):
            return (
                "a 'switch' output with a 'reject' case output must have the field 'switch.retry_until_success' set to "
                "'false', otherwise the 'reject' child output will result in infinite retries"
            )
    return None


SPEC = spec(
    "output",
    "switch",
    boolean("retry_until_success", "Send a message again to its output until it is delivered.", default=False),
    boolean(
        "strict_mode", "Reject messages that fit no case; otherwise they are dropped.", default=False, advanced=True
    ),
    objects(
        "cases",
        mapping(
            "check",
            "Whether a message belongs here; an empty one fits all.",
            default="",
            examples=('this.type == "foo"', 'this.contents.urls.contains("https://example.com/")'),
        ),
        child("output", "output", "Where it goes."),
        boolean("continue", "Test the next cases too.", default=False, advanced=True),
        description="Cases in the order in which they are tested.",
    ),
    categories=("Utility",),
    summary="Send messages to outputs by their contents.",
    description="The messages of a batch are told apart; those that go the same way travel on together.",
    composite=True,
    lint=_reject_is_final,
    examples=(
        (
            "By type",
            'output:\n  switch:\n    cases:\n      - check: this.type == "foo"\n        output:\n          file:\n'
            "            path: foo.jsonl\n      - output:\n          drop: {}\n",
        ),
    ),
)

WAITING = 64
"""How many transactions may wait to be sent again while others go ahead."""


@component(SPEC)
class Switch(Output):
    """Tests each message against the cases in order."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._strict = config.boolean("strict_mode")
        again = config.boolean("retry_until_success")
        cases = config.objects("cases")
        if len(cases) < 2:
            raise ConfigError("attempting to create switch with fewer than 2 cases")
        self._checks: list[Mapping | None] = []
        self._continues: list[bool] = []
        self._lanes: list[Lane] = []
        children = []
        for case in cases:
            children.append(case.child("output"))
            output = resources.build_output(children[-1])
            redelivery = None
            if again:
                redelivery = Redelivery(BackoffPolicy(), 0, resources.log, resources.clock, output.max_in_flight)
            self._lanes.append(Lane(output, redelivery))
            self._checks.append(case.mapping("check"))
            self._continues.append(case.boolean("continue"))
        self.max_in_flight = sum(lane.output.max_in_flight for lane in self._lanes) + (WAITING if again else 0)
        single = again and any(item.spec.composite or item.name == "resource" for item in children)
        if not single and all(lane.output.takes_many for lane in self._lanes):
            self.write_many = self._write_many

    def room(self, under_way: int) -> int:
        # Nobody knows where the next one goes: one may come while nobody waits, more while all have room for them.
        least = min(lane.room() for lane in self._lanes)
        return 0 if least < 0 or under_way >= self.max_in_flight else max(1, least)

    async def write(self, batch: Batch) -> None:
        shares = Shares([batch], self._lanes)
        self._share(shares, 0, batch)
        await shares.deliver(many=False)
        shares.raise_failure()

    # HOT: once a chunk
    async def _write_many(self, batches: Batches) -> list[Failure | None] | None:
        shares = Shares(batches, self._lanes)
        for position, batch in enumerate(batches):
            self._share(shares, position, batch)
        await shares.deliver(many=True)
        return shares.failures()

    def _share(self, shares: Shares, position: int, batch: Batch) -> None:
        """Send the messages of a batch their ways."""
        if len(batch) == 1:
            for lane in self._route(shares, position, batch, 0):
                shares.add(lane, position)
            return
        parts: dict[int, list[int]] = {}
        for index in range(len(batch)):
            for lane in self._route(shares, position, batch, index):
                parts.setdefault(lane, []).append(index)
        for lane, indices in parts.items():
            shares.add(lane, position, indices)

    # HOT: once a message
    def _route(self, shares: Shares, position: int, batch: Batch, index: int) -> list[int]:
        """Where a message goes."""
        lanes: list[int] = []
        for lane, check in enumerate(self._checks):
            if check is not None:
                try:
                    if not check.check(batch[index], batch, index):
                        continue
                except BloblangError as error:
                    self._log.error(f"Failed to test case {lane}: {error}")
                    continue
            lanes.append(lane)
            if not self._continues[lane]:
                break
        if not lanes and self._strict:
            self._log.error(
                "Message failed to match against at least one output check with strict mode enabled, "
                "it will be nacked and/or re-processed"
            )
            shares.fail(position, index, ComponentError("no switch output conditions were met by message", "rejected"))
        return lanes

    async def close(self) -> None:
        for lane in self._lanes:
            await lane.output.close()
