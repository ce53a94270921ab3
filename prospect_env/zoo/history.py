"""What a view writes down of each step, and how that becomes `Episodes`.

Views note references, and arrays are filled only when somebody looks: most training loops never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Outcome
from prospect_env.core.players import Turn
from prospect_env.core.policy import Call, Decision
from prospect_env.core.record import Recorder
from prospect_env.core.state import take
from prospect_env.core.unfold import Unfolding
from prospect_env.zoo.cast import Cast


class Step(NamedTuple):
    """One step of a batch of matches: who chose, what, what it brought; what was said, decided and asked, by seat."""

    now: Bool[np.ndarray, "B N"]
    actions: Int[np.ndarray, "B N"]
    outcome: Outcome
    forecasts: dict[int, NDArray[np.float64]]
    decisions: dict[int, Decision]
    truths: dict[int, Unfolding]
    calls: tuple[Call, ...]

    def of(self, rows: Int[np.ndarray, " K"]) -> Step:
        """The same of some of the matches; calls stay with the whole."""
        outcome, told = self.outcome, ("rewards", "executed", "reactions")
        return Step(
            self.now[rows],
            self.actions[rows],
            outcome._replace(state=None, **{name: getattr(outcome, name)[rows] for name in told}),
            {seat: probs[rows] for seat, probs in self.forecasts.items()},
            {seat: take(replace(decision, message=None), rows) for seat, decision in self.decisions.items()},
            {seat: Unfolding(*(array[rows] for array in truth)) for seat, truth in self.truths.items()},
            (),
        )


def episodes(
    cast: Cast, steps: Sequence[Step], numbers: Int[np.ndarray, " B"], terminated: Bool[np.ndarray, " B"]
) -> Episodes:
    """The matches that went through `steps`, as the arena would have recorded them.

    In a view action and forecast arrive together, so what outside seats say of their own choice in this step is never
    scored: it is masked, and never realised.
    """
    recorder = Recorder(cast.game, numbers, len(steps), cast.forecasting, False, cast.branching)
    for step in steps:
        turn = Turn({seat: Forecast(probs) for seat, probs in step.forecasts.items()}, {}, step.decisions, {})
        recorder.record(step.now, turn, step.actions, step.outcome, step.truths, list(step.calls))
    found = recorder.episodes(terminated, cast.names, ("own",) * cast.spec.seats)
    if found.realised is None:
        return found
    realised = found.realised.copy()
    for seat in cast.outside:
        realised[:, :, seat, 0, seat] = -1
    return replace(found, realised=realised)
