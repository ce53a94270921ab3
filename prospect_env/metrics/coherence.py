"""Coherence: does a seat do what it itself holds to be best?

Easy to fake, with flat values or with a forecast made up after the choice. So it is read beside the swaps: a policy
that does not use its forecast earns the same with any other (`value_of_prediction`).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import over, undefined

EPSILON = 1e-3  #: values closer together than this share of the payoff range do not tell actions apart


def choice_probs(episodes: Episodes) -> NDArray[np.float64]:
    """What each choice was drawn from, `[E, T, N, A]`; all on the action taken where a policy states none."""
    taken = (episodes.actions[..., None] == np.arange(len(episodes.spec.actions))).astype(np.float64)
    if episodes.probs is None:
        return taken
    stated = episodes.probs.astype(np.float64)
    return np.where(np.isnan(stated), taken, stated)


def values(episodes: Episodes) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Action values Q, and which of them count: legal ones of active seats that have values, `[E, T, N, A]` each."""
    if episodes.values is None:
        return None
    counted = ~np.isnan(episodes.values) & episodes.active[..., None]
    if episodes.legal is not None:
        counted &= episodes.legal
    return episodes.values.astype(np.float64), counted


def payoff_range(episodes: Episodes) -> float:
    """The difference between the largest and the least payoff of one step."""
    least, largest = episodes.spec.payoff_bounds
    return largest - least


@metric(
    "coherence",
    unit="share",
    range=(0.0, 1.0),
    direction="higher",
    formula="mean over decisions of 1 - (max Q - sum_a pi(a) Q(a)) / (max Q - min Q), legal actions",
    source="this project; normalised regret by one's own values",
    undefined=f"no Q; no decision where Q spans {EPSILON:g} of the payoff range",
    formula_of_parts=quotient,
    high=Case("prospective:predictor=bayes", game="chicken"),
    low=Case("prospective:predictor=bayes,planner=softmax,temperature=50", game="chicken"),
    # Decides by a coin and then forecasts what makes the outcome look best.
    fake=Case("rationaliser", game="chicken"),
    exposed_by="factual_skill",
)
def coherence(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How close choices come to the best action by the seat's own values; 1 is the best, 0 the worst."""
    found = values(episodes)
    if found is None:
        return undefined(episodes, 2)
    q, counted = found
    best = np.where(counted, q, -np.inf).max(axis=-1)
    worst = np.where(counted, q, np.inf).min(axis=-1)
    earned = over(np.where(counted, choice_probs(episodes) * np.where(counted, q, 0.0), 0.0), axis=-1)
    some = counted.any(axis=-1)
    span = np.where(some, best, 0.0) - np.where(some, worst, 0.0)
    tells = span > EPSILON * payoff_range(episodes)
    lost = np.divide(np.where(some, best, 0.0) - earned, span, out=np.zeros_like(span), where=tells)
    total = over(np.where(tells, 1.0 - lost, 0.0), axis=1)
    decisions = over(tells, axis=1)
    return np.stack([total, decisions], axis=-1)
