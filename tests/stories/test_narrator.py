"""What a narrator says while a game is played."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.errors import UnreadableText
from prospect_env.core.make import make_game
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import story
from prospect_env.stories.plain import CHARACTERS
from tests.stories.told_games import told_games

CANONICAL = """\
Two players meet again and again. In each round both choose at once, without seeing what the other chooses, and then \
learn what was done.
You are Bob, and the other player is Ann.
You may choose opera or football.
If you choose opera and Ann chooses opera, you get 2 points and Ann gets 3 points.
If you choose opera and Ann chooses football, you get 0 points and Ann gets 0 points.
If you choose football and Ann chooses opera, you get 0 points and Ann gets 0 points.
If you choose football and Ann chooses football, you get 3 points and Ann gets 2 points.
There are at most 10 rounds.
After each round it all ends with probability 0.05.
Your aim is to collect as much as you can.
So far 1 round has passed.
Ann chose opera.
You chose football.
You got 0 points.
What do you choose now: opera or football?"""

TALK = """\
Bob announced defect.
What you did was to stay silent.
You got 0 points.
The contract in force asks for 2 points.
What do you do now: announce cooperate, announce defect or stay silent?
If you announce defect now, what will Bob do next: cooperate or says defect?
What will Bob do now: cooperate or defect?
There is nothing for you to do now.
It is over."""


def test_a_seat_is_told_everything() -> None:
    narrator = story(make_game("battle_of_the_sexes", termination_probability=0.05))
    assert narrator.text(1, 1, [0, 1], [0, 1], 0.0) == CANONICAL
    assert narrator.text(1, 1, [], over=True).splitlines()[-2:] == ["So far 1 round has passed.", "It is over."]


def test_talk_contracts_and_questions() -> None:
    game = make_game("prisoners_dilemma", announcements=True)
    narrator = story(game)
    assert game.spec.actions[2:] == ("say cooperate", "say defect", "stay silent")
    said = "\n".join(
        [
            narrator.event(0, [4, 3], 0.0, {"contract": 2.0, "unknown": float("nan")}),
            narrator.choice(0, [2, 3, 4]),
            narrator.forecast_question(0, 1, 3, 1, [0, 3]),
            narrator.forecast_question(0, 0, None, 1, [0, 1]),
            narrator.choice(0, []),
            narrator.over(0),
        ]
    )
    lines = said.splitlines()
    assert sorted(lines) == sorted(TALK.replace("says", "announces").splitlines())


def test_with_trembling_hands_only_what_was_done_is_told() -> None:
    narrator = story(make_game("chicken", noise=0.1), "business")
    assert narrator.event(0, [0, 1]).splitlines()[0] == "You ended up with the red campaign."
    assert "You went to market with" in story(make_game("chicken"), "business").event(0, [0, 1])


@pytest.mark.parametrize("name", list(told_games()))
def test_events_are_read_back(name: str) -> None:
    game = told_games()[name]
    rng = np.random.default_rng(3)
    for frame in frames(game):
        narrator = story(game, frame, variant=int(rng.integers(5)))
        for _ in range(6):
            seat = int(rng.integers(game.spec.seats))
            seen = rng.integers(-1, len(game.spec.actions), game.spec.seats).tolist()
            reward = round(float(rng.normal()), 3)
            assert narrator.read_event(seat, narrator.event(seat, seen, reward)) == (seen, reward)
    with pytest.raises(UnreadableText, match="no event"):
        narrator.read_event(0, "Nobody did anything.")


@pytest.mark.parametrize("said", ["You got 1 points.", "You got 01 point.", "You got 1.0 point.", "you got 2 points."])
def test_only_what_would_be_said_is_read(said: str) -> None:
    narrator = story(make_game("chicken"))
    assert narrator.read_event(0, "You got 1 point.") == ([-1, -1], 1)
    with pytest.raises(UnreadableText, match="no event"):
        narrator.read_event(0, said)


@pytest.mark.parametrize("name", list(told_games()))
def test_situations_and_questions_can_be_told_of_real_states(name: str) -> None:
    game = told_games()[name]
    streams = Streams.of(episode_seeds(1, 1), game.spec.seats)
    state = game.initial(1, streams.game(0))
    for frame in frames(game):
        narrator = story(game, frame, variant=1)
        for seat in range(game.spec.seats):
            known = game.hide(state, seat)
            situation = {key: float(value[0]) for key, value in game.situation(known, seat).items()}
            legal = np.flatnonzero(game.legal(state)[0, seat]).tolist()
            told = narrator.text(seat, 0, legal, situation=situation)
            told += "".join(
                narrator.forecast_question(seat, lead, legal[0], who)
                for who in range(game.spec.seats)
                for lead in (0, 1)
            )
            assert set(told) <= set(CHARACTERS)
            assert all(narrator.labels[action] in told for action in legal[:2])


def test_narrators_are_values() -> None:
    narrator = story(make_game("chicken"), "security", variant=2)
    text = narrator.rules(0)
    again = pickle.loads(pickle.dumps(narrator))  # noqa: S301 - our own
    assert again == narrator
    assert again.rules(0) == text
    assert story(make_game("chicken"), "security", variant=2) is narrator


def test_telling_a_step_is_cheap() -> None:
    narrator = story(make_game("chicken"), "ecology")
    narrator.text(0, 3, [0, 1], [1, 1], 2.0)
    start = time.perf_counter()
    for _ in range(1000):
        narrator.text(0, 3, [0, 1], [1, 1], 2.0)
    assert time.perf_counter() - start < 0.5  # 30 microseconds each where it was measured
