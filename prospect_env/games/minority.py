"""The minority game: an odd number of seats choose a side, and the smaller side wins.

Rules: everybody chooses side A or B, at once; whoever is on the side of fewer is paid `prize`, the others nothing. All
see everybody's choices of all earlier rounds. Source: Challet and Zhang 1997, "Emergence of cooperation and
organization in an evolutionary game", after Arthur's El Farol bar (1994).

A side that everybody expects to win loses: whoever is predictable is beaten. In one round nobody can gain alone where
the sides differ by one seat, nor where everybody tosses a coin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import GameSpec
from prospect_env.games.parameters import amounts, whole
from prospect_env.games.repeated import Repeated


@dataclass(frozen=True)
class Minority(Repeated):
    """An odd number of `seats`, 3 or more, and a `prize` above 0; raises `BadParameter` for other values."""

    seats: int = 3
    prize: float = 1.0
    rounds: int = 10

    def __post_init__(self) -> None:
        whole(self, seats=3, rounds=1)
        amounts(self, "prize")
        if self.seats % 2 == 0:
            raise BadParameter(f"seats is {self.seats}; it must be odd, so that one side is smaller")
        if self.prize <= 0:
            raise BadParameter(f"prize is {self.prize:g}; it must be above 0")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        return GameSpec(
            name="minority",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=("A", "B"),
            reactions=("A", "B"),
            reaction_of=(0, 1),
            horizon=self.rounds,
            payoff_bounds=(0.0, self.prize),
            welfare_bounds=(0.0, self.prize * (self.seats // 2)),
            interchangeable=(tuple(range(self.seats)),),
            observation_size=2 * self.seats + 1,
            source="Challet and Zhang 1997",
        )

    def pay(self, actions: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        on_b = (actions == 1).sum(axis=1, keepdims=True)
        smaller = (on_b <= self.seats // 2).astype(np.int8)
        return (self.prize * (actions == smaller)).astype(np.float32)
