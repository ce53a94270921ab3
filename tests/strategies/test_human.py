"""The human policy, with somebody else's hands on the keyboard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from prospect_agents.strategies.human import Human
from prospect_env.arena.play import play
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy


def human(answers: Iterable[str], forecast: bool = False) -> tuple[Human, list[str]]:
    policy, shown, waiting = Human(forecast), [], iter(answers)

    def ask(question: str) -> str:
        shown.append(question)
        try:
            return next(waiting)
        except StopIteration:
            raise EOFError from None

    policy.ask, policy.say = ask, shown.append
    return policy, shown


def test_plays_what_is_typed_and_shows_what_happened() -> None:
    policy, shown = human(["0", "def", "COOPERATE"])
    episodes = play(make_game("prisoners_dilemma", rounds=3), [policy, "tit_for_tat"])
    assert episodes.actions[0, :, 0].tolist() == [0, 1, 0]
    text = "\n".join(shown)
    assert "prisoners_dilemma, match 0, step 1: you are player_0" in text
    assert "Your choice (0 cooperate, 1 defect): " in text
    assert "last: you: defect, player_1: cooperate; you got 5, 8 in all" in text


def test_asks_again_until_it_understands() -> None:
    policy, shown = human(["", "2", "x", "stra"])
    assert play(make_game("chicken", rounds=1), [policy, "grim"]).actions[0, 0, 0] == 1
    assert len([line for line in shown if "is none of 0 swerve, 1 straight" in line]) == 3


def test_two_labels_that_begin_alike_are_no_answer() -> None:
    policy, shown = human(["s", "sw"])
    assert play(make_game("chicken", rounds=1), [policy, "grim"]).actions[0, 0, 0] == 0
    assert any("'s' is none of" in line for line in shown)


def test_can_be_asked_for_a_forecast() -> None:
    policy, shown = human(["80% 20%", "", "a b", "1 1 1", "-1 2", "0 0", "inf 1", "0, 1", "0"], forecast=True)
    episodes = play(make_game("prisoners_dilemma", rounds=1), [policy, "tit_for_tat"], branch="all")
    assert episodes.forecast is not None
    told = episodes.forecast[0, 0, 0]
    assert np.allclose(told[0, :, 1], [[0.8, 0.2]] * 2), "what it does now is the same whatever one does oneself"
    assert np.allclose(told[1, :, 1], [[0.5, 0.5], [0.0, 1.0]])
    assert episodes.actions[0, 0, 0] == 0
    assert len([line for line in shown if "is not 2 numbers" in line]) == 5
    assert "  player_1 next, if you defect now: " in shown


def test_every_match_is_asked_in_turn() -> None:
    policy, shown = human(["0", "1", "1"])
    episodes = play(make_game("chicken", rounds=1), [policy, "grim"], episodes=3)
    assert episodes.actions[:, 0, 0].tolist() == [0, 1, 1]
    assert any("match 2" in line for line in shown)


def test_is_not_asked_twice() -> None:
    with pytest.raises(UnsuitablePolicy, match="cannot be asked twice"):
        play("chicken", ["prospective", human([])[0]], branch="all")
    with pytest.raises(UnsuitablePolicy, match="the input has ended"):
        play("chicken", [human([])[0], "grim"])


def test_has_a_spec() -> None:
    policy = make_policy("human:forecast=true")
    assert policy.forecasts
    assert not policy.branchable
