"""The volunteer's dilemma: payments, bounds, and Diekmann's equilibrium."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.equilibrium import nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.games.volunteers_dilemma import VolunteersDilemma


def test_payments_by_hand() -> None:
    # Benefit 2, cost 1: a volunteer has 1 whatever others do, others have 2 if there is one, and nothing otherwise.
    done = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0], [1, 1, 1]])
    assert VolunteersDilemma().pay(done).tolist() == [[1, 2, 2], [1, 1, 2], [1, 1, 1], [0, 0, 0]]


@pytest.mark.parametrize("seats", [2, 5])
def test_bounds_are_reached(seats: int) -> None:
    game = VolunteersDilemma(seats=seats, benefit=5, cost=4)
    paid = game.pay(np.array(list(product((0, 1), repeat=seats))))
    assert (paid.min(), paid.max()) == game.spec.payoff_bounds
    assert (paid.sum(axis=1).min(), paid.sum(axis=1).max()) == game.spec.welfare_bounds


@pytest.mark.parametrize(
    ("seats", "benefit", "cost", "p"),
    [
        (2, 2, 1, 0.5),  # 1 - 1/2
        (3, 2, 0.5, 0.5),  # 1 - (1/4)^(1/2)
        (4, 8, 1, 0.5),  # 1 - (1/8)^(1/3)
        (6, 100, 50, 0.12944943670387588),  # Diekmann's 100 and 50: 1 - .5^(1/5)
        (20, 3, 2, 1 - (2 / 3) ** (1 / 19)),
    ],
)
def test_the_mixed_equilibrium(seats: int, benefit: float, cost: float, p: float) -> None:
    game = VolunteersDilemma(seats=seats, benefit=benefit, cost=cost, rounds=1)
    assert game.equilibrium == pytest.approx(p)
    assert nash_conv(game, np.array([(p, 1 - p)] * seats)) <= 1e-6
    for off in (p - 0.02, p + 0.02):
        assert nash_conv(game, np.array([(off, 1 - off)] * seats)) > 1e-4


def test_pure_equilibria_are_single_volunteers() -> None:
    game = VolunteersDilemma(seats=4, rounds=1)
    gains = {
        joint: nash_conv(game, np.array([(1 - a, a) for a in joint], dtype=float))
        for joint in product((0, 1), repeat=4)
    }
    assert {sum(joint) for joint, gain in gains.items() if gain <= 1e-6} == {3}
    assert gains[1, 1, 1, 1] == 4  # each would have 1 instead of 0


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 1}, "seats is 1; it must be a whole number, 2 or more"),
        ({"seats": 2.0}, "seats is 2.0"),
        ({"cost": 0}, "cost is 0; it must be above 0 and below benefit, 2"),
        ({"cost": 2}, "cost is 2"),
        ({"benefit": 0.5}, "below benefit, 0.5"),
        ({"benefit": float("inf")}, "benefit is inf"),
        ({"cost": "1"}, "cost is '1'"),
        ({"rounds": 0}, "rounds is 0"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        VolunteersDilemma(**parameters)
