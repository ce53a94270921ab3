"""The two scoring rules, Brier and logarithmic, each in expectation over a true distribution and as realised."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.metrics.steps import over, ratio

LOG_FLOOR = 1e-6  #: probabilities below this are scored as this, so that the log score is at most 13.8 nats


def irreducible(q: Float[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """`S(q, q) = 1 - sum_r q_r^2`: the expected Brier score of whoever knows `q`. What cannot be known, in 0..1."""
    return 1.0 - over(q**2, axis=-1)


def excess(p: Float[np.ndarray, "... R"], q: Float[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """`|p - q|^2`: what the Brier score has above that. What is not understood, in 0..2."""
    return over((p - q) ** 2, axis=-1)


def expected_log(p: Float[np.ndarray, "... R"], q: Float[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """`-sum_r q_r ln p_r` in nats."""
    return -over(q * np.log(np.maximum(p, LOG_FLOOR)), axis=-1)


def outcome(y: Int[np.ndarray, "..."], reactions: int) -> NDArray[np.float64]:
    """What happened as a distribution, `[..., R]`; all zeros where nothing did (-1)."""
    return (y[..., None] == np.arange(reactions)).astype(np.float64)


def uniform_over(attainable: Bool[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """Equal shares of what the rules allow; zeros where they allow nothing."""
    return spread(np.ones(attainable.shape[-1]), attainable)


def spread(weights: Float[np.ndarray, "... R"], attainable: Bool[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """`weights` as probabilities over what the rules allow; zeros where they allow nothing."""
    allowed = weights * attainable
    return np.nan_to_num(ratio(allowed, over(allowed, axis=-1)[..., None]))
