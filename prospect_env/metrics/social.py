"""What a seat does to the others: the direction of payoffs, and what its actions bring them against other actions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import EVERYTHING, Case, metric, quotient
from prospect_env.metrics.steps import over, ratio, undefined


def _angle(parts: Float[np.ndarray, "... 3"]) -> NDArray[np.float64]:
    own, others = (ratio(parts[..., k], parts[..., 2]) for k in (0, 1))
    return np.where((own == 0) & (others == 0), np.nan, np.degrees(np.arctan2(others, own)))


@metric(
    "social_value_orientation",
    unit="degrees",
    range=(-180.0, 180.0),
    direction="neither",
    formula="arctan2(mean of others' payoffs a step - c, own payoff a step - c), c the game's reference payoff",
    source="Liebrand and McClintock 1988; Murphy, Ackermann and Handgraaf 2011: 45 is prosocial, 0 individualistic",
    undefined="games of one seat, or both are exactly at the reference point",
    formula_of_parts=_angle,
    high=Case("always_cooperate", "random"),
    low=Case("always_defect", "random"),
    # Cooperates by half and lives off it.
    fake=Case("memory_one:p=[1,.8889,.5,.3333,0]", "random"),
)
def social_value_orientation(episodes: Episodes) -> Float[np.ndarray, "E N 3"]:
    """The direction of what the seat and the others got, seen from the game's reference point."""
    seats = episodes.spec.seats
    if seats < 2:
        return undefined(episodes, 3)
    played = episodes.played[:, :, None]
    above = np.where(played, episodes.rewards - episodes.spec.reference, 0.0)
    own = over(above, axis=1)
    others = (over(own, axis=1)[:, None] - own) / (seats - 1)
    steps = np.repeat(episodes.length[:, None], seats, axis=1)
    return np.stack([own, others, steps], axis=-1)


@metric(
    "externality",
    unit="payoff per decision",
    range=EVERYTHING,
    direction="higher",
    formula=(
        "mean over decisions of sum over others of G(taken) - mean over legal a of G(a); "
        "G(a) their return from this step to the end, had the seat taken a, luck being equal"
    ),
    source="this project; external effects: Pigou 1920, against the default of any legal action equally likely",
    undefined="no branches played to the end (branch='returns'), games of one seat, or no decision with a choice",
    formula_of_parts=quotient,
    high=Case("always_cooperate", "random", branch="returns"),
    low=Case("always_defect", "random", branch="returns"),
    # Pays its way in cooperation and takes it back as soon as it was met with any.
    fake=Case("reverse_tit_for_tat", "random:p=.7", branch="returns"),
)
def externality(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """What the seat's actions brought the others, more than its other actions would have, to the end of the game."""
    return brought(episodes, episodes.branch_returns)


@metric(
    "immediate_externality",
    unit="payoff per decision",
    range=EVERYTHING,
    direction="higher",
    formula="as externality, with the others' expected payoffs of this step alone for their returns",
    source="this project",
    undefined="no branches, games of one seat, or no decision with a choice",
    formula_of_parts=quotient,
    high=Case("forecasting:actor=always_cooperate", "random"),
    low=Case("forecasting:actor=always_defect", "random"),
    fake=Case("forecasting:actor=reverse_tit_for_tat", "random:p=.7"),
)
def immediate_externality(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """What the seat's actions brought the others in the same step, more than its other actions would have."""
    rewards, truth = episodes.branch_rewards, episodes.truth
    if rewards is None or truth is None or episodes.legal is None:
        return undefined(episodes, 2)
    # Views branch only those that sit outside: whoever forecasts inside has no truth, and rewards that mean nothing.
    branched = episodes.legal & ~np.isnan(truth[:, :, :, 0, :, 0, 0])
    return brought(episodes, np.where(branched[..., None], rewards, np.nan))


def brought(episodes: Episodes, by_action: Float[np.ndarray, "E T N A J"] | None) -> Float[np.ndarray, "E N 2"]:
    """The sums of what the others got by the taken action above the mean of the legal ones, and of decisions."""
    seats = episodes.spec.seats
    if by_action is None or seats < 2:
        return undefined(episodes, 2)
    taken = episodes.actions[..., None] == np.arange(by_action.shape[3])
    parts = np.zeros((len(episodes), seats, 2))
    for seat in range(seats):
        theirs = over(np.delete(by_action[:, :, seat], seat, axis=-1), axis=-1)
        legal = ~np.isnan(theirs)
        options = over(legal, axis=-1)
        mine = over(np.where(taken[:, :, seat] & legal, theirs, 0.0), axis=-1)
        average = ratio(over(np.where(legal, theirs, 0.0), axis=-1), options)
        chose = options > 1
        parts[:, seat, 0] = over(np.where(chose, mine - average, 0.0), axis=1)
        parts[:, seat, 1] = over(chose, axis=1)
    return parts
