"""`Episodes`: everything that was recorded of a batch of matches, as named arrays `[episode, step, seat, ...]`.

`DICTIONARY` describes every field; it is also the data dictionary of the Parquet files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from numpy.typing import NDArray

from prospect_env.core.game import Game, GameSpec
from prospect_env.core.policy import Call
from prospect_env.core.state import take

# Axes: E episodes, T steps, N seats, L leads, A own actions, R reactions, M measures, J seats again (of which every
# seat has a row, forecasting or not). Who forecasts comes first, about whom last.
#: when a field is recorded
ALWAYS, FORECASTS, BRANCHES, FEEDS = "always", "where a seat forecasts", "with branch='all'", "with feeds"
MEASURES = "where the game measures something"
RETURNS = "with branch='returns'"
TALK = "where there is talk"
GUARDS = "where a guard has a say"


def _column(axes: str, unit: str, meaning: str, when: str = ALWAYS) -> Any:
    return field(metadata={"axes": axes, "unit": unit, "meaning": meaning, "when": when})


@dataclass(frozen=True, eq=False)
class Episodes:
    """A batch of played matches; what was not asked for is None. Steps after a match's end hold fill values."""

    game: Game
    policies: tuple[str, ...]
    feeds: tuple[str, ...]
    episode: Int[np.ndarray, " E"] = _column("E", "number", "number of the episode; fixes it")
    length: Int[np.ndarray, " E"] = _column("E", "steps", "steps played")
    terminated: Bool[np.ndarray, " E"] = _column("E", "true/false", "whether the rules ended it (not a limit on steps)")
    active: Bool[np.ndarray, "E T N"] = _column("E T N", "true/false", "whether the seat chose in this step")
    actions: Int[np.ndarray, "E T N"] = _column("E T N", "action index, -1 none", "the action the seat chose")
    executed: Int[np.ndarray, "E T N"] = _column(
        "E T N", "action index, -1 none", "the action that took effect, after noise"
    )
    reactions: Int[np.ndarray, "E T N"] = _column("E T N", "reaction index, -1 none", "the label of what the seat did")
    rewards: Float[np.ndarray, "E T N"] = _column("E T N", "payoff", "the seat's payoff in this step")
    measures: Float[np.ndarray, "E T N M"] | None = _column(
        "E T N M", "the measure's own, nan none", "what the game measures besides payoffs, see its spec", MEASURES
    )
    probs: Float[np.ndarray, "E T N A"] | None = _column(
        "E T N A", "probability, nan none", "what the choice was drawn from", FORECASTS
    )
    values: Float[np.ndarray, "E T N A"] | None = _column(
        "E T N A", "payoff, nan none", "the planner's action values Q", FORECASTS
    )
    proposed: Int[np.ndarray, "E T N"] | None = _column(
        "E T N", "action index, -1 none", "the action the seat wanted before its guard had a say", GUARDS
    )
    harm_limit: Float[np.ndarray, "E T N"] | None = _column(
        "E T N", "payoff, nan none", "the harm to each co-player up to which the guard lets a proposal pass", GUARDS
    )
    harm_cost: Float[np.ndarray, "E T N"] | None = _column(
        "E T N",
        "payoff, nan none",
        "how much Q may fall where the proposed action is replaced",
        GUARDS,
    )
    forecast: Float[np.ndarray, "E T N L A N R"] | None = _column(
        "E T N L A N R", "probability, nan none", "the forecast the seat committed to", FORECASTS
    )
    fed: Float[np.ndarray, "E T N L A N R"] | None = _column(
        "E T N L A N R", "probability, nan none", "the forecast the seat decided by, where it was swapped", FEEDS
    )
    legal: Bool[np.ndarray, "E T N A"] | None = _column(
        "E T N A", "true/false", "what the seat was allowed to choose", FORECASTS
    )
    foreseen_rewards: Float[np.ndarray, "E T N A N"] | None = _column(
        "E T N A N",
        "payoff, nan none",
        "every seat's expected payoff in this step, had the seat taken this action, by its own forecast",
        FORECASTS,
    )
    truth: Float[np.ndarray, "E T N L A N R"] | None = _column(
        "E T N L A N R", "probability, nan none", "the true distribution of executed reactions", BRANCHES
    )
    mask: Bool[np.ndarray, "E T N L A N"] | None = _column(
        "E T N L A N", "true/false", "whether the row can be scored against `truth`", BRANCHES
    )
    attainable: Bool[np.ndarray, "E T N L A N R"] | None = _column(
        "E T N L A N R", "true/false", "whether the rules allow this reaction there", BRANCHES
    )
    realised: Int[np.ndarray, "E T N L N"] | None = _column(
        "E T N L N", "reaction index, -1 none", "what the others then did, on the path taken", FORECASTS
    )
    branch_rewards: Float[np.ndarray, "E T N A N"] | None = _column(
        "E T N A N", "payoff", "every seat's expected payoff in this step, had the seat taken this action", BRANCHES
    )
    branch_returns: Float[np.ndarray, "E T N A J"] | None = _column(
        "E T N A J",
        "payoff, nan none",
        "every seat's return from this step to the end, had the seat taken this action, luck being equal",
        RETURNS,
    )
    messages: Shaped[np.ndarray, "E T N"] | None = _column(
        "E T N", "text, empty none", "the free text that went with the seat's action", TALK
    )
    calls: tuple[Call, ...] = ()
    seconds: float = float("nan")

    @property
    def spec(self) -> GameSpec:
        """The game's description."""
        return self.game.spec

    def measure(self, name: str) -> Float[np.ndarray, "E T N"] | None:
        """One of the game's measures; nan in steps that were not played, None in games that do not have it."""
        if self.measures is None or name not in self.spec.measures:
            return None
        return self.measures[..., self.spec.measures.index(name)]

    def __repr__(self) -> str:
        who = " against ".join(self.policies)
        return f"Episodes({len(self)} of {self.spec.name}, {who}, {int(self.length.sum())} steps)"

    def __len__(self) -> int:
        return len(self.episode)

    @property
    def played(self) -> Bool[np.ndarray, "E T"]:
        """Which steps were played, `[E, T]`."""
        return np.arange(self.active.shape[1]) < self.length[:, None]

    def select(self, index: NDArray[Any]) -> Episodes:
        """The episodes `index`, in that order; calls stay with the whole."""
        arrays = {f.name: getattr(self, f.name) for f in columns() if getattr(self, f.name) is not None}
        return replace(self, **{name: take(array, index) for name, array in arrays.items()})

    def between(self, start: int, stop: int) -> Episodes:
        """Steps `start` to `stop - 1` alone, for figures by round; calls stay with the whole.

        What rests on earlier steps (a marginal reference, an announcement) begins anew.
        """
        arrays = {f.name: getattr(self, f.name) for f in columns() if getattr(self, f.name) is not None}
        cut = {name: array[:, start:stop] for name, array in arrays.items() if array.ndim > 1}
        return replace(self, **cut, length=np.clip(self.length, start, stop) - start, calls=())

    @staticmethod
    def concatenate(parts: Sequence[Episodes]) -> Episodes:
        """Episodes of the same game and policies as one; shorter ones are filled up to the longest."""
        if len(parts) == 1:
            return parts[0]
        steps = max(part.active.shape[1] for part in parts)
        joined: dict[str, Any] = {}
        for f in columns():
            arrays = [getattr(part, f.name) for part in parts]
            if arrays[0] is None:
                joined[f.name] = None
            elif f.metadata["axes"] == "E":
                joined[f.name] = np.concatenate(arrays)
            else:
                joined[f.name] = np.concatenate([_filled(array, steps, f.metadata["unit"]) for array in arrays])
        calls = tuple(call for part in parts for call in part.calls)
        seconds = float(sum(part.seconds for part in parts))
        return replace(parts[0], **joined, calls=calls, seconds=seconds)


def columns() -> tuple[Any, ...]:
    """The fields of `Episodes` that hold arrays."""
    return tuple(f for f in fields(Episodes) if "axes" in f.metadata)


def fill_value(unit: str) -> Any:
    """What stands in an array where nothing was recorded."""
    if unit == "true/false":
        return False
    if unit.startswith("text"):
        return ""
    if "nan none" in unit or unit == "payoff":
        return np.nan if "nan none" in unit else 0.0
    return -1


def _filled(array: NDArray[Any], steps: int, unit: str) -> NDArray[Any]:
    missing = steps - array.shape[1]
    if not missing:
        return array
    tail = np.full((array.shape[0], missing, *array.shape[2:]), fill_value(unit), dtype=array.dtype)
    return np.concatenate([array, tail], axis=1)


class Entry(NamedTuple):
    """One line of the data dictionary."""

    name: str
    axes: str
    unit: str
    meaning: str
    when: str


DICTIONARY: tuple[Entry, ...] = tuple(
    Entry(f.name, f.metadata["axes"], f.metadata["unit"], f.metadata["meaning"], f.metadata["when"]) for f in columns()
)
