"""Output `broker`: one stream of messages for several outputs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.lanes import Lane, Shares
from headwater.components.redelivery import BackoffPolicy, Redelivery
from headwater.config.fields import batch_policy, children, choice, integer, spec
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headwater.acknowledge import Failure
    from headwater.components.resources import Resources
    from headwater.config.view import ComponentConfig, Config
    from headwater.message import Batch, Batches

PATTERNS = (
    "fan_out",
    "fan_out_fail_fast",
    "fan_out_sequential",
    "fan_out_sequential_fail_fast",
    "round_robin",
    "greedy",
)

SPEC = spec(
    "output",
    "broker",
    integer("copies", "How many copies of each output there are.", default=1, advanced=True),
    choice("pattern", PATTERNS, "How messages are shared out.", default="fan_out"),
    children("output", "outputs", "Where messages go."),
    batch_policy("batching"),
    categories=("Utility",),
    summary="Send messages to several outputs by a pattern.",
    description=(
        "`fan_out` sends every message to all outputs at once, and sends it again to those that failed until it is "
        "delivered; `fan_out_sequential` does so one output after the other. The `fail_fast` forms report a failure "
        "instead. `round_robin` gives each message to the next output in turn, `greedy` to the first one that is free."
    ),
    composite=True,
    examples=(
        (
            "Two copies of everything",
            "output:\n  broker:\n    pattern: fan_out\n    outputs:\n      - file:\n          path: a.jsonl\n"
            "      - file:\n          path: b.jsonl\n",
        ),
    ),
)

WAITING = 64
"""How many transactions may wait to be sent again while others go ahead."""


@component(SPEC)
class Broker(Output):
    """Hands batches to a pattern, which is the part that knows about lanes."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        pattern = config.text("pattern")
        configs = config.children("outputs") * max(0, config.integer("copies"))
        if not configs:
            raise ConfigError("attempting to create broker output type with no outputs")
        outputs = [resources.build_output(child) for child in configs]
        if len(outputs) > 1 and pattern not in PATTERNS:
            raise ConfigError(f"broker pattern was not recognised: {pattern}")
        fails_fast = True
        self._pattern: Pattern
        if pattern == "round_robin":
            self._pattern = RoundRobin(outputs)
        elif pattern == "greedy":
            self._pattern = Greedy(outputs)
        else:
            # With one output alone nobody asks whether there is such a pattern.
            fails_fast = pattern not in ("fan_out", "fan_out_sequential")
            lanes = [Lane(output, None if fails_fast else _again(output, resources)) for output in outputs]
            kind = FanOutSequential if "sequential" in pattern else FanOut
            self._pattern = kind(lanes)
        self._outputs = outputs
        self.max_in_flight = self._pattern.max_in_flight
        if (
            self._pattern.takes_many
            and all(output.takes_many for output in outputs)
            and (fails_fast or not any(_may_refuse(child) for child in configs))
        ):
            self.write_many = self._pattern.write_many

    def room(self, under_way: int) -> int:
        return self._pattern.room(under_way)

    async def write(self, batch: Batch) -> None:
        await self._pattern.write(batch)

    async def close(self) -> None:
        for output in self._outputs:
            await output.close()


def _again(output: Output, resources: Resources) -> Redelivery:
    return Redelivery(BackoffPolicy(), 0, resources.log, resources.clock, output.max_in_flight)


def _may_refuse(child: ComponentConfig) -> bool:
    """Whether an output may refuse single messages for good, which must not hold up those sent along with them."""
    return child.spec.composite or child.name == "resource"


class Pattern:
    """One way to share out batches."""

    max_in_flight = 1
    takes_many = False

    def room(self, under_way: int) -> int:
        """As `Output.room`."""
        raise NotImplementedError

    async def write(self, batch: Batch) -> None:
        """Deliver a batch. Raises: ComponentError."""
        raise NotImplementedError

    async def write_many(self, batches: Batches) -> Sequence[Failure | None] | None:
        """As `Output.write_many`, for patterns that take many."""
        raise NotImplementedError


class FanOut(Pattern):
    """Every batch to all outputs at once."""

    takes_many = True

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes
        self.max_in_flight = max(lane.output.max_in_flight for lane in lanes) + WAITING

    def room(self, under_way: int) -> int:
        return min(self.max_in_flight - under_way, *(lane.room() for lane in self._lanes))

    async def write(self, batch: Batch) -> None:
        shares = Shares([batch], self._lanes)
        for lane in range(len(self._lanes)):
            shares.add(lane, 0)
        await shares.deliver(many=False)
        shares.raise_failure()

    # HOT: once a chunk
    async def write_many(self, batches: Batches) -> Sequence[Failure | None] | None:
        outcomes = await tasks.gather(*(lane.write_many(batches) for lane in self._lanes))
        if not any(outcomes):
            return None
        shares = Shares(batches, self._lanes)
        for outcome in outcomes:
            for position, failure in enumerate(outcome or ()):
                shares.note(position, None, failure)
        return shares.failures()


class FanOutSequential(FanOut):
    """Every batch to one output after the other; one that fails for good keeps it from those behind."""

    takes_many = False

    async def write(self, batch: Batch) -> None:
        shares = Shares([batch], self._lanes)
        for lane in self._lanes:
            left = shares.unharmed(0)
            if not left:
                break
            try:
                await lane.write(batch if len(left) == len(batch) else [batch[index] for index in left])
            except ComponentError as error:
                shares.note(0, left, error)
        shares.raise_failure()


class RoundRobin(Pattern):
    """Each batch to the next output in turn."""

    takes_many = True

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._lanes = [Lane(output) for output in outputs]
        self._next = 0
        self.max_in_flight = sum(output.max_in_flight for output in outputs)

    def room(self, under_way: int) -> int:
        # The one whose turn it is decides; nobody else may take its place.
        return self._lanes[self._next].room()

    def _take(self) -> int:
        taken = self._next
        self._next = (taken + 1) % len(self._lanes)
        return taken

    async def write(self, batch: Batch) -> None:
        await self._lanes[self._take()].write(batch)

    async def write_many(self, batches: Batches) -> Sequence[Failure | None] | None:
        shares = Shares(batches, self._lanes)
        for position in range(len(batches)):
            shares.add(self._take(), position)
        await shares.deliver(many=True)
        return shares.failures()


class Greedy(Pattern):
    """Each batch to an output that is free, to the one that was served the longest time ago."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._lanes = deque(Lane(output) for output in outputs)
        self._waiting: deque[tasks.Future[Lane]] = deque()
        self.max_in_flight = sum(output.max_in_flight for output in outputs)

    def room(self, under_way: int) -> int:
        return self.max_in_flight - under_way

    async def write(self, batch: Batch) -> None:
        lane = next((lane for lane in self._lanes if lane.room() > 0), None)
        if lane is not None:
            # Who was served comes last: one that is always quick, because it refuses, must not keep out others.
            self._lanes.remove(lane)
            self._lanes.append(lane)
        else:
            turn: tasks.Future[Lane] = tasks.Future()
            self._waiting.append(turn)
            try:
                lane = await turn
            except tasks.Cancelled:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                raise
        try:
            await lane.write(batch)
        finally:
            if self._waiting:
                self._waiting.popleft().set_result(lane)
