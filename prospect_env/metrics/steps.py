"""Sums over steps, actions, seats and labels whose bits do not depend on how many episodes are summed side by side.

NumPy picks the order of a reduction by the shape and layout of the whole array, so a plain `sum` may round one way
alone and another in a batch. Adding slice by slice is elementwise, and elementwise is the same everywhere. It is also
quick: arrays of `Episodes` lie in memory with steps first, so that every slice is one run of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Bool, Int, Shaped
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes

T = TypeVar("T")
_BYTE = 255  #: how many true values an unsigned byte can count


def over(x: Shaped[np.ndarray, "..."], axis: int) -> NDArray[np.float64]:
    """The sum of `x` along `axis`, in float64, slice after slice."""
    axis %= x.ndim
    slices = x.swapaxes(axis, 0)
    if not len(slices):
        return np.zeros(np.delete(x.shape, axis))
    total = np.zeros_like(slices[0], dtype=np.float64)
    for one in slices:
        total += one
    # Swapping left the first axis where `axis` was.
    return total if axis < 2 else np.moveaxis(total, axis - 1, 0)


def count(mask: Bool[np.ndarray, "E T ..."]) -> Int[np.ndarray, "E ..."]:
    """How often `mask` is true over the steps; whole numbers are exact in any order, so the fastest one is taken."""
    bytes_, steps = mask.view(np.uint8), mask.shape[1]
    if steps <= _BYTE:
        return np.add.reduce(bytes_, axis=1, dtype=np.uint8).astype(np.int64)
    chunks = range(0, steps, _BYTE)
    return sum(np.add.reduce(bytes_[:, at : at + _BYTE], axis=1, dtype=np.uint8).astype(np.int64) for at in chunks)


def ratio(numerator: Shaped[np.ndarray, "..."], denominator: Shaped[np.ndarray, "..."]) -> NDArray[np.float64]:
    """`numerator / denominator`, nan where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.true_divide(numerator, denominator)
    return np.where(np.equal(denominator, 0), np.nan, found)


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
