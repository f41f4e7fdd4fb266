"""Processor `switch`: children of the first case that a message matches."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.bloblang import BloblangError, Mapping
from headwater.components.catalogue import component
from headwater.components.composition import Each, all_portable, close_all, run_at_once, singles
from headwater.components.contracts import Processor
from headwater.components.resources import Chain, Resources
from headwater.config.fields import boolean, mapping, objects, processors, spec
from headwater.config.view import Config
from headwater.errors import BuildError, ConfigError
from headwater.message import Batch, Message

SPEC = spec(
    "processor",
    "switch",
    root=objects(
        "",
        mapping(
            "check",
            "A query about a message: the case is for those for which it is true. Without one it is for all.",
            default="",
            examples=('this.type == "foo"', "errored()"),
        ),
        processors("processors", "What is done to messages of this case.", default=[]),
        boolean(
            "fallthrough",
            "Messages of this case go through the next case too, whatever its check says.",
            default=False,
            advanced=True,
        ),
        boolean(
            "continue",
            "Messages of this case are tested against the next cases too.",
            default=False,
            advanced=True,
        ),
        optional=True,
    ),
    categories=("Composition",),
    composite=True,
    summary="Run other processors on a message depending on what it is.",
    description=(
        "Messages are tested one by one and go to the first case that matches; those that match none go on as they "
        "are. "
        "The messages of a case are processed as one batch, and at the end all of them are one batch again, in the "
        "order "
        "that they came in. A check that fails marks the message, which goes on without being tested further."
    ),
    examples=(
        (
            "Two kinds of events",
            'pipeline:\n  processors:\n    - switch:\n        - check: this.type == "order"\n          processors:\n'
            "            - mapping: root = this.order\n        - processors:\n            - mapping: root = "
            "deleted()\n",
        ),
    ),
)


class _Case:
    """A case: its check, None for all messages, its children, and what becomes of its messages."""

    __slots__ = ("chain", "check", "falls_through", "goes_on")

    def __init__(self, config: Config, resources: Resources) -> None:
        self.check: Mapping | None = config.mapping("check")
        self.falls_through = config.boolean("fallthrough")
        self.goes_on = config.boolean("continue")
        children = config.children("processors")
        if not children:
            raise ConfigError("case has no processors, in order to have a no-op case use a `noop` processor")
        self.chain = resources.build_chain(children)


@component(SPEC)
class Switch(Processor):
    """Runs the children of the first case that a message matches."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._cases: list[_Case] = []
        for index, case in enumerate(config.objects()):
            try:
                self._cases.append(_Case(case, resources))
            except ConfigError as error:
                kind = BuildError if isinstance(error, BuildError) else ConfigError
                raise kind(f"case '{index}' parse error: {error}") from error
        chains: list[Chain] = [case.chain for case in self._cases]
        self._steps: list[Each] = singles(chains) or []
        whole_batches = any(case.check is not None and case.check.uses_batch for case in self._cases)
        if len(self._steps) == len(chains) and not whole_batches:
            self.each = self._each
            self.portable = all_portable(chains) and all(
                case.check is None or case.check.stateless for case in self._cases
            )
        run_at_once(self, chains)

    def _each(self, messages: Sequence[Message]) -> list[Message | None]:
        results: list[Message | None] = [None] * len(messages)
        remaining = list(enumerate(messages))
        carried: list[tuple[int, Message]] = []
        for index, (case, step) in enumerate(zip(self._cases, self._steps, strict=True)):
            passed = carried
            others: list[tuple[int, Message]] = []
            carried = []
            for place, message in remaining:
                try:
                    if case.check is None or case.check.check(message, [message], 0):
                        passed.append((place, message))
                    else:
                        others.append((place, message))
                except BloblangError as error:
                    results[place] = self._untested(message, index, error)
            remaining = others
            if not passed:
                continue
            for (place, _), made in zip(passed, step([message for _, message in passed]), strict=True):
                if made is None:
                    continue
                if case.falls_through:
                    carried.append((place, made))
                elif case.goes_on:
                    remaining.append((place, made))
                else:
                    results[place] = made
        for place, message in remaining:
            results[place] = message
        return results

    async def process(self, batch: Batch) -> list[Batch]:
        """Run each case over its messages, and put all together in the order of the batch."""
        # Meanwhile a message's origin is its place in this batch, so that its results find their place again.
        numbered = [_with_origin(message, place) for place, message in enumerate(batch)]
        results: Batch = []
        remaining = numbered
        carried: Batch = []
        for index, case in enumerate(self._cases):
            passed, others = carried, []
            carried = []
            for place, message in enumerate(remaining):
                try:
                    if case.check is None or case.check.check(message, remaining, place):
                        passed.append(message)
                    else:
                        others.append(message)
                except BloblangError as error:
                    results.append(self._untested(message, index, error))
            remaining = others
            if passed:
                made = [message for made in await case.chain.process([passed]) for message in made]
                if case.falls_through:
                    carried = made
                elif case.goes_on:
                    remaining = _in_order(remaining + made)
                else:
                    results += made
        results = _in_order(results + remaining)
        restored = [m if m.origin < 0 else _with_origin(m, batch[m.origin].origin) for m in results]
        return [restored] if restored else []

    def _untested(self, message: Message, case: int, error: BloblangError) -> Message:
        self._resources.log.error(f"Failed to test case {case}: {error}")
        return self._resources.failed(message, error)

    async def close(self) -> None:
        """Close the children of all cases."""
        await close_all(case.chain for case in self._cases)


def _with_origin(message: Message, origin: int) -> Message:
    return Message(message.raw, message.parsed, message.metadata, message.error, origin, message.context)


def _in_order(batch: Batch) -> Batch:
    """Messages by where they came from; what came from several stays behind the one that it followed."""
    keys: list[int] = []
    for message in batch:
        keys.append(message.origin if message.origin >= 0 or not keys else keys[-1])
    return [batch[place] for place in sorted(range(len(batch)), key=keys.__getitem__)]
