"""How a delivery is settled: each of its transactions once, acked (no failure) or nacked (a failure).

An input hands over a `Delivery`: one or more batches, each a transaction of its own, and how to settle them. Downstream
nobody calls `settle` twice for the same transaction, and nobody forgets one: what comes of a transaction - nothing at
all, one batch, many - is counted until the last of it was delivered, filtered or dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.errors import BatchFailure, ComponentError
from headwater.message import Batch, Batches

Failure = ComponentError
"""Why a transaction was nacked. A `BatchFailure` says which messages of the batch (by `Message.origin`) it is about."""

Settle = Callable[[Sequence[int] | None, Failure | None], None]
"""Settle the transactions at these indices of a delivery, or (None) all of it at once, which is only right when none
was settled before. Called in a turn of the host that read the delivery; must neither block nor raise."""


def no_settlement(indices: Sequence[int] | None, failure: Failure | None) -> None:
    """For inputs to which it makes no difference."""


@dataclass(slots=True)
class Delivery:
    """What an input read: transactions, in order.

    Attributes:
        batches: One batch a transaction; none is empty.
        settle: To be called until every transaction is settled.
    """

    batches: Batches
    settle: Settle = no_settlement


@dataclass(slots=True)
class Fragments:
    """Counts what became of one transaction until all of it is settled.

    Attributes:
        pending: How many parts are not settled yet.
        done: Called once, with the failure of the whole: None, the one that fits all, or a `BatchFailure` by origin.
    """

    pending: int
    done: Callable[[Failure | None], None]
    failures: dict[int, Exception] = field(default_factory=dict)
    whole: Failure | None = None

    def settle(self, part: Batch, failure: Failure | None) -> None:
        """One part was delivered, or failed; `part` is the batch as it was sent."""
        if failure is not None:
            self._note(part, failure)
        self.pending -= 1
        if self.pending == 0:
            if self.whole is None and self.failures:
                self.done(BatchFailure(self.failures))
            else:
                self.done(self.whole)

    def _note(self, part: Batch, failure: Failure) -> None:
        reasons: Mapping[int, Exception]
        if isinstance(failure, BatchFailure):
            reasons = {index: error for index, error in failure.failures.items() if index < len(part)}
        else:
            reasons = dict.fromkeys(range(len(part)), failure)
        for index, error in reasons.items():
            origin = part[index].origin
            if origin < 0:
                self.whole = failure
            else:
                self.failures.setdefault(origin, error)


def failed_messages(batch: Batch, failure: Failure | None) -> Batch:
    """The messages of a batch that a failure by origin is about: those that must be sent again."""
    if failure is None:
        return []
    if not isinstance(failure, BatchFailure):
        return batch
    return [message for index, message in enumerate(batch) if index in failure.failures]
