"""What policies decide is checked: legal actions, probabilities that are some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_agents.prospective import Prospective
from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, IllegalAction, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game
from prospect_env.core.policy import Decision, Policy, Predictor, Table, View
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


class Saying(Predictor):
    """Predicts this of everybody."""

    name = "saying"

    def __init__(self, row: list[float]) -> None:
        self.row = row

    def begin(self, table: Table) -> None:
        return None

    def predict(self, memory: None, view: View, chance: Chance) -> np.ndarray:
        return np.tile(np.array(self.row), (len(view.active), view.game.spec.seats, 1))


@pytest.mark.parametrize("row", [[1.0, 1.0], [-0.5, 1.5], [np.nan, 1.0], [1.0, 0.0, 0.0]])
def test_predictors_must_give_probabilities(row: list[float]) -> None:
    with pytest.raises(UnsuitablePolicy, match="the predictor saying gave"):
        play("chicken", [Prospective(Saying(row)), "random"])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ("tit_for_tat", "a list of policies"),
        ([Deciding, "random"], "as an instance"),
        ([None, "random"], "a spec string or a Policy"),
        (["mode=plan", "random"], "quote it"),
    ],
)
def test_what_is_no_policy_is_said_to_be_none(policies: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        play("chicken", policies)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("keywords", [{"episodes": 2.5}, {"episodes": -1}, {"episodes": 0}, {"seed": "a"}])
def test_numbers_that_are_none(keywords: dict[str, Any]) -> None:
    with pytest.raises(BadParameter, match=next(iter(keywords))):
        play("chicken", ["random", "random"], **keywords)
