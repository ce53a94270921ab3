"""Conditional contribution: how much more a seat gives when the others gave more."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.cooperation import deeds, tells
from prospect_env.metrics.metric import Case, metric
from prospect_env.metrics.steps import over, ratio, undefined


def _slope(parts: Float[np.ndarray, "... 5"]) -> NDArray[np.float64]:
    """Least squares from the sums of 1, x, y, x^2 and x y."""
    n, x, y, xx, xy = np.moveaxis(parts, -1, 0)
    # Sums of shares that are all equal may differ from 0 in their last bit.
    spread = n * xx - x * x
    return ratio(n * xy - x * y, np.where(spread > 1e-9 * np.maximum(1.0, xx * n), spread, 0.0))


@metric(
    "contribution_slope",
    unit="contribution per contribution",
    range=(-np.inf, np.inf),
    direction="neither",
    formula=(
        "least-squares slope of the own contribution on the others' mean last one; "
        "1 for cooperation and 0 for anything else, where the game measures no contributions"
    ),
    source="conditional contribution: Fischbacher, Gächter and Fehr 2001, as behaviour in repeated play",
    undefined="no cooperative actions, games of one seat, or the others' contributions never varied",
    formula_of_parts=_slope,
    high=Case("conditional_cooperator", "random:p=.5", "public_goods"),
    low=Case("always_cooperate", "random:p=.5", "public_goods"),
    # Gives as often, whatever the others give.
    fake=Case("random:p=.5", "random:p=.5", "public_goods"),
)
def contribution_slope(episodes: Episodes) -> Float[np.ndarray, "E N 5"]:
    """How much a seat's contribution rises with the others'."""
    seats, given = episodes.spec.seats, contributions(episodes)
    if given is None or seats < 2:
        return undefined(episodes, 5)
    parts = np.zeros((len(episodes), seats, 5))
    last = np.full(given[:, 0].shape, np.nan)
    for t in range(given.shape[1]):
        known = ~np.isnan(last)
        for seat in range(seats):
            others = [other for other in range(seats) if other != seat]
            x = ratio(over(np.nan_to_num(last[:, others]), axis=1), over(known[:, others], axis=1))
            y = given[:, t, seat]
            counted = ~np.isnan(x) & ~np.isnan(y)
            for k, column in enumerate((np.ones_like(x), x, y, x * x, x * y)):
                parts[:, seat, k] += np.where(counted, column, 0.0)
        last = np.where(np.isnan(given[:, t]), last, given[:, t])
    return parts


def contributions(episodes: Episodes) -> Float[np.ndarray, "E T N"] | None:
    """What each seat contributed in each step, nan where it had nothing to; None in games without contributions."""
    measured = episodes.measure("contribution")
    if measured is not None:
        return measured.astype(np.float64)
    if not tells(episodes):
        return None
    nice, nasty = deeds(episodes)
    return np.where(nice | nasty, nice, np.nan)
