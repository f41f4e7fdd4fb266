"""What compiled mappings call while they run, beside operators: paths, targets of methods, assignments, results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from headwater.bloblang.depth import deeper
from headwater.bloblang.errors import BloblangError, NoDocument, TypeMismatch
from headwater.bloblang.operators import native_type, not_boolean
from headwater.bloblang.registry import ExecutionContext, Target
from headwater.bloblang.values import (
    DELETE,
    NOTHING,
    HollowArray,
    Marker,
    NonFinite,
    Timestamp,
    array_index,
    clone,
    encode_text,
    float_json,
    get_bytes,
    get_path,
    get_text,
    get_text_or_time,
    integer,
    number,
    type_name,
)
from headwater.bloblang.weights import measured
from headwater.documents import decode_document, encode_document, fragment
from headwater.errors import DocumentError
from headwater.message import UNSET, Message

MAX_MAPS: Final = 5000
"""How many maps may be entered from within one another."""
MAX_CALLS: Final = 1_000_000
"""How many times a mapping may enter maps for one message; recursion that branches would never end otherwise."""
_LEVELS_A_THREAD: Final = 40


class BadDocument:
    """Stands for `this` where a message has no document, or where there is no context at all."""

    __slots__ = ("cause",)

    def __init__(self, cause: str | None) -> None:
        self.cause = cause

    def failure(self) -> BloblangError:
        """What reading it raises; the compiled code knows which reference was read."""
        return NoDocument(self.cause or "")


NO_CONTEXT: Final = BadDocument(None)


def bad_document(raw: bytes | None) -> Any:
    """What `this` is where the fast decoder refused a payload: a document after all, or why there is none."""
    try:
        return decode_document(raw)
    except DocumentError as error:
        return BadDocument(str(error))


def finish(message: Message, root: Any, metadata: Mapping[str, Any]) -> Message | None:
    """The message that a mapping makes; None where root was deleted."""
    if root is DELETE:
        return None
    if root is NOTHING:
        return message if metadata is message.metadata else message.with_metadata(metadata)
    return Message(_payload(root), UNSET, metadata, message.error, message.origin, message.context)


def finish_payload(content: bytes, root: Any) -> bytes | None:
    """The payload that a mapping makes of another one; None where root was deleted."""
    if root is DELETE:
        return None
    return content if root is NOTHING else _payload(root)


def _payload(root: Any) -> bytes:
    kind = type(root)
    if kind is str:
        return encode_text(root)
    return root if kind is bytes else encode_document(root)


def no_document(cause: str, reference: str) -> BloblangError:
    """The error of a reference to a document that is not there."""
    head, _, rest = reference.partition(".")
    missing = rest or (head if head != "this" else "")
    words = "context was undefined"
    error = BloblangError(f"{words}, unable to reference `{missing}`" if missing else words)
    if cause:
        reason = cause if cause == "message is empty" else f"parse as json: {cause}"
        error.structured = f"unable to reference message as structured (with '{reference}'): {reason}"
    return error


def whole(value: Any) -> Any:
    """The value of `this`.

    Raises:
        NoDocument: There is none.
    """
    if type(value) is BadDocument:
        raise value.failure()
    return value


def step(value: Any, segment: str) -> Any:
    """One segment of a path: a key of an object or an index of an array; null where there is nothing."""
    kind = type(value)
    if kind is dict:
        return value.get(segment)
    if kind is list:
        index = array_index(segment)
        return value[index] if index is not None and 0 <= index < len(value) else None
    if kind is BadDocument:
        raise value.failure()
    return None


class Stepper:
    """Gives a value that is no object the one method by which compiled code reads fields."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def get(self, segment: str) -> Any:
        """One segment of a path."""
        return step(self.value, segment)


def walk(value: Any, segments: tuple[str, ...]) -> Any:
    """A whole path, wildcards too."""
    return get_path(whole(value), segments)


def undefined(name: str) -> Any:
    """Fail because a variable has no value."""
    raise BloblangError(f"variable '{name}' undefined")


def fail(text: str) -> Any:
    """Fail with a text."""
    raise BloblangError(text)


# Targets -------------------------------------------------------------------------------------------------------------


def _as_array(value: Any) -> Any:
    if type(value) is HollowArray:
        return []
    if type(value) is not list:
        raise TypeMismatch(value, "array")
    return value


def _as_object(value: Any) -> Any:
    if type(value) is not dict:
        raise TypeMismatch(value, "object")
    return value


def _as_bool(value: Any) -> Any:
    if type(value) is not bool:
        raise TypeMismatch(value, "bool")
    return value


def _as_timestamp(value: Any) -> Any:
    from headwater.bloblang.timeformat import to_timestamp

    return to_timestamp(value)


def _as_stringish(value: Any) -> str | bytes:
    if type(value) is str or type(value) is bytes:
        return value
    raise TypeMismatch(value, "string")


def _as_octets(value: Any) -> bytes:
    kind = type(value)
    if kind is bytes:
        return value  # type: ignore[no-any-return]
    if kind is str or kind is Timestamp:
        return encode_text(get_text_or_time(value))
    raise TypeMismatch(value, "bytes")


COERCIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": get_text,
    "stringish": _as_stringish,
    "text": get_text_or_time,
    "bytes": get_bytes,
    "octets": _as_octets,
    "number": number,
    "integer": integer,
    "array": _as_array,
    "object": _as_object,
    "bool": _as_bool,
    "timestamp": _as_timestamp,
}
"""What a method's target goes through, by the name in its spec."""


def coerce_target(target: Target, value: Any) -> Any:
    """What a native function gets of a target.

    Raises:
        TypeMismatch: The method does not take such a value.
    """
    if target == "any":
        return value
    if isinstance(target, str):
        return COERCIONS[target](value)
    return target(value)


# Conditions ----------------------------------------------------------------------------------------------------------


def condition(value: Any, name: str, textual: bool = False) -> bool:
    """A condition of an `if` expression; null counts as false."""
    if value is None:
        return False
    if type(value) is bool:
        return value
    raise not_boolean(value, name, textual)


def strict_condition(value: Any, name: str, textual: bool = False) -> bool:
    """A condition of an `if` statement."""
    if type(value) is bool:
        return value
    raise not_boolean(value, name, textual)


def object_key(value: Any, textual: bool = False) -> str:
    """A key of an object literal that is known only when run."""
    if type(value) is str:
        return value
    if type(value) is bytes:
        return value.decode("utf-8", "surrogateescape")
    raise BloblangError(f"mapping returned invalid key type: {native_type(value, textual)}")


# Maps ----------------------------------------------------------------------------------------------------------------


def apply_map(maps: Mapping[str, Any], name: Any, value: Any, context: ExecutionContext) -> Any:
    """Run a named map.

    Raises:
        BloblangError: There is none of that name, or maps run within maps without end.
    """
    made = maps.get(name)
    if made is None:
        raise BloblangError(f"map {name} was not found" if maps.get("") is None else "no maps were found")
    depth = context.depth
    if depth >= MAX_MAPS:
        raise BloblangError(
            f"entering map {name} exceeded maximum allowed stacks of {MAX_MAPS}, "
            "this could be due to unbounded recursion",
            True,
        )
    calls = context.calls
    calls[0] += 1
    if calls[0] > MAX_CALLS:
        raise BloblangError(f"entering map {name} exceeded the {MAX_CALLS} runs of maps that a message may take", True)
    context.depth = depth + 1
    try:
        if depth % _LEVELS_A_THREAD == _LEVELS_A_THREAD - 1:
            return deeper(made, value, context)
        return made(value, context)
    finally:
        context.depth = depth


# Assignments ---------------------------------------------------------------------------------------------------------


def put(root: Any, path: tuple[str, ...], value: Any) -> Any:
    """Set, or with DELETE remove, what a path leads to; containers on the way are copied.

    Raises:
        BloblangError: The path leads through something that is neither object nor array.
    """
    if type(value) is Marker:
        return root if value is NOTHING else remove(root, path)
    if not path:
        return value
    if root is NOTHING or root is None:
        root = {}
    elif type(root) is dict:
        root = root.copy()
    elif type(root) is list:
        root = root[:]
    else:
        raise _collision(path, 0, root)
    here = root
    last = len(path) - 1
    for at, segment in enumerate(path):
        key: Any = segment
        if type(here) is list:
            if segment == "-":
                here.append(None)
                key = len(here) - 1
            else:
                key = _index(here, path, at)
        if at == last:
            here[key] = value
            return root
        below = here.get(key) if type(here) is dict else here[key]
        if below is None:
            below = _created(here, path, at)
        elif type(below) is dict:
            below = below.copy()
        elif type(below) is list:
            below = below[:]
        else:
            raise _collision(path, at + 1, below, root)
        here[key] = below
        here = below
    return root


def _created(here: Any, path: tuple[str, ...], at: int) -> dict[str, Any]:
    """The object that is made where a path meets null; elements of arrays must be there, but for those appended."""
    if type(here) is list and path[at] != "-":
        raise BloblangError(
            f"unable to set target path {_dotted(path)}: failed to resolve path segment '{at}': "
            f"field '{path[at]}' was not found"
        )
    return {}


def _dotted(path: Iterable[str]) -> str:
    return ".".join(segment.replace("~", "~0").replace(".", "~1") for segment in path)


def _collision(path: tuple[str, ...], at: int, value: Any, root: Any = None) -> BloblangError:
    # The first array on the way is blamed for what is within it.
    for before in range(at):
        if type(root) is list:
            at, value = before, root
            break
        root = root[path[before]]
    place = _dotted(path[:at]) if at else "the root"
    return BloblangError(
        f"unable to set target path {_dotted(path)} as the value of {place} was a non-object type ({type_name(value)})"
    )


