"""Ties: which of several numbers are the largest, where those that hardly differ count as equal."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

TIE = 1e-9  #: numbers that differ by no more are equal: probabilities, and values of actions
SEVERAL = -1  #: stands for the largest where there is more than one


def largest(values: Float[np.ndarray, "*shape K"]) -> Bool[np.ndarray, "*shape K"]:
    """Which are the largest of the last axis: one or, where they tie, several."""
    return np.asarray(values >= values.max(axis=-1, keepdims=True) - TIE)


def sole(values: Float[np.ndarray, "*shape K"]) -> Int[np.ndarray, "*shape"]:
    """The index of the largest of the last axis; `SEVERAL` where they tie."""
    top = largest(values)
    return np.where(top.sum(axis=-1) == 1, top.argmax(axis=-1), SEVERAL)
