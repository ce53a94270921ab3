"""`Metric` and `Comparison`: a number that can be read off episodes, and everything a reader must know about it.

A `Metric` is read off one run, per (episode, seat). A `Comparison` needs several runs with paired seeds. Both are made
of *parts*: sums that add up over episodes, and a formula that turns summed parts into the number. So a figure for many
episodes is the formula applied to pooled parts, never a mean of ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, DuplicateName
from prospect_env.metrics.steps import ratio

Direction = Literal["higher", "lower", "neither"]
Runs = Mapping[str, Episodes]
Formula = Callable[[NDArray[np.float64]], NDArray[np.float64]]
EVERYTHING = (-np.inf, np.inf)


@dataclass(frozen=True)
class Case:
    """A match to try a metric on: a policy at seat 0, its co-player, a game and the game's parameters.

    `co_player` sits at every other seat, or is one spec string for each. `branch` is how much must be branched.
    """

    policy: str
    co_player: str | tuple[str, ...] = "random_memory_one"
    game: str = "prisoners_dilemma"
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    branch: str = "all"


@dataclass(frozen=True)
class About:
    """What a reader must know of a number.

    `range` are its least and largest value; `direction` says which way is better; `undefined` says when it is nan.
    `high` and `low` are policies that score a high and a low number. `fake` tries to look like the better of the two
    without deserving it; `exposed_by` names the companion metric that tells, where the number itself does not.
    """

    name: str
    unit: str
    range: tuple[float, float]
    direction: Direction
    formula: str
    source: str
    undefined: str
    high: Case
    low: Case
    fake: Case
    exposed_by: str | None = None


@dataclass(frozen=True)
class Metric:
    """A number per (episode, seat); `function` returns it `[E, N]`, or the parts `[E, N, K]` of `formula`."""

    about: About
    function: Callable[[Episodes], NDArray[np.float64]]
    formula: Formula | None = None

    @property
    def name(self) -> str:
        """The name it is registered under."""
        return self.about.name

    def __call__(self, episodes: Episodes) -> Float[np.ndarray, "E N"]:
        """The number for every episode and seat, nan where it is undefined."""
        found = self.function(episodes)
        return found if self.formula is None else self.formula(found)

    def parts(self, episodes: Episodes) -> Float[np.ndarray, "E N K"]:
        """Sums that add up over episodes, nan where there is nothing to add."""
        found = self.function(episodes)
        return found if self.formula is not None else np.stack([found, np.ones_like(found)], axis=-1)

    def pooled(self, parts: Float[np.ndarray, "I K"]) -> Float[np.ndarray, " I"]:
        """The numbers that summed parts come down to; without a formula, the mean over rows."""
        return (self.formula or quotient)(parts)


@dataclass(frozen=True)
class Comparison:
    """A number for several runs with paired seeds.

    `runs` says which runs it needs and how each is played. `parts(runs, seat)` are sums per episode, `[E, K]`. With
    `positive`, the number is nan unless the lower 95% bound of that part's mean is above 0.
    """

    about: About
    runs: Mapping[str, str]
    parts: Callable[[Runs, int], NDArray[np.float64]]
    formula: Formula
    positive: int | None = None

    @property
    def name(self) -> str:
        """The name it is registered under."""
        return self.about.name

    def __call__(self, runs: Runs, seat: int = 0) -> float:
        """The number, all episodes pooled, without regard to `positive`; nan where it is undefined."""
        return float(self.formula(self.checked(runs, seat).sum(axis=0, keepdims=True))[0])

    def checked(self, runs: Runs, seat: int) -> Float[np.ndarray, "E K"]:
        """The parts of these runs; raises `BadParameter` unless they are the runs needed and paired."""
        missing = [name for name in self.runs if name not in runs]
        if missing:
            raise BadParameter(f"{self.name} needs the runs {', '.join(self.runs)}; missing: {', '.join(missing)}")
        needed = {name: runs[name] for name in self.runs}
        first, *rest = needed.values()
        if any(not np.array_equal(first.episode, other.episode) for other in rest):
            raise BadParameter(f"{self.name} needs the same episodes in all runs; their numbers differ")
        if not 0 <= seat < first.spec.seats:
            raise BadParameter(f"seat is {seat}; {first.spec.name} has seats 0 to {first.spec.seats - 1}")
        return self.parts(needed, seat)


def quotient(parts: Float[np.ndarray, "... 2"]) -> NDArray[np.float64]:
    """The first part divided by the second; nan where that is 0."""
    return ratio(parts[..., 0], parts[..., 1])


_declared: dict[str, str] = {}


def _claim(name: str, function: Callable[..., Any]) -> None:
    """Refuse a name that another function has; importing a module again is no duplicate."""
    where = f"{function.__module__}:{function.__qualname__}"
    if _declared.setdefault(name, where) != where:
        raise DuplicateName(f"metric {name!r} is declared already, by {_declared[name]}")


def metric(
    name: str, *, formula_of_parts: Formula | None = None, **about: Any
) -> Callable[[Callable[[Episodes], NDArray[np.float64]]], Metric]:
    """Make a function of episodes a metric; `about` are the other fields of `About`."""

    def declare(function: Callable[[Episodes], NDArray[np.float64]]) -> Metric:
        _claim(name, function)
        return Metric(About(name=name, **about), function, formula_of_parts)

    return declare


def comparison(
    name: str, *, runs: Mapping[str, str], formula_of_parts: Formula, positive: int | None = None, **about: Any
) -> Callable[[Callable[[Runs, int], NDArray[np.float64]]], Comparison]:
    """Make a function of paired runs a comparison; `about` are the other fields of `About`."""

    def declare(function: Callable[[Runs, int], NDArray[np.float64]]) -> Comparison:
        _claim(name, function)
        return Comparison(About(name=name, **about), runs, function, formula_of_parts, positive)

    return declare
