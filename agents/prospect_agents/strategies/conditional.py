"""Strategies for any number of seats that answer what the others did last: a reciprocator, and one drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Event, Policy, Table, View


@dataclass(frozen=True)
class Moved:
    """`cooperated` Int8 `[B, N]`: whether each seat cooperated when it was last seen to choose; -1 not seen yet."""

    seat: int
    cooperated: Int[np.ndarray, "B N"]
    game: Game


class ConditionalCooperator(Policy):
    """Cooperates if at least `share` of the others did when last seen, and until anything is seen.

    The commonest type of contributor to public goods (Fischbacher, Gächter and Fehr 2001), here with a threshold; with
    two seats and two actions it is tit for tat. To cooperate is to take the middle one of the cooperative actions that
    are legal (the upper one of two), not to is to take the first of their alternatives. What others do where nobody can
    cooperate (punishing, talking) does not count, and there it takes the first legal action.
    """

    def __init__(self, share: float = 0.5) -> None:
        if not 0 <= share <= 1:
            raise BadParameter(f"share is {share!r}; it may be between 0 and 1")
        self.share = share

    def begin(self, table: Table) -> Moved:
        spec = table.game.spec
        if not spec.cooperative:
            name = self.name or "conditional_cooperator"
            raise UnsuitablePolicy(f"{name} needs actions that count as cooperation; {spec.name} has none")
        return Moved(table.seat, np.full((table.matches, spec.seats), -1, dtype=np.int8), table.game)

    def decide(self, memory: Moved, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        others = np.delete(memory.cooperated, memory.seat, axis=1)
        willing = (others == 1).sum(axis=1) >= self.share * (others >= 0).sum(axis=1) - 1e-9
        cooperative = _cooperative(memory.game)
        kind, unkind = view.legal & cooperative, view.legal & _alternatives(memory.game) & ~cooperative
        cooperates = kind.any(axis=1) & (willing | ~unkind.any(axis=1))
        middle = np.argmax(kind.cumsum(axis=1) == kind.sum(axis=1, keepdims=True) // 2 + 1, axis=1)
        otherwise = np.where(kind.any(axis=1), np.argmax(unkind, axis=1), np.argmax(view.legal, axis=1))
        action = np.where(cooperates, middle, otherwise)
        return Decision(action, one_hot(action, view.legal.shape[1]))

    def observe(self, memory: Moved, event: Event) -> Moved:
        did = np.maximum(event.seen, 0)
        counts = (event.seen >= 0) & _alternatives(memory.game)[did]
        cooperated = np.where(counts, _cooperative(memory.game)[did], memory.cooperated).astype(np.int8)
        return replace(memory, cooperated=cooperated)


@dataclass(frozen=True)
class Habits:
    """`weights` `[B, S, A]` of actions in each situation; `last` Int `[B, N]`: what each did last, or -1."""

    seat: int
    weights: Float[np.ndarray, "B S A"]
    last: Int[np.ndarray, "B N"]


class RandomReactive(Policy):
    """Draws for each match how likely it is to do what, depending on what the others were last seen to do.

    The co-player to be learned in any game, as `random_memory_one` is in games of two seats and two actions. There are
    `situations` of them: the sum over the others of 1 + the index of what each did last (0 for whoever was not seen),
    modulo `situations`, so that each of fewer than `situations` actions of another seat makes a difference. In each, an
    action has weight (-ln u)^`sharpness` with u uniform, divided by the sum over legal actions: with sharpness 1 all
    distributions are equally likely (Dirichlet), and the larger it is, the more certain are its choices.
    """

    def __init__(self, situations: int = 4, sharpness: float = 2.0) -> None:
        if not isinstance(situations, int) or isinstance(situations, bool) or situations < 1:
            raise BadParameter(f"situations is {situations!r}; it must be a whole number, 1 or more")
        if not 0 < sharpness <= 10:
            raise BadParameter(f"sharpness is {sharpness!r}; it must be above 0 and at most 10")
        self.situations, self.sharpness = situations, sharpness

    def begin(self, table: Table) -> Habits:
        spec = table.game.spec
        u = table.chance.uniform("habits", (self.situations, len(spec.actions)))
        weights = np.maximum(-np.log1p(-u), 1e-12) ** self.sharpness
        return Habits(table.seat, weights, np.full((table.matches, spec.seats), -1))

    def decide(self, memory: Habits, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        others = np.delete(memory.last, memory.seat, axis=1)
        situation = (others + 1).sum(axis=1) % self.situations
        probs = normalised(memory.weights[np.arange(len(situation)), situation] * view.legal)
        return Decision(chance.categorical("action", probs), probs)

    def observe(self, memory: Habits, event: Event) -> Habits:
        return replace(memory, last=np.where(event.seen >= 0, event.seen, memory.last))


def _cooperative(game: Game) -> Bool[np.ndarray, " A"]:
    return np.isin(np.arange(len(game.spec.actions)), game.spec.cooperative)


def _alternatives(game: Game) -> Bool[np.ndarray, " A"]:
    """The cooperative actions and their alternatives."""
    return np.isin(np.arange(len(game.spec.actions)), (*game.spec.cooperative, *game.spec.alternatives))
