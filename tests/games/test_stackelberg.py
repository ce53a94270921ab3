"""Commitment and answer: what is paid when, who knows what, and what committing is worth."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.equilibrium import backward_induction, nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.stackelberg import Stackelberg

LUCK = Streams.of(episode_seeds(1, 1), 2).game(1)
FINE = tuple(range(25))  # every whole quantity up to 24


def act(game: Stackelberg, *labels: str) -> np.ndarray:
    return np.array([[game.spec.actions.index(label) for label in labels]])


def profile(game: Stackelberg, *rows: dict[str, float]) -> np.ndarray:
    """Mixed choices by label."""
    return np.array([[row.get(label, 0.0) for label in game.spec.actions] for row in rows])


def played(solution: Any, game: Stackelberg) -> list[str]:
    return [game.spec.actions[move.action] for move in solution.path]


def test_a_round_of_two_firms_by_hand() -> None:
    # Price 30 - 12 - 6 = 12 at a cost of 6: 6 a unit.
    game = Stackelberg(rounds=2)
    start = game.initial(1, LUCK)
    assert game.active(start).tolist() == [[True, False]]
    first = game.step(start, act(game, "produce 12", "wait"), LUCK)
    assert first.rewards.tolist() == [[0, 0]]
    assert first.executed.tolist() == [[5, -1]]
    assert not first.round_end[0]
    assert game.active(first.state).tolist() == [[False, True]]
    assert game.situation(first.state, 1)["quantity_committed"].tolist() == [12]
    second = game.step(first.state, act(game, "wait", "produce 6"), LUCK)
    assert second.rewards.tolist() == [[72, 36]]
    assert second.round_end[0]
    assert not second.terminated[0]
    told = game.situation(second.state, 0)
    assert (told["round"][0], told["rounds_left"][0]) == (2, 1)
    assert np.isnan(told["quantity_committed"][0])
    third = game.step(second.state, act(game, "produce 16", "wait"), LUCK)
    # 32 units are more than the market takes at any price: 6 a unit is lost.
    last = game.step(third.state, act(game, "wait", "produce 16"), LUCK)
    assert last.rewards.tolist() == [[-96, -96]]
    assert last.terminated[0]


def test_a_round_of_three_firms_at_once_by_hand() -> None:
    game = Stackelberg(timing="simultaneous", followers=2, slope=0.5, leader_cost=2, follower_cost=4, rounds=2)
    done = game.step(game.initial(1, LUCK), act(game, "produce 8", "produce 4", "produce 0"), LUCK)
    # 30 - .5 x 12 = 24: 22 a unit for the first, 20 for the second.
    assert done.rewards.tolist() == [[176, 80, 0]]
    assert done.round_end[0]
    assert game.active(done.state).all()
    assert np.isnan(game.situation(done.state, 1)["quantity_committed"][0])
    assert game.step(done.state, act(game, "produce 8", "produce 4", "produce 0"), LUCK).terminated[0]


def test_a_round_of_inspection_by_hand() -> None:
    # Looks with .3 at a cost of 1; not seen with .7: damage 2, gain 1; penalty 4: .7 - 1.2 = -.5.
    game = Stackelberg("inspection", followers=3, rounds=1)
    start = game.initial(1, LUCK)
    assert game.legal(start)[0, 0].tolist() == [False, *[True] * 6, False, False]
    first = game.step(start, act(game, "inspect 30%", "wait", "wait", "wait"), LUCK)
    assert game.legal(first.state)[0, 1].tolist() == [*[False] * 7, True, True]
    assert game.situation(first.state, 2)["inspection_probability"] == pytest.approx([0.3])
    done = game.step(first.state, act(game, "wait", "violate", "comply", "violate"), LUCK)
    assert done.rewards[0] == pytest.approx([-0.3 - 2 * 1.4, -0.5, 0, -0.5])


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_leader_of_theory(rounds: int) -> None:
    # (30 - 6) / 2 = 12, answered by 6; profits 12 x 6 and 6 x 6 a round.
    for quantities in (Stackelberg().quantities, FINE):
        game = Stackelberg(rounds=rounds, quantities=quantities)
        assert game.commitment == (12, 6)
        solution = backward_induction(game, ties="last")
        assert played(solution, game) == ["produce 12", "produce 6"] * rounds
        assert solution.values.tolist() == [72 * rounds, 36 * rounds]


def test_unequal_costs() -> None:
    # (30 + 8 - 2 x 5) / 2 = 14, answered by (30 - 8 - 14) / 2 = 4; at once (30 + 8 - 10) / 3 and (30 + 5 - 16) / 3.
    game = Stackelberg(leader_cost=5, follower_cost=8, rounds=1, quantities=FINE)
    assert game.commitment == (14, 4)
    assert game.equilibrium == pytest.approx((28 / 3, 19 / 3))
    assert played(backward_induction(game, ties="last"), game) == ["produce 14", "produce 4"]


def test_answers_off_the_path() -> None:
    # Answers to 0, 4, 6, 8, 16 are nearest to (24 - q) / 2: 12, 8 or 12, 8, 8, 4.
    game = Stackelberg(rounds=1)
    for ties, to_four in (("first", "produce 8"), ("last", "produce 12")):
        solution = backward_induction(game, ties=ties)
        answers = []
        for quantity in (0, 4, 6, 8, 16):
            after = game.step(game.initial(1, LUCK), act(game, f"produce {quantity}", "wait"), LUCK)
            answers.append(game.spec.actions[solution.chosen(after.state)[0, 1]])
        assert answers == ["produce 12", to_four, "produce 8", "produce 8", "produce 4"]


def at_once(**parameters: Any) -> Stackelberg:
    return Stackelberg(timing="simultaneous", rounds=1, **parameters)


@pytest.mark.parametrize(
    ("game", "quantity"),
    [
        (at_once(), 8),  # (30 - 6) / 3
        (at_once(quantities=FINE), 8),
        (at_once(quantities=FINE, followers=2), 6),  # (30 - 6) / 4
        (at_once(demand=66, slope=2, quantities=(0, 5, 6, 7), followers=4), 5),  # 60 / (6 x 2)
    ],
    ids=str,
)
def test_cournot(game: Stackelberg, quantity: int) -> None:
    assert game.equilibrium == (quantity, quantity)
    rows = [{f"produce {quantity}": 1.0}] * game.spec.seats
    assert nash_conv(game, profile(game, *rows)) <= 1e-6


def test_cournot_is_the_only_pure_equilibrium_of_the_default_grid() -> None:
    game = at_once()
    labels = game.spec.actions[1:]
    gains = {(a, b): nash_conv(game, profile(game, {a: 1.0}, {b: 1.0})) for a, b in product(labels, labels)}
    assert [pair for pair, gain in gains.items() if gain <= 1e-6] == [("produce 8", "produce 8")]
    # At 6 and 6 each has 72 and could have 8 x (30 - 6 - 14) = 80.
    assert gains["produce 6", "produce 6"] == pytest.approx(16)


def test_commitment_deters() -> None:
    # 1 / (1 + 4): looking with .2, compliance is a best answer; with .1 it is not.
    game = Stackelberg("inspection", rounds=2)
    assert game.commitment == (0.2, 0)
    solution = backward_induction(game, ties="last")
    assert played(solution, game) == ["inspect 20%", "comply"] * 2
    assert solution.values == pytest.approx([-0.4, 0])
    for share, answer in ((0, "violate"), (10, "violate"), (20, "comply"), (30, "comply")):
        after = game.step(game.initial(1, LUCK), act(game, f"inspect {share}%", "wait"), LUCK)
        assert game.spec.actions[solution.chosen(after.state)[0, 1]] == answer


@pytest.mark.parametrize(("followers", "violates"), [(1, 0.5), (2, 0.25)])
def test_without_commitment_some_violate(followers: int, violates: float) -> None:
    game = at_once(kind="inspection", followers=followers)
    assert game.equilibrium == (0.2, violates)
    answers = [{"violate": violates, "comply": 1 - violates}] * followers
    assert nash_conv(game, profile(game, {"inspect 20%": 1.0}, *answers)) <= 1e-6
    # To comply for certain is no equilibrium: the inspector would save .2.
    assert nash_conv(game, profile(game, {"inspect 20%": 1.0}, *[{"comply": 1.0}] * followers)) == pytest.approx(0.2)


@pytest.mark.parametrize("timing", ["leader", "simultaneous"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"followers": 3, "quantities": (2, 5, 6.5)},
        {"leader_cost": 0, "follower_cost": 20, "slope": 0.3, "followers": 2},
        {"kind": "inspection"},
        {"kind": "inspection", "followers": 3, "probabilities": (0.1, 0.35, 1), "penalty": 0.2, "damage": 5},
    ],
    ids=str,
)
def test_bounds_are_reached(timing: str, parameters: dict[str, Any]) -> None:
    game = Stackelberg(timing=timing, rounds=1, **parameters)
    options = [np.flatnonzero(row) for row in game.options]
    joint = np.array(list(product(*options)))
    luck = Streams.of(episode_seeds(1, len(joint)), 2).game(1)
    state, paid = game.initial(len(joint), luck), []
    while game.active(state).any():
        outcome = game.step(state, joint, luck)
        paid.append(outcome.rewards)
        state = outcome.state
    rewards = np.concatenate(paid)
    assert game.spec.payoff_bounds == pytest.approx((rewards.min(), rewards.max()))
    sums = rewards.sum(axis=1, dtype=np.float64)
    assert game.spec.welfare_bounds == pytest.approx((sums.min(), sums.max()), abs=1e-4)


def test_what_counts_as_cooperation() -> None:
    # A monopolist would sell 12: half of it each, or less, the most first.
    spec = Stackelberg().spec
    assert [spec.actions[a] for a in spec.cooperative] == ["produce 6", "produce 4", "produce 0"]
    spec = Stackelberg("inspection").spec
    assert [spec.actions[a] for a in spec.cooperative] == ["comply"]


def test_who_is_like_whom() -> None:
    assert Stackelberg(followers=2).spec.interchangeable == ((0,), (1, 2))
    assert at_once(followers=2).spec.interchangeable == ((0, 1, 2),)
    assert at_once(leader_cost=5).spec.interchangeable == ((0,), (1,))
    assert at_once(kind="inspection").spec.interchangeable == ((0,), (1,))
    assert (Stackelberg().spec.horizon, at_once().spec.horizon) == (20, 1)


@pytest.mark.usefixtures("untyped")
def test_it_is_made_of_what_its_kind_takes() -> None:
    for game in (Stackelberg(quantities=[0, 3]), Stackelberg("inspection", probabilities=[0, 1], penalty=2)):
        assert make_game("stackelberg", **game.parameters) == game
    assert "penalty" not in Stackelberg().parameters
    assert "slope" not in Stackelberg("inspection").parameters


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "price"}, "kind is 'price'; it may be quantity or inspection"),
        ({"timing": "late"}, "timing is 'late'; it may be leader or simultaneous"),
        ({"followers": 0}, "followers is 0"),
        ({"followers": 1.0}, "followers is 1.0"),
        ({"rounds": 0}, "rounds is 0"),
        ({"penalty": 3}, "penalty is 3; kind quantity does not have it"),
        ({"kind": "inspection", "slope": 2}, "slope is 2; kind inspection does not have it"),
        ({"quantities": 5}, "quantities is 5"),
        ({"quantities": (3,)}, "must be 2 to 124 numbers"),
        ({"quantities": tuple(range(125))}, "must be 2 to 124 numbers"),
        ({"quantities": (0, 4, 4)}, "ascending"),
        ({"quantities": (-1, 4)}, "0 or more"),
        ({"quantities": (0, "4")}, r"quantities\[1\] is '4'"),
        ({"slope": 0}, "slope is 0"),
        ({"leader_cost": -1}, "leader_cost is -1; it must be 0 or more and below demand, 30"),
        ({"follower_cost": 30}, "follower_cost is 30"),
        ({"demand": float("nan")}, "demand is nan"),
        ({"kind": "inspection", "probabilities": (0, 1.1)}, "1 at most"),
        ({"kind": "inspection", "gain": 0}, "gain is 0"),
        ({"kind": "inspection", "penalty": -1}, "penalty is -1"),
        ({"kind": "inspection", "inspection_cost": 0}, "inspection_cost is 0"),
        ({"kind": "inspection", "damage": 1}, "damage is 1; it must be above inspection_cost, 1"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        Stackelberg(**parameters)
