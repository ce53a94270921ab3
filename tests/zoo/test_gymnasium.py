"""Gymnasium's own tests on every registered game, and what single-agent tools rely on."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import prospect_env
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.registry import games
from tests.samples import GAME_PARAMETERS
from tests.toys import Offers


def identity(game: str) -> str:
    return f"prospect/{game}-v{prospect_env.make_game(game, **GAME_PARAMETERS[game]).spec.version}"


#: every game without forecasts, as is the default; forms and seats once, on a game whose seats differ in actions
CASES = [
    *((name, "off", 0) for name in sorted(games)),
    ("matrix_game", "off", 1),
    *(("matrix_game", form, seat) for form in ("probabilities", "logits") for seat in (0, 1)),
]


@pytest.mark.parametrize(("game", "form", "seat"), CASES)
def test_check_env(game: str, form: str, seat: int) -> None:
    keywords: dict[str, Any] = {"forecast": form, "seat": seat, "illegal": "first_legal", **GAME_PARAMETERS[game]}
    made = gymnasium.make(identity(game), **keywords)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none is expected
        check_env(made.unwrapped)


def test_text_passes_too() -> None:
    made = gymnasium.make("prospect/prisoners_dilemma-v0", opponents=["tit_for_tat"], text=True, render_mode="ansi")
    check_env(made.unwrapped)
    observation, _ = made.reset(seed=1)
    assert "You may choose" in observation["text"]
    assert observation["text"] == made.render()


def test_plain_spaces_by_default() -> None:
    made = gymnasium.make("prospect/chicken-v0", opponents=["tit_for_tat"])
    assert isinstance(made.action_space, gymnasium.spaces.Discrete)
    assert isinstance(made.observation_space, gymnasium.spaces.Box)
    _, info = made.reset(seed=1)
    np.testing.assert_array_equal(info["action_mask"], [1, 1])
    np.testing.assert_array_equal(made.unwrapped.action_masks(), [True, True])


def test_an_episode_against_tit_for_tat_by_hand() -> None:
    made = gymnasium.make("prospect/prisoners_dilemma-v0", opponents=["tit_for_tat"], rounds=4)
    made.reset(seed=1)
    # It cooperates, then does what I did last: D against C pays 5, C against D 0, C against C 3, D against C 5.
    rewards = []
    for action in (1, 0, 0, 1):
        _, reward, terminated, truncated, info = made.step(action)
        rewards.append(reward)
    assert rewards == [5.0, 0.0, 3.0, 5.0]
    assert (terminated, truncated) == (True, False)
    assert info["episode"]["r"] == 13.0
    assert info["episode"]["l"] == 4
    assert info["episode"]["return"] == 13.0
    assert info["episode"]["cooperation"] == 0.5


def test_undefined_metrics_are_left_out() -> None:
    view = prospect_env.gym_env("matching_pennies", opponents="random", rounds=3)
    view.reset(seed=1)
    for _ in range(3):
        *_, info = view.step(0)
    assert "return" in info["episode"]
    assert "cooperation" not in info["episode"]  # nothing counts as cooperation in matching pennies
    assert all(value == value for value in info["episode"].values())


def test_metrics_named_and_switched_off() -> None:
    named = prospect_env.gym_env("chicken", opponents="random", rounds=1, metrics=["return"])
    named.reset(seed=1)
    assert set(named.step(0)[-1]["episode"]) == {"return", "r", "l", "illegal_actions"}
    off = prospect_env.gym_env("chicken", opponents="random", rounds=1, metrics=False)
    # RecordEpisodeStatistics insists on writing infos["episode"] itself.
    recorded = gymnasium.wrappers.RecordEpisodeStatistics(off)
    recorded.reset(seed=1)
    assert recorded.step(0)[-1]["episode"]["l"] == 1
    with pytest.raises(UnknownName, match="unknown metric 'retrun'; did you mean 'return'"):
        prospect_env.gym_env("chicken", metrics=["retrun"])


def test_truncation() -> None:
    view = prospect_env.gym_env("chicken", opponents="random", max_cycles=2)
    view.reset(seed=1)
    assert view.step(0)[2:4] == (False, False)
    assert view.step(0)[2:4] == (False, True)
    with pytest.raises(gymnasium.error.ResetNeeded):
        view.step(0)


def test_opponents_are_checked_before_anything_is_played() -> None:
    with pytest.raises(UnknownName, match="unknown policy 'tit_for_tut'; did you mean 'tit_for_tat'"):
        prospect_env.gym_env("chicken", opponents=["tit_for_tut"])
    with pytest.raises(BadParameter, match="leaves 1 seats to opponents; 2 were given"):
        prospect_env.gym_env("chicken", opponents=["random", "random"])
    with pytest.raises(BadParameter, match="seat is 2; chicken has seats 0 to 1"):
        prospect_env.gym_env("chicken", seat=2)


def test_a_seat_that_does_not_choose_is_not_asked() -> None:
    view = prospect_env.gym_env(Offers(), opponents="random", seat=1)
    _, info = view.reset(seed=1)
    np.testing.assert_array_equal(info["action_mask"], [1, 0, 0, 0, 0])
    *_, info = view.step(4)  # ignored: it is the proposer's turn
    assert "illegal_action" not in info
    np.testing.assert_array_equal(info["action_mask"], [0, 0, 0, 1, 1])


def test_pickle_continues_as_the_original() -> None:
    view = prospect_env.gym_env("prisoners_dilemma", opponents="random_memory_one", forecast="probabilities", noise=0.2)
    view.reset(seed=3)
    view.action_space.seed(1)
    for _ in range(3):
        view.step(view.action_space.sample())
    again = pickle.loads(pickle.dumps(view))  # noqa: S301
    for _ in range(7):
        action = view.action_space.sample()
        mine, other = view.step(action), again.step(action)
        np.testing.assert_array_equal(mine[0], other[0])
        assert mine[1:4] == other[1:4]
    assert mine[-1]["episode"] == other[-1]["episode"]
    assert dict(pickle.loads(pickle.dumps(mine[-1]["episode"]))) == mine[-1]["episode"]  # noqa: S301
