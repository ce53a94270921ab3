"""Stackelberg games: a leader commits, and followers answer what they see.

Rules, each round: seat 0 commits, all see to what, and then all followers answer at once; payoffs come with the answer.
With `timing="simultaneous"` everybody chooses at once instead, which is the game that commitment is measured against.

* `kind="quantity"`: firms put quantities of one good on a market. The price is `demand` less `slope` times all of them,
  and 0 at the least; a firm earns price less own cost a unit. Source: von Stackelberg 1934, "Marktform und
  Gleichgewicht"; at once: Cournot 1838. With equal costs c and one follower the leader's best is (demand - c) / (2
  slope), answered by half of it; at once both sell (demand - c) / (3 slope).
* `kind="inspection"`: an inspector commits to a probability of looking, and each inspectee violates or complies.
  Payoffs are expected ones, so no dice are rolled. Looking costs the inspector `inspection_cost`; a violation that is
  not seen costs it `damage` and brings the inspectee `gain`, one that is seen costs the inspectee `penalty`. Source:
  Avenhaus, von Stengel and Zamir 2002, "Inspection games". Looking with probability gain / (gain + penalty) makes
  complying as good as violating, and is the least that does: an inspector who is seen to look so often has no
  violations at all. At once, it looks as often, and some violate.

Followers may find two answers equally good. Theory then takes the larger quantity, which is the worse for the leader,
and compliance; both have the higher index (`backward_induction(game, ties="last")`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, Game, GameSpec, Outcome
from prospect_env.games.parameters import amount, amounts, whole

#: the parameters that only one kind has
KINDS = {
    "quantity": ("quantities", "demand", "slope", "leader_cost", "follower_cost"),
    "inspection": ("probabilities", "gain", "penalty", "inspection_cost", "damage"),
}
TIMINGS = ("leader", "simultaneous")


@dataclass(frozen=True)
class Commitment:
    """Rounds played, Int32 `[B]`; whether the leader has committed, Bool `[B]`; last actions, Int8 `[B, N]` (or -1)."""

    round: Int[np.ndarray, " B"]
    committed: Bool[np.ndarray, " B"]
    last: Int[np.ndarray, "B N"]


@dataclass(frozen=True)
class Stackelberg(Game):
    """A leader and 1 or more `followers`, for `rounds` rounds; what else it takes depends on `kind`.

    `quantities` (0 or more) and `probabilities` (0 to 1) are what may be chosen, ascending. All other amounts are above
    0, but costs may be 0; `demand` is above both costs, and `damage` above `inspection_cost`. Raises `BadParameter` for
    other values, and for parameters of the other kind.
    """

    kind: str = "quantity"
    timing: str = "leader"
    followers: int = 1
    rounds: int = 10
    quantities: Sequence[float] = (0.0, 4.0, 6.0, 8.0, 12.0, 16.0)
    demand: float = 30.0
    slope: float = 1.0
    leader_cost: float = 6.0
    follower_cost: float = 6.0
    probabilities: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    gain: float = 1.0
    penalty: float = 4.0
    inspection_cost: float = 1.0
    damage: float = 2.0

    def __post_init__(self) -> None:
        for name, allowed in (("kind", tuple(KINDS)), ("timing", TIMINGS)):
            if getattr(self, name) not in allowed:
                raise BadParameter(f"{name} is {getattr(self, name)!r}; it may be {' or '.join(allowed)}")
        whole(self, followers=1, rounds=1)
        for field in fields(self):
            foreign = field.name in KINDS["inspection" if self._sells else "quantity"]
            given = getattr(self, field.name)
            if foreign and (tuple(given) if isinstance(given, list) else given) != field.default:
                raise BadParameter(f"{field.name} is {given!r}; kind {self.kind} does not have it")
            if foreign:
                object.__setattr__(self, field.name, field.default)
        grid, *others = KINDS[self.kind]
        amounts(self, *others)
        object.__setattr__(self, grid, _ascending(grid, getattr(self, grid), np.inf if self._sells else 1.0))
        self._check_amounts()

    def _check_amounts(self) -> None:
        positive = ("slope",) if self._sells else ("gain", "penalty", "inspection_cost")
        for name in positive:
            if getattr(self, name) <= 0:
                raise BadParameter(f"{name} is {getattr(self, name):g}; it must be above 0")
        for name in ("leader_cost", "follower_cost") if self._sells else ():
            if not 0 <= getattr(self, name) < self.demand:
                raise BadParameter(
                    f"{name} is {getattr(self, name):g}; it must be 0 or more and below demand, {self.demand:g}"
                )
        if not self._sells and self.damage <= self.inspection_cost:
            raise BadParameter(f"damage is {self.damage:g}; it must be above inspection_cost, {self.inspection_cost:g}")

    @property
    def parameters(self) -> dict[str, Any]:
        foreign = KINDS["inspection" if self._sells else "quantity"]
        return {name: value for name, value in super().parameters.items() if name not in foreign}

    @property
    def _sells(self) -> bool:
        return self.kind == "quantity"

    @property
    def _leads(self) -> bool:
        return self.timing == "leader"

    @property
    def commitment(self) -> tuple[float, float]:
        """What the leader commits to at best, and what each follower answers, were every number possible.

        Quantities, where both are above 0; or the probability of looking, and that of violating.
        """
        if not self._sells:
            return self.gain / (self.gain + self.penalty), 0.0
        n = self.followers
        leader = (self.demand + n * self.follower_cost - (n + 1) * self.leader_cost) / (2 * self.slope)
        return leader, (self.demand - self.follower_cost - self.slope * leader) / ((n + 1) * self.slope)

    @property
    def equilibrium(self) -> tuple[float, float]:
        """The same where all choose at once: Cournot's quantities, or the mixed equilibrium of inspection."""
        if not self._sells:
            return self.gain / (self.gain + self.penalty), self.inspection_cost / (self.damage * self.followers)
        n = self.followers
        leader = self.demand + n * self.follower_cost - (n + 1) * self.leader_cost
        follower = self.demand + self.leader_cost - 2 * self.follower_cost
        return leader / ((n + 2) * self.slope), follower / ((n + 2) * self.slope)

    @cached_property
    def values(self) -> Float[np.ndarray, " A"]:
        """The quantity or the probability that each action stands for; 0 for the others."""
        values = np.array([0.0, *self.quantities] if self._sells else [0.0, *self.probabilities, 0.0, 0.0])
        values.setflags(write=False)
        return values

    @cached_property
    def options(self) -> Bool[np.ndarray, "N A"]:
        """What each seat may do when it is its turn."""
        action, levels = np.arange(len(self.values)), len(self.quantities if self._sells else self.probabilities)
        leader = (action >= 1) & (action <= levels)
        answers = leader if self._sells else action > levels
        return np.stack([leader, *[answers] * self.followers])

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        leader, follower = ("leader", "follower") if self._sells else ("inspector", "inspectee")
        seats, labels, behind = self.followers + 1, self._labels, tuple(range(1, self.followers + 1))
        alike = self._sells and not self._leads and self.leader_cost == self.follower_cost
        payoffs, welfare = self._bounds
        return GameSpec(
            name="stackelberg",
            version=0,
            seats=seats,
            roles=("firm",) * seats if self._sells and not self._leads else (leader, *[follower] * self.followers),
            actions=labels,
            reactions=labels,
            reaction_of=tuple(range(len(labels))),
            horizon=self.rounds * (1 + self._leads),
            payoff_bounds=payoffs,
            welfare_bounds=welfare,
            cooperative=self._cooperative,
            uncooperative=self._uncooperative,
            interchangeable=((0, *behind),) if alike else ((0,), behind),
            observation_size=seats * len(labels) + 3,
            source="von Stackelberg 1934" if self._sells else "Avenhaus, von Stengel and Zamir 2002",
        )

    @property
    def _labels(self) -> tuple[str, ...]:
        if self._sells:
            return ("wait", *(f"produce {quantity:.12g}" for quantity in self.quantities))
        return ("wait", *(f"inspect {100 * p:.12g}%" for p in self.probabilities), "violate", "comply")

    @property
    def _cooperative(self) -> tuple[int, ...]:
        """Complying; or an even share of what a monopolist would sell, and less."""
        if not self._sells:
            return (len(self.values) - 1,)
        monopoly = (self.demand - min(self.leader_cost, self.follower_cost)) / (2 * self.slope)
        share = monopoly / (self.followers + 1) * (1 + 1e-9)
        return tuple(action for action in range(len(self.values) - 1, 0, -1) if self.values[action] <= share)

    @property
    def _uncooperative(self) -> tuple[int, ...]:
        """Violating; or selling more than that."""
        if not self._sells:
            return (len(self.values) - 2,)
        return tuple(action for action in range(1, len(self.values)) if action not in self._cooperative)

    @property
    def _bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The bounds of one seat's payoff, and of the sum of all."""
        leads, answers = np.flatnonzero(self.options[0]), np.flatnonzero(self.options[1])
        # A seat is worst and best off where the other followers do one thing; so are all inspectees together.
        joint = np.array(list(product(leads, answers, answers)))[:, [0, 1] + [2] * (self.followers - 1)]
        paid = self._pay(joint)
        sums = paid.sum(axis=1)
        if self._sells:
            behind = np.zeros(1)
            for _ in range(self.followers):
                behind = np.unique((behind[:, None] + self.values[answers]).round(9))
            total = self.values[leads][:, None] + behind
            costs = self.leader_cost * self.values[leads][:, None] + self.follower_cost * behind
            sums = np.maximum(0.0, self.demand - self.slope * total) * total - costs
        if self._leads:  # the leader's step pays nothing
            paid, sums = np.append(paid, 0.0), np.append(sums, 0.0)
        return (float(paid.min()), float(paid.max())), (float(sums.min()), float(sums.max()))

    def _pay(self, actions: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        """What a round pays when these were the last actions of all seats, float64."""
        values = self.values.take(actions, mode="clip")
        if self._sells:
            costs = np.array([self.leader_cost, *[self.follower_cost] * self.followers])
            price = np.maximum(0.0, self.demand - self.slope * short_sum(values))
            return np.asarray((price[:, None] - costs) * values)
        looks = values[:, :1]
        violates = actions[:, 1:] == len(self.values) - 2
        answers = violates * (self.gain * (1.0 - looks) - self.penalty * looks)
        unseen = short_sum(violates.astype(np.int64))[:, None] * (1.0 - looks)
        return np.concatenate([-self.inspection_cost * looks - self.damage * unseen, answers], axis=1)

    def initial(self, batch: int, chance: Chance) -> Commitment:
        last = np.full((batch, self.followers + 1), -1, dtype=np.int8)
        return Commitment(np.zeros(batch, dtype=np.int32), np.zeros(batch, dtype=bool), last)

    def active(self, state: Commitment) -> Bool[np.ndarray, "B N"]:
        going = (state.round < self.rounds)[:, None]
        if not self._leads:
            return np.repeat(going, self.followers + 1, axis=1)
        follows = np.arange(self.followers + 1) > 0
        return going & (follows == state.committed[:, None])

    def legal(self, state: Commitment) -> Bool[np.ndarray, "B N A"]:
        idle = np.arange(len(self.values)) == 0
        return np.where(self.active(state)[:, :, None], self.options, idle)

    def step(self, state: Commitment, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        active = self.active(state)
        executed = np.where(active, actions, -1).astype(np.int8)
        last = np.where(active, executed, state.last)
        # The followers' answer ends a round; at once, every choice does.
        ends = active[:, -1]
        rewards = np.where(ends[:, None], self._pay(last), 0.0).astype(np.float32)
        done = (state.round + ends).astype(np.int32)
        after = Commitment(done, active[:, 0] & ~ends, last)
        reactions = self.spec.reaction_table[executed]
        return Outcome(after, rewards, executed, reactions, None, ends, done >= self.rounds)

    def observe(self, state: Commitment) -> Float[np.ndarray, "B N O"]:
        """Last actions, own first, one-hot; whether one leads; whether the leader has committed; the time played."""
        batch, seats = state.last.shape
        shown = (state.last[:, :, None] == np.arange(len(self.values))).astype(np.float32)
        ahead = [np.roll(shown, -by, axis=1) for by in range(seats)]
        clock = np.stack([state.committed, state.round / self.rounds], axis=1, dtype=np.float32)
        leads = np.broadcast_to((np.arange(seats) == 0)[:, None], (batch, seats, 1)).astype(np.float32)
        return np.concatenate([*ahead, leads, np.repeat(clock[:, None], seats, axis=1)], axis=2)

    def situation(self, known: Commitment, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """The round, the rounds left, and what the leader has committed to, nan before it has."""
        standing = np.where(known.committed, self.values.take(known.last[:, 0], mode="clip"), np.nan)
        return {
            "round": np.minimum(known.round + 1, self.rounds),
            "rounds_left": self.rounds - known.round,
            "quantity_committed" if self._sells else "inspection_probability": standing,
        }


def _ascending(name: str, given: Any, most: float) -> tuple[float, ...]:
    """`given` as a tuple of two or more ascending numbers from 0 to `most`, or `BadParameter`."""
    if not isinstance(given, tuple | list) or not 2 <= len(given) <= LABELS - 4:
        raise BadParameter(f"{name} is {given!r}; it must be 2 to {LABELS - 4} numbers")
    grid = tuple(amount(f"{name}[{i}]", value) for i, value in enumerate(given))
    if grid[0] < 0 or grid[-1] > most or any(low >= high for low, high in pairwise(grid)):
        raise BadParameter(
            f"{name} is {grid}; it must be ascending, 0 or more" + (f", {most:g} at most" if most < np.inf else "")
        )
    return grid
