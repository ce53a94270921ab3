"""Strategies that answer what the other did, with certainty."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from prospect_agents.strategies.constant import one_hot
from prospect_agents.strategies.meaning import c_and_d, require
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Event, Policy, Table, View


@dataclass(frozen=True)
class Next:
    """What it will do next, Int `[B]`, and how many defections in a row it has seen, Int `[B]`."""

    seat: int
    c: int
    d: int
    action: Int[np.ndarray, " B"]
    defections: Int[np.ndarray, " B"]


class _Reciprocal(Policy, ABC):
    """Plays a certain next action, which `answer` sets after each step."""

    actions: int | None = None
    first = "C"

    def begin(self, table: Table) -> Next:
        require(table, self.name, seats=2, actions=self.actions)
        c, d = c_and_d(table.game.spec)
        first = np.full(table.matches, c if self.first == "C" else d, dtype=np.int8)
        return Next(table.seat, c, d, first, np.zeros(table.matches, dtype=np.int32))

    def decide(self, memory: Next, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        action = memory.action
        if not view.legal.all():
            action = np.where(view.legal[np.arange(len(action)), action], action, np.argmax(view.legal, axis=1))
        return Decision(action, one_hot(action, view.legal.shape[1]))

    def observe(self, memory: Next, event: Event) -> Next:
        other = event.seen[:, 1 - memory.seat]
        if other.min() >= 0:
            return self.answer(memory, other)
        answered = self.answer(memory, other)
        action = np.where(other >= 0, answered.action, memory.action)
        return replace(answered, action=action, defections=np.where(other >= 0, answered.defections, memory.defections))

    @abstractmethod
    def answer(self, memory: Next, other: Int[np.ndarray, " B"]) -> Next:
        """The memory after the other was seen to do this."""


class TitForTat(_Reciprocal):
    """C first, then whatever the other did last (Rapoport, in Axelrod 1984)."""

    def answer(self, memory: Next, other: Int[np.ndarray, " B"]) -> Next:
        return replace(memory, action=other)


class ReverseTitForTat(_Reciprocal):
    """D first, then the opposite of what the other did last (Nachbar 1992)."""

    actions = 2
    first = "D"

    def answer(self, memory: Next, other: Int[np.ndarray, " B"]) -> Next:
        return replace(memory, action=(1 - other).astype(np.int8))


class TitForTwoTats(_Reciprocal):
    """D only after two defections in a row (Axelrod 1984)."""

    def answer(self, memory: Next, other: Int[np.ndarray, " B"]) -> Next:
        streak = np.where(other == memory.c, 0, memory.defections + 1)
        return replace(memory, action=np.where(streak >= 2, memory.d, memory.c).astype(np.int8), defections=streak)


class Grim(_Reciprocal):
    """C until the other has defected once, then D for ever (Friedman 1971)."""

    def answer(self, memory: Next, other: Int[np.ndarray, " B"]) -> Next:
        ever = memory.defections + (other != memory.c)
        return replace(memory, action=np.where(ever > 0, memory.d, memory.c).astype(np.int8), defections=ever)
