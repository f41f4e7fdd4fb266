"""The pool: no message is lost, no two turns of an actor overlap, and who asks a stopped actor is told so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pykka
import pytest

from headwater import tasks
from headwater.clock import FakeClock, SystemClock
from headwater.runtime.dispatcher import PooledActor
from headwater.runtime.lanes import Lanes
from headwater.runtime.pool import Pool


class Place:
    """A pool with all that an actor needs."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.pool = Pool(4)
        self.lanes = Lanes(self.clock)

    @property
    def all(self) -> tuple[Pool, SystemClock, Lanes]:
        return self.pool, self.clock, self.lanes


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.pool.close()
    made.lanes.close()
    made.clock.close()


class Counting(PooledActor):
    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.count = 0
        self.inside = 0
        self.overlaps = 0

    def on_receive(self, message: Any) -> int:
        self.inside += 1
        if self.inside != 1:
            self.overlaps += 1
        self.count += 1
        self.inside -= 1
        return self.count


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads that change all the time, so that races have their chance."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def _tell_many(reference: Any) -> None:
    for number in range(300):
        reference.tell(number)


def test_nothing_is_lost_and_turns_do_not_overlap(place: Place, hurried: None) -> None:
    for _ in range(20):
        reference = Counting.start(*place.all)
        actor = reference._actor_weakref()
        senders = [threading.Thread(target=_tell_many, args=(reference,)) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert reference.ask("last") == 1201
        assert actor is not None
        assert actor.overlaps == 0
        reference.stop()


def test_whoever_asks_while_the_actor_stops_is_answered(place: Place, hurried: None) -> None:
    for _ in range(200):
        reference = Counting.start(*place.all)
        answers: list[Any] = []

        def ask(reference: Any = reference, answers: list[Any] = answers) -> None:
            try:
                answers.append(reference.ask("x", timeout=5))
            except pykka.ActorDeadError as error:
                answers.append(error)

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        reference.stop(block=False)
        for asker in askers:
            asker.join(10)
        assert len(answers) == 3


def test_a_stopped_actor_is_in_no_registry(place: Place) -> None:
    reference = Counting.start(*place.all)
    assert reference in pykka.ActorRegistry.get_all()
    reference.stop()
    assert reference not in pykka.ActorRegistry.get_all()


def test_a_message_that_fails_does_not_stop_the_actor_or_any_other(place: Place) -> None:
    class Failing(Counting):
        failures: list[BaseException]

        def on_receive(self, message: Any) -> int:
            if message == "boom":
                raise SystemExit(1)
            return super().on_receive(message)

        def crashed(self, error: BaseException) -> None:
            self.failures = [error]

    failing = Failing.start(*place.all)
    other = Counting.start(*place.all)
    failing.tell("boom")
    assert failing.ask("x") == 1
    assert other.ask("x") == 1
    actor = failing._actor_weakref()
    assert actor is not None
    assert isinstance(actor.failures[0], SystemExit)


def test_lanes_run_what_blocks_side_by_side_and_end_when_idle(place: Place) -> None:
    reference = Counting.start(*place.all)
    actor = reference._actor_weakref()
    assert actor is not None
    both = threading.Barrier(2, timeout=5)

    async def work() -> list[int]:
        return await tasks.gather(tasks.blocking(both.wait), tasks.blocking(both.wait))

    assert sorted(tasks.start(work(), actor).wait(5)) == [0, 1]
    assert len(place.lanes) == 2
    place.lanes.close()


def test_a_lane_that_hangs_holds_nobody_up(place: Place) -> None:
    reference = Counting.start(*place.all)
    actor = reference._actor_weakref()
    assert actor is not None
    never = threading.Event()
    task = tasks.start(tasks.blocking(never.wait), actor)
    assert reference.ask("x") == 1
    task.cancel()
    with pytest.raises(tasks.Cancelled):
        task.wait(5)
    never.set()


def test_timers_that_are_cancelled_leave_nothing() -> None:
    clock = SystemClock()
    try:
        timers = [clock.after(3600, lambda: None) for _ in range(1000)]
        for timer in timers:
            timer.cancel()
        assert clock.pending() == 0
    finally:
        clock.close()


def test_turns_that_never_end_hold_their_threads_and_nobody_else() -> None:
    clock = SystemClock()
    pool = Pool(2, clock=clock)
    pool.STUCK_SECONDS = 0.01  # type: ignore[misc]
    lanes = Lanes(clock)
    release = threading.Event()

    class Hanging(Counting):
        def on_receive(self, message: Any) -> int:
            release.wait()
            return 0

    try:
        for _ in range(3):
            Hanging.start(pool, clock, lanes).tell("hang")
        others = [Counting.start(pool, clock, lanes) for _ in range(8)]
        for other in others:
            other.tell("x")
        assert [other.ask("y", timeout=5) for other in others] == [2] * 8
    finally:
        release.set()
        pool.close()
        lanes.close()
        clock.close()


class Passing(PooledActor):
    """Passes a number on to another, one less each time, and notes on which threads."""

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.threads: list[str] = []
        self.other: pykka.ActorRef[Passing] | None = None
        self.done = threading.Event()

    def on_receive(self, message: Any) -> None:
        if not isinstance(message, int):
            self.other = message
            return
        self.threads.append(threading.current_thread().name)
        if message and self.other is not None:
            self.other.tell(message - 1)
            self.actor_ref.tell(0)
        else:
            self.done.set()


@pytest.fixture
def pair(place: Place) -> Iterator[tuple[Any, Any]]:
    left, right = Passing.start(*place.all), Passing.start(*place.all)
    left.ask(right)
    right.ask(left)
    yield left, right
    left.stop()
    right.stop()


def test_a_thread_that_is_lent_runs_what_its_call_causes(place: Place, pair: tuple[Any, Any]) -> None:
    actors = [each._actor_weakref() for each in pair]
    assert place.pool.lend(lambda: pair[0].tell(3) or "told") == "told"
    noted = [name for actor in actors for name in actor.threads]
    assert noted == [threading.current_thread().name] * 7


def test_a_lent_thread_leaves_the_rest_to_the_pool(place: Place, pair: tuple[Any, Any]) -> None:
    actors = [each._actor_weakref() for each in pair]
    for actor in actors:
        actor.done.clear()
    place.pool.lend(lambda: pair[0].tell(400))
    for _ in range(500):
        if sum(len(actor.threads) for actor in actors) >= 801:
            break
        threading.Event().wait(0.01)
    noted = [name for actor in actors for name in actor.threads]
    assert len(noted) == 801
    assert {name for name in noted if name != threading.current_thread().name}


def test_what_waits_behind_a_turn_that_takes_long_is_taken_over(place: Place) -> None:
    clock = SystemClock()
    pool = Pool(2, clock=clock)
    lanes = Lanes(clock)
    behind = [Counting.start(pool, clock, lanes) for _ in range(3)]
    answers: list[int] = []

    class Asking(Counting):
        """Does what no actor should: waits in its turn for those that it has told something."""

        def on_receive(self, message: Any) -> int:
            futures = [each.ask("x", block=False) for each in behind]
            answers.extend(future.get(timeout=5) for future in futures)
            return 0

    try:
        Asking.start(pool, clock, lanes).ask("go", timeout=10)
        assert answers == [1, 1, 1]
    finally:
        pool.close()
        lanes.close()
        clock.close()


def test_what_one_thread_would_keep_waiting_too_long_is_for_all(pair: tuple[Any, Any], place: Place) -> None:
    told = [Counting.start(*place.all) for _ in range(Pool.OWN + 10)]

    class Telling(Counting):
        def on_receive(self, message: Any) -> int:
            for each in told:
                each.tell("x")
            return len(place.pool._own[threading.get_ident()])

    assert Telling.start(*place.all).ask("go", timeout=10) == Pool.OWN
    assert [each.ask("y", timeout=5) for each in told] == [2] * len(told)


def test_actors_that_manage_others_come_first() -> None:
    pool = Pool(1)
    order: list[str] = []

    class Named(PooledActor):
        def on_receive(self, message: Any) -> None:
            order.append(message)

    class Managing(Named):
        URGENT = True

    gate, going = threading.Event(), threading.Event()

    class Blocking(PooledActor):
        def on_receive(self, message: Any) -> None:
            going.set()
            gate.wait(5)

    clock = FakeClock()
    lanes = Lanes(clock)
    try:
        Blocking.start(pool, clock, lanes).tell("hold the only thread")
        assert going.wait(5)
        workers = [Named.start(pool, clock, lanes) for _ in range(20)]
        for worker in workers:
            worker.tell("work")
        manager = Managing.start(pool, clock, lanes)
        answer = manager.ask("manage", block=False)
        gate.set()
        answer.get(timeout=5)
        for worker in workers:
            worker.ask("more", timeout=5)
        assert order[0] == "manage"
    finally:
        gate.set()
        pool.close()
        lanes.close()


def test_threads_are_added_when_all_are_held_by_turns_that_do_not_end() -> None:
    clock = SystemClock()
    pool = Pool(2, clock=clock)
    lanes = Lanes(clock)
    gate = threading.Event()

    class Hanging(PooledActor):
        def on_receive(self, message: Any) -> None:
            gate.wait(20)

    try:
        for _ in range(2):
            Hanging.start(pool, clock, lanes).tell("hang")
        assert Counting.start(pool, clock, lanes).ask("turn", timeout=10) == 1
    finally:
        gate.set()
        pool.close()
        lanes.close()
        clock.close()
