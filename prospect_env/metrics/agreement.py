"""Agreement: is what a model says it does what its own forecasts imply?

Two judges of one choice: the model asked outright, and a planner that acts on the model's forecasts. Where they part,
what is predicted is not what is acted on (literal against functional theory of mind, arXiv 2412.19726).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped
from numpy.typing import NDArray

from prospect_env.core.ties import TIE, largest
from prospect_env.metrics.intervals import Interval, cluster_bootstrap
from prospect_env.metrics.steps import ratio


def agreement(
    direct: Float[np.ndarray, "P A"], implied: Float[np.ndarray, "P A"], cluster: Shaped[np.ndarray, " P"]
) -> dict[str, Interval]:
    """`agreement`, `kappa` and `total_variation` of two choices with probabilities, 95% intervals by cluster.

    `agreement` is how often their likeliest actions are the same, 0..1; where several are likeliest each has an equal
    share, and the shares of the two are independent. `kappa` corrects it for chance, -1..1: with `C` the table of how
    often the one was `a` and the other `b`, `(sum_a C_aa - sum_a C_a. C_.a) / (1 - sum_a C_a. C_.a)`; nan where both
    always choose one and the same action. `total_variation` is the mean of `sum_a |p_a - q_a| / 2`, 0..1.
    Source: Cohen 1960, A coefficient of agreement for nominal scales.
    """
    count = direct.shape[1]
    table = np.einsum("pa,pb->pab", _likeliest(direct), _likeliest(implied)).reshape(len(direct), -1)
    apart = np.abs(direct - implied).sum(axis=1) / 2
    distance = np.stack([apart, np.ones_like(apart)], axis=1)
    same = np.eye(count).ravel()
    return {
        "agreement": cluster_bootstrap(table, cluster, lambda sums: ratio((sums * same).sum(axis=1), sums.sum(axis=1))),
        "kappa": cluster_bootstrap(table, cluster, lambda sums: kappa(sums.reshape(-1, count, count))),
        "total_variation": cluster_bootstrap(distance, cluster, lambda sums: ratio(sums[:, 0], sums[:, 1])),
    }


def kappa(table: Float[np.ndarray, "D A A"]) -> Float[np.ndarray, " D"]:
    """Cohen's kappa of tables of counts or shares; nan where agreement could not but be whole."""
    share = table / table.sum(axis=(1, 2), keepdims=True)
    observed = np.trace(share, axis1=1, axis2=2)
    expected = (share.sum(axis=1) * share.sum(axis=2)).sum(axis=1)
    return np.asarray(np.where(expected < 1 - TIE, ratio(observed - expected, 1 - expected), np.nan))


def _likeliest(probs: NDArray[np.float64]) -> NDArray[np.float64]:
    top = largest(probs)
    return np.asarray(top / top.sum(axis=1, keepdims=True))
