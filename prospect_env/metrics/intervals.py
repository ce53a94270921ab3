"""95% intervals: the bootstrap clustered by co-player instance.

Decisions against one co-player instance are not independent, so whole instances are drawn again, with replacement, and
the formula is applied to their pooled sums. Source: Efron and Tibshirani 1993, chapter 13 (percentile intervals);
Cameron, Gelbach and Miller 2008 (clusters).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import NDArray

from prospect_env.core.errors import BadParameter

DRAWS = 1000  #: bootstrap replicates
LEVEL = 0.95  #: coverage aimed at
_CHUNK = 4_000_000  #: cluster draws held at once, to keep memory flat


class Interval(NamedTuple):
    """A figure and its 95% interval; the bounds are nan where there are fewer than two clusters."""

    value: float
    low: float
    high: float


def replicates(
    parts: Float[np.ndarray, "I K"], clusters: Shaped[np.ndarray, " C"], draws: int = DRAWS, seed: int = 0
) -> Float[np.ndarray, "D K"]:
    """Pooled parts of `draws` samples of clusters drawn with replacement.

    The same number of clusters gets the same samples whatever is measured, so that figures read off the same episodes
    can be compared replicate by replicate.
    """
    if len(parts) != len(clusters):
        raise BadParameter(f"there are {len(clusters)} cluster labels for {len(parts)} rows")
    names, member = np.unique(clusters, return_inverse=True)
    size = len(names)
    sums = np.stack([np.bincount(member, weights=column, minlength=size) for column in parts.T], axis=1)
    luck = np.random.default_rng(seed)
    found = np.empty((draws, parts.shape[1]))
    chunk = max(1, _CHUNK // max(size, 1))
    for start in range(0, draws, chunk):
        some = min(chunk, draws - start)
        picked = luck.integers(0, size, size=(some, size)) + size * np.arange(some)[:, None]
        times = np.bincount(picked.ravel(), minlength=some * size).reshape(some, size)
        # Not a matrix product: its bits may depend on how many threads the machine has.
        found[start : start + some] = np.einsum("dc,ck->dk", times.astype(np.float64), sums)
    return found


def bounds(values: Float[np.ndarray, " D"]) -> tuple[float, float]:
    """The central 95% of replicates; nan if more than one in twenty is undefined."""
    defined = values[~np.isnan(values)]
    if len(values) == 0 or len(defined) < LEVEL * len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def cluster_bootstrap(
    parts: Float[np.ndarray, "I K"],
    clusters: Shaped[np.ndarray, " I"],
    formula: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    draws: int = DRAWS,
    seed: int = 0,
    positive: int | None = None,
) -> Interval:
    """`formula` of the pooled `parts` with its interval; rows with a nan part are left out.

    With `positive`, everything is nan unless the lower bound of that part is above 0. Without `draws`, only the value.
    """
    known = ~np.isnan(parts).any(axis=1)
    parts, clusters = parts[known], np.asarray(clusters)[known]
    if len(parts) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    value = float(formula(parts.sum(axis=0, keepdims=True))[0])
    if draws == 0 or len(np.unique(clusters)) < 2:
        return Interval(value if positive is None else float("nan"), float("nan"), float("nan"))
    drawn = replicates(parts, clusters, draws, seed)
    if positive is not None and not bounds(drawn[:, positive])[0] > 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    return Interval(value, *bounds(formula(drawn)))
