"""`Recorder`: fills the arrays of `Episodes` step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import (
    ALWAYS,
    BRANCHES,
    FEEDS,
    FORECASTS,
    GUARDS,
    MEASURES,
    RETURNS,
    TALK,
    Episodes,
    columns,
    fill_value,
)
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.core.policy import Call
from prospect_env.core.turn import Turn
from prospect_env.core.unfold import Unfolding

_DTYPES = {
    "true/false": np.bool_,
    "payoff": np.float32,
    "probability, nan none": np.float32,
    "payoff, nan none": np.float32,
    "the measure's own, nan none": np.float32,
    "text, empty none": np.object_,
}


class Recorder:
    """Arrays with steps first and seats before matches, so that each write is one run of memory; turned at the end."""

    def __init__(
        self,
        game: Game,
        match: Int[np.ndarray, " B"],
        horizon: int,
        forecasting: bool,
        fed: bool,
        branch: bool,
        returns: bool = False,
        guarded: bool = False,
    ) -> None:
        self.game, self.match, self.steps = game, match, 0
        leads, actions, seats, reactions = game.spec.forecast_shape
        sizes = {"A": actions, "L": leads, "N": seats, "R": reactions, "M": len(game.spec.measures), "J": seats}
        wanted = {
            FORECASTS: forecasting,
            FEEDS: fed,
            BRANCHES: branch and forecasting,
            MEASURES: bool(game.spec.measures),
            RETURNS: returns,
            TALK: bool(game.spec.announces),
            GUARDS: guarded,
        }
        self._arrays: dict[str, NDArray[Any]] = {}
        for column in columns():
            axes = column.metadata["axes"].split()
            if axes == ["E"] or not wanted.get(column.metadata["when"], True):
                continue
            unit = column.metadata["unit"]
            shape = (horizon, seats, len(match), *(sizes[axis] for axis in axes[3:]))
            dtype = _DTYPES.get(unit, np.int8)
            always = column.metadata["when"] == ALWAYS
            # What every step writes whole needs no fill.
            self._arrays[column.name] = np.empty(shape, dtype) if always else np.full(shape, fill_value(unit), dtype)
        self._calls: list[Call] = []
        self._length = np.zeros(len(match), dtype=np.int32)

    def begun(self, calls: Sequence[Call]) -> None:
        """Write down what models were asked while everybody sat down: it is of every match, and costs in the first.

        Whoever sat down before, to see whether the game suits, asked the same; that costs once, too.
        """
        first: dict[Any, Call] = {}
        for call in calls:
            first.setdefault((call.seat, call.purpose, call.prompt_hash), call)
        for number, match in enumerate(map(int, self.match)):
            for call in first.values():
                again: dict[str, Any] = {
                    "replayed": True,
                    "tokens_cached": call.tokens_in,
                    "tokens_out": 0,
                    "latency": 0.0,
                }
                self._calls.append(replace(call, match=match, step=0, imagined=False, **(again if number else {})))

    def record(
        self,
        now: Bool[np.ndarray, "B N"],
        turn: Turn,
        actions: Int[np.ndarray, "B N"],
        outcome: Outcome,
        truths: dict[int, Unfolding],
        calls: list[Call],
        legal: Bool[np.ndarray, "B N A"] | None = None,
        foreseen: Mapping[int, Float[np.ndarray, "B A N"]] | None = None,
        returns: Float[np.ndarray, "B N A N"] | None = None,
    ) -> None:
        """Write down one step; `legal` and `foreseen` rewards are written where a seat forecasts."""
        t, arrays, everybody = self.steps, self._arrays, bool(now.all())
        arrays["active"][t] = now.T
        arrays["actions"][t] = actions.T
        executed, reactions, rewards = outcome.executed, outcome.reactions, outcome.rewards
        if not everybody:
            executed, reactions = np.where(now, executed, -1), np.where(now, reactions, -1)
            rewards = np.where(np.asarray(now.any(axis=1))[:, None], rewards, 0.0)
        arrays["executed"][t] = executed.T
        arrays["reactions"][t] = reactions.T
        arrays["rewards"][t] = rewards.T
        self._length += 1 if everybody else now.any(axis=1)
        if "probs" in arrays:
            self._decisions(t, now, turn)
            if legal is not None:
                arrays["legal"][t] = np.moveaxis(legal & now[:, :, None], 1, 0)
            for seat, rewards_of in (foreseen or {}).items():
                asked = now[:, seat]
                arrays["foreseen_rewards"][t, seat, asked] = rewards_of[asked]
        for seat, truth in truths.items():
            asked = now[:, seat]
            for name, value in (("truth", truth.probs), ("mask", truth.mask), ("attainable", truth.attainable)):
                arrays[name][t, seat, asked] = value[asked]
            arrays["branch_rewards"][t, seat, asked] = truth.rewards[asked]
        if returns is not None:
            arrays["branch_returns"][t] = np.moveaxis(returns, 1, 0)
        self._besides(t, now, turn, outcome)
        # A question about a later step than this one was asked of a continuation.
        self._calls.extend(replace(call, step=t, imagined=call.step > t) for call in calls)
        self.steps += 1

    def _besides(self, t: int, now: Bool[np.ndarray, "B N"], turn: Turn, outcome: Outcome) -> None:
        """What there is besides choices and payoffs: measures, free text, and what a guard was asked to let pass."""
        arrays = self._arrays
        if "measures" in arrays and outcome.measures is not None:
            playing = np.asarray(now.any(axis=1))[None, :, None]
            arrays["measures"][t] = np.where(playing, np.moveaxis(outcome.measures, 1, 0), np.nan)
        for seat, decision in turn.decisions.items() if "messages" in arrays else ():
            if decision.message is not None:
                arrays["messages"][t, seat] = np.where(now[:, seat], np.array(decision.message, dtype=object), "")
        for seat, decision in turn.decisions.items() if "proposed" in arrays else ():
            wanted, asked = decision.proposal, now[:, seat]
            if wanted is not None:
                arrays["proposed"][t, seat, asked] = wanted.action[asked]
                arrays["harm_limit"][t, seat, asked] = wanted.limit[asked]
                arrays["harm_cost"][t, seat, asked] = wanted.cost[asked]

    def _decisions(self, t: int, now: Bool[np.ndarray, "B N"], turn: Turn) -> None:
        arrays = self._arrays
        for seat, decision in turn.decisions.items():
            asked = now[:, seat]
            if decision.probs is not None:
                arrays["probs"][t, seat, asked] = decision.probs[asked]
            if decision.values is not None:
                arrays["values"][t, seat, asked] = decision.values[asked]
        for seat, forecast in turn.forecasts.items():
            asked = now[:, seat]
            arrays["forecast"][t, seat, asked] = forecast.probs[asked]
            if "fed" in arrays:
                arrays["fed"][t, seat, asked] = turn.fed[seat].probs[asked]

    def episodes(
        self, terminated: Bool[np.ndarray, " B"], policies: tuple[str, ...], feeds: tuple[str, ...]
    ) -> Episodes:
        """What was recorded, under the names of the policies and of what they were fed."""
        found: dict[str, Any] = {column.name: None for column in columns()}
        for name, array in self._arrays.items():
            found[name] = np.moveaxis(array[: self.steps], (0, 1, 2), (1, 2, 0))
        found |= {"episode": np.asarray(self.match), "length": self._length, "terminated": terminated}
        if found["realised"] is not None:
            found["realised"] = realised(found["active"], found["reactions"], self.game.spec, self._length, terminated)
        return Episodes(self.game, policies, feeds, **found, calls=tuple(self._calls))


def realised(
    active: NDArray[np.bool_],
    reactions: NDArray[Any],
    spec: GameSpec,
    length: NDArray[Any],
    terminated: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """What each seat did after each forecast, `[E, T, N, L, N]`: now (lead 0), and as a reaction (lead 1).

    Where the game ranks reactions, one is known when its window closes, which the end of a game does and a mere limit
    on steps does not.
    """
    episodes, steps, seats = active.shape
    none = len(spec.reactions)
    shown = np.where(active, reactions, -1).astype(np.int8)
    later = np.full((episodes, steps, seats), none if spec.ranked else -1, dtype=np.int8)
    for ahead in range(spec.window, 0, -1):
        if ahead < steps:
            acts, then = active[:, ahead:], shown[:, ahead:]
            best = np.minimum(later[:, :-ahead], then) if spec.ranked else then
            later[:, :-ahead] = np.where(acts, best, later[:, :-ahead])
    if spec.ranked:
        closed = terminated[:, None] | (np.arange(steps) + spec.window < length[:, None])
        known = (later < none) & (closed[:, :, None] | (later == 0))
        later = np.where(known, later, -1).astype(np.int8)
    both = np.stack([shown, later], axis=2)
    return np.where(active[:, :, :, None, None], both[:, :, None], -1).astype(np.int8)
