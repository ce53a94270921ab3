"""Sums over short axes, term by term."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MANY = 24  #: terms from which one call that keeps every partial sum is quicker than a call a term


def short_sum(x: NDArray[Any], axis: int = -1) -> NDArray[Any]:
    """`x.sum(axis)` for an axis of few entries.

    Adding slice by slice is several times faster than a reduction whose inner loop has two to four rounds, and the
    order of additions is the same whatever the batch, so a match's bits do not depend on who it is played beside.
    """
    terms = np.moveaxis(x, axis, 0)
    if len(terms) == 0:
        return np.zeros(terms.shape[1:], dtype=x.dtype)
    if len(terms) > _MANY:
        # Accumulation adds one term after the other, as the loop below does, whatever the shape.
        return np.asarray(np.add.accumulate(terms, axis=0, dtype=x.dtype)[-1])
    total = np.array(terms[0])
    for term in terms[1:]:
        total += term
    return total
