"""Queries: from one expression to a Python function that returns its value."""

from __future__ import annotations

from typing import Any

from headwater.bloblang.calls import ExpressionCompiler
from headwater.bloblang.references import Scope
from headwater.bloblang.runtime import HELPERS
from headwater.bloblang.syntax import Node


class QueryCompiler(ExpressionCompiler):
    """Compiles one query into a function that returns its value.

    Args:
        node: The query.
        variables: Whether variables may be given from outside.
        interpolated: Whether it stands in an interpolation string, where there are no maps.
    """

    def __init__(self, node: Node, variables: bool = False, interpolated: bool = False) -> None:
        super().__init__()
        self.interpolated = interpolated
        self.node = node
        self.with_variables = variables

    def compile(self) -> dict[str, Any]:
        """Generate and load the code; the globals hold ``main``."""
        with self.function("main", ["_m0", "_b0", "_i0", "_w0", "_d0", "_a0", "_x0"]) as main:
            main.own |= {"_c0", "_g0"}
            self.scope = Scope("_x0", None, True, False)
            self.metadata = None
            self.variables = _Given(main.own) if self.with_variables else None
            value = self.expression(self.node)
            body, main.lines = main.lines, []
            if self.with_variables:
                assert self.variables is not None
                for name, code in self.variables.items():
                    self.put(f"{code} = _w0.get({name!r}, MISSING) if _w0 else MISSING")
            if self.needs_context:
                self.put(
                    "_c0 = ExecutionContext(_b0, _i0, _m0.metadata if _m0 is not None else None, _a0, _d0)"
                )
            main.lines += body
            self.put(f"return {value.code}")
        self.functions.append(main)
        return self.module(dict(HELPERS))


class _Given(dict[str, str]):
    """Variables that come from outside; every name may be there."""

    def __init__(self, own: set[str]) -> None:
        super().__init__()
        self._own = own

    def get(self, key: str, default: Any = None) -> Any:
        """The name of a variable in generated code; made at its first use."""
        if key not in self:
            self[key] = f"_v{90000 + len(self)}"
            self._own.add(self[key])
        return self[key]


