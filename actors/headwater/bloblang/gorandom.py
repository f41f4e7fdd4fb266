"""Numbers that look like chance, the same ones for a seed as in Go.

The generator is an additive lagged Fibonacci one, ``x[n] = x[n-607] + x[n-273]`` over 64 bits. Its seeds are mixed with
the state that the generator itself has after 7.8e12 steps from seed 1; `_far_state` leaps there instead of shipping a
table of 607 numbers: the state n steps on is linear in the first one, with the coefficients of ``z^n`` modulo the
recurrence's polynomial ``z^607 - z^334 - 1``.
"""

from __future__ import annotations

from functools import lru_cache

_LENGTH = 607
_LAG = 273
_START = _LENGTH - _LAG  # where the first number is written; the next ones are written below it
_STEPS = 7_800_000_000_000
_WORD = (1 << 64) - 1
_SPAN = 1 << 63
_LEHMER = (1 << 31) - 1
_SLOT = 18  # octets: 607 products of two words fit


class Source:
    """A sequence of numbers that a seed sets off."""

    def __init__(self, seed: int) -> None:
        self._state = [word ^ far for word, far in zip(_seeded(seed, 40, 20), _far_state(), strict=True)]
        self._tap = 0
        self._feed = _START

    def int63(self) -> int:
        """The next number, of 63 bits."""
        self._tap = (self._tap or _LENGTH) - 1
        self._feed = (self._feed or _LENGTH) - 1
        word = (self._state[self._feed] + self._state[self._tap]) & _WORD
        self._state[self._feed] = word
        return word % _SPAN

    def below(self, limit: int) -> int:
        """The next number from 0 to a limit that it does not reach, each as likely as the others."""
        if limit > _SPAN:  # Go has no words for it
            return (self.int63() << 63 | self.int63()) % limit
        fair = _SPAN - _SPAN % limit
        while (number := self.int63()) >= fair:
            pass
        return number % limit


def _seeded(seed: int, high: int, low: int) -> list[int]:
    """A state of words that are made of three numbers each of the generator of Lehmer, shifted by so many bits."""
    number = seed % _LEHMER or 89482311  # 0 would stay 0
    words = []
    for place in range(-20, _LENGTH):
        number = number * 48271 % _LEHMER
        if place >= 0:
            word = number << high
            number = number * 48271 % _LEHMER
            word ^= number << low
            number = number * 48271 % _LEHMER
            words.append((word ^ number) & _WORD)
    return words


@lru_cache(maxsize=1)
def _far_state() -> tuple[int, ...]:
    first = _seeded(1, 20, 10)
    sequence = [first[(_START - 1 - step) % _LENGTH] for step in range(-_LENGTH, 0)]
    for place in range(_LENGTH - 1):
        sequence.append((sequence[place] + sequence[place + _START]) & _WORD)
    # y[n+i] = sum over k of c[k] * y[k+i]: a product with the coefficients the other way round
    product = _product(_leap(_STEPS)[::-1], sequence)
    far = product[_LENGTH - 1 : 2 * _LENGTH - 1]
    state = [0] * _LENGTH
    for place, word in enumerate(far):
        state[(_START - 1 - (_STEPS - _LENGTH + place)) % _LENGTH] = word
    return tuple(state)


def _leap(steps: int) -> list[int]:
    """The coefficients of ``z^steps`` modulo the polynomial."""
    power = [1] + [0] * (_LENGTH - 1)
    for digit in format(steps, "b"):
        power = _product(power, power)
        if digit == "1":
            power.insert(0, 0)
        for degree in range(len(power) - 1, _LENGTH - 1, -1):
            power[degree - _LAG] += power[degree]
            power[degree - _LENGTH] += power[degree]
        power = [word & _WORD for word in power[:_LENGTH]]
    return power


def _product(left: list[int], right: list[int]) -> list[int]:
    """The product of two polynomials over words, as one of two large numbers."""
    length = len(left) + len(right) - 1
    octets = (_packed(left) * _packed(right)).to_bytes((length + 1) * _SLOT, "little")
    return [int.from_bytes(octets[at : at + 8], "little") for at in range(0, length * _SLOT, _SLOT)]


def _packed(words: list[int]) -> int:
    return int.from_bytes(b"".join(word.to_bytes(_SLOT, "little") for word in words), "little")
