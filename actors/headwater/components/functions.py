"""Python functions that configurations name: which ones they may name, and how these are found.

A name is ``module:function``, of whatever is installed beside Headwater, or one that the application gave a function
of its own. Nothing is imported that is not allowed, since importing runs code.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from headwater.errors import ConfigError

Function = Callable[..., Any]


class NotAllowed(ConfigError):
    """A function is there perhaps, but configurations may not name it."""



_NAME: Final = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_WILD: Final = re.compile(r"[*?\[]")


class Functions:
    """Which functions configurations may name. Never changed; `naming` makes another one.

    Args:
        allowed: Names, or patterns such as ``my_package.prices:*``, or ``*`` for all there are. A pattern allows what
            its package defines itself and does not hide behind an underscore, not what it imported from elsewhere.
        named: Functions by names of the application's own, which need not be allowed.
    """

    def __init__(self, allowed: Iterable[str] = (), named: Mapping[str, Function] | None = None) -> None:
        self.allowed: tuple[str, ...] = tuple(allowed)
        self.named: Mapping[str, Function] = dict(named or {})

    @classmethod
    def of(cls, functions: Functions | Iterable[str] | Mapping[str, Function] | None) -> Functions:
        """What an application hands in: names and patterns, or functions by name; None for none."""
        if isinstance(functions, Functions):
            return functions
        if isinstance(functions, Mapping):
            return cls((), functions)
        if isinstance(functions, str):
            return cls((functions,))
        return cls(functions or ())

    def naming(self, more: Mapping[str, Function]) -> Functions:
        """These, and some with names."""
        return Functions(self.allowed, {**self.named, **more}) if more else self

    def find(self, name: str) -> Function:
        """The function of a name.

        Raises:
            ConfigError: It is not allowed, not there, or cannot be called; the text says how to mend that.
        """
        if name in self.named:
            return self.named[name]
        parts = _NAME.fullmatch(name)
        if parts is None:
            known = f", or one of {', '.join(sorted(self.named))}" if self.named else ""
            raise ConfigError(f"'{name}' names no function: write module:function{known}")
        if not any(_covers(pattern, name) for pattern in self.allowed):
            raise NotAllowed(_refusal(name))
        function: Function = _imported(parts["module"], parts["path"])
        if not callable(function):
            raise ConfigError(f"{name} is a {type(function).__name__}, and cannot be called")
        if name not in self.allowed and "*" not in self.allowed and not _own(function, parts["module"]):
            raise NotAllowed(f"{_refusal(name)}; it comes from elsewhere, for which a pattern is not enough")
        return function

    def problem(self, name: str) -> ConfigError | None:
        """What is wrong with a name; None if nothing is."""
        try:
            self.find(name)
        except ConfigError as error:
            return error
        return None


ALL: Final = Functions(("*",))
"""Every function there is, for configurations of whoever runs the program."""

NONE: Final = Functions()


def take_functions(config: Any, functions: Functions) -> tuple[Any, Functions]:
    """Put names in place of the functions in plain data.

    Returns: the data without functions, and those that there were before together with the new names.
    """
    named: dict[str, Function] = {}
    inside: set[int] = set()

    def name_of(function: Function) -> str:
        base = getattr(function, "__qualname__", type(function).__qualname__).rpartition("<locals>.")[2]
        name, count = base, 1
        while (known := named.get(name, functions.named.get(name))) is not None and known != function:
            count += 1
            name = f"{base}-{count}"
        named[name] = function
        return name

    def replaced(value: Any) -> Any:
        if not isinstance(value, Mapping | list | tuple) or id(value) in inside:
            return value
        inside.add(id(value))
        try:
            if isinstance(value, Mapping):
                return {
                    key: name_of(item) if key == "function" and callable(item) else replaced(item)
                    for key, item in value.items()
                }
            return [replaced(item) for item in value]
        finally:
            inside.discard(id(value))

    data = replaced(config)
    return (data, functions.naming(named)) if named else (config, functions)


def _covers(pattern: str, name: str) -> bool:
    if pattern in ("*", name):
        return True
    module, _, path = name.partition(":")
    wanted, _, names = pattern.partition(":")
    if not _WILD.search(pattern) or "." in path or path.startswith("_"):
        return False
    return fnmatchcase(module, wanted) and fnmatchcase(path, names or "*")


def _own(function: Function, module: str) -> bool:
    home = getattr(function, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] == module.partition(".")[0]


def _refusal(name: str) -> str:
    return (
        f"function {name} is not allowed here: start Headwater with --allow-python {name}, or embed it with "
        f'StreamSystem(functions=["{name}"])'
    )


def _imported(module: str, path: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module == missing or module.startswith(f"{missing}."):
            places = "be installed beside Headwater, or stand in the working folder or in one of PYTHONPATH"
            raise ConfigError(f"there is no module '{missing}': it must {places}") from None
        raise ConfigError(f"module {module} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(f"module {module} cannot be imported: {type(error).__name__}: {error}") from error
    place = f"module {module}"
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = difflib.get_close_matches(part, [name for name in dir(found) if name[0] != "_"], 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ConfigError(f"{place} has no function '{part}'{hint}") from None
        place = f"{module}:{part}"
    return found
