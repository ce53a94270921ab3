"""The beauty contest: who is closest, how prizes are shared, what bands mean, and where guesses end."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.equilibrium import nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.games.beauty_contest import BeautyContest


def test_payments_by_hand() -> None:
    game = BeautyContest()  # two thirds of the mean of three
    guesses = np.array([[50, 33, 22], [0, 0, 0], [10, 10, 100], [100, 0, 50], [9, 3, 0]])
    # Targets: 23.3: 22 wins. 0: all share. 26.7: both tens share. 33.3: 50 is 16.7 away, 0 is 33.3. 2.7: 3 wins.
    third = float(np.float32(1 / 3))
    expected = [[0, 0, 1], [third] * 3, [0.5, 0.5, 0], [0, 0, 1], [0, 1, 0]]
    assert game.pay(guesses).tolist() == expected
    # Target .5 x 4 = 2: 0 and 4 are equally far, and 8 is not; with a prize of 10.
    assert BeautyContest(fraction=0.5, prize=10).pay(np.array([[0, 4, 8]])).tolist() == [[5, 5, 0]]


def test_ties_on_both_sides_of_the_target_survive_rounding() -> None:
    # .35 of 30 is 10.5, but a little less in binary: 10 and 11 are equally close.
    assert BeautyContest(fraction=0.35).pay(np.array([[10, 11, 69]])).tolist() == [[0.5, 0.5, 0]]
    # Whole numbers tell exactly: with two thirds, nine times a guess against twice the sum.
    guesses = np.array(list(product(range(31), repeat=3)))
    away = np.abs(9 * guesses - 2 * guesses.sum(axis=1, keepdims=True))
    closest = away == away.min(axis=1, keepdims=True)
    expected = (closest / closest.sum(axis=1, keepdims=True)).astype(np.float32)
    assert np.array_equal(BeautyContest().pay(guesses), expected)


def test_with_two_seats_the_lower_guess_wins() -> None:
    pairs = np.array([(a, b) for a, b in product(range(101), repeat=2) if a < b])
    assert (BeautyContest(seats=2).pay(pairs) == [1, 0]).all()


def test_bands_are_levels_of_thinking() -> None:
    spec = BeautyContest().spec
    assert spec.reactions == ("0", "1 to 12", "13 to 18", "19 to 27", "28 to 40", "41 to 61", "62 to 100")
    # Level 0 guesses 50 on average, and each level two thirds of the one before: 33, 22, 15.
    assert [spec.reactions[spec.reaction_of[guess]] for guess in (50, 33, 22, 15)] == list(spec.reactions[5:1:-1])
    half = BeautyContest(fraction=0.5).spec
    assert half.reactions == ("0", "1 to 4", "5 to 8", "9 to 17", "18 to 35", "36 to 70", "71 to 100")


@pytest.mark.parametrize("seats", [2, 3, 5])
def test_all_zero_is_an_equilibrium(seats: int) -> None:
    zero = np.eye(101)[[0] * seats]
    assert nash_conv(BeautyContest(seats=seats, rounds=1), zero) <= 1e-6


def test_on_whole_numbers_there_can_be_others() -> None:
    # All at 1, one of N goes to 0: the target is 2/3 (N - 1)/N: .44 of 3, nearer 0; .53 of 5, nearer 1.
    one = np.eye(101)[[1] * 5]
    assert nash_conv(BeautyContest(seats=3, rounds=1), one[:3]) == pytest.approx(3 * (1 - 1 / 3))
    assert nash_conv(BeautyContest(seats=5, rounds=1), one) <= 1e-6
    # All at 2: leaving for 1 pays, .67 x 9/5 = 1.2.
    assert nash_conv(BeautyContest(seats=5, rounds=1), np.eye(101)[[2] * 5]) > 1


def test_prizes_are_shared_out() -> None:
    game = BeautyContest(seats=4, high=10, prize=3)
    paid = game.pay(np.array(list(product(range(11), repeat=4))))
    assert paid.sum(axis=1) == pytest.approx(np.full(len(paid), 3.0))
    assert game.spec.welfare_bounds == (3, 3)
    assert (paid.min(), paid.max()) == game.spec.payoff_bounds
    assert game.spec.reference == 0.75


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fraction": 0}, "fraction is 0"),
        ({"fraction": 1}, "fraction is 1; it must be above 0 and below 1"),
        ({"fraction": "2/3"}, "fraction is '2/3'"),
        ({"seats": 1}, "seats is 1"),
        ({"seats": 3.0}, "seats is 3.0"),
        ({"high": 0}, "high is 0"),
        ({"high": 127}, "high is 127; it must be at most 126"),
        ({"prize": 0}, "prize is 0"),
        ({"prize": float("inf")}, "prize is inf"),
        ({"rounds": 0}, "rounds is 0"),
        ({"rounds": False}, "rounds is False"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        BeautyContest(**parameters)
