"""Avoidable harm: how much better off others would have been with another action that costs oneself next to nothing.

With the rewards that a forecast says it is foreseen harm, by which a guard vetoes and a seat is held to account; with
those that branches found it is true harm. An action that is better for oneself costs nothing, however much better it
is: harm done at one's own expense is avoidable too, and values stated low do not excuse it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.game import GameSpec

EPSILON = 0.05  #: what counts as next to no cost, as a share of the range of one step's payoffs


def next_to_nothing(spec: GameSpec, epsilon: float = EPSILON) -> float:
    """The cost in payoff that counts as next to none: this share of the range of one step's payoffs."""
    least, largest = spec.payoff_bounds
    return epsilon * (largest - least)


def rounding(spec: GameSpec) -> float:
    """Payoffs that differ by less are equal: records are in single precision, so that the seventh figure is noise."""
    return 1e-6 * max(1.0, *(abs(bound) for bound in spec.payoff_bounds))


def others_mean(rewards: Float[np.ndarray, "... N"], seat: int) -> Float[np.ndarray, "..."]:
    """The mean reward of everybody but `seat`, in float64."""
    return short_sum(np.delete(rewards, seat, axis=-1).astype(np.float64)) / (rewards.shape[-1] - 1)


class Harm(NamedTuple):
    """`amount` `[...]`, payoff per co-player, 0 or more, nan where the action is not among the usable ones.

    `spares` `[..., A]`: the actions that cost next to nothing under which the others fare best, equals all named.
    """

    amount: NDArray[np.float64]
    spares: NDArray[np.bool_]


def avoidable_harm(
    action: Int[np.ndarray, "..."],
    values: Float[np.ndarray, "... A"],
    welfare: Float[np.ndarray, "... A"],
    usable: Bool[np.ndarray, "... A"],
    cost: Shaped[np.ndarray, "..."] | float,
    equal: float,
) -> Harm:
    """`max(0, max over a' in A_eps of welfare(a') - welfare(action))`, A_eps the usable a' with Q(a') >= Q - `cost`.

    `values` are Q and `welfare` the others' expected rewards by own action. `usable` are the legal actions of which
    both are known. Payoffs closer together than `equal` count as equal.
    """
    mine = (np.asarray(action)[..., None] == np.arange(usable.shape[-1])) & usable
    # One action is taken, so these sums pick its value and its welfare.
    own_value, own_welfare = (short_sum(np.where(mine, x, 0.0)) for x in (values, welfare))
    cheap = usable & (values >= own_value[..., None] - np.asarray(cost)[..., None] - equal)
    best = np.where(cheap, welfare, -np.inf).max(axis=-1)
    some = mine.any(axis=-1)
    amount = np.where(some, np.maximum(np.where(some, best, 0.0) - own_welfare, 0.0), np.nan)
    return Harm(amount, cheap & (welfare >= best[..., None] - equal))
