"""Processor `workflow`: branches in the order of what they need."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headwater import tasks
from headwater.bloblang.registry import Environment
from headwater.bloblang.values import split_path
from headwater.components import branching
from headwater.components.branch_order import check_order, places_read, places_written, tiers
from headwater.components.branching import Branch, Outcome, branch_fields
from headwater.components.catalogue import component
from headwater.components.composition import never_waits, run_at_once
from headwater.components.contracts import Processor
from headwater.components.payloads import structured
from headwater.components.resources import Resources
from headwater.config.fields import object_map, spec, text, text_lists, texts
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "workflow",
    text(
        "meta_path",
        "Where in the document it is written down which branches succeeded, failed and were skipped. When empty, "
        "messages "
        "for which a branch failed are marked as failed instead.",
        default="meta.workflow",
    ),
    text_lists(
        "order",
        "The branches tier by tier, those of a tier side by side. Without it the order follows from the mappings: a "
        "branch "
        "runs behind those that write what it reads. Names that are no branches here are those of processor resources.",
        default=[],
        examples=([["foo", "bar"], ["baz"]], [["foo"], ["bar"], ["baz"]]),
    ),
    texts("branch_resources", "Branches that are processor resources, by label.", default=[], advanced=True),
    object_map("branches", *branch_fields(), description="The branches, by name.", default={}),
    categories=("Composition",),
    composite=True,
    summary="Run branches in the order of what they need of each other, side by side where they need nothing.",
    description=(
        "What is written at `meta_path` counts the next time the message comes by: branches that succeeded or were "
        "skipped "
        "are not run again, and what was there before is kept as `previous`. A list of names at `apply` there says "
        "which "
        "branches shall run at all."
    ),
    examples=(
        (
            "The second needs the first",
            "pipeline:\n  processors:\n    - workflow:\n        branches:\n          double:\n"
            "            request_map: root = this.n\n            processors:\n              - mapping: root = this * "
            "2\n"
            "            result_map: root.doubled = this\n          more:\n            request_map: root = "
            "this.doubled\n"
            "            processors:\n              - mapping: root = this + 1\n            result_map: root.more = "
            "this\n",
        ),
    ),
)

_NAME = re.compile(r"[a-zA-Z0-9_-]+")


class _Record:
    """What became of the branches for one message."""

    __slots__ = ("failed", "skipped", "succeeded")

    def __init__(self, names: set[str]) -> None:
        self.succeeded = set(names)
        self.skipped: set[str] = set()
        self.failed: dict[str, str] = {}

    def skip(self, name: str) -> None:
        self.succeeded.discard(name)
        self.skipped.add(name)

    def fail(self, name: str, text: str) -> None:
        self.succeeded.discard(name)
        self.skipped.discard(name)
        self.failed[name] = text

    def document(self) -> dict[str, Any]:
        written: dict[str, Any] = {}
        if self.succeeded:
            written["succeeded"] = sorted(self.succeeded)
        if self.skipped:
            written["skipped"] = sorted(self.skipped)
        if self.failed:
            written["failed"] = dict(self.failed)
        return written


@component(SPEC)
class Workflow(Processor):
    """Runs branches tier by tier and writes down what became of them."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._environment: Environment = config.catalogue.bloblang or Environment.default()
        meta_path = config.text("meta_path")
        self._meta_path = split_path(meta_path) if meta_path else []
        self._branches: dict[str, Branch] = {}
        for name, branch in config.object_map("branches").items():
            if _NAME.fullmatch(name) is None:
                raise ConfigError(f"workflow branch name '{name}' contains invalid characters")
            self._branches[name] = branching.Branch(branch, resources)
        self._labels: list[str] = []
        for label in config.texts("branch_resources"):
            if label in self._branches:
                raise ConfigError(f"branch resource name '{label}' collides with an explicit branch")
            self._take_resource(label)
        order = config.text_lists("order")
        for label in [name for tier in order for name in tier]:
            if label not in self._branches and label not in self._labels:
                self._take_resource(label)
        self._names = {*self._branches, *self._labels}
        self._order: list[list[str]] | None = None
        chains = [branch.chain for branch in self._branches.values()]
        self._waits = bool(self._labels) or not never_waits(chains)
        if not self._waits:
            run_at_once(self, chains)
        if order:
            check_order(order, [*self._branches, *self._labels])
            self._order = order
        elif not self._labels:
            self._order = self._resolved(self._branches)
            resources.log.info(f"Automatically resolved workflow DAG: {_shown(self._order)}")

    def _take_resource(self, label: str) -> None:
        if not self._resources.has_resource("processor", label):
            raise ConfigError(f"processor resource '{label}' was not found")
        self._labels.append(label)

    def _resolved(self, branches: Mapping[str, Branch]) -> list[list[str]]:
        reads = {name: places_read(branch.request_text, self._environment) for name, branch in branches.items()}
        writes = {name: places_written(branch.result_text, self._environment) for name, branch in branches.items()}
        return tiers(reads, writes)

    def _all_branches(self) -> dict[str, Branch]:
        """The branches as they are now: resources may have been replaced.

        Raises:
            ComponentError: A resource is gone, or is no branch.
        """
        found = dict(self._branches)
        for label in self._labels:
            try:
                links: Sequence[Any] = getattr(self._resources.processors(label), "links", ())
            except ComponentError:
                links = []
            branch = getattr(links[0].processor, "branch", None) if len(links) == 1 else None
            if not isinstance(branch, Branch):
                raise ComponentError(f"missing branch resource: {label}", "configuration")
            found[label] = branch
        return found

    async def process(self, batch: Batch) -> list[Batch]:
        """Run all branches over a batch."""
        try:
            branches = self._all_branches()
            order = self._order if self._order is not None else self._resolved(branches)
        except ConfigError as error:
            raise ComponentError(f"failed to resolve DAG: {error}", "configuration") from None
        skips = [self._skipped(message) for message in batch]
        records = [_Record(self._names) for _ in batch]
        for tier in order:
            source = batch
            runs = [
                branches[name].run(source, [place for place, names in enumerate(skips) if name in names])
                for name in tier
            ]
            outcomes = await tasks.gather(*runs) if self._waits else [await run for run in runs]
            for name, outcome in zip(tier, outcomes, strict=True):
                batch = self._overlaid(name, branches[name], batch, outcome, records)
        return [[self._written(message, record) for message, record in zip(batch, records, strict=True)]]

    def _overlaid(self, name: str, branch: Branch, batch: Batch, outcome: Outcome, records: Sequence[_Record]) -> Batch:
        for place, result in enumerate(outcome.results):
            if result is None:
                records[place].skip(name)
        for place, mark in outcome.failures.items():
            records[place].fail(name, mark.text)
        if outcome.error is not None:
            self._resources.log.error(f"Failed to perform enrichment '{name}': {outcome.error}")
            for record in records:
                record.fail(name, outcome.error)
            return batch
        batch, failures = branch.overlay(batch, outcome.results)
        for place, mark in failures.items():
            records[place].fail(name, mark.text)
        return batch

    def _skipped(self, message: Message) -> set[str]:
        """The branches that earlier runs say shall not run for a message."""
        if not self._meta_path:
            return set()
        try:
            found = structured(message)
        except ComponentError:
            return set()
        for segment in self._meta_path:
            found = found.get(segment) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            return set()
        skipped: set[str] = set()
        apply = found.get("apply")
        if isinstance(apply, list) and apply:
            skipped = self._names.difference(name for name in apply if isinstance(name, str))
        for key in ("succeeded", "skipped"):
            names = found.get(key)
            if isinstance(names, list):
                skipped |= self._names.intersection(name for name in names if isinstance(name, str))
        return skipped

    def _written(self, message: Message, record: _Record) -> Message:
        """The message with what became of its branches."""
        if not self._meta_path:
            if not record.failed:
                return message
            return self._resources.failed(message, f"workflow branches failed: [{' '.join(sorted(record.failed))}]")
        try:
            document = structured(message)
        except ComponentError as error:
            return self._resources.failed(message, error, "Failed to parse message for meta update: ")
        return message.with_document(_with_record(document, self._meta_path, record.document()))

    async def close(self) -> None:
        """Close the branches; resources are not this processor's to close."""
        for branch in self._branches.values():
            await branch.close()


def _with_record(document: Any, path: Sequence[str], record: dict[str, Any]) -> Any:
    """A copy of a document with a record at a path; what was there before is kept in it."""
    if not path:
        return {**record, "previous": document} if document is not None else record
    if document is None:
        document = {}
    if not isinstance(document, dict):
        return document
    return {**document, path[0]: _with_record(document.get(path[0]), path[1:], record)}


def _shown(order: Sequence[Sequence[str]]) -> str:
    return "[" + " ".join(f"[{' '.join(tier)}]" for tier in order) + "]"
