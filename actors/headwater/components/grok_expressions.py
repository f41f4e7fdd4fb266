"""Grok: regular expressions put together from named patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from headwater.bloblang.gonumbers import parse_decimal_int, parse_float
from headwater.errors import ConfigError

_REFERENCE: Final = re.compile(r"%\{([\w.-]+)(?::([\w.-]+))?(?::([\w.-]+))?\}")
_DEEPEST: Final = 100
_LONGEST: Final = 1 << 20


class GrokError(ConfigError):
    """A pattern is not known, or an expression is wrong."""


class Expression:
    """A compiled expression."""

    def __init__(self, regexp: Any, captures: Mapping[str, tuple[str, str]], keep_empty: bool) -> None:
        self._regexp = regexp
        self._keep_empty = keep_empty
        self._captures = [
            (number, *captures.get(name, (name, "")))
            for name, number in sorted(regexp.groupindex.items(), key=lambda item: int(item[1]))
        ]

    def values(self, text: str) -> dict[str, Any]:
        """The values that the expression finds in a text; none where it does not match or a type is wrong."""
        found = self._regexp.search(text)
        values: dict[str, Any] = {}
        if found is None:
            return values
        for number, name, kind in self._captures:
            value = found.group(number)
            if not value and not self._keep_empty:
                continue
            try:
                values[name] = _typed(value or "", kind)
            except ValueError:
                return {}
        return values


def _typed(text: str, kind: str) -> Any:
    if kind == "int":
        return parse_decimal_int(text)
    if kind == "float":
        number = parse_float(text)
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    if kind in ("", "string"):
        return text
    raise ValueError(kind)


class Compiler:
    """Compiles expressions.

    Args:
        patterns: Name to regular expression.
        named_only: Whether only references with an alias capture something.
        keep_empty: Whether empty values are values.
    """

    def __init__(self, patterns: Mapping[str, str], named_only: bool, keep_empty: bool) -> None:
        self._patterns = patterns
        self._named_only = named_only
        self._keep_empty = keep_empty

    def compile(self, expression: str) -> Expression:
        """Compile an expression.

        Raises:
            GrokError: It names a pattern that is not known, or is no regular expression.
        """
        import re2

        captures: dict[str, tuple[str, str]] = {}
        text = self._expanded(expression, captures, 0)
        options = re2.Options()
        options.log_errors = False
        try:
            regexp = re2.compile(text, options)
        except re2.error as error:
            raise GrokError(f"error parsing regexp: {error}") from None
        return Expression(regexp, captures, self._keep_empty)

    def check(self, name: str) -> None:
        """Refuse a pattern that refers to others that are not known.

        Raises:
            GrokError: It does.
        """
        self._expanded(self._patterns[name], {}, 0)

    def _expanded(self, text: str, captures: dict[str, tuple[str, str]], depth: int) -> str:
        def expand(found: re.Match[str]) -> str:
            name, alias, kind = found[1], found[2], found[3]
            pattern = self._patterns.get(name)
            if pattern is None or depth >= _DEEPEST:
                raise GrokError(f"no pattern found for %{{{name}}}")
            if alias is None and self._named_only:
                return f"(?:{self._expanded(pattern, captures, depth + 1)})"
            group = f"g{len(captures)}"
            captures[group] = (alias or name, (kind or "").lower())
            return f"(?P<{group}>{self._expanded(pattern, captures, depth + 1)})"

        expanded = _REFERENCE.sub(expand, text)
        if len(expanded) > _LONGEST:
            raise GrokError("expression is too large")
        return expanded
