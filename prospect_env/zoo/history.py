"""What a view writes down of each step, and how that becomes `Episodes`.

Views note references, and arrays are filled only when somebody looks: most training loops never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core import position
from prospect_env.core.chance import Streams
from prospect_env.core.episodes import Episodes
from prospect_env.core.forecast import Forecast
from prospect_env.core.foresee import foreseen_rewards
from prospect_env.core.game import Outcome, State
from prospect_env.core.policy import Call, Decision
from prospect_env.core.position import Position
from prospect_env.core.record import Recorder
from prospect_env.core.state import take
from prospect_env.core.turn import Turn
from prospect_env.core.unfold import Unfolding
from prospect_env.zoo.cast import Cast


class Step(NamedTuple):
    """One step of a batch of matches: who chose, what, what it brought; what was said, decided and asked, by seat.

    `state` is the one before the step. `asked` are foreseen rewards that had to be asked for at the time.
    """

    state: State
    now: Bool[np.ndarray, "B N"]
    actions: Int[np.ndarray, "B N"]
    outcome: Outcome
    forecasts: dict[int, NDArray[np.float64]]
    asked: dict[int, NDArray[np.float64]]
    decisions: dict[int, Decision]
    truths: dict[int, Unfolding]
    calls: tuple[Call, ...]

    def of(self, rows: Int[np.ndarray, " K"], numbers: Int[np.ndarray, " K"]) -> Step:
        """The same of some of the matches, whose numbers are `numbers`."""
        outcome, told = self.outcome, ["rewards", "executed", "reactions"]
        if outcome.measures is not None:
            told.append("measures")
        mine = set(numbers.tolist())
        return Step(
            take(self.state, rows),
            self.now[rows],
            self.actions[rows],
            outcome._replace(state=None, **{name: getattr(outcome, name)[rows] for name in told}),
            {seat: probs[rows] for seat, probs in self.forecasts.items()},
            {seat: rewards[rows] for seat, rewards in self.asked.items()},
            {seat: take(replace(decision, message=None), rows) for seat, decision in self.decisions.items()},
            {seat: Unfolding(*(array[rows] for array in truth)) for seat, truth in self.truths.items()},
            tuple(call for call in self.calls if call.match in mine),
        )


def asked(cast: Cast, at: Position, now: Bool[np.ndarray, "B N"], turn: Turn) -> dict[int, Float[np.ndarray, "B A N"]]:
    """Foreseen rewards that only the forecasters inside can say, by seat: asking them again later would be too late.

    Where reactions are actions the forecasts themselves say it, whenever somebody looks.
    """
    if cast.spec.reactions_are_actions:
        return {}
    return {seat: _foreseen(cast, at, now, seat, forecast) for seat, forecast in turn.forecasts.items()}


def episodes(
    cast: Cast,
    steps: Sequence[Step],
    streams: Streams,
    numbers: Int[np.ndarray, " B"],
    terminated: Bool[np.ndarray, " B"],
) -> Episodes:
    """The matches that went through `steps`, as the arena would have recorded them, but for what no view can know.

    * Action and forecast of an outside seat arrive together, so what it says of its own choice in this step is never
      scored: it is masked and never realised, and its `truth` is the action taken.
    * What an outside seat drew from and what it thought its actions worth stays its own: `probs` and `values` are nan.
    * An outside forecaster cannot be asked: where reactions are coarser than actions, its foreseen rewards are nan.
    * Only forecasts from outside are branched; of those of co-players inside nothing is known but what then happened.
    """
    recorder = Recorder(cast.game, numbers, len(steps), cast.forecasting, False, cast.branching, guarded=cast.guarded)
    for t, step in enumerate(steps):
        turn = Turn({seat: Forecast(probs) for seat, probs in step.forecasts.items()}, {}, step.decisions)
        legal, foreseen = None, step.asked
        if cast.forecasting:
            legal = cast.game.legal(step.state)
            # Step 0 of chance is the sitting down; the first choice is made at step 1.
            at = Position(step.state, {}, streams, t + 1, np.zeros(len(numbers), dtype=bool), numbers)
            rest = {seat: said for seat, said in turn.forecasts.items() if seat not in step.asked}
            foreseen = step.asked | {seat: _foreseen(cast, at, step.now, seat, said) for seat, said in rest.items()}
        recorder.record(step.now, turn, step.actions, step.outcome, step.truths, list(step.calls), legal, foreseen)
    found = recorder.episodes(terminated, cast.names, ("own",) * cast.spec.seats)
    if found.realised is None:
        return found
    realised = found.realised.copy()
    for seat in cast.outside:
        realised[:, :, seat, 0, seat] = -1
    return replace(found, realised=realised)


def _foreseen(
    cast: Cast, at: Position, now: Bool[np.ndarray, "B N"], seat: int, forecast: Forecast
) -> Float[np.ndarray, "B A N"]:
    seen = position.view(cast.game, at, seat, now)
    return foreseen_rewards(seen, position.chance(at, seat), forecast)
