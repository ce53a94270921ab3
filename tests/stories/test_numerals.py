"""Numbers as they are told: plain to read, and exact."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prospect_env.core.errors import UnreadableText
from prospect_env.core.make import make_game
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import story
from prospect_env.stories.numerals import decimal, meant, ordinal, place, plainest, value, written

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_every_float_is_read_as_itself(number: float) -> None:
    told = decimal(number)
    assert value(Fraction(told)) == number
    assert "e" not in told.lower()


@given(FINITE, FINITE)
def test_different_floats_are_told_differently(one: float, other: float) -> None:
    assert (decimal(one) == decimal(other)) == (one == other)


@given(st.integers(-999, 999), st.integers(1, 99))
def test_small_fractions_are_told_as_such(above: int, below: int) -> None:
    told, shared = decimal(above / below), gcd(above, below)
    ends = 10**6 * above % below == 0  # of numbers up to 99 only those with six or fewer places end (1/64 is 0.015625)
    if ends:
        assert "/" not in told
        assert len(told.partition(".")[2]) <= 6
    else:
        assert told == f"{above // shared}/{below // shared}"
    assert value(Fraction(told)) == above / below


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (2 / 3, "2/3"),
        (-1 / 3, "-1/3"),
        (100 / 3, "100/3"),
        (1 - 2 / 3, "0.33333333333333337"),  # not the float nearest to 1/3
        (0.33, "0.33"),
        (0.3333, "0.3333"),
        (1 / 101, "0.009900990099009901"),
        (1e-5, "0.00001"),
        (1e6, "1000000"),
        (2.50, "2.5"),
        (-0.0, "0"),
        (7, "7"),
    ],
)
def test_numbers_by_hand(number: float, told: str) -> None:
    assert decimal(number) == told


@given(FINITE.filter(lambda number: abs(number) < 1e9), st.sampled_from([1, 2, 3, 10]), st.sampled_from([0, 1, 10]))
def test_other_amounts_are_reckoned_back_exactly(payoff: float, scale: int, shift: int) -> None:
    told = written(meant(payoff) * scale + shift)
    assert value((Fraction(told) - shift) / scale) == payoff


def test_thirds_in_another_currency() -> None:
    # 3 x 1/3 + 2 = 3; in decimals it would be 2.9999999999999999.
    assert written(meant(1 / 3) * 3 + 2) == "3"
    assert written(meant(2 / 3) * 2 + 1) == "7/3"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_plainest_number_of_a_float32_is_that_float32(number: float) -> None:
    assert np.float32(plainest(np.float32(number))) == np.float32(number)


def test_the_plainest_number_is_plainest() -> None:
    assert [plainest(np.float32(x)) for x in (1 / 3, 0.1, 2.5, 0.1 + 0.2)] == [1 / 3, 0.1, 2.5, 0.3]


@given(st.integers(0, 100_000))
def test_ordinals_are_read_as_the_place_they_stand_for(index: int) -> None:
    assert place(ordinal(index)) == index


def test_ordinals_by_hand() -> None:
    assert [ordinal(i) for i in (0, 9, 10, 11, 20, 21, 110, 111, 120)] == [
        "first", "tenth", "11th", "12th", "21st", "22nd", "111th", "112th", "121st",
    ]  # fmt: skip


def test_games_are_told_with_fractions_and_read_back() -> None:
    thirds = make_game("matrix_game", payoffs=[[[1 / 3, 2 / 3], [0, -5 / 7]], [[1, 1], [0.25, 0]]], noise=1 / 6)
    for frame in frames(thirds):
        for variant in range(6):
            narrator = story(thirds, frame, variant)
            text = narrator.rules(0)
            assert narrator.read(text) == thirds
            assert "333" not in text
            assert "probability 1/6" in text
    text = story(thirds).rules(0)
    assert "you get 1/3 points" in text
    assert "gets -5/7 points" in text
    assert story(thirds).event(0, [0, 0], float(np.float32(1 / 3))).endswith("You got 1/3 points.")
    for other in ("2/6", "1/0", "0.3333333333333333", "01/3", "1/03"):
        with pytest.raises(UnreadableText):
            story(thirds).read(text.replace("you get 1/3 points", f"you get {other} points"))
