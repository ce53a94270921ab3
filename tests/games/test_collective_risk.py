"""Collective risk: savings, the draw at the end, and the equilibria that the probability decides on."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.conformance import require_conformance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.collective_risk import CollectiveRisk

FAIR, NOTHING, DOUBLE = 1, 0, 2  #: contributions of 2, 0 and 4


def luck(batch: int, step: int) -> Chance:
    return Streams.of(episode_seeds(9, batch), 2).game(step)


def played(game: CollectiveRisk, choices: list[int], batch: int = 1) -> tuple[np.ndarray, Outcome]:
    """Everybody's returns `[B, N]` and the last outcome, where each seat does the same in every round."""
    state = game.initial(batch, luck(batch, 0))
    returns = np.zeros((batch, game.seats))
    for step in range(1, game.rounds + 1):
        outcome = game.step(state, np.tile(choices, (batch, 1)), luck(batch, step))
        state, returns = outcome.state, returns + outcome.rewards
    return returns, outcome


def test_the_papers_payoffs_where_the_target_is_met() -> None:
    # Six who give 2 in each of ten rounds: 120 in the account, 40 - 20 = 20 left for each.
    returns, outcome = played(CollectiveRisk(), [FAIR] * 6)
    assert returns.tolist() == [[20] * 6]
    assert outcome.terminated.all()
    # Three give 4 a round and have nothing left, three give nothing and keep all 40.
    returns, outcome = played(CollectiveRisk(), [DOUBLE] * 3 + [NOTHING] * 3)
    assert returns.tolist() == [[0] * 3 + [40] * 3]
    assert outcome.measures is not None
    assert outcome.measures[0].tolist() == [[4, 1]] * 3 + [[0, 1]] * 3


def test_nothing_is_paid_before_the_end() -> None:
    game = CollectiveRisk()
    state = game.initial(1, luck(1, 0))
    for step in range(1, 10):
        outcome = game.step(state, np.full((1, 6), FAIR), luck(1, step))
        state = outcome.state
        assert not outcome.rewards.any()
        assert not outcome.terminated.any()
        assert np.isnan(outcome.measures[0, :, 1]).all()  # type: ignore[index]
    assert game.situation(state, 0)["account"].tolist() == [108]
    assert game.situation(state, 0)["own_savings"].tolist() == [22]


@pytest.mark.parametrize("probability", [0.9, 0.5, 0.1])
def test_expected_payoffs_where_the_target_is_missed(probability: float) -> None:
    # Five give 2 a round, one nothing: 100 of 120. What is left is 20 or 40, kept with probability 1 - p.
    game = CollectiveRisk(probability=probability)
    returns, _ = played(game, [FAIR] * 5 + [NOTHING], batch=10_000)
    kept = int((returns[:, 5] == 40).sum())
    assert set(np.unique(returns[:, 5])) == {0, 40}
    assert stats.binomtest(kept, 10_000, 1 - probability).pvalue > 1e-3
    assert np.array_equal(returns[:, 0] * 2, returns[:, 5]), "one draw for all: all lose, or nobody does"
    # Expected (1 - p) * 40; five standard errors of 10 000 draws.
    assert returns[:, 5].mean() == pytest.approx((1 - probability) * 40, abs=5 * 40 * 0.5 / 100)


@pytest.mark.parametrize(("probability", "left"), [(0.0, 40.0), (1.0, 0.0)])
def test_certain_probabilities_draw_nothing(probability: float, left: float) -> None:
    game = CollectiveRisk(probability=probability)
    assert game.spec.deterministic
    assert played(game, [NOTHING] * 6, batch=50)[0].tolist() == [[left] * 6] * 50
    assert not CollectiveRisk().spec.deterministic


def expected(game: CollectiveRisk, contributions: tuple[int, ...]) -> np.ndarray:
    """Expected payoffs of giving these in all."""
    left = game.endowment - np.array(contributions)
    return left * (1.0 if sum(contributions) >= game.target else 1.0 - game.probability)


