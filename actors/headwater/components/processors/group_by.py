"""Processor `group_by`: a batch of its own for each group of messages, by queries."""

from __future__ import annotations

from headwater.bloblang import BloblangError, Mapping
from headwater.components.catalogue import component
from headwater.components.composition import close_all, run_at_once
from headwater.components.contracts import Processor
from headwater.components.resources import Chain, Resources
from headwater.config.fields import mapping, objects, processors, spec
from headwater.config.view import Config
from headwater.errors import BuildError, ConfigError
from headwater.message import Batch

SPEC = spec(
    "processor",
    "group_by",
    root=objects(
        "",
        mapping(
            "check",
            "A query about a message: those for which it is true belong to this group.",
            examples=('this.type == "foo"', "true"),
        ),
        processors("processors", "What is done to the group.", default=[]),
    ),
    categories=("Composition",),
    composite=True,
    summary="Split a batch into groups, each a batch of its own.",
    description=(
        "A message belongs to the first group whose check is true for it; those that belong to none are a group as "
        "well, "
        "which comes last. A check that fails counts as false."
    ),
    examples=(
        (
            "Archive some of it",
            'pipeline:\n  processors:\n    - group_by:\n        - check: this.kind == "log"\n          processors:\n'
            "            - archive:\n                format: lines\n",
        ),
    ),
)


@component(SPEC)
class GroupBy(Processor):
    """Splits a batch by queries and runs the children of each group over it."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._groups: list[tuple[Mapping, Chain]] = []
        for index, group in enumerate(config.objects()):
            try:
                check = group.mapping("check")
                if check is None:
                    raise ConfigError("field 'check' is required and was not present in the config")
                self._groups.append((check, resources.build_chain(group.children("processors"))))
            except ConfigError as error:
                kind = BuildError if isinstance(error, BuildError) else ConfigError
                raise kind(f"group '{index}' parse error: {error}") from error
        run_at_once(self, [chain for _, chain in self._groups])

    async def process(self, batch: Batch) -> list[Batch]:
        """Form the groups, and run the children of each over it."""
        groups: list[Batch] = [[] for _ in self._groups]
        groupless: Batch = []
        for place, message in enumerate(batch):
            group = self._group_of(batch, place)
            (groupless if group is None else groups[group]).append(message)
        results: list[Batch] = []
        for (_, chain), members in zip(self._groups, groups, strict=True):
            if members:
                results += await chain.process([members])
        if groupless:
            results.append(groupless)
        return results

    def _group_of(self, batch: Batch, place: int) -> int | None:
        for index, (check, _) in enumerate(self._groups):
            try:
                if check.check(batch[place], batch, place):
                    return index
            except BloblangError as error:
                self._resources.log.error(f"Failed to test group {index}: {error}")
        return None

    async def close(self) -> None:
        """Close the children of all groups."""
        await close_all(chain for _, chain in self._groups)
