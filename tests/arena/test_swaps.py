"""Forecast swaps and what they change, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_agents.prospective import Prospective
from prospect_env import make_game
from prospect_env.arena.swaps import FEEDS, return_audit, swapped, worth
from prospect_env.core.errors import BadParameter
from prospect_env.core.policy import Predictor

GAME = make_game("chicken", rounds=4)


class Stubborn(Predictor):
    """Expects action 0 of everybody with probability .9."""

    def begin(self, table):
        return None

    def predict(self, memory, view, chance):
        return np.broadcast_to(np.array([0.9, 0.1]), (len(view.active), 2, 2)).copy()


def test_changes_of_returns_by_hand() -> None:
    feeds = ("own", "inverted", "oracle")
    played = swapped(Prospective(Stubborn()), GAME, ["always_defect"], episodes=3, feeds=feeds)
    own, inverted, oracle = return_audit(played)
    # It expects swerving and goes straight: both crash, 0 each. Told that the other goes straight it swerves: 1 a
    # round, and 5 for the other.
    assert (own["return"].value, own["others"].value, own["gain"].value) == (0, 0, 0)
    for row in (inverted, oracle):
        assert (row["return"].value, row["gain"].value) == (4, 4)
        assert (row["others"].value, row["others_gain"].value) == (20, 20)
    assert [row["feed"] for row in (own, inverted, oracle)] == list(feeds)


def test_worth_is_that_of_the_metrics() -> None:
    played = swapped("prospective:predictor=bayes", GAME, ["random_memory_one", "tit_for_tat"], episodes=8)
    assert [list(one) for one in played] == [list(FEEDS)] * 2
    rows = {row["feed"]: row for row in return_audit(played)}
    found = worth(played)
    # V[own] - V[marginal] is minus the gain of marginal; V[oracle] - V[marginal] the difference of two gains.
    assert found["value_of_prediction"].value == pytest.approx(-rows["marginal"]["gain"].value)
    assert found["diagnosticity"].value == pytest.approx(rows["oracle"]["gain"].value - rows["marginal"]["gain"].value)


def test_swaps_that_cannot_be_compared_are_refused() -> None:
    played = swapped("prospective:predictor=bayes", GAME, ["random"], episodes=3, feeds=("own", "uniform"))
    with pytest.raises(BadParameter, match="own forecast"):
        return_audit([{"uniform": played[0]["uniform"]}])
    with pytest.raises(BadParameter, match="own forecast"):
        return_audit([])
    others = swapped("prospective:predictor=bayes", GAME, ["random"], episodes=2, feeds=("own", "uniform"))
    with pytest.raises(BadParameter, match="same episodes"):
        return_audit([{"own": played[0]["own"], "uniform": others[0]["uniform"]}])
