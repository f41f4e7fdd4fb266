"""Regular expressions, in time that is linear in the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.regexps import Regexp, Spans, compile_regexp, group
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import REGULAR_EXPRESSIONS, STRING_OR_BYTES, bounded
from headwater.bloblang.values import decode_text, encode_text

_PATTERN = Param("pattern", "string", "The expression.")
_VALUE = Param("value", "string", "What to put in the place of a match; $1 and ${name} stand for groups.")


def _raw(target: str | bytes) -> bytes:
    return target if type(target) is bytes else encode_text(target)  # type: ignore[arg-type]


def _re_match(pattern: str) -> Callable[[str | bytes], bool]:
    expression = compile_regexp(pattern)
    return lambda target: expression.found(_raw(target))


def _re_find_all(pattern: str) -> Callable[[str | bytes], list[Any]]:
    expression = compile_regexp(pattern)

    def find(target: str | bytes) -> list[Any]:
        raw = _raw(target)
        return [decode_text(group(raw, spans[0])) for spans in expression.all(raw)]

    return find


def _re_find_all_submatch(pattern: str) -> Callable[[str | bytes], list[Any]]:
    expression = compile_regexp(pattern)

    def find(target: str | bytes) -> list[Any]:
        raw = _raw(target)
        return [[decode_text(group(raw, span)) for span in spans] for spans in expression.all(raw)]

    return find


def _keys(expression: Regexp) -> list[str]:
    keys = [str(index) for index in range(expression.groups + 1)]
    for name, index in expression.names.items():
        keys[index] = name
    return keys


def _object(raw: bytes, spans: Spans, keys: list[str], as_bytes: bool) -> dict[str, Any]:
    found = [group(raw, span) for span in spans]
    return dict(zip(keys, found if as_bytes else map(decode_text, found), strict=True))


def _re_find_object(pattern: str) -> Callable[[str | bytes], dict[str, Any]]:
    expression = compile_regexp(pattern)
    keys = _keys(expression)

    def find(target: str | bytes) -> dict[str, Any]:
        raw = _raw(target)
        spans = expression.first(raw)
        return {} if spans is None else _object(raw, spans, keys, type(target) is bytes)

    return find


def _re_find_all_object(pattern: str) -> Callable[[str | bytes], list[Any]]:
    expression = compile_regexp(pattern)
    keys = _keys(expression)

    def find(target: str | bytes) -> list[Any]:
        raw = _raw(target)
        return [_object(raw, spans, keys, type(target) is bytes) for spans in expression.all(raw)]

    return find


def _re_replace_all(pattern: str, value: str) -> Callable[[str | bytes], str]:
    expression = compile_regexp(pattern)
    template = encode_text(value)

    def replace(target: str | bytes) -> str:
        raw = _raw(target)
        if len(raw) * len(template) > 1_000_000:
            bounded(len(raw) + sum(len(template) + spans[0][1] - spans[0][0] for spans in expression.all(raw)))
        return decode_text(expression.replace_all(raw, template))

    return replace


def _expression(
    name: str, native: Callable[..., Any], *params: Param, summary: str, example: Example, **options: Any
) -> None:
    method(
        name,
        *params,
        target="stringish",
        constructor=True,
        category=REGULAR_EXPRESSIONS,
        receives=STRING_OR_BYTES,
        summary=summary,
        examples=[example],
        **options,
    )(native)


_expression(
    "re_match",
    _re_match,
    _PATTERN,
    summary="Whether an expression matches somewhere in a text.",
    example=Example(
        "",
        'root.matches = this.v.re_match("[0-9]")',
        ('{"v":"there are 10 puppies"}', '{"matches":true}'),
        ('{"v":"there are ten puppies"}', '{"matches":false}'),
    ),
)
_expression(
    "re_find_all",
    _re_find_all,
    _PATTERN,
    summary="All matches in a text.",
    example=Example(
        "", 'root.matches = this.value.re_find_all("a.")', ('{"value":"paranormal"}', '{"matches":["ar","an","al"]}')
    ),
)
_expression(
    "re_find_all_submatch",
    _re_find_all_submatch,
    _PATTERN,
    summary="All matches in a text, each with its groups.",
    example=Example(
        "",
        'root.matches = this.value.re_find_all_submatch("a(x*)b")',
        ('{"value":"-axxb-ab-"}', '{"matches":[["axxb","xx"],["ab",""]]}'),
    ),
)
_expression(
    "re_find_object",
    _re_find_object,
    _PATTERN,
    summary="The groups of the first match by name, or by number where they have none.",
    example=Example(
        "",
        'root.matches = this.value.re_find_object("a(?P<foo>x*)b")',
        ('{"value":"-axxb-ab-"}', '{"matches":{"0":"axxb","foo":"xx"}}'),
    ),
)
_expression(
    "re_find_all_object",
    _re_find_all_object,
    _PATTERN,
    summary="The groups of all matches by name, or by number where they have none.",
    example=Example(
        "",
        'root.matches = this.value.re_find_all_object("a(?P<foo>x*)b")',
        ('{"value":"-axxb-ab-"}', '{"matches":[{"0":"axxb","foo":"xx"},{"0":"ab","foo":""}]}'),
    ),
)
for _name, _status in (("re_replace_all", "stable"), ("re_replace", "stable")):
    _expression(
        _name,
        _re_replace_all,
        _PATTERN,
        _VALUE,
        summary="A text with all matches replaced.",
        example=Example(
            "",
            f'root.new_value = this.value.{_name}("ADD ([0-9]+)","+($1)")',
            ('{"value":"foo ADD 70"}', '{"new_value":"foo +(70)"}'),
        ),
        status=_status,
    )
