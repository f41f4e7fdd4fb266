"""Bloblang, the mapping language: compile once, run on messages.

    mapping = compile_mapping('root.id = this.id.uppercase()')
    mapping.apply(Message(b'{"id":"a"}'))

The modules, in the order in which a mapping goes through them: `scanner`, `parser`, `statements` (text to `syntax`,
with `binding`
for calls), `expressions`, `program` (syntax to Python source in an `emitter`), `mapping` (what users hold);
`execution`,
`operators`, `failures` (what runs), `values`, `errors`, `registry` (what all share), `functions` and `methods`.
"""

from headwater.bloblang.errors import BloblangError, ParseError
from headwater.bloblang.mapping import (
    Failed,
    Interpolation,
    Mapping,
    MutationError,
    Query,
    compile_mapping,
    compile_query,
    parse_interpolation,
)
from headwater.bloblang.registry import Environment, Example, ExecutionContext, Param

__all__ = [
    "BloblangError",
    "Environment",
    "Example",
    "ExecutionContext",
    "Failed",
    "Interpolation",
    "Mapping",
    "MutationError",
    "Param",
    "ParseError",
    "Query",
    "compile_mapping",
    "compile_query",
    "parse_interpolation",
]
