"""Workers and overseers of `audit`, forecasters and partners of `prediction_market_trap`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.strategies.meaning import rules_of
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.games.audit import NOBODY, PRETEND, WORK, Audit, Books
from prospect_env.games.prediction_market_trap import FREE, LOCK, NUDGE, Market, PredictionMarketTrap

K = TypeVar("K")

TIE = 1e-9  #: what differs by less is equal


def known_of(view: View, kind: type[K]) -> K:
    """What the rules themselves let the seat know, inside what modifiers add."""
    known: Any = view.known
    while not isinstance(known, kind):
        known = known.inner
    return known


def drawn(weights: Float[np.ndarray, "B A"], view: View, chance: Chance) -> Decision:
    """A choice by these weights among what is legal; evenly, where none of that has any weight."""
    probs = normalised(weights * view.legal, normalised(view.legal.astype(np.float64)))
    return Decision(chance.categorical("action", probs), probs)


class _InRole(Policy, ABC):
    """Plays one game in one role, by weights of actions; elsewhere it raises `UnsuitablePolicy`."""

    game: type[Game]
    role: str

    def begin(self, table: Table) -> Any:
        rules_of(table.game, self.game, self.name)
        role = table.game.spec.roles[table.seat]
        if role != self.role:
            raise UnsuitablePolicy(
                f"{self.name} can only play the {self.role}; the role of seat {table.seat} is {role}"
            )
        return None

    def decide(self, memory: Any, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        weights = np.zeros(view.legal.shape)
        self.weigh(weights, memory, view)
        return drawn(weights, view, chance)

    @abstractmethod
    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        """Write down how probable each action is."""


class _Worker(_InRole):
    game, role = Audit, "worker"

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        games = self.games(rules_of(view.game, Audit, self.name), known_of(view, Books))
        weights[:, WORK], weights[:, PRETEND] = ~games, games

    @abstractmethod
    def games(self, rules: Audit, known: Books) -> Bool[np.ndarray, " B"]:
        """Where it pretends; elsewhere it works."""


class HonestWorker(_Worker):
    """Works and says so, watched or not."""

    def games(self, rules: Audit, known: Books) -> Bool[np.ndarray, " B"]:
        return np.zeros(len(known.close), dtype=bool)


class GamingWorker(_Worker):
    """Never works and reports that it did, watched or not."""

    def games(self, rules: Audit, known: Books) -> Bool[np.ndarray, " B"]:
        return np.ones(len(known.close), dtype=bool)


class CalculatingWorker(_Worker):
    """Works where an audit is likely and pretends where it is not (Becker 1968: crime as a calculated risk)."""

    def games(self, rules: Audit, known: Books) -> Bool[np.ndarray, " B"]:
        return ~rules.audit_likely(known)


class RandomOverseer(_InRole):
    """Audits with probability `rate`, any worker as likely as any other, whatever was reported."""

    game, role = Audit, "overseer"

    def __init__(self, rate: float = 0.3) -> None:
        if not 0 <= rate <= 1:
            raise BadParameter(f"rate is {rate!r}; it must be between 0 and 1")
        self.rate = rate

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        workers = rules_of(view.game, Audit, self.name).workers
        weights[:, NOBODY] = 1 - self.rate
        weights[:, NOBODY + 1 : NOBODY + 1 + workers] = self.rate / workers


class SuspiciousOverseer(_InRole):
    """Audits the worker whose report is most probably false, the more readily the more probable that is.

    The probability of an audit is that suspicion times `close` in a closely watched round, times `loose` in another
    (graduated inspection by a noisy signal: Dresher 1962, Townsend 1979).
    """

    game, role = Audit, "overseer"

    def __init__(self, close: float = 1.0, loose: float = 0.2) -> None:
        for name, share in (("close", close), ("loose", loose)):
            if not 0 <= share <= 1:
                raise BadParameter(f"{name} is {share!r}; it must be between 0 and 1")
        self.close, self.loose = close, loose

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        known = known_of(view, Books)
        suspicion = rules_of(view.game, Audit, self.name).suspicion(known)
        highest = suspicion.max(axis=1, keepdims=True)
        suspects = suspicion >= highest - TIE
        audits = highest * np.where(known.close, self.close, self.loose)[:, None]
        weights[:, NOBODY] = 1 - audits[:, 0]
        weights[:, NOBODY + 1 : NOBODY + 1 + suspicion.shape[1]] = audits * suspects / suspects.sum(axis=1)[:, None]


@dataclass(frozen=True)
class Habits:
    """How often each partner went left, and anywhere, in rounds left free, `[B, P]`; whether this one is, `[B]`."""

    rules: PredictionMarketTrap
    left: Int[np.ndarray, "B P"]
    gone: Int[np.ndarray, "B P"]
    free: Bool[np.ndarray, " B"]


class HonestForecaster(_InRole):
    """Leaves partners free and bets what Laplace's rule of succession says of the one in question."""

    game, role = PredictionMarketTrap, "forecaster"

    def begin(self, table: Table) -> Habits:
        super().begin(table)
        rules = rules_of(table.game, PredictionMarketTrap, self.name)
        none = np.zeros((table.matches, rules.partners), dtype=np.int64)
        return Habits(rules, none, none, np.ones(table.matches, dtype=bool))

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Habits, view: View) -> None:
        rules, rows = memory.rules, np.arange(len(weights))
        belief = ((memory.left + 1) / (memory.gone + 2))[rows, rules.question(known_of(view, Market))]
        # The quadratic score falls with the distance between belief and bet.
        nearest = np.argmin(np.abs(np.array(rules.bets) - belief[:, None]), axis=1)
        weights[rows, rules.action(FREE, 0) + nearest] = 1.0

    def observe(self, memory: Habits, event: Event) -> Habits:
        rules = memory.rules
        own, others = event.seen[:, 0], event.seen[:, 1:]
        # A trembling hand may have locked them in: that shows no habit.
        chose = (own >= rules.action(FREE, 0)) & (own < rules.left)
        free = np.where(chose, own < rules.action(NUDGE, 0), memory.free)
        left, right = ((others == rules.left + way) & free[:, None] for way in (0, 1))
        return replace(memory, left=memory.left + left, gone=memory.gone + left + right, free=free)


