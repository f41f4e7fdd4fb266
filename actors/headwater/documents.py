"""Documents and their JSON: exact numbers, sorted keys, the reference's words for what is not JSON.

Integers of any size stay exact; a float stays the text that it was written as (`orjson.Fragment`) until somebody
calculates with it, so it is written back unchanged.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from headwater.errors import DocumentError

_decoder = msgspec.json.Decoder(float_hook=orjson.Fragment)
_OPTIONS = orjson.OPT_SORT_KEYS


def decode_document(raw: bytes | None) -> Any:
    """Parse a JSON payload.

    Raises:
        DocumentError: It is no JSON document, or there is none.
    """
    if not raw:
        raise DocumentError("message is empty")
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(str(error)) from None


def encode_document(document: Any) -> bytes:
    """Serialise a document as compact JSON with sorted keys."""
    return orjson.dumps(document, option=_OPTIONS)
