"""How choices answer what the others did last: reciprocity, retaliation, forgiveness.

"Last" is a seat's most recent executed action before this step, so that games in which seats take turns work too. With
more than two seats every (seat, other) pair counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.cooperation import choices, deeds, tells
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import count, once, ratio, undefined


class Turns(NamedTuple):
    """Every step but the first: what each seat chose in it, and what its last deed before was, Bool `[E, T-1, N]`."""

    nice: Bool[np.ndarray, "E T N"]
    nasty: Bool[np.ndarray, "E T N"]
    was_nice: Bool[np.ndarray, "E T N"]
    was_nasty: Bool[np.ndarray, "E T N"]


@once
def turns(episodes: Episodes) -> Turns:
    """The choices of these episodes, each beside the last deeds before it."""
    now = [choice[:, 1:] for choice in choices(episodes)]
    before = [deed[:, :-1] for deed in deeds(episodes)]
    if not (count(episodes.active) == episodes.length[:, None]).all():
        # Who did nothing in a step is remembered for what it did before.
        before = [_remembered(deed, episodes.active[:, :-1]) for deed in before]
    return Turns(now[0], now[1], before[0], before[1])


def _remembered(deed: Bool[np.ndarray, "E T N"], acted: Bool[np.ndarray, "E T N"]) -> NDArray[np.bool_]:
    found = deed.copy()
    for t in range(1, found.shape[1]):
        found[:, t] = np.where(acted[:, t], deed[:, t], found[:, t - 1])
    return found


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
    source="p - q of a reactive strategy (Nowak and Sigmund 1990)",
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
    now, seats = turns(episodes), episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 4))
    for i, j in _pairs(seats):
        for k, was in enumerate((now.was_nice, now.was_nasty)):
            answered = count(now.nice[:, :, i] & was[:, :, j])
            parts[:, i, 2 * k] += answered
            parts[:, i, 2 * k + 1] += answered + count(now.nasty[:, :, i] & was[:, :, j])
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
    now, seats = turns(episodes), episodes.spec.seats
    parts = np.zeros((len(episodes), seats, 2))
    for i, j in _pairs(seats):
        wronged = now.was_nasty[:, :, j] & now.was_nice[:, :, i]
        answered = count(now.nasty[:, :, i] & wronged)
        parts[:, i, 0] += answered
        parts[:, i, 1] += answered + count(now.nice[:, :, i] & wronged)
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
    now, seats = turns(episodes), episodes.spec.seats
    ever = np.logical_or.accumulate(now.was_nasty, axis=1)
    parts = np.zeros((len(episodes), seats, 2))
    for i, j in _pairs(seats):
        back = now.was_nice[:, :, j] & ever[:, :, j]
        forgiven = count(now.nice[:, :, i] & back)
        parts[:, i, 0] += forgiven
        parts[:, i, 1] += forgiven + count(now.nasty[:, :, i] & back)
    return parts
