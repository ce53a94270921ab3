"""How a commons fares: whether harvests last, whether the stock does, how much it gave of what it could, and peace.

Games with a commons measure `stock` (what is left after the step, the same for all seats) and `sustainable` (how much
could be taken in this step for the stock to be as large again); games with time-outs measure `tagged` (1: sent off).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.returns import totals
from prospect_env.metrics.steps import count, once, over, ratio, undefined

_KEPT = Case("sustainable_harvester", "sustainable_harvester", "commons")
_STRIPPED = Case("greedy_harvester", "greedy_harvester", "commons")
# Modest, beside somebody who takes it all the same.
_ALONE = Case("sustainable_harvester", "greedy_harvester", "commons")


@metric(
    "sustainability",
    unit="steps",
    range=(1.0, np.inf),
    direction="higher",
    formula="S = mean step (from 1) of positive reward, over such steps",
    source="Perolat et al. 2017 (arXiv 1707.06600)",
    undefined="no positive reward",
    formula_of_parts=quotient,
    high=_KEPT,
    low=_STRIPPED,
    fake=_ALONE,
)
@once
def sustainability(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How late in the game rewards still come, on average."""
    paid = episodes.rewards > 0
    steps = np.arange(1, paid.shape[1] + 1)[:, None]
    return np.stack([over(np.where(paid, steps, 0), axis=1), count(paid).astype(np.float64)], axis=-1)


@metric(
    "survival",
    unit="share of the horizon",
    range=(0.0, 1.0),
    direction="higher",
    formula="steps at whose end there was stock / the most steps the game can have; the same for all seats",
    source="survival time of GovSim: Piatti et al. 2024 (arXiv 2404.16698), as a share",
    undefined="games without a stock",
    high=_KEPT,
    low=_STRIPPED,
    fake=_ALONE,
)
def survival(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """How long the stock lasted."""
    stock = episodes.measure("stock")
    if stock is None:
        return undefined(episodes)
    return count(np.nan_to_num(stock) > 0) / episodes.spec.horizon


@metric(
    "commons_efficiency",
    unit="share",
    range=(0.0, 1.0),
    direction="higher",
    formula="1 - max(0, T f(0) - sum_i R_i) / (T f(0)), f(0) what can be taken for ever at first; same for all seats",
    source="efficiency of GovSim: Piatti et al. 2024 (arXiv 2404.16698)",
    undefined="games that do not measure what can be taken sustainably",
    formula_of_parts=quotient,
    high=_KEPT,
    low=_STRIPPED,
    fake=_ALONE,
)
def commons_efficiency(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much of the greatest lasting harvest was had."""
    sustainable = episodes.measure("sustainable")
    if sustainable is None:
        return undefined(episodes, 2)
    most = episodes.spec.horizon * sustainable[:, 0].astype(np.float64)
    had = over(totals(episodes), axis=1)[:, None]
    return np.stack([most - np.maximum(0.0, most - had), most], axis=-1)


@metric(
    "peace",
    unit="seats",
    range=(0.0, np.inf),
    direction="higher",
    formula="P = (N T - sum over seats and steps of tagged) / T; the same for all seats",
    source="Perolat et al. 2017 (arXiv 1707.06600)",
    undefined="games in which nobody can be sent off",
    high=Case("greedy_forager", "greedy_forager", "harvest"),
    low=Case("patrolling_zapper", "patrolling_zapper", "harvest"),
    # Takes part in the peace of others by being sent off by one of them only.
    fake=Case("greedy_forager", "patrolling_zapper", "harvest"),
)
def peace(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """How many seats, on average, were free to act."""
    tagged = episodes.measure("tagged")
    if tagged is None:
        return undefined(episodes)
    out = over(over(np.nan_to_num(tagged), axis=1), axis=1)
    seats = episodes.spec.seats
    return np.repeat((seats - ratio(out, episodes.length))[:, None], seats, axis=1)
