"""Strategies for the commons: one that lets the stock last, and one that takes what it can."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Bool, Float

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Policy, Table, View
from prospect_env.games.commons import Commons
from prospect_env.games.layers import layers


class _Harvester(Policy, ABC):
    """Takes the most that is legal and that it allows itself; where even the least is too much, the least."""

    def begin(self, table: Table) -> None:
        if _commons(table.game) is None:
            raise UnsuitablePolicy(f"{self.name or type(self).__name__} plays commons, not {table.game.spec.name}")

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        rules = _commons(view.game)
        assert rules is not None
        stock = np.asarray(view.game.situation(view.known, view.seat)["stock"])
        # What modifiers add to the actions (words, say) takes nothing, and is chosen where nothing else is legal.
        takes = np.full(view.legal.shape[1], np.inf)
        takes[: len(rules.amounts)] = rules.amounts
        good = view.legal & (takes <= self.allowed(rules, stock)[:, None])
        action = np.where(good.any(axis=1), _last(good), np.argmax(view.legal, axis=1))
        return Decision(action, one_hot(action, view.legal.shape[1]))

    @abstractmethod
    def allowed(self, rules: Commons, stock: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """How much it would take at most of these stocks."""


class SustainableHarvester(_Harvester):
    """Takes its equal share of what can be taken for ever: of the maximum sustainable yield, less from a small stock.

    The "sustainability threshold" per agent of Piatti et al. 2024 (GovSim).
    """

    def allowed(self, rules: Commons, stock: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        # A share found by dividing may miss a whole number by rounding.
        return rules.sustainable(stock) / rules.seats * (1.0 + 1e-9)


class GreedyHarvester(_Harvester):
    """Takes the most there is to take: best for oneself in a last round, and the ruin of all (Hardin 1968)."""

    def allowed(self, rules: Commons, stock: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        return np.full(len(stock), rules.amounts[-1])


def _last(choices: Bool[np.ndarray, "B A"]) -> np.ndarray:
    """The index of the last True of each row."""
    return choices.shape[1] - 1 - np.argmax(choices[:, ::-1], axis=1)


def _commons(game: Game) -> Commons | None:
    """The commons inside the modifiers, if it is one."""
    *_, rules = layers(game)
    return rules if isinstance(rules, Commons) else None
