"""`Feed`: what a planner is given in place of its own forecast, to ask what that is worth and whether it is used.

A feed replaces the rows about the *others*; what a policy says of itself stays. It is fed before `decide`, and what is
recorded and scored as the policy's forecast is what the policy committed to, not what it was fed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Call, Event, Memory, Table, View


class Feed(ABC):
    """Something that stands in for a policy's forecast."""

    name: str = ""
    #: True if it needs the co-players' true probabilities.
    oracle: bool = False
    #: True if nothing of the own forecast about others is left in what is fed.
    whole: bool = True

    def begin(self, table: Table) -> Memory:
        """The memory of new matches."""
        return None

    def prepare(self, twin: Callable[[], Episodes]) -> tuple[Call, ...]:
        """Called before each block of matches; `twin()` plays their twins, unfed. Returns the model calls that cost."""
        return ()

    @abstractmethod
    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        """The forecast to decide by; `truth` gives the oracle's, where `oracle` is set."""

    def observe(self, memory: Memory, event: Event) -> Memory:
        """The memory after one step."""
        return memory


def about_others(
    fed: Float[np.ndarray, "B L A N R"], own: Float[np.ndarray, "B L A N R"], seat: int, asking: Any
) -> Forecast:
    """`fed`, with what `own` says of the seat itself."""
    probs = fed.copy()
    probs[:, :, :, seat] = own[:, :, :, seat]
    return Forecast(probs, asking)
