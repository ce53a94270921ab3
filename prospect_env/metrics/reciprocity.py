"""How choices answer what the others did last: reciprocity, retaliation, forgiveness.

"Last" is a seat's most recent executed action before this step, so that games in which seats take turns work too. With
more than two seats every (seat, other) pair counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.cooperation import choices, deeds, tells
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import count, once, ratio, undefined


@once
def last(episodes: Episodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each seat's last deed before each step was C, and whether it was D, Bool `[E, T, N]` each."""
    before = []
    idle = not episodes.active[episodes.played].all()
    for deed in deeds(episodes):
        steps = np.moveaxis(deed, 1, 0)
        shifted = np.zeros_like(steps)
        shifted[1:] = steps[:-1]
        if idle:
            # Who did nothing in a step is remembered for what it did before.
            for t, acted in enumerate(np.moveaxis(episodes.active, 1, 0)[:-1]):
                shifted[t + 1] = np.where(acted, steps[t], shifted[t])
        before.append(np.moveaxis(shifted, 0, 1))
    return before[0], before[1]


def _pairs(seats: int) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(seats) for j in range(seats) if i != j)


def _difference(parts: Float[np.ndarray, "... 4"]) -> NDArray[np.float64]:
    return ratio(parts[..., 0], parts[..., 1]) - ratio(parts[..., 2], parts[..., 3])


@metric(
    "reciprocity",
    unit="difference of probabilities",
    range=(-1.0, 1.0),
    direction="neither",
    formula="P(C | other's last was C) - P(C | other's last was D), own choice before noise",
    source="references, section 5",
    undefined="as cooperation, or the other never did one of the two",
    formula_of_parts=_difference,
    high=Case("tit_for_tat", "random"),
    low=Case("reverse_tit_for_tat", "random"),
    # As cooperative as tit for tat is with this co-player, and deaf to what it does.
    fake=Case("random:p=.5", "random"),
)
def reciprocity(episodes: Episodes) -> Float[np.ndarray, "E N 4"]:
    """How much likelier cooperation is after cooperation than after defection."""
    if not tells(episodes) or episodes.spec.seats < 2:
        return undefined(episodes, 4)
    mine, seats = choices(episodes)[0], episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 4))
    for i, j in _pairs(seats):
        for k, was in enumerate(last(episodes)):
            parts[:, i, 2 * k] += count(mine[:, :, i] & was[:, :, j])
            parts[:, i, 2 * k + 1] += count(episodes.active[:, :, i] & was[:, :, j])
    return parts


@metric(
    "retaliation",
    unit="probability",
    range=(0.0, 1.0),
    direction="neither",
    formula="P(D | other's last was D, own last was C)",
    source="provocability: Axelrod 1984, chapter 2",
    undefined="as cooperation, or the seat was never defected on while cooperating",
    formula_of_parts=quotient,
    high=Case("tit_for_tat", "random"),
    low=Case("always_cooperate", "random"),
    # Defects often, but not in answer to anything.
    fake=Case("random:p=.3", "random"),
)
def retaliation(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How likely a defection on the seat's cooperation is answered with defection at once."""
    if not tells(episodes) or episodes.spec.seats < 2:
        return undefined(episodes, 2)
    was_nice, was_nasty = last(episodes)
    nasty, seats = choices(episodes)[1], episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 2))
    for i, j in _pairs(seats):
        wronged = was_nasty[:, :, j] & was_nice[:, :, i]
        parts[:, i, 0] += count(nasty[:, :, i] & wronged)
        parts[:, i, 1] += count(episodes.active[:, :, i] & wronged)
    return parts


@metric(
    "forgiveness",
    unit="probability",
    range=(0.0, 1.0),
    direction="neither",
    formula="P(C | other's last was C, and it had defected before)",
    source="propensity to cooperate after the other has defected: Axelrod 1984, chapter 2; once it has come back",
    undefined="as cooperation, or no other ever came back from defection",
    formula_of_parts=quotient,
    high=Case("tit_for_tat", "random"),
    low=Case("grim", "random"),
    # Has nothing to forgive because it never holds anything against anybody: retaliation tells it from a forgiver.
    fake=Case("always_cooperate", "random"),
    exposed_by="retaliation",
)
def forgiveness(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How likely the seat cooperates with somebody who has defected on it and has come back."""
    if not tells(episodes) or episodes.spec.seats < 2:
        return undefined(episodes, 2)
    was_nice, was_nasty = last(episodes)
    ever = _ever(was_nasty)
    nice, seats = choices(episodes)[0], episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 2))
    for i, j in _pairs(seats):
        back = was_nice[:, :, j] & ever[:, :, j]
        parts[:, i, 0] += count(nice[:, :, i] & back)
        parts[:, i, 1] += count(episodes.active[:, :, i] & back)
    return parts


def _ever(happened: Bool[np.ndarray, "E T N"]) -> NDArray[np.bool_]:
    return np.logical_or.accumulate(happened, axis=1)
