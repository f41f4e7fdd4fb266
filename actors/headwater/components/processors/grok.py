"""Processor `grok`: values out of texts by named patterns."""

from __future__ import annotations

import glob
import os
from typing import Any

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.grok_expressions import Compiler, Expression, GrokError
from headwater.components.grok_patterns import PATTERNS
from headwater.components.oserrors import path_error
from headwater.components.payloads import one_by_one
from headwater.components.resources import Resources
from headwater.config.fields import boolean, spec, text_map, texts
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.message import Message

SPEC = spec(
    "processor",
    "grok",
    texts("expressions", "The expressions; the first one that finds a value counts."),
    text_map("pattern_definitions", "Patterns of one's own, by name.", default={}),
    texts(
        "pattern_paths",
        "Files with patterns, one a line: a name, a space, the pattern. May be folders, and hold wildcards.",
        default=[],
    ),
    boolean(
        "named_captures_only",
        "Take values only where a pattern is given a name, as in `%{WORD:verb}`.",
        default=True,
        advanced=True,
    ),
    boolean("use_default_patterns", "Whether the patterns that come with this are known.", default=True, advanced=True),
    boolean("remove_empty_values", "Leave out values that are empty.", default=True, advanced=True),
    categories=("Parsing",),
    summary="Replace each message with an object of the values that a grok expression finds in it.",
    description=(
        "`%{NAME}` stands for a pattern, `%{NAME:key}` gives its value a key, `%{NAME:key:int}` a type too (`int`, "
        "`float`, `bool`). Dots in keys make objects. A message that no expression fits is marked as failed. Regular "
        "expressions are RE2, which takes no longer for hostile input."
    ),
    examples=(
        (
            "Access logs",
            "pipeline:\n  processors:\n    - grok:\n        expressions:\n          - '%{COMMONAPACHELOG}'\n",
        ),
        (
            "Patterns of one's own",
            "pipeline:\n  processors:\n    - grok:\n        expressions:\n          - '%{ORDER:order} "
            "%{INT:count:int}'\n"
            "        pattern_definitions:\n          ORDER: 'o-[0-9]+'\n",
        ),
    ),
)


@component(SPEC)
class Grok(Processor):
    """Tries expressions one after the other."""

    def __init__(self, config: Config, resources: Resources) -> None:
        own: dict[str, str] = dict(config.map("pattern_definitions"))
        for path in config.texts("pattern_paths"):
            try:
                own.update(_read_patterns(path))
            except OSError as error:
                reason = path_error("open" if os.path.exists(path) else "stat", path, error)
                raise ConfigError(f"failed to parse patterns from path '{path}': {reason}") from None
        patterns = {**(PATTERNS if config.boolean("use_default_patterns") else {}), **own}
        compiler = Compiler(patterns, config.boolean("named_captures_only"), not config.boolean("remove_empty_values"))
        for name in own:
            try:
                compiler.check(name)
            except GrokError as error:
                raise ConfigError(f"failed to create grok compiler: {error}") from None
        self._expressions: list[Expression] = []
        for expression in config.texts("expressions"):
            try:
                self._expressions.append(compiler.compile(expression))
            except GrokError as error:
                raise ConfigError(f"failed to compile Grok pattern '{expression}': {error}") from None
        self.each = one_by_one(resources, self._parse)
        self.portable = True

    def _parse(self, message: Message) -> Message:
        text = message.content().decode("utf-8", "replace")
        for expression in self._expressions:
            values = expression.values(text)
            if values:
                return message.with_document(_nested(values))
        raise ComponentError("no pattern matches found", "data")


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by key, where dots in a key make objects."""
    document: dict[str, Any] = {}
    for key, value in values.items():
        if "." not in key:
            document[key] = value
            continue
        *parents, last = key.split(".")
        target = document
        for parent in parents:
            below = target.get(parent)
            if not isinstance(below, dict):
                below = target[parent] = {}
            target = below
        target[last] = value
    return document


def _read_patterns(path: str) -> dict[str, str]:
    """The patterns in files."""
    os.stat(path) if not glob.has_magic(path) else None
    if os.path.isdir(path):
        path = os.path.join(path, "*")
    patterns: dict[str, str] = {}
    for name in sorted(glob.glob(path, recursive=True)):
        if os.path.isdir(name):
            continue
        with open(name, encoding="utf-8", errors="replace") as file:
            for line in file.read().splitlines():
                key, space, pattern = line.partition(" ")
                if space and not line.startswith("#"):
                    patterns[key] = pattern
    return patterns
