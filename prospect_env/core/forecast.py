"""`Forecast`: P(seat j's reaction at lead l is r | do(I take a now), all I have observed), for every a, j, l and r.

The tensor has shape `[B, L, A, N, R]` and each last axis sums to 1. Lead 0 is a seat's choice in this very step, made
without seeing mine; lead 1 its first choice after it, made after seeing mine: the reaction proper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.errors import InvalidForecast
from prospect_env.core.game import GameSpec

if TYPE_CHECKING:
    from prospect_env.core.unfold import Asking

TOLERANCE = 1e-3  #: how far a row may be from summing to 1


@dataclass(frozen=True)
class Forecast:
    """A forecast `[B, L, A, N, R]`, and what it came from.

    `asking` answers questions about hypothetical continuations, for planners that look further than the tensor; None
    where the forecaster cannot be asked. Rows that can never be scored still sum to 1.
    """

    probs: Float[np.ndarray, "B L A N R"]
    asking: Asking | None = None


def uniform(shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """The forecast that knows nothing: 1/R everywhere."""
    return np.full(shape, 1.0 / shape[-1])


def normalised(
    weights: Float[np.ndarray, "... R"], otherwise: Float[np.ndarray, "... R"] | None = None
) -> NDArray[np.float64]:
    """`weights` divided by their last-axis sums; rows that sum to 0 become `otherwise` (by default uniform)."""
    total = short_sum(weights)[..., None]
    fallback = 1.0 / weights.shape[-1] if otherwise is None else otherwise
    empty = total <= 0
    if not empty.any():
        return np.asarray(weights / total)
    return np.where(empty, fallback, weights / np.where(empty, 1.0, total))


def softmax(logits: Float[np.ndarray, "... R"]) -> Float[np.ndarray, "... R"]:
    """Probabilities from logits over the last axis, in float64."""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def fault(probs: object, shape: tuple[int, ...]) -> str | None:
    """What is wrong with `probs` as a forecast of this shape, or None if nothing is."""
    if probs is None:
        return "it is missing"
    if isinstance(probs, np.ndarray) and probs.shape == shape and probs.dtype.kind == "f" and _sound(probs):
        return None
    try:
        array = np.asarray(probs)
    except ValueError:
        return "it is no array: its rows differ in length"
    if array.dtype.kind not in "fiu":
        return f"its dtype is {array.dtype}; numbers are needed"
    if array.shape != shape:
        return f"its shape is {array.shape}; needed is {shape}"
    if not np.isfinite(array).all():
        return "it holds numbers that are not finite"
    if array.min() < 0:
        return f"it holds a negative probability, {array.min():.6g}"
    sums = short_sum(array.astype(np.float64, copy=False))
    worst = np.abs(sums - 1.0)
    if worst.max() > TOLERANCE:
        where = tuple(int(i) for i in np.unravel_index(int(np.argmax(worst)), worst.shape))
        return f"row {where} sums to {sums[where]:.6g}; needed is 1 within {TOLERANCE}"
    return None


def _sound(probs: Float[np.ndarray, "... R"]) -> bool:
    """Whether nothing is wrong, by four bare reductions: a view of a single match asks this in every step."""
    sums = np.add.reduce(probs, axis=-1, dtype=np.float64)
    least, most = np.minimum.reduce(sums, axis=None), np.maximum.reduce(sums, axis=None)
    # A number that is not finite makes one of the comparisons False.
    return bool(np.minimum.reduce(probs, axis=None) >= 0 and 1.0 - least <= TOLERANCE and most - 1.0 <= TOLERANCE)


def check(probs: object, spec: GameSpec, seat: int, step: int, batch: int) -> Float[np.ndarray, "B L A N R"]:
    """`probs` as float64, or `InvalidForecast` naming the agent, the step and what was wrong."""
    wrong = fault(probs, (batch, *spec.forecast_shape))
    if wrong is not None:
        raise InvalidForecast(spec.agents[seat], step, wrong)
    return np.asarray(probs, dtype=np.float64)


def attainable(spec: GameSpec, legal: Bool[np.ndarray, "... A"]) -> Bool[np.ndarray, "... R"]:
    """Which reactions a seat with these legal actions could show; all of them where reactions are events."""
    if spec.reactions_are_actions:
        return legal
    if spec.events:
        # What may happen to come of an action is the rules' to know.
        return np.ones((*legal.shape[:-1], len(spec.reactions)), dtype=bool)
    return np.asarray(legal.astype(np.float64) @ spec.shows > 0)


def more_significant(one: Bool[np.ndarray, "... R"], other: Bool[np.ndarray, "... R"]) -> Bool[np.ndarray, "... R"]:
    """What the more significant (the lower) of a label of `one` set and a label of the `other` can be."""
    here, there = (np.cumsum(x[..., ::-1], axis=-1)[..., ::-1] > 0 for x in (one, other))
    return np.asarray((one & there) | (other & here))


def one_hot(labels: Int[np.ndarray, "..."], count: int) -> NDArray[np.float64]:
    """1 at each label, `[..., count]`; zeros where the label is -1."""
    return (labels[..., None] == np.arange(count)).astype(np.float64)
