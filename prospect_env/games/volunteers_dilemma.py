"""The volunteer's dilemma: one volunteer is enough for all, and volunteering costs.

Rules: everybody volunteers or abstains, at once. If anybody volunteers, everybody gets `benefit`; every volunteer pays
`cost`. Source: Diekmann 1985, "Volunteer's dilemma", Journal of Conflict Resolution 29.

Any single volunteer is an equilibrium, but who? In the symmetric one each volunteers with probability
1 - (cost / benefit) ** (1 / (seats - 1)), so the larger the group the more often nobody helps.
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

VOLUNTEER = 0


@dataclass(frozen=True)
class VolunteersDilemma(Repeated):
    """`benefit` above `cost` above 0, for 2 or more `seats`; raises `BadParameter` for other values."""

    seats: int = 3
    benefit: float = 2.0
    cost: float = 1.0
    rounds: int = 10

    def __post_init__(self) -> None:
        whole(self, seats=2, rounds=1)
        amounts(self, "benefit", "cost")
        if not 0 < self.cost < self.benefit:
            raise BadParameter(f"cost is {self.cost:g}; it must be above 0 and below benefit, {self.benefit:g}")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        return GameSpec(
            name="volunteers_dilemma",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=("volunteer", "abstain"),
            reactions=("volunteer", "abstain"),
            reaction_of=(0, 1),
            horizon=self.rounds,
            payoff_bounds=(0.0, self.benefit),
            welfare_bounds=(0.0, self.seats * self.benefit - self.cost),
            cooperative=(VOLUNTEER,),
            interchangeable=(tuple(range(self.seats)),),
            observation_size=2 * self.seats + 1,
            source="Diekmann 1985",
        )

    @property
    def equilibrium(self) -> float:
        """The probability of volunteering in the symmetric mixed equilibrium of one round."""
        return float(1.0 - (self.cost / self.benefit) ** (1.0 / (self.seats - 1)))

    def pay(self, actions: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        volunteers = actions == VOLUNTEER
        helped = volunteers.any(axis=1, keepdims=True)
        return (self.benefit * helped - self.cost * volunteers).astype(np.float32)
