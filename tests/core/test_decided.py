"""What policies decide is checked: legal actions, probabilities that are some."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.errors import IllegalAction, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game
from prospect_env.core.policy import Decision, Policy, Table, View
from tests.samples import GAME_PARAMETERS


class Deciding(Policy):
    """Decides this, whatever happens."""

    name = "deciding"

    def __init__(self, action: object, probs: object = None) -> None:
        self.action, self.probs = action, probs

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        probs = None if self.probs is None else np.tile(np.array(self.probs), (len(view.active), 1))
        decision = Decision(np.zeros(len(view.active), dtype=np.int8), probs)
        # Set behind the back of the shape checks, which run only in tests.
        object.__setattr__(decision, "action", np.full(len(view.active), self.action))
        return decision


@pytest.mark.parametrize(("action", "seat"), [(2, 0), (-1, 0), (3, 1), (99, 1)])
def test_illegal_actions_are_named(action: int, seat: int) -> None:
    game = make_game("matrix_game", **GAME_PARAMETERS["matrix_game"])
    policies = ["random", Deciding(action)] if seat else [Deciding(action), "random"]
    with pytest.raises(IllegalAction, match=rf"illegal action {action} of player_{seat} at step 0"):
        play(game, policies, episodes=3)


def test_actions_must_be_whole_numbers() -> None:
    with pytest.raises(UnsuitablePolicy, match="whole numbers"):
        play("chicken", [Deciding(0.5), "random"])


@pytest.mark.parametrize("probs", [[0.9, 0.9], [-0.5, 1.5], [np.nan, 1.0], [1.0, 0.0, 0.0]])
def test_probabilities_must_be_some(probs: list[float]) -> None:
    with pytest.raises(UnsuitablePolicy, match="states probabilities"):
        play("chicken", ["forecasting:actor=random,predictor=bayes", Deciding(0, probs)], branch="all")


def test_probabilities_of_illegal_actions_must_be_zero() -> None:
    game = make_game("matrix_game", **GAME_PARAMETERS["matrix_game"])
    with pytest.raises(UnsuitablePolicy, match="not legal"):
        play(game, [Deciding(0, [0.5, 0.3, 0.2]), "forecasting:actor=random,predictor=bayes"], branch="all")
