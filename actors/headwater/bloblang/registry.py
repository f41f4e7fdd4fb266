"""Functions and methods of Bloblang: how they are described, and the environments that hold them.

Conventions for the files in `functions/` and `methods/`
--------------------------------------------------------
Each entry is one Python function under a decorator; the decorator enters it into the default environment when its
file is imported (`Environment.default()` imports all files of both packages on first use, so nothing else needs
touching; heavy libraries are imported inside the functions that need them).

Plain style, the native function is called for each message::

    @method("repeat", Param("count", "integer"), target="string", category="Strings",
            receives=("bytes", "string"), summary="...",
            examples=[Example("...", 'root = this.a.repeat(3)', ('{"a":"x"}', 'xxx'))])
    def repeat(target: str, count: int) -> str: ...

    @function("range", Param("start", "integer"), Param("stop", "integer"), Param("step", "integer", default=1), ...)
    def range_(start: int, stop: int, step: int) -> list[int]: ...

Constructor style (``constructor=True``) for work that is done once where the arguments are literals; the function
takes the
arguments alone and returns the callable that gets the target (and the context, where asked for)::

    @method("re_match", Param("pattern", "string"), target="string", constructor=True, ...)
    def re_match(pattern: str) -> Callable[[str], bool]: ...

With ``stateful=True`` the native function makes another one, once for each occurrence: it gets a dict of the literal
arguments, and what it returns is called with all arguments for each message, like a plain native function.

For functions the returned callable takes nothing (or the context). A constructor that raises for literal arguments is a
parse error at the position after the argument list, also when the target is dynamic. Every occurrence in a mapping
gets a callable of its own (so `counter` keeps its state there).

Targets. ``target`` says what the native function gets; anything else is refused with `TypeMismatch` before the call:

    "stringish"  str or bytes, as they are
    "any"        the value as it is, textual numbers as `orjson.Fragment`, the markers too
    "string"     str; bytes are decoded               "text"       the same, timestamps too (RFC 3339)
    "bytes"      bytes; strings are encoded            "octets"     the same, timestamps too
    "number"     int, `UInt64` or float (whole floats stay floats); `Float32` becomes float
    "integer"    int; floats truncated
    "array", "object", "bool" (numbers do not count), "timestamp" (numbers and RFC 3339 text are converted by
                 `headwater.bloblang.timeformat.to_timestamp`)
    a callable   takes the value, returns what the native function gets, or raises

Parameters. `Param(name, type, default=..., optional=..., summary=...)` with the types

    "string" (bytes too, as str), "integer" (floats truncated), "float", "number" (int or float), "bool" (numbers too),
    "timestamp", "array", "object", "any" (as it is; textual numbers as Fragment)
    "query"      a callable of one argument, the `this` of the query; evaluates it, returns the value (markers too) or
                 raises. A literal comes as a callable that returns it.
    "query" functions (no target): the callable is called with the context's own `this`: use ``query(ctx.this)`` with
                 ``context=True``.

An optional parameter that was not given is None. Literal arguments are checked when parsing, others when run; native
functions can
rely on the types. ``variadic="any"`` or ``variadic="string"`` hands all arguments on as ``*args``.

Context. ``context=True`` puts an `ExecutionContext` first: ``f(ctx, target, *args)``, ``f(ctx, *args)``; with
``constructor=True`` the returned callable gets it first: ``made(ctx, target)``, ``made(ctx)``. Ask for it only where
needed: it costs time.

Errors. Raise `BloblangError("text")` or `TypeMismatch(value, "string")`. The compiled code puts the annotation of the
target before it
(``field `this.a`: text``) once; with ``bare=True`` it does not (int64 and its kin, many of the newer methods). Errors
of functions (no
target) are never annotated by themselves. Errors that a query raises come annotated where they must be; put words
before one with
`errors.prefixed`. Other exceptions are bugs: they become a BloblangError with the words of the exception.

Values. See `values`. Arguments and targets are shared: never change a dict or list that you were given, return new
ones.
Long results must be bounded: raise when a string or array would exceed `MAX_GROWTH` elements or bytes.

Static. ``static=True``: evaluated when parsing if target and arguments are literals; a failure is then a parse error.
``absorbs=True``: where an argument is given, a target that fails is handed over as NOTHING.
``textual=True``: tells integers written in a document (`DocumentInt`, a subclass of int) from computed ones.
``batch=True``: reads other messages of the batch or the position in it.
``needs``: "file", "environment", "resources" or "host": what an operator can switch off. ``impure``: as the reference
lists it.

Fast paths. ``inline`` is a Python expression that the compiler may put in place of the call: ``{target}`` and
parameter names in
braces stand for simple names of values of the declared types (strings are exactly str, numbers exactly int or float,
arrays exactly
list); ``{call}`` for the whole ordinary call. ``inline="{target}.upper() if {target}.isascii() else {call}"``. The
expression must not raise.

Not here, since the compiler makes them itself: ``apply catch from from_all map or``, ``deleted nothing var``.
Their entries for the documentation stand in `core`.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

MAX_GROWTH: Final = 64 * 1024 * 1024
"""Most bytes or elements that one call may produce beyond what it was given."""

PARSED_IN: Final[ContextVar[str | None]] = ContextVar("parsed_in", default=None)
"""The directory of the mapping that is being parsed, for constructors that look at files beside it; else None."""

NEEDS: Final = frozenset(("file", "environment", "host", "resources"))
"""What functions and methods may reach for beyond the message: the words of `needs`."""

ParamType = Literal["string", "integer", "float", "number", "bool", "timestamp", "array", "object", "any", "query"]
Target = str | Callable[[Any], Any]
F = TypeVar("F", bound=Callable[..., Any])


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a function or method."""

    name: str
    type: ParamType
    summary: str = ""
    default: Any = UNSET
    optional: bool = False

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is UNSET and not self.optional


