"""Which components there are: known from the file listing, imported when a configuration names them.

A component NAME of kind K lives in ``headwater/components/<K's folder>/<NAME>.py`` (``try_.py`` where NAME is a word
of Python), in a class that is marked with its spec:

    SPEC = spec("processor", "noop", summary="Do nothing.")

    @component(SPEC)
    class Noop(Processor):
        def __init__(self, config: Config, resources: Resources) -> None: ...

The decorator looks whether the class keeps the contract of its kind, as far as a look can tell; type checkers see that
its constructor takes a `Config` and `Resources`.

Modules whose names begin with an underscore are no components. Other packages add components through the entry point
group ``headwater.components``, with names such as ``processor.shout``; programs add theirs with `Catalogue.add`.
"""

from __future__ import annotations

import inspect
import keyword
import logging
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from headwater.components.functions import ALL, Functions
from headwater.config.spec import KINDS, PLURALS, ComponentKind, Spec
from headwater.errors import ConfigError

ENTRY_POINTS: Final = "headwater.components"

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from headwater.components.resources import Resources
    from headwater.config.view import Config

Class = TypeVar("Class", bound="Callable[[Config, Resources], object]")
Loader = Callable[[], type[Any]]

_CONTRACTS: Final = {
    "input": "Input",
    "buffer": "Buffer",
    "processor": "Processor",
    "output": "Output",
    "cache": "Cache",
    "rate_limit": "RateLimit",
    "scanner": "Scanner",
}


def component(spec: Spec) -> Callable[[Class], Class]:
    """Mark a class as the component that `spec` describes.

    Raises:
        TypeError: The class does not derive from the contract of its kind, or has a plain method where the contract
            has a coroutine function.
    """

    def mark(cls: Class) -> Class:
        marked: Any = cls
        _check(spec, marked)
        marked.spec = spec
        return cls

    return mark


def _check(spec: Spec, cls: type[Any]) -> None:
    from headwater.components import contracts

    name = _CONTRACTS.get(spec.kind)
    if name is None:
        return
    contract: type[Any] = getattr(contracts, name)
    if not issubclass(cls, contract):
        raise TypeError(f"{cls.__qualname__} is no {name}: the component {spec.kind} '{spec.name}' must derive from it")
    for method, declared in vars(contract).items():
        if inspect.iscoroutinefunction(declared) and not inspect.iscoroutinefunction(getattr(cls, method)):
            raise TypeError(f"{cls.__qualname__}.{method} must be declared with `async def`")


