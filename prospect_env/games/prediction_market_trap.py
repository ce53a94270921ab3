"""The prediction-market trap: who is paid for foreseeing others is paid for making them foreseeable.

Rules: seat 0 is the forecaster, the others are partners. A round has two steps.

1. The forecaster chooses how free the partners are, and bets, for all to see, on how probably one of them goes left:
   the first partner in the first round, the second in the second, and so on by turns.
2. The partners go left or right, all at once. To have a field to oneself pays `alone`, to share it with all others
   `together`, and in between in proportion.

   ===========  ====================================================
   intervention  what it does in this round
   ===========  ====================================================
   leave free   nothing
   nudge        going right costs a partner `levy`, which nobody gets
   lock in      right is closed: all go left
   ===========  ====================================================

The forecaster gets `score` times 1 - (bet - y)^2, y being 1 if that partner went left and 0 if it went right (a proper
score: it pays to bet what one believes), and `share` of what the partners earn together.

Free partners at equilibrium go left half the time, each earning (alone + together) / 2, and nobody can foresee which.
Against such partners an honest bet, one half, earns 3/4 `score` and a bet on a closed field the whole of it, while each
partner loses (alone - together) / 2: locking in pays the forecaster as long as
score / 4 > share * partners * (alone - together) / 2. With a levy above alone - together, left is better whatever
others do: a nudge will do for partners who look after themselves. Partners with habits can be foreseen in freedom, and
to know their habits is then worth more than to lock them in.

Measures, by seat, in the second step of a round (nan elsewhere): `forecast_pay` and `welfare_share`, the two parts of
the forecaster's pay; `welfare_lost`, what free partners at equilibrium earn on average less what was earned, by each
partner and, at the forecaster's seat, by all; and at that seat `intervention`: 0 free, 1 nudged, 2 locked in.

Sources: predictions that change what they predict, Perdomo et al. 2020; traders who act on what they bet on, Ottaviani
and Sørensen 2007; quadratic scores, Brier 1950.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.games.parameters import amount, amounts, whole

FREE, NUDGE, LOCK = 0, 1, 2
INTERVENTIONS = ("leave free", "nudge", "lock in")


@dataclass(frozen=True)
class Market:
    """`turn` Int32 `[B]`: even, the forecaster chooses; odd, the partners do.

    `chosen` Int8 `[B]`: the forecaster's last choice, intervention times the number of bets, plus bet; -1 none yet.
    `left` Int8 `[B, P]`: where each partner went last, 1 left, 0 right, -1 nowhere yet.
    """

    turn: Int[np.ndarray, " B"]
    chosen: Int[np.ndarray, " B"]
    left: Int[np.ndarray, "B P"]


@dataclass(frozen=True)
class PredictionMarketTrap(Game):
    """`partners` >= 2, `rounds` >= 1; `alone` >= `together`; `bets` are probabilities, rising."""

    partners: int = 2
    rounds: int = 10
    alone: float = 3.0
    together: float = 1.0
    levy: float = 2.5
    score: float = 4.0
    share: float = 0.1
    bets: Sequence[float] = (0.0, 0.5, 1.0)

    def __post_init__(self) -> None:
        whole(self, partners=2, rounds=1)
        amounts(self, "alone", "together", "levy", "score", "share")
        if self.partners > 100:
            raise BadParameter(f"partners is {self.partners}; it may be 2 to 100")
        if self.alone < self.together:
            raise BadParameter(f"alone is {self.alone:g} and together {self.together:g}; alone may not be less")
        for name in ("levy", "score", "share"):
            if getattr(self, name) < 0:
                raise BadParameter(f"{name} is {getattr(self, name):g}; it must be 0 or more")
        given = self.bets if isinstance(self.bets, tuple | list) else ()
        bets = tuple(amount("a bet", bet) for bet in given)
        rising = all(low < high for low, high in pairwise(bets))
        if not 1 <= len(bets) <= 40 or not rising or not (bets[0] >= 0 and bets[-1] <= 1):
            raise BadParameter(f"bets is {self.bets!r}; it must be 1 to 40 numbers between 0 and 1, rising")
        object.__setattr__(self, "bets", bets)

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        choices = [f"{what}, bet {bet:g}" for what in INTERVENTIONS for bet in self.bets]
        forecasters, each, welfare = self._ranges
        return GameSpec(
            name="prediction_market_trap",
            version=0,
            seats=self.partners + 1,
            roles=("forecaster",) + ("partner",) * self.partners,
            actions=("wait", *choices, "left", "right"),
            reactions=("wait", *INTERVENTIONS, "left", "right"),
            reaction_of=(0, *(1 + what for what in range(3) for _ in self.bets), 4, 5),
            horizon=2 * self.rounds,
            window=2,
            payoff_bounds=(min(0.0, forecasters[0], each[0]), max(0.0, forecasters[1], each[1])),
            welfare_bounds=(min(0.0, welfare[0]), max(0.0, welfare[1])),
            measures=("forecast_pay", "welfare_share", "welfare_lost", "intervention"),
            interchangeable=tuple((seat,) for seat in range(self.partners + 1)),
            observation_size=6 + 3 * self.partners,
            source="Perdomo et al. 2020",
        )

    @property
    def left(self) -> int:
        """The action of going left; that of going right is the next."""
        return 1 + len(INTERVENTIONS) * len(self.bets)

    def action(self, intervention: int, bet: int) -> int:
        """The forecaster's action that intervenes so and makes the bet `bets[bet]`."""
        return 1 + intervention * len(self.bets) + bet

    @property
    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
        """The least and the largest a forecaster, a partner and all of them can get in a second step."""
        # The partner in question goes either way, and any number of the others goes left.
        others = np.arange(self.partners - 1) < np.arange(self.partners)[:, None]
        went = np.concatenate([np.insert(others, 0, way, axis=1) for way in (False, True)])
        first, second, third = [], [], []
        # Locked in they get what they would get if all went left freely.
        for intervention in (FREE, NUDGE):
            earned = self._earned(np.full(len(went), intervention), went)
            together = earned.sum(axis=1)
            got = [self._scored(np.full(len(went), bet), went[:, 0]) + self.share * together for bet in self.bets]
            first += got
            second.append(earned.ravel())
            third += [paid + together for paid in got]
        ends = [
            (float(np.concatenate(pays).min()), float(np.concatenate(pays).max())) for pays in (first, second, third)
        ]
        return ends[0], ends[1], ends[2]

    def _earned(self, intervention: Int[np.ndarray, " B"], left: Bool[np.ndarray, "B P"]) -> Float[np.ndarray, "B P"]:
        """What each partner earns."""
        lefts = short_sum(left.astype(np.float64))[:, None]
        elsewhere = np.where(left, self.partners - lefts, lefts) / (self.partners - 1)
        levied = ~left & (intervention == NUDGE)[:, None]
        return np.asarray(self.together + (self.alone - self.together) * elsewhere - self.levy * levied)

    def _scored(self, bet: Float[np.ndarray, " B"], left: Bool[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """What a bet on one partner pays, `score` times 1 - (bet - y)^2."""
        return np.asarray(self.score * (1.0 - (bet - left) ** 2))

    def question(self, state: Market) -> Int[np.ndarray, " B"]:
        """Which partner, from 0, is bet on in this round."""
        return state.turn // 2 % self.partners

    def betting(self, state: Market) -> Bool[np.ndarray, " B"]:
        """Where the forecaster chooses now."""
        return (state.turn % 2 == 0) & (state.turn < 2 * self.rounds)

    def settling(self, state: Market) -> Bool[np.ndarray, " B"]:
        """Where the partners choose now."""
        return state.turn % 2 == 1

    def intervention(self, state: Market) -> Int[np.ndarray, " B"]:
        """The last intervention, -1 before the first."""
        return state.chosen // len(self.bets)

    def initial(self, batch: int, chance: Chance) -> Market:
        nowhere = np.full((batch, self.partners), -1, dtype=np.int8)
        return Market(np.zeros(batch, dtype=np.int32), np.full(batch, -1, dtype=np.int8), nowhere)

    def active(self, state: Market) -> Bool[np.ndarray, "B N"]:
        partners = np.repeat(self.settling(state)[:, None], self.partners, axis=1)
        return np.concatenate([self.betting(state)[:, None], partners], axis=1)

    def legal(self, state: Market) -> Bool[np.ndarray, "B N A"]:
        active = self.active(state)
        legal = np.zeros((*active.shape, len(self.spec.actions)), dtype=bool)
        legal[:, :, 0] = ~active
        legal[:, 0, 1 : self.left] = active[:, :1]
        legal[:, 1:, self.left] = active[:, 1:]
        legal[:, 1:, self.left + 1] = active[:, 1:] & (self.intervention(state) != LOCK)[:, None]
        return legal

    def step(self, state: Market, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        betting, settling = self.betting(state), self.settling(state)
        done = np.where(self.active(state), actions, -1).astype(np.int8)
        left = done[:, 1:] == self.left
        intervention = self.intervention(state)
        earned = self._earned(intervention, left)
        bet = np.array(self.bets)[state.chosen % len(self.bets)]
        asked = left[np.arange(len(left)), self.question(state)]
        total = short_sum(earned)
        forecast_pay, welfare_share = self._scored(bet, asked), self.share * total
        rewards = np.concatenate([(forecast_pay + welfare_share)[:, None], earned], axis=1)

        usual = (self.alone + self.together) / 2
        measures = np.full((*done.shape, 4), np.nan)
        measures[:, 0] = np.stack([forecast_pay, welfare_share, self.partners * usual - total, intervention], axis=1)
        measures[:, 1:, 2] = usual - earned
        after = Market(
            turn=state.turn + (betting | settling).astype(np.int32),
            chosen=np.where(betting, done[:, 0] - 1, state.chosen).astype(np.int8),
            left=np.where(settling[:, None], left, state.left).astype(np.int8),
        )
        return Outcome(
            state=after,
            rewards=np.where(settling[:, None], rewards, 0.0).astype(np.float32),
            executed=done,
            reactions=self.spec.reaction_table[done],
            seen=None,
            round_end=settling,
            terminated=after.turn >= 2 * self.rounds,
            measures=np.where(settling[:, None, None], measures, np.nan).astype(np.float32),
        )

    def observe(self, state: Market) -> Float[np.ndarray, "B N O"]:
        """Phase, time, bet, intervention; then by partner, from oneself on, where it went and whether it is bet on."""
        batch, seats = len(state.turn), self.partners + 1
        known = state.chosen >= 0
        bet = np.array(self.bets)[state.chosen % len(self.bets)]
        clock = [self.settling(state), state.turn / (2 * self.rounds), np.where(known, bet, -1.0)]
        last = [self.intervention(state) == what for what in range(3)]
        seen = np.empty((batch, seats, self.spec.observation_size), dtype=np.float32)
        seen[:, :, :6] = np.stack([*clock, *last], axis=1)[:, None]
        question = self.question(state)[:, None] == np.arange(self.partners)
        went = np.stack([state.left == 1, state.left == 0, question], axis=2)
        for seat in range(seats):
            seen[:, seat, 6:] = np.roll(went, -max(seat - 1, 0), axis=1).reshape(batch, -1)
        return seen

    def situation(self, known: Market, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return {"round": np.minimum(known.turn // 2 + 1, self.rounds), "bet_is_on_player": self.question(known) + 1}
