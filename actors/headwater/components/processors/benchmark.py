"""Processor `benchmark`: how much passes."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.bloblang.gofloat import format_float
from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import boolean, duration, spec
from headwater.config.view import Config
from headwater.message import Message

SPEC = spec(
    "processor",
    "benchmark",
    duration("interval", "How often a line is written; 0s for the summary at the end alone.", default="5s"),
    boolean("count_bytes", "Whether bytes are counted too; that asks each message for its payload.", default=True),
    categories=("Utility",),
    summary="Write how many messages pass in a second to the log.",
    description="Writes a line at each interval, and one with the average of all time when it is closed.",
    examples=(("Every second", "pipeline:\n  processors:\n    - benchmark:\n        interval: 1s\n"),),
)

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


@component(SPEC)
class Benchmark(Processor):
    """Counts what passes, and writes it to the log."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._clock = resources.clock
        self._interval = config.duration("interval")
        self._counts_bytes = config.boolean("count_bytes")
        self._started = self._since = self._clock.now()
        self._messages = self._bytes = 0
        self._all_messages = self._all_bytes = 0
        self._closed = False
        self._timer = self._clock.after(self._interval, self._tick) if self._interval > 0 else None
        self.each = self._each

    # HOT: once a chunk
    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        self._messages += len(messages)
        if self._counts_bytes:
            self._bytes += sum([len(message.content()) for message in messages])
        return list(messages)

    def _tick(self) -> None:
        if self._closed:
            return
        now = self._clock.now()
        messages, size = self._take()
        self._write("rolling", messages, size, now - self._since)
        self._since = now
        self._timer = self._clock.after(self._interval, self._tick)

    def _take(self) -> tuple[int, int]:
        messages, size = self._messages, self._bytes
        self._messages -= messages
        self._bytes -= size
        self._all_messages += messages
        self._all_bytes += size
        return messages, size

    def _write(self, window: str, messages: int, size: int, seconds: float) -> None:
        seconds = max(seconds, 1e-9)
        rate = round(messages / seconds, 6)
        text = f"{window} stats: {format_float(rate, 'f', -1)} msg/sec"
        if self._counts_bytes:
            text += f", {_human(size / seconds)}/sec"
        self._log.info(text)

    async def close(self) -> None:
        """Write the summary."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._take()
        self._write("total", self._all_messages, self._all_bytes, self._clock.now() - self._started)


def _human(size: float) -> str:
    """A number of bytes as people write it: ``82 kB``, ``1.5 MB``."""
    whole = int(size)
    if whole < 10:
        return f"{whole} B"
    power = 0
    value = float(whole)
    while value >= 1000 and power < len(_UNITS) - 1:
        value /= 1000
        power += 1
    rounded = int(value * 10 + 0.5) / 10
    return f"{rounded:.1f} {_UNITS[power]}" if rounded < 10 and power else f"{rounded:.0f} {_UNITS[power]}"
