"""What the rows of outside seats' forecasts are scored against, where co-players are played inside."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from prospect_env.core.forecast import Forecast
from prospect_env.core.players import truths_of
from prospect_env.core.policy import Decision
from prospect_env.core.position import Position
from prospect_env.core.turn import Turn
from prospect_env.core.unfold import Unfolding
from prospect_env.zoo.cast import Cast


def truths(
    cast: Cast,
    at: Position,
    now: Bool[np.ndarray, "B N"],
    turn: Turn,
    chosen: Int[np.ndarray, "B N"],
    forecasts: dict[int, NDArray[np.float64]],
) -> dict[int, Unfolding]:
    """What would have followed from each own action of each forecasting outside seat, by the co-players inside.

    Rows about other outside seats are masked. What those seats do in this step is known by now and taken as it is; in
    games whose reaction window is longer than a step, their choices in between are taken to be any legal one.
    """
    labels = np.arange(len(cast.spec.actions))
    decided = {
        seat: Decision(chosen[:, seat], (chosen[:, seat, None] == labels).astype(np.float64)) for seat in cast.outside
    }
    said = Turn({seat: Forecast(probs) for seat, probs in forecasts.items()}, {}, {**turn.decisions, **decided})
    found = truths_of(cast.players, at, now, said)
    for seat, truth in found.items():
        # Action and forecast arrive together: of one's own choice in this step nothing was committed beforehand.
        truth.mask[:, 0, :, seat] = False
    return found
