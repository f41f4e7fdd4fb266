"""Everything that generated code may name."""

from __future__ import annotations

from typing import Any, Final

import orjson

from headwater.bloblang import execution, loops, operators
from headwater.bloblang.binding import convert
from headwater.bloblang.errors import BloblangError
from headwater.bloblang.failures import explained, explained_query, failed, failure_text, keyed_failure
from headwater.bloblang.registry import ExecutionContext
from headwater.bloblang.values import DELETE, MISSING, NOTHING, Marker, equal
from headwater.bloblang.weights import measured
from headwater.documents import (
    decode_signed,
    decode_textual,
    encode_default,
    encode_document,
    fast_decode,
    separators,
)
from headwater.message import UNSET, Message

HELPERS: Final[dict[str, Any]] = {
    "MISSING": MISSING,
    "NOTHING": NOTHING,
    "DELETE": DELETE,
    "Marker": Marker,
    "BadDocument": execution.BadDocument,
    "ExecutionContext": ExecutionContext,
    "step": execution.step,
    "walk": execution.walk,
    "whole": execution.whole,
    "undefined": execution.undefined,
    "fail": execution.fail,
    "condition": execution.condition,
    "strict_condition": execution.strict_condition,
    "object_key": execution.object_key,
    "apply_map": execution.apply_map,
    "convert": convert,
    "equal": equal,
    "elements": loops.elements,
    "rebuilt": loops.rebuilt,
    "chosen": loops.chosen,
    "element_failure": loops.element_failure,
    "query_failure": loops.query_failure,
    "add": operators.add,
    "subtract": operators.subtract,
    "multiply": operators.multiply,
    "divide": operators.divide,
    "arithmetic": operators.arithmetic,
    "truth": operators.truth,
    "too_long": operators.too_long,
    "inverted": operators.inverted,
    "sliced": operators.sliced,
    "indexed": operators.indexed,
    "explained": explained,
    "failed": failed,
    "explained_query": explained_query,
    "keyed_failure": keyed_failure,
    "failure_text": failure_text,
    "BloblangError": BloblangError,
    **{f"as_{name}": function for name, function in execution.COERCIONS.items()},
    "UNSET": UNSET,
    "Message": Message,
    "decode": fast_decode,
    "decode_signed": decode_signed,
    "decode_textual": decode_textual,
    "dumps": orjson.dumps,
    "encode_default": encode_default,
    "encode_document": encode_document,
    "separators": separators,
    "SORTED": orjson.OPT_SORT_KEYS,
    "HEAVY": execution.HEAVY,
    "keep": execution.keep,
    "put": execution.put,
    "Stepper": execution.Stepper,
    "put_in_place": execution.put_in_place,
    "owned": execution.owned,
    "working_copy": execution.working_copy,
    "set_metadata": execution.set_metadata,
    "replace_metadata": execution.replace_metadata,
    "bad_document": execution.bad_document,
    "finish": execution.finish,
    "measured": measured,
    "finish_payload": execution.finish_payload,
}
