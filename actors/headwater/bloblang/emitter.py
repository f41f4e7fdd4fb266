"""Python source in the making: functions, their lines, and what the lines mean.

All names in generated code are made here (`_t12`), all values go into a table of constants or through `repr`: nothing
that is
written in a mapping becomes code.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from headwater.bloblang.failures import TABLE, Place, Region

NAMES: Final = re.compile(r"\b_[a-z]+\d+\b")
_NEST: Final = 14

_serial = itertools.count(1)


class Function:
    """A function of generated code.

    Attributes:
        name: Its name.
        head: The text between ``def`` and the colon.
        lines: Indentation, text and meaning of each line, in order; nested functions stand among them.
        own: Names that are assigned in it.
    """

    def __init__(self, name: str, parameters: list[str]) -> None:
        self.name = name
        self.parameters = parameters
        self.lines: list[tuple[int, str, Place | None] | tuple[int, Function]] = []
        self.own = {parameter.partition("=")[0] for parameter in parameters}
        self.indent = 1
        self.blocks = 0

    def free_names(self) -> set[str]:
        """Names that it takes from the functions around it."""
        found: set[str] = set()
        for line in self.lines:
            if len(line) == 2:
                found |= line[1].free_names()
            else:
                found.update(NAMES.findall(line[1]))
        return found - self.own

    def names(self) -> set[str]:
        """All names in its lines, and in those of functions within it."""
        found: set[str] = set()
        for line in self.lines:
            found |= line[1].names() if len(line) == 2 else set(NAMES.findall(line[1]))
        return found


class Emitter:
    """Collects functions and constants, and makes a module of them.

    Attributes:
        reads: Fields that were read before and cannot have changed: the name of an object and a key, to the name that
            has the value. A second read of a path is the first one's name.
    """

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self.known: dict[int, str] = {}
        self.functions: list[Function] = []
        self.stack: list[Function] = []
        self.region: Region | None = None
        self.number = 0
        self.annotations: dict[str, str] = {}
        self.reads: dict[tuple[str, str], str] = {}

    # Names --------------------------------------------------------------------------------------------------------

    def fresh(self, letter: str = "t") -> str:
        """A new local name."""
        self.number += 1
        name = f"_{letter}{self.number}"
        self.stack[-1].own.add(name)
        return name

    def constant(self, value: Any) -> str:
        """The global name of a value."""
        name = self.known.get(id(value))
        if name is None:
            name = f"K{len(self.constants)}"
            self.constants[name] = value
            self.known[id(value)] = name
        return name

    # Lines --------------------------------------------------------------------------------------------------------

    def put(self, text: str, annotation: str = "", reference: str = "") -> None:
        """Add a line."""
        function = self.stack[-1]
        function.lines.append((function.indent, text, Place(self.region, annotation, reference)))

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that ends in a colon; what follows is indented."""
        function = self.stack[-1]
        self.put(head)
        function.indent += 1
        before = len(function.lines)
        # What is read in a block may never be read, so it counts as known in the block alone.
        known, self.reads = self.reads, self.reads.copy()
        try:
            yield
        finally:
            self.reads = known
            if len(function.lines) == before:
                function.lines.append((function.indent, "pass", None))
            function.indent -= 1

    @contextmanager
    def nested(self, head: str) -> Iterator[None]:
        """A block of the kinds of which the interpreter allows twenty within one another: loops and handlers."""
        function = self.stack[-1]
        function.blocks += 1
        try:
            with self.block(head):
                yield
        finally:
            function.blocks -= 1

    @property
    def crowded(self) -> bool:
        """Whether blocks are nested so deeply that the next one should stand in a function of its own."""
        function = self.stack[-1]
        return function.blocks >= _NEST or function.indent >= 40

    @contextmanager
    def within(self, kind: str, text: str = "") -> Iterator[Region]:
        """Put words around failures of the lines that follow."""
        outer = self.region
        self.region = Region(kind, text, outer)
        try:
            yield self.region
        finally:
            self.region = outer

    @contextmanager
    def function(self, name: str, parameters: list[str], region: Region | None = None) -> Iterator[Function]:
        """A function; what follows are its lines. `place` puts it where it belongs."""
        made = Function(name, parameters)
        outer, self.region = self.region, region
        known, self.reads = self.reads, {}
        self.stack.append(made)
        try:
            yield made
        finally:
            self.stack.pop()
            self.region, self.reads = outer, known

    def place(self, made: Function) -> None:
        """Put a finished function at the top level, or here where it takes names from around it."""
        free = made.free_names()
        if self.stack and any(name in function.own for function in self.stack for name in free):
            function = self.stack[-1]
            function.lines.append((function.indent, made))
        else:
            self.functions.append(made)

    # Module -------------------------------------------------------------------------------------------------------

    def module(self, helpers: dict[str, Any]) -> dict[str, Any]:
        """Compile all and return the globals."""
        texts: list[str] = []
        table: dict[int, Place] = {}
        for function in self.functions:
            _write(function, 0, texts, table)
        source = "\n".join(texts) + "\n"
        names: dict[str, Any] = {**helpers, **self.constants, TABLE: table, "_source": source}
        names["__builtins__"] = __builtins__
        exec(compile(source, f"<bloblang {next(_serial)}>", "exec", dont_inherit=True), names)
        for name, annotation in self.annotations.items():
            names[name].annotation = annotation
        return names


def _write(function: Function, indent: int, texts: list[str], table: dict[int, Place]) -> None:
    texts.append(f"{' ' * indent}def {function.name}({', '.join(function.parameters)}):")
    for line in function.lines:
        if len(line) == 2:
            _write(line[1], indent + line[0], texts, table)
            continue
        texts.append(" " * (indent + line[0]) + line[1])
        place = line[2]
        if place is not None and (place.region is not None or place.annotation or place.reference):
            table[len(texts)] = place
    if not function.lines:
        texts.append(" " * (indent + 1) + "pass")
