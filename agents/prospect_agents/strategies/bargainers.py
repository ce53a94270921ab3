"""Strategies for bargaining: what share of all points they aspire to, offer after offer.

They accept what brings them as much as they aspire to, and offer a split that does so and leaves the other as much as
the rules' prior lets them expect. Source: the concession tactics of Faratin, Sierra and Jennings 1998, "Negotiation
decision functions for autonomous agents", and the aspiration levels of Pruitt 1981.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.meaning import rules_of
from prospect_agents.strategies.sequential import EPS, Share, certainly, check_share, drawn_or
from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.games.bargaining import ACCEPT, OFFER, Bargaining


@dataclass(frozen=True)
class Talk:
    """The least share each match settles for, `[B]`, and the other's first and latest offer (-1: none), Int64 `[B]`."""

    seat: int
    offers: int
    floor: Float[np.ndarray, " B"]
    first: Int[np.ndarray, " B"]
    latest: Int[np.ndarray, " B"]


@dataclass(frozen=True)
class Told:
    """What a bargainer is told: its points for each split offered and for each kept `[B, S]`, and where talks stand."""

    given: Float[np.ndarray, "B S"]
    kept: Float[np.ndarray, "B S"]
    now: dict[str, Any]


class _Bargainer(Policy, ABC):
    """Aspires to a share between `start` and `floor` of all points; `floor` may be drawn, uniformly up to `start`."""

    def __init__(self, start: float, floor: Share) -> None:
        check_share("start", start)
        check_share("floor", floor, drawn=True)
        if not isinstance(floor, str) and floor > start:
            raise BadParameter(f"floor is {floor!r}; it may be up to start, which is {start!r}")
        self.start, self.floor = start, floor

    def begin(self, table: Table) -> Talk:
        rules = rules_of(table.game, Bargaining, self.name or type(self).__name__)
        none = np.full(table.matches, -1, dtype=np.int64)
        return Talk(table.seat, len(rules.splits), drawn_or(self.floor, table, self.start), none, none)

    def observe(self, memory: Talk, event: Event) -> Talk:
        split = event.seen[:, 1 - memory.seat].astype(np.int64) - OFFER
        offered = (split >= 0) & (split < memory.offers)
        first = np.where(offered & (memory.first < 0), split, memory.first)
        return Talk(memory.seat, memory.offers, memory.floor, first, np.where(offered, split, memory.latest))

    def decide(self, memory: Talk, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        rules = rules_of(view.game, Bargaining, self.name)
        told = _told(rules, view)
        # Nobody settles for less than walking away brings.
        least = np.maximum(self.aspires(memory, rules, told) * rules.total, told.now["outside_option"]) - EPS
        offers = OFFER + _offered(rules, told.kept, least)
        last = told.now["offers_left"] == 0
        enough = np.where(last, told.now["outside_option"] - EPS, least)
        refuses = np.where(last | (least > rules.total), rules.leave, offers)
        return certainly(np.where(told.now["on_offer"] >= enough, ACCEPT, refuses), view)

    @abstractmethod
    def aspires(self, memory: Talk, rules: Bargaining, told: Told) -> Float[np.ndarray, " B"]:
        """The share of all points it wants now."""


class AspiringBargainer(_Bargainer):
    """Wants a share `start` of all points at first and `floor` at the last offer, conceding with the time that is gone.

    aspiration = start - (start - floor) t^(1 / pace), t from 0 to 1: a `pace` below 1 concedes late, above 1 early.
    The last offer is accepted if it beats walking away.
    """

    def __init__(self, start: float = 0.9, floor: Share = 0.5, pace: float = 1.0) -> None:
        super().__init__(start, floor)
        if not pace > 0:
            raise BadParameter(f"pace is {pace!r}; it must be above 0")
        self.pace = pace

    def aspires(self, memory: Talk, rules: Bargaining, told: Told) -> Float[np.ndarray, " B"]:
        # A table and no power of arrays: its bits could depend on where a match stands in its batch.
        gone = np.array([(turn / max(rules.turns - 1, 1)) ** (1 / self.pace) for turn in range(rules.turns + 1)])
        turn = np.minimum(told.now["turn"] - 1, rules.turns)
        return self.start - (self.start - memory.floor) * np.minimum(gone[turn], 1.0)


class MirroringBargainer(_Bargainer):
    """Comes down from `start` by as much as the other's offers have come up since its first, `floor` at the least.

    The other's concessions are measured in one's own points: the absolute tit for tat of Faratin et al. 1998.
    """

    def __init__(self, start: float = 0.9, floor: Share = 0.3) -> None:
        super().__init__(start, floor)

    def aspires(self, memory: Talk, rules: Bargaining, told: Told) -> Float[np.ndarray, " B"]:
        rows = np.arange(len(memory.first))
        came_up = (told.given[rows, memory.latest] - told.given[rows, memory.first]) / rules.total
        return np.clip(self.start - came_up, memory.floor, self.start)


def tough_bargainer(demand: float = 0.7) -> AspiringBargainer:
    """Wants a share `demand` of all points to the end, where it too accepts what beats walking away."""
    return AspiringBargainer(demand, demand)


def _told(rules: Bargaining, view: View) -> Told:
    now = view.game.situation(view.known, view.seat)
    values = np.stack([now[f"value_{good + 1}"] for good in range(len(rules.goods))], axis=1).astype(np.float64)
    given = short_sum(values[:, None] * rules.splits)
    return Told(given, rules.total - given, now)


def _offered(
    rules: Bargaining, kept: Float[np.ndarray, "B S"], least: Float[np.ndarray, " B"]
) -> Int[np.ndarray, " B"]:
    """Of the splits that keep `least`, the one worth most to the other by the prior; ties: what keeps most oneself."""
    expected = short_sum(rules.vectors.mean(axis=0) * rules.splits)
    # Expectations are averages over at most 500 vectors, so that they differ by more than this adds.
    merit = expected + kept / (1000.0 * rules.total)
    return np.argmax(np.where(kept >= least[:, None], merit, -1.0), axis=1)
