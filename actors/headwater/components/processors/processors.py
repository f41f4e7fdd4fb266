"""Processor `processors`: children one after the other."""

from __future__ import annotations

from headwater.components.catalogue import component
from headwater.components.composition import OneChain
from headwater.config.fields import processors, spec

SPEC = spec(
    "processor",
    "processors",
    root=processors(default=[], description="What is done to a batch."),
    categories=("Composition",),
    composite=True,
    summary="Run processors one after the other, as one.",
    description="Makes one processor of many, for places that take one only, such as a resource.",
    examples=(
        (
            "A resource of two steps",
            "processor_resources:\n  - label: tidy\n    processors:\n      - mapping: root = this.body\n"
            "      - mapping: root = content().trim()\n",
        ),
    ),
)


@component(SPEC)
class Processors(OneChain):
    """Hands batches to its children."""
