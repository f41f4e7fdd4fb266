"""What can go wrong, as one tree.

    HeadwaterError
    ├── DocumentError            a payload is not the document that somebody needs
    ├── BloblangError            (headwater.bloblang.errors) parse and run time errors of mappings
    ├── ConfigError              a configuration cannot be read, inferred or built
    │   ├── SyntaxProblem        neither YAML nor JSON
    │   ├── InferenceError       a component's type is unknown, missing or ambiguous
    │   ├── MissingVariables     environment variables without a value
    │   ├── LintRejection        lint found errors, and nobody said `chilled`
    │   └── BuildError           a component cannot be made from its configuration
    ├── StreamError              an operation on a stream is refused
    │   └── StreamExists / StreamNotFound / RegistryClosed
    └── ComponentError           a component failed at work; carries a kind
        ├── Rejected             deliberately refused by configuration
        │   └── Undeliverable    refused, and would be each time: not worth another try
        ├── NotConnected         the connection is gone; the component is connected anew, and the call is tried again
        ├── EndOfInput           there is no more to read; not a failure
        ├── TimedOut             it took too long
        ├── Unserved             a processor cannot be had: what it was for goes back to its input
        ├── Closed               the component or its stream is being stopped
        └── BatchFailure         some messages of a batch failed, by index

Errors of this tree know nothing of HTTP; the API has one table that maps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

Kind = Literal["data", "rejected", "unavailable", "configuration", "crash"]


class MessageError(msgspec.Struct, frozen=True, gc=False):
    """The mark of a failed processor on a message.

    Attributes:
        text: What `error()` returns.
        name: Component name of the processor that failed, such as ``mapping``.
        label: Its label, or an empty text.
        path: Its config path without ``root.``, such as ``pipeline.processors.0``.
    """

    text: str
    name: str = ""
    label: str = ""
    path: str = ""


class HeadwaterError(Exception):
    """The root of the tree."""


class DocumentError(HeadwaterError):
    """A payload is no JSON document."""


class ConfigError(HeadwaterError):
    """A configuration cannot be used; the text says what was met and where."""


class SyntaxProblem(ConfigError):
    """The text is neither YAML nor JSON, or breaks a limit."""


class InferenceError(ConfigError):
    """A component's type is unknown, missing or ambiguous; `line` and `column` count from 1, 0 where there is none."""

    def __init__(self, text: str, line: int = 0, column: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"({self.line},{self.column}) {self.text}"


class MissingVariables(ConfigError):
    """Environment variables that a configuration refers to have neither value nor default."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"required environment variables were not set: [{' '.join(names)}]")
        self.names = tuple(names)


class LintRejection(ConfigError):
    """Lint found errors; `lints` holds the lines, each ``(line,column) text``."""

    def __init__(self, lints: Sequence[str]) -> None:
        super().__init__("\n".join(lints))
        self.lints = tuple(lints)


class BuildError(ConfigError):
    """A component cannot be made from its configuration; the text has the reference's prefix ``failed to init ...``."""


class StreamError(HeadwaterError):
    """An operation on a stream is refused."""


class StreamExists(StreamError):
    """A stream of that id is there already."""

    def __init__(self, stream: str) -> None:
        super().__init__("stream already exists")
        self.stream = stream


class StreamNotFound(StreamError):
    """There is no stream of that id."""

    def __init__(self, stream: str) -> None:
        super().__init__("stream does not exist")
        self.stream = stream


class RegistryClosed(StreamError):
    """The system is being stopped."""

    def __init__(self) -> None:
        super().__init__("type was closed")


class ComponentError(HeadwaterError):
    """A component failed at work. The text is for senders and logs; `kind` says what sort of failure it is."""

    kind: Kind = "unavailable"

    def __init__(self, text: str, kind: Kind | None = None) -> None:
        super().__init__(text)
        if kind is not None:
            self.kind = kind


class Rejected(ComponentError):
    """Refused by configuration: a `reject` output, `strict_mode`, ..."""

    kind: Kind = "rejected"


class Undeliverable(Rejected):
    """Refused for what it is, such as a message that is larger than a buffer: it is not replayed."""


class NotConnected(ComponentError):
    """The connection is gone: the caller connects anew, with back-off, and repeats what it asked for."""

    def __init__(self, text: str = "not connected to target source or sink") -> None:
        super().__init__(text)


class EndOfInput(ComponentError):
    """An input has no more to read, now and for ever."""

    def __init__(self) -> None:
        super().__init__("end of input")


class TimedOut(ComponentError):
    """An action took longer than its configuration allows."""

    def __init__(self, text: str = "action timed out") -> None:
        super().__init__(text)


class Unserved(ComponentError):
    """A processor cannot be had, such as a resource that is gone: messages go back to their input, unmarked."""

    kind: Kind = "configuration"


class Closed(ComponentError):
    """The component, or the stream it is in, is being stopped."""

    def __init__(self, text: str = "type was closed") -> None:
        super().__init__(text)


class BatchFailure(ComponentError):
    """Some messages of a batch failed: index in the batch to failure. The others were delivered."""

    def __init__(self, failures: Mapping[int, Exception]) -> None:
        first = next(iter(failures.values()))
        super().__init__(str(first), getattr(first, "kind", None))
        self.failures = dict(failures)
