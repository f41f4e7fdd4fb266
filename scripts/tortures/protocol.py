"""Every order of demand, chunks, settlements, deaths, restarts and stops in a stream of the real stages, searched.

The stages, the supervisor and the terminator are the real ones, on a pool that takes one turn when it is told to and a
clock that jumps. What is left to chance elsewhere is an action here: whose turn it is, when a timer is due, whether a
write works, when a stage dies or stops coming back, when the stream is stopped and how hard. In every state:

* no transaction is settled twice, acked without having been written, or settled after its input was closed;
* while nothing can move any more, a stream that runs has its input waiting for messages, and what each stage has asked
  for is what the one before it knows: no demand is lost;
* every transaction that was read is settled, or its input is closed and it can be read again;
* a stop that was asked for has ended, all actors are gone, and everything that was opened was closed once.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pykka
from scripts.tortures._explorer import Explored, search, walk
from scripts.tortures.bench import Bench, Outcome

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.clock import FakeClock
from headwater.components.catalogue import Catalogue, component
from headwater.components.contracts import Input, Output, Processor
from headwater.components.inproc import Hub
from headwater.config.fields import boolean, spec
from headwater.config.stream import StreamConfig, read_stream
from headwater.endpoints import Endpoints
from headwater.errors import EndOfInput, Rejected
from headwater.message import Batch, Message
from headwater.runtime import chain, connection, dispatcher
from headwater.runtime.events import EventBus
from headwater.runtime.lanes import Lanes
from headwater.runtime.loop import EventLoop
from headwater.runtime.pool import Mailbox
from headwater.runtime.services import Services
from headwater.runtime.shared import SharedResources
from headwater.runtime.stages import buffer, feed, output
from headwater.runtime.stages.window import Window
from headwater.runtime.supervisor import StreamSupervisor
from headwater.runtime.topology import Ring
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry


@dataclass(frozen=True)
class Scenario:
    """What may happen in a world, and how often.

    Attributes:
        rest: Sections of the stream's configuration beside input and output.
        source, target: Their options.
        messages: How many there are to be read.
        dies: Stages that may die, one of them, once.
        hangs: The same for stages that do not come back.
        stops: Deadlines with which the stream may be stopped, one after the other.
        nacks: How many writes may fail.
        ends: Whether the source ends after its messages.
        turn: Messages that an actor handles in one turn.
        early: Look at the orders of the start too; else the stream is running when the search begins.
    """

    name: str
    rest: str = ""
    source: str = "{}"
    target: str = "{}"
    messages: int = 2
    dies: tuple[str, ...] = ()
    hangs: tuple[str, ...] = ()
    stops: tuple[float | None, ...] = ()
    nacks: int = 0
    ends: bool = False
    turn: int = 1
    early: bool = False


class Turns:
    """Stands for the pool: keeps who is to have a turn."""

    def __init__(self) -> None:
        self.ready: list[Mailbox] = []

    def submit(self, mailbox: Mailbox) -> None:
        """Note that a mailbox has something."""
        self.ready.append(mailbox)

    def lend(self, call: Callable[[], Any]) -> Any:
        """Nobody waits here."""
        return call()

    def close(self) -> None:
        """Nothing to end."""


class Life(Input):
    """The source: hands out the numbers that were not acked when a life before it ended."""

    def __init__(self, config: Any, resources: Any) -> None:
        self._world = _world[0]
        self.asked: tasks.Future[list[int]] | None = None
        self.open: list[int] = []
        self.closed = 0
        self._world.lives.append(self)

    async def read(self, limit: int) -> Delivery:
        asked = self.asked = tasks.Future[list[int]]()
        try:
            numbers = await asked
        except tasks.Cancelled:
            if asked.done() and asked.error() is None:
                self._world.left = sorted({*self._world.left, *asked.result()})
            raise
        finally:
            self.asked = None
        self.open += numbers
        settled: set[int] = set()

        def settle(indices: Any, failure: Any) -> None:
            for index in range(len(numbers)) if indices is None else indices:
                self._settled(numbers[index], failure, index in settled)
                settled.add(index)

        return Delivery([[Message(b"%d" % number, origin=0)] for number in numbers], settle)

    def _settled(self, number: int, failure: Any, before: bool) -> None:
        world = self._world
        if before:
            world.wrong.append(f"{number} was settled twice")
            return
        if self.closed:
            world.wrong.append(f"{number} was settled after its input was closed")
        self.open.remove(number)
        if failure is None:
            world.acked.add(number)
            if number not in world.kept and not world.drops:
                world.wrong.append(f"{number} was acked and never written")
        else:
            world.nacked.add(number)

    async def close(self) -> None:
        self.closed += 1
        self._world.left = sorted({*self._world.left, *self.open})


class Target(Output):
    """The output: each write waits to be told how it went."""

    def __init__(self, config: Any, resources: Any) -> None:
        self.max_in_flight = 2
        self._world = _world[0]
        self.closed = 0
        self._world.targets.append(self)
        if config.boolean("many"):
            self.write_many = self._write_many

    async def write(self, batch: Batch) -> None:
        await self._written([batch])

    async def _write_many(self, batches: list[Batch]) -> None:
        await self._written(batches)

    async def _written(self, batches: list[Batch]) -> None:
        told: tasks.Future[bool] = tasks.Future()
        entry = ([int(message.content()) for batch in batches for message in batch], told)
        self._world.writes.append(entry)
        try:
            await told
        finally:
            if entry in self._world.writes:
                self._world.writes.remove(entry)
        self._world.kept.update(entry[0])

    async def close(self) -> None:
        self.closed += 1


class Same(Processor):
    """Passes on."""

    def __init__(self, config: Any, resources: Any) -> None:
        pass

    def process(self, batch: Batch) -> list[Batch]:
        return [batch]


class Split(Same):
    """Makes two of one."""

    def process(self, batch: Batch) -> list[Batch]:
        return [batch, batch]


class Odd(Same):
    """Lets only odd numbers through."""

    def process(self, batch: Batch) -> list[Batch]:
        return [batch] if int(batch[0].content()) % 2 else []


class Pause(Same):
    """Waits to be told to go on."""

    def __init__(self, config: Any, resources: Any) -> None:
        self._world = _world[0]

    async def process(self, batch: Batch) -> list[Batch]:  # type: ignore[override]
        told: tasks.Future[bool] = tasks.Future()
        self._world.pauses.append(told)
        try:
            await told
        finally:
            if told in self._world.pauses:
                self._world.pauses.remove(told)
        return [batch]


def _catalogue() -> Catalogue:
    catalogue = Catalogue()
    for kind, name, cls, fields in (
        ("input", "life", Life, [boolean("auto_replay_nacks", default=False)]),
        ("output", "target", Target, [boolean("many", default=False)]),
        ("processor", "same", Same, []),
        ("processor", "split", Split, []),
        ("processor", "odd", Odd, []),
        ("processor", "pause", Pause, []),
    ):
        cls.__module__ = "headwater.protocol"  # trusted as those that come with the package
        catalogue.add(component(spec(kind, name, *fields, summary="Of a model."))(cls))  # type: ignore[arg-type]
    return catalogue


_world: list[ProtocolWorld] = []
"""The world that is being made: components find it there."""


class ProtocolWorld:
    """One stream under a scheduler, and what there is around it."""

    def __init__(self, scenario: Scenario, catalogue: Catalogue, config: StreamConfig) -> None:
        self.scenario = scenario
        self.left = list(range(scenario.messages))
        self.acked: set[int] = set()
        self.nacked: set[int] = set()
        self.kept: set[int] = set()
        self.wrong: list[str] = []
        self.lives: list[Life] = []
        self.targets: list[Target] = []
        self.writes: list[tuple[list[int], tasks.Future[bool]]] = []
        self.pauses: list[tasks.Future[bool]] = []
        self.drops = "odd" in scenario.rest or "memory" in scenario.rest
        self.ended = False
        self.faults = 1
        self.nacks = scenario.nacks
        self.stops = list(scenario.stops)
        self.stopping: list[tasks.Task[list[str]]] = []
        self.frozen: list[Mailbox] = []
        self.turns = Turns()
        self.clock = FakeClock()
        _world[:] = [self]
        services = Services(
            pool=self.turns,  # type: ignore[arg-type]
            clock=self.clock,
            lanes=Lanes(self.clock),
            loop=EventLoop(),
            catalogue=catalogue,
            metrics=MetricRegistry(),
            log=Log(_silent),
            endpoints=Endpoints(),
            hub=Hub(),
        )
        services.shared = SharedResources(services)
        ring = Ring.build("s", config, services)
        reference = StreamSupervisor.start(services, "s", config, ring, EventBus())
        supervisor = reference._actor_weakref()
        assert supervisor is not None
        self.supervisor = supervisor
        supervisor.crashed = lambda error: self.wrong.append(f"the supervisor failed: {error!r}")  # type: ignore[method-assign]
        self.opening = tasks.start(supervisor.open(), supervisor, watched=True)
        self._actors: list[Any] = [supervisor]
        if not scenario.early:
            self.let_all_take_turns()

    def let_all_take_turns(self) -> None:
        """Until nobody has anything to do, in the order in which they asked."""
        while self.turns.ready:
            self.turns.ready.pop(0).turn()
            self._names()

    def _names(self) -> dict[int, str]:
        for actor in self.supervisor.ring.actors.values():
            if actor not in self._actors:
                self._actors.append(actor)
        return {
            id(actor._mailbox): f"{actor.setting.name if place else 'supervisor'}{(place - 1) // 4 if place else ''}"
            for place, actor in enumerate(self._actors)
        }

    # -- headwater's explorer

    def actions(self) -> list[str]:
        if self.wrong:
            return []
        names = self._names()
        actions = [f"turn of {names[id(box)]}" for box in self.turns.ready if box not in self.frozen]
        actions += [f"thaw {names[id(box)]}" for box in self.frozen]
        if self.clock.next_due() is not None:
            actions.append("time passes")
        if self._reader() is not None:
            if self.left:
                actions.append("one message")
                if len(self.left) > 1:
                    actions.append("two messages")
            elif self.scenario.ends and not self.ended:
                actions.append("the source ends")
        for place, (numbers, told) in enumerate(self.writes):
            if not told.done():
                actions.append(f"write {place} of {numbers} works")
                if self.nacks:
                    actions.append(f"write {place} of {numbers} fails")
        actions += [f"pause {place} is over" for place, told in enumerate(self.pauses) if not told.done()]
        if self.opening.done():
            if self.faults and not self.stopping:
                actions += [f"{stage} dies" for stage in self.scenario.dies]
                actions += [f"{stage} hangs" for stage in self.scenario.hangs]
            if self.stops:
                actions.append(f"stop within {self.stops[0]}")
        return actions

    def do(self, action: str) -> None:
        _world[:] = [self]
        first, _, rest = action.partition(" ")
        last = action.rpartition(" ")[2]
        if first == "turn":
            names = self._names()
            box = next(box for box in self.turns.ready if names[id(box)] == last and box not in self.frozen)
            self.turns.ready.remove(box)
            box.turn()
        elif first == "thaw":
            names = self._names()
            self.frozen.remove(next(box for box in self.frozen if names[id(box)] == last))
        elif action == "time passes":
            due = self.clock.next_due()
            assert due is not None
            self.clock.advance(due)
        elif first in ("one", "two"):
            count = 1 if first == "one" else 2
            numbers, self.left = self.left[:count], self.left[count:]
            reader = self._reader()
            assert reader is not None
            assert reader.asked is not None
            reader.asked.set_result(numbers)
        elif action == "the source ends":
            self.ended = True
            reader = self._reader()
            assert reader is not None
            assert reader.asked is not None
            reader.asked.set_exception(EndOfInput())
        elif first == "write":
            told = self.writes[int(rest.split()[0])][1]
            if last == "works":
                told.set_result(True)
            else:
                self.nacks -= 1
                told.set_exception(Rejected("refused"))
        elif first == "pause":
            self.pauses[int(rest.split()[0])].set_result(True)
        elif last == "dies":
            self.faults -= 1
            self.supervisor.ring.actors[first].wake(_die)
        elif last == "hangs":
            self.faults -= 1
            actor = self.supervisor.ring.actors[first]
            self.frozen.append(actor._mailbox)
            actor.hangs(60)
        else:
            deadline = self.stops.pop(0)
            self.stopping.append(tasks.start(self.supervisor.shut(deadline), self.supervisor, watched=True))

    def _reader(self) -> Life | None:
        """The source that waits to be told what there is."""
        return next((life for life in self.lives if life.asked is not None and not life.asked.done()), None)

    def roots(self) -> Iterator[object]:
        yield self.supervisor
        yield from self._actors
        names = self._names()
        yield sorted(names[id(box)] for box in self.turns.ready)  # who is first is everybody's choice
        yield [box.actor for box in self.frozen]
        yield [entry[2].call for entry in sorted(self.clock._heap._entries, key=lambda entry: entry[:2])]
        apart = ("clock", "turns", "scenario", "wrong")
        yield [value for name, value in self.__dict__.items() if name not in apart]

    def problems(self) -> list[str]:
        if self.wrong:
            return self.wrong
        found = []
        if self.opening.done() and self.opening.error() is not None:
            found.append(f"the start failed: {self.opening.error()!r}")
        found += [f"a stop failed: {each.error()!r}" for each in self.stopping if each.done() and each.error()]
        if self.supervisor.reason and self.faults:
            found.append(f"a stage died by itself: {self.supervisor.reason}")
        if not found and not self._may_move():
            found = self._at_rest()
        return found

    def _may_move(self) -> bool:
        """Whether anything can happen that is not a choice of the world around: turns, time, what is under way."""
        return bool(self.turns.ready or self.clock.next_due() is not None or self.writes or self.pauses)

    def _at_rest(self) -> list[str]:
        found = []
        if not self.opening.done():
            return ["the stream never started"]
        if self.frozen:
            return []
        life = self.lives[-1]
        over = self.ended or bool(self.stopping)
        for each in self.lives:
            if each.open and not each.closed:
                found.append(f"{each.open} were read and are neither settled nor can they be read again")
            if each.closed > 1:
                found.append("an input was closed twice")
            if not each.closed and (over or each is not life):
                found.append("an input was never closed")
        for target in self.targets:
            if target.closed > 1:
                found.append("an output was closed twice")
            if not target.closed and (over or target is not self.targets[-1]):
                found.append("an output was never closed")
        found += ["a stop never ended" for each in self.stopping if not each.done()]
        if over:
            alive = [str(actor) for actor in self._actors[1:] if not actor.actor_stopped.is_set()]
            found += [f"{each} is still there" for each in alive]
            if self.supervisor.state not in ("stopped", *["finished"] * self.ended):
                found.append(f"the stream is {self.supervisor.state!r} in the end")
        else:
            if self._reader() is None:
                found.append("nobody waits for messages: a demand was lost")
            found += self._demands()
            if self.supervisor.state != "running":
                found.append(f"the stream is {self.supervisor.state!r}, not running")
        return found

    def _demands(self) -> list[str]:
        """What each stage has asked for is what the one before it knows to be asked for."""
        ring: dict[str, Any] = self.supervisor.ring.actors
        found = []
        names = [name for name in ("input", "buffer", "pipeline", "output") if name in ring]
        for before, after in itertools.pairwise(names):
            stage = ring[before]
            known = stage._credit if before == "pipeline" else stage._feed._demand
            asked = ring[after]._granted
            if known != asked:
                found.append(f"the {after} has asked for {asked}, the {before} knows of {known}")
        return found

    def close(self) -> None:
        for task in (self.opening, *self.stopping):
            if not task.done():
                task._coroutine.close()
        self._names()
        for actor in self._actors:
            pykka.ActorRegistry.unregister(actor.actor_ref)
        _world.clear()


def _die() -> None:
    raise RuntimeError("killed")


_silent = logging.getLogger("headwater.nobody")
_silent.propagate = False
_silent.addHandler(logging.NullHandler())

ONE = "pipeline: {threads: 1, processors: [{same: {}}]}"
WAITS = "pipeline: {threads: 2, processors: [{pause: {}}]}"
RING = ("input", "pipeline", "output")

SCENARIOS = (
    Scenario("one", ONE, messages=1, nacks=1, ends=True),
    Scenario("one is stopped", ONE, messages=1, stops=(1.0,)),
    Scenario("none, and it dies", messages=0, dies=("output",)),
    Scenario("one, and it dies", messages=1, dies=("output",)),
    Scenario("starts", early=True, messages=0, stops=(1.0,), dies=("input",)),
    Scenario("settles", ONE, nacks=1, ends=True),
    Scenario("direct", nacks=1, ends=True, stops=(None, 0.0)),
    Scenario("many", ONE, target="{many: true}", nacks=0, ends=True, stops=(1.0,)),
    Scenario("splits", "pipeline: {threads: 1, processors: [{split: {}}]}", messages=1, nacks=1, ends=True),
    Scenario("filters", "pipeline: {threads: 1, processors: [{odd: {}}]}", ends=True),
    Scenario("waits", WAITS, ends=True),
    Scenario("drains", ONE, messages=1, stops=(None, 0.0)),
    Scenario("drains in time", ONE, messages=1, stops=(2.0,)),
    Scenario("dies", ONE, messages=1, dies=RING),
    Scenario("dies directly", messages=2, dies=("input", "output"), stops=(0.0,)),
    Scenario("hangs", messages=1, hangs=("input", "output"), stops=(2.0,)),
    Scenario("replays", source="{auto_replay_nacks: true}", messages=1, nacks=2, stops=(None,)),
    Scenario("buffers", "buffer: {memory: {}}", messages=1, ends=True),
    Scenario("buffers and stops", "buffer: {memory: {}}", messages=1, stops=(2.0,), dies=("buffer",)),
)
"""Each small enough to be searched through, in time."""

WALKS = (
    Scenario("all at once", ONE, messages=4, nacks=2, dies=RING, hangs=RING, stops=(None, 1.0, 0.0)),
    Scenario("all, directly", messages=4, nacks=2, dies=("input", "output"), stops=(2.0, 0.0), turn=64),
    Scenario("all, replayed", WAITS, "{auto_replay_nacks: true}", messages=4, nacks=3, dies=RING, stops=(None, 0.0)),
    Scenario("all, many", ONE, target="{many: true}", messages=5, dies=RING, hangs=RING, stops=(1.0, 0.0), turn=64),
    Scenario("all, split", "pipeline: {processors: [{split: {}}]}", messages=3, nacks=2, dies=RING, stops=(2.0,)),
    Scenario(
        "all, buffered", f"buffer: {{memory: {{}}}}\n{ONE}", messages=4, dies=(*RING, "buffer"), stops=(None, 1.0, 0.0)
    ),
)
"""Too large for that: random ways through them."""


@contextlib.contextmanager
def worlds(scenario: Scenario) -> Iterator[Callable[[], ProtocolWorld]]:
    """How to make worlds of a scenario, with time standing still where stages look at it."""
    catalogue = _catalogue()
    text = f"input: {{life: {scenario.source}}}\noutput: {{target: {scenario.target}}}\n{scenario.rest}"
    config = read_stream(text, catalogue, environment={})
    still = SimpleNamespace(perf_counter=lambda: 0)
    with (
        warnings.catch_warnings(action="ignore", category=RuntimeWarning),  # of coroutines in worlds that are left
        mock.patch.object(dispatcher, "TURN", scenario.turn),
        mock.patch.object(feed, "time", still),
        mock.patch.object(feed, "Window", partial(Window, 1, 2)),
        mock.patch.object(output, "time", still),
        mock.patch.object(output, "Window", partial(Window, 1, 2)),
        mock.patch.object(buffer, "time", still),
        mock.patch.object(connection, "_now", still.perf_counter),
        mock.patch.object(chain, "_now", still.perf_counter),
        mock.patch.object(connection, "random", SimpleNamespace(uniform=lambda least, most: 1.0)),
        mock.patch.object(buffer, "Window", _narrow),
    ):
        yield lambda: ProtocolWorld(scenario, catalogue, config)


def _narrow(minimum: int) -> Window:
    return Window(2, 2)


def explore(scenario: Scenario, seconds: float) -> Explored:
    """Search a scenario."""
    with worlds(scenario) as make:
        return search(make, seconds)


def run(bench: Bench) -> Outcome:
    """Search the small ones, each with its share of the time, then go random ways through the large ones."""
    outcome = Outcome()
    states = steps = whole = ways = 0
    for place, scenario in enumerate(SCENARIOS):
        share = (bench.left - bench.seconds / 4) / (len(SCENARIOS) - place)
        for turn in (1, 64):
            found = explore(replace(scenario, turn=turn), max(0.1, share / 2))
            states, steps, whole = states + found.states, steps + found.steps, whole + found.whole
            _judge(outcome, scenario, found)
    for place, scenario in enumerate(WALKS):
        with worlds(scenario) as make:
            found = walk(make, bench.chance, max(0.1, bench.left / (len(WALKS) - place)))
        ways, steps = ways + found.states, steps + found.steps
        _judge(outcome, scenario, found)
    outcome.note = (
        f"{states} states, {whole} of {2 * len(SCENARIOS)} scenarios whole, {ways} random ways, {steps} steps"
    )
    return outcome


def _judge(outcome: Outcome, scenario: Scenario, found: Explored) -> None:
    for problem in found.problems:
        outcome.failures.append(f"{scenario.name}: {problem}, after: {'; '.join(found.path)}")
