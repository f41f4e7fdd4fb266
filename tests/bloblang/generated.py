"""Random mappings and documents for property tests: text as users write it, from a grammar that mostly makes sense."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

FIELDS = ("a", "b", "c", "items", "name", "count")

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([2**53 + 1, -(2**63), 2**63 - 1, 2**64, 10**30]),
    st.sampled_from([0.5, 1.0, -2.25, 1e21, 1e-7, 12.0, 100000000.0]),
    st.sampled_from(["", "x", "Hello", "12", "3.5", "é", "a,b", "true"]),
)
_names = st.sampled_from(FIELDS)
documents = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_names, inner, max_size=4)),
    max_leaves=12,
)
objects = st.dictionaries(_names, documents, max_size=6)

_literals = st.sampled_from(
    [
        "1",
        "2",
        "0",
        "-3",
        "1.5",
        "2.0",
        '"x"',
        '"Hello"',
        '""',
        '"12"',
        "true",
        "false",
        "null",
        "[]",
        "{}",
        '[1, "x"]',
        '{"a": 1}',
    ]
)


def _reference(draw: Any, scope: list[str], variables: list[str]) -> str:
    head = draw(st.sampled_from(["this", "this", "this", "root", *scope, *[f"${name}" for name in variables], "@k"]))
    path = draw(st.lists(st.sampled_from([*FIELDS, "0", '"*"']), max_size=2))
    return ".".join([head, *path])


_PLAIN_METHODS = (
    "uppercase()",
    "lowercase()",
    "length()",
    "string()",
    "number()",
    "type()",
    "keys()",
    "values()",
    "sort()",
    "reverse()",
    "not_null()",
    "not_empty()",
    "abs()",
    "round()",
    "floor()",
    "sum()",
    "max()",
    "min()",
    "bytes()",
    "array()",
    "bool()",
    "bool(true)",
    "int64()",
    "flatten()",
    "unique()",
    "enumerated()",
    "key_values()",
    "squash()",
    "capitalize()",
    "trim()",
    'join(",")',
    'split(",")',
    'contains("x")',
    'has_prefix("H")',
    "index(0)",
    "slice(1)",
    "slice(0, 2)",
    'exists("a")',
    'get("a")',
    'without("a")',
    'replace_all("l", "L")',
    "repeat(2)",
    "format_json(no_indent: true)",
    "quote()",
    're_match("[a-z]+")',
    "append(1)",
    "collapse()",
    'merge({"a": 2})',
    'assign({"b": null})',
    "catch(null)",
    "or(5)",
    "number(7)",
    'apply("m")',
    "not()",
    'index_of("l")',
)
_OPERATORS = ("+", "-", "*", "/", "%", "==", "!=", ">", "<", ">=", "<=", "&&", "||", "|")


@st.composite
def expressions(draw: Any, scope: tuple[str, ...] = (), variables: tuple[str, ...] = (), depth: int = 3) -> str:
    """A query."""
    here, known = list(scope), list(variables)
    if depth <= 0:
        return draw(_literals) if draw(st.booleans()) else _reference(draw, here, known)

    def inner(more: tuple[str, ...] = ()) -> str:
        return str(draw(expressions(scope + more, variables, depth - 1)))

    kind = draw(st.integers(0, 13))
    if kind <= 1:
        return str(draw(_literals))
    if kind <= 3:
        return _reference(draw, here, known)
    if kind <= 5:
        return f"({inner()} {draw(st.sampled_from(_OPERATORS))} {inner()})"
    if kind <= 7:
        return f"({inner()}).{draw(st.sampled_from(_PLAIN_METHODS))}"
    if kind == 8:
        name = f"v{len(scope)}"
        if draw(st.integers(0, 2)) == 0:
            return chain(draw, scope, variables, depth)
        method = draw(st.sampled_from(["map_each", "filter", "map_each", "any", "all", "sort_by", "map"]))
        if draw(st.booleans()):
            return f"({inner()}).{method}({name} -> {inner((name,))})"
        return f"({inner()}).{method}({inner()})"
    if kind == 9:
        tail = f" else {{ {inner()} }}" if draw(st.booleans()) else ""
        middle = f" else if {inner()} {{ {inner()} }}" if draw(st.booleans()) else ""
        return f"(if {inner()} {{ {inner()} }}{middle}{tail})"
    if kind == 10:
        cases = [f"{inner()} => {inner()}" for _ in range(draw(st.integers(1, 3)))]
        subject = f" ({inner()})" if draw(st.booleans()) else ""
        return f"(match{subject or ' this'} {{ {', '.join(cases)} }})"
    if kind == 11:
        parts = [inner() for _ in range(draw(st.integers(0, 3)))]
        if draw(st.booleans()):
            return f"[{', '.join(parts)}]"
        return "{" + ", ".join(f'"{FIELDS[n]}": {part}' for n, part in enumerate(parts)) + "}"
    if kind == 12:
        return str(
            draw(
                st.sampled_from(
                    [
                        f"({inner()}).catch({inner()})",
                        f"({inner()}).or({inner()})",
                        f"!({inner()})",
                        f"-({inner()})",
                        f"({inner()}).({inner()})",
                    ]
                )
            )
        )
    return draw(
        st.sampled_from(
            [
                "deleted()",
                "nothing()",
                'throw("no")',
                "batch_index()",
                'json("a")',
                "content()",
                f"({inner()}).fold(0, item -> item.tally + item.value)",
            ]
        )
    )  # type: ignore[no-any-return]


def chain(draw: Any, scope: tuple[str, ...], variables: tuple[str, ...], depth: int) -> str:
    """Loops one after the other over the same array."""
    name = f"v{len(scope)}"
    source = draw(st.sampled_from(["this.items", "this", '[{"a":1,"b":2},{"a":3},5]', "this.a", "[1, 2.5, this.a]"]))
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        method = draw(st.sampled_from(["map_each", "map_each", "filter"]))
        plain = f"{name}.{draw(st.sampled_from(FIELDS))} {draw(st.sampled_from(_OPERATORS))} {name}.b"
        query = draw(st.one_of(st.just(plain), expressions((*scope, name), variables, min(depth - 1, 1))))
        steps.append(f".{method}({name} -> {query})")
    return f"{source}{''.join(steps)}{draw(st.sampled_from(['', '.sum()', '.sum()', '.length()']))}"


@st.composite
def statements(draw: Any, variables: list[str], depth: int = 2, metadata: bool = True) -> list[str]:
    """Statements, one a line."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 9))
        query = draw(expressions((), tuple(variables), 3))
        if kind == 0 and draw(st.booleans()):
            name = draw(st.sampled_from(["p", "q"]))
            if draw(st.integers(0, 4)) == 0:
                query = draw(st.sampled_from(["root", "root.a", "root.items", "[root]", "root.a.b"]))
            lines.append(f"let {name} = {query}")
            if name not in variables:
                variables.append(name)
        elif kind == 1 and metadata:
            lines.append(draw(st.sampled_from([f"meta k = {query}", f"meta = {query}", "meta k = deleted()"])))
        elif kind == 2 and depth > 0:
            body = draw(statements(list(variables), depth - 1, metadata))
            other = draw(statements(list(variables), depth - 1, metadata)) if draw(st.booleans()) else []
            tail = " else {\n" + "\n".join(other) + "\n}" if other else ""
            lines.append(f"if {query} {{\n" + "\n".join(body) + "\n}" + tail)
        elif kind == 3:
            lines.append(f"root = {query}")
        elif kind == 4:
            lines.append("root = this")
        else:
            path = ".".join(draw(st.lists(st.sampled_from([*FIELDS, "0"]), min_size=1, max_size=3)))
            lines.append(f"root.{path} = {query}")
    return lines


@st.composite
def mappings(draw: Any) -> str:
    """A mapping with one named map `m`."""
    body = "\n".join(draw(statements([], 1, False)))
    lines = "\n".join(draw(statements([], 2, True)))
    return f"map m {{\n{body}\n}}\n{lines}\n"


@st.composite
def messages(draw: Any) -> bytes:
    """A payload: mostly an object, sometimes another document, sometimes none."""
    kind = draw(st.integers(0, 12))
    if kind == 0:
        return draw(st.sampled_from([b"", b"nope", b'{"a":', b"null", b"[1,2]", b'"x"', b"5"]))  # type: ignore[no-any-return]
    return json.dumps(draw(objects if kind < 11 else documents)).encode()
