"""What tracers are told: a span for each step of each message on its way.

A tracer belongs to a whole system. Each message that an input reads gets a `Trace` into its context; the spans of the
processors and outputs that it passes are children of that one. Without a tracer none of this is there: what calls it is
put around components when a stream is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from headwater.message import Batch, Context, Message

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import ComponentConfig


class Trace(dict[str, str]):
    """A span that is under way, as the texts that carry it to other programs (W3C trace context).

    Safe to be ended on any thread.
    """

    def end(self, error: str = "") -> None:
        """The step is over, and has failed if there is a text."""


class Tracer(Protocol):
    """Sends spans somewhere."""

    def begin(self, name: str, parent: Mapping[str, str] | None) -> Trace:
        """Begin a span.

        Args:
            name: What it is called, such as ``input_file``.
            parent: What carries the span that it belongs to: a `Trace`, or texts that came from elsewhere, by names in
                lower case; None begins a trace.
        """

    def close(self) -> None:
        """Send what is left and let go of everything."""


def trace_of(message: Message) -> Mapping[str, str] | None:
    """What carries the trace that a message belongs to."""
    return None if message.context is None else message.context.trace


def with_trace(message: Message, trace: Trace) -> Message:
    """The message, as part of a trace."""
    responses = None if message.context is None else message.context.responses
    context = Context(responses, trace)
    return Message(message.raw, message.parsed, message.metadata, message.error, message.origin, context)


def trace_only(context: Context | None) -> Context | None:
    """What stays of a message's context once its sender has got an answer."""
    return None if context is None or context.trace is None else Context(None, context.trace)


def begin_all(tracer: Tracer, name: str, batch: Batch) -> list[Trace]:
    """Begin a span for each message of a batch."""
    return [tracer.begin(name, trace_of(message)) for message in batch]


def end_all(traces: Sequence[Trace], error: str = "") -> None:
    """End spans alike."""
    for trace in traces:
        trace.end(error)


def open_tracer(config: ComponentConfig, resources: Resources) -> Tracer | None:
    """The tracer that a `tracer` section asks for; None for the one that does nothing.

    Raises:
        ConfigError: The section has values that make no sense.
    """
    if config.name == "none":
        return None
    made: Tracer = config.catalogue.create_class("tracer", config.name)(config.config, resources)
    return made
