"""What seats earn: returns, rewards a step, and what the others get."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import EVERYTHING, Case, metric
from prospect_env.metrics.steps import once, over, ratio

_RICH = Case("always_defect", "always_cooperate")
_POOR = Case("always_cooperate", "always_defect")


@once
def totals(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """The undiscounted sum of each seat's rewards."""
    return over(episodes.rewards, axis=1)


@metric(
    "return",
    unit="payoff",
    range=EVERYTHING,
    direction="higher",
    formula="R_i = sum_t discount^t r_i(t), t from 0; discount is the game's",
    source="Sutton and Barto 2018, section 3.3",
    undefined="never",
    high=_RICH,
    low=_POOR,
    # Takes what there is to take at once, and is paid back for it.
    fake=Case("always_defect", "grim"),
)
@once
def returns(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """Each seat's discounted return."""
    discount = episodes.spec.discount
    if discount == 1.0:
        return totals(episodes)
    weight, total = 1.0, np.zeros_like(episodes.rewards[:, 0], dtype=np.float64)
    for reward in np.moveaxis(episodes.rewards, 1, 0):
        total += weight * reward.astype(np.float64)
        weight *= discount
    return total


@metric(
    "mean_reward",
    unit="payoff per step",
    range=EVERYTHING,
    direction="higher",
    formula="sum_t r_i(t) / T, T the steps played",
    source="average reward, Sutton and Barto 2018, section 10.3",
    undefined="never: an episode has a step",
    high=_RICH,
    low=_POOR,
    fake=Case("always_defect", "grim"),
)
@once
def mean_reward(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """Each seat's undiscounted reward per step played."""
    return ratio(totals(episodes), episodes.length[:, None])


@metric(
    "others_return",
    unit="payoff",
    range=EVERYTHING,
    direction="higher",
    formula="mean over j != i of R_j",
    source="the externality side of social value orientation (Murphy, Ackermann and Handgraaf 2011)",
    undefined="games of one seat",
    high=_POOR,
    low=_RICH,
    # Extortion (Press and Dyson 2012) cooperates most of the time and keeps the gains.
    fake=Case("memory_one:p=[1,.8889,.5,.3333,0]", "always_cooperate"),
)
def others_return(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """The mean return of a seat's co-players."""
    each = returns(episodes)
    seats = episodes.spec.seats
    return (over(each, axis=1)[:, None] - each) / (seats - 1) if seats > 1 else np.full_like(each, np.nan)
