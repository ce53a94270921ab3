"""The beauty contest: guess a fraction of everybody's mean guess.

Rules: everybody guesses a whole number from 0 to `high`, at once. The guesses closest to `fraction` times the mean of
all guesses win and share the prize. Source: Moulin 1986, "Game Theory for the Social Sciences"; Nagel 1995,
"Unraveling in guessing games" (0 to 100, fractions 1/2 and 2/3). The idea is Keynes's (1936).

All guess 0 in equilibrium. With real numbers it is the only one; with whole numbers a few steps above 0 may hold too
(López 2001, "On p-beauty contest integer games"). Who takes the others to guess at random answers `fraction` times 50
(level 1), who takes them to be at level 1 answers `fraction` squared times 50, and so on.

Others see a guess as a band: 0; or closest, in ratio, to what some level would guess (levels 0 to 3), or below or above
these. The bands are named by the numbers in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, GameSpec
from prospect_env.games.parameters import amounts, whole
from prospect_env.games.repeated import Repeated

LEVELS = 4  #: levels of thinking, from 0, that have a band of their own
TIE = 1e-9  #: guesses whose distances from the target differ by less, relative to `high`, are equally close


@dataclass(frozen=True)
class BeautyContest(Repeated):
    """Guesses 0 to `high` (1 to 126); `fraction` is above 0 and below 1; `prize` > 0 is shared among the closest.

    Raises `BadParameter` for other values, fewer than 2 `seats` or fewer than 1 `rounds`. With two seats the lower
    guess always wins (Grosskopf and Nagel 2008); thinking in levels takes three or more.
    """

    seats: int = 3
    fraction: float = 2 / 3
    high: int = 100
    prize: float = 1.0
    rounds: int = 10

    def __post_init__(self) -> None:
        whole(self, seats=2, high=1, rounds=1)
        amounts(self, "fraction", "prize")
        if self.high > LABELS - 2:
            raise BadParameter(f"high is {self.high}; it must be at most {LABELS - 2}")
        if not 0 < self.fraction < 1:
            raise BadParameter(f"fraction is {self.fraction:g}; it must be above 0 and below 1")
        if self.prize <= 0:
            raise BadParameter(f"prize is {self.prize:g}; it must be above 0")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        guesses = range(self.high + 1)
        bands = [self._band(guess) for guess in guesses]
        used = sorted(set(bands))
        inside = [[guess for guess in guesses if bands[guess] == band] for band in used]
        return GameSpec(
            name="beauty_contest",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=tuple(str(guess) for guess in guesses),
            reactions=tuple(f"{band[0]} to {band[-1]}" if len(band) > 1 else str(band[0]) for band in inside),
            reaction_of=tuple(used.index(band) for band in bands),
            horizon=self.rounds,
            payoff_bounds=(0.0, self.prize),
            welfare_bounds=(self.prize, self.prize),
            reference=self.prize / self.seats,
            interchangeable=(tuple(range(self.seats)),),
            observation_size=self.seats * (self.high + 1) + 1,
            source="Moulin 1986; Nagel 1995",
        )

    def pay(self, actions: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        guesses = actions.astype(np.float64)
        target = self.fraction * short_sum(guesses) / self.seats
        away = np.abs(guesses - target[:, None])
        closest = away <= away.min(axis=1, keepdims=True) + TIE * self.high
        return (self.prize * closest / closest.sum(axis=1, keepdims=True)).astype(np.float32)

    def _band(self, guess: int) -> int:
        """0 for the guess 0, then the bands from the deepest thinking up to above level 0."""
        if guess == 0:
            return 0
        # A level's guess is `fraction` ** level * high / 2; its band reaches half a level both ways (Nagel 1995).
        level = round(np.log(2 * guess / self.high) / np.log(self.fraction))
        return 1 + LEVELS - min(max(level, -1), LEVELS)
