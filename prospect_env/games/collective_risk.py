"""Collective risk: reach a common target together, or everybody may lose everything.

Rules: every seat has `endowment` of its own. In each of `rounds` rounds all choose at once how much of it to put into a
common account, one of `contributions`; everybody sees what everybody put in. If at the end there is `target` or more in
the account, each seat keeps what it has left. Otherwise, with probability `probability`, one draw for all, everybody
loses it. What is in the account is gone either way.

Source: Milinski et al. 2008, "The collective-risk social dilemma and the prevention of simulated dangerous climate
change": six seats, ten rounds, 40 euros each, 0, 2 or 4 a round, target 120 and a probability of .9, .5 or .1; these
are the defaults. Savings are paid at the end: the last step pays what a seat takes home and all others nothing, so that
returns are the paper's payoffs.

A seat that has s left is paid s where the target is met, and (1 - probability) s is to be expected where it is missed.
All giving their fair share, target / (seats rounds) a round, leaves endowment - target / seats. That is an equilibrium
where it is at least (1 - probability) endowment, what keeping everything and missing the target brings: in the paper,
from probability .5 on. That nobody gives anything is one wherever no seat can meet the target alone.

A contribution of the fair share or more counts as cooperation. Measures: `contribution`, and `target_met`, 1 or 0 in
the last step and nan before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, Game, GameSpec, Outcome


@dataclass(frozen=True)
class Account:
    """`round` Int32 `[B]`, rounds played; by seat `[B, N]`: `given` Int64, in all, and `last` Int8, the last choice."""

    round: Int[np.ndarray, " B"]
    given: Int[np.ndarray, "B N"]
    last: Int[np.ndarray, "B N"]


@dataclass(frozen=True)
class CollectiveRisk(Game):
    """`contributions` rise from 0 and can all be afforded; amounts are whole numbers; `probability` is 0 to 1."""

    seats: int = 6
    rounds: int = 10
    endowment: int = 40
    contributions: Sequence[int] = (0, 2, 4)
    target: int = 120
    probability: float = 0.9

    def __post_init__(self) -> None:
        for name, least in (("seats", 2), ("rounds", 1), ("endowment", 1), ("target", 1)):
            number = getattr(self, name)
            if not _whole(number) or number < least:
                raise BadParameter(f"{name} is {number!r}; it must be a whole number, {least} or more")
        object.__setattr__(self, "contributions", tuple(self.contributions))
        amounts = self.contributions
        rises = all(_whole(amount) for amount in amounts) and list(amounts) == sorted(set(amounts))
        if not rises or not 2 <= len(amounts) < LABELS or amounts[0] != 0:
            raise BadParameter(
                f"contributions is {amounts!r}; it must be whole numbers that rise from 0, 2 to {LABELS - 1} of them"
            )
        largest = amounts[-1] * self.rounds
        if largest > self.endowment:
            raise BadParameter(f"endowment is {self.endowment}; giving the most in every round takes {largest}")
        if self.target > largest * self.seats:
            raise BadParameter(f"target is {self.target}; all seats together can give {largest * self.seats}")
        if not 0 <= self.probability <= 1:
            raise BadParameter(f"probability is {self.probability!r}; it must be between 0 and 1")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        labels = tuple(f"give {amount}" for amount in self.contributions)
        fair = [i for i, amount in enumerate(self.contributions) if amount * self.seats * self.rounds >= self.target]
        return GameSpec(
            name="collective_risk",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=labels,
            reactions=labels,
            reaction_of=tuple(range(len(labels))),
            horizon=self.rounds,
            payoff_bounds=(0.0, float(self.endowment)),
            welfare_bounds=self._welfare_bounds,
            # Of doing nothing, a step's share of what is to be expected at the end.
            reference=(1.0 - self.probability) * self.endowment / self.rounds,
            measures=("contribution", "target_met"),
            cooperative=tuple(fair),
            interchangeable=(tuple(range(self.seats)),),
            deterministic=self.probability in (0, 1),
            observation_size=2 + 2 * self.seats,
            source="Milinski et al. 2008",
        )

    @property
    def _welfare_bounds(self) -> tuple[float, float]:
        """Steps before the last pay nothing, and what the last pays was not given."""
        whole, all_given = self.seats * self.endowment, self.seats * self.rounds * self.contributions[-1]
        # Without danger there is something in a last step that is the only one; in others there may be nothing.
        least = whole - all_given if self.probability == 0 and self.rounds == 1 else 0
        # Where missing the target is certain ruin, just enough is given to meet it.
        most = whole - self._least_enough if self.probability == 1 else whole
        return float(least), float(most)

    @property
    def _least_enough(self) -> int:
        """The least total of everybody's contributions that meets the target."""
        sums = 1  # bit k: a total of k can be given
        for _ in range(self.seats * self.rounds):
            before = sums
            for amount in self.contributions:
                sums |= before << amount
        above = sums >> self.target
        return self.target + (above & -above).bit_length() - 1

    @cached_property
    def amounts(self) -> Int[np.ndarray, " A"]:
        """What each action puts into the account."""
        return np.array(self.contributions, dtype=np.int64)

    def initial(self, batch: int, chance: Chance) -> Account:
        given = np.zeros((batch, self.seats), dtype=np.int64)
        return Account(np.zeros(batch, dtype=np.int32), given, np.full((batch, self.seats), -1, dtype=np.int8))

    def active(self, state: Account) -> Bool[np.ndarray, "B N"]:
        return np.repeat((state.round < self.rounds)[:, None], self.seats, axis=1)

    def legal(self, state: Account) -> Bool[np.ndarray, "B N A"]:
        going = np.repeat((state.round < self.rounds)[:, None, None], self.seats, axis=1)
        return going | (np.arange(len(self.contributions)) == 0)

    def step(self, state: Account, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        going = state.round < self.rounds
        executed = np.where(going[:, None], actions, -1).astype(np.int8)
        amounts = np.where(executed >= 0, self.amounts[np.maximum(executed, 0)], 0)
        given, done = state.given + amounts, state.round + going.astype(np.int32)
        last = going & (done >= self.rounds)
        met = short_sum(given) >= self.target
        lost = last & ~met
        # Nothing is drawn before it matters, so that a view need not roll dice in every step.
        if lost.any() and self.probability < 1:
            lost &= chance.bernoulli("catastrophe", self.probability)
        takes_home = (last & ~lost)[:, None]
        measured = (amounts, np.where(last, met, np.nan)[:, None].repeat(self.seats, axis=1))
        return Outcome(
            state=Account(done, given, np.where(going[:, None], executed, state.last)),
            rewards=np.where(takes_home, self.endowment - given, 0).astype(np.float32),
            executed=executed,
            reactions=self.spec.reaction_table[executed],
            seen=None,
            round_end=going,
            terminated=done >= self.rounds,
            measures=np.stack(measured, axis=2).astype(np.float32),
        )

    def observe(self, state: Account) -> Float[np.ndarray, "B N O"]:
        """The time played, the account (of the target, at most 1), and what seats gave, own first.

        That is: last (of the most they could; -1 nothing yet), then in all (of the endowment).
        """
        batch = len(state.round)
        last = np.where(state.last < 0, -1.0, self.amounts[np.maximum(state.last, 0)] / self.contributions[-1])
        given = state.given / self.endowment
        seen = np.empty((batch, self.seats, self.spec.observation_size), dtype=np.float32)
        seen[:, :, 0] = (state.round / self.rounds)[:, None]
        seen[:, :, 1] = np.minimum(short_sum(state.given) / self.target, 1.0)[:, None]
        for ahead in range(self.seats):
            seen[:, :, 2 + ahead] = np.roll(last, -ahead, axis=1)
            seen[:, :, 2 + self.seats + ahead] = np.roll(given, -ahead, axis=1)
        return seen

    def situation(self, known: Account, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return {
            "round": np.minimum(known.round + 1, self.rounds),
            "account": short_sum(known.given),
            "own_savings": self.endowment - known.given[:, seat],
        }


def _whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)
