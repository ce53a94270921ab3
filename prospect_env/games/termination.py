"""`with_termination_probability`: after each round the game ends with a fixed probability.

Source: Roth and Murnighan 1978, "Equilibrium behavior and repeated play of the prisoner's dilemma". The game around
still ends where it would have ended; an end by chance comes only at the end of a round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Known, Outcome, State
from prospect_env.games.layers import layers
from prospect_env.games.modifier import Modifier


@dataclass(frozen=True)
class Terminable:
    """The state around, and whether chance has ended the match, Bool `[B]`."""

    inner: State
    ended: Bool[np.ndarray, " B"]


@dataclass(frozen=True)
class _Terminating(Modifier):
    termination_probability: float

    def initial(self, batch: int, chance: Chance) -> Terminable:
        return Terminable(self.inner.initial(batch, chance), np.zeros(batch, dtype=bool))

    def active(self, state: Terminable) -> Bool[np.ndarray, "B N"]:
        return self.inner.active(state.inner) & ~state.ended[:, None]

    def legal(self, state: Terminable) -> Bool[np.ndarray, "B N A"]:
        legal = self.inner.legal(state.inner)
        idle = np.arange(legal.shape[-1]) == 0
        return np.where(state.ended[:, None, None], idle, legal)

    def step(self, state: Terminable, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        outcome = self.inner.step(state.inner, actions, chance)
        stop = outcome.round_end & chance.derive("termination").bernoulli("end", self.termination_probability)
        ended = state.ended | stop
        return outcome._replace(state=Terminable(outcome.state, ended), terminated=outcome.terminated | ended)

    def board(self, state: Terminable) -> Int[np.ndarray, "B H W"] | None:
        return self.inner.board(state.inner)

    def situation(self, known: Terminable, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return self.inner.situation(known.inner, seat)

    def observe(self, state: Terminable) -> Float[np.ndarray, "B N O"]:
        return self.inner.observe(state.inner)

    def hide(self, state: Terminable, seat: int) -> Known:
        return Terminable(self.inner.hide(state.inner, seat), state.ended)

    def believe(self, known: Terminable, seat: int, chance: Chance) -> Terminable:
        return Terminable(self.inner.believe(known.inner, seat, chance), known.ended)

    @property
    def noiseless(self) -> Game:
        return replace(self, inner=self.inner.noiseless)

    @property
    def unending(self) -> Game:
        return replace(self, inner=self.inner.unending, termination_probability=0.0)

    @property
    def continuation(self) -> float:
        return self.inner.continuation * (1.0 - self.termination_probability)

    def executed(self, state: Terminable, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        return self.inner.executed(state.inner, probs)


def with_termination_probability(game: Game, termination_probability: float) -> Game:
    """`game`, which also ends after each round with probability `termination_probability` in 0..1."""
    if any(isinstance(layer, _Terminating) for layer in layers(game)):
        raise BadParameter(f"{game.spec.name} may end by chance already; termination_probability is given once")
    if not 0 <= termination_probability <= 1:
        raise BadParameter(f"termination_probability is {termination_probability!r}; it must be between 0 and 1")
    return _Terminating(game, float(termination_probability)) if termination_probability > 0 else game
