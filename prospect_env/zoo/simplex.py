"""`Simplex`: the space of forecasts, a `Box` that knows that its last axis sums to 1."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from prospect_env.core.forecast import TOLERANCE, fault


class Simplex(Box):
    """Arrays of one shape with entries >= 0 whose last axis sums to 1 within `TOLERANCE`.

    A plain `Box` would call almost nothing it samples a forecast; here every sample is one, as every tool assumes.
    """

    def __init__(self, shape: tuple[int, ...], seed: int | np.random.Generator | None = None) -> None:
        super().__init__(0.0, 1.0, shape, np.float32, seed)

    def sample(self, mask: None = None, probability: None = None) -> NDArray[Any]:
        """A point drawn evenly from the simplex (a flat Dirichlet in each row)."""
        if mask is not None or probability is not None:
            raise ValueError("a Simplex is sampled without mask and without probability")
        weights = self.np_random.standard_exponential(self.shape)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=self.dtype)

    def contains(self, x: Any) -> bool:
        """Whether `x` is a forecast of this shape, of any real dtype."""
        return fault(x, self.shape) is None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Simplex) and super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Simplex({self.shape}, within {TOLERANCE})"


@batch_space.register(Simplex)
def _batch_simplex(space: Simplex, n: int = 1) -> Simplex:
    # Without this a vector environment would offer the plain Box, whose samples are no forecasts.
    return Simplex((n, *space.shape), seed=deepcopy(space.np_random))
