"""Text is bytes in disguise, cased by code point, and bounded in its growth."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ('"héllo".length()', 6),
        ('"héllo".slice(0, 2)', "h\udcc3"),
        ('"éa".index_of("a")', 2),
        ('"aé😀".reverse()', "😀éa"),
        ('"straße ﬁ".uppercase()', "STRAßE ﬁ"),
        ('"ΑΣ".lowercase()', "ας".replace("ς", "σ")),
        ('"it\'s a_b 1st x-y".capitalize()', "It's A_b 1St X-Y"),
        ('"\\u00a0 a \\u2003".trim()', "a"),
        ('"abc".bytes().uppercase()', b"ABC"),
        ('"aé".replace_all("", "-")', "-a-é-"),
        ('"a,,b".split(",", true)', ["a", None, "b"]),
        ('"é".bytes().split("")', ["é".encode()]),
        ('["a","../b","/c"].filepath_join()', "b/c"),
        ("[1,2,3,4].split_by(x -> x == 3)", [[1, 2], [4]]),
        ('"a%20b%zz".unescape_url_path()', 'error: string literal: invalid URL escape "%zz"'),
        ('"<p>a &amp; <b>b</b></p><style>x</style>".strip_html(["b"])', "a &amp; <b>b</b>"),
        ('"Ünïcödé & 日本".slug()', "unicode-and-ri-ben"),
        ('"\\"a\\\\tb\\"".unquote()', "a\tb"),
        ("\"'ab'\".unquote()", "error: string literal: invalid syntax"),
    ],
)
def test_text(evaluate: Any, query: str, result: Any) -> None:
    assert evaluate(query) == result


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('"%v %v %v %v".format(1, 1.5, "a", null)', "1 1.5 a <nil>"),
        (
            '"%d|%5d|%-5d|%05d|%+d|%x|%X|%o|%b".format(7, 7, 7, 7, 7, 255, 255, 8, 5)',
            "7|    7|7    |00007|+7|ff|FF|10|101",
        ),
        ('"%s|%q|%x|%8.2s|%v".format("ab", "a\\"b", "hi", "abc", true)', 'ab|"a\\"b"|6869|      ab|true'),
        ('"%.2f|%8.3f|%e|%G".format(2.675, 3.14159, 1234.5, 0.00001)', "2.67|   3.142|1.234500e+03|1E-05"),
        ('"%d".format("a")', "%!d(string=a)"),
        ('"%s %s".format("a")', "a %!s(MISSING)"),
        ('"%s".format("a", "b", 3)', "a%!(EXTRA string=b, int64=3)"),
        ('"%[2]v %[1]v %[9]v".format("a", "b")', "b a %!v(BADINDEX)"),
        ('"%*d|%-*d|%.*f".format(5, 1, 4, 2, 1, 2.55)', "    1|2   |2.5"),
        ('"%v %v".format({"b":1,"a":[true,null]}, ["x".bytes()])', "map[a:[true <nil>] b:1] [[120]]"),
        (
            '"%T %T %T %T %T".format(1, 1.5, "a", [1], {})',
            "int64 float64 string []interface {} map[string]interface {}",
        ),
        ('"%#v %#v".format({"a":"b"}, [1,"x"])', 'map[string]interface {}{"a":"b"} []interface {}{1, "x"}'),
        ('"%c%U%t%%%!".format(233, 233, false)', "éU+00E9false%%!!(MISSING)"),
    ],
)
def test_format(evaluate: Any, query: str, text: str) -> None:
    assert evaluate(query) == text


@pytest.mark.parametrize(
    "query",
    [
        "this.repeat(70000000)",
        'this.repeat(100000).replace_all("a", this.repeat(100000))',
        'this.repeat(100000).re_replace_all("a", this.repeat(100000))',
        "range(0, 90000000)",
        "range(0, 9000000)",
        "nanoid(90000000)",
        "bytes(90000000)",
    ],
)
def test_growth_is_bounded(evaluate: Any, query: str) -> None:
    assert "exceeds the limit" in evaluate(query, "a")
