"""Branches by the real players: who is asked in them, and when; and what they say of a seat's own choice."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import Forecast, uniform
from prospect_env.core.make import make_game
from prospect_env.core.policy import Decision, Policy, Table, View
from prospect_env.games.noise import with_noise
from tests.toys import Pond


class Counting(Policy):
    """Chooses anything legal, and keeps the steps in which it was asked to."""

    name = "counting"
    forecasts = True

    def __init__(self) -> None:
        self.asked: list[int] = []

    def begin(self, table: Table) -> None:
        return None

    def forecast(self, memory: None, view: View, chance: Chance) -> Forecast:
        return Forecast(uniform((len(view.active), *view.game.spec.forecast_shape)))

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        self.asked.append(int(np.max(view.step)))
        probs = view.legal / view.legal.sum(axis=1, keepdims=True)
        return Decision(chance.categorical("action", probs), probs)


def test_in_its_branches_a_seat_is_asked_in_the_steps_in_between_alone() -> None:
    game, mine = make_game("chicken", rounds=2, announcements=True), Counting()
    play(game, [mine, "random"], episodes=3, branch="all", max_steps=1)
    # Step 0, talk, is played. In its branches the move that follows (1) is a step in between. With the talk after it
    # (2) the window closes: what the other says then is no matter of what is said beside it.
    assert mine.asked == [0, 1]


def test_in_the_last_step_of_events_it_is_asked_too() -> None:
    game, mine = make_game("harvest", seats=2, map="small", steps=5, window=2), Counting()
    play(game, [mine, "random"], episodes=1, branch="all", max_steps=1)
    # What comes of the other's action may hang on one's own, to the end of the window.
    assert sorted(set(mine.asked)) == [0, 1, 2]


@pytest.mark.parametrize(("noise", "caught"), [(0.0, 0.25), (0.2, 0.35)])
def test_where_reactions_are_events_the_truth_of_oneself_is_what_comes_of_ones_choice(
    noise: float, caught: float
) -> None:
    # It rests with .75 and fishes with .25, where a fish always bites; with a tremble of .2 it fishes with
    # .25 * .8 + .75 * .2 = .35, whatever it chooses.
    pond = with_noise(Pond(bite=1.0), noise)
    episodes = play(pond, ["forecasting:actor=(random:p=.75),predictor=uniform", "random"], episodes=3, branch="all")
    assert episodes.truth is not None
    assert episodes.mask is not None
    own = episodes.truth[:, :, 0, 0, :, 0]
    np.testing.assert_allclose(own, np.broadcast_to([caught, 0.0, 1 - caught], own.shape), atol=1e-6)
    assert episodes.mask[:, :, 0, 0, :, 0].all()
