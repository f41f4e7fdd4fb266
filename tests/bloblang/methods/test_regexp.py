"""Regular expressions by RE2, with Go's ways of finding and replacing."""

from __future__ import annotations

import time
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ('"abc".re_find_all("x*")', ["", "", "", ""]),
        ('"baaac".re_find_all("a*")', ["", "aaa", ""]),
        ('"abc".re_replace_all("x*", "-")', "-a-b-c-"),
        ('"é1".re_replace_all("\\\\D", "x")', "x1"),
        ('"ab".re_replace_all("(a)(b)", "${2}$1x$$")', "b$"),
        ('"ab".re_replace_all("(?P<x>a)b", "$x-${x}-$y")', "a-a-"),
        ('"a\\nb".re_replace_all("(?m)^", "> ")', "> a\n> b"),
        ('"ab b".re_find_all_submatch("(a)?b")', [["ab", "a"], ["b", ""]]),
        ('"k: v".re_find_object("(?P<key>\\\\w): (\\\\w)")', {"0": "k: v", "key": "k", "2": "v"}),
        ('"x".re_find_object("y")', {}),
        ('"\\xff".re_match("^.$")', False),
    ],
)
def test_regexp(evaluate: Any, query: str, result: Any) -> None:
    assert evaluate(query) == result


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "missing closing ): `(`"),
        (")", "unexpected ): `)`"),
        ("[a", "missing closing ]: `[a`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a++", "invalid nested repetition operator: `++`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("\\y", "invalid escape sequence: `\\y`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("[b-a]", "invalid character class range: `b-a`"),
    ],
)
def test_words(evaluate: Any, pattern: str, words: str) -> None:
    assert evaluate("this.a.re_match(this.p)", {"a": "x", "p": pattern}) == f"error: error parsing regexp: {words}"


def test_nothing_takes_exponential_time(evaluate: Any) -> None:
    began = time.perf_counter()
    assert evaluate('this.re_match("^(a+)+$")', "a" * 50_000 + "b") is False
    assert time.perf_counter() - began < 2
