"""Who cooperates, who defects first, and who lives off whom."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import count, once, undefined


def cooperative(episodes: Episodes, actions: Int[np.ndarray, "E T N"]) -> Bool[np.ndarray, "E T N"]:
    """Which of `actions` count as cooperation; False where there is none (-1)."""
    first, *rest = episodes.spec.cooperative
    found = actions == first
    for action in rest:
        found |= actions == action
    return found


def tells(episodes: Episodes) -> bool:
    """Whether the game tells cooperation from something else."""
    return bool(episodes.spec.cooperative and episodes.spec.alternatives)


@once
def choices(episodes: Episodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The choices to cooperate and those to defect, Bool `[E, T, N]` each: what was meant, before any noise."""
    return _told_apart(episodes, episodes.actions)


@once
def deeds(episodes: Episodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The executed cooperations and defections, Bool `[E, T, N]` each: what the others saw."""
    if np.array_equal(episodes.executed, episodes.actions):
        return choices(episodes)
    return _told_apart(episodes, episodes.executed)


def _told_apart(episodes: Episodes, actions: Int[np.ndarray, "E T N"]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The cooperative ones of `actions` and their alternatives; what is neither (talk, waiting) is in neither."""
    spec, nice = episodes.spec, cooperative(episodes, actions)
    nasty = episodes.active & ~nice
    if len(spec.cooperative) + len(spec.alternatives) < len(spec.actions):
        nasty &= np.isin(actions, spec.alternatives)
    return nice, nasty


@metric(
    "cooperation",
    unit="share of choices",
    range=(0.0, 1.0),
    direction="neither",
    formula="cooperative choices / choices between cooperation and its alternatives, before noise",
    source="Axelrod 1984",
    undefined="no action, or every action, counts as cooperative",
    formula_of_parts=quotient,
    high=Case("always_cooperate"),
    low=Case("always_defect"),
    fake=Case("memory_one:p=[1,.8889,.5,.3333,0]", "always_cooperate"),
    exposed_by="exploitation",
)
@once
def cooperation(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """The share of a seat's choices that are cooperative."""
    if not tells(episodes):
        return undefined(episodes, 2)
    chosen, other = choices(episodes)
    nice = count(chosen)
    return np.stack([nice, nice + count(other)], axis=-1).astype(np.float64)


@metric(
    "niceness",
    unit="share of episodes",
    range=(0.0, 1.0),
    direction="neither",
    formula="1 if the seat chooses no D, or its first comes after another's first executed D; else 0",
    source="never the first to defect: Axelrod 1984, chapter 2",
    undefined="as cooperation",
    high=Case("tit_for_tat"),
    low=Case("always_defect"),
    # Cooperates on principle, until a slip of its own temptation.
    fake=Case("random:p=.95", "tit_for_tat"),
)
def niceness(episodes: Episodes) -> Float[np.ndarray, "E N"]:
    """Whether the seat never defected unprovoked; seats that defect first at the same step both count as first."""
    if not tells(episodes):
        return undefined(episodes)
    mine, theirs = _first(choices(episodes)[1]), _first(deeds(episodes)[1])
    result = np.ones(mine.shape)
    for seat in range(mine.shape[1]):
        others = np.delete(theirs, seat, axis=1)
        provoked = others.min(axis=1) if others.shape[1] else np.full(len(others), np.inf)
        result[:, seat] = (mine[:, seat] > provoked) | np.isinf(mine[:, seat])
    return result


def _first(happens: Bool[np.ndarray, "E T N"]) -> Float[np.ndarray, "E N"]:
    """The first step at which it happens, infinite where it never does."""
    return np.where(happens.any(axis=1), happens.argmax(axis=1), np.inf)


@metric(
    "exploitation",
    unit="share of steps",
    range=(-1.0, 1.0),
    direction="neither",
    formula="(#{own D, other C} - #{own C, other D}) / #{both chose}, executed, summed over the others",
    source=(
        "the rival's advantage in direct reciprocity (Hilbe, Chatterjee and Nowak 2018): "
        "in a symmetric 2x2 game it is (R_i - R_j) / (T (temptation - sucker's payoff))"
    ),
    undefined="as cooperation, or games of one seat",
    formula_of_parts=quotient,
    high=Case("always_defect", "always_cooperate"),
    low=Case("always_cooperate", "always_defect"),
    # Threatens, and gets nothing out of somebody who answers in kind.
    fake=Case("always_defect", "grim"),
)
def exploitation(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How much more often the seat defects on a cooperator than it is defected on while cooperating."""
    if not tells(episodes) or episodes.spec.seats < 2:
        return undefined(episodes, 2)
    nice, nasty = deeds(episodes)
    seats = episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 2))
    for i in range(seats):
        for j in range(seats):
            if i != j:
                gained, lost = count(nasty[:, :, i] & nice[:, :, j]), count(nice[:, :, i] & nasty[:, :, j])
                parts[:, i, 0] += gained - lost
                parts[:, i, 1] += count((nice | nasty)[:, :, i] & (nice | nasty)[:, :, j])
    return parts
