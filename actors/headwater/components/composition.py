"""What composite processors share: children that may see many messages at once, and results put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from headwater.components.contracts import Processor
from headwater.components.resources import Chain, Resources
from headwater.config.view import Config
from headwater.message import Batch, Message

Each = Callable[[Sequence[Message]], "list[Message | None]"]
"""How a chain takes messages that are batches of their own: one result a message, None for dropped ones."""


def singles(chains: Iterable[Any]) -> list[Each] | None:
    """How chains take many single messages with one call each; None unless all of them can.

    A composite whose children look at one message at a time looks at one message at a time itself, so it can offer its
    own `each`, and a whole chunk passes through it with one call a child.
    """
    found: list[Each] = []
    for chain in chains:
        if not getattr(chain, "single", False):
            return None
        found.append(chain.process_singles)
    return found


def all_portable(chains: Iterable[Any]) -> bool:
    """Whether chains may run in another process."""
    return all(getattr(chain, "portable", False) for chain in chains)


def run_where(each: Each, messages: list[Message | None], wanted: Callable[[Message], bool]) -> None:
    """Put in place of the messages that are wanted what becomes of them; the others stay as they are."""
    places = [place for place, message in enumerate(messages) if message is not None and wanted(message)]
    if not places:
        return
    chosen: list[Any] = [messages[place] for place in places]
    for place, made in zip(places, each(chosen), strict=True):
        messages[place] = made


def never_waits(chains: Iterable[Any]) -> bool:
    """Whether no processor of some chains ever waits."""
    return not any(getattr(chain, "waits", True) for chain in chains)


def run_at_once(processor: Processor, chains: Iterable[Any]) -> None:
    """Make `process` of a composite a plain function where none of its children waits.

    So a pipeline knows that the composite does not wait either, and puts whole chunks through it in one turn.
    """
    if not never_waits(chains):
        return
    process: Callable[[Batch], Any] = processor.process

    def process_now(batch: Batch) -> list[Batch]:
        coroutine = process(batch)
        try:
            coroutine.send(None)
        except StopIteration as done:
            results: list[Batch] = done.value
            return results
        coroutine.close()
        raise RuntimeError("a processor that does not wait has waited")

    processor.process = process_now  # type: ignore[method-assign]


class OneChain(Processor):
    """A composite that is one chain of children, and hands batches on to it."""

    def __init__(self, config: Config, resources: Resources) -> None:
        self._chain = resources.build_chain(config.children())
        steps = singles([self._chain])
        if steps is not None:
            self.each = steps[0]
        self.portable = all_portable([self._chain])
        run_at_once(self, [self._chain])

    async def process(self, batch: Batch) -> list[Batch]:
        """Run the children over a batch."""
        return await self._chain.process([batch])

    async def close(self) -> None:
        """Close the children."""
        await self._chain.close()


def joined(batches: Iterable[Batch]) -> list[Batch]:
    """Some batches as one; none where nothing is left."""
    batch = [message for batch in batches for message in batch]
    return [batch] if batch else []


def common_origin(batch: Sequence[Message]) -> int:
    """The origin of a message that is made of all of these."""
    origin = batch[0].origin
    return origin if all(message.origin == origin for message in batch) else -1


async def close_all(chains: Iterable[Chain]) -> None:
    """Close chains of children."""
    for chain in chains:
        await chain.close()
