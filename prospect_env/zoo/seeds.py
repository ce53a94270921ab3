"""`Seeds`: which episode seed comes next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt64

from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import BadParameter

BLOCK = 64  #: seeds made at once, since making one costs as much


@dataclass
class Seeds:
    """The seeds of one environment's episodes: the k-th after `reset(seed=s)` is the k-th of `play(..., seed=s)`.

    Without a seed the first is drawn from the operating system, and the rest follow from it.
    """

    base: int | None = None
    played: int = 0
    _block: UInt64[np.ndarray, " block"] | None = None

    def next(self, seed: int | None = None) -> tuple[UInt64[np.ndarray, " 1"], int]:
        """The seed of the next episode, and its number; `seed` starts over."""
        if seed is not None:
            if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
                raise BadParameter(f"seed is {seed!r}; it must be None or a whole number, 0 or more")
            self.base, self.played = int(seed), 0
        elif self.base is None:
            self.base = entropy()
        number = self.played
        self.played += 1
        at = number % BLOCK
        if at == 0 or self._block is None:
            # Never changed in place, so that copies may share it.
            self._block = episode_seeds(self.base, np.arange(number - at, number - at + BLOCK))
        return self._block[at : at + 1], number


def entropy() -> int:
    """A seed from the operating system."""
    drawn = np.random.SeedSequence().entropy
    assert isinstance(drawn, int)
    return drawn
