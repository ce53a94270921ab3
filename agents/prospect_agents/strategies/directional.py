"""Learning direction: a little more after rounds in which more would have been better, a little less after others.

Source: learning direction theory (Selten and Stoecker 1986), told for trust, ultimatum and centipede. These are the
co-players whose later rounds depend on what one does now.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from prospect_agents.strategies.sequential import (
    answering,
    certainly,
    check_node,
    check_share,
    nearest,
    nodes,
    returning,
    rules_of,
    taking,
)
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.games.centipede import TAKE, Centipede
from prospect_env.games.layers import layers
from prospect_env.games.trust import SAME, Trust
from prospect_env.games.ultimatum import Ultimatum


@dataclass(frozen=True)
class Level:
    """Where each match stands: the level, Int64 `[B]`, and moves seen in this round of a centipede, Int64 `[B]`."""

    game: Game
    seat: int
    level: Int[np.ndarray, " B"]
    moves: Int[np.ndarray, " B"]


class _Directional(Policy, ABC):
    def begin(self, table: Table) -> Level:
        start = np.asarray(self.start(table), dtype=np.int64)
        return Level(table.game, table.seat, start, np.zeros_like(start))

    def observe(self, memory: Level, event: Event) -> Level:
        *_, rules = layers(memory.game)
        # Talk is listed after the moves of the rules, and teaches nothing.
        moves = np.where(event.seen < len(rules.spec.actions), event.seen, -1).astype(np.int64)
        return self.learned(rules, memory, moves[:, memory.seat], moves[:, 1 - memory.seat])

    @abstractmethod
    def start(self, table: Table) -> Int[np.ndarray, " B"]:
        """The first level; raises `UnsuitablePolicy` where it cannot play."""

    @abstractmethod
    def learned(self, rules: Any, memory: Level, own: Int[np.ndarray, " B"], other: Int[np.ndarray, " B"]) -> Level:
        """What a step teaches; `own` and `other` are moves, -1 for none."""


class ConcedingProposer(_Directional):
    """Ultimatum: offers a level more after a rejection and a level less after an acceptance.

    It starts at the level nearest to `start`, and accepts offers of `threshold` of the pie and more.
    """

    def __init__(self, start: float = 0.2, threshold: float = 0.2) -> None:
        check_share("start", start)
        check_share("threshold", threshold)
        self.first, self.threshold = start, threshold

    def start(self, table: Table) -> Int[np.ndarray, " B"]:
        rules = rules_of(table.game, Ultimatum, self.name or "conceding_proposer")
        return np.full(table.matches, nearest(rules.offers, self.first))

    def learned(
        self, rules: Ultimatum, memory: Level, own: Int[np.ndarray, " B"], other: Int[np.ndarray, " B"]
    ) -> Level:
        step = np.where(other == rules.accept + 1, 1, np.where(other == rules.accept, -1, 0))
        return replace(memory, level=np.clip(memory.level + step, 0, len(rules.offers) - 1))

    def decide(self, memory: Level, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        rules = rules_of(view.game, Ultimatum, self.name)
        least = np.full(len(memory.level), float(self.threshold))
        return certainly(answering(rules, view, 1 + memory.level, least), view)


class GradualInvestor(_Directional):
    """Trust: sends a level more after more came back than was sent, and a level less after less did.

    It starts at the level nearest to `start`; after a round in which it sent nothing it tries the next level again. As
    the trustee it returns the level nearest to `share`.
    """

    def __init__(self, start: float = 0.5, share: float = 0.5) -> None:
        check_share("start", start)
        check_share("share", share)
        self.first, self.share = start, share

    def start(self, table: Table) -> Int[np.ndarray, " B"]:
        rules = rules_of(table.game, Trust, self.name or "gradual_investor")
        return np.full(table.matches, nearest(rules.sends, self.first))

    def learned(self, rules: Trust, memory: Level, own: Int[np.ndarray, " B"], other: Int[np.ndarray, " B"]) -> Level:
        gain = rules.returned[other] * rules.multiplier - 1
        step = np.where(gain > SAME, 1, np.where(gain < -SAME, -1, 0))
        step = np.where(other > len(rules.sends), step, 0)
        step = np.where((own == 1) & (rules.sends[0] == 0), 1, step)
        return replace(memory, level=np.clip(memory.level + step, 0, len(rules.sends) - 1))

    def decide(self, memory: Level, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        rules = rules_of(view.game, Trust, self.name)
        sent = np.asarray(view.game.situation(view.known, view.seat)["sent"])
        back = returning(rules, np.full(len(sent), float(self.share)))
        return certainly(np.where(np.isnan(sent), 1 + memory.level, back), view)


class DirectionalTaker(_Directional):
    """Centipede: takes from node `start` on; next round a node earlier than the other took, or later if it took itself.

    Who was taken from would have done better by taking just before; who took might have waited for the next own node.
    `start` may be drawn, as in `centipede_taker`. Source: Nagel and Tang 1998.
    """

    def __init__(self, start: int | str = 3) -> None:
        check_node(start)
        self.first = start

    def start(self, table: Table) -> Int[np.ndarray, " B"]:
        return nodes(self.first, table, self.name or "directional_taker")

    def learned(
        self, rules: Centipede, memory: Level, own: Int[np.ndarray, " B"], other: Int[np.ndarray, " B"]
    ) -> Level:
        node = memory.moves + ((own >= 0) | (other >= 0))
        level = np.where(other == TAKE, np.maximum(node - 1, 1), memory.level)
        level = np.where(own == TAKE, np.minimum(node + 2, rules.nodes + 1), level)
        over = (own == TAKE) | (other == TAKE) | (node >= rules.nodes)
        return replace(memory, level=level, moves=np.where(over, 0, node))

    def decide(self, memory: Level, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return taking(memory.level, view)
