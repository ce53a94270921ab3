"""Centipede: McKelvey and Palfrey's piles, who gets which, and taking at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.equilibrium import backward_induction
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.centipede import PASS, TAKE, Centipede


def ends(game: Centipede, moves: list[int]) -> list[tuple[int, list[float]]]:
    """Who ended each round, and what it paid."""
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    state, told = game.initial(1, luck), []
    for move in moves:
        active = game.active(state)
        outcome = game.step(state, np.where(active, move, -1), luck)
        if outcome.round_end[0]:
            told.append((int(np.argmax(active[0])), [round(float(x), 4) for x in outcome.rewards[0]]))
        else:
            assert not outcome.rewards.any()
        state = outcome.state
    return told


def test_the_four_node_game() -> None:
    # McKelvey and Palfrey 1992, figure 1: (first mover, second mover) at each end.
    paper = [(0.40, 0.10), (0.20, 0.80), (1.60, 0.40), (0.80, 3.20), (6.40, 1.60)]
    for passes, pay in enumerate(paper):
        moves = [PASS] * passes + [TAKE] * (passes < 4)
        assert ends(Centipede(), moves) == [(min(passes, 3) % 2, list(pay))]


def test_rounds_begin_anew() -> None:
    assert ends(Centipede(), [PASS, TAKE, TAKE]) == [(1, [0.2, 0.8]), (0, [0.4, 0.1])]
    moves = [PASS, TAKE, TAKE, TAKE]
    assert ends(Centipede(roles="alternating"), moves) == [(1, [0.2, 0.8]), (1, [0.1, 0.4]), (0, [0.4, 0.1])]


def test_own_pots() -> None:
    # Rosenthal's piles grow by steps: (1, 0), (2, 1), (3, 2); passing twice leaves the larger to the opener.
    game = Centipede(nodes=2, pots=((1, 0), (2, 1), (3, 2)))
    assert ends(game, [TAKE, PASS, TAKE, PASS, PASS]) == [(0, [1, 0]), (1, [1, 2]), (1, [3, 2])]
    assert (game.spec.payoff_bounds, game.spec.welfare_bounds) == ((0, 3), (0, 5))
    assert Centipede(nodes=1, pots=((2, 1), (4, 3))).spec.welfare_bounds == (3, 7)
    assert Centipede(nodes=2, pots=((1, -1), (2, -2), (3, -3))).spec.payoff_bounds == (-3, 3)


@pytest.mark.parametrize("roles", ["fixed", "alternating"])
@pytest.mark.parametrize("nodes", [1, 4, 6])
def test_selfish_play_takes_at_once(roles: str, nodes: int) -> None:
    solution = backward_induction(Centipede(rounds=3, nodes=nodes, roles=roles))
    assert [move.action for move in solution.path] == [TAKE] * 3
    opens = [0, 0, 0] if roles == "fixed" else [0, 1, 0]
    assert [move.seat for move in solution.path] == opens
    first = sum(0.1 if opener else 0.4 for opener in opens)
    assert solution.values.tolist() == pytest.approx([first, 1.5 - first])


def test_selfish_play_passes_where_passing_pays() -> None:
    # Whoever passes gets more from the smaller pile later on than from the larger now: 2 > 1, 4 > 3.
    solution = backward_induction(Centipede(rounds=1, nodes=2, pots=((1, 0), (3, 2), (5, 4))))
    assert [move.action for move in solution.path] == [PASS, PASS]
    assert solution.values.tolist() == [5, 4]


def test_situation() -> None:
    game = Centipede(nodes=3)
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    state = game.step(game.initial(1, luck), np.array([[PASS, -1]]), luck).state
    told = game.situation(state, 1)
    assert told["node"][0] == 2
    assert (told["larger_pile"][0], told["smaller_pile"][0]) == pytest.approx((0.8, 0.2))


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"rounds": 0}, "rounds is 0"),
        ({"roles": "random"}, "roles is 'random'"),
        ({"nodes": 0}, "nodes is 0; it must be a whole number, 1 or more"),
        ({"nodes": False}, "nodes is False"),
        ({"nodes": 101}, "nodes is 101; it may be up to 100"),
        ({"nodes": 2, "pots": [[1, 0], [2, 1]]}, r"pots has shape \[2, 2\]; for 2 nodes it must be \[3, 2\]"),
        ({"nodes": 1, "pots": [[1, 0], [2]]}, "it must be 2 pairs"),
        ({"nodes": 1, "pots": [[0, 1], [2, 1]]}, "the larger first"),
        ({"nodes": 1, "pots": [[1, 0], [float("inf"), 1]]}, "finite"),
        ({"nodes": 1, "pots": "all"}, "it must be 2 pairs"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_game("centipede", **parameters)


def test_the_longest() -> None:
    game = Centipede(rounds=1, nodes=100)
    assert ends(game, [PASS] * 100)[0][0] == 1
    # An even number of passes leaves the larger pile to the opener.
    assert game.spec.payoff_bounds[1] == pytest.approx(0.4 * 2.0**100)