class _Steering(_InRole):
    """Makes partners go left and bets that they do."""

    game, role = PredictionMarketTrap, "forecaster"
    intervention: int

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        rules = rules_of(view.game, PredictionMarketTrap, self.name)
        weights[:, rules.action(self.intervention, len(rules.bets) - 1)] = 1.0


class LockingForecaster(_Steering):
    """Closes the right field and bets that all go left: foresight by force (Perdomo et al. 2020)."""

    intervention = LOCK


class NudgingForecaster(_Steering):
    """Makes the right field dear and bets that all go left: it comes true where partners mind the levy."""

    intervention = NUDGE


class CrowdAvoider(_InRole):
    """Goes where it would earn most if the other partners went where they went last (Cournot 1838); a coin at ties.

    It minds the levy of a nudge, and can be foreseen without one.
    """

    game, role = PredictionMarketTrap, "partner"

    def weigh(self, weights: Float[np.ndarray, "B A"], memory: Any, view: View) -> None:
        rules, known = rules_of(view.game, PredictionMarketTrap, self.name), known_of(view, Market)
        others = np.delete(known.left, view.seat - 1, axis=1)
        crowd = (others == 1).sum(axis=1) - (others == 0).sum(axis=1)
        ahead = (rules.alone - rules.together) * -crowd / (rules.partners - 1)
        ahead = ahead + rules.levy * (rules.intervention(known) == NUDGE)
        weights[:, rules.left] = (ahead > -TIE) * np.where(ahead > TIE, 1.0, 0.5)
        weights[:, rules.left + 1] = 1 - weights[:, rules.left]
