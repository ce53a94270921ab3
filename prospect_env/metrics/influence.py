"""Who moves whom: how far others' reactions depend on what a seat does, by branching."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import once, over, ratio, undefined


@once
def influence_sums(episodes: Episodes) -> Float[np.ndarray, "E N N 4"] | None:
    """By influencing seat k and influenced seat j: causal influence, its decisions, influenceability, its decisions.

    None where nothing was branched. There is no causal influence without stated probabilities of the own choice.
    """
    truth, mask, probs = episodes.truth, episodes.mask, episodes.probs
    if truth is None or mask is None or probs is None:
        return None
    seats = episodes.spec.seats
    sums = np.zeros((len(episodes), seats, seats, 4))
    taken = episodes.actions[..., None] == np.arange(probs.shape[-1])
    for t in range(episodes.active.shape[1]):
        for k in range(seats):
            for j in (other for other in range(seats) if other != k):
                # An own action whose row means nothing (the game ends, j never acts again) is no alternative.
                rows = mask[:, t, k, 1, :, j]
                q = np.where(rows[..., None], truth[:, t, k, 1, :, j], 0.0).astype(np.float64)
                happened = (rows & taken[:, t, k]).any(axis=-1) & (over(rows, axis=-1) > 1)
                sums[:, k, j, 2] += np.where(happened, _could(q, rows), 0.0)
                sums[:, k, j, 3] += happened
                stated = happened & np.isfinite(probs[:, t, k]).all(axis=-1)
                said = np.where(rows & stated[:, None], probs[:, t, k], 0.0)
                apart = np.where(taken[:, t, k], _divergence(q, _mixture(q, said)), 0.0)
                sums[:, k, j, 0] += np.where(stated, over(apart, axis=-1), 0.0)
                sums[:, k, j, 1] += stated
    return sums


def _mixture(q: Float[np.ndarray, "E A R"], weights: Float[np.ndarray, "E A"]) -> NDArray[np.float64]:
    return np.nan_to_num(ratio(over(weights[..., None] * q, axis=1), over(weights, axis=1)[:, None]))


def _divergence(q: Float[np.ndarray, "E A R"], mixture: Float[np.ndarray, "E R"]) -> NDArray[np.float64]:
    """KL[q || mixture] in nats, `[E, A]`; labels without probability add nothing."""
    known = (q > 0) & (mixture[:, None] > 0)
    logs = np.log(np.where(known, q, 1.0)) - np.log(np.where(known, mixture[:, None], 1.0))
    return over(q * logs, axis=-1)


def _could(q: Float[np.ndarray, "E A R"], usable: Bool[np.ndarray, "E A"]) -> NDArray[np.float64]:
    """The mean divergence if every usable own action were equally likely."""
    even = usable.astype(np.float64)
    apart = _divergence(q, _mixture(q, even))
    return np.nan_to_num(ratio(over(even * apart, axis=-1), over(even, axis=-1)))


_ABOUT = {
    "unit": "nats per decision and co-player",
    "range": (0.0, np.inf),
    "direction": "neither",
    "undefined": "no branches, no stated choice probabilities, games of one seat, or no decision with two answers",
}


@metric(
    "causal_influence",
    formula="mean of KL[q_j(. | taken) || sum_a pi_k(a) q_j(. | a)], q_j the true reaction at lead 1, by branching",
    source="Jaques et al. 2019 (arXiv 1810.08647); near 0 for choices made with certainty: read influenceability too",
    formula_of_parts=quotient,
    high=Case("forecasting:actor=random", "tit_for_tat"),
    low=Case("forecasting:actor=random", "random"),
    # Moves about a lot, before somebody whom nothing moves any more.
    fake=Case("forecasting:actor=random", "grim"),
    **_ABOUT,
)
def causal_influence(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How far others' reactions were from what they would have been on average over the seat's own possible choices."""
    return _parts(episodes, 0)


@metric(
    "influenceability",
    formula="mean over own actions, equally likely, of KL[q_j(. | a) || mean over a of q_j(. | a)]",
    source="this project: mutual information between a uniform own action and the reaction, what influence there is",
    formula_of_parts=quotient,
    high=Case("forecasting:actor=always_cooperate", "tit_for_tat"),
    low=Case("forecasting:actor=always_cooperate", "random"),
    fake=Case("forecasting:actor=random", "grim"),
    **_ABOUT,
)
def influenceability(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much the seat could move others' reactions at the points it went through, whatever it chose there."""
    return _parts(episodes, 2)


def _parts(episodes: Episodes, which: int) -> Float[np.ndarray, "E N 2"]:
    sums = influence_sums(episodes)
    if sums is None:
        return undefined(episodes, 2)
    return np.stack([over(sums[..., which], axis=2), over(sums[..., which + 1], axis=2)], axis=-1)
