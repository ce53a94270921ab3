"""What the vector environment says when it is used wrongly, and its own conveniences."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import prospect_env
from prospect_env.core.errors import BadParameter, IllegalAction, InvalidForecast
from prospect_env.zoo.simplex import Simplex

UNIFORM = np.full((3, 2, 2, 2, 2), 0.5, dtype=np.float32)


def test_spaces_and_first_observations() -> None:
    view = gymnasium.make_vec("prospect/chicken-v0", num_envs=3, forecast="probabilities", opponents=["random"])
    assert isinstance(view.action_space["forecast"], Simplex)
    assert view.action_space["forecast"].shape == (3, 2, 2, 2, 2)
    shown, infos = view.reset(seed=1)
    assert shown in view.observation_space
    assert shown[0] in view.single_observation_space
    np.testing.assert_array_equal(infos["action_mask"], np.ones((3, 2)))
    assert view.action_space.sample() in view.action_space


def test_make_vec_passes_its_limit_on() -> None:
    view = gymnasium.make_vec("prospect/chicken-v0", num_envs=2, max_episode_steps=2)
    view.reset(seed=1)
    view.step(np.zeros(2, dtype=int))
    *_, truncated, infos = view.step(np.zeros(2, dtype=int))
    assert truncated.all()
    np.testing.assert_array_equal(infos["episode"]["l"], [2, 2])


def test_bad_rows_are_named() -> None:
    view = prospect_env.vector_env("chicken", 3, forecast="probabilities")
    view.reset(seed=1)
    fine = {"action": np.array([0, 1, 0]), "forecast": UNIFORM}
    view.step(fine)
    wrong = UNIFORM.copy()
    wrong[1, 1, 0, 1] = [0.5, 0.4]
    with pytest.raises(InvalidForecast, match=r"player_0 of match 1 at step 1: row \(1, 0, 1\) sums to 0.9"):
        view.step(fine | {"forecast": wrong})
    with pytest.raises(InvalidForecast, match=r"its shape is \(3, 2\); needed is \(3, 2, 2, 2, 2\)"):
        view.step(fine | {"forecast": np.full((3, 2), 0.5)})
    with pytest.raises(InvalidForecast, match="it is missing"):
        view.step(fine["action"])
    with pytest.raises(IllegalAction, match=r"illegal action 2 of player_0 of match 2 at step 1; legal: \[0, 1\]"):
        view.step(fine | {"action": np.array([0, 1, 2])})
    with pytest.raises(IllegalAction, match="3 whole numbers"):
        view.step(fine | {"action": np.array([0.0, 1.0, 0.0])})
    # After all that the matches stand where they stood.
    view.step(fine)
    assert view._batch.lengths.tolist() == [2, 2, 2]


def test_logits_in_a_batch() -> None:
    view = prospect_env.vector_env("chicken", 3, forecast="logits", forecast_reward=1.0, opponents="always_defect")
    view.reset(seed=1)
    logits = np.zeros((3, 2, 2, 2, 2), dtype=np.float32)
    logits[1, ..., 1] = 50.0
    _, rewards, *_ = view.step({"action": np.zeros(3, dtype=int), "forecast": logits})
    # Straight for certain is right at lead 0: S = 0, gain .5; equal logits gain 0. Swerving against straight pays 1.
    np.testing.assert_allclose(rewards, [1.0, 1.5, 1.0])


def test_illegal_actions_are_flagged_and_counted() -> None:
    payoffs = [[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]]
    view = prospect_env.vector_env("matrix_game", 3, payoffs=payoffs, rounds=2, illegal="first_legal")
    view.reset(seed=1)
    *_, infos = view.step(np.array([0, 2, 1]))
    np.testing.assert_array_equal(infos["illegal_action"], [False, True, False])
    *_, infos = view.step(np.array([0, 2, 7]))
    np.testing.assert_array_equal(infos["episode"]["illegal_actions"], [0, 2, 1])


def test_disabled_autoreset_insists_on_a_reset() -> None:
    view = prospect_env.vector_env("chicken", 2, rounds=1, autoreset_mode="Disabled")
    view.reset(seed=1)
    view.step(np.zeros(2, dtype=int))
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"matches \[0, 1\] are over"):
        view.step(np.zeros(2, dtype=int))
    view.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"matches \[1\] are over"):
        view.step(np.zeros(2, dtype=int))
    with pytest.raises(BadParameter, match="reset_mask"):
        view.reset(options={"reset_mask": np.array([False, False])})


def test_bad_arguments() -> None:
    with pytest.raises(BadParameter, match="autoreset_mode is 'Never'; it may be 'NextStep'"):
        prospect_env.vector_env("chicken", 2, autoreset_mode="Never")
    with pytest.raises(BadParameter, match="num_envs is 0"):
        prospect_env.vector_env("chicken", 0)
    view = prospect_env.vector_env("chicken", 2)
    with pytest.raises(BadParameter, match="call reset"):
        view.step(np.zeros(2, dtype=int))
    with pytest.raises(BadParameter, match="seed is a list of 3; there are 2 environments"):
        view.reset(seed=[1, 2, 3])


def test_a_fork_goes_on_as_the_original() -> None:
    view = prospect_env.vector_env("chicken", 4, opponents="random", termination_probability=0.2)
    view.reset(seed=1)
    rng = np.random.default_rng(1)
    for _ in range(5):
        view.step(rng.integers(0, 2, 4))
    fork = view.fork()
    for _ in range(10):
        actions = rng.integers(0, 2, 4)
        mine, other = view.step(actions), fork.step(actions)
        for x, y in zip(mine[:4], other[:4], strict=True):
            np.testing.assert_array_equal(x, y)


def test_unseeded_environments_differ() -> None:
    view = prospect_env.vector_env("chicken", 2, opponents="random", rounds=40)
    view.reset()
    rewards = np.array([view.step(np.zeros(2, dtype=int))[1] for _ in range(40)])
    assert (rewards[:, 0] != rewards[:, 1]).any()
