"""The output of a stream under test: keeps what arrives, and fails as it is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.resources import Resources
from headwater.config.fields import integer, spec, text
from headwater.config.view import Config
from headwater.errors import BatchFailure, ComponentError, NotConnected, Rejected
from headwater.message import Batch, Message

NAME = "headwater_test"


class Probe:
    """What a test and the output of its stream share. Safe to use from any thread."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.batches: list[Batch] = []
        self.refusal = ""
        self.hanging = False
        self._seen = 0
        self._rejections: dict[int, str] = {}
        self._released: list[tasks.Future[None]] = []

    @property
    def messages(self) -> list[Message]:
        """All that has arrived, in order."""
        with self.changed:
            return [message for batch in self.batches for message in batch]

    def reject(self, number: int, reason: str) -> None:
        """Refuse the message that is the `number`th from now, once."""
        with self.changed:
            self._rejections[self._seen + number] = reason

    def refuse(self, reason: str) -> None:
        """Be not reachable from now on."""
        with self.changed:
            self.refusal = reason

    def hang(self) -> None:
        """Take messages and say nothing from now on."""
        with self.changed:
            self.hanging = True

    def heal(self) -> None:
        """Work again."""
        with self.changed:
            self.refusal = ""
            self.hanging = False
            released, self._released = self._released, []
        for future in released:
            future.fire()

    async def write(self, batch: Batch) -> None:
        """Take a batch, or fail as told."""
        while True:
            with self.changed:
                if self.refusal:
                    raise NotConnected(self.refusal)
                if not self.hanging:
                    break
                released: tasks.Future[None] = tasks.Future()
                self._released.append(released)
            await released
        with self.changed:
            failures: dict[int, Exception] = {}
            for index in range(len(batch)):
                self._seen += 1
                reason = self._rejections.pop(self._seen, None)
                if reason is not None:
                    failures[index] = Rejected(reason)
            kept = [message for index, message in enumerate(batch) if index not in failures]
            if kept:
                self.batches.append(kept)
            self.changed.notify_all()
        if len(failures) == len(batch):
            raise next(iter(failures.values()))
        if failures:
            raise BatchFailure(failures)


def output_class(probes: Mapping[str, Probe]) -> type[Any]:
    """An output component that hands all to one of some probes."""

    @component(
        spec(
            "output",
            NAME,
            integer("max_in_flight", "How many batches may be under way at once.", default=1),
            text("probe", "Which one gets what is written.", default=""),
            summary="Hand messages to the test that runs the stream.",
        )
    )
    class TestOutput(Output):
        def __init__(self, config: Config, resources: Resources) -> None:
            self.max_in_flight = config.integer("max_in_flight")
            self._probe = probes[config.text("probe")]

        async def connect(self) -> None:
            with self._probe.changed:
                refusal = self._probe.refusal
            if refusal:
                raise ComponentError(refusal)

        async def write(self, batch: Batch) -> None:
            await self._probe.write(batch)

    return TestOutput
