"""The traveller's dilemma: the lower of two claims is paid to both, with a bonus for having made it.

Rules: two travellers claim an amount from `low` to `high`, `spacing` apart, at once and unseen. Equal claims are paid.
Else both get the lower claim; whoever made it gets `bonus` on top, which the other pays. Source: Basu 1994, "The
traveler's dilemma: paradoxes of rationality in game theory" (claims 2 to 100, bonus 2); Capra, Goeree, Gomez and Holt
1999, "Anomalous behavior in a traveler's dilemma?" (claims 80 to 200 cents, bonus 5 to 80), whose range is the default.

If the bonus exceeds the spacing, undercutting by one claim pays against every claim but the lowest. So the lowest claim
is what common knowledge of rationality leaves: the only equilibrium. Together, the highest claim pays best. People who
think few steps ahead claim much, and the less the bonus the more.

Others see a claim as one of five bands: the lowest, the highest, and thirds of the range between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, GameSpec
from prospect_env.games.parameters import amounts, whole
from prospect_env.games.repeated import Repeated

BANDS = ("lowest", "low", "middle", "high", "highest")


@dataclass(frozen=True)
class TravellersDilemma(Repeated):
    """Claims from `low` to `high`, `spacing` apart; `bonus` > 0 goes from the higher claimant to the lower one.

    Action `k` claims `low + k * spacing`. Raises `BadParameter` unless `spacing` > 0 divides the range into up to 126
    parts, `bonus` is above 0 and `rounds` is 1 or more.
    """

    low: float = 80.0
    high: float = 200.0
    spacing: float = 10.0
    bonus: float = 20.0
    rounds: int = 10

    def __post_init__(self) -> None:
        whole(self, rounds=1)
        amounts(self, "low", "high", "spacing", "bonus")
        if self.bonus <= 0:
            raise BadParameter(f"bonus is {self.bonus:g}; it must be above 0")
        if self.low >= self.high:
            raise BadParameter(f"low is {self.low:g}; it must be below high, {self.high:g}")
        if self.spacing <= 0:
            raise BadParameter(f"spacing is {self.spacing:g}; it must be above 0")
        parts = (self.high - self.low) / self.spacing
        if abs(parts - round(parts)) > 1e-9 * parts or parts >= LABELS - 1:
            what = f"{self.low:g} to {self.high:g} into up to {LABELS - 2} parts"
            raise BadParameter(f"spacing is {self.spacing:g}; it must divide {what}")

    @cached_property
    def claims(self) -> Float[np.ndarray, " A"]:
        """The amount each action claims, ascending."""
        claims = np.linspace(self.low, self.high, round((self.high - self.low) / self.spacing) + 1)
        claims.setflags(write=False)
        return claims

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        count = len(self.claims)
        bands = [_band(k, count) for k in range(count)]
        used = sorted(set(bands))
        return GameSpec(
            name="travellers_dilemma",
            version=0,
            seats=2,
            roles=("traveller", "traveller"),
            actions=tuple(f"{claim:.12g}" for claim in self.claims),
            reactions=tuple(BANDS[band] for band in used),
            reaction_of=tuple(used.index(band) for band in bands),
            horizon=self.rounds,
            payoff_bounds=(self.low - self.bonus, max(self.high, float(self.claims[-2]) + self.bonus)),
            welfare_bounds=(2 * self.low, 2 * self.high),
            reference=self.low,
            cooperative=(count - 1,),
            interchangeable=((0, 1),),
            observation_size=2 * count + 1,
            source="Basu 1994; Capra, Goeree, Gomez and Holt 1999",
        )

    def pay(self, actions: Int[np.ndarray, "B 2"]) -> Float[np.ndarray, "B 2"]:
        mine = actions.astype(np.int64)
        theirs = mine[:, ::-1]
        lower = self.claims.take(np.minimum(mine, theirs), mode="clip")
        return (lower + self.bonus * np.sign(theirs - mine)).astype(np.float32)


def _band(k: int, count: int) -> int:
    """The index in `BANDS` of the `k`-th of `count` claims."""
    if k in (0, count - 1):
        return 0 if k == 0 else 4
    return 1 + 3 * (k - 1) // (count - 2)
