"""Commons: everybody harvests one stock that grows back, as long as enough of it is left.

Rules: a stock starts at `start` (by default at its capacity). In each round all seats choose at once how much to take,
one of `takes`. If that is more than there is, what there is is shared in proportion to what was wanted. What seats take
is what they are paid. If less than `collapse` is left (or nothing), the stock is dead and the match ends; otherwise
what is left, x, grows before the next round:

    logistic     x + rate x (1 - x / capacity), with rate at most 1        (Schaefer 1954; Gordon 1954)
    exponential  (1 + rate) x, at most capacity                            (with rate 1 GovSim, Piatti et al. 2024)

The largest total take that can go on for ever, the maximum sustainable yield, is what grows at best in a round: with
logistic growth rate capacity / 4, which leaves half of the capacity; with exponential growth what grows from
capacity / (1 + rate) to the capacity. From a smaller stock as much can be taken as leaves what grows back to it. A seat
that thinks of itself alone takes what it can before others do: the tragedy of Hardin 1968.

Taking at most a seat's share of the maximum sustainable yield counts as cooperation. Measures, the same for all seats:
`stock`, what the next round starts with (0 if it is dead), and `sustainable`, how much all together could have taken in
this round for ever on.
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

GROWTHS = ("logistic", "exponential")
PLAIN = 5  #: with more takes than this, others are described as taking nothing, a fair share or more


@dataclass(frozen=True)
class Stock:
    """`round` Int32 `[B]`, rounds played; `stock` Float64 `[B]`, 0 once dead; `last` Int8 `[B, N]`, last choices."""

    round: Int[np.ndarray, " B"]
    stock: Float[np.ndarray, " B"]
    last: Int[np.ndarray, "B N"]


@dataclass(frozen=True)
class Commons(Game):
    """`takes` are whole numbers that rise from 0; `collapse` is at most what the maximum sustainable yield leaves."""

    seats: int = 4
    rounds: int = 12
    capacity: float = 100.0
    growth: str = "logistic"
    rate: float = 0.8
    takes: Sequence[int] = (0, 5, 10, 20)
    collapse: float = 5.0
    start: float | None = None

    def __post_init__(self) -> None:
        for name, least in (("seats", 1), ("rounds", 1)):
            number = getattr(self, name)
            if not _whole(number) or number < least:
                raise BadParameter(f"{name} is {number!r}; it must be a whole number, {least} or more")
        self._check_stock()
        object.__setattr__(self, "takes", tuple(self.takes))
        rises = all(_whole(take) for take in self.takes) and list(self.takes) == sorted(set(self.takes))
        if not rises or not 2 <= len(self.takes) < LABELS or self.takes[0] != 0:
            raise BadParameter(
                f"takes is {self.takes!r}; it must be whole numbers that rise from 0, 2 to {LABELS - 1} of them"
            )

    def _check_stock(self) -> None:
        if self.growth not in GROWTHS:
            raise BadParameter(f"growth is {self.growth!r}; it may be {' or '.join(GROWTHS)}")
        if not 0 < self.capacity < float("inf"):
            raise BadParameter(f"capacity is {self.capacity!r}; it must be above 0")
        # Faster logistic growth would overshoot the capacity.
        fastest = 1.0 if self.growth == "logistic" else float("inf")
        if not 0 < self.rate <= fastest or self.rate == float("inf"):
            allowed = "above 0 and at most 1" if self.growth == "logistic" else "above 0"
            raise BadParameter(f"rate is {self.rate!r}; with {self.growth} growth it must be {allowed}")
        if not 0 <= self.collapse <= self.best_left:
            raise BadParameter(
                f"collapse is {self.collapse!r}; it must be from 0 to {self.best_left:g}, "
                f"which the maximum sustainable yield leaves"
            )
        if self.start is not None and not (0 < self.start <= self.capacity and self.start >= self.collapse):
            raise BadParameter(
                f"start is {self.start!r}; it must be above 0, from collapse {self.collapse:g} "
                f"to capacity {self.capacity:g}"
            )

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        labels = tuple(f"take {take}" for take in self.takes)
        fair = [i for i, take in enumerate(self.takes) if take * self.seats <= self.best_yield * (1 + 1e-9)]
        plain = len(labels) <= PLAIN
        coarse = [0 if i == 0 else 1 if i in fair else 2 for i in range(len(labels))]
        return GameSpec(
            name="commons",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=labels,
            reactions=labels if plain else ("nothing", "fair share", "more"),
            reaction_of=tuple(range(len(labels))) if plain else tuple(coarse),
            horizon=self.rounds,
            payoff_bounds=(0.0, min(float(self.takes[-1]), self._fullest)),
            welfare_bounds=(0.0, min(float(self.seats * self.takes[-1]), self._fullest)),
            measures=("stock", "sustainable"),
            cooperative=tuple(fair),
            interchangeable=(tuple(range(self.seats)),),
            observation_size=2 + self.seats,
            source="Hardin 1968; Gordon 1954; Piatti et al. 2024",
        )

    @property
    def best_left(self) -> float:
        """What the maximum sustainable yield leaves of the stock."""
        return self.capacity / 2 if self.growth == "logistic" else self.capacity / (1 + self.rate)

    @property
    def best_yield(self) -> float:
        """The maximum sustainable yield: the largest total take a round that can go on for ever."""
        return float(self.grown(np.array([self.best_left]))[0]) - self.best_left

    @property
    def best_stock(self) -> float:
        """The stock before each take, at the maximum sustainable yield."""
        return self.best_left + self.best_yield

    def grown(self, left: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """What is left, a round later."""
        if self.growth == "logistic":
            return left + self.rate * left * (1.0 - left / self.capacity)
        return np.minimum((1.0 + self.rate) * left, self.capacity)

    def sustainable(self, stock: Float[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """How much all together may take of this stock, so that as much can be taken again and again.

        That is the maximum sustainable yield where the stock allows it. From a smaller stock it is what leaves just
        enough to grow back: the x with grown(x) = stock; and 0 where that is too little to live.
        """
        small = np.minimum(stock, self.best_stock)
        if self.growth == "logistic":
            # The smaller root of x + rate x (1 - x / capacity) = small.
            half = (1.0 + self.rate) * self.capacity / (2.0 * self.rate)
            left = half - np.sqrt(half * half - small * self.capacity / self.rate)
        else:
            left = small / (1.0 + self.rate)
        # A root is found up to rounding.
        return np.where(left * (1.0 + 1e-9) >= self.collapse, small - left, 0.0)

    @property
    def _first(self) -> float:
        return float(self.capacity if self.start is None else self.start)

    @cached_property
    def _fullest(self) -> float:
        """The largest stock there can be in any round: what it is when nobody ever takes anything."""
        stock = np.array([self._first])
        for _ in range(self.rounds - 1):
            stock = self.grown(stock)
        return float(stock[0])

    @cached_property
    def amounts(self) -> Float[np.ndarray, " A"]:
        """What each action takes, if there is enough."""
        return np.array(self.takes, dtype=np.float64)

    def initial(self, batch: int, chance: Chance) -> Stock:
        stock = np.full(batch, self._first)
        return Stock(np.zeros(batch, dtype=np.int32), stock, np.full((batch, self.seats), -1, dtype=np.int8))

    def active(self, state: Stock) -> Bool[np.ndarray, "B N"]:
        return np.repeat(self._going(state)[:, None], self.seats, axis=1)

    def legal(self, state: Stock) -> Bool[np.ndarray, "B N A"]:
        going = np.repeat(self._going(state)[:, None, None], self.seats, axis=1)
        return going | (np.arange(len(self.takes)) == 0)

    def _going(self, state: Stock) -> Bool[np.ndarray, " B"]:
        return (state.round < self.rounds) & (state.stock > 0)

    def step(self, state: Stock, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        going = self._going(state)
        executed = np.where(going[:, None], actions, -1).astype(np.int8)
        wanted = np.where(executed >= 0, self.amounts[np.maximum(executed, 0)], 0.0)
        total = short_sum(wanted)
        scarce = total > state.stock
        share = np.where(scarce, state.stock / np.maximum(total, 1.0), 1.0)
        left = np.where(scarce, 0.0, state.stock - total)
        # Where collapse is 0, nothing left grows to nothing.
        stock = np.where(going, np.where(left >= self.collapse, self.grown(left), 0.0), state.stock)
        after = Stock(state.round + going.astype(np.int32), stock, np.where(going[:, None], executed, state.last))
        measured = np.stack([stock, self.sustainable(state.stock)], axis=1).astype(np.float32)
        return Outcome(
            state=after,
            rewards=(wanted * share[:, None]).astype(np.float32),
            executed=executed,
            reactions=self.spec.reaction_table[executed],
            seen=None,
            round_end=going,
            terminated=~self._going(after),
            measures=np.repeat(measured[:, None], self.seats, axis=1),
        )

    def observe(self, state: Stock) -> Float[np.ndarray, "B N O"]:
        """The time played, the stock (of the capacity), and what seats took last (of the most; -1 none), own first."""
        batch = len(state.round)
        last = np.where(state.last < 0, -1.0, self.amounts[np.maximum(state.last, 0)] / self.takes[-1])
        seen = np.empty((batch, self.seats, self.spec.observation_size), dtype=np.float32)
        seen[:, :, 0] = (state.round / self.rounds)[:, None]
        seen[:, :, 1] = (state.stock / self.capacity)[:, None]
        for ahead in range(self.seats):
            seen[:, :, 2 + ahead] = np.roll(last, -ahead, axis=1)
        return seen

    def situation(self, known: Stock, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return {"round": np.minimum(known.round + 1, self.rounds), "stock": known.stock}


def _whole(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)