class Catalogue:
    """The components that configurations may use, and the Bloblang environment of their mappings.

    A copy is independent: what is added to or denied in it does not show in the original. Not to be changed while
    other threads use it; make a changed copy instead.

    Attributes:
        bloblang: The Bloblang environment of mappings; None for the default one.
        functions: The Python functions that configurations may name.
    """

    def __init__(
        self,
        *,
        builtin: bool = True,
        entry_points: bool = True,
        bloblang: Any = None,
        functions: Functions = ALL,
    ) -> None:
        self.bloblang = bloblang
        self.functions = functions
        self._loaders: dict[str, dict[str, Loader]] = {kind: {} for kind in KINDS}
        self._classes: dict[tuple[str, str], type[Any]] = {}
        self._denied: set[tuple[str, str]] = set()
        self._allowed: set[tuple[str, str]] | None = None
        self._pending_entry_points = entry_points
        if builtin:
            for kind in KINDS:
                self._loaders[kind].update(_builtin(kind))

    def copy(self) -> Catalogue:
        """An independent copy."""
        other = type(self)(
            builtin=False,
            entry_points=self._pending_entry_points,
            bloblang=self.bloblang,
            functions=self.functions,
        )
        other._loaders = {kind: dict(loaders) for kind, loaders in self._loaders.items()}
        other._classes = dict(self._classes)
        other._denied = set(self._denied)
        other._allowed = None if self._allowed is None else set(self._allowed)
        return other

    def with_functions(self, functions: Functions) -> Catalogue:
        """A copy in which configurations may name these Python functions; itself where that is so already."""
        if functions is self.functions:
            return self
        other = self.copy()
        other.functions = functions
        return other

    def without_bloblang(self, what: Iterable[str]) -> Catalogue:
        """A copy whose mappings lack a part of the language; itself where nothing is named.

        Args:
            what: Functions and methods by name; ``file``, ``environment``, ``host`` and ``resources`` for all that
                reach for these; ``imports`` for imports of mappings from files.

        Raises:
            ConfigError: There is nothing of a name.
        """
        from headwater.bloblang.registry import NEEDS, Environment

        denied = set(what)
        if not denied:
            return self
        before = self.bloblang or Environment.default()
        unknown = denied - NEEDS - {"imports"} - before.functions.keys() - before.methods.keys()
        if unknown:
            raise ConfigError(f"Bloblang has no function or method '{min(unknown)}' that could be denied")
        other = self.copy()
        imports = False if "imports" in denied else None
        other.bloblang = before.without(denied - {"imports"}, needs=denied & NEEDS, imports=imports)
        return other

    def restricted(
        self, *, allow: Iterable[tuple[str, str]] | None = None, deny: Iterable[tuple[str, str]] = ()
    ) -> Catalogue:
        """A copy with fewer components.

        Args:
            allow: Pairs of kind and name that remain, ``*`` as a name for all of a kind; None for all.
            deny: Pairs that go, likewise.
        """
        other = self.copy()
        other._denied |= set(deny)
        if allow is not None:
            wanted = set(allow)
            other._allowed = wanted if other._allowed is None else {pair for pair in wanted if self._permits(*pair)}
        return other

    def add(self, cls: type[Any]) -> None:
        """Add a class that is marked with `component`, in place of one of the same kind and name."""
        spec: Spec = cls.spec
        self._loaders[spec.kind][spec.name] = lambda: cls
        self._classes[spec.kind, spec.name] = cls

    def knows(self, kind: str, name: str) -> bool:
        """Whether there is such a component; imports nothing."""
        loaders = self._loaders[kind]
        if name not in loaders:
            if not self._pending_entry_points:
                return False
            self._read_entry_points()
            if name not in loaders:
                return False
        return self._permits(kind, name)

    def names(self, kind: ComponentKind) -> list[str]:
        """The components of a kind, sorted; imports nothing."""
        if self._pending_entry_points:
            self._read_entry_points()
        return sorted(name for name in self._loaders[kind] if self._permits(kind, name))

    def spec(self, kind: ComponentKind, name: str) -> Spec:
        """The description of a component.

        Raises:
            ConfigError: There is no such component.
        """
        spec: Spec = self.create_class(kind, name).spec
        return spec

    def create_class(self, kind: ComponentKind, name: str) -> type[Any]:
        """The class of a component, imported where it was not yet.

        Raises:
            ConfigError: There is no such component.
        """
        cls = self._classes.get((kind, name))
        if cls is None or not self._permits(kind, name):
            if not self.knows(kind, name):
                raise ConfigError(f"{kind} type '{name}' was not recognised")
            cls = self._classes[kind, name] = self._loaders[kind][name]()
        return cls

    def specs(self, kind: ComponentKind) -> Iterator[Spec]:
        """The descriptions of all components of a kind, by name; imports them all. Those of other packages that cannot
        be loaded are left out, with a line in the log."""
        for name in self.names(kind):
            try:
                yield self.spec(kind, name)
            except CannotLoad as error:
                logging.getLogger("headwater").warning("%s", error)

    def _permits(self, kind: str, name: str) -> bool:
        if self._denied and ((kind, name) in self._denied or (kind, "*") in self._denied):
            return False
        allowed = self._allowed
        return allowed is None or (kind, name) in allowed or (kind, "*") in allowed

    def _read_entry_points(self) -> None:
        """Take note of the components of other packages; none is imported."""
        from importlib.metadata import entry_points

        self._pending_entry_points = False
        for point in entry_points(group=ENTRY_POINTS):
            kind, _, name = point.name.partition(".")
            if kind in self._loaders and name:
                self._loaders[kind].setdefault(name, _point_loader(point, kind, name))


class CannotLoad(ConfigError):
    """A component that another package offers is not there, or is none."""


def _point_loader(point: EntryPoint, kind: str, name: str) -> Loader:
    """What loads the component that another package offers. It raises `CannotLoad`."""

    def load() -> type[Any]:
        package = f" of {point.dist.name}" if point.dist is not None else ""
        try:
            found: Any = point.load()
        except (Exception, SystemExit) as error:
            raise CannotLoad(
                f"{kind} '{name}'{package} cannot be loaded from {point.value}: {type(error).__name__}: {error}"
            ) from error
        spec = getattr(found, "spec", None)
        if not isinstance(found, type) or not isinstance(spec, Spec) or (spec.kind, spec.name) != (kind, name):
            raise CannotLoad(
                f"{kind} '{name}'{package} is not at {point.value}: a class is needed there that is marked with "
                f"`@component(spec(\"{kind}\", \"{name}\", ...))`"
            )
        return found

    return load


def _builtin(kind: str) -> dict[str, Loader]:
    """The components of a kind that come with the package, by name."""
    package = import_module(f"headwater.components.{PLURALS[kind]}")
    loaders: dict[str, Loader] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_"):
            continue
        stem = module.name.removesuffix("_")
        name = stem if keyword.iskeyword(stem) else module.name
        loaders[name] = _module_loader(f"{package.__name__}.{module.name}", kind, name)
    return loaders


def _module_loader(module_name: str, kind: str, name: str) -> Loader:
    """What imports a module and finds the component in it."""

    def load() -> type[Any]:
        for value in vars(import_module(module_name)).values():
            spec = getattr(value, "spec", None) if isinstance(value, type) else None
            if isinstance(spec, Spec) and (spec.kind, spec.name) == (kind, name):
                found: type[Any] = value
                return found
        raise ConfigError(f"module {module_name} has no component {kind} '{name}'")

    return load
