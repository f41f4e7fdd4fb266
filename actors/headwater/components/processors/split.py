"""Processor `split`: smaller batches of a batch."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import integer, spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "split",
    integer("size", "Most messages of a batch; 0 for no such limit.", default=1),
    integer("byte_size", "Most bytes of a batch; 0 for no such limit.", default=0),
    categories=("Utility",),
    summary="Split a batch into smaller ones.",
    description="A message that is larger than `byte_size` becomes a batch of its own.",
    examples=(
        (
            "Each line by itself",
            "pipeline:\n  processors:\n    - unarchive:\n        format: lines\n    - split:\n        size: 1\n",
        ),
    ),
)


@component(SPEC)
class Split(Processor):
    """Cuts batches."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._log = resources.log
        self._size = config.integer("size")
        self._byte_size = config.integer("byte_size")

    def process(self, batch: Batch) -> list[Batch]:
        """Cut a batch where it becomes too large."""
        size, byte_size = self._size, self._byte_size
        if byte_size <= 0:
            return [batch] if size <= 0 else [batch[start : start + size] for start in range(0, len(batch), size)]
        results: list[Batch] = []
        current: Batch = []
        bytes_so_far = 0
        for message in batch:
            length = message.size()
            if current and (0 < size <= len(current) or bytes_so_far + length > byte_size):
                results.append(current)
                current, bytes_so_far = [], 0
            if length > byte_size:
                self._log.warning(
                    f"A single message exceeds the target batch byte size of '{byte_size}', actual size: '{length}'"
                )
            current.append(message)
            bytes_so_far += length
        results.append(current)
        return results
