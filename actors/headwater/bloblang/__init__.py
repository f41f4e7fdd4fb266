"""Bloblang, the mapping language: compile once, run on messages.

    mapping = compile_mapping('root.id = this.id.uppercase()')
    mapping.apply(Message(b'{"id":"a"}'))        # a message, as in a stream
    mapping({"id": "a"})                         # or a document, or JSON as bytes

    @method("shout", target="string", summary="The text in capitals, with an exclamation mark.")
    def shout(target: str) -> str:
        return target.upper() + "!"

The modules, in the order in which a mapping goes through them: `scanner`, `parser`, `statements` (text to `syntax`,
with `binding` for calls); `references`, `expressions`, `calls`, `loops`, `program` (syntax to Python source, in an
`emitter`); `mapping` (what users hold). What runs: `runtime`, `execution`, `operators`, `failures`. What all share:
`values`, `errors`, `registry`. And `functions` and `methods`.
"""

from headwater.bloblang.errors import BloblangError, ParseError
from headwater.bloblang.failures import Failed
from headwater.bloblang.mapping import (
    Interpolation,
    Mapping,
    MutationError,
    Query,
    compile_mapping,
    compile_query,
    parse_interpolation,
)
from headwater.bloblang.registry import Environment, Example, ExecutionContext, Param, add_function, add_method
from headwater.bloblang.values import DELETE, NOTHING

__all__ = [
    "DELETE",
    "NOTHING",
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
    "function",
    "method",
    "parse_interpolation",
]

function = add_function
method = add_method
