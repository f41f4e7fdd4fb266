"""The syntax tree of Bloblang."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headwater.bloblang.registry import Spec
from headwater.bloblang.values import Marker, join_path, type_name


@dataclass(slots=True, eq=False)
class Node:
    """An expression. `at` is its first character's offset in the source."""

    at: int

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        raise NotImplementedError


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A value that is known when parsing.

    `hollow` marks an empty array that was written in the mapping; it turns into text as null.
    """

    value: Any
    name: str = ""

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        if self.name:
            return self.name
        if isinstance(self.value, Marker):
            return self.value.name
        return f"{type_name(self.value)} literal"


@dataclass(slots=True, eq=False)
class ArrayLiteral(Node):
    """An array with at least one item that is not a literal."""

    items: list[Node]

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "array literal"


@dataclass(slots=True, eq=False)
class ObjectLiteral(Node):
    """An object with at least one key or value that is not a literal."""

    pairs: list[tuple[str | Node, Node]]

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "object literal"


@dataclass(slots=True, eq=False)
class Reference(Node):
    """`this`, `root` or a named context, and a path below it."""

    context: str
    path: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The reference as it is written in errors."""
        return f"{self.context}.{join_path(self.path)}" if self.path else self.context

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return f"field `{self.text}`" if self.path else f"field `{self.context}`"


@dataclass(slots=True, eq=False)
class Below(Node):
    """A path below any other expression."""

    target: Node
    path: tuple[str, ...]

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return f"path `{join_path(self.path)}`"


@dataclass(slots=True, eq=False)
class Variable(Node):
    """``$name``"""

    name: str

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return f"variable {self.name}"


@dataclass(slots=True, eq=False)
class Metadata(Node):
    """``@name``, or all metadata."""

    key: str | None

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "meta object" if self.key is None else f"meta field {self.key}"


@dataclass(slots=True, eq=False)
class Argument:
    """What a parameter gets: a value that is known when parsing, or an expression."""

    name: str
    value: Any = None
    node: Node | None = None
    type: str = "any"
    given: bool = False


@dataclass(slots=True, eq=False)
class Call(Node):
    """A function call, or a method call where there is a target."""

    spec: Spec
    target: Node | None
    arguments: list[Argument]
    made: Any = None
    label: str = ""

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        if self.spec.name == "from" and self.target is not None and self.arguments[0].node is None:
            return f"{self.target.annotation()} from {self.arguments[0].value}"
        if self.spec.name == "not" and self.target is not None:
            return f"not {self.target.annotation()}"
        return self.label or f"{self.spec.kind} {self.spec.name}"

    @property
    def dynamic(self) -> bool:
        """Whether an argument other than a query is known only when run."""
        return any(each.node is not None and each.type != "query" for each in self.arguments)


@dataclass(slots=True, eq=False)
class MapQuery(Node):
    """``target.(query)`` and ``target.map(query)``"""

    target: Node
    query: Node

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return self.query.annotation()


@dataclass(slots=True, eq=False)
class Lambda(Node):
    """``name -> body``"""

    name: str
    body: Node

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return self.body.annotation()


@dataclass(slots=True, eq=False)
class Arithmetic(Node):
    """Two operands and an operator."""

    operator: str
    left: Node
    right: Node

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return self.right.annotation()


@dataclass(slots=True, eq=False)
class Not(Node):
    """``!operand``"""

    operand: Node

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return f"not {self.operand.annotation()}"


@dataclass(slots=True, eq=False)
class If(Node):
    """An `if` expression."""

    branches: list[tuple[Node, Node]]
    otherwise: Node | None

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "if expression"


@dataclass(slots=True, eq=False)
class Case:
    """A case of a match: a pattern (None for ``_``) and a result."""

    pattern: Node | None
    result: Node


@dataclass(slots=True, eq=False)
class Match(Node):
    """A `match` expression."""

    subject: Node | None
    cases: list[Case]

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "match expression"


@dataclass(slots=True, eq=False)
class Slice(Node):
    """``target[index]`` and ``target[low:high:step]``"""

    target: Node
    index: Node | None
    bounds: tuple[Node | None, Node | None, Node | None] | None

    def annotation(self) -> str:
        """How errors name the value of this expression."""
        return "slice" if self.bounds else "index"


# Statements ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Statement:
    """A statement; `line` counts from 1 in its source."""

    line: int


@dataclass(slots=True, eq=False)
class Let(Statement):
    """``let name = query``"""

    name: str
    query: Node


@dataclass(slots=True, eq=False)
class SetMeta(Statement):
    """``meta name = query``, or all metadata without a name."""

    key: str | None
    query: Node


@dataclass(slots=True, eq=False)
class Assign(Statement):
    """``path = query``; an empty path is root itself."""

    path: tuple[str, ...]
    query: Node


@dataclass(slots=True, eq=False)
class IfStatement(Statement):
    """Statements under conditions."""

    branches: list[tuple[Node, list[Statement]]]
    otherwise: list[Statement] | None


@dataclass(slots=True, eq=False)
class Program:
    """A mapping: its statements and its named maps.

    `shared` tells whether what was parsed depends on the text alone and keeps no state, so that it may serve many
    users.
    """

    statements: list[Statement]
    maps: dict[str, list[Statement]] = field(default_factory=dict)
    shared: bool = True


