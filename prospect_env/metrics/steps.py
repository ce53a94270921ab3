"""Sums over steps, actions, seats and labels whose bits do not depend on how many episodes are summed side by side.

NumPy picks the order of a reduction by the shape and layout of the whole array, so a plain `sum` may round one way alone
and another in a batch. Adding slice by slice is elementwise, and elementwise is the same everywhere. It is also quick:
arrays of `Episodes` lie in memory with steps first, so that every slice is one run of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes

T = TypeVar("T")
_BYTE = 255  #: how many true values an unsigned byte can count


def over(x: Float[np.ndarray, "..."], axis: int) -> NDArray[np.float64]:
    """The sum of `x` along `axis`, in float64, slice after slice."""
    slices = np.moveaxis(x, axis, 0)
    total = np.zeros_like(slices[0], dtype=np.float64) if len(slices) else np.zeros(slices.shape[1:])
    for one in slices:
        total += one
    return total


def count(mask: Bool[np.ndarray, "E T *rest"]) -> Int[np.ndarray, "E *rest"]:
    """How often `mask` is true over the steps; whole numbers are exact in any order, so the fastest one is taken."""
    steps = np.moveaxis(mask, 1, 0).view(np.uint8)
    total = np.zeros_like(steps[:1].sum(axis=0, dtype=np.uint8), dtype=np.int64)
    for start in range(0, len(steps), _BYTE):
        total += np.add.reduce(steps[start : start + _BYTE], axis=0, dtype=np.uint8)
    return total


def ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> NDArray[np.float64]:
    """`numerator / denominator`, nan where the denominator is 0."""
    nothing = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), np.nan)
    return np.divide(numerator, denominator, out=nothing, where=np.asarray(denominator) != 0)


def undefined(episodes: Episodes, *trailing: int) -> NDArray[np.float64]:
    """Nan for every episode and seat, `[E, N, *trailing]`: what was not recorded cannot be measured."""
    return np.full((len(episodes), episodes.spec.seats, *trailing), np.nan)


def once(function: Callable[[Episodes], T]) -> Callable[[Episodes], T]:
    """`function` remembered for as long as the episodes live: sums that several metrics share are made once."""
    known: WeakKeyDictionary[Episodes, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(episodes: Episodes) -> T:
        if episodes not in known:
            found = known[episodes] = function(episodes)
            for array in found if isinstance(found, tuple) else (found,):
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
        return known[episodes]

    return remembered
