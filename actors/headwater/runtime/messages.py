"""What the actors of a stream tell each other.

Demand travels up, chunks travel down, settlements go straight to the stage that read the transactions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pykka

from headwater.acknowledge import Failure
from headwater.message import Batches

Address = pykka.ActorRef[Any]
"""Where a stage can be told something; never the stage itself, so that it can stand in another process."""


def tell(address: Address | None, message: Any) -> None:
    """Tell an actor something, if it is still there to hear it."""
    if address is None:
        return
    try:
        address.tell(message)
    except pykka.ActorDeadError:
        return


class Receipt:
    """Settles the transactions of a chunk at the stage that read them."""

    __slots__ = ("_apply", "owner", "sent", "size")

    def __init__(
        self, owner: Address, size: int, apply: Callable[[Receipt, Sequence[int] | None, Failure | None], None]
    ) -> None:
        self.owner = owner
        self._apply = apply
        self.size = size
        self.sent = time.perf_counter()

    def settle(self, indices: Sequence[int] | None, failure: Failure | None) -> None:
        """Settle some transactions, or all at once; see `headwater.acknowledge.Settle`. From any thread."""
        tell(self.owner, Settlement(self, indices, failure))

    def apply(self, indices: Sequence[int] | None, failure: Failure | None) -> None:
        """Do it; in a turn of the owner."""
        self._apply(self, indices, failure)


class Demand:
    """How many more transactions the sender is ready to take."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count


class Chunk:
    """Several transactions that travel together.

    Attributes:
        batches: One batch each, or a part of one where a processor split it.
        receipt: Settles them.
        indices: The index of each at the receipt; None where they are 0, 1, 2, ...
    """

    __slots__ = ("batches", "indices", "receipt")

    def __init__(self, batches: Batches, receipt: Receipt, indices: Sequence[int] | None = None) -> None:
        self.batches = batches
        self.receipt = receipt
        self.indices = indices


class Settlement:
    """Transactions of a receipt are settled."""

    __slots__ = ("failure", "indices", "receipt")

    def __init__(self, receipt: Receipt, indices: Sequence[int] | None, failure: Failure | None) -> None:
        self.receipt = receipt
        self.indices = indices
        self.failure = failure


class Flush:
    """Nothing more will come: what waits for company goes out as it is."""


class End:
    """All that was sent has been settled: close, and pass this on."""


class Start:
    """To a stage: connect, and begin."""


class Drain:
    """To an input: read nothing more, wait for what is under way, then end."""


class Force:
    """To any stage: give up what is under way and close."""


class Started:
    """From a stage to its supervisor: it has begun."""

    __slots__ = ("sender", "stage")

    def __init__(self, stage: str, sender: Address) -> None:
        self.stage = stage
        self.sender = sender


class Ended:
    """From a stage to its supervisor: it has closed and stopped."""

    __slots__ = ("sender", "stage")

    def __init__(self, stage: str, sender: Address) -> None:
        self.stage = stage
        self.sender = sender


class Crashed:
    """From a stage to its supervisor: its own code or its component's failed."""

    __slots__ = ("error", "sender", "stage")

    def __init__(self, stage: str, sender: Address, error: BaseException) -> None:
        self.stage = stage
        self.sender = sender
        self.error = error
