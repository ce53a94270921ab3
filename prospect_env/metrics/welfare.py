"""What everybody together earns, of what there was to earn, and how it is shared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import EVERYTHING, Case, metric
from prospect_env.metrics.returns import mean_reward, totals
from prospect_env.metrics.steps import once, over, ratio

_GOOD = Case("always_cooperate", "tit_for_tat")
_BAD = Case("always_defect", "tit_for_tat")
# Extorts (Press and Dyson 2012): mostly cooperative to look at, and the pie shrinks all the same.
_EXTORTS = Case("memory_one:p=[1,.8889,.5,.3333,0]", "tit_for_tat")


@metric(
    "welfare",
    unit="payoff per step",
    range=EVERYTHING,
    direction="higher",
    formula="U = sum_i sum_t r_i(t) / T; the same for all seats",
    source="utilitarian metric, Perolat et al. 2017 (arXiv 1707.06600)",
    undefined="never",
    high=_GOOD,
    low=_BAD,
    fake=_EXTORTS,
)
@once
def welfare(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """All seats' undiscounted rewards together, per step."""
    each = mean_reward(episodes)
    return np.repeat(over(each, axis=1)[:, None], each.shape[1], axis=1)


@metric(
    "welfare_efficiency",
    unit="share",
    range=(0.0, 1.0),
    direction="higher",
    formula="(U - U_min) / (U_max - U_min), bounds of one step's welfare as the game states them",
    source="this project; utilitarian welfare on the scale of what the rules allow",
    undefined="games that state no welfare bounds or equal ones",
    high=_GOOD,
    low=_BAD,
    fake=_EXTORTS,
)
def welfare_efficiency(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """Where welfare lies between the least and the largest that the rules allow."""
    least, largest = episodes.spec.welfare_bounds
    together = welfare(episodes)
    spread = largest - least
    return (together - least) / spread if spread > 0 else np.full_like(together, np.nan)


@metric(
    "welfare_regret",
    unit="share",
    range=(0.0, 1.0),
    direction="lower",
    formula="1 - welfare efficiency",
    source="this project; utilitarian welfare on the scale of what the rules allow",
    undefined="as welfare_efficiency",
    high=_BAD,
    low=_GOOD,
    fake=_EXTORTS,
)
def welfare_regret(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """The share of attainable welfare that was not attained."""
    return 1.0 - welfare_efficiency(episodes)


@metric(
    "equality",
    unit="index",
    range=(0.0, 1.0),
    direction="higher",
    formula="E = 1 - sum_i sum_j |R_i - R_j| / (2 N sum_i R_i), R undiscounted; the same for all seats",
    source="one minus the Gini coefficient, Perolat et al. 2017 (arXiv 1707.06600)",
    undefined="a return is negative, or all returns are 0",
    high=Case("always_cooperate", "always_cooperate"),
    low=Case("always_defect", "always_cooperate"),
    # Equally poor: perfect by this number alone.
    fake=Case("always_defect", "always_defect"),
    exposed_by="welfare_efficiency",
)
def equality(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """How evenly the undiscounted returns are shared."""
    each = totals(episodes)
    seats = each.shape[1]
    # Each pair once; the double sum of the formula counts it twice.
    apart = np.zeros_like(each[:, 0])
    for i in range(seats):
        for j in range(i):
            apart += np.abs(each[:, i] - each[:, j])
    shared = 1.0 - ratio(apart, seats * over(each, axis=1))
    shared = np.where((each < 0).any(axis=1), np.nan, shared)
    return np.repeat(shared[:, None], seats, axis=1)
