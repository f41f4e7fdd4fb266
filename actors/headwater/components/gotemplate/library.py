"""All functions of templates: those of the language, and those of the common library by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from headwater.components.gotemplate.builtins import BUILTINS
from headwater.components.gotemplate.library_text import TEXT_FUNCTIONS
from headwater.components.gotemplate.library_values import VALUE_FUNCTIONS

_FAILING: Final = [
    "append",
    "chunk",
    "compact",
    "dateModify",
    "deepCopy",
    "first",
    "has",
    "initial",
    "last",
    "merge",
    "mergeOverwrite",
    "prepend",
    "push",
    "regexFindAll",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "regexSplit",
    "rest",
    "reverse",
    "toDate",
    "toPrettyJson",
    "toRawJson",
    "uniq",
    "without",
]
"""Those that have a second name that begins with ``must``; both fail here when they cannot do what they are asked."""

ENVIRONMENT: Final = frozenset({"env", "expandenv"})
"""Those that read environment variables."""

LIBRARY: Final[dict[str, Callable[..., Any]]] = {**TEXT_FUNCTIONS, **VALUE_FUNCTIONS}
LIBRARY.update((f"must{name[0].upper()}{name[1:]}", LIBRARY[name]) for name in _FAILING)

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {**LIBRARY, **BUILTINS}
"""Name to function."""
