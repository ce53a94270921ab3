"""Public goods: everybody gives to a pot that is worth more than what went in, and is shared by all.

Rules: in each round every seat has `endowment` tokens and chooses, at once with the others, how many to give: one of
`levels` amounts from nothing to all, evenly apart. What is in the pot is multiplied by `multiplier` and shared equally:

    pay of a seat = endowment - what it gave + multiplier * (what all gave) / seats

With multiplier / seats (the marginal return of a token) below 1 giving nothing is best for a seat whatever others do;
with multiplier above 1 giving everything is best for all together (Isaac and Walker 1988).

* `threshold`: a pot of less than that many tokens is worth nothing; what was given is lost, or returned with `refund`
  (Isaac, Schmidtz and Walker 1989, with and without their money-back guarantee).
* `punishment`: a round has a second step, in which all have seen what was given and each seat may punish one other:
  it pays `cost`, and whoever is punished loses `fine` each time (Fehr and Gächter 2000; 1 to 3 as in their 2002).
* `network`: a seat and those it meets are a group with a pot of their own, and so is every other seat with those that
  it meets. A seat splits what it gives evenly over all groups that it is in; each pot is multiplied and shared equally
  in its group (Santos, Santos and Pacheco 2008, with a fixed cost per seat). A threshold is of the tokens that the
  members of a group gave in all. Seats see, and may punish, only those they meet. Where everybody meets everybody all
  groups are the same one, and this is the game above.

Giving half of the endowment or more counts as cooperation. Measure: `contribution`, in tokens, nan while punishing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, Game, GameSpec, Outcome
from prospect_env.games.network import Edges, edges_of
from prospect_env.games.pots import Pots

PLAIN = 5  #: with more levels than this, others are described as giving nothing, some or all


@dataclass(frozen=True)
class Given:
    """`round` Int32 `[B]`, rounds played; `judging` Bool `[B]`, whether it is time to punish.

    `gave` Int8 `[B, N]`: the level that each seat gave last; `judged` Int8 `[B, N]`: what it chose when it last might
    punish, 0 nobody, else 1 + the seat; -1 not yet, or not known.
    """

    round: Int[np.ndarray, " B"]
    judging: Bool[np.ndarray, " B"]
    gave: Int[np.ndarray, "B N"]
    judged: Int[np.ndarray, "B N"]


@dataclass(frozen=True)
class PublicGoods(Game):
    """`endowment` is in whole tokens, a multiple of `levels` - 1; `network` is any that `edges_of` takes."""

    seats: int = 4
    rounds: int = 10
    endowment: int = 20
    levels: int = 3
    multiplier: float = 1.6
    threshold: float | None = None
    refund: bool = False
    punishment: bool = False
    cost: float = 1.0
    fine: float = 3.0
    network: Any = None

    def __post_init__(self) -> None:
        for name, least in (("seats", 2), ("rounds", 1), ("endowment", 1), ("levels", 2)):
            number = getattr(self, name)
            if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < least:
                raise BadParameter(f"{name} is {number!r}; it must be a whole number, {least} or more")
        if self.endowment % (self.levels - 1):
            raise BadParameter(
                f"endowment is {self.endowment} and levels {self.levels}; "
                f"endowment must be a multiple of levels - 1, so that contributions are whole tokens"
            )
        for name in ("refund", "punishment"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise BadParameter(f"{name} is {getattr(self, name)!r}; it must be true or false")
        if not (isfinite(self.multiplier) and self.multiplier > 0):
            raise BadParameter(f"multiplier is {self.multiplier!r}; it must be above 0")
        for name in ("cost", "fine"):
            if not (isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise BadParameter(f"{name} is {getattr(self, name)!r}; it must be 0 or more")
        options = self.levels + (self.seats + 1 if self.punishment else 0)
        if options >= LABELS:
            raise BadParameter(
                f"levels {self.levels} and seats {self.seats} make {options} actions; up to {LABELS - 1}"
            )
        object.__setattr__(self, "network", edges_of(self.network, self.seats))
        self._check_threshold()

    def _check_threshold(self) -> None:
        if self.threshold is None:
            if self.refund:
                raise BadParameter("refund is True; it needs a threshold, and threshold is None")
            return
        most = self.endowment * min(len(group) for group in self.pots.groups)
        if not 0 < self.threshold <= most:
            raise BadParameter(
                f"threshold is {self.threshold!r}; it must be above 0 and at most {most}, all that a group can give"
            )

    @property
    def edges(self) -> Edges | None:
        return self.network

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        tokens = [f"give {amount:g}" for amount in self.pots.tokens]
        shows = tokens if self.levels <= PLAIN else ["nothing", "some", "all"]
        shown = [*range(self.levels)] if self.levels <= PLAIN else [0, *[1] * (self.levels - 2), 2]
        judging = ["punish nobody", *(f"punish player_{seat}" for seat in range(self.seats))] if self.punishment else []
        low, high = self.pots.payoff_bounds
        least, most = self.pots.welfare_bounds
        if self.punishment:
            worst = int(self.pots.meets.sum(axis=0).max())
            low = min(low, -self.cost - self.fine * worst)
            least = min(least, -self.seats * (self.cost + self.fine))
        everybody = tuple(range(self.seats))
        # To swap seats that may punish each other is to rename their actions too.
        alike = self.pots.single and not self.punishment
        return GameSpec(
            name="public_goods",
            version=0,
            seats=self.seats,
            roles=("player",) * self.seats,
            actions=(*tokens, *judging),
            reactions=(*shows, *judging),
            reaction_of=(*shown, *range(len(shows), len(shows) + len(judging))),
            horizon=self.rounds * self._stages,
            payoff_bounds=(low, high),
            welfare_bounds=(least, most),
            # An idle seat keeps its endowment, which comes in one of the steps of a round.
            reference=self.endowment / self._stages,
            measures=("contribution",),
            cooperative=tuple(level for level, amount in enumerate(self.pots.tokens) if 2 * amount >= self.endowment),
            uncooperative=tuple(level for level, amount in enumerate(self.pots.tokens) if 2 * amount < self.endowment),
            interchangeable=(everybody,) if alike else tuple((seat,) for seat in everybody),
            perfect_information=self.pots.single,
            observation_size=2 + self.seats * (1 + self.seats * self.punishment),
            source="Isaac and Walker 1988; Fehr and Gächter 2000; Santos, Santos and Pacheco 2008",
        )

    @cached_property
    def pots(self) -> Pots:
        """Who shares what with whom."""
        return Pots(self.seats, self.endowment, self.levels, self.multiplier, self.threshold, self.refund, self.network)

    @property
    def _stages(self) -> int:
        return 2 if self.punishment else 1

    def initial(self, batch: int, chance: Chance) -> Given:
        nobody = np.full((batch, self.seats), -1, dtype=np.int8)
        return Given(np.zeros(batch, dtype=np.int32), np.zeros(batch, dtype=bool), nobody, nobody)

    def active(self, state: Given) -> Bool[np.ndarray, "B N"]:
        return np.repeat((state.round < self.rounds)[:, None], self.seats, axis=1)

    def legal(self, state: Given) -> Bool[np.ndarray, "B N A"]:
        giving, judging, idle = self._options
        legal = np.where(state.judging[:, None, None], judging, giving)
        return np.where((state.round < self.rounds)[:, None, None], legal, idle)

    @cached_property
    def _options(self) -> tuple[Bool[np.ndarray, "1 A"], Bool[np.ndarray, "N A"], Bool[np.ndarray, "1 A"]]:
        """What each seat may choose when it gives, when it may punish, and when all is over."""
        actions = np.arange(len(self.spec.actions))
        judging = np.zeros((self.seats, len(actions)), dtype=bool)
        if self.punishment:
            judging[:, self.levels] = True
            judging[:, self.levels + 1 :] = self.pots.meets
        return (actions < self.levels)[None], judging, (actions == 0)[None]

    def step(self, state: Given, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        going = state.round < self.rounds
        executed = np.where(going[:, None], actions, -1).astype(np.int8)
        judging = (going & state.judging)[:, None]
        levels = np.clip(executed, 0, self.levels - 1)
        given = self.pots.tokens[levels]
        rewards = self.pots.pay(given)
        after = replace(state, gave=np.where(judging | ~going[:, None], state.gave, levels).astype(np.int8))
        round_end = going
        if self.punishment:
            judged = np.clip(executed - self.levels, 0, self.seats).astype(np.int8)
            rewards = np.where(judging, self._fined(judged), rewards)
            judged = np.where(judging, judged, state.judged)
            after = replace(after, judging=going & ~state.judging, judged=judged)
            round_end = judging[:, 0]
        after = replace(after, round=state.round + round_end.astype(np.int32))
        return Outcome(
            state=after,
            rewards=rewards.astype(np.float32),
            executed=executed,
            reactions=self.spec.reaction_table[executed],
            seen=None if self.pots.single else np.where(self.pots.sees, executed[:, None], np.int8(-1)),
            round_end=round_end,
            terminated=after.round >= self.rounds,
            measures=np.where(judging, np.nan, given).astype(np.float32)[:, :, None],
        )

    def _fined(self, judged: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        """What punishing (0 nobody, else 1 + the seat) leaves each seat with."""
        by_all = judged[:, :, None] == np.arange(1, self.seats + 1)
        return -self.cost * (judged > 0) - self.fine * short_sum(by_all.astype(np.float64), axis=1)

    def observe(self, state: Given) -> Float[np.ndarray, "B N O"]:
        """The time played, whether to punish now, and what seats gave (of the endowment; -1 unknown), own first.

        With punishment also who punished whom, `[N, N]`, both counted from oneself on.
        """
        batch = len(state.round)
        gave = np.where(state.gave < 0, -1.0, state.gave / (self.levels - 1))
        whom = (state.judged[:, :, None] == np.arange(1, self.seats + 1)).astype(np.float32)
        seen = np.empty((batch, self.seats, self.spec.observation_size), dtype=np.float32)
        seen[:, :, 0], seen[:, :, 1] = (state.round / self.rounds)[:, None], state.judging[:, None]
        for seat in range(self.seats):
            order = (seat + np.arange(self.seats)) % self.seats
            seen[:, seat, 2 : 2 + self.seats] = np.where(self.pots.sees[seat], gave, -1.0)[:, order]
            if self.punishment:
                known = (whom * self.pots.sees[seat][:, None])[:, order][:, :, order]
                seen[:, seat, 2 + self.seats :] = known.reshape(batch, -1)
        return seen

    def situation(self, known: Given, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return {"round": np.minimum(known.round + 1, self.rounds)}

    def hide(self, state: Given, seat: int) -> Given:
        if self.pots.single:
            return state
        seen = self.pots.sees[seat]
        hidden = np.int8(-1)
        return replace(state, gave=np.where(seen, state.gave, hidden), judged=np.where(seen, state.judged, hidden))

    def believe(self, known: Given, seat: int, chance: Chance) -> Given:
        """What is not seen was as likely one thing that could be done as any other, whatever it paid oneself."""
        if self.pots.single:
            return known
        hidden = ~self.pots.sees[seat]
        gave = (chance.uniform("gave", (self.seats,)) * self.levels).astype(np.int8)
        happened = (known.judging | (known.round > 0))[:, None]
        believed = replace(known, gave=np.where(hidden & happened, gave, known.gave))
        if not self.punishment:
            return believed
        options = self.pots.meets.sum(axis=1) + 1
        pick = (chance.uniform("judged", (self.seats,)) * options).astype(np.int64)
        # The k-th seat that a seat meets, counted from 1; 0 is nobody.
        nth = np.argsort(~self.pots.meets, axis=1, kind="stable") + 1
        judged = np.where(pick > 0, nth[np.arange(self.seats), np.maximum(pick - 1, 0)], 0).astype(np.int8)
        return replace(believed, judged=np.where(hidden & (known.round > 0)[:, None], judged, known.judged))
