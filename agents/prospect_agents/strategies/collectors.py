"""Collectors: strategies for the coin game, by whose coins they go for.

Sources: going to a coin by a shortest way, and away from another's, are the scripted defector and cooperator of POLA's
code (Zhao et al. 2022, arXiv 2210.10125); tit for tat in these terms is Lerer and Peysakhovich's (2017, arXiv
1707.01068). Each of several equally good moves is as likely as the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game, Known
from prospect_env.core.policy import Decision, Event, Memory, Policy, Table, View
from prospect_env.games.coin_game import CoinGame, CoinState
from prospect_env.games.layers import layers
from prospect_env.games.modifier import Modifier


class GreedyCollector(Policy):
    """Goes for the coin by a shortest way, whosever it is."""

    def begin(self, table: Table) -> Memory:
        require_coin_game(table, self.name)
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return moved(view, chance, np.ones(len(view.active), dtype=bool))


class PoliteCollector(Policy):
    """Goes for its own coin by a shortest way and keeps as far as it can from coins of others."""

    def begin(self, table: Table) -> Memory:
        require_coin_game(table, self.name)
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return moved(view, chance, own_coin(view))


@dataclass(frozen=True)
class Grudge:
    """For how many steps more it is greedy, Int32 `[B]`."""

    left: Int[np.ndarray, " B"]


class TitForTatCollector(Policy):
    """Polite, but greedy for `grudge` (1 or more) steps after another took its coin."""

    def __init__(self, grudge: int = 5) -> None:
        if not isinstance(grudge, int) or isinstance(grudge, bool) or grudge < 1:
            raise BadParameter(f"grudge is {grudge!r}; it must be a whole number, 1 or more")
        self.grudge = grudge

    def begin(self, table: Table) -> Grudge:
        rules = require_coin_game(table, self.name)
        if table.game.spec.payoff_bounds != rules.spec.payoff_bounds:
            raise UnsuitablePolicy(f"{self.name} tells by a payoff below 0 that it was robbed; payoffs are others here")
        return Grudge(np.zeros(table.matches, dtype=np.int32))

    def decide(self, memory: Grudge, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return moved(view, chance, own_coin(view) | (memory.left > 0))

    def observe(self, memory: Grudge, event: Event) -> Grudge:
        # Even with one's own share of a coin that another took too, one has 1 - 2.
        left = np.where(event.reward < 0, self.grudge, np.maximum(memory.left - 1, 0))
        return Grudge(left.astype(np.int32))


def require_coin_game(table: Table, who: str) -> CoinGame:
    """The coin game inside its modifiers; raises `UnsuitablePolicy` if there is none, or with other actions."""
    *_, rules = layers(table.game)
    if not isinstance(rules, CoinGame):
        raise UnsuitablePolicy(f"{who} plays coin_game; this is {table.game.spec.name}")
    if rules.spec.actions != table.game.spec.actions:
        raise UnsuitablePolicy(f"{who} plays coin_game with its own actions, not with {table.game.spec.actions}")
    return rules


def innermost(game: Game, known: Known) -> tuple[CoinGame, CoinState]:
    """The coin game inside its modifiers, and what is known of its state."""
    while isinstance(game, Modifier):
        game, known = game.inner, getattr(known, "inner", known)
    assert isinstance(game, CoinGame)
    return game, known


def own_coin(view: View) -> Bool[np.ndarray, " B"]:
    """Whether the coin is the viewer's own."""
    return innermost(view.game, view.known)[1].owner == view.seat


def moved(view: View, chance: Chance, towards: Bool[np.ndarray, " B"]) -> Decision:
    """A move that leads as near to the coin as may be, or, where not `towards`, as far from it."""
    game, state = innermost(view.game, view.known)
    probs = even(view.legal, game.distance(game.leads[state.places[:, view.seat]], state.coin[:, None]), towards)
    return Decision(chance.categorical("action", probs), probs)


def even(
    legal: Bool[np.ndarray, "B A"], distance: Int[np.ndarray, "B A"], towards: Bool[np.ndarray, " B"]
) -> Float[np.ndarray, "B A"]:
    """Equal probabilities of the legal moves of the least distance, or, where not `towards`, of the greatest."""
    cost = np.where(towards[:, None], distance, -distance)
    best = np.where(legal, cost, cost.max() + 1).min(axis=1, keepdims=True)
    chosen = (legal & (cost == best)).astype(np.float64)
    return chosen / short_sum(chosen)[:, None]