class Example:
    """A worked example: a mapping and pairs of input and output.

    Args:
        summary: What it shows; may be empty.
        mapping: The mapping's text.
        results: Pairs of a message's content and the content (or, with the prefix ``Error("``, the error) that comes
        out.
    """

    __slots__ = ("mapping", "results", "summary")

    def __init__(self, summary: str, mapping: str, *results: tuple[str, str]) -> None:
        self.summary = summary
        self.mapping = mapping
        self.results = results


@dataclass(frozen=True, slots=True, eq=False)
class Spec:
    """A function or method: what its decorator said, and what runs."""

    name: str
    kind: Literal["function", "method"]
    native: Callable[..., Any]
    params: tuple[Param, ...] = ()
    target: Target = "any"
    receives: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: str = "stable"
    summary: str = ""
    description: str = ""
    examples: tuple[Example, ...] = ()
    version: str = ""
    variadic: str = ""
    constructor: bool = False
    context: bool = False
    stateful: bool = False
    absorbs: bool = False
    bare: bool = False
    static: bool = False
    impure: bool = False
    textual: bool = False
    batch: bool = False
    needs: frozenset[str] = frozenset()
    inline: str = ""


class ExecutionContext:
    """What a function can learn about the message that is being mapped.

    Attributes:
        batch: All messages of the batch (`headwater.message.Message`).
        index: Position of the message in it; `from(i)` makes a context with another one, which may be out of range.
        metadata: The metadata that is being built (`@`); None where there is none.
        resources: What `compile_mapping` was given as `resources`: caches by label and the like; or None.
        this: The value of `this` at the call, for query parameters of functions; `values.MISSING` without one.
        path: The directory that relative files are resolved from.
    """

    __slots__ = ("batch", "calls", "depth", "directory", "index", "metadata", "resources", "this", "variables")

    def __init__(
        self,
        batch: Sequence[Any],
        index: int,
        metadata: Mapping[str, Any] | None = None,
        resources: Any = None,
        directory: str = "",
    ) -> None:
        self.batch = batch
        self.index = index
        self.metadata = metadata
        self.resources = resources
        self.directory = directory
        self.this: Any = None
        self.variables: dict[str, Any] | None = None
        self.depth = 0
        self.calls = [0]

    def at(self, index: int) -> ExecutionContext:
        """The same with another position in the batch."""
        other = ExecutionContext(self.batch, index, self.metadata, self.resources, self.directory)
        other.this = self.this
        other.variables = self.variables
        other.depth = self.depth
        other.calls = self.calls
        return other

    @property
    def message(self) -> Any:
        """The message at `index`, or None where that is out of range."""
        index = self.index if self.index >= 0 else self.index + len(self.batch)
        return self.batch[index] if 0 <= index < len(self.batch) else None


