"""Pots: what comes back of tokens that are given to groups, and what that is at least and at most.

There is one group where everybody meets everybody. On a network each seat makes a group with those it meets; a seat is
in its own group and in theirs, and splits what it gives evenly over them (Santos, Santos and Pacheco 2008). What is in
a group's pot is multiplied by `multiplier` and shared equally by the group. With a `threshold` that happens only where
the group's members gave that many tokens in all; otherwise what is in the pot is lost, or returned with `refund`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.state import Shared
from prospect_env.games.network import Edges, adjacency

PROFILES = 2**14  #: joint contributions up to which the bounds of a threshold on a network are found by trying all


@dataclass(frozen=True)
class Pots(Shared):
    """The pots of `seats` seats that each give one of `levels` amounts, 0 to `endowment` tokens, evenly apart."""

    seats: int
    endowment: int
    levels: int
    multiplier: float
    threshold: float | None
    refund: bool
    edges: Edges | None

    @cached_property
    def tokens(self) -> Float[np.ndarray, " levels"]:
        """What is given at each level."""
        return np.arange(self.levels) * (self.endowment / (self.levels - 1))

    @cached_property
    def meets(self) -> Bool[np.ndarray, "N N"]:
        """Who meets whom."""
        return adjacency(self.edges, self.seats)

    @cached_property
    def sees(self) -> Bool[np.ndarray, "N N"]:
        """Who meets whom, everybody meeting oneself."""
        return self.meets | np.eye(self.seats, dtype=bool)

    @cached_property
    def single(self) -> bool:
        """Whether everybody meets everybody, so that all groups are one."""
        return bool(self.sees.all())

    @cached_property
    def groups(self) -> tuple[Int[np.ndarray, " members"], ...]:
        """The seats of each group."""
        return tuple(np.flatnonzero(row) for row in (self.sees[:1] if self.single else self.sees))

    @cached_property
    def split(self) -> Int[np.ndarray, " N"]:
        """How many groups each seat is in."""
        return np.bincount(np.concatenate(self.groups), minlength=self.seats)

    def pay(self, given: Float[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        """What each seat has after it gave these tokens, float64: what it kept, and its shares."""
        return self.endowment - given + self.shares(given, self.threshold)

    def shares(self, given: Float[np.ndarray, "B N"], threshold: float | None) -> Float[np.ndarray, "B N"]:
        """What comes back to each seat of all that was given."""
        back = np.zeros(given.shape)
        for group in self.groups:
            put_in = given[:, group] / self.split[group]
            share = self.multiplier / len(group) * short_sum(put_in)[:, None]
            if threshold is not None:
                reached = short_sum(given[:, group])[:, None] >= threshold
                share = np.where(reached, share, put_in if self.refund else 0.0)
            back[:, group] += share
        return back

    @cached_property
    def payoff_bounds(self) -> tuple[float, float]:
        """The least and the most that a seat can have; exact, but for a threshold on a large network, where safe."""
        if self.threshold is not None and self._profiles is not None:
            pays = self.pay(self._profiles)
            return float(pays.min()), float(pays.max())
        # What one token of seat j brings seat i.
        brings = self.shares(np.eye(self.seats), None).T
        if self.threshold is not None:
            return 0.0, self.endowment * (1.0 + float(brings.sum(axis=1).max()))
        own = np.diag(brings) - 1.0
        others = (brings * ~np.eye(self.seats, dtype=bool)).sum(axis=1)
        low, high = np.minimum(own, 0.0).min(), (others + np.maximum(own, 0.0)).max()
        return self.endowment * (1.0 + float(low)), self.endowment * (1.0 + float(high))

    @cached_property
    def welfare_bounds(self) -> tuple[float, float]:
        """The least and the most that all have together; exact, but nan for a threshold on a large network."""
        whole = float(self.seats * self.endowment)
        if self.threshold is None:
            return whole * min(1.0, self.multiplier), whole * max(1.0, self.multiplier)
        if self._profiles is None:
            return float("nan"), float("nan")
        sums = self.pay(self._profiles).sum(axis=1)
        return float(sums.min()), float(sums.max())

    @cached_property
    def _profiles(self) -> Float[np.ndarray, "P N"] | None:
        """Joint contributions among which is every payoff that seat 0, or any seat, can have; None: too many."""
        if self.single:
            # Of the others only the total counts: they give all they have, one after the other, up to it.
            totals = np.arange((self.seats - 1) * (self.levels - 1) + 1)[:, None] * self.tokens[1]
            others = np.clip(totals - self.endowment * np.arange(self.seats - 1), 0, self.endowment)
            own = np.repeat(self.tokens, len(others))[:, None]
            return np.concatenate([own, np.tile(others, (self.levels, 1))], axis=1)
        if self.levels**self.seats > PROFILES:
            return None
        return np.array(list(product(self.tokens, repeat=self.seats)))
