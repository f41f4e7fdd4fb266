"""Input `sequence`: one input after the other, and joins of what they have."""

from __future__ import annotations

from typing import Any

from headwater import tasks
from headwater.acknowledge import Delivery
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.inputs._joins import Joiner
from headwater.components.replays import Replays, Transaction
from headwater.components.resources import Resources
from headwater.config.fields import children, choice, integer, obj, spec, text
from headwater.config.view import Config
from headwater.errors import ConfigError, EndOfInput

SPEC = spec(
    "input",
    "sequence",
    obj(
        "sharded_join",
        choice(
            "type",
            ("none", "full-outer", "outer", "full-outter", "outter"),
            "`full-outer` hands on all that was joined, `outer` only what the last input has.",
            default="none",
            advanced=True,
        ),
        text("id_path", "The path of the text that joins documents.", default="", advanced=True),
        integer(
            "iterations",
            "How many times all inputs are read; each time only a part of the identities is kept in memory.",
            default=1,
            advanced=True,
        ),
        choice(
            "merge_strategy",
            ("array", "replace", "keep"),
            "What becomes of fields that several documents have.",
            default="array",
            advanced=True,
        ),
        description="Join the documents of all inputs by an identity.",
        advanced=True,
    ),
    children("input", "inputs", "The inputs, in order."),
    categories=("Utility",),
    summary="Read inputs one after the other, each to its end.",
    description=(
        "A join keeps documents in memory until all inputs were read, and acks them when it has them: they are lost "
        "when the process dies before."
    ),
    composite=True,
    examples=(
        (
            "Files, then what comes in",
            "input:\n  sequence:\n    inputs:\n      - file: { paths: [ ./backlog.jsonl ] }\n"
            "      - http_server: { path: /post }\n",
        ),
    ),
)


@component(SPEC)
class Sequence(Input):
    """Opens an input when the one before has ended and all of it is settled."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._configs = config.children("inputs")
        self._resources = resources
        if not self._configs:
            raise ConfigError("requires at least one child input")
        join = config.object("sharded_join")
        self._joiner = Joiner(join) if join.text("type") != "none" else None
        self._rounds = max(1, join.integer("iterations")) if self._joiner is not None else 1
        self._round = 0
        self._place = 0
        self._child: Input | None = resources.build_input(self._configs[0])
        for each in self._configs[1:]:
            # Made to see whether it can be; it is made again when its turn comes.
            resources.release(resources.build_input(each))
        self._reading: tasks.Task[Delivery] | None = None
        self.stalled: tasks.Event = tasks.Event()
        self._replays = Replays(self.stalled)

    async def connect(self) -> None:
        if self._child is not None:
            await self._child.connect()

    async def read(self, limit: int) -> Delivery:
        if self._joiner is None:
            return await self._next(limit)
        return await self._joined(limit, self._joiner)

    async def _next(self, limit: int) -> Delivery:
        """The next delivery of the current input; goes on to the next input at its end. Raises: EndOfInput."""
        while self._child is not None:
            try:
                return await self._next_of_one(limit)
            except EndOfInput:
                await self._advance()
                if self._child is None:
                    self._resources.log.info("Exhausted all sequence inputs, shutting down.")
        raise EndOfInput

    async def _awaited(self, reading: tasks.Task[Any], stalled: tasks.Event | None) -> None:
        while not reading.done():
            if stalled is None:
                await tasks.first(reading)
            elif not stalled.is_set():
                await tasks.first(reading, stalled.future)
            else:
                self.stalled.set()
                try:
                    await tasks.first(reading)
                finally:
                    self.stalled.clear()

    async def _advance(self) -> None:
        """Close the current input and make the next one; None behind the last."""
        child, self._child = self._child, None
        if child is not None:
            await child.close()
            self._resources.release(child)
        self._place += 1
        if self._place < len(self._configs):
            self._child = self._resources.build_input(self._configs[self._place])

    async def _joined(self, limit: int, joiner: Joiner) -> Delivery:
        """Joined documents: read all inputs, hand out what was made of them, and again for each round."""
        while True:
            if self._child is None or len(self._replays):
                delivery = await self._replays.take(limit, lambda: False)
                if delivery is not None:
                    return delivery
                if self._round + 1 >= self._rounds and self._child is None:
                    raise EndOfInput
                if self._child is None:
                    self._round += 1
                    self._place = 0
                    self._child = self._resources.build_input(self._configs[0])
            last = self._place == len(self._configs) - 1
            try:
                read = await self._next_of_one(limit)
            except EndOfInput:
                await self._advance()
                if self._child is None:
                    for message in joiner.flush():
                        self._replays.add(Transaction([message], lambda _: None))
                    if self._round + 1 >= self._rounds:
                        self._resources.log.info(
                            "Finished all sharded iterations and exhausted all sequence inputs, shutting down."
                        )
                continue
            for batch in read.batches:
                for message in batch:
                    made = joiner.add(message, last, self._round, self._rounds)
                    if made is not None:
                        self._replays.add(Transaction([made], lambda _: None))
            read.settle(None, None)

    async def _next_of_one(self, limit: int) -> Delivery:
        """The next delivery of the current input. Raises: EndOfInput at its end."""
        assert self._child is not None
        if self._reading is None:
            self._reading = tasks.spawn(self._child.read(limit), "sequence read", watched=True)
        reading = self._reading
        await self._awaited(reading, self._child.stalled)
        self._reading = None
        return reading.result()

    def drain(self) -> None:
        self._replays.drain()

    async def close(self) -> None:
        self._replays.close()
        if self._reading is not None:
            self._reading.cancel()
        if self._child is not None:
            await self._child.close()
