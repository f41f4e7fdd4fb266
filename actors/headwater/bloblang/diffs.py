"""Lists of changes between two values, and their application."""

from __future__ import annotations

import math
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.goformat import sprintf
from headwater.bloblang.gonumbers import NumberError, parse_decimal_int
from headwater.bloblang.values import Timestamp, encode_text, equal, is_number, number, to_bytes, type_name


def changes(before: Any, after: Any) -> list[Any]:
    """What must be changed: objects of `Type` (create, update, delete), `Path`, `From` and `To`.

    Elements of arrays are compared without regard to their order, and by position where they are missing.

    Raises:
        BloblangError: Two values at the same place have different types.
    """
    found: list[Any] = []
    _compare([], before, after, found)
    return found


def _change(kind: str, path: list[str], before: Any, after: Any) -> dict[str, Any]:
    return {"From": before, "Path": list(path), "To": after, "Type": kind}


def _compare(path: list[str], before: Any, after: Any, found: list[Any]) -> None:
    if before is None or after is None:
        if before is not after:
            found.append(_change("update", path, before, after))
        return
    if type_name(before) != type_name(after):
        raise BloblangError("types do not match")
    if type(before) is dict:
        for key in sorted({*before, *after}, key=encode_text):
            place = [*path, key]
            if key not in after:
                found.append(_change("delete", place, before[key], None))
            elif key not in before:
                found.append(_change("create", place, None, after[key]))
            else:
                _compare(place, before[key], after[key], found)
    elif type(before) is list:
        _compare_arrays(path, before, after, found)
    elif not equal(before, after):
        found.append(_change("update", path, before, after))


def _missing(items: list[Any], others: list[Any]) -> dict[int, Any]:
    """The elements that have no counterpart of their own in another array, by position."""
    unused: dict[Any, list[Any]] = {}
    for other in reversed(others):
        unused.setdefault(_likeness(other), []).append(other)
    missing: dict[int, Any] = {}
    for index, item in enumerate(items):
        alike = unused.get(_likeness(item), [])
        twin = next((place for place in range(len(alike) - 1, -1, -1) if equal(item, alike[place])), None)
        if twin is None:
            missing[index] = item
        else:
            del alike[twin]
    return missing


def _likeness(value: Any) -> Any:
    """Something to hash that equal values have in common, and few others have."""
    kind = type(value)
    if kind is list:
        return ("array", *map(_likeness, value))
    if kind is dict:
        return frozenset((key, _likeness(item)) for key, item in value.items())
    if value is None or kind is bool:
        return (kind, value)
    if is_number(value):
        try:
            return float(number(value))
        except OverflowError:
            return math.inf
    return to_bytes(value) if kind in (str, bytes, Timestamp) else kind


def _compare_arrays(path: list[str], before: list[Any], after: list[Any], found: list[Any]) -> None:
    gone = _missing(before, after)
    new = _missing(after, before)
    for index in [*gone, *(index for index in new if index not in gone)]:
        place = [*path, str(index)]
        if index not in new:
            found.append(_change("delete", place, gone[index], None))
        elif index not in gone:
            found.append(_change("create", place, None, new[index]))
        else:
            _compare(place, gone[index], new[index], found)


def check_changelog(changelog: Any) -> list[dict[str, Any]]:
    """The changes of a changelog.

    Raises:
        BloblangError: It is no array of changes.
    """
    if type(changelog) is not list:
        kind = {"object": "map", "number": "int64", "null": "invalid", "bytes": "slice"}.get(
            type_name(changelog), type_name(changelog)
        )
        raise BloblangError(f"'': source data must be an array or slice, got {kind}", annotated=True)
    for index, change in enumerate(changelog):
        if type(change) is not dict:
            shown = sprintf("%v", [change])
            raise BloblangError(f"'[{index}]' expected a map, got '{type_name(change)}' ({shown})", annotated=True)
    return changelog


def apply_changes(value: Any, changelog: list[dict[str, Any]]) -> Any:
    """A value with changes made to it; `value` is changed and belongs to the caller."""
    for change in changelog:
        path = [segment if type(segment) is str else sprintf("%v", [segment]) for segment in change.get("Path") or ()]
        kind = change.get("Type")
        if not path:
            value = change.get("To")
        elif kind == "delete":
            _delete(value, path)
        else:
            _put(value, path, change.get("To"))
    return _compacted(value)


_GONE = object()


def _step(value: Any, segment: str) -> Any:
    if type(value) is dict:
        return value.get(segment)
    if type(value) is list:
        place = _place(segment)
        return value[place] if 0 <= place < len(value) else None
    return None


def _place(segment: str) -> int:
    try:
        return parse_decimal_int(segment)
    except NumberError:
        return -1


def _put(value: Any, path: list[str], new: Any) -> None:
    for segment in path[:-1]:
        inner = _step(value, segment)
        if type(inner) not in (dict, list):
            inner = {}
            _store(value, segment, inner)
        value = inner
    _store(value, path[-1], new)


def _store(value: Any, segment: str, new: Any) -> None:
    if type(value) is dict:
        value[segment] = new
    elif type(value) is list:
        place = _place(segment)
        if 0 <= place < len(value):
            value[place] = new
        else:
            value.append(new)


def _delete(value: Any, path: list[str]) -> None:
    for segment in path[:-1]:
        value = _step(value, segment)
    if type(value) is dict:
        value.pop(path[-1], None)
    elif type(value) is list:
        place = _place(path[-1])
        if 0 <= place < len(value):
            # Positions of later changes count the elements as they were.
            value[place] = _GONE


def _compacted(value: Any) -> Any:
    if type(value) is list:
        return [_compacted(item) for item in value if item is not _GONE]
    if type(value) is dict:
        return {key: _compacted(item) for key, item in value.items()}
    return value
