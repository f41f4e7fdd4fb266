"""JSON Schema, drafts 4 to 7, with the words and the order of failures of the Go library ``gojsonschema``.

References reach within a schema only: nothing is ever fetched.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urlsplit

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gofloat import format_float
from headwater.bloblang.regexps import Regexp, compile_regexp
from headwater.bloblang.values import (
    DocumentInt,
    Fragment,
    Timestamp,
    encode_text,
    fragment_text,
    is_number,
    json_text,
)
from headwater.documents import decode_document, json_problem

_TYPES: Final = ("array", "boolean", "integer", "number", "null", "object", "string")
_ROOT: Final = "(root)"
_DEEPEST: Final = 400


class Problem:
    """One failure: where, what, and the property that it is about, if it is about one."""

    __slots__ = ("field", "property", "text")

    def __init__(self, field: str, text: str, about: str | None = None) -> None:
        self.field = field
        self.text = text
        self.property = about

    def words(self) -> str:
        """The failure in lower case, as the reference writes it: with the property's own spelling in front."""
        text = self.text.lower()
        if self.property is not None:
            text = self.property + text.removeprefix(self.property.lower())
        return f"{self.field} {text}"


class _Result:
    """Failures, and a score that tells which of several schemas came closest."""

    __slots__ = ("problems", "score")

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.score = 0

    def add(self, path: tuple[str, ...], text: str, about: str | None = None) -> None:
        self.problems.append(Problem(".".join(path) or _ROOT, text, about))
        self.score -= 2

    def merge(self, other: _Result) -> None:
        self.problems.extend(other.problems)
        self.score += other.score


def _bad(text: str) -> BloblangError:
    return BloblangError(f"failed to parse json schema definition: {text}", annotated=True)


def compile_schema(text: str) -> Callable[[Any], list[str]]:
    """Make a check of a schema: a function that gives the failures of a value, none for one that fits.

    Raises:
        BloblangError: The text is no schema.
    """
    raw = encode_text(text)
    problem = json_problem(raw, trailing=True)
    if problem is not None:
        raise _bad(problem)
    try:
        schema = decode_document(raw)
    except Exception as error:
        raise _bad(str(error)) from None
    compiled = _Schemas(schema)
    compiled.check(schema)

    def check(value: Any) -> list[str]:
        result = _Result()
        compiled.validate(schema, _plain(value), result, (), 0)
        return [each.words() for each in result.problems]

    return check


def _plain(value: Any) -> Any:
    """A value as its JSON would be read again."""
    kind = type(value)
    if kind is dict:
        return {key: _plain(item) for key, item in value.items()}
    if kind is list:
        return [_plain(item) for item in value]
    if kind is bytes:
        return json_text(value)[1:-1]
    return value.text() if kind is Timestamp else value


def _exact(value: Any) -> Fraction:
    """A number without any rounding."""
    kind = type(value)
    if kind is Fragment:
        text = fragment_text(value)
        return (
            Fraction(Decimal(text)) if len(text) < 60 and abs(Decimal(text).adjusted()) < 400 else Fraction(float(text))
        )
    return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(int(value))


def _shown(value: Any) -> str:
    return format_float(float(_exact(value)), "g", 10)


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if type(value) is bool:
        return "boolean"
    if type(value) is str:
        return "string"
    if is_number(value):
        return "integer" if _is_whole(value) else "number"
    return "array" if type(value) is list else "object"


def _is_whole(value: Any) -> bool:
    kind = type(value)
    if kind is int or kind is DocumentInt:
        return True
    try:
        return _exact(value).denominator == 1
    except (ValueError, OverflowError):
        return False


