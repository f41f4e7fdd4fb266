"""Schemas: how they are compiled, and how their references are found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from headwater.documents import decode_document, json_problem
from headwater.errors import DocumentError
from headwater.jsonschemas import keywords
from headwater.jsonschemas.keywords import ROOT, Check, SchemaError, Violation

Load = Callable[[str], bytes]
"""Reads the document behind a reference."""


def _no_load(address: str) -> bytes:
    raise SchemaError(f"reference {address} cannot be loaded here")


class Schema:
    """A compiled schema.

    Args:
        raw: The schema as JSON.
        address: Where it was read from; relative references start there.
        load: How other documents are read.

    Raises:
        SchemaError: It is none.
    """

    def __init__(self, raw: bytes, address: str = "", load: Load = _no_load) -> None:
        self._load = load
        self._documents: dict[str, Any] = {address: _decoded(raw)}
        self._named: dict[str, tuple[str, Any]] = {}
        self._compiled: dict[int, Check] = {}
        self._kept: list[Any] = []
        try:
            self._collect_names(address, self._documents[address])
            self._check = self._schema(self._documents[address], address)
        except RecursionError:
            raise SchemaError("schema is nested too deeply") from None

    def violations(self, document: Any) -> list[Violation]:
        """What is wrong with a document."""
        found: list[Violation] = []
        try:
            self._check(document, ROOT, found)
        except RecursionError:
            return [Violation(ROOT, "schema or document is nested too deeply")]
        return found

    # -- references

    def _collect_names(self, base: str, schema: Any) -> None:
        """Take note of the subschemas that name themselves with ``$id``."""
        if isinstance(schema, dict):
            name = schema.get("$id", schema.get("id"))
            if isinstance(name, str) and "$ref" not in schema:
                base = urljoin(base, name)
                self._named.setdefault(base.rstrip("#"), (urldefrag(base).url, schema))
            for value in schema.values():
                self._collect_names(base, value)
        elif isinstance(schema, list):
            for value in schema:
                self._collect_names(base, value)

    def _referred(self, reference: str, base: str) -> Check:
        target = urljoin(base, reference) if base or not reference.startswith("#") else reference
        found = self._named.get(target.rstrip("#"))
        if found is not None:
            return self._schema(found[1], found[0])
        address, pointer = urldefrag(target)
        if address in self._named and address not in self._documents:
            value: Any = self._named[address][1]
        else:
            if address not in self._documents:
                self._documents[address] = _decoded(self._load(address))
                self._collect_names(address, self._documents[address])
            value = self._documents[address]
        for part in pointer.split("/")[1:]:
            segment = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and segment in value:
                value = value[segment]
            elif isinstance(value, list) and segment.isdigit() and int(segment) < len(value):
                value = value[int(segment)]
            else:
                raise SchemaError(f"Object has no key '{segment}'")
        return self._schema(value, address)

    # -- compiling

    def _schema(self, schema: Any, base: str) -> Check:
        """The check of a (sub)schema; one that refers to itself is met again while it is being compiled."""
        if schema is True:
            return keywords.anything
        if schema is False:
            return keywords.nothing
        if not isinstance(schema, dict):
            whole = not self._kept
            raise SchemaError("schema is invalid" if whole else "Expected: valid schema, given: Invalid JSON")
        known = self._compiled.get(id(schema))
        if known is not None:
            return known
        checks: list[Check] = []

        def check(value: Any, place: str, found: list[Violation]) -> None:
            before = len(found)
            for number, each in enumerate(checks):
                each(value, place, found)
                if number == 0 and typed and len(found) > before:
                    return

        self._compiled[id(schema)] = check
        self._kept.append(schema)
        typed = "type" in schema and "$ref" not in schema
        if isinstance(schema.get("$ref"), str):
            checks.append(self._referred(schema["$ref"], base))
            return check
        name = schema.get("$id", schema.get("id"))
        if isinstance(name, str):
            base = urldefrag(urljoin(base, name)).url
        if typed:
            checks.append(keywords.of_type(schema["type"]))
        checks += self._combined(schema, base)
        checks += keywords.number_checks(schema)
        checks += keywords.string_checks(schema)
        checks += self._array_checks(schema, base)
        checks += keywords.common_checks(schema)
        checks += self._object_checks(schema, base)
        return check

    def _combined(self, schema: Mapping[str, Any], base: str) -> list[Check]:
        checks: list[Check] = []
        for key, compose in (("anyOf", keywords.any_of), ("oneOf", keywords.one_of), ("allOf", keywords.all_of)):
            if key in schema:
                parts = schema[key]
                if not isinstance(parts, list) or not parts:
                    raise SchemaError(f"{key} must be of type array")
                checks.append(compose([self._schema(part, base) for part in parts]))
        if "not" in schema:
            checks.append(keywords.none_of(self._schema(schema["not"], base)))
        if "dependencies" in schema:
            checks.append(self._dependencies(schema["dependencies"], base))
        if "if" in schema:
            then = self._schema(schema.get("then", True), base)
            otherwise = self._schema(schema.get("else", True), base)
            checks.append(keywords.conditional(self._schema(schema["if"], base), then, otherwise))
        return checks

    def _dependencies(self, dependencies: Any, base: str) -> Check:
        if not isinstance(dependencies, dict):
            raise SchemaError("dependencies must be of type object")
        names = {key: value for key, value in dependencies.items() if isinstance(value, list)}
        schemas = {key: self._schema(value, base) for key, value in dependencies.items() if key not in names}

        def check(value: Any, place: str, found: list[Violation]) -> None:
            if not isinstance(value, dict):
                return
            for key in value:
                for name in names.get(key, ()):
                    if name not in value:
                        found.append(Violation(place, f"has a dependency on {name}".lower()))
                if key in schemas:
                    schemas[key](value, place, found)

        return check

    def _array_checks(self, schema: Mapping[str, Any], base: str) -> list[Check]:
        checks: list[Check] = []
        items = schema.get("items")
        if isinstance(items, list):
            extra = schema.get("additionalItems", True)
            checks.append(
                keywords.positional([self._schema(item, base) for item in items], extra, self._schema(extra, base))
            )
        elif items is not None:
            checks.append(keywords.each_item(self._schema(items, base)))
        checks += keywords.array_sizes(schema)
        if "contains" in schema:
            checks.append(keywords.contains(self._schema(schema["contains"], base)))
        return checks

    def _object_checks(self, schema: Mapping[str, Any], base: str) -> list[Check]:
        checks = keywords.object_sizes(schema)
        properties = {key: self._schema(value, base) for key, value in _members(schema, "properties")}
        patterns = [
            (keywords.regexp_of(pattern), self._schema(value, base))
            for pattern, value in _members(schema, "patternProperties")
        ]
        if patterns or "additionalProperties" in schema:
            extra = schema.get("additionalProperties", True)
            checks.append(
                keywords.other_properties(set(properties), patterns, extra is False, self._schema(extra, base))
            )
        if "propertyNames" in schema:
            checks.append(keywords.property_names(self._schema(schema["propertyNames"], base)))
        if properties:
            checks.append(keywords.properties(properties))
        return checks


def _members(schema: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    members = schema.get(key, {})
    if not isinstance(members, dict):
        raise SchemaError(f"{key} must be of type object")
    return members.items()


def _decoded(raw: bytes) -> Any:
    problem = json_problem(raw, trailing=True)
    if problem is not None:
        raise SchemaError(problem)
    try:
        return decode_document(raw)
    except DocumentError:
        # What follows the first document does not matter.
        text = raw.decode("utf-8", "surrogateescape").lstrip()
        _, end = json.JSONDecoder(strict=False).raw_decode(text)
        return decode_document(text[:end].encode("utf-8", "surrogateescape"))
