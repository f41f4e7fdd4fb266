"""Arrays and objects; nobody's values are ever changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("[1,2,3].map_each(x -> if x == 2 { deleted() } else { x })", [1, 3]),
        ("[1,2].map_each(x -> if x == 2 { 9 })", [1, 9]),
        ('[1].map_each(x -> throw("no"))', "error: failed to process element 0: function throw: no"),
        (
            '[1,"a"].map_each(x -> x + 1)',
            "error: array literal: failed to process element 1: "
            "cannot add types string (from field `x`) and number (from number literal)",
        ),
        ('[1].filter(x -> throw("no"))', "error: array literal: no"),
        ("[].all(x -> true)", False),
        ("[1].any(x -> x)", "error: array literal: element 0: expected bool value, got number (1)"),
        ("[3,1,2].sort()", [1, 2, 3]),
        ('["b","é","a"].sort()', ["a", "b", "é"]),
        ('[1,"a"].sort()', "error: sort element 0: expected string value, got number (1)"),
        ('[1,2,"a"].sort()', "error: sort element 1: expected string value, got number (2)"),
        ("[true,false].sort()", "error: sort element 1: expected number or string value, got bool (false)"),
        ("[2,1].sort(p -> p.left)", "error: expected bool value, got number from sort argument (1)"),
        (
            '[{"v":2},{"v":"a"}].sort_by(x -> x.v)',
            "error: sort_by element 0: expected string value, got number from field `x.v` (2)",
        ),
        ('[1,"1",1.0,true.string()].unique()', [1, "1", "true"]),
        ("[1].contains(true)", True),
        ('{"a":{"x":1},"b":1}.merge({"a":{"x":2},"b":[2]})', {"a": {"x": [1, 2]}, "b": [1, 2]}),
        ('{"a":{"x":1}}.assign({"a":{"y":2}})', {"a": {"x": 1, "y": 2}}),
        ('{"a.b":{"c~d":[1,{}]},"e":{}}.collapse()', {"a.b.c~d.0": 1}),
        ('{"a":{"b":1,"c":2},"d":3}.with("a.b","q")', {"a": {"b": 1}}),
        ('{"a":{"b":1,"c":2},"d":3}.without("a.b","d")', {"a": {"c": 2}}),
        (
            '{"a":[1,2]}.set("a.5", 1)',
            "error: failed to resolve path segment '1': found array but index '5' exceeded target array size of '2'",
        ),
        ('{"a":[1,2]}.set("a.0", deleted())', {"a": [2]}),
        ("[1,2].zip([3])", "error: can't zip different length array values"),
    ],
)
def test_structure(evaluate: Any, query: str, result: Any) -> None:
    assert evaluate(query) == result


@pytest.mark.parametrize(
    "query",
    [
        'this.a.merge(this.b)', "this.a.assign(this.b)", "this.l.append(1)", "this.l.sort()", "this.l.concat(this.l)",
        'this.a.explode("l")', 'this.a.set("x.y", 1)', "this.a.patch(this.a.diff(this.b))", 'this.a.without("x")',
        "[this.a, this.b].squash()", "this.l.reverse().catch(this.l)", "this.l.fold({}, i -> i.tally.merge(this.a))",
    ],
)  # fmt: skip
def test_nothing_given_is_changed(evaluate: Any, query: str) -> None:
    this = {"a": {"x": {"y": [1]}, "l": [1, 2]}, "b": {"x": {"y": [2], "z": 3}}, "l": [3, 1, 2]}
    before = copy.deepcopy(this)
    evaluate(query, this)
    assert this == before


def test_squash_merges_values_of_the_same_key(evaluate: Any) -> None:
    objects = [{"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": [4, {"b": 5}]}, {"a": {"d": 6}}, {"e": [7]}, {"e": 8}, 9]
    assert evaluate("this.squash()", objects) == {"a": [{"b": [1, 2], "c": 3}, 4, {"b": 5}, {"d": 6}], "e": [7, 8]}


def test_paths_that_multiply_are_bounded(evaluate: Any) -> None:
    document: Any = 1
    for _ in range(60):
        document = [document]
    assert len(evaluate('this.json_path("$..*..*")', document)) == 60 * 61 // 2 - 60
    assert evaluate('this.json_path("$..*..*..*..*..*..*..*")', document).startswith(
        "error: json path leads to more than"
    )
