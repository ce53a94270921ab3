"""Three seats give (0) or keep (1) at once: whoever gives pays 1, and the others get 2 each for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prospect_env.core.game import GameSpec
from prospect_env.games.repeated import Repeated


@dataclass(frozen=True)
class Trio(Repeated):
    """`rounds` of giving; who gives alone has -1, who keeps while both others give has 4."""

    rounds: int = 3

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        return GameSpec(
            name="trio",
            version=0,
            seats=3,
            roles=("player", "player", "player"),
            actions=("give", "keep"),
            reactions=("give", "keep"),
            reaction_of=(0, 1),
            horizon=self.rounds,
            payoff_bounds=(-1.0, 4.0),
            welfare_bounds=(0.0, 9.0),
            cooperative=(0,),
            interchangeable=((0, 1, 2),),
            observation_size=7,
        )

    def pay(self, actions: np.ndarray) -> np.ndarray:
        gives = (np.asarray(actions) == 0).astype(np.float32)
        return 2 * (gives.sum(axis=1, keepdims=True) - gives) - gives
