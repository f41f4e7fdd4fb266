"""What methods take as their target, where the registry's plain types do not say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from headwater.bloblang.errors import BloblangError, TypeMismatch, prefixed
from headwater.bloblang.registry import MAX_GROWTH
from headwater.bloblang.values import decode_text, encode_text

T = TypeVar("T")

STRINGS: Final = "String Manipulation"
REGULAR_EXPRESSIONS: Final = "Regular Expressions"
NUMBERS: Final = "Number Manipulation"
TIMESTAMPS: Final = "Timestamp Manipulation"
COERCION: Final = "Type Coercion"
STRUCTURES: Final = "Object & Array Manipulation"
PARSING: Final = "Parsing"
ENCODING: Final = "Encoding and Encryption"
TOKENS: Final = "JSON Web Tokens"
GEOIP: Final = "GeoIP"
GENERAL: Final = "General"
MESSAGE: Final = "Message Info"
HOST: Final = "Environment"
FAKE: Final = "Fake Data Generation"
DEPRECATED: Final = "Deprecated"

STRING_OR_BYTES: Final = ("bytes", "string")
TEXT: Final = ("bytes", "string", "timestamp")
TIME: Final = ("number (unix)", "string (RFC3339)", "timestamp")


def like(target: str | bytes, change: Callable[[str], str]) -> str | bytes:
    """Change a text; bytes stay bytes."""
    if type(target) is bytes:
        return encode_text(change(decode_text(target)))
    return change(target)  # type: ignore[arg-type]


def array_or_object(value: Any) -> Any:
    """A list or dict as it is.

    Raises:
        TypeMismatch: It is neither.
    """
    if type(value) is list or type(value) is dict:
        return value
    raise TypeMismatch(value, "array", "object")


def object_or_array(value: Any) -> Any:
    """The same as `array_or_object`, worded the other way around."""
    if type(value) is list or type(value) is dict:
        return value
    raise TypeMismatch(value, "object", "array")


def bounded(size: int) -> None:
    """Refuse a result that would be too large.

    Raises:
        BloblangError: `size` bytes or elements are more than one call may produce.
    """
    if size > MAX_GROWTH:
        raise BloblangError(f"result of {size} bytes or elements exceeds the limit of {MAX_GROWTH}")


def bounded_array(count: int) -> None:
    """Refuse an array or object that would have too many elements, each of which takes eight bytes at least.

    Raises:
        BloblangError: `count` elements are more than one call may produce.
    """
    if count > MAX_GROWTH // 8:
        raise BloblangError(f"result of {count} elements exceeds the limit of {MAX_GROWTH // 8}")


def within(prefix: str, error: BloblangError) -> BloblangError:
    """Put words before an error that came from a part of the target; where the target came from may still be added."""
    return prefixed(prefix, error)


def final(error: BloblangError) -> BloblangError:
    """Mark an error as complete: nothing is said before it of where the target came from."""
    error.annotated = True
    return error


def blamed(error: BloblangError, query: Callable[[Any], Any]) -> BloblangError:
    """The error of a query, said to be of that query unless it names its origin already."""
    annotation = getattr(query, "annotation", "")
    if annotation:
        error.annotate(annotation)
    return error
