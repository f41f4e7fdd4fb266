"""Documents out of text and back, with the words of Go's libraries for what is wrong."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest

from headwater.bloblang.values import Timestamp


def test_json_ignores_what_follows_and_makes_floats(evaluate: Any) -> None:
    assert evaluate("this.parse_json()", '{"a":[1,9007199254740993]} x') == {"a": [1.0, 9007199254740992.0]}
    assert evaluate("this.parse_json(use_number: true).a.string()", '{"a":1.50}') == "1.50"
    assert evaluate("this.parse_json()", "[" * 100_000).startswith(
        "error: field `this`: failed to parse value as JSON: "
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("nope", "invalid character 'o' in literal null (expecting 'u')"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
    ],
)
def test_json_words(evaluate: Any, text: str, words: str) -> None:
    assert evaluate("this.parse_json()", text) == f"error: field `this`: failed to parse value as JSON: {words}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes\nb: 0o17\nc: ~\nd: '5'\n", {"a": "yes", "b": 15, "c": None, "d": "5"}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}\n", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
        ("t: 2020-01-02\n", {"t": Timestamp(1577923200 * 10**9)}),
        ("a: 1\n---\nb: 2\n", {"a": 1}),
    ],
)
def test_yaml(evaluate: Any, text: str, value: Any) -> None:
    assert evaluate("this.parse_yaml()", text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "yaml: line 1: did not find expected ',' or ']'"),
        ("a: 1\na: 2\n", 'yaml: unmarshal errors:\n  line 2: mapping key "a" already defined at line 1'),
    ],
)
def test_yaml_words(evaluate: Any, text: str, words: str) -> None:
    assert evaluate("this.parse_yaml()", text) == f"error: field `this`: failed to parse value as YAML: {words}"


def test_yaml_bombs_are_refused(evaluate: Any) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    assert "error: " in str(evaluate("this.parse_yaml()", bomb))[:10]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"b": [1, {"c": None}], "a": "true", "10": "x: y", "9": ""},
            '"9": ""\n"10": \'x: y\'\na: "true"\nb:\n    - 1\n    - c: null\n',
        ),
        ([[1, [2]], {}], "- - 1\n  - - 2\n- {}\n"),
        ({"a": {"b": {"c": [1]}}}, "a:\n    b:\n        c:\n            - 1\n"),
        ({"a": "x\ny\n", "b": "x\ny", "c": " x\n"}, "a: |\n    x\n    y\nb: |-\n    x\n    y\nc: |4\n     x\n"),
        (["- a", "#b", "a #b", "a:", "'", "é", "\x01", "1e3", "~", "yes", "-"], None),
        ("a", "a\n"),
        (1e6, "1e+06\n"),
    ],
)
def test_format_yaml(evaluate: Any, value: Any, text: str | None) -> None:
    made = evaluate("this.format_yaml().string()", value)
    if text is not None:
        assert made == text
    assert evaluate("this.format_yaml().parse_yaml()", value) == value


def test_csv(evaluate: Any) -> None:
    assert evaluate("this.parse_csv()", 'a,b\n1,"x\ny"\n') == [{"a": "1", "b": "x\ny"}]
    assert evaluate('this.parse_csv(false, ";")', "1;2\n3;4") == [["1", "2"], ["3", "4"]]
    assert evaluate("this.parse_csv()", "a,b\n1") == "error: field `this`: record on line 2: wrong number of fields"


def test_xml_comes_back(evaluate: Any) -> None:
    document = {"a": {"-x": "1", "b": ["t", "u <&>"], "c": ""}}
    assert evaluate("this.format_xml(no_indent: true).string()", document) == (
        '<a x="1"><b>t</b><b>u &lt;&amp;&gt;</b><c/></a>'
    )
    assert evaluate("this.format_xml().parse_xml()", document) == document


def test_logfmt(evaluate: Any) -> None:
    assert evaluate("this.parse_logfmt()", 'a=1 b="x \\"y\\"" c d=') == {"a": "1", "b": 'x "y"', "c": True, "d": ""}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://[::1", "parse \"http://[::1\": missing ']' in host"),
        ("http://a:b/", 'parse "http://a:b/": invalid port ":b" after host'),
        ("http://a/%zz", 'parse "http://a/%zz": invalid URL escape "%zz"'),
        (":x", 'parse ":x": missing protocol scheme'),
        ("a:b:c/d", None),
        ("1:2", 'parse "1:2": first path segment in URL cannot contain colon'),
    ],
)
def test_url_words(evaluate: Any, url: str, words: str | None) -> None:
    found = evaluate("this.parse_url()", url)
    assert found == f"error: field `this`: {words}" if words else found["opaque"] == "b:c/d"


def test_url(evaluate: Any) -> None:
    found = evaluate("this.parse_url()", "HTTPS://u:p%40@h.com:81/a%2Fb?q=1#f%20g")
    assert found["scheme"] == "https"
    assert found["user"] == {"name": "u", "password": "p@"}
    assert (found["path"], found["raw_path"]) == ("/a/b", "/a%2Fb")
    assert (found["fragment"], found["raw_fragment"]) == ("f g", "")


@pytest.mark.parametrize("value", [1, -1, 1.5, "x" * 300, None, True, [1] * 20, {"a": {"b": []}}, b"\x00" * 70_000])
def test_msgpack_comes_back(evaluate: Any, value: Any) -> None:
    assert evaluate("this.format_msgpack().parse_msgpack()", value) == value


def test_time_in_msgpack(evaluate: Any) -> None:
    for nanoseconds in (0, 1582979696123456789, -1, 10**21):
        stamp = Timestamp(nanoseconds)
        assert evaluate("this.format_msgpack().parse_msgpack()", stamp).nanoseconds == nanoseconds


def test_parquet_says_what_is_no_parquet(evaluate: Any) -> None:
    assert evaluate('"hello".bytes().parse_parquet()') == (
        'error: parquet read panic: invalid magic header of parquet file: "hell"'
    )


def test_parquet_rows(evaluate: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "at": pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")),
            "small": pa.array([0.1, 0.2], pa.float32()),
            "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
            "items": [[{"b": b"x"}], []],
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    raw = base64.b64encode(file.getvalue()).decode()
    assert json.loads(evaluate('this.decode("base64").parse_parquet(true).format_json()', raw)) == [
        {"at": "2023-11-14T22:13:20.123456789Z", "small": 0.1, "map": {"k": 1}, "items": [{"b": "x"}]},
        {"at": None, "small": 0.2, "map": {}, "items": []},
    ]
    assert "failed to read parquet file" in evaluate('this.decode("base64").slice(0, 90).parse_parquet()', raw)