class Environment:
    """Functions and methods by name, and what mappings may do. Copies are cheap and independent.

    Attributes:
        functions: Name to spec.
        methods: Name to spec.
        imports: Whether mappings may import files.
    """

    def __init__(self) -> None:
        self.functions: dict[str, Spec] = {}
        self.methods: dict[str, Spec] = {}
        self.imports = True
        self.revision = 0
        self.refused: dict[str, str] = {}

    @staticmethod
    def default() -> Environment:
        """The environment with everything that Headwater brings."""
        _load()
        return _default

    def copy(self) -> Environment:
        """An environment with the same entries, independent from now on."""
        other = Environment()
        other.functions = dict(self.functions)
        other.methods = dict(self.methods)
        other.imports = self.imports
        other.refused = dict(self.refused)
        return other

    def without(self, names: Iterable[str] = (), needs: Iterable[str] = (), imports: bool | None = None) -> Environment:
        """A copy that lacks some functions and methods.

        Args:
            names: Functions and methods by name.
            needs: All entries that need one of these: "file", "environment", "resources", "host".
            imports: False forbids `import` and `from`.
        """
        other = self.copy()
        gone = set(needs)
        drop = set(names)
        for table in (other.functions, other.methods):
            for name, spec in list(table.items()):
                if name in drop or spec.needs & gone:
                    del table[name]
        if imports is not None:
            other.imports = imports
        return other

    def add(self, spec: Spec) -> None:
        """Enter a function or method; one of the same name is replaced."""
        self.revision += 1
        (self.functions if spec.kind == "function" else self.methods)[spec.name] = spec

    def function(self, name: str, *params: Param, **options: Any) -> Callable[[F], F]:
        """Register a function; see the conventions at the top of this file."""
        return self._decorator("function", name, params, options)

    def method(self, name: str, *params: Param, **options: Any) -> Callable[[F], F]:
        """Register a method; see the conventions at the top of this file."""
        return self._decorator("method", name, params, options)

    def _decorator(
        self, kind: Literal["function", "method"], name: str, params: tuple[Param, ...], options: dict[str, Any]
    ) -> Callable[[F], F]:
        category = options.pop("category", ())
        options["categories"] = (category,) if isinstance(category, str) else tuple(category)
        for key in ("receives", "examples"):
            if key in options:
                options[key] = tuple(options[key])
        options["needs"] = frozenset(options.get("needs", ()))
        aliases = options.pop("aliases", ())

        def register(native: F) -> F:
            text = native.__doc__ or ""
            options.setdefault("summary", text.strip().split("\n", 1)[0])
            for each in (name, *aliases):
                self.add(Spec(each, kind, native, params, **options))
            return native

        return register


@dataclass(slots=True)
class _Loading:
    lock: threading.RLock = field(default_factory=threading.RLock)
    done: bool = False


_default: Final = Environment()
_loading: Final = _Loading()

function = _default.function
method = _default.method


def add_function(name: str, *params: Param, **options: Any) -> Callable[[F], F]:
    """Register a function for all mappings of this process that are compiled from now on.

    See the conventions at the top of this file; `Environment.function` does it for one environment alone.
    """
    return Environment.default().function(name, *params, **options)


def add_method(name: str, *params: Param, **options: Any) -> Callable[[F], F]:
    """Register a method; as `add_function`."""
    return Environment.default().method(name, *params, **options)


def _load() -> None:
    if _loading.done:
        return
    with _loading.lock:
        if _loading.done:
            return
        importlib.import_module("headwater.bloblang.core")
        for folder in ("functions", "methods"):
            package = importlib.import_module(f"headwater.bloblang.{folder}")
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"headwater.bloblang.{folder}.{module.name}")
        _loading.done = True