class _Schemas:
    """A schema and what its references lead to."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self._ids: dict[str, Any] = {}
        self._patterns: dict[str, Regexp] = {}
        self._collect(root, "", 0)

    # Definition -----------------------------------------------------------------------------------------------------

    def _collect(self, node: Any, base: str, depth: int) -> None:
        if depth > _DEEPEST:
            raise _bad("schema is nested too deeply")
        if isinstance(node, dict):
            name = node.get("$id", node.get("id"))
            if isinstance(name, str):
                base = name if "//" in name or name.startswith("urn:") else base.rpartition("#")[0] + name
                self._ids[base.rstrip("#")] = node
                self._ids[name] = node
            for item in node.values():
                self._collect(item, base, depth + 1)
        elif isinstance(node, list):
            for item in node:
                self._collect(item, base, depth + 1)

    def check(self, schema: Any, depth: int = 0) -> None:
        """Refuse what is no schema.

        Raises:
            BloblangError: A keyword has a value that it cannot have, or a reference leads nowhere.
        """
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            raise _bad("schema is invalid: Expected: valid schema, given: Invalid JSON")
        if depth > _DEEPEST:
            raise _bad("schema is nested too deeply")
        reference = schema.get("$ref")
        if isinstance(reference, str):
            self.resolve(reference)
            return
        types = schema.get("type", [])
        for name in [types] if isinstance(types, str) else types if isinstance(types, list) else [None]:
            if name not in _TYPES:
                listed = " ".join(_TYPES)
                raise _bad(
                    f"has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values are:[{listed}]"
                )
        for keyword in ("properties", "patternProperties", "definitions"):
            inner = schema.get(keyword, {})
            if not isinstance(inner, dict):
                raise _bad(f"{keyword} must be of type object")
            for name, item in inner.items():
                if keyword == "patternProperties":
                    self.pattern(name)
                self.check(item, depth + 1)
        for keyword in ("allOf", "anyOf", "oneOf"):
            inner = schema.get(keyword, [])
            if not isinstance(inner, list):
                raise _bad(f"{keyword} must be of type array")
            for item in inner:
                self.check(item, depth + 1)
        for keyword in (
            "not",
            "additionalItems",
            "additionalProperties",
            "contains",
            "propertyNames",
            "if",
            "then",
            "else",
        ):
            if keyword in schema:
                self.check(schema[keyword], depth + 1)
        items = schema.get("items", True)
        for item in items if isinstance(items, list) else [items]:
            self.check(item, depth + 1)
        if "pattern" in schema:
            if not isinstance(schema["pattern"], str):
                raise _bad("pattern must be of type string")
            self.pattern(schema["pattern"])
        self._check_sizes(schema)

    def _check_sizes(self, schema: dict[str, Any]) -> None:
        for keyword in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
            value = schema.get(keyword, 0)
            if not is_number(value) or not _is_whole(value):
                raise _bad(f"{keyword} must be of type integer")
            if _exact(value) < 0:
                raise _bad(f"{keyword} must be greater than or equal to 0")
        for keyword in ("minimum", "maximum", "multipleOf"):
            if keyword in schema and not is_number(schema[keyword]):
                raise _bad(f"{keyword} must be of type number")
        if "multipleOf" in schema and _exact(schema["multipleOf"]) <= 0:
            raise _bad("multipleOf must be strictly greater than 0")
        if "enum" in schema and not isinstance(schema["enum"], list):
            raise _bad("enum must be of type array")
        required = schema.get("required", [])
        if not isinstance(required, list) or not all(isinstance(item, str) for item in required):
            raise _bad("required must be of type array")

    def pattern(self, text: str) -> Regexp:
        """A compiled expression of the schema."""
        found = self._patterns.get(text)
        if found is None:
            try:
                found = self._patterns[text] = compile_regexp(text)
            except BloblangError:
                raise _bad(f"pattern must be a valid regex: {text}") from None
        return found

    def resolve(self, reference: str) -> Any:
        """What a reference leads to.

        Raises:
            BloblangError: Nothing, or something outside of the schema.
        """
        found = self._ids.get(reference)
        if found is not None:
            return found
        base, fragment = urldefrag(reference)
        node = self.root if not base else self._ids.get(base)
        if node is None:
            raise _bad(
                f"Object has no key '{reference}'" if not base else f"reference {reference} is not part of the schema"
            )
        if not fragment:
            return node
        if not fragment.startswith("/"):
            raise _bad(f"Object has no key '{fragment}'")
        for part in fragment[1:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and name in node:
                node = node[name]
            elif isinstance(node, list) and name.isdigit() and int(name) < len(node):
                node = node[int(name)]
            else:
                raise _bad(f"Object has no key '{name}'")
        return node

    # Validation -----------------------------------------------------------------------------------------------------

    def sub(self, schema: Any, value: Any, path: tuple[str, ...], depth: int) -> _Result:
        result = _Result()
        self.validate(schema, value, result, path, depth + 1)
        return result

    def validate(self, schema: Any, value: Any, result: _Result, path: tuple[str, ...], depth: int) -> None:
        """Add the failures of a value to a result."""
        if depth > _DEEPEST:
            raise BloblangError("json schema: schemas refer to one another without end")
        if schema is True:
            result.score += 1
            return
        if schema is False:
            result.add(path, "False always fails validation")
            result.score += 1
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            self.validate(self.resolve(reference), value, result, path, depth + 1)
            return
        given = _type_of(value)
        types = schema.get("type")
        if types is not None:
            names = [types] if isinstance(types, str) else types
            if given not in names and not (given == "integer" and "number" in names):
                expected = names[0] if len(names) == 1 else f"[{','.join(names)}]"
                result.add(path, f"Invalid type. Expected: {expected}, given: {given}")
                return
        self._combined(schema, value, result, path, depth)
        if given == "array":
            self._array(schema, value, result, path, depth)
        elif given == "object":
            self._object(schema, value, result, path, depth)
        elif given in ("integer", "number"):
            self._number(schema, value, result, path)
        self._common(schema, value, result, path)
        if given == "string":
            self._string(schema, value, result, path)
        elif given == "object":
            for name, inner in schema.get("properties", {}).items():
                if name in value:
                    self.validate(inner, value[name], result, (*path, name), depth + 1)
        result.score += 1

    def _combined(self, schema: dict[str, Any], value: Any, result: _Result, path: tuple[str, ...], depth: int) -> None:
        if schema.get("anyOf"):
            tried = [self.sub(each, value, path, depth) for each in schema["anyOf"]]
            if all(each.problems for each in tried):
                result.add(path, "Must validate at least one schema (anyOf)")
                result.merge(max(tried, key=lambda each: each.score))
        if schema.get("oneOf"):
            tried = [self.sub(each, value, path, depth) for each in schema["oneOf"]]
            good = sum(not each.problems for each in tried)
            if good != 1:
                result.add(path, "Must validate one and only one schema (oneOf)")
                if good == 0:
                    result.merge(max(tried, key=lambda each: each.score))
        if schema.get("allOf"):
            tried = [self.sub(each, value, path, depth) for each in schema["allOf"]]
            for each in tried:
                result.merge(each)
            if any(each.problems for each in tried):
                result.add(path, "Must validate all the schemas (allOf)")
        if "not" in schema and not self.sub(schema["not"], value, path, depth).problems:
            result.add(path, "Must not validate the schema (not)")
        if type(value) is dict:
            self._dependencies(schema, value, result, path, depth)
        if "if" in schema:
            holds = not self.sub(schema["if"], value, path, depth).problems
            branch = "then" if holds else "else"
            if branch in schema:
                tried_branch = self.sub(schema[branch], value, path, depth)
                if tried_branch.problems:
                    was = "was valid" if holds else "was not valid"
                    result.add(path, f'Must validate "{branch}" as "if" {was}')
                    result.merge(tried_branch)

    def _dependencies(
        self, schema: dict[str, Any], value: Any, result: _Result, path: tuple[str, ...], depth: int
    ) -> None:
        for name, needed in schema.get("dependencies", {}).items():
            if name not in value:
                continue
            if isinstance(needed, list):
                for other in needed:
                    if other not in value:
                        result.add(path, f"Has a dependency on {other}")
            else:
                self.validate(needed, value, result, path, depth + 1)

    def _common(self, schema: dict[str, Any], value: Any, result: _Result, path: tuple[str, ...]) -> None:
        field = ".".join(path) or _ROOT
        if "const" in schema and not _same(schema["const"], value):
            result.add(path, f"{field} does not match: {json_text(schema['const'])}")
        if "enum" in schema and not any(_same(each, value) for each in schema["enum"]):
            allowed = ", ".join(json_text(each) for each in schema["enum"])
            result.add(path, f"{field} must be one of the following: {allowed}")
        checker = _FORMATS.get(schema.get("format")) if isinstance(schema.get("format"), str) else None
        if checker is not None and type(value) is str and not checker(value):
            result.add(path, f"Does not match format '{schema['format']}'")

    def _array(
        self, schema: dict[str, Any], value: list[Any], result: _Result, path: tuple[str, ...], depth: int
    ) -> None:
        items = schema.get("items")
        if isinstance(items, list):
            for index, (inner, item) in enumerate(zip(items, value, strict=False)):
                self.validate(inner, item, result, (*path, str(index)), depth + 1)
            more = schema.get("additionalItems", True)
            if more is False and len(value) > len(items):
                result.add(path, "No additional items allowed on array")
            elif isinstance(more, dict):
                for index in range(len(items), len(value)):
                    self.validate(more, value[index], result, (*path, str(index)), depth + 1)
        elif items is not None:
            for index, item in enumerate(value):
                self.validate(items, item, result, (*path, str(index)), depth + 1)
        if "minItems" in schema and len(value) < _exact(schema["minItems"]):
            result.add(path, f"Array must have at least {int(_exact(schema['minItems']))} items")
        if "maxItems" in schema and len(value) > _exact(schema["maxItems"]):
            result.add(path, f"Array must have at most {int(_exact(schema['maxItems']))} items")
        if schema.get("uniqueItems") is True:
            seen: dict[str, int] = {}
            for index, item in enumerate(value):
                key = _canonical(item)
                if key in seen:
                    result.add(path, f"array items[{seen[key]},{index}] must be unique")
                seen.setdefault(key, index)
        if "contains" in schema:
            tried = [self.sub(schema["contains"], item, (*path, str(index)), depth) for index, item in enumerate(value)]
            if all(each.problems for each in tried):
                result.add(path, "At least one of the items must match")
                if tried:
                    result.merge(max(tried, key=lambda each: each.score))

    def _object(
        self, schema: dict[str, Any], value: dict[str, Any], result: _Result, path: tuple[str, ...], depth: int
    ) -> None:
        if "minProperties" in schema and len(value) < _exact(schema["minProperties"]):
            result.add(path, f"Must have at least {int(_exact(schema['minProperties']))} properties")
        if "maxProperties" in schema and len(value) > _exact(schema["maxProperties"]):
            result.add(path, f"Must have at most {int(_exact(schema['maxProperties']))} properties")
        for name in schema.get("required", ()):
            if name not in value:
                result.add(path, f"{name} is required", name)
        properties = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        more = schema.get("additionalProperties", True)
        for name in value:
            matched = name in properties
            for text, inner in patterns.items():
                if self.pattern(text).found(encode_text(name)):
                    matched = True
                    self.validate(inner, value[name], result, (*path, name), depth + 1)
            if matched:
                continue
            if more is False:
                result.add(path, f"Additional property {name} is not allowed", name)
            elif isinstance(more, dict):
                self.validate(more, value[name], result, (*path, name), depth + 1)
        if "propertyNames" in schema:
            for name in value:
                tried = self.sub(schema["propertyNames"], name, path, depth)
                if tried.problems:
                    result.add(path, f'Property name of "{name}" does not match', name)
                    result.merge(tried)

    def _string(self, schema: dict[str, Any], value: str, result: _Result, path: tuple[str, ...]) -> None:
        if "minLength" in schema and len(value) < _exact(schema["minLength"]):
            result.add(path, f"String length must be greater than or equal to {int(_exact(schema['minLength']))}")
        if "maxLength" in schema and len(value) > _exact(schema["maxLength"]):
            result.add(path, f"String length must be less than or equal to {int(_exact(schema['maxLength']))}")
        if "pattern" in schema and not self.pattern(schema["pattern"]).found(encode_text(value)):
            result.add(path, f"Does not match pattern '{schema['pattern']}'")

    def _number(self, schema: dict[str, Any], value: Any, result: _Result, path: tuple[str, ...]) -> None:
        number = _exact(value)
        if "multipleOf" in schema and number % _exact(schema["multipleOf"]) != 0:
            result.add(path, f"Must be a multiple of {_shown(schema['multipleOf'])}")
        low, high = schema.get("minimum"), schema.get("maximum")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if high is not None and below is not True and number > _exact(high):
            result.add(path, f"Must be less than or equal to {_shown(high)}")
        limit = high if below is True else below
        if limit is not None and type(limit) is not bool and number >= _exact(limit):
            result.add(path, f"Must be less than {_shown(limit)}")
        if low is not None and above is not True and number < _exact(low):
            result.add(path, f"Must be greater than or equal to {_shown(low)}")
        limit = low if above is True else above
        if limit is not None and type(limit) is not bool and number <= _exact(limit):
            result.add(path, f"Must be greater than {_shown(limit)}")


def _same(left: Any, right: Any) -> bool:
    return _canonical(left) == _canonical(right)


def _canonical(value: Any) -> str:
    """A text that two values share if they are the same JSON."""
    kind = type(value)
    if kind is dict:
        return "{" + ",".join(f"{json_text(key)}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    if kind is list:
        return "[" + ",".join(map(_canonical, value)) + "]"
    if is_number(value):
        return str(_exact(value))
    return json_text(value)


# Formats -------------------------------------------------------------------------------------------------------------


def _layouts(*layouts: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        from headwater.bloblang.golayout import LayoutError, parse_time

        for layout in layouts:
            try:
                parse_time(text, layout)
            except LayoutError:
                continue
            return True
        return False

    return check


def _address(make: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            make(text)
        except ValueError:
            return False
        return True

    return check


def _is_uri(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme) and "\\" not in text and " " not in text
    except ValueError:
        return False


def _is_reference(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return "\\" not in text and " " not in text


def _is_regex(text: str) -> bool:
    try:
        compile_regexp(text)
    except BloblangError:
        return False
    return True


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


_email = _matching(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_host = _matching(
    r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?"
)

_FORMATS: Final[dict[Any, Callable[[str], bool]]] = {
    "date": _layouts("2006-01-02"),
    "time": _layouts("15:04:05", "15:04:05Z07:00"),
    "date-time": _layouts("15:04:05", "15:04:05Z07:00", "2006-01-02", "2006-01-02T15:04:05.999999999Z07:00"),
    "email": _email,
    "idn-email": lambda text: "@" in text[1:-1],
    "hostname": _host,
    "ipv4": _address(ipaddress.IPv4Address),
    "ipv6": _address(ipaddress.IPv6Address),
    "uri": _is_uri,
    "iri": _is_uri,
    "uri-reference": _is_reference,
    "iri-reference": _is_reference,
    "uri-template": lambda text: _is_reference(re.sub(r"\{[^{}]*\}", "x", text)) and text.count("{") == text.count("}"),
    "uuid": _matching(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
    "regex": _is_regex,
    "json-pointer": _matching(r"(?:/(?:[^~/]|~0|~1)*)*"),
    "relative-json-pointer": _matching(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)"),
}
