"""Input `batched`: another input, its messages joined into batches."""

from __future__ import annotations

from headwater.components.batching import BatchedInput, Batcher
from headwater.components.catalogue import component
from headwater.components.resources import Resources
from headwater.config.fields import batch_policy, child, spec
from headwater.config.view import Config

SPEC = spec(
    "input",
    "batched",
    child("input", "child", "The input whose messages are joined."),
    batch_policy("policy"),
    categories=("Utility",),
    summary="Join the messages of another input into batches.",
    description=(
        "Batches of the child are joined and never split. What waits for company goes out when the child ends, and "
        "when the stream is stopped."
    ),
    composite=True,
    examples=(
        (
            "Batches of ten, or of what came within a second",
            "input:\n  batched:\n    child:\n      stdin: {}\n    policy:\n      count: 10\n      period: 1s\n",
        ),
    ),
)


@component(SPEC)
class Batched(BatchedInput):
    """A child behind a batch policy."""

    def __init__(self, config: Config, resources: Resources) -> None:
        source = resources.build_input(config.child("child"))
        super().__init__(source, Batcher(config.object("policy"), resources))
