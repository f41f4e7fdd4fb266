"""What a component's configuration may hold: one description that parse, lint, JSON schema and docs read.

A `Spec` describes a component, a `Field` one value of its body. Both are frozen and cheap to make, since every
component module makes its own while it is imported. `headwater.config.fields` has a terse constructor for each kind
of field; write specs with those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec.structs import force_setattr

if TYPE_CHECKING:
    from headwater.yamltext.nodes import Node

ComponentKind = Literal["input", "buffer", "processor", "output", "cache", "rate_limit", "scanner", "metrics", "tracer"]
"""The kinds of components."""

KINDS: Final[tuple[ComponentKind, ...]] = (
    "input",
    "buffer",
    "processor",
    "output",
    "cache",
    "rate_limit",
    "scanner",
    "metrics",
    "tracer",
)

PLURALS: Final[dict[str, str]] = {
    "input": "inputs",
    "buffer": "buffers",
    "processor": "processors",
    "output": "outputs",
    "cache": "caches",
    "rate_limit": "rate_limits",
    "scanner": "scanners",
    "metrics": "metrics",
    "tracer": "tracers",
}
"""What many components of a kind are called, in lists and as folders of `headwater.components`."""

LABELLED: Final = frozenset({"input", "processor", "output", "cache", "rate_limit"})
"""Kinds whose components may carry a label."""

Shape = Literal["scalar", "array", "2darray", "map"]
"""How many values of a field's type there are, and how they are held."""

Rule = Callable[["Node"], "str | Sequence[tuple[int, str]] | None"]
"""A lint rule of one's own: gets the value's node, answers with what is wrong with it, or with lines and texts."""

NO_DEFAULT: Final = msgspec.UNSET
"""In place of a default where there is none; a default may be None."""


class Field(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One value in a component's body.

    Attributes:
        name: Its key; an empty text at the root of a component.
        type: ``string``, ``int``, ``float``, ``bool``, ``object``, ``unknown``, or the kind of a child component.
        shape: One value of the type, a list, a list of lists, or a map from any key.
        default: What counts where the configuration says nothing; NO_DEFAULT where there is none.
        optional: It may be missing although there is no default.
        advanced: Left out of short examples.
        deprecated: Accepted, and reported where somebody asks for it.
        deprecated_in: The one dialect in which it is deprecated, where the others know nothing of that.
        secret: Never shown in echoes and logs.
        interpolated: Holds ``${! }`` expressions.
        format: What a text holds: ``bloblang``, ``duration``, ``function``, ``url``, or nothing special.
        options: The values it takes; lint looks no further than the spelling in lower case.
        advisory: Other values than `options` are fine.
        since: The first version that has it.
        dialect: ``bento`` where Bento alone has it: it works, and lint takes it where Bento's rules are asked for.
        lint: A rule of its own.
        lint_object: A rule that needs the fields beside it; gets the node of the object.
        description: What it is for.
        examples: Values worth showing.
        fields: What an object holds.
        index: The same by name.
        leaves: The names that lint asks for.
        option_set: `options` in lower case, empty where other values are fine.
    """

    name: str
    type: str
    shape: Shape = "scalar"
    default: Any = NO_DEFAULT
    optional: bool = False
    advanced: bool = False
    deprecated: bool = False
    deprecated_in: str = ""
    secret: bool = False
    interpolated: bool = False
    format: str = ""
    options: tuple[str, ...] = ()
    advisory: bool = False
    since: str = ""
    dialect: str = ""
    lint: Rule | None = None
    lint_object: Rule | None = None
    description: str = ""
    examples: tuple[Any, ...] = ()
    fields: tuple[Field, ...] = ()
    index: Mapping[str, Field] = {}
    leaves: tuple[str, ...] = ()
    option_set: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.fields:
            force_setattr(self, "index", {field.name: field for field in self.fields})
            force_setattr(self, "leaves", tuple(field.name for field in self.fields if field.required_leaf))
        if self.options and not self.advisory:
            force_setattr(self, "option_set", frozenset(option.lower() for option in self.options))

    @property
    def required(self) -> bool:
        """Whether a configuration without it is an error."""
        return (
            self.default is NO_DEFAULT
            and not self.optional
            and not self.deprecated
            and (self.type != "object" or self.shape != "scalar")
        )

    @property
    def required_leaf(self) -> bool:
        """Whether it is one of those that lint asks for: single texts, numbers and booleans."""
        return self.required and self.shape == "scalar" and self.type in ("string", "int", "float", "bool")

    def element(self) -> Field:
        """The field of one element of a list or map."""
        shape: Shape = "array" if self.shape == "2darray" else "scalar"
        return msgspec.structs.replace(self, name="", shape=shape, default=NO_DEFAULT, optional=True, lint=None)


class Spec(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A component: its kind, its name, and what its body holds.

    Attributes:
        kind: What sort of component it is.
        name: The key that it goes by.
        root: The body: an object with fields, or one scalar, list or map.
        labelled: Whether it may carry a label.
        status: ``stable``, ``beta``, ``experimental`` or ``deprecated``.
        categories: Where docs list it.
        summary: One sentence.
        description: All there is to know.
        since: The first version that has it.
        blocking: Its calls wait for the world outside; its stage needs a thread of its own.
        composite: It holds components that do its work; what it needs depends on them.
        lint: A rule of its own; gets the body's node.
        examples: Titles and configurations worth showing.
    """

    kind: ComponentKind
    name: str
    root: Field
    labelled: bool = True
    status: str = "stable"
    categories: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    since: str = ""
    blocking: bool = False
    composite: bool = False
    lint: Rule | None = None
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the body holds, where it is an object or a list or map of objects."""
        return self.root.fields
