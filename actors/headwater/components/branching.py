"""Branches: what a message is mapped to, processed as, and mapped back from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from headwater.bloblang import BloblangError
from headwater.components.resources import Resources
from headwater.config.fields import mapping, processors
from headwater.config.spec import Field
from headwater.config.view import Config
from headwater.errors import ConfigError, MessageError
from headwater.message import Batch, Message


def branch_fields() -> tuple[Field, ...]:
    """The fields of a branch."""
    return (
        mapping(
            "request_map",
            "Makes what the processors get of a message. Without it they get a copy; with `deleted()` they are "
            "skipped.",
            default="",
            examples=('root = {\n\t"id": this.doc.id,\n\t"content": this.doc.body.text\n}',),
        ),
        processors("processors", "What is done to it. As many messages must come out as went in."),
        mapping(
            "result_map",
            "Changes the message by what came out; `@` is the metadata of the message, `metadata()` that of the "
            "result.",
            default="",
            examples=("root.foo_result = this", "root.raw_result = content().string()"),
        ),
    )


_ADVICE: Final = (
    "Avoid using filters or archive/unarchive processors within your branch, or anything that increases or reduces the "
    "number of messages. These processors should instead be applied before or after the branch processor."
)


class Outcome(NamedTuple):
    """What came of the messages of a batch: a result for each, None where there is none, and what failed.

    Attributes:
        results: One a message.
        failures: By index, what went wrong with single ones.
        error: What went wrong with all of them, which was logged, or None.
    """

    results: list[Message | None]
    failures: dict[int, MessageError]
    error: str | None = None


class Branch:
    """A branch that was configured.

    Raises:
        ConfigError: It has no processors, or a mapping cannot be parsed.
    """

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self.request = config.mapping("request_map")
        self.result = config.mapping("result_map")
        self.request_text = config.text("request_map")
        self.result_text = config.text("result_map")
        children = config.children("processors")
        if not children:
            raise ConfigError("the branch processor requires at least one child processor")
        self.chain = resources.build_chain(children)

    async def run(self, batch: Batch, skipped: Sequence[int] = ()) -> Outcome:
        """Map the messages of a batch and run the processors over what they become."""
        failures: dict[int, MessageError] = {}
        places: list[int] = []
        requests: Batch = []
        for place, message in enumerate(batch):
            if place in skipped:
                continue
            try:
                request = self._request(batch, place, message)
            except BloblangError as error:
                failures[place] = self.mark(f"request mapping failed: {error}")
                continue
            if request is not None:
                places.append(place)
                requests.append(request)
        results: list[Message | None] = [None] * len(batch)
        if not requests:
            return Outcome(results, failures)
        made = [message for group in await self.chain.process([requests]) for message in group]
        if not made:
            text = "child processors resulted in zero messages"
            self._resources.log.error(f"Child processors failed: {text}")
            return Outcome(results, failures, text)
        if len(made) != len(places):
            idle = len(batch) - len(places)
            # The numbers stand the wrong way round in the original as well, and people search for this line.
            text = (
                "message count from branch processors does not match request, "
                f"started with {len(made) + idle} messages, finished with {len(batch)}"
            )
            self._resources.log.error(f"Failed to align branch result: {text}. {_ADVICE}")
            return Outcome(results, failures, text)
        for place, message in zip(places, made, strict=True):
            if message.error is None:
                results[place] = message
            else:
                cause = message.error
                failures[place] = MessageError(f"processors failed: {cause.text}", cause.name, cause.label, cause.path)
        return Outcome(results, failures)

    def _request(self, batch: Batch, place: int, message: Message) -> Message | None:
        sound = message.with_error(None)
        if self.request is None:
            return sound
        return self.request.overlay(sound.with_content(b""), batch, place)

    def overlay(self, batch: Batch, results: Sequence[Message | None]) -> tuple[Batch, dict[int, MessageError]]:
        """Map results back into the messages that they came from; those, and what went wrong with single ones."""
        mapping = self.result
        if mapping is None:
            return batch, {}
        failures: dict[int, MessageError] = {}
        sources = [result if result is not None else Message(b"") for result in results]
        changed = list(batch)
        for place, result in enumerate(results):
            if result is None:
                continue
            try:
                made = mapping.overlay(batch[place], sources, place)
            except BloblangError as error:
                failures[place] = self.mark(f"result mapping failed: {error}")
                continue
            if made is not None:
                changed[place] = made
        return changed, failures

    def mark(self, text: str) -> MessageError:
        """A failure of this branch."""
        resources = self._resources
        return MessageError(text, resources.name, resources.label, resources.path.removeprefix("root."))

    async def close(self) -> None:
        """Close the processors."""
        await self.chain.close()
