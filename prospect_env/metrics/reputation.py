"""Reputation: whether a seat's standing with others says what the seat does."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import over, ratio, undefined


@metric(
    "reputation_accuracy",
    unit="share",
    range=(0.0, 1.0),
    direction="higher",
    formula="1 - mean over steps of |standing - share of giving so far|; standing: share of others with a good image",
    source="this project; images of donors: Nowak and Sigmund 1998",
    undefined="games without standing, or a seat that could never give",
    formula_of_parts=quotient,
    high=Case("always_cooperate", "discriminator", "donation"),
    low=Case("random:p=.5", "discriminator", "donation", parameters={"norm": "shunning", "error": 0.4}),
    # Gives so rarely that it looks as bad as it is, but for errors.
    fake=Case("random:p=.3", "discriminator", "donation", parameters={"error": 0.4}),
)
def reputation_accuracy(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How close others' image of a seat is to what it did."""
    standing, gave = episodes.measure("standing"), episodes.measure("gave")
    if standing is None or gave is None:
        return undefined(episodes, 2)
    could = ~np.isnan(gave)
    given, chances = np.cumsum(np.nan_to_num(gave), axis=1, dtype=np.float64), np.cumsum(could, axis=1)
    share = ratio(given, chances)
    counted = ~np.isnan(share) & ~np.isnan(standing)
    agreed = np.where(counted, 1.0 - np.abs(standing - share), 0.0)
    return np.stack([over(agreed, axis=1), over(counted, axis=1)], axis=-1)
