"""Processor `branch`: children for a copy, and what came of it mapped back."""

from __future__ import annotations

from headwater.components import branching
from headwater.components.branching import branch_fields
from headwater.components.catalogue import component
from headwater.components.composition import run_at_once
from headwater.components.contracts import Processor
from headwater.components.resources import Resources
from headwater.config.fields import spec
from headwater.config.view import Config
from headwater.message import Batch

SPEC = spec(
    "processor",
    "branch",
    *branch_fields(),
    categories=("Composition",),
    composite=True,
    summary="Map messages to requests, run processors on those, and map the results back into the messages.",
    description=(
        "The messages keep all that the result mapping does not change. Where the request mapping fails, the "
        "processors "
        "fail or the result mapping fails, the message stays as it was, marked as failed. Marks that messages have "
        "before "
        "are kept, and the processors do not see them."
    ),
    examples=(
        (
            "Add what a service knows",
            "pipeline:\n  processors:\n    - branch:\n        request_map: root.id = this.customer.id\n"
            "        processors:\n          - http:\n              url: http://localhost:8080/customers\n"
            "              verb: POST\n        result_map: root.customer.name = this.name\n",
        ),
    ),
)


@component(SPEC)
class Branch(Processor):
    """Runs a branch over batches."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self.branch = branching.Branch(config, resources)
        run_at_once(self, [self.branch.chain])

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the branch, and mark what failed."""
        outcome = await self.branch.run(batch)
        marks = dict(outcome.failures)
        if outcome.error is not None:
            logged = {place: "" for place in range(len(batch)) if place not in marks}
            marks.update({place: self.branch.mark(outcome.error) for place in logged})
            changed = list(batch)
        else:
            changed, failures = self.branch.overlay(batch, outcome.results)
            logged = {place: f"Branch error: {mark.text}" for place, mark in failures.items()}
            marks.update(failures)
        if marks:
            changed = list(changed)
            for place, mark in marks.items():
                self._resources.count_failure(logged.get(place, mark.text))
                changed[place] = batch[place].with_error(mark)
        return [changed]

    async def close(self) -> None:
        """Close the processors."""
        await self.branch.close()
