"""Memory-one strategies: P(C) depends on the last pair of actions alone (Nowak and Sigmund 1993)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.meaning import c_and_d, require
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, Event, Policy, Table, View


@dataclass(frozen=True)
class Situation:
    """`index` Int8 `[B]`: 0 before the first choice, then 1 CC, 2 CD, 3 DC, 4 DD, own first; `c` is what C means."""

    seat: int
    c: int
    index: Int[np.ndarray, " B"]

    @classmethod
    def first(cls, table: Table, who: str) -> Situation:
        """Before the first choice; raises `UnsuitablePolicy` unless the game has two seats and two actions."""
        require(table, who, seats=2, actions=2)
        return cls(table.seat, c_and_d(table.game.spec)[0], np.zeros(table.matches, dtype=np.int8))

    def after(self, event: Event) -> Situation:
        """After one step; unchanged in matches where the step was not played."""
        own, other = event.seen[:, self.seat], event.seen[:, 1 - self.seat]
        index = 2 * own + other + 1 if self.c == 0 else 4 - 2 * own - other
        index = index.astype(np.int8)
        if event.seen.min() < 0:
            index = np.where((own < 0) | (other < 0), self.index, index)
        return Situation(self.seat, self.c, index)


class MemoryOne(Policy):
    """`p` = P(C) at first, then after CC, CD, DC and DD, own action first."""

    def __init__(self, p: Sequence[float]) -> None:
        if not isinstance(p, list | tuple) or len(p) != 5 or not all(_is_probability(x) for x in p):
            raise BadParameter(f"p is {p!r}; it must be 5 probabilities: at first, after CC, CD, DC, DD")
        self.p = tuple(float(x) for x in p)
        self._certain = all(x in (0.0, 1.0) for x in self.p)

    def begin(self, table: Table) -> Situation:
        return Situation.first(table, self.name or "memory_one")

    def decide(self, memory: Situation, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        table = np.array([(x, 1 - x) if memory.c == 0 else (1 - x, x) for x in self.p])
        probs = table.take(memory.index, axis=0)
        if self._certain:
            return Decision(np.argmax(table, axis=1).astype(np.int8).take(memory.index), probs)
        return Decision((chance.uniform("action") >= probs[:, 0]).astype(np.int8), probs)

    def observe(self, memory: Situation, event: Event) -> Situation:
        return memory.after(event)


@dataclass(frozen=True)
class Drawn:
    """Each match's own parameters, float64 `[B, 5]`, and its situation."""

    p: Float[np.ndarray, "B 5"]
    situation: Situation


class RandomMemoryOne(Policy):
    """A memory-one strategy whose five parameters are drawn per episode, uniformly from 0..1."""

    def begin(self, table: Table) -> Drawn:
        situation = Situation.first(table, self.name or "random_memory_one")
        return Drawn(table.chance.uniform("p", (5,)), situation)

    def decide(self, memory: Drawn, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        c = memory.situation.c
        p = memory.p[np.arange(len(memory.p)), memory.situation.index]
        probs = np.empty((len(p), 2))
        probs[:, c] = p
        np.subtract(1.0, p, out=probs[:, 1 - c])
        return Decision((chance.uniform("action") >= probs[:, 0]).astype(np.int8), probs)

    def observe(self, memory: Drawn, event: Event) -> Drawn:
        return Drawn(memory.p, memory.situation.after(event))


def win_stay_lose_shift() -> MemoryOne:
    """Pavlov: repeats its action after CC and DC, changes it after CD and DD (Nowak and Sigmund 1993)."""
    return MemoryOne([1, 1, 0, 0, 1])


def generous_tit_for_tat(forgiveness: float = 1 / 3) -> MemoryOne:
    """Tit for tat that cooperates after a defection with probability `forgiveness` (Nowak and Sigmund 1992)."""
    return MemoryOne([1, 1, forgiveness, 1, forgiveness])


def _is_probability(x: object) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and 0 <= x <= 1
