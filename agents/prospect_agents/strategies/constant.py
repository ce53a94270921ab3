"""Strategies that never look: the same action always, or a coin."""

from __future__ import annotations

import numpy as np

from prospect_agents.strategies.meaning import kinds
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.policy import Decision, Memory, Policy, Table, View


class Always(Policy):
    """The same action in every step: `action` is an index, or "C" or "D"."""

    def __init__(self, action: int | str) -> None:
        if not isinstance(action, int) and action not in ("C", "D"):
            raise BadParameter(f"action is {action!r}; it may be an index, C or D")
        self.action = action

    def begin(self, table: Table) -> Memory:
        actions = len(table.game.spec.actions)
        if isinstance(self.action, int) and not 0 <= self.action < actions:
            raise BadParameter(f"action is {self.action}; {table.game.spec.name} has actions 0 to {actions - 1}")
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        wanted = (self.action,) if isinstance(self.action, int) else kinds(view.game.spec)["CD".index(self.action)]
        action = first_legal(view.legal, wanted)
        return Decision(action, one_hot(action, view.legal.shape[1]))


def always_cooperate() -> Always:
    """Always C."""
    return Always("C")


def always_defect() -> Always:
    """Always D."""
    return Always("D")


class Random(Policy):
    """C with probability `p`, else D; without `p`, every legal action equally often."""

    def __init__(self, p: float | None = None) -> None:
        if p is not None and not 0 <= p <= 1:
            raise BadParameter(f"p is {p!r}; it may be between 0 and 1")
        self.p = p

    def begin(self, table: Table) -> Memory:
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        weights = np.ones(view.legal.shape) if self.p is None else np.zeros(view.legal.shape)
        if self.p is not None:
            for kind, p in zip(kinds(view.game.spec), (self.p, 1.0 - self.p), strict=True):
                rows = np.flatnonzero(view.legal[:, list(kind)].any(axis=1))
                weights[rows, first_legal(view.legal[rows], kind)] = p
        probs = normalised(weights * view.legal, normalised(view.legal.astype(np.float64)))
        return Decision(chance.categorical("action", probs), probs)


def first_legal(legal: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray:
    """The first of the wanted actions that is legal `[B]`; where none is, the first legal action stands in."""
    some = legal[:, list(wanted)]
    return np.where(some.any(axis=1), np.array(wanted)[np.argmax(some, axis=1)], np.argmax(legal, axis=1))


def one_hot(action: np.ndarray, actions: int) -> np.ndarray:
    """Probabilities `[B, A]` of a choice made with certainty."""
    return np.eye(actions).take(action, axis=0)
