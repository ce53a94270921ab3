"""A game around a game: what every modifier passes through, so that each says only what it changes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, GameSpec, Known, Outcome, State, Tile


@dataclass(frozen=True)
class Modifier(Game):
    """The rules of `inner`; subclasses are final and change `step` and what goes with it."""

    inner: Game

    @property
    def spec(self) -> GameSpec:  # type: ignore[override]
        return self.inner.spec

    @property
    def legend(self) -> tuple[Tile, ...]:  # type: ignore[override]
        return self.inner.legend

    @property
    def parameters(self) -> dict[str, Any]:
        mine = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "inner"}
        return self.inner.parameters | mine

    @property
    def edges(self) -> tuple[tuple[int, int], ...] | None:
        return self.inner.edges

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

    def board(self, state: State) -> Int[np.ndarray, "B H W"] | None:
        return self.inner.board(state)

    def situation(self, known: Known, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return self.inner.situation(known, seat)

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
