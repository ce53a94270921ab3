"""Planners: values by hand, against brute force, and what they do to known co-players."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from prospect_agents.planners.lookahead import LookAhead, Myopic
from prospect_env.arena.play import play
from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.position import active, chance, view

PAYOFF = {(0, 0): 3, (0, 1): 0, (1, 0): 5, (1, 1): 1}


def values(planner: LookAhead, tensor: np.ndarray, rounds: int = 5, noise: float = 0.0) -> np.ndarray:
    game = make_game("prisoners_dilemma", rounds=rounds, noise=noise)
    at = Players(game, {0: make_policy("random"), 1: make_policy("random")}).begin(episode_seeds(0, 1))
    return planner.values(view(game, at, 0, active(game, at)), chance(at, 0), Forecast(tensor))[0]


def tensor(now: float, after_c: float, after_d: float) -> np.ndarray:
    """P(C) of the other at lead 0, and at lead 1 after own C and after own D."""
    result = np.full((1, 2, 2, 2, 2), 0.5)
    result[0, 0, :, 1] = [now, 1 - now]
    result[0, 1, 0, 1] = [after_c, 1 - after_c]
    result[0, 1, 1, 1] = [after_d, 1 - after_d]
    return result


def test_myopic_by_hand() -> None:
    # The other does C with .8: C pays .8 * 3 = 2.4, D pays .8 * 5 + .2 * 1 = 4.2.
    assert np.allclose(values(Myopic(), tensor(0.8, 1, 0)), [2.4, 4.2])


def test_two_deep_by_hand() -> None:
    # Next, D is best either way: after my C it pays 1 * 5 = 5, after my D it pays 1. With discount .9:
    # Q(C) = 2.4 + .9 * 5 = 6.9, Q(D) = 4.2 + .9 * 1 = 5.1.
    assert np.allclose(values(LookAhead(2, discount=0.9), tensor(0.8, 1, 0)), [6.9, 5.1])


def test_the_last_round_has_no_future() -> None:
    assert np.allclose(values(LookAhead(2, discount=0.9), tensor(0.8, 1, 0), rounds=1), [2.4, 4.2])


def test_own_trembles_are_reckoned_with() -> None:
    # With noise .1, choosing C does C with .9: .9 * 2.4 + .1 * 4.2 = 2.58, and D .9 * 4.2 + .1 * 2.4 = 4.02.
    assert np.allclose(values(Myopic(), tensor(0.8, 1, 0), noise=0.1), [2.58, 4.02])


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_deep_look_ahead_is_exact_against_tit_for_tat(depth: int) -> None:
    """Expectimax over the real co-player equals brute force over all own sequences."""
    rounds, discount = 6, 0.9
    game = make_game("prisoners_dilemma", rounds=rounds)
    spec = f"prospective:predictor=oracle,depth={depth},discount={discount}"
    episodes = play(game, [spec, "tit_for_tat"], episodes=1)
    assert episodes.values is not None
    for step in range(rounds):
        other = 0 if step == 0 else int(episodes.actions[0, step - 1, 0])
        best = {}
        for plan in product((0, 1), repeat=min(depth, rounds - step)):
            answers = [other, *plan[:-1]]
            worth = sum(discount**t * PAYOFF[pair] for t, pair in enumerate(zip(plan, answers, strict=True)))
            best[plan[0]] = max(worth, best.get(plan[0], -np.inf))
        assert np.allclose(episodes.values[0, step, 0], [best[0], best[1]], atol=1e-5), step


def test_bayes_learns_to_cooperate_with_tit_for_tat_and_to_defect_on_a_defector() -> None:
    game = make_game("prisoners_dilemma", rounds=40)
    spec = "prospective:predictor=bayes,planner=softmax,temperature=.5"
    kind = play(game, [spec, "tit_for_tat"], episodes=40)
    hard = play(game, [spec, "always_defect"], episodes=40)
    assert (kind.actions[:, -15:-1, 0] == 0).mean() > 0.8
    assert (hard.actions[:, -15:-1, 0] == 1).mean() > 0.8


def test_ties_are_shared() -> None:
    episodes = play("coordination", ["prospective:predictor=uniform", "random"], episodes=400)
    assert episodes.probs is not None
    assert np.allclose(episodes.probs[:, :, 0], 0.5)
    assert 0.4 < (episodes.actions[:, 0, 0] == 0).mean() < 0.6


def test_softmax_by_hand() -> None:
    episodes = play(
        "prisoners_dilemma",
        ["prospective:predictor=uniform,planner=softmax,temperature=2,depth=1", "random"],
        episodes=2,
    )
    # Q(C) = 1.5 and Q(D) = 3: P(C) = 1 / (1 + exp(1.5 / 2)) = .3208.
    assert episodes.probs is not None
    assert np.allclose(episodes.probs[:, :, 0, 0], 1 / (1 + np.exp(0.75)))


@pytest.mark.parametrize(("predictor", "depth"), [("bayes", 2), ("oracle", 3), ("counts", 3)])
def test_actions_that_a_seat_does_not_have_are_never_planned_with(predictor: str, depth: int) -> None:
    payoffs = [[[1, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]]
    game = make_game("matrix_game", payoffs=payoffs, rounds=6)
    episodes = play(game, [f"prospective:predictor={predictor},depth={depth}", "random"], episodes=30)
    assert set(np.unique(episodes.actions[:, :, 0])) <= {0, 1}


@pytest.mark.parametrize("parameters", ["depth=0", "depth=9", "discount=2", "temperature=-1"])
def test_parameters_out_of_range_are_refused(parameters: str) -> None:
    with pytest.raises(BadParameter):
        make_policy(f"prospective:predictor=bayes,{parameters}")


def test_deep_planners_need_somebody_to_ask() -> None:
    with pytest.raises(UnsuitablePolicy, match="asked on"):
        play("prisoners_dilemma", ["prospective:predictor=bayes,depth=3", "random"], feeds={0: "shuffled"})
