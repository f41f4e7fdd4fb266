"""An output that is the test's: what came out, and failures on demand."""

from __future__ import annotations

from collections.abc import Callable

from headwater.testing.probe import Probe
from headwater.testing.received import Received


class Sink:
    """An output of a stream under test, in place of one of the stream's own."""

    def __init__(self) -> None:
        self.probe = Probe()
        self._taken = 0
        self._quiet: Callable[[], None] = lambda: None

    def attach(self, settle: Callable[[], None]) -> None:
        """Belong to a stream; `settle` waits until nothing more happens in it without time passing."""
        self._quiet = settle

    def received(self, count: int | None = None, *, timeout: float = 5.0) -> list[Received]:
        """What has come out since the last call.

        Args:
            count: Wait for so many messages, where calls that block on other threads bring them.
            timeout: Real seconds to wait for them.

        Raises:
            AssertionError: There were not so many in time.
        """
        self._quiet()
        if count is not None:
            probe = self.probe
            with probe.changed:
                came = probe.changed.wait_for(lambda: sum(map(len, probe.batches)) >= self._taken + count, timeout)
            if not came:
                raise AssertionError(
                    f"expected {count} messages, received {len(self.probe.messages) - self._taken}: "
                    f"{[Received(message) for message in self.probe.messages[self._taken :]]}"
                )
        fresh = self.probe.messages[self._taken :]
        self._taken += len(fresh)
        return [Received(message) for message in fresh]

    def batches(self) -> list[list[Received]]:
        """All that has come out, batch by batch."""
        self._quiet()
        with self.probe.changed:
            return [[Received(message) for message in batch] for batch in self.probe.batches]

    def reject(self, number: int = 1, reason: str = "rejected by the test") -> None:
        """Have the output reject the message that is the `number`th from now, once."""
        self.probe.reject(number, reason)

    def refuse(self, reason: str = "connection refused") -> None:
        """Have the output be unreachable until `heal`."""
        self.probe.refuse(reason)

    def hang(self) -> None:
        """Have the output take messages and say nothing until `heal`."""
        self.probe.hang()

    def heal(self) -> None:
        """Have the output work again."""
        self.probe.heal()
        self._quiet()