@pytest.mark.parametrize(("probability", "stable"), [(0.9, True), (0.5, True), (0.4, False), (0.1, False)])
def test_giving_the_fair_share_is_an_equilibrium_from_a_half_on(probability: float, stable: bool) -> None:
    game = CollectiveRisk(probability=probability)
    fair = expected(game, (20,) * 6)
    best = max(expected(game, (total, *(20,) * 5))[0] for total in range(0, 41, 2))
    assert (fair[0] >= best - 1e-9) == stable
    # Nobody giving anything always is one: alone, nobody reaches 120 of a purse of 40.
    nothing = expected(game, (0,) * 6)
    assert nothing[0] == max(expected(game, (total, *(0,) * 5))[0] for total in range(0, 41, 2))
    # The rules pay what the formula says: the same averages, by playing.
    returns, _ = played(game, [NOTHING] * 6, batch=10_000)
    assert returns[:, 0].mean() == pytest.approx(nothing[0], abs=5 * 40 * 0.5 / 100)


def test_cooperation_is_the_fair_share() -> None:
    assert CollectiveRisk().spec.cooperative == (1, 2)
    assert CollectiveRisk(target=121).spec.cooperative == (2,)
    assert CollectiveRisk(target=240).spec.cooperative == (2,)


@pytest.mark.parametrize(
    "parameters",
    [
        {"probability": 0.5},
        {"probability": 1},
        {"probability": 0},
        {"probability": 1, "target": 7, "contributions": (0, 3, 5)},
        {"probability": 0, "rounds": 1, "target": 2},
        {"probability": 1, "rounds": 1, "target": 2},
    ],
    ids=str,
)
def test_welfare_bounds_are_exact(parameters: dict[str, Any]) -> None:
    game = CollectiveRisk(**({"seats": 2, "rounds": 2, "endowment": 10, "target": 5} | parameters))
    sums = []
    for choices in product(range(len(game.contributions)), repeat=2 * game.rounds):
        state = game.initial(200, luck(200, 0))
        for step in range(game.rounds):
            both = np.tile(choices[2 * step : 2 * step + 2], (200, 1))
            outcome = game.step(state, both, luck(200, step + 1))
            state = outcome.state
            sums += [float(outcome.rewards.sum(axis=1).min()), float(outcome.rewards.sum(axis=1).max())]
    assert game.spec.welfare_bounds == (min(sums), max(sums))


def test_observation() -> None:
    game = CollectiveRisk(seats=2, rounds=2, endowment=8, target=8)
    seen = game.observe(played(game, [FAIR, DOUBLE])[1].state)[0]
    # All time is played; 12 of 8 is at most 1; last 2 and 4 of 4, in all 4 and 8 of 8, own first.
    assert seen.tolist() == [[1, 1, 0.5, 1, 0.5, 1], [1, 1, 1, 0.5, 1, 0.5]]
    assert game.observe(game.initial(1, luck(1, 0)))[0, 0].tolist() == [0, 0, -1, -1, 0, 0]


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 1}, "seats is 1"),
        ({"rounds": 2.5}, "rounds is 2.5"),
        ({"endowment": True}, "endowment is True"),
        ({"target": 0}, "target is 0; it must be a whole number, 1 or more"),
        ({"contributions": (0,)}, "contributions is"),
        ({"contributions": (1, 2)}, "rise from 0"),
        ({"contributions": (0, 4, 2)}, "rise from 0"),
        ({"contributions": (0, 2, 2)}, "rise from 0"),
        ({"contributions": (0, 1.5)}, "whole numbers"),
        ({"contributions": tuple(range(128)), "endowment": 2000}, "2 to 127 of them"),
        ({"contributions": 3}, "wrong kind"),
        ({"endowment": 39}, "giving the most in every round takes 40"),
        ({"target": 241}, "all seats together can give 240"),
        ({"probability": 1.1}, "probability is 1.1; it must be between 0 and 1"),
        ({"probability": float("nan")}, "probability is nan"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("collective_risk", **parameters)


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_the_contract(probability: float) -> None:
    game = make_game(
        "collective_risk", seats=3, rounds=3, endowment=9, contributions=[0, 1, 3], target=9, probability=probability
    )
    require_conformance(game)
    assert make_game("collective_risk", **game.parameters) == game
    assert game.contributions == (0, 1, 3)
