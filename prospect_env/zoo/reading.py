"""What callers send: an action in whatever type their tools make it, and a forecast or its logits."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prospect_env.core.forecast import fault, softmax


def parts(sent: Any) -> tuple[Any, Any]:
    """The action and the forecast in what was sent; None for what is missing."""
    if isinstance(sent, (dict, Mapping)):
        return sent.get("action"), sent.get("forecast")
    return sent, None


def action_index(action: Any) -> int:
    """The action as a number; -1, which is never legal, for what is no whole number."""
    try:
        return index(action)
    except TypeError:
        pass
    # Networks and batched tools send arrays of one number.
    if isinstance(action, np.ndarray) and action.size == 1 and action.dtype.kind in "iu":
        return int(action.reshape(()))
    return -1


def committed(said: Any, shape: tuple[int, ...], logits: bool) -> tuple[NDArray[np.float64], str | None]:
    """The probabilities that were committed to, in an array of our own, and what is wrong with them if anything."""
    if said is None:
        return np.zeros(0), 'it is missing; send {"action": ..., "forecast": ...}, or make the view with forecast="off"'
    wrong = _logit_fault(said, shape) if logits else fault(said, shape)
    if wrong is not None:
        return np.zeros(0), wrong
    return (softmax(said) if logits else np.array(said, dtype=np.float64)), None


def _logit_fault(said: Any, shape: tuple[int, ...]) -> str | None:
    array = np.asarray(said)
    if array.dtype.kind not in "fiu":
        return f"its dtype is {array.dtype}; numbers are needed"
    if array.shape != shape:
        return f"its shape is {array.shape}; needed is {shape}"
    return None if np.isfinite(array).all() else "it holds numbers that are not finite"
