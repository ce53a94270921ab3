"""Bargaining by alternating offers over several goods that the two seats value differently.

Rules: on the table are `goods[g]` items of each good. An item of good g is worth a whole number of points to a seat,
and all items together are worth `total` to each. Seat 0 opens with an offer: how many items of each good the other
would get. From then on who is to move accepts the standing offer, or makes another one (which refuses it), or walks
away, until `turns` offers are made: the last can only be accepted or walked away from. After a deal each seat has the
worth of its items, after walking away its outside option; either is multiplied by `decay` for each refused offer.

What is drawn at the start: each seat's values, uniformly from all vectors v of whole numbers v_g >= 0 with
sum_g goods[g] v_g = total, and its outside option, uniformly from the levels `outside`, all independent. Unless they
are made public a seat knows its own only, and this prior is all that the rules say of the other's.

Sources: alternating offers Rubinstein 1982, "Perfect equilibrium in a bargaining model"; outside options Binmore,
Shaked and Sutton 1989; several goods with private values of a fixed total DeVault, Mell and Gratch 2015 and Lewis et
al. 2017, "Deal or no deal?" (who also ask that every good has a value for somebody).

A single good is a pie of `goods[0]` slices. Its subgame-perfect value is found from the end: the last proposer leaves
the other its outside option, the one before leaves that proposer what waiting is worth to it, and so on to the opening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import isfinite, prod
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, Game, GameSpec, Outcome
from prospect_env.games.in_turns import require_whole

ACCEPT = 1
OFFER = 2  #: the first of the offers: split `s` is action `OFFER + s`
HIDDEN = -1  #: where a seat does not know a value or an option
LARGEST = 500  #: value vectors that the prior may have


@dataclass(frozen=True)
class Talks:
    """Worth of an item of each good, Int16 `[B, 2, G]`, and outside options, as levels, Int8 `[B, 2]` (-1: hidden).

    `turn` Int16 `[B]` counts moves; `offer` Int16 `[B]` is the standing split (-1: none); `over` Bool `[B]`.
    """

    values: Int[np.ndarray, "B 2 G"]
    outside: Int[np.ndarray, "B 2"]
    turn: Int[np.ndarray, " B"]
    offer: Int[np.ndarray, " B"]
    over: Bool[np.ndarray, " B"]


@dataclass(frozen=True)
class Bargaining(Game):
    """`goods` are quantities; `total` >= 1 points; at most `turns` offers; `decay` in 0..1, 0 excluded.

    `outside` are the levels an outside option may have, 0 or more. `private_values` and `private_outside` say whether
    a seat is alone in knowing its own. Actions: wait, accept, an offer a split, walk away.
    """

    goods: Sequence[int] = (2, 2, 1)
    total: int = 10
    turns: int = 6
    decay: float = 0.9
    outside: Sequence[float] = (2.0,)
    private_values: bool = True
    private_outside: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "goods", _tuple("goods", self.goods))
        object.__setattr__(self, "outside", _tuple("outside", self.outside))
        for quantity in self.goods:
            require_whole("a quantity in goods", quantity, 1)
        require_whole("total", self.total, 1)
        require_whole("turns", self.turns, 1)
        splits = prod(quantity + 1 for quantity in self.goods)
        if splits + 3 >= LABELS:
            raise BadParameter(f"goods {self.goods} can be split in {splits} ways; up to {LABELS - 4} are possible")
        if not 0 < self.decay <= 1:
            raise BadParameter(f"decay is {self.decay!r}; it must be above 0 and at most 1")
        if any(isinstance(level, bool) or not isfinite(level) or level < 0 for level in self.outside):
            raise BadParameter(f"outside is {self.outside!r}; its levels must be finite numbers, 0 or more")
        if len(set(self.outside)) < len(self.outside) or len(self.outside) >= LABELS:
            raise BadParameter(f"outside is {self.outside!r}; its levels must differ and be fewer than {LABELS}")
        for name in ("private_values", "private_outside"):
            if not isinstance(getattr(self, name), bool):
                raise BadParameter(f"{name} is {getattr(self, name)!r}; it must be true or false")
        if not 1 <= len(self.vectors) <= LARGEST:
            count = "no" if not len(self.vectors) else f"more than {LARGEST}"
            raise BadParameter(
                f"total is {self.total}: {count} ways to value goods {self.goods}; there must be 1 to {LARGEST}"
            )

    @cached_property
    def vectors(self) -> Int[np.ndarray, "V G"]:
        """Every value vector that a seat may have; all are equally likely."""
        found = _valuations(self.goods, self.total)
        return np.array(found, dtype=np.int16).reshape(len(found), len(self.goods))

    @cached_property
    def splits(self) -> Int[np.ndarray, "S G"]:
        """How many items of each good the other gets, for each offer."""
        return np.array(list(product(*(range(quantity + 1) for quantity in self.goods))), dtype=np.int16)

    @property
    def leave(self) -> int:
        """The action that walks away: the one after all offers."""
        return OFFER + len(self.splits)

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        offers = (f"offer {'-'.join(map(str, split))}" for split in self.splits)
        actions = ("wait", "accept", *offers, "walk away")
        best = np.maximum(self.vectors[:, None], self.vectors[None])
        deal = float(short_sum(best * np.array(self.goods)).max())
        return GameSpec(
            name="bargaining",
            version=0,
            seats=2,
            roles=("opener", "answerer"),
            actions=actions,
            reactions=actions,
            reaction_of=tuple(range(len(actions))),
            horizon=self.turns + 1,
            payoff_bounds=(0.0, float(max(self.total, *self.outside))),
            welfare_bounds=(0.0, max(deal, 2.0 * max(self.outside))),
            interchangeable=((0,), (1,)),
            perfect_information=not (self._hides_values or self._hides_outside),
            observation_size=(1 if self._hides_values else 2) * len(self.goods)
            + (1 if self._hides_outside else 2)
            + len(self.goods)
            + 3,
            source="Rubinstein 1982; Lewis et al. 2017",
        )

    @property
    def _hides_values(self) -> bool:
        return self.private_values and len(self.vectors) > 1

    @property
    def _hides_outside(self) -> bool:
        return self.private_outside and len(self.outside) > 1

    @cached_property
    def _levels(self) -> Float[np.ndarray, " K"]:
        return np.array(self.outside, dtype=np.float64)

    @cached_property
    def _shrinks(self) -> Float[np.ndarray, " turns_and_none"]:
        """What a point is worth to who moves at each turn: offers made before the standing one were refused."""
        # A table and no power of arrays: its bits could depend on where a match stands in its batch.
        return np.array([self.decay ** max(turn - 1, 0) for turn in range(self.turns + 2)], dtype=np.float64)

    def initial(self, batch: int, chance: Chance) -> Talks:
        return Talks(
            self.vectors[chance.integers("values", len(self.vectors), (2,))],
            chance.integers("outside", len(self.outside), (2,)).astype(np.int8),
            np.zeros(batch, dtype=np.int16),
            np.full(batch, -1, dtype=np.int16),
            np.zeros(batch, dtype=bool),
        )

    def active(self, state: Talks) -> Bool[np.ndarray, "B N"]:
        return (state.turn[:, None] % 2 == np.arange(2)) & ~state.over[:, None]

    def legal(self, state: Talks) -> Bool[np.ndarray, "B N A"]:
        action = np.arange(len(self.spec.actions))
        may = np.ones((len(state.turn), len(action)), dtype=bool)
        may[:, 0] = False
        may[:, ACCEPT] = state.turn > 0
        may[:, OFFER : self.leave] = (state.turn < self.turns)[:, None]
        return np.where(self.active(state)[:, :, None], may[:, None], action == 0)

    def step(self, state: Talks, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        active = self.active(state)
        going = active.any(axis=1)
        executed = np.where(active, actions, -1).astype(np.int8)
        # One of the two is -1: the larger is what was done.
        done = np.maximum(executed[:, 0], executed[:, 1])
        deal, leaves = done == ACCEPT, done == self.leave
        worth = np.where(deal[:, None], self.worth(state), 0.0)
        worth = np.where(leaves[:, None], self._levels[state.outside], worth)
        rewards = (worth * self._shrinks[state.turn][:, None]).astype(np.float32)
        offers = going & ~deal & ~leaves
        after = Talks(
            state.values,
            state.outside,
            (state.turn + going).astype(np.int16),
            np.where(offers, done - OFFER, state.offer).astype(np.int16),
            state.over | deal | leaves,
        )
        reactions = self.spec.reaction_table[executed]
        return Outcome(after, rewards, executed, reactions, None, deal | leaves, after.over)

    def worth(self, state: Talks) -> Float[np.ndarray, "B N"]:
        """What the standing offer would bring each seat, before decay; of no meaning where there is none."""
        given = self.splits[state.offer][:, None]
        answers = (state.turn % 2)[:, None] == np.arange(2)
        items = np.where(answers[:, :, None], given, np.array(self.goods) - given)
        return short_sum(items * state.values.astype(np.float64))

    def observe(self, state: Talks) -> Float[np.ndarray, "B N O"]:
        """Values of an item and the outside option, own first (the other's if public); then the talks.

        Of the talks: items one would get of each good, whether there is an offer, turns gone, whether one is to move.
        """
        there = state.offer >= 0
        given = self.splits[state.offer][:, None]
        mine = np.where((state.turn % 2)[:, None, None] == np.arange(2)[:, None], given, np.array(self.goods) - given)
        shares = mine / np.array(self.goods) * there[:, None, None]
        values, outside = state.values / self.total, self._levels[state.outside] / max(*self.outside, 1.0)
        clock = np.stack([there, state.turn / (self.turns + 1)], axis=1)
        parts = [values, outside[:, :, None]]
        if not self._hides_values:
            parts.append(values[:, ::-1])
        if not self._hides_outside:
            parts.append(outside[:, ::-1, None])
        parts += [shares, np.repeat(clock[:, None], 2, axis=1), self.active(state)[:, :, None]]
        return np.concatenate(parts, axis=2).astype(np.float32)

    def situation(self, known: Talks, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Own values and outside option, the worth of the standing offer to oneself (nan: none), turn and decay."""
        own = {f"value_{good + 1}": known.values[:, seat, good] for good in range(len(self.goods))}
        return own | {
            "outside_option": self._levels[known.outside[:, seat]],
            "on_offer": np.where(known.offer >= 0, self.worth(known)[:, seat], np.nan),
            "turn": known.turn + 1,
            "offers_left": self.turns - np.minimum(known.turn, self.turns),
            "worth_of_a_point": self._shrinks[known.turn],
        }

    def hide(self, state: Talks, seat: int) -> Talks:
        own = np.arange(2) == seat
        values = np.where(own[:, None] | (not self._hides_values), state.values, np.int16(HIDDEN))
        outside = np.where(own | (not self._hides_outside), state.outside, np.int8(HIDDEN))
        return Talks(values, outside, state.turn, state.offer, state.over)

    def believe(self, known: Talks, seat: int, chance: Chance) -> Talks:
        values = self.vectors[chance.integers("values", len(self.vectors), (2,))]
        outside = chance.integers("outside", len(self.outside), (2,)).astype(np.int8)
        return Talks(
            np.where(known.values == HIDDEN, values, known.values),
            np.where(known.outside == HIDDEN, outside, known.outside),
            known.turn,
            known.offer,
            known.over,
        )


def _valuations(goods: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """Every vector of whole numbers v >= 0 with sum_g goods[g] v_g = total, in lexicographic order."""
    first, *rest = goods
    if not rest:
        return [(total // first,)] if total % first == 0 else []
    found: list[tuple[int, ...]] = []
    for value in range(total // first + 1):
        found += [(value, *others) for others in _valuations(rest, total - value * first)]
        if len(found) > LARGEST:
            break
    return found


def _tuple(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not hasattr(value, "__iter__") or not tuple(value):
        raise BadParameter(f"{name} is {value!r}; it must be a list of 1 or more numbers")
    return tuple(value)