def _index(here: list[Any], path: tuple[str, ...], at: int) -> int:
    segment = path[at]
    start = f"unable to set target path {_dotted(path)}: failed to resolve path segment '{at}': found array but "
    index = array_index(segment)
    if index is None:
        raise BloblangError(
            f"{start}segment value '{segment}' could not be parsed into array index: "
            f'strconv.Atoi: parsing "{segment}": invalid syntax'
        )
    if index < 0:
        raise BloblangError(f"{start}index '{segment}' is invalid")
    if index >= len(here):
        raise BloblangError(f"{start}index '{segment}' exceeded target array size of '{len(here)}'")
    return index


def remove(root: Any, path: tuple[str, ...], whole: bool = True) -> Any:
    """Remove what a path leads to, if there is anything; containers on the way are copied.

    Elements of an array that is the root stay, as they do in the reference.

    Args:
        root: What the path starts from.
        path: Its segments.
        whole: Whether that is the whole root.
    """
    if not path:
        return DELETE
    if root is NOTHING or root is None:
        return {}
    if type(root) is dict:
        key: Any = path[0]
        if key not in root:
            return root
    elif type(root) is list:
        index = array_index(path[0])
        if index is None or not 0 <= index < len(root) or (whole and len(path) == 1):
            return root
        key = index
    elif type(root) is Marker:
        raise _collision(path, 0, root)
    else:
        return root
    if len(path) == 1:
        copy = root.copy()
        del copy[key]
        return copy
    below = remove(root[key], path[1:], False) if type(root[key]) in (dict, list) else root[key]
    if below is root[key]:
        return root
    copy = root.copy()
    copy[key] = below
    return copy


def put_in_place(root: Any, path: tuple[str, ...], value: Any) -> Any:
    """Like `put`, for a root that belongs to the mapping with all that is in it."""
    if type(value) is Marker:
        return root if value is NOTHING else _remove_in_place(root, path)
    if type(value) in (dict, list):
        value = clone(measured(value))
    if not path:
        return value
    if root is NOTHING or root is None:
        root = {}
    elif type(root) is not dict and type(root) is not list:
        raise _collision(path, 0, root)
    here = root
    last = len(path) - 1
    for at, segment in enumerate(path):
        key: Any = segment
        if type(here) is list:
            if segment == "-":
                here.append(None)
                key = len(here) - 1
            else:
                key = _index(here, path, at)
        if at == last:
            here[key] = value
            return root
        below = here.get(key) if type(here) is dict else here[key]
        if below is None:
            below = here[key] = _created(here, path, at)
        elif type(below) is not dict and type(below) is not list:
            raise _collision(path, at + 1, below, root)
        here = below
    return root


def _remove_in_place(root: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return DELETE
    if root is NOTHING or root is None:
        return {}
    if type(root) is Marker:
        raise _collision(path, 0, root)
    here = get_path(root, path[:-1]) if len(path) > 1 else root
    if type(here) is dict:
        here.pop(path[-1], None)
    elif type(here) is list and here is not root:
        index = array_index(path[-1])
        if index is not None and 0 <= index < len(here):
            del here[index]
    return root


def owned(value: Any) -> Any:
    """A document that a mutation may change."""
    return clone(value)


def working_copy(batch: Sequence[Message] | None, index: int, message: Message) -> Sequence[Message]:
    """The batch as functions see it while one message of it is being changed."""
    if batch is None:
        return (message,)
    copy = list(batch)
    if 0 <= index < len(copy):
        copy[index] = message
    return copy


def abandoned(message: Message, document: Any, metadata: Mapping[str, Any], working: Message) -> Message:
    """A message as far as a mutation that failed has changed it; or as it was when its content was asked for."""
    raw = message.raw
    if working is not message and working.raw is not None:
        raw = working.raw
    elif type(document) is dict or type(document) is list:
        raw = encode_document(document)
    elif document is None:
        raw = b""
    return Message(raw, UNSET, metadata, message.error, message.origin, message.context)


def set_metadata(metadata: dict[str, Any], key: str, value: Any) -> None:
    """``meta key = value``"""
    if value is DELETE:
        metadata.pop(key, None)
    elif value is not NOTHING:
        metadata[key] = value


def replace_metadata(metadata: dict[str, Any], value: Any, textual: bool = False) -> None:
    """``meta = value``"""
    if value is NOTHING:
        return
    if value is DELETE:
        metadata.clear()
        return
    if type(value) is not dict:
        kind = native_type(value, textual)
        raise BloblangError(f"setting root meta object requires object value, received: {kind}")
    fresh = dict(value)
    metadata.clear()
    metadata.update(fresh)


HEAVY: Final = frozenset((float, dict, list))
"""Types that the fast encoder must not write as they are: floats may be whole, and containers may hold them."""


def keep(value: Any) -> Any:
    """A float in a form that the fast encoder writes as the reference does; other values as they are."""
    if type(value) is not float:
        return value
    if value.is_integer():
        if -9007199254740992.0 < value < 9007199254740992.0 and value != 0:
            return int(value)
        if value == 0:
            return 0 if float_json(value) == "0" else fragment("-0")
        return fragment(float_json(value))
    if value != value or value in (float("inf"), float("-inf")):
        return NonFinite(value)
    if 1e-5 <= abs(value) < 1e16:
        return value
    return fragment(float_json(value))


