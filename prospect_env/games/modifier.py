"""A game around a game: what every modifier passes through, so that each says only what it changes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, GameSpec, Known, Outcome, State


@dataclass(frozen=True)
class Modifier(Game):
    """The rules of `inner`; subclasses are final and change `step` and what goes with it."""

    inner: Game

    @property
    def spec(self) -> GameSpec:  # type: ignore[override]
        return self.inner.spec

    def initial(self, batch: int, chance: Chance) -> State:
        return self.inner.initial(batch, chance)

    def active(self, state: State) -> Bool[np.ndarray, "B N"]:
        return self.inner.active(state)

    def legal(self, state: State) -> Bool[np.ndarray, "B N A"]:
        return self.inner.legal(state)

    @abstractmethod
    def step(self, state: State, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        """One joint transition under the changed rules."""

    def observe(self, state: State) -> Float[np.ndarray, "B N O"]:
        return self.inner.observe(state)

    def hide(self, state: State, seat: int) -> Known:
        return self.inner.hide(state, seat)

    def believe(self, known: Known, seat: int, chance: Chance) -> State:
        return self.inner.believe(known, seat, chance)

    @property
    def noiseless(self) -> Game:
        return self.inner.noiseless

    @property
    def unending(self) -> Game:
        return self.inner.unending

    @property
    def continuation(self) -> float:
        return self.inner.continuation

    def executed(self, state: State, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        return self.inner.executed(state, probs)
