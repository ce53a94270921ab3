"""`with_contracts`: binding side payments that need everyone's consent.

Rules: a contract says that whoever takes an action that is not cooperative, where it could have taken one that is, pays
a fixed amount, in equal shares to the others. Before each round (or once, before the first) all seats choose at once:
sign one of the contracts on the table, or refuse. If all sign the same one it is in force for the round (or for the
whole match), and payments are then made by what is done, nobody being asked again; otherwise play goes on without one.
Payments move payoffs between seats and create none. Deeds count, not intentions: a slip of the hand is paid for.

In the prisoner's dilemma (T > R > P > S) a signed contract makes mutual cooperation a Nash equilibrium from the amount
T - R on, and cooperation dominant from max(T - R, P - S) on. Sources: Jackson and Wilkie 2005, "Endogenous games and
mechanisms: side payments among players"; Christoffersen, Haupt and Hadfield 2023, "Get it in writing: formal contracts
mitigate social dilemmas in multi-agent RL".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.games.interlude import Aside, Interlude, with_steps
from prospect_env.games.layers import fixed_rounds, layers
from prospect_env.games.monitoring import Monitored

EACH_ROUND, ONCE = "each round", "once"


@dataclass(frozen=True)
class Contracted(Interlude):
    """In the state, `noted` `[B, 1]` is the number of the contract in force, -1 for none.

    `contracts` is when consent is asked for, and the amounts to choose from. Build one with `with_contracts`.
    """

    contracts: tuple[Any, ...]

    @property
    def amounts(self) -> tuple[float, ...]:
        """What each contract makes a defector pay."""
        return tuple(self.contracts[1:])

    @property
    def signing(self) -> range:
        """The actions that sign, one a contract; the action after them refuses."""
        first = len(self.inner.spec.actions)
        return range(first, first + len(self.amounts))

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        inner, often = self.inner.spec, self.contracts[0] == EACH_ROUND
        # A round takes a step at least, so where rounds are not counted there are no more of them than steps.
        rounds = (fixed_rounds(self.inner) or inner.horizon) if often else 1
        spec = with_steps(
            self.inner,
            "contracts",
            (*(f"sign {amount:g}" for amount in self.amounts), "refuse"),
            (*(f"signs {amount:g}" for amount in self.amounts), "refuses"),
            tuple(range(len(self.amounts) + 1)),
            horizon=inner.horizon + rounds,
            shown=1 + len(self.amounts),
        )
        most, (low, high) = max(self.amounts), inner.payoff_bounds
        bounds = (min(low - most, 0.0), max(high + most, 0.0))
        if not often:
            # One step at the start delays what follows and spreads nothing.
            return replace(spec, payoff_bounds=bounds, discount=inner.discount)
        return replace(spec, payoff_bounds=bounds, ranked=True, window=inner.window + 1)

    def initial(self, batch: int, chance: Chance) -> Aside:
        return Aside(self.inner.initial(batch, chance), np.ones(batch, dtype=bool), np.full((batch, 1), -1, np.int8))

    def options(self, state: Aside) -> tuple[Bool[np.ndarray, "B N"], Bool[np.ndarray, "B N X"]]:
        shape = (len(state.aside), self.inner.spec.seats)
        return np.ones(shape, dtype=bool), np.ones((*shape, len(self.amounts) + 1), dtype=bool)

    def noted(self, state: Aside, did: Int[np.ndarray, "B N"]) -> Aside:
        agreed = (did == did[:, :1]).all(axis=1) & (did[:, 0] >= 0) & (did[:, 0] < len(self.amounts))
        signed = np.where(agreed, did[:, 0], np.int8(-1)).astype(np.int8)
        return Aside(state.inner, np.zeros(len(did), dtype=bool), signed[:, None])

    def moved(self, state: Aside, outcome: Outcome) -> Outcome:
        rewards = (outcome.rewards + self._transfers(state, outcome.executed)).astype(np.float32)
        again = outcome.round_end & (self.contracts[0] == EACH_ROUND)
        aside = again & self.inner.active(outcome.state).any(axis=1)
        signed = np.where(again[:, None], np.int8(-1), state.noted)
        return outcome._replace(state=Aside(outcome.state, aside, signed), rewards=rewards)

    def _transfers(self, state: Aside, done: Int[np.ndarray, "B N"]) -> NDArray[np.float64]:
        """What the contract in force moves to each seat, `[B, N]`; each match's entries sum to 0."""
        spec = self.inner.spec
        cooperative = np.isin(np.arange(len(spec.actions)), spec.cooperative)
        could = (self.inner.legal(state.inner) & cooperative).any(axis=2) & self.inner.active(state.inner)
        pays = (could & ~cooperative[np.clip(done, 0, None)]).astype(np.float64)
        amount = np.array([*self.amounts, 0.0])[state.noted[:, 0]]
        others = short_sum(pays)[:, None] - pays
        return amount[:, None] * (others / (spec.seats - 1) - pays)

    def situation(self, known: Aside, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """What the game inside tells, and `contract`: what a defector pays now (0: no contract is in force)."""
        return super().situation(known, seat) | {"contract": np.array([*self.amounts, 0.0])[known.noted[:, 0]]}

    def shown(self, state: Aside) -> Float[np.ndarray, "B N F"]:
        """Whether consent is asked for now, and which contract is in force, one-hot."""
        signed = state.noted == np.arange(len(self.amounts))
        row = np.concatenate([state.aside[:, None], signed], axis=1).astype(np.float32)
        return np.repeat(row[:, None], self.inner.spec.seats, axis=1)


def with_contracts(game: Game, contracts: Any) -> Game:
    """`game` with contracts; `contracts` is what a defector pays, or several such amounts to choose from.

    A list may begin with "once" (consent is asked for before the first round alone) or "each round" (the default).
    Raises `BadParameter` for amounts that are not above 0, and around games of one seat, in which cooperation means
    nothing, whose reactions are events, with contracts in them already, or with private monitoring (what others do is
    no ground for payment there: the payment would tell it).
    """
    made = Contracted(game, _terms(contracts))
    spec, kinds = game.spec, {type(layer) for layer in layers(game)}
    checks = [
        (spec.seats > 1, "there is nobody else to pay"),
        (0 < len(spec.cooperative) < len(spec.actions), "its actions do not tell cooperation from defection"),
        (Contracted not in kinds, "there are contracts in it already"),
        (Monitored not in kinds, "payments by what was done would tell what private monitoring hides"),
    ]
    for holds, message in checks:
        if not holds:
            raise BadParameter(f"contracts cannot go around {spec.name}: {message}")
    _ = made.spec  # what does not fit is refused now
    return made


def contracted(game: Game) -> Contracted | None:
    """The layer of a game that brings contracts into it; None for games without."""
    return next((layer for layer in layers(game) if isinstance(layer, Contracted)), None)


def _terms(contracts: Any) -> tuple[Any, ...]:
    """When consent is asked for, and the amounts."""
    given = tuple(contracts) if isinstance(contracts, list | tuple) else (contracts,)
    when, amounts = (given[0], given[1:]) if given and isinstance(given[0], str) else (EACH_ROUND, given)
    numbers = all(isinstance(x, int | float | np.number) and not isinstance(x, bool) for x in amounts)
    if when not in (EACH_ROUND, ONCE) or not amounts or not numbers:
        raise BadParameter(
            f"contracts is {contracts!r}; it must be an amount or a list of amounts, "
            f"which may begin with {ONCE!r} or {EACH_ROUND!r}"
        )
    for amount in amounts:
        if not (amount > 0 and math.isfinite(amount)):
            raise BadParameter(f"an amount in contracts is {amount!r}; it must be above 0 and finite")
    if len({f"{amount:g}" for amount in amounts}) < len(amounts):
        raise BadParameter(f"contracts is {contracts!r}; its amounts must differ")
    return when, *(float(amount) for amount in amounts)
