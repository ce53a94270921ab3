"""Actions as views take them: refused or replaced, flagged and counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import prospect_env
from prospect_env.core.errors import BadParameter, IllegalAction, UnknownName

#: seat 0 has two actions, seat 1 three
UNEVEN = [[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]]


def uneven(**keywords: Any) -> Any:
    view = prospect_env.parallel_env("matrix_game", payoffs=UNEVEN, rounds=3, forecast="off", **keywords)
    view.reset(seed=1)
    return view


def test_masks_say_what_is_legal() -> None:
    observations, _ = prospect_env.parallel_env("matrix_game", payoffs=UNEVEN).reset(seed=1)
    np.testing.assert_array_equal(observations["player_0"]["action_mask"], [1, 1, 0])
    np.testing.assert_array_equal(observations["player_1"]["action_mask"], [1, 1, 1])
    assert observations["player_0"]["action_mask"].dtype == np.int8


@pytest.mark.parametrize("action", [2, -1, 99, 1.0, "defect", None, np.array([0, 1])])
def test_illegal_actions_raise(action: Any) -> None:
    view = uneven()
    with pytest.raises(IllegalAction, match=r"of player_0 at step 0; legal: \[0, 1\]") as refused:
        view.step({"player_0": action, "player_1": 2})
    assert refused.value.legal == [0, 1]
    view.step({"player_0": 1, "player_1": 2})
    assert view.episodes().actions.tolist() == [[[1, 2]]]


@pytest.mark.parametrize("action", [2, -1, 99, None])
def test_illegal_actions_are_replaced_flagged_and_counted(action: Any) -> None:
    view = uneven(illegal="first_legal")
    *_, infos = view.step({"player_0": action, "player_1": 2})
    assert infos == {"player_0": {"illegal_action": True}, "player_1": {}}
    *_, infos = view.step({"player_0": 1, "player_1": 2})
    assert infos == {"player_0": {}, "player_1": {}}
    *_, infos = view.step({"player_0": action, "player_1": 1})
    assert view.episodes().actions.tolist() == [[[0, 2], [1, 2], [0, 1]]]
    assert view.illegal_actions == {"player_0": 2, "player_1": 0}
    assert infos["player_0"]["illegal_action"] is True
    assert infos["player_0"]["episode"]["illegal_actions"] == 2
    assert infos["player_1"]["episode"]["illegal_actions"] == 0


def test_in_turns_and_alone() -> None:
    turns = prospect_env.env("matrix_game", payoffs=UNEVEN, forecast="off", illegal="first_legal")
    turns.reset(seed=1)
    turns.step(2)
    turns.step(2)
    assert turns.infos == {"player_0": {"illegal_action": True}, "player_1": {}}
    alone = prospect_env.gym_env("matrix_game", payoffs=UNEVEN)
    alone.reset(seed=1)
    with pytest.raises(IllegalAction):
        alone.step(2)
    alone = prospect_env.gym_env("matrix_game", payoffs=UNEVEN, illegal="first_legal", rounds=1)
    alone.reset(seed=1)
    *_, info = alone.step(2)
    assert info["illegal_action"] is True
    assert info["episode"]["illegal_actions"] == 1


@pytest.mark.parametrize("action", [1, np.int64(1), np.int8(1), np.array(1), np.array([1])])
def test_any_whole_number_is_an_action(action: Any) -> None:
    view = uneven()
    view.step({"player_0": action, "player_1": action})
    assert view.episodes().actions.tolist() == [[[1, 1]]]


def test_a_second_attempt_is_not_flagged_for_the_first() -> None:
    view = uneven(illegal="first_legal")
    with pytest.raises(BadParameter, match="player_1 is active at step 0 and sends no action"):
        view.step({"player_0": 2})
    *_, infos = view.step({"player_0": 1, "player_1": 1})
    assert infos["player_0"] == {}


def test_unknown_agents_and_environments_that_were_not_reset() -> None:
    view = uneven()
    with pytest.raises(UnknownName, match="unknown agent 'player_2'"):
        view.step({"player_0": 0, "player_1": 0, "player_2": 0})
    with pytest.raises(BadParameter, match="call reset"):
        prospect_env.parallel_env("chicken").step({})
    with pytest.raises(UnknownName, match="unknown agent 'player_7'"):
        prospect_env.parallel_env("chicken", co_players={"player_7": "random"})
    with pytest.raises(BadParameter, match="co_players names every seat"):
        prospect_env.parallel_env("chicken", co_players={"player_0": "random", "player_1": "random"})
    with pytest.raises(BadParameter, match="max_cycles is 0"):
        prospect_env.parallel_env("chicken", max_cycles=0)
    with pytest.raises(BadParameter, match="render_mode is 'rgb_array'"):
        prospect_env.parallel_env("chicken", render_mode="rgb_array")
    with pytest.raises(BadParameter, match="seed is -1"):
        prospect_env.parallel_env("chicken").reset(seed=-1)
