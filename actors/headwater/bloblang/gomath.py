"""Elementary functions that agree with Go's ``math`` to the last digit.

The platform's C library rounds some results the other way; these follow the published Cephes and FreeBSD methods, which
Go uses: argument reduction by parts of pi/4 and fixed polynomials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_BY_LN10: Final = 0.43429448190325182765
_LN2_HI: Final = 6.93147180369123816490e-01
_LN2_LO: Final = 1.90821492927058770002e-10
_LOG: Final = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_SIN: Final = (
    1.58962301576546568060e-10,
    -2.50507477628578072866e-8,
    2.75573136213857245213e-6,
    -1.98412698295895385996e-4,
    8.33333333332211858878e-3,
    -1.66666666666666307295e-1,
)
_COS: Final = (
    -1.13585365213876817300e-11,
    2.08757008419747316778e-9,
    -2.75573141792967388112e-7,
    2.48015872888517045348e-5,
    -1.38888888888730564116e-3,
    4.16666666666665929218e-2,
)
_TAN_P: Final = (-1.30936939181383734205e4, 1.15351664838587416140e6, -1.79565251976484877988e7)
_TAN_Q: Final = (
    1.0,
    1.36812963470692954678e4,
    -1.32089234440210967447e6,
    2.50083801823357915839e7,
    -5.38695755929454629881e7,
)
_PI4A: Final = 7.85398125648498535156e-1
_PI4B: Final = 3.77489470793079817668e-8
_PI4C: Final = 2.69515142907905952645e-15
_REDUCE_FROM: Final = 1 << 29
_PI: Final = int(
    "0x3243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89452821E638D01377BE5466CF34E90C6CC0AC29B7C97C50DD3"
    "F84D5B5B54709179216D5D98979FB1BD1310BA698DFB5AC2FFD72DBD01ADFB7B8E1AFED6A267E96BA7C9045F12C7F9924A19947B3916CF70801F"
    "2E2858EFC16636920D871574E69A458FEA3F4933D7E0D95748F728EB658718BCD5882154AEE7B54A41DC25A59B59C30D5392AF26013C5D1B0232",
    16,
)
_PI_FRACTION_BITS: Final = (_PI.bit_length() - 2) // 4 * 4


def _polynomial(x: float, coefficients: Sequence[float]) -> float:
    result = coefficients[0]
    for coefficient in coefficients[1:]:
        result = result * x + coefficient
    return result


def _reduce(x: float) -> tuple[int, float]:
    """Octant and remainder of a positive angle."""
    if x >= _REDUCE_FROM:
        return _reduce_large(x)
    j = int(x * (4 / math.pi))
    y = float(j)
    if j & 1:
        j += 1
        y += 1
    return j & 7, ((x - y * _PI4A) - y * _PI4B) - y * _PI4C


def _reduce_large(x: float) -> tuple[int, float]:
    numerator, denominator = x.as_integer_ratio()
    # x / (pi/4) by integers: pi is known to more digits than any double needs.
    shift = _PI_FRACTION_BITS
    scaled = (numerator << (shift + 2)) // denominator
    octants, rest = divmod(scaled, _PI)
    j = octants
    fraction = rest / _PI
    if j & 1:
        j += 1
        fraction -= 1
    return j & 7, fraction * (math.pi / 4)


def sin(x: float) -> float:
    """Sine of an angle in radians."""
    if x == 0 or x != x:
        return x
    if math.isinf(x):
        return math.nan
    negative = x < 0
    j, z = _reduce(abs(x))
    if j > 3:
        negative = not negative
        j -= 4
    zz = z * z
    y = 1.0 - 0.5 * zz + zz * zz * _polynomial(zz, _COS) if j in (1, 2) else z + z * zz * _polynomial(zz, _SIN)
    return -y if negative else y


def cos(x: float) -> float:
    """Cosine of an angle in radians."""
    if x != x or math.isinf(x):
        return math.nan
    j, z = _reduce(abs(x))
    negative = False
    if j > 3:
        j -= 4
        negative = True
    if j > 1:
        negative = not negative
    zz = z * z
    y = z + z * zz * _polynomial(zz, _SIN) if j in (1, 2) else 1.0 - 0.5 * zz + zz * zz * _polynomial(zz, _COS)
    return -y if negative else y


def tan(x: float) -> float:
    """Tangent of an angle in radians."""
    if x == 0 or x != x:
        return x
    if math.isinf(x):
        return math.nan
    j, z = _reduce(abs(x))
    zz = z * z
    y = z
    if zz > 1e-14:
        y = z + z * (zz * _polynomial(zz, _TAN_P) / _polynomial(zz, _TAN_Q))
    if j & 2:
        y = -1 / y
    return -y if x < 0 else y


def log(x: float) -> float:
    """Natural logarithm; -Inf of zero, NaN of negative numbers."""
    if x != x or x == math.inf:
        return x
    if x < 0:
        return math.nan
    if x == 0:
        return -math.inf
    f1, ki = math.frexp(x)
    if f1 < math.sqrt(2) / 2:
        f1 *= 2
        ki -= 1
    f = f1 - 1
    k = float(ki)
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    t1 = s2 * (_LOG[0] + s4 * (_LOG[2] + s4 * (_LOG[4] + s4 * _LOG[6])))
    t2 = s4 * (_LOG[1] + s4 * (_LOG[3] + s4 * _LOG[5]))
    r = t1 + t2
    hfsq = 0.5 * f * f
    return k * _LN2_HI - ((hfsq - (s * (hfsq + r) + k * _LN2_LO)) - f)


def log10(x: float) -> float:
    """Decimal logarithm; -Inf of zero, NaN of negative numbers."""
    return log(x) * _BY_LN10


def power(x: float, y: float) -> float:
    """`x` to the power of `y`; NaN and infinities instead of failures."""
    if y == 0 or x == 1:
        return 1.0
    if y == 1:
        return x
    if x != x or y != y:
        return math.nan
    if x == 0:
        odd = _is_odd(y)
        if y < 0:
            return math.copysign(math.inf, x) if odd else math.inf
        return x if odd else 0.0
    if math.isinf(y):
        if x == -1:
            return 1.0
        return 0.0 if (abs(x) < 1) == (y > 0) else math.inf
    if math.isinf(x):
        if x < 0:
            if y < 0:
                return -0.0 if _is_odd(y) else 0.0
            return -math.inf if _is_odd(y) else math.inf
        return 0.0 if y < 0 else math.inf
    if y == 0.5:
        return math.sqrt(x) if x >= 0 else math.nan
    if y == -0.5:
        return 1 / math.sqrt(x) if x > 0 else math.nan
    return _power(x, y)


def _is_odd(y: float) -> bool:
    return abs(y) < 1 << 53 and y == math.floor(y) and int(y) & 1 == 1


def _power(x: float, y: float) -> float:
    yf, yi = math.modf(abs(y))
    if yf != 0 and x < 0:
        return math.nan
    if yi >= 9.223372036854775808e18:
        if x == -1:
            return 1.0
        return 0.0 if (abs(x) < 1) == (y > 0) else math.inf
    a1 = 1.0
    ae = 0
    if yf != 0:
        if yf > 0.5:
            yf -= 1
            yi += 1
        a1 = math.exp(yf * log(x))
    x1, xe = math.frexp(x)
    i = int(yi)
    while i:
        if xe < -(1 << 12) or xe > 1 << 12:
            ae += xe
            break
        if i & 1:
            a1 *= x1
            ae += xe
        x1 *= x1
        xe <<= 1
        if x1 < 0.5:
            x1 += x1
            xe -= 1
        i >>= 1
    if y < 0:
        a1 = 1 / a1
        ae = -ae
    try:
        return math.ldexp(a1, ae)
    except OverflowError:
        return math.copysign(math.inf, a1)
