"""The minority game: the smaller side wins, and nobody gains alone where sides differ by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.equilibrium import nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.games.minority import Minority


def test_payments_by_hand() -> None:
    sides = np.array([[0, 0, 1], [1, 0, 1], [0, 0, 0], [1, 1, 1]])
    # Alone on B; alone on A; nobody is on the smaller side, twice.
    assert Minority().pay(sides).tolist() == [[0, 0, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0]]
    five = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]])
    assert Minority(seats=5, prize=2).pay(five).tolist() == [[2, 2, 0, 0, 0], [0, 0, 0, 0, 2]]


def test_bounds_are_reached() -> None:
    game = Minority(seats=7, prize=3)
    paid = game.pay(np.array(list(product((0, 1), repeat=7))))
    assert (paid.min(), paid.max()) == game.spec.payoff_bounds
    assert (paid.sum(axis=1).min(), paid.sum(axis=1).max()) == game.spec.welfare_bounds == (0, 9)


@pytest.mark.parametrize("seats", [3, 5])
def test_pure_equilibria_are_near_even_splits(seats: int) -> None:
    game = Minority(seats=seats, rounds=1)
    stable = {
        sum(joint)
        for joint in product((0, 1), repeat=seats)
        if nash_conv(game, np.array([(1 - a, a) for a in joint], dtype=float)) <= 1e-6
    }
    assert stable == {seats // 2, seats // 2 + 1}


@pytest.mark.parametrize("seats", [3, 11])
def test_tossing_coins_is_an_equilibrium(seats: int) -> None:
    assert nash_conv(Minority(seats=seats, rounds=1), np.full((seats, 2), 0.5)) <= 1e-6
    # Three who choose A with .6 each win there with .4^2 and would with .6^2 on B: .6 x .2 more for each.
    if seats == 3:
        assert nash_conv(Minority(rounds=1), np.array([(0.6, 0.4)] * 3)) == pytest.approx(3 * 0.6 * 0.2)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 4}, "seats is 4; it must be odd"),
        ({"seats": 1}, "seats is 1; it must be a whole number, 3 or more"),
        ({"seats": True}, "seats is True"),
        ({"prize": 0}, "prize is 0"),
        ({"prize": float("nan")}, "prize is nan"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        Minority(**parameters)
