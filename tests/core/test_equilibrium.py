"""Backward induction and NashConv against trees and tables solved by hand or by plain recursion."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Chance
from prospect_env.core.equilibrium import action_values, backward_induction, nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.core.make import make_game
from prospect_env.games.matrix import matrix_game
from prospect_env.games.volunteers_dilemma import VolunteersDilemma
from tests.toys import Cards, Offers, Weather


@dataclass(frozen=True)
class Node:
    """What was done so far, Int8 `[B, 2]`, -1 for nothing yet."""

    done: np.ndarray


class Tree(Game):
    """Seat 0 goes 0 or 1, then seat 1; `ends[a][b]` is what both get, and `toll[a]` what seat 0 gets on its way."""

    def __init__(self, ends: Any, toll: tuple[float, float] = (0, 0), discount: float = 1.0) -> None:
        self.ends, self.toll = np.array(ends, dtype=np.float32), np.array(toll, dtype=np.float32)
        self.spec = GameSpec(
            name="tree",
            version=0,
            seats=2,
            roles=("first", "second"),
            actions=("left", "right"),
            reactions=("left", "right"),
            reaction_of=(0, 1),
            horizon=2,
            payoff_bounds=(-10.0, 10.0),
            discount=discount,
        )

    def initial(self, batch: int, chance: Chance) -> Node:
        return Node(np.full((batch, 2), -1, dtype=np.int8))

    def active(self, state: Node) -> np.ndarray:
        first = state.done[:, 0] < 0
        return np.stack([first, ~first & (state.done[:, 1] < 0)], axis=1)

    def legal(self, state: Node) -> np.ndarray:
        return self.active(state)[:, :, None] | np.array([True, False])

    def step(self, state: Node, actions: np.ndarray, chance: Chance) -> Outcome:
        active = self.active(state)
        executed = np.where(active, actions, -1).astype(np.int8)
        done = np.where(active, executed, state.done)
        over = done[:, 1] >= 0
        passing = np.stack([self.toll[done[:, 0]], np.zeros(len(done))], axis=1)
        rewards = np.where(over[:, None], self.ends[done[:, 0], done[:, 1]], passing).astype(np.float32)
        return Outcome(Node(done), rewards, executed, executed, None, over, over)

    def observe(self, state: Node) -> np.ndarray:
        return np.zeros((len(state.done), 2, 0), dtype=np.float32)


#: left: seat 1 answers left (1 > 0), which gives 3; right: seat 1 answers right (3 > 2), which gives 1
ENDS = [[(3, 1), (0, 0)], [(2, 2), (1, 3)]]


def at(*done: int) -> Node:
    return Node(np.array([done], dtype=np.int8))


def test_a_tree_by_hand() -> None:
    solution = backward_induction(Tree(ENDS))
    assert solution.values.tolist() == [3, 1]
    assert solution.path == ((0, 0), (1, 0))
    assert solution.path[0].seat == 0
    # Off the path too: after right, seat 1 would go right.
    both = Node(np.array([[1, -1], [0, -1]], dtype=np.int8))
    assert solution.chosen(both).tolist() == [[-1, 1], [-1, 0]]
    assert solution.value(both).tolist() == [[1, 3], [3, 1]]
    assert solution.chosen(at(-1, -1)).tolist() == [[0, -1]]
    # From the state after right alone.
    assert backward_induction(Tree(ENDS), at(1, -1)).path == ((1, 1),)


def test_what_is_paid_on_the_way_and_later() -> None:
    # A toll of 2.5 for going right makes that 1 + 2.5 > 3; at a discount of .5 left is 1.5 and right 2.5 + .5.
    assert backward_induction(Tree(ENDS, toll=(0, 2.5))).values.tolist() == [3.5, 3]
    assert backward_induction(Tree(ENDS, toll=(0, 2.5), discount=0.5)).values.tolist() == [3, 1.5]
    assert backward_induction(Tree(ENDS, toll=(0, 1.5))).path[0] == (0, 0)
    assert backward_induction(Tree(ENDS, toll=(0, 1.5), discount=0.5)).path[0] == (0, 1)


def test_ties() -> None:
    # Seat 1 does not care after left; seat 0 would then have 5 or 0, against 2 on the right.
    ends = [[(0, 1), (5, 1)], [(2, 2), (2, 2)]]
    first, last = backward_induction(Tree(ends)), backward_induction(Tree(ends), ties="last")
    assert (first.path, first.values.tolist()) == (((0, 1), (1, 0)), [2, 2])
    assert (last.path, last.values.tolist()) == (((0, 0), (1, 1)), [5, 1])


@pytest.mark.parametrize("seed", range(20))
def test_random_trees_against_recursion(seed: int) -> None:
    ends = np.random.default_rng(seed).integers(-5, 6, (2, 2, 2))
    answers = [max((0, 1), key=lambda b, a=a: ends[a, b, 1]) for a in (0, 1)]  # type: ignore[misc]
    opening = max((0, 1), key=lambda a: ends[a, answers[a], 0])
    solution = backward_induction(Tree(ends))
    assert solution.path == ((0, opening), (1, answers[opening]))
    assert solution.values.tolist() == ends[opening, answers[opening]].tolist()


def test_repeated_rounds_are_merged() -> None:
    # The responder accepts everything, so low is offered: 3 and 1 a round. Unmerged, 20 rounds are 4^20 leaves.
    solution = backward_induction(Offers(20), nodes=1000)
    assert solution.values.tolist() == [60, 20]
    assert solution.path == ((0, 1), (1, 3)) * 20


def test_ends_by_chance_discount() -> None:
    # Three rounds, of which the second is reached with .75 and the third with .75 squared.
    game = make_game(Offers(3), termination_probability=0.25)
    assert backward_induction(game).values == pytest.approx([3 * (1 + 0.75 + 0.5625), 1 + 0.75 + 0.5625])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("game", "options", "message"),
    [
        (Cards(), {}, "hides"),
        (Weather(), {}, "dice"),
        (make_game(Offers(), noise=0.1), {}, "noisy"),
        (make_game("prisoners_dilemma"), {}, "at once"),
        (Offers(2), {"nodes": 5}, "nodes allows 5"),
        (Tree(ENDS), {"ties": "random"}, "ties is 'random'"),
        (Tree(ENDS), {"state": at(0, 0)}, "not over"),
        (Tree(ENDS), {"state": Tree(ENDS).initial(2, Chance(np.zeros(2, dtype=np.uint64)))}, "one match"),
    ],
    ids=lambda x: str(x) if isinstance(x, str) else None,
)
def test_what_cannot_be_solved_is_refused(game: Game, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        backward_induction(game, **options)


def test_states_outside_the_tree_are_refused() -> None:
    solution = backward_induction(Tree(ENDS), at(1, -1))
    for state in (at(0, -1), at(1, 1)):
        with pytest.raises(BadParameter, match="not in the tree"):
            solution.chosen(state)


def test_solutions_travel() -> None:
    solution = pickle.loads(pickle.dumps(backward_induction(Tree(ENDS))))  # noqa: S301
    assert solution.chosen(at(0, -1)).tolist() == [[-1, 0]]


C, D, HALF = (1.0, 0.0), (0.0, 1.0), (0.5, 0.5)


@pytest.mark.parametrize(
    ("game", "profile", "expected"),
    [
        ("prisoners_dilemma", (D, D), 0),
        ("prisoners_dilemma", (C, C), 4),  # 5 - 3 each
        ("prisoners_dilemma", (C, D), 1),  # 1 - 0 for the one, nothing for the other
        ("prisoners_dilemma", (HALF, D), 0.5),  # 1 - (0 + 1) / 2
        ("matching_pennies", (HALF, HALF), 0),
        ("matching_pennies", (HALF, C), 1),  # the first gains 1 by heads, the second nothing
        ("chicken", ((1 / 3, 2 / 3), (1 / 3, 2 / 3)), 0),  # 3p + (1 - p) = 5p at p = 1/3
        ("battle_of_the_sexes", ((0.6, 0.4), (0.4, 0.6)), 0),
    ],
)
def test_nash_conv_by_hand(game: str, profile: Any, expected: float) -> None:
    assert nash_conv(make_game(game, rounds=1), np.array(profile)) == pytest.approx(expected, abs=1e-6)


def test_unequal_action_sets() -> None:
    # Seat 0 has two actions, seat 1 three; the rows of the table are payoffs of both.
    table = [[[1, 0], [0, 2], [4, 1]], [[2, 3], [1, 0], [0, 0]]]
    game = matrix_game(table, rounds=1)
    profile = np.array([[0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    mine, yours = action_values(game, profile, 0), action_values(game, profile, 1)
    assert mine[:2] == pytest.approx([0.2 + 2, 0.4 + 0.3])
    assert np.isnan(mine[2])
    assert yours == pytest.approx([1.5, 1, 0.5])
    assert nash_conv(game, profile) == pytest.approx((2.2 - 1.45) + (1.5 - (0.3 + 0.3 + 0.25)))
    with pytest.raises(BadParameter, match="legal"):
        nash_conv(game, np.array([[0, 0, 1.0], [1, 0, 0]]))


@pytest.mark.parametrize("same", [True, False])
def test_seats_that_do_alike_are_counted_and_not_listed(same: bool) -> None:
    game = VolunteersDilemma(seats=4, rounds=1)
    profile = np.array([(p, 1 - p) for p in ([0.3] * 4 if same else [0.3, 0.3, 0.1, 0.9])])
    for seat in range(4):
        others = [other for other in range(4) if other != seat]
        expected = np.zeros(2)
        for own, joint in product((0, 1), product((0, 1), repeat=3)):
            weight = np.prod([profile[other, action] for other, action in zip(others, joint, strict=True)])
            expected[own] += weight * (2.0 * (own == 0 or 0 in joint) - 1.0 * (own == 0))
        assert action_values(game, profile, seat) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("game", "profile", "message"),
    [
        (make_game("chicken", rounds=2), (C, C), "one round"),
        (make_game("chicken", rounds=1, noise=0.1), (C, C), "noise"),
        (Cards(), (C, C, C), "hidden"),
        (make_game("chicken", rounds=1), (C, C, C), "shape"),
        (make_game("chicken", rounds=1), (C, (0.5, 0.4)), "seat 1"),
        (make_game("chicken", rounds=1), ((1.5, -0.5), C), "seat 0"),
        (make_game("chicken", rounds=1), ((np.nan, 1.0), C), "seat 0"),
        (
            make_game("beauty_contest", rounds=1, seats=5),
            np.full((5, 101), 1 / 101),
            "joint choices",
        ),
    ],
    ids=lambda x: str(x) if isinstance(x, str) else None,
)
def test_what_is_no_profile_of_one_round_is_refused(game: Game, profile: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        nash_conv(game, np.array(profile, dtype=np.float64))
