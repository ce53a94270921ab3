"""The traveller's dilemma: who is paid what, what others see, and where undercutting ends."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.equilibrium import action_values, nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.games.travellers_dilemma import TravellersDilemma

BASU = TravellersDilemma(low=2, high=100, spacing=1, bonus=2, rounds=1)


def test_payments_by_hand() -> None:
    # Capra et al.'s range, with a bonus of 20; actions are claims 80, 90, ... 200.
    game = TravellersDilemma()
    pairs = np.array([[12, 12], [11, 12], [12, 0], [0, 0], [3, 1]])
    # 200 and 200; 190 against 200; 200 against 80; 80 and 80; 110 against 90.
    assert game.pay(pairs).tolist() == [[200, 200], [210, 170], [60, 100], [80, 80], [70, 110]]
    assert BASU.pay(np.array([[98, 97]])).tolist() == [[97, 101]]  # claims 100 and 99
    assert game.pay(pairs.astype(np.int8)).dtype == np.float32


def test_claims_and_what_others_see_of_them() -> None:
    spec = TravellersDilemma().spec
    assert spec.actions == ("80", "90", "100", "110", "120", "130", "140", "150", "160", "170", "180", "190", "200")
    seen = [spec.reactions[r] for r in spec.reaction_of]
    assert seen == ["lowest", *["low"] * 4, *["middle"] * 4, *["high"] * 3, "highest"]
    assert [spec.actions[a] for a in spec.cooperative] == ["200"]
    assert TravellersDilemma(low=0, high=1, spacing=1).spec.reactions == ("lowest", "highest")
    assert TravellersDilemma(low=0.5, high=1, spacing=0.25).spec.actions == ("0.5", "0.75", "1")


@pytest.mark.parametrize("game", [TravellersDilemma(), BASU, TravellersDilemma(0, 3, 1, 0.5)])
def test_bounds_are_reached(game: TravellersDilemma) -> None:
    paid = game.pay(np.array(list(product(range(len(game.claims)), repeat=2))))
    assert game.spec.payoff_bounds == (paid.min(), paid.max())
    assert game.spec.welfare_bounds == (paid.sum(axis=1).min(), paid.sum(axis=1).max())


@pytest.mark.parametrize("game", [TravellersDilemma(rounds=1), BASU], ids=["capra", "basu"])
def test_the_lowest_claim_is_the_only_pure_equilibrium(game: TravellersDilemma) -> None:
    claims = np.eye(len(game.claims))
    gains = [[nash_conv(game, np.stack([a, b])) for b in claims[:14]] for a in claims[:14]]
    assert np.argwhere(np.array(gains) <= 1e-6).tolist() == [[0, 0]]
    # Against any claim but the lowest the best is one step below it.
    for k in range(1, len(claims)):
        assert np.argmax(action_values(game, np.stack([claims[k], claims[k]]), 0)) == k - 1


def test_with_a_small_bonus_there_are_others() -> None:
    game = TravellersDilemma(bonus=5, rounds=1)  # undercutting 200 gives 195
    assert nash_conv(game, np.eye(13)[[12, 12]]) == 0


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bonus": 0}, "bonus is 0"),
        ({"bonus": float("nan")}, "bonus is nan"),
        ({"bonus": "2"}, "bonus is '2'"),
        ({"low": 200}, "low is 200; it must be below high"),
        ({"high": float("inf")}, "high is inf"),
        ({"low": True}, "low is True"),
        ({"spacing": 0}, "spacing is 0"),
        ({"spacing": -10}, "spacing is -10"),
        ({"spacing": 7}, "spacing is 7; it must divide 80 to 200"),
        ({"spacing": 500}, "spacing is 500"),
        ({"low": 0, "high": 127, "spacing": 1}, "up to 126 parts"),
        ({"rounds": 0}, "rounds is 0"),
        ({"rounds": 2.5}, "rounds is 2.5"),
        ({"rounds": True}, "rounds is True"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        TravellersDilemma(**parameters)


def test_the_largest_game() -> None:
    assert len(TravellersDilemma(low=0, high=126, spacing=1).spec.actions) == 127
