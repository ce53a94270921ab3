"""Reactions that are events, ranked by significance within a window: by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import prospect_env
from prospect_env.arena.play import play
from prospect_env.core.conformance import validate
from prospect_env.core.forecast import more_significant
from prospect_env.core.record import realised
from tests.toys import Pond

CAUGHT, MISSED, RESTED = 0, 1, 2
REST, FISH = 0, 1


def test_the_toy_conforms() -> None:
    report = validate(Pond())
    assert report.passed, report


def test_truth_by_hand_where_every_fish_bites() -> None:
    # The other fishes with .3 a step, and then catches; the most significant of two steps is "caught" with
    # 1 - .7 * .7 = .51, else "rested". Before the last step but one only one step is left: .3. After the last: nothing.
    rider = "forecasting:actor=(random:p=.5),predictor=uniform"
    episodes = play(Pond(1.0), [rider, "random:p=.7"], episodes=3, branch="all")
    assert episodes.truth is not None
    assert episodes.mask is not None
    assert np.allclose(episodes.truth[:, :, 0, 0, :, 1], [0.3, 0.0, 0.7], atol=1e-6)
    assert np.allclose(episodes.truth[:, :3, 0, 1, :, 1], [0.51, 0.0, 0.49], atol=1e-6)
    assert np.allclose(episodes.truth[:, 3, 0, 1, :, 1], [0.3, 0.0, 0.7], atol=1e-6)
    assert episodes.mask[:, :4, 0, 1, :, 1].all()
    assert not episodes.mask[:, 4, 0, 1].any()


def test_forecast_by_hand_with_dice() -> None:
    # A uniform predictor: fishes with .5, a bite with .5. In one step: caught .25, missed .25, rested .5.
    # In two: caught 1 - .75^2 = .4375; rested .5^2 = .25; missed the rest, .3125. It is an average over 64 draws of the
    # dice, each with all choices listed: sd of a probability at most .5 / 8.
    episodes = play(Pond(), ["forecasting:actor=(random:p=.5),predictor=uniform", "random:p=.5"], episodes=40)
    assert episodes.forecast is not None
    now, later = episodes.forecast[:, 0, 0, 0, :, 1], episodes.forecast[:, 0, 0, 1, :, 1]
    assert np.allclose(now.mean(axis=(0, 1)), [0.25, 0.25, 0.5], atol=0.02)
    assert np.allclose(later.mean(axis=(0, 1)), [0.4375, 0.3125, 0.25], atol=0.02)
    assert np.abs(later - [0.4375, 0.3125, 0.25]).max() < 0.35


def test_own_row_is_the_same_whatever_the_own_action() -> None:
    episodes = play(Pond(), ["forecasting:actor=(random:p=.5),predictor=uniform", "random"], episodes=5, branch="all")
    assert episodes.forecast is not None
    assert np.ptp(episodes.forecast[:, :, 0, 0, :, 0], axis=2).max() == 0


def test_realised_is_the_most_significant_within_the_window() -> None:
    spec = Pond().spec
    shown = np.array([[2, 1, 2, 0, 2]])
    reactions = np.stack([shown, shown], axis=2)
    active = np.ones((1, 5, 2), dtype=bool)
    ended = realised(active, reactions, spec, np.array([5]), np.array([True]))
    # After step 0: of 1, 2 the lower; after 1: of 2, 0; after 2: of 0, 2; after 3: 2 alone, the game is over then.
    assert ended[0, :, 0, 1, 1].tolist() == [1, 0, 0, 2, -1]
    assert ended[0, :, 0, 0, 1].tolist() == [2, 1, 2, 0, 2]
    # Cut short by a limit on steps, the window of step 3 never closed; that of step 2 did not need to.
    cut = realised(active, reactions, spec, np.array([5]), np.array([False]))
    assert cut[0, :, 0, 1, 1].tolist() == [1, 0, 0, -1, -1]


def test_what_the_more_significant_of_two_can_be() -> None:
    one, other = np.array([False, True, True]), np.array([True, False, True])
    # 0 with anything; 1 with 2; 2 with 2.
    assert more_significant(one, other).tolist() == [True, True, True]
    assert more_significant(np.array([True, False, False]), other).tolist() == [True, False, False]


def test_forecast_reward_when_the_window_closes() -> None:
    # Lead 0 is worth 2 p.q - |p|^2 - 1/3 at once. Lead 1 says "caught" for sure; it resolves two steps on.
    view = prospect_env.parallel_env(Pond(1.0), forecast_reward=1.0)
    view.reset(seed=1)
    forecast = np.full((2, 2, 2, 3), 1 / 3)
    forecast[1, :, 1] = [1.0, 0.0, 0.0]
    silent = np.full((2, 2, 2, 3), 1 / 3)
    gains = []
    for theirs in (REST, REST, FISH, REST, FISH):
        moves = {"player_0": {"action": REST, "forecast": forecast}, "player_1": {"action": theirs, "forecast": silent}}
        _, rewards, *_ = view.step(moves)
        gains.append(rewards["player_0"])
    # Uniform rows are worth 0. Said in step 0: the best of steps 1, 2 is "caught": 2 - 1 - 1/3 = 2/3, paid in step 2.
    # Step 1: of 2 and 3 "caught", paid in step 3. Step 2: of 3 and 4, paid in 4. Step 3: the end closes it, paid in 4.
    assert gains == pytest.approx([0, 0, 2 / 3, 2 / 3, 4 / 3])


def test_measures_are_recorded(tmp_path: Path) -> None:
    episodes = play(Pond(1.0), ["always:action=1", "random:p=.7"], episodes=4)
    catch = episodes.measure("catch")
    assert catch is not None
    assert np.array_equal(catch, episodes.rewards)
    assert episodes.measure("weather") is None
    assert play("prisoners_dilemma", ["tit_for_tat", "tit_for_tat"]).measure("catch") is None
