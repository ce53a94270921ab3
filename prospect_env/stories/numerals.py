"""Numbers as people write them, from which the very same numbers are read: `2.5`, `2/3`, `first`.

A float such as `0.6666666666666666` is told as `2/3` where it is the float nearest to such a fraction of small numbers;
any other as the shortest decimal that is read as this float. Reckoning with what is told (a payoff in another currency)
is done in fractions, so that it can be undone exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

NUMBER = r"-?\d+(?:\.\d+|/[1-9]\d*)?"  #: the pattern of all that `written` writes
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_DENOMINATOR, _NUMERATOR = 99, 999  #: fractions of larger numbers are told as decimals


def meant(number: float) -> Fraction:
    """The number that a float (or a whole number) stands for; `value` of it is that float again."""
    if isinstance(number, int | np.integer):
        return Fraction(int(number))
    return _simplest(number, Fraction(repr(float(number))), float)


def value(number: Fraction) -> int | float:
    """The whole number if it is a float, too; else the float nearest to it."""
    nearest = float(number)
    return int(nearest) if nearest == number and nearest.is_integer() else nearest


def written(number: Fraction) -> str:
    """In decimals where these come to an end, without an exponent; else as `2/3`."""
    twos, fives = (_times(prime, number.denominator) for prime in (2, 5))
    if 2**twos * 5**fives != number.denominator:
        return str(number)
    places = max(twos, fives)
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    point = len(digits) - places
    sign, fraction = "-" * (number < 0), f".{digits[point:]}" * (places > 0)
    return f"{sign}{digits[:point]}{fraction}"


def plainest(number: float | np.floating[Any]) -> float:
    """The plainest number that a float32 stands for, which is that float32 again: a small fraction or few decimals."""
    single = np.float32(number)
    told = float(np.format_float_positional(single, trim="-"))
    return float(_simplest(single, Fraction(repr(told)), np.float32))


def decimal(number: float) -> str:
    """What is written for a number."""
    return written(meant(number))


def ordinal(index: int) -> str:
    """`first` for 0, `second` for 1 and so on; from the eleventh on in digits."""
    if index < len(ORDINALS):
        return ORDINALS[index]
    last = (index + 1) % 10 if (index + 1) // 10 % 10 != 1 else 0
    return f"{index + 1}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def place(text: str) -> int:
    """The index that an ordinal stands for."""
    return int(text[:-2]) - 1 if text[0].isdigit() else ORDINALS.index(text.lower())


def _times(prime: int, number: int) -> int:
    """How often a prime divides a number."""
    times = 0
    while number % prime == 0:
        number, times = number // prime, times + 1
    return times


def _simplest(number: Any, told: Fraction, kind: Callable[[float], Any]) -> Fraction:
    """A fraction of small numbers where `number` is the float of this kind nearest to it; else as `told`."""
    near = told.limit_denominator(_DENOMINATOR)
    same = abs(near.numerator) <= _NUMERATOR and kind(near.numerator / near.denominator) == number
    return near if same else told
