"""Whose turn it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import prospect_env
from tests.toys import Cards, Offers


def uniform(view: Any) -> np.ndarray:
    shape = view.unwrapped.cast.spec.forecast_shape
    return np.full(shape, 1 / shape[-1])


def test_only_who_chooses_is_asked() -> None:
    view = prospect_env.env(Offers(rounds=1), forecast="off")
    view.reset(seed=1)
    asked = []
    for agent in view.agent_iter():
        observation, reward, terminated, _, _ = view.last()
        asked.append((agent, reward, observation["action_mask"].tolist()))
        view.step(None if terminated else 1 if agent == "player_0" else 3)
    # The proposer offers 1 of 4 (action 1), the responder accepts (action 3): 3 and 1, collected at the end.
    assert asked == [
        ("player_0", 0.0, [0, 1, 1, 0, 0]),
        ("player_1", 0.0, [0, 0, 0, 1, 1]),
        ("player_0", 3.0, [1, 0, 0, 0, 0]),
        ("player_1", 1.0, [1, 0, 0, 0, 0]),
    ]


def test_in_parallel_who_does_not_choose_may_send_anything_or_nothing() -> None:
    view = prospect_env.parallel_env(Offers(rounds=1), forecast="off")
    observations, _ = view.reset(seed=1)
    np.testing.assert_array_equal(observations["player_1"]["action_mask"], [1, 0, 0, 0, 0])
    _, rewards, *_ = view.step({"player_0": 1, "player_1": "whatever"})
    assert rewards == {"player_0": 0.0, "player_1": 0.0}
    _, rewards, terminated, *_ = view.step({"player_1": 3})
    assert rewards == {"player_0": 3.0, "player_1": 1.0}
    assert terminated == {"player_0": True, "player_1": True}


def test_steps_of_co_players_alone_are_played_at_once() -> None:
    # Only the responder is asked; the proposer inside moves before each of its turns.
    view = prospect_env.raw_env(Offers(rounds=2), forecast="off", co_players={"player_0": "always:action=2"})
    view.reset(seed=1)
    assert view.possible_agents == ["player_1"]
    assert view.last()[0]["action_mask"].tolist() == [0, 0, 0, 1, 1]
    view.step(3)
    assert view.rewards == {"player_1": 2.0}
    assert view.last()[0]["action_mask"].tolist() == [0, 0, 0, 1, 1]
    view.step(4)
    assert view.terminations == {"player_1": True}
    assert view.episodes().actions.tolist() == [[[2, -1], [-1, 3], [2, -1], [-1, 4]]]


def test_seat_order_and_rewards_when_all_have_chosen() -> None:
    view = prospect_env.raw_env(Cards(), forecast="off")
    view.reset(seed=1)
    order = []
    for _ in range(3):
        order.append(view.agent_selection)
        before = dict(view.rewards)
        view.step(0)
    assert order == ["player_0", "player_1", "player_2"]
    assert before == dict.fromkeys(order, 0.0)
    assert set(view.rewards.values()) <= {0.0, 1.0}
    assert view.agent_selection == "player_0"


def test_nobody_sees_what_others_chose_before_all_have() -> None:
    view = prospect_env.raw_env("prisoners_dilemma", forecast="off")
    view.reset(seed=1)
    before = view.observe("player_1")
    view.step(1)
    np.testing.assert_array_equal(view.observe("player_1")["observation"], before["observation"])


def test_hidden_cards_stay_hidden() -> None:
    view = prospect_env.parallel_env(Cards(), text=True)
    for seed in range(10):
        observations, _ = view.reset(seed=seed)
        cards = view.match.node.state.cards[0]
        for seat, agent in enumerate(view.agents):
            assert observations[agent]["observation"][0] == cards[seat]
        # What a seat is shown does not depend on the others' cards.
        assert len({observations[a]["text"].replace(a, "") for a in view.agents}) <= 3


def test_truths_with_hidden_information_and_others_outside() -> None:
    view = prospect_env.parallel_env(Cards(), co_players={"player_2": "random:p=.9"})
    view.reset(seed=1)
    view.step({agent: {"action": 0, "forecast": uniform(view)} for agent in view.agents})
    episodes = view.episodes()
    assert episodes.mask is not None
    assert episodes.truth is not None
    # Rows about player_2 alone can be scored, at both leads and for both own actions.
    for seat in (0, 1):
        assert episodes.mask[0, 0, seat, :, :, 2].all()
        assert not episodes.mask[0, 0, seat, :, :, :2].any()
        np.testing.assert_allclose(episodes.truth[0, 0, seat, :, :, 2], [[[0.9, 0.1]] * 2] * 2)
    assert not episodes.mask[0, 0, 2].any()


def test_out_of_order_calls_are_refused() -> None:
    view = prospect_env.env("chicken", forecast="off")
    with pytest.raises(AttributeError, match="cannot be accessed before reset"):
        _ = view.agent_selection
