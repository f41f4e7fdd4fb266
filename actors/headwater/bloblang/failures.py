"""From an exception in compiled code to the error that users see.

Compiled code carries no bookkeeping for errors. Its lines are listed in a table beside it: what stands on a line (the
annotation
of a method's target, the reference that is read) and the regions around it (the argument, condition or statement).
The traceback
tells the lines, innermost first; what belongs to them is put around the error in that order.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final

from headwater.bloblang.errors import BloblangError, NoDocument, prefixed
from headwater.bloblang.execution import no_document
from headwater.message import Message

TABLE: Final = "_table"
"""The global of compiled code that holds its table."""


class Region:
    """A stretch of compiled code whose failures get words around them.

    Attributes:
        kind: "prefix", "statement" (of a mapping), "inner" (statement of a named map) or "edge" (a handler, or a
        query).
        text: The words, ready to be put before the error.
        outer: The region around it.
    """

    __slots__ = ("kind", "outer", "text")

    def __init__(self, kind: str, text: str, outer: Region | None) -> None:
        self.kind = kind
        self.text = text
        self.outer = outer


class Place:
    """What stands on a line of compiled code."""

    __slots__ = ("annotation", "reference", "region")

    def __init__(self, region: Region | None, annotation: str = "", reference: str = "") -> None:
        self.region = region
        self.annotation = annotation
        self.reference = reference


def _own_error(error: BaseException) -> BloblangError:
    if isinstance(error, BloblangError):
        return error
    if isinstance(error, RecursionError):
        return BloblangError("maximum depth exceeded")
    if isinstance(error, MemoryError):
        return BloblangError("out of memory")
    return BloblangError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def explained(error: BaseException, edge: Region | None = None) -> BloblangError:
    """The error with all words around it that the compiled code between here and its origin has for it.

    Args:
        error: Just caught, so its traceback begins in the frame that caught it.
        edge: The region at which that frame's own words end; None for all.
    """
    places: list[Place] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        table: dict[int, Place] | None = trace.tb_frame.f_globals.get(TABLE)
        if table is not None:
            place = table.get(trace.tb_lineno)
            if place is not None:
                places.append(place)
        trace = trace.tb_next
    found = _own_error(error)
    for position in range(len(places) - 1, -1, -1):
        place = places[position]
        if isinstance(found, NoDocument) and place.reference:
            found = no_document(found.cause, place.reference)
        if place.annotation:
            found.annotate(place.annotation)
        region = place.region
        while region is not None:
            if region.kind == "edge":
                if position == 0 and region is edge:
                    break
            elif region.kind == "inner":
                if found.inside_map is None:
                    found = prefixed(region.text, found)
                    found.inside_map = found.text, found.annotated
                else:
                    # Of maps within maps the innermost alone is heard, without what was put before it since.
                    made = BloblangError(*found.inside_map)
                    made.inside_map, made.structured = found.inside_map, found.structured
                    found = made
            elif region.kind == "statement":
                found = BloblangError(region.text + (found.structured or found.text), True)
            else:
                found = prefixed(region.text, found)
            region = region.outer
    return found.with_traceback(None)


class Failed:
    """Stands for a message that a mapping failed on, among the results of `Mapping.apply_many`."""

    __slots__ = ("error", "message")

    def __init__(self, message: Message, error: BloblangError) -> None:
        self.message = message
        self.error = error


def failed(message: Message, error: BaseException) -> Failed:
    """What stands for a message that compiled code failed on."""
    return Failed(message, explained(error))


def failure_text(error: BaseException, edge: Region) -> Any:
    """The text that `catch` gives to its query."""
    return explained(error, edge).text


def explained_query(error: BaseException, edge: Region) -> BloblangError:
    """What a query raises to the method that runs it."""
    return explained(error, edge)


def keyed_failure(error: BaseException, edge: Region, key: str) -> BloblangError:
    """What a value of an object literal raises where its key is known only when run."""
    return prefixed(f"failed to resolve '{key}' value: ", explained(error, edge))
