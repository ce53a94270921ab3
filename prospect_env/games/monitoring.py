"""`with_private_monitoring`: after each round every seat sees a signal of what each other did, and others see others.

Rules: a signal is what the other did with probability 1 - `private_monitoring`, and otherwise another of that seat's
legal actions, all equally likely; signals err independently of each other. One's own action one knows. So that payoffs
tell no more than signals do, a seat is paid by its own action and its signals, as the table says of them. Nobody learns
what anybody else saw. Sources: Sekiguchi 1997, "Efficiency in repeated prisoner's dilemma with private monitoring";
Kandori 2002, "Introduction to repeated games with private monitoring".

What a seat believes is reckoned from a uniform prior over what others did. Expected payoffs are those of the table,
blurred: where both cooperate in a prisoner's dilemma, each expects (1 - e) R + e S.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.core.state import take
from prospect_env.games.layers import fixed_rounds, label, layers
from prospect_env.games.modifier import Modifier
from prospect_env.games.repeated import Round

PROFILES = 4096  #: joint actions up to which the bounds of welfare are exact


@dataclass(frozen=True)
class Signals:
    """What is so, and what seat `i` saw of seat `j` last, Int8 `[B, N, N]` (-1 before the first round)."""

    inner: Round
    saw: Int[np.ndarray, "B N N"]


@dataclass(frozen=True)
class Monitored(Modifier):
    """Build one with `with_private_monitoring`."""

    private_monitoring: float

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        welfare = self._welfare_bounds()
        return replace(self.inner.spec, perfect_information=False, deterministic=False, welfare_bounds=welfare)

    def _welfare_bounds(self) -> tuple[float, float]:
        """Seats are paid by what they saw, so the sum is least where each sees the worst of what it may see."""
        spec, luck = self.inner.spec, Chance(np.zeros(1, dtype=np.uint64))
        start = self.inner.initial(1, luck)
        options = [np.flatnonzero(row) for row in self.inner.legal(start)[0]]
        count = prod(len(row) for row in options)
        if count > PROFILES:
            return spec.seats * spec.payoff_bounds[0], spec.seats * spec.payoff_bounds[1]
        profiles, rows = np.array(list(product(*options))), np.zeros(count, dtype=np.int64)
        paid = self.inner.noiseless.step(take(start, rows), profiles, take(luck, rows)).rewards.astype(np.float64)
        return float(paid.min(axis=0).sum()), float(paid.max(axis=0).sum())

    def initial(self, batch: int, chance: Chance) -> Signals:
        seats = self.inner.spec.seats
        return Signals(self.inner.initial(batch, chance), np.full((batch, seats, seats), -1, dtype=np.int8))

    def active(self, state: Signals) -> Bool[np.ndarray, "B N"]:
        return self.inner.active(state.inner)

    def legal(self, state: Signals) -> Bool[np.ndarray, "B N A"]:
        return self.inner.legal(state.inner)

    def step(self, state: Signals, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        outcome = self.inner.step(state.inner, actions, chance)
        legal = self.inner.legal(state.inner)
        saw = self._signals(outcome.executed, legal, chance.derive("private_monitoring"), "signal")
        batch, seats = actions.shape
        rows = np.repeat(np.arange(batch), seats)
        # One row a (match, seat): the round as the seat saw it.
        as_seen = self.inner.noiseless.step(take(state.inner, rows), saw.reshape(-1, seats), take(chance, rows))
        own = np.arange(seats)
        rewards = as_seen.rewards.reshape(batch, seats, seats)[:, own, own]
        return outcome._replace(state=Signals(outcome.state, saw), rewards=rewards, seen=saw)

    def _signals(
        self, done: Int[np.ndarray, "B N"], legal: Bool[np.ndarray, "B N A"], chance: Chance, purpose: str
    ) -> NDArray[np.int8]:
        """What each seat sees of each, `[B, N, N]`, given what was done."""
        _, seats, actions = legal.shape
        others = legal & (np.arange(actions) != done[:, :, None])
        count = others.sum(axis=2)[:, None]
        errs = chance.uniform(f"{purpose}/errs", (seats, seats)) < self.private_monitoring
        errs &= ~np.eye(seats, dtype=bool) & (count > 0) & (done >= 0)[:, None]
        # The k-th legal action other than what was done.
        k = (chance.uniform(f"{purpose}/other", (seats, seats)) * count).astype(np.int64)
        wrong = np.argmax(np.cumsum(others, axis=2)[:, None] == k[..., None] + 1, axis=3)
        return np.where(errs, wrong, done[:, None]).astype(np.int8)

    def observe(self, state: Signals) -> Float[np.ndarray, "B N O"]:
        views = [self.inner.observe(self._as_seen(state, seat))[:, seat] for seat in range(state.saw.shape[1])]
        return np.stack(views, axis=1)

    def _as_seen(self, state: Signals, seat: int) -> Round:
        return Round(state.inner.round, state.saw[:, seat])

    def board(self, state: Signals) -> Int[np.ndarray, "B H W"] | None:
        return self.inner.board(state.inner)

    def situation(self, known: Round, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return self.inner.situation(known, seat)

    def hide(self, state: Signals, seat: int) -> Round:
        """The round as the seat saw it."""
        return self._as_seen(state, seat)

    def believe(self, known: Round, seat: int, chance: Chance) -> Signals:
        legal = self.inner.legal(known)
        luck = chance.derive("private_monitoring")
        # With a uniform prior, what was done is spread around a signal as signals are around what was done.
        done = self._signals(known.last, legal, luck, "believed")[:, seat]
        saw = self._signals(done, legal, luck, "seen by others")
        saw[:, seat] = known.last
        return Signals(Round(known.round, done), saw)

    @cached_property
    def noiseless(self) -> Game:
        return replace(self, inner=self.inner.noiseless)

    @cached_property
    def unending(self) -> Game:
        return replace(self, inner=self.inner.unending)

    def executed(self, state: Signals, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        return self.inner.executed(state.inner, probs)


def with_private_monitoring(game: Game, private_monitoring: float) -> Game:
    """`game`, in which each seat sees another than each other's action with probability `private_monitoring`, 0..1.

    Raises `BadParameter` around anything but a game of rounds in which all move at once and all is seen (`Repeated`),
    and trembling hands and payoffs mapped by round around it: other modifiers go around private monitoring.
    """
    if isinstance(private_monitoring, bool) or not 0 <= private_monitoring <= 1:
        raise BadParameter(f"private_monitoring is {private_monitoring!r}; it must be between 0 and 1")
    *around, rules = layers(game)
    if fixed_rounds(game) is None or not rules.spec.perfect_information:
        raise BadParameter(
            f"private_monitoring cannot go around {rules.spec.name}: "
            "it needs rounds in which all seats move at once and see all that is done"
        )
    # Whoever begins with a state of its own keeps more than a round in it.
    strange = [label(layer) for layer in around if type(layer).initial is not Modifier.initial]
    if strange:
        raise BadParameter(
            f"private_monitoring cannot go around {' and '.join(strange)}; put these around private monitoring"
        )
    return Monitored(game, float(private_monitoring)) if private_monitoring > 0 else game
