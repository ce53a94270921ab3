"""Commons: growth, the largest yield that can go on for ever, and how greed ends it, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.conformance import require_conformance
from prospect_env.core.equilibrium import nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.commons import Commons

LUCK: Chance = Streams.of(episode_seeds(9, 1), 1).game(1)


def played(game: Commons, *choices: list[int]) -> list[Outcome]:
    """The outcomes of these joint choices, until it is over."""
    state, outcomes = game.initial(1, LUCK), []
    for actions in choices:
        outcome = game.step(state, np.array([actions]), LUCK)
        outcomes.append(outcome)
        if outcome.terminated.all():
            break
        state = outcome.state
    return outcomes


def stocks(outcomes: list[Outcome]) -> list[float]:
    return [float(outcome.state.stock[0]) for outcome in outcomes]


def test_all_taking_the_most_ends_it_in_the_second_round() -> None:
    # 100 - 80 = 20 are left, which grow to 20 + .8 * 20 * .8 = 32.8; then 80 are wanted, and each has 32.8 / 4 = 8.2.
    outcomes = played(Commons(), *[[3] * 4] * 12)
    assert stocks(outcomes) == pytest.approx([32.8, 0])
    assert [outcome.rewards.tolist() for outcome in outcomes] == pytest.approx(np.array([[[20] * 4], [[8.2] * 4]]))
    assert outcomes[-1].terminated.all()
    assert not Commons().active(outcomes[-1].state).any()


def test_twice_the_sustainable_yield_ends_it_in_the_fourth_round() -> None:
    # 60 -> 60 + .8 * 60 * .4 = 79.2; 39.2 -> 39.2 + .8 * 39.2 * .608 = 58.26688; 18.26688 -> 30.2110; 40 are wanted.
    outcomes = played(Commons(), *[[2] * 4] * 12)
    third = 18.26688 + 0.8 * 18.26688 * (1 - 0.1826688)
    assert stocks(outcomes) == pytest.approx([79.2, 58.26688, third, 0])
    assert outcomes[-1].rewards[0].tolist() == pytest.approx([third / 4] * 4)


def test_a_fair_share_goes_on_for_ever() -> None:
    game = Commons(rounds=200)
    outcomes = played(game, *[[1] * 4] * 200)
    assert stocks(outcomes)[0] == pytest.approx(80 + 0.8 * 80 * 0.2)
    # From above it comes down to 70, where 20 are taken and 50 grow by 20; slowly: by .008 (stock - 70)^2 a round.
    assert 70 < stocks(outcomes)[-1] < 71
    assert len(outcomes) == 200
    assert sum(float(outcome.rewards.sum()) for outcome in outcomes) == 200 * 20
    # Greed brings a seat 28.2 in all, and its fair share 60 in twelve rounds.
    assert game.spec.cooperative == (0, 1)


def test_scarcity_is_shared_in_proportion_to_what_is_wanted() -> None:
    # 10 are there, 5 + 10 + 20 + 0 = 35 are wanted: each has 10/35 of what it wanted.
    outcome = played(Commons(start=10), [1, 2, 3, 0])[0]
    assert outcome.rewards[0].tolist() == pytest.approx([50 / 35, 100 / 35, 200 / 35, 0])
    assert outcome.terminated.all()


@pytest.mark.parametrize(("start", "alive"), [(25, True), (24, False)])
def test_collapse_below_the_threshold(start: float, alive: bool) -> None:
    # Four times 5 leave 5 or 4; below 5 the stock is dead.
    outcome = played(Commons(start=start), [1] * 4)[0]
    assert stocks([outcome]) == pytest.approx([5 + 0.8 * 5 * 0.95 if alive else 0])
    assert bool(outcome.terminated[0]) != alive


def test_nothing_left_is_dead_without_a_threshold() -> None:
    assert played(Commons(start=20, collapse=0), [1] * 4)[0].terminated.all()
    assert not played(Commons(start=21, collapse=0), [1] * 4)[0].terminated.any()


@pytest.mark.parametrize(
    ("growth", "rate", "left", "best"),
    # Logistic: rate * 100 / 4 from 50. Exponential: 100 * rate / (1 + rate) from 100 / (1 + rate).
    [("logistic", 0.8, 50, 20), ("logistic", 1, 50, 25), ("exponential", 1, 50, 50), ("exponential", 3, 25, 75)],
)
def test_maximum_sustainable_yield(growth: str, rate: float, left: float, best: float) -> None:
    game = Commons(growth=growth, rate=rate)
    assert game.best_left == pytest.approx(left)
    assert game.best_yield == pytest.approx(best)
    assert game.best_stock == pytest.approx(left + best)
    tried = np.linspace(0, 100, 1001)
    assert (game.grown(tried) - tried).max() == pytest.approx(best)
    assert tried[np.argmax(game.grown(tried) - tried)] == pytest.approx(left)
    assert game.grown(tried).max() <= 100
    stock = np.array([game.best_stock])
    for _ in range(1000):
        stock = game.grown(stock - game.best_yield)
    assert stock[0] == pytest.approx(left + best)
    # A little more, for long, and nothing is left.
    for _ in range(2000):
        stock = game.grown(np.maximum(stock - 1.01 * game.best_yield, 0))
    assert stock[0] == pytest.approx(0)


@pytest.mark.parametrize(("growth", "rate"), [("logistic", 0.8), ("logistic", 1.0), ("exponential", 1.0)])
def test_sustainable_takes_grow_back(growth: str, rate: float) -> None:
    game = Commons(growth=growth, rate=rate)
    stock = np.linspace(12, 100, 50)
    take = game.sustainable(stock)
    assert (
        game.grown(stock - take) == pytest.approx(np.minimum(stock, game.best_stock), abs=1e-9) or growth == "logistic"
    )
    small = stock <= game.best_stock
    assert game.grown(stock - take)[small] == pytest.approx(stock[small])
    assert take[~small] == pytest.approx(game.best_yield)
    # From 6, exponential growth of 1 needs 3 to be left, which is below 5, where the stock dies.
    assert Commons(growth="exponential", rate=1).sustainable(np.array([6.0, 10.0])).tolist() == [0, 5]


def test_govsim() -> None:
    # Piatti et al. 2024: five seats, 100 tons that double up to 100, dead below 5; ten tons each can go on for ever.
    game = Commons(seats=5, growth="exponential", rate=1, takes=(0, 10, 20), rounds=12)
    assert stocks(played(game, *[[1] * 5] * 12)) == [100] * 12
    assert stocks(played(game, *[[2] * 5] * 12)) == [0]
    assert game.sustainable(np.array([100.0, 60.0])).tolist() == [50, 30]


def test_measures() -> None:
    outcomes = played(Commons(), [3] * 4, [3] * 4)
    assert [outcome.measures[0, 2, 0] for outcome in outcomes] == pytest.approx([32.8, 0])  # type: ignore[index]
    first, second = (float(outcome.measures[0, 0, 1]) for outcome in outcomes)  # type: ignore[index]
    # At 100 the maximum sustainable yield; at 32.8 as much as leaves the 20 that it grew from.
    assert first == pytest.approx(20)
    assert second == pytest.approx(12.8)


def test_in_a_last_round_taking_the_most_is_the_equilibrium() -> None:
    game = Commons(rounds=1)
    assert nash_conv(game, np.eye(4)[[3] * 4]) <= 1e-6
    assert nash_conv(game, np.eye(4)[[1] * 4]) == pytest.approx(4 * 15, abs=1e-4)


@pytest.mark.parametrize(
    ("parameters", "payoffs", "welfare"),
    [
        ({}, (0, 20), (0, 80)),
        ({"takes": (0, 50)}, (0, 50), (0, 100)),
        # From 20 a stock grows to 32.8 by the second round, and that is all there ever is to take.
        ({"start": 20, "rounds": 2, "takes": (0, 40)}, (0, 32.8), (0, 32.8)),
    ],
)
def test_bounds_are_exact(parameters: dict[str, Any], payoffs: tuple[float, float], welfare: Any) -> None:
    spec = Commons(**parameters).spec
    assert spec.payoff_bounds == pytest.approx(payoffs)
    assert spec.welfare_bounds == pytest.approx(welfare)


def test_the_bounds_are_reached() -> None:
    game = Commons(start=20, rounds=2, takes=(0, 40))
    assert played(game, [0] * 4, [1, 0, 0, 0])[-1].rewards[0].tolist() == pytest.approx([32.8, 0, 0, 0])


def test_what_seats_see() -> None:
    game = Commons(seats=2, rounds=4)
    state = played(game, [1, 3])[0].state  # 75 left, which grow to 75 + .8 * 75 * .25 = 90
    assert game.observe(state)[0] == pytest.approx(np.array([[0.25, 0.9, 0.25, 1], [0.25, 0.9, 1, 0.25]]))
    told = game.situation(state, 0)
    assert told["round"].tolist() == [2]
    assert told["stock"].tolist() == pytest.approx([90])


def test_coarse_reactions() -> None:
    spec = Commons(takes=(0, 2, 5, 6, 10, 20)).spec
    assert spec.reactions == ("nothing", "fair share", "more")
    assert spec.reaction_of == (0, 1, 1, 2, 2, 2)
    assert spec.cooperative == (0, 1, 2)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 0}, "seats is 0"),
        ({"seats": 2.0}, "seats is 2.0"),
        ({"rounds": False}, "rounds is False"),
        ({"capacity": 0}, "capacity is 0; it must be above 0"),
        ({"capacity": float("inf")}, "capacity is inf"),
        ({"growth": "linear"}, "growth is 'linear'; it may be logistic or exponential"),
        ({"rate": 0}, "rate is 0; with logistic growth it must be above 0 and at most 1"),
        ({"rate": 1.1}, "rate is 1.1"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"rate": float("inf"), "growth": "exponential"}, "rate is inf; with exponential growth it must be above 0"),
        ({"takes": (0,)}, "takes is"),
        ({"takes": (5, 10)}, "rise from 0"),
        ({"takes": (0, 10, 5)}, "rise from 0"),
        ({"takes": (0, 2.5)}, "whole numbers"),
        ({"takes": tuple(range(128))}, "2 to 127"),
        ({"takes": 5}, "wrong kind"),
        ({"collapse": -1}, "collapse is -1; it must be from 0 to 50"),
        ({"collapse": 51}, "collapse is 51"),
        ({"start": 4}, "start is 4; it must be above 0, from collapse 5 to capacity 100"),
        ({"start": 101}, "start is 101"),
        ({"start": 0, "collapse": 0}, "start is 0"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("commons", **parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"rounds": 5},
        {"rounds": 5, "growth": "exponential", "rate": 1.0, "seats": 5, "takes": [0, 10, 20]},
        {"rounds": 4, "takes": [0, 1, 2, 3, 4, 5, 60], "collapse": 0, "start": 50, "seats": 1},
    ],
    ids=str,
)
def test_the_contract(parameters: dict[str, Any]) -> None:
    game = make_game("commons", **parameters)
    require_conformance(game)
    assert make_game("commons", **game.parameters) == game
    assert not game.spec.ranked
    assert game.spec.deterministic
