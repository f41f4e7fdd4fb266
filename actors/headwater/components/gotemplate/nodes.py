"""What a template is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Text:
    """Text that is written as it is."""

    text: str


@dataclass(slots=True)
class Operand:
    """A part of a command. `line` and `column` are where it begins, `source` is how it was written."""

    line: int
    column: int
    source: str


@dataclass(slots=True)
class Constant(Operand):
    """A literal."""

    value: Any


@dataclass(slots=True)
class Dot(Operand):
    """The value that the template is looking at, and fields below it."""

    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class VariableRef(Operand):
    """A variable, and fields below it."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class FunctionRef(Operand):
    """A function by its name."""

    name: str


@dataclass(slots=True)
class Group(Operand):
    """A pipeline in parentheses, and fields below its value."""

    pipeline: Pipeline
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Command:
    """An operand, or a function and its arguments."""

    operands: list[Operand]


@dataclass(slots=True)
class Pipeline:
    """Commands, each of which gets the value of the one before; the last value goes into the variables, if any."""

    commands: list[Command]
    variables: list[str] = field(default_factory=list)
    declares: bool = True


@dataclass(slots=True)
class Action:
    """Writes a value, unless it goes into variables."""

    pipeline: Pipeline


@dataclass(slots=True)
class If:
    """``if`` and ``with``."""

    pipeline: Pipeline
    body: list[Any]
    otherwise: list[Any]
    moves_dot: bool


@dataclass(slots=True)
class Range:
    """``range``"""

    pipeline: Pipeline
    body: list[Any]
    otherwise: list[Any]


@dataclass(slots=True)
class Call:
    """``template``: another template by its name."""

    line: int
    name: str
    pipeline: Pipeline | None


@dataclass(slots=True)
class Break:
    """Leaves the innermost ``range``."""


@dataclass(slots=True)
class Continue:
    """Goes on with the next item of the innermost ``range``."""
