"""What lies outside of messages: the clock, environment variables, files, the host's name and caches."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import PARSED_IN, Example, ExecutionContext, Param, function
from headwater.bloblang.targets import HOST, bounded
from headwater.bloblang.timeformat import now
from headwater.errors import DocumentError, HeadwaterError

# The clock -----------------------------------------------------------------------------------------------------------


@function(
    "now",
    category=HOST,
    summary="The present time as RFC 3339 text, in the zone of the machine.",
    examples=[Example("", "root.later = now().ts_unix() > 1700000000", ("{}", '{"later":true}'))],
)
def now_() -> str:
    return now().text()


for _name, _unit, _what in (
    ("timestamp_unix", 1_000_000_000, "seconds"),
    ("timestamp_unix_milli", 1_000_000, "milliseconds"),
    ("timestamp_unix_micro", 1_000, "microseconds"),
    ("timestamp_unix_nano", 1, "nanoseconds"),
):
    function(
        _name,
        category=HOST,
        summary=f"The present time in {_what} since 1970.",
        examples=[Example("", f"root.later = {_name}() > 1700000000", ("{}", '{"later":true}'))],
    )(lambda _unit=_unit: time.time_ns() // _unit)


# The host ------------------------------------------------------------------------------------------------------------


@function(
    "hostname",
    category=HOST,
    impure=True,
    needs=("host",),
    summary="The name of the machine.",
    examples=[Example("", "root.type = hostname().type()", ("{}", '{"type":"string"}'))],
)
def hostname() -> str:
    import socket

    return socket.gethostname()


def _env(name: str, no_cache: bool) -> Callable[[], str | None]:
    if no_cache:
        return lambda: os.environ.get(name)
    value = os.environ.get(name)
    return lambda: value


function(
    "env",
    Param("name", "string", "The name of the variable."),
    Param("no_cache", "bool", "Look it up for each message, not once.", default=False),
    constructor=True,
    category=HOST,
    impure=True,
    needs=("environment",),
    summary="The value of an environment variable; null where it is not set.",
    examples=[Example("", 'root.thing = env("SURELY_NOT_SET_ANYWHERE") | "default"', ("{}", '{"thing":"default"}'))],
)(_env)

_WORDS = {
    errno.ENOENT: "no such file or directory",
    errno.EACCES: "permission denied",
    errno.EISDIR: "is a directory",
    errno.ENOTDIR: "not a directory",
    errno.ENAMETOOLONG: "file name too long",
    errno.ELOOP: "too many levels of symbolic links",
}


def read_file(path: str) -> bytes:
    """The content of a file, of bounded size.

    Raises:
        BloblangError: It cannot be read.
    """
    try:
        with open(path.encode("utf-8", "surrogateescape"), "rb") as file:
            bounded(os.fstat(file.fileno()).st_size)
            return file.read()
    except OSError as error:
        verb = "read" if error.errno == errno.EISDIR else "open"
        words = _WORDS.get(error.errno or 0) or (error.strerror or str(error)).lower()
        raise BloblangError(f"{verb} {path}: {words}", annotated=True) from None
    except ValueError:
        raise BloblangError(f"open {path}: invalid argument", annotated=True) from None


def _file(path: str, no_cache: bool) -> Callable[[], bytes]:
    if no_cache:
        return lambda: read_file(path)
    content = read_file(path)
    return lambda: content


function(
    "file",
    Param("path", "string", "The file's path."),
    Param("no_cache", "bool", "Read it for each message, not once.", default=False),
    constructor=True,
    category=HOST,
    impure=True,
    needs=("file",),
    summary="The content of a file, as bytes.",
    examples=[
        Example("", 'root.found = file("/surely/not/there", true).string() | "none"', ("{}", '{"found":"none"}'))
    ],
)(_file)


def _beside(directory: str, path: str) -> str:
    return path if os.path.isabs(path) else os.path.normpath(os.path.join(directory, path))


def _file_rel(path: str, no_cache: bool) -> Callable[[ExecutionContext], bytes]:
    directory = PARSED_IN.get()
    if directory is None:
        # The path was not known when the mapping was parsed.
        return lambda ctx: read_file(_beside(ctx.directory, path))
    read = _file(_beside(directory, path), no_cache)
    return lambda ctx: read()


function(
    "file_rel",
    Param("path", "string", "The file's path, seen from the mapping's own file."),
    Param("no_cache", "bool", "Read it for each message, not once.", default=False),
    constructor=True,
    context=True,
    category=HOST,
    impure=True,
    needs=("file",),
    summary="The content of a file beside the mapping's own, as bytes.",
    examples=[
        Example("", 'root.found = file_rel("surely/not/there", true).string() | "none"', ("{}", '{"found":"none"}'))
    ],
)(_file_rel)


def _file_rel_json(path: str) -> Callable[[ExecutionContext], Any]:
    from headwater.bloblang.values import clone

    directory = PARSED_IN.get()
    if directory is None:
        return lambda ctx: _read_document(_beside(ctx.directory, path))
    document = _read_document(_beside(directory, path))
    return lambda ctx: clone(document)


def _read_document(path: str) -> Any:
    from headwater.documents import decode_document

    try:
        return decode_document(read_file(path))
    except DocumentError as error:
        raise BloblangError(f"failed to parse file {path} as JSON: {error}", annotated=True) from None


function(
    "file_rel_json",
    Param("path", "string", "The file's path, seen from the mapping's own file."),
    constructor=True,
    context=True,
    category=HOST,
    impure=True,
    needs=("file",),
    summary="The document in a JSON file beside the mapping's own.",
    examples=[
        Example(
            "",
            'root.found = file_rel_json("surely/not/" + this.name) | "none"',
            ('{"name":"a.json"}', '{"found":"none"}'),
        )
    ],
)(_file_rel_json)


# Caches --------------------------------------------------------------------------------------------------------------


def _cache(ctx: ExecutionContext, label: str) -> Any:
    try:
        return ctx.resources.cache(label)
    except (HeadwaterError, KeyError, AttributeError):
        raise BloblangError(f"unable to locate resource: {label}") from None


def _at_once(answer: Any, label: str) -> Any:
    """The result of a cache's coroutine, which must not wait: a mapping has nowhere to wait.

    Raises:
        BloblangError: The cache fails, or does not answer at once.
    """
    try:
        answer.send(None)
    except StopIteration as stop:
        return stop.value
    except HeadwaterError as error:
        raise BloblangError(str(error)) from None
    answer.close()
    raise BloblangError(f"cache {label} cannot be used in a mapping, for it does not answer at once")


_RESOURCE = Param("resource", "string", "The label of the cache.")
_KEY = Param("key", "string", "The key.")
_VALUE = Param("value", "string", "What to keep.")


def _cache_get(ctx: ExecutionContext, resource: str, key: str) -> bytes:
    return bytes(_at_once(_cache(ctx, resource).get(key), resource))


def _cache_set(ctx: ExecutionContext, resource: str, key: str, value: str) -> None:
    _at_once(_cache(ctx, resource).set(key, value.encode("utf-8", "surrogateescape")), resource)


def _cache_add(ctx: ExecutionContext, resource: str, key: str, value: str) -> None:
    _at_once(_cache(ctx, resource).add(key, value.encode("utf-8", "surrogateescape")), resource)


def _cache_delete(ctx: ExecutionContext, resource: str, key: str) -> None:
    _at_once(_cache(ctx, resource).delete(key), resource)


for _name, _native, _params, _what in (
    ("cache_get", _cache_get, (_RESOURCE, _KEY), "The value of a key in a cache, as bytes; fails without one."),
    ("cache_set", _cache_set, (_RESOURCE, _KEY, _VALUE), "Keep a value in a cache."),
    ("cache_add", _cache_add, (_RESOURCE, _KEY, _VALUE), "Keep a value in a cache; fails where the key has one."),
    ("cache_delete", _cache_delete, (_RESOURCE, _KEY), "Forget a key of a cache."),
):
    _arguments = ", ".join(f'"{param.name}"' for param in _params)
    function(
        _name,
        *_params,
        context=True,
        category=HOST,
        status="experimental",
        impure=True,
        needs=("resources",),
        summary=_what,
        examples=[
            Example(
                "",
                f"root.answer = {_name}({_arguments}).catch(this)",
                ("{}", '{"answer":"unable to locate resource: resource"}'),
            )
        ],
    )(_native)
