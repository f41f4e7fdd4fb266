"""Numbers by Go's rules: rounding, casts and the words for what is no number."""

from __future__ import annotations

import math
from typing import Any

import pytest

from headwater.bloblang import gofloat, gomath, gonumbers
from headwater.bloblang.values import Float32, UInt64


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("(-2.5).round()", -3),
        ("2.4999999999999996.round()", 2),
        ("0.49999999999999994.round()", 0),
        ("9007199254740993.0.round()", 9007199254740992),
        ("100000000000000000000.5.ceil()", 1e20),
        ("1000.log10()", 3.0),
        ("2.log10()", 0.3010299956639812),
        ("1.tan()", 1.557407724654902),
        ("9.pow(0.5)", 3.0),
        ("(0 - 9223372036854775807 - 1).abs()", UInt64(9223372036854775807)),
        ('"0x_1f".int64()', 31),
        ('"017".int64()', 15),
        ('"1__0".int64()', 'error: strconv.ParseInt: parsing "1__0": invalid syntax'),
        (
            '"99999999999999999999x".int64()',
            'error: strconv.ParseInt: parsing "99999999999999999999x": value out of range',
        ),
        ("300.uint8()", "error: value is too large to be cast as an 8-bit unsigned integer"),
        ('"-1".uint64()', 'error: strconv.ParseUint: parsing "-1": invalid syntax'),
        ('"0x1p-2".number()', 0.25),
        ('"1e999".number()', 'error: string literal: strconv.ParseFloat: parsing "1e999": value out of range'),
        ('throw("x").number(3)', 3.0),
        ('throw("x").bool(true)', True),
        ('"2020".timestamp("1970-01-01T00:00:00Z").ts_unix()', 0),
        ("0.1.float32()", Float32(0.1)),
        ("[3, 1.5].min()", 1.5),
        ("12.bitwise_xor(10)", 6),
    ],
)
def test_number(evaluate: Any, query: str, result: Any) -> None:
    found = evaluate(query)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize("x", [0.0, 0.3, 1.0, -2.5, 100.0, 1e6, 1e9, 1e18, 1e300, -1e-9, 3.0])
def test_elementary_functions_agree_with_the_platform_to_the_last_digits(x: float) -> None:
    for ours, theirs in ((gomath.sin, math.sin), (gomath.cos, math.cos), (gomath.tan, math.tan)):
        assert ours(x) == pytest.approx(theirs(x), rel=1e-12, abs=1e-15)
    if x > 0:
        assert gomath.log(x) == pytest.approx(math.log(x), rel=1e-15)
    assert gomath.power(abs(x), 0.7) == pytest.approx(math.pow(abs(x), 0.7), rel=1e-12)


def test_powers_never_raise() -> None:
    specials = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, math.inf, -math.inf, math.nan, 1e308)
    for x in specials:
        for y in specials:
            result = gomath.power(x, y)
            try:
                expected = math.pow(x, y)
            except ValueError:
                continue
            except OverflowError:
                assert math.isinf(result)
                continue
            assert result == pytest.approx(expected, rel=1e-12, nan_ok=True), (x, y)


@pytest.mark.parametrize(
    ("value", "kind", "precision", "text"),
    [
        (999999.0, "g", -1, "999999"),
        (1e6, "g", -1, "1e+06"),
        (1234567.0, "g", -1, "1.234567e+06"),
        (1e-5, "g", -1, "1e-05"),
        (0.0001, "g", -1, "0.0001"),
        (1e6, "g", 10, "1000000"),
        (123456789.0, "g", 4, "1.235e+08"),
        (-0.0, "f", 1, "-0.0"),
        (1.5, "x", -1, "0x1.8p+00"),
        (math.nan, "g", -1, "NaN"),
        (-math.inf, "f", 2, "-Inf"),
    ],
)
def test_float_text(value: float, kind: str, precision: int, text: str) -> None:
    assert gofloat.format_float(value, kind, precision) == text


def test_atoi_takes_plain_digits_only() -> None:
    assert gonumbers.parse_decimal_int("-007") == -7
    for text in ("", "+", "1_0", "0x1", " 1", "١"):
        with pytest.raises(gonumbers.NumberError, match="invalid syntax"):
            gonumbers.parse_decimal_int(text)
