"""In which order branches run: what their mappings read and write, and the tiers that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headwater.bloblang.registry import Environment
from headwater.bloblang.statements import parse_mapping
from headwater.bloblang.syntax import (
    Arithmetic,
    ArrayLiteral,
    Assign,
    Below,
    Call,
    If,
    IfStatement,
    Lambda,
    Literal,
    MapQuery,
    Match,
    Metadata,
    Node,
    Not,
    ObjectLiteral,
    Program,
    Reference,
    SetMeta,
    Slice,
    Statement,
)
from headwater.bloblang.values import split_path
from headwater.errors import ConfigError

Place = tuple[str, ...]
"""``path`` or ``metadata``, and the segments below."""

_ITERATORS = frozenset(
    {"map_each", "map_each_key", "filter", "any", "all", "fold", "find_by", "find_all_by", "sort_by"}
)
"""Methods whose queries see elements; what counts is the target that those come from."""


def places_read(text: str, environment: Environment) -> set[Place]:
    """What a mapping may read of a message."""
    return _Reader().program(parse_mapping(text, environment)) if text else set()


def places_written(text: str, environment: Environment) -> set[Place]:
    """What a mapping may write into a message."""
    written: set[Place] = set()
    if text:
        _collect_written(parse_mapping(text, environment).statements, written)
    return written


def _collect_written(statements: Iterable[Statement], written: set[Place]) -> None:
    for statement in statements:
        if isinstance(statement, Assign):
            written.add(("path", *statement.path))
        elif isinstance(statement, SetMeta):
            written.add(("metadata",) if statement.key is None else ("metadata", statement.key))
        elif isinstance(statement, IfStatement):
            for _, branch in statement.branches:
                _collect_written(branch, written)
            _collect_written(statement.otherwise or (), written)


class _Reader:
    """Walks a mapping; `this` and named contexts stand for the places that their values come from."""

    def __init__(self) -> None:
        self.read: set[Place] = set()

    def program(self, program: Program) -> set[Place]:
        self._statements(program.statements)
        return self.read

    def _statements(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            if isinstance(statement, IfStatement):
                for condition, branch in statement.branches:
                    self._walk(condition, [("path",)], {})
                    self._statements(branch)
                self._statements(statement.otherwise or ())
            else:
                query = getattr(statement, "query", None)
                if isinstance(query, Node):
                    self._walk(query, [("path",)], {})

    def _walk(self, node: Node | None, this: list[Place], named: Mapping[str, list[Place]]) -> list[Place]:
        """Note what a node reads; the places that its value comes from."""
        if node is None or isinstance(node, Literal):
            return []
        if isinstance(node, Reference):
            if node.context == "root":
                return []
            base = this if node.context == "this" else named.get(node.context, [])
            return self._noted([(*place, *node.path) for place in base])
        if isinstance(node, Metadata):
            return self._noted([("metadata",) if node.key is None else ("metadata", node.key)])
        if isinstance(node, Below):
            return self._noted([(*place, *node.path) for place in self._walk(node.target, this, named)])
        if isinstance(node, MapQuery):
            return self._walk(node.query, self._walk(node.target, this, named), named)
        if isinstance(node, Lambda):
            return self._walk(node.body, this, {**named, node.name: this})
        if isinstance(node, Call):
            return self._call(node, this, named)
        return [place for child in _children(node) for place in self._walk(child, this, named)]

    def _call(self, node: Call, this: list[Place], named: Mapping[str, list[Place]]) -> list[Place]:
        values = [argument.value for argument in node.arguments if argument.node is None]
        first = values[0] if values and isinstance(values[0], str) else None
        found = self._walk(node.target, this, named)
        if node.target is None and node.spec.name in ("metadata", "meta"):
            found = self._noted([("metadata",) if first is None else ("metadata", first)])
        elif node.target is None and node.spec.name in ("json", "content"):
            found = self._noted([("path", *split_path(first))] if first else [("path",)])
        if node.spec.name not in _ITERATORS:
            for argument in node.arguments:
                found = found + self._walk(argument.node, this, named)
        return found

    def _noted(self, places: list[Place]) -> list[Place]:
        self.read.update(places)
        return places


def _children(node: Node) -> list[Node | None]:
    """The nodes right below one that has no meaning of its own here."""
    if isinstance(node, ArrayLiteral):
        return list(node.items)
    if isinstance(node, ObjectLiteral):
        keys: list[Any] = [key for key, _ in node.pairs if isinstance(key, Node)]
        return [*keys, *(value for _, value in node.pairs)]
    if isinstance(node, Arithmetic):
        return [node.left, node.right]
    if isinstance(node, Not):
        return [node.operand]
    if isinstance(node, If):
        return [part for branch in node.branches for part in branch] + [node.otherwise]
    if isinstance(node, Match):
        return [node.subject, *(part for case in node.cases for part in (case.pattern, case.result))]
    if isinstance(node, Slice):
        return [node.target, node.index, *(node.bounds or ())]
    return []


def tiers(reads: Mapping[str, set[Place]], writes: Mapping[str, set[Place]]) -> list[list[str]]:
    """Branches that may run side by side, tier by tier; each reads only what earlier tiers wrote.

    Raises:
        ConfigError: Some of them wait for each other.
    """
    waits = {
        name: {
            other
            for other, provided in writes.items()
            if other != name and any(place[: len(part)] == part for place in wanted for part in provided)
        }
        for name, wanted in reads.items()
    }
    order: list[list[str]] = []
    while waits:
        ready = sorted(name for name, others in waits.items() if not others)
        if not ready:
            raise ConfigError(
                "failed to automatically resolve DAG, circular dependencies detected for branches: "
                f"[{' '.join(sorted(waits))}]"
            )
        order.append(ready)
        waits = {name: others.difference(ready) for name, others in waits.items() if name not in ready}
    return order


def check_order(order: Sequence[Sequence[str]], names: Iterable[str]) -> None:
    """Refuse an order that was written down and is none.

    Raises:
        ConfigError: A tier is empty, or a branch stands there twice, or not at all.
    """
    seen: set[str] = set()
    for index, tier in enumerate(order):
        if not tier:
            raise ConfigError(f"explicit order tier '{index}' was empty")
        for name in tier:
            if name in seen:
                raise ConfigError(f"branch specified in order listed multiple times: {name}")
            seen.add(name)
    missing = [name for name in names if name not in seen]
    if missing:
        raise ConfigError(f"the following branches were missing from order: [{' '.join(missing)}]")
