"""Depth of reasoning: the level of thinking that a seat's choices come closest to."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.games.levels import level
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import over, undefined

DEEPEST = 8  #: steps of thinking that choices are compared with


@metric(
    "level_k_depth",
    unit="steps of thinking",
    range=(0.0, float(DEEPEST)),
    direction="neither",
    formula=(
        "mean over choices of the level k whose mean action is nearest to the chosen one (of equally near, the lower); "
        f"level 0 does anything, level k answers level k - 1; up to {DEEPEST}, or where two levels do the same"
    ),
    source="Nagel 1995; Stahl and Wilson 1995; static: measured from level 0 in every round",
    undefined="games other than repeated simultaneous ones, or in which levels do not move one way through the actions",
    formula_of_parts=quotient,
    high=Case("level_k:k=3", "random", "beauty_contest"),
    low=Case("level_k:k=1", "random", "beauty_contest"),
    # Guesses anything: some of it is low enough to look deep.
    fake=Case("random", "random", "beauty_contest"),
)
def level_k_depth(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How many steps ahead the seat's choices look to be thought."""
    means = ladder(episodes.game)
    if means is None:
        return undefined(episodes, 2)
    parts = np.zeros((len(episodes), episodes.spec.seats, 2))
    for seat in range(episodes.spec.seats):
        away = np.abs(episodes.actions[:, :, seat, None] - means[seat])
        chose = episodes.active[:, :, seat]
        parts[:, seat, 0] = over(np.where(chose, np.argmin(away, axis=-1), 0), axis=1)
        parts[:, seat, 1] = over(chose, axis=1)
    return parts


def ladder(game: Game) -> list[NDArray[np.float64]] | None:
    """By seat, the mean action of each level from 0 up; None where levels are no ladder through the actions."""
    try:
        profiles = [level(game, k) for k in range(DEEPEST + 1)]
    except (BadParameter, UnsuitablePolicy):
        return None
    actions = np.arange(len(game.spec.actions))
    found = []
    for seat in range(game.spec.seats):
        means = np.array([float((profile[seat] * actions).sum()) for profile in profiles])
        steps = np.diff(means)
        still = np.flatnonzero(np.abs(steps) < 1e-9)
        rungs = int(still[0]) if len(still) else len(steps)
        # With fewer than two steps, or steps to and fro, there is nothing to tell depth by.
        if rungs < 2 or len(set(np.sign(steps[:rungs]))) > 1:
            return None
        found.append(means[: rungs + 1])
    return found
