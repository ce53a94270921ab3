"""Sums of forecast scores on what then happened, of the rows of the actions taken: all there is without branches.

They carry the luck of one draw each, so they are logged beside the expected scores, never mixed with them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.forecast import attainable, more_significant
from prospect_env.metrics.rules import excess, expected_log, outcome, spread, uniform_over
from prospect_env.metrics.scores import OTHERS, QUANTITIES, SELF
from prospect_env.metrics.steps import once, over


@once
def realised_sums(episodes: Episodes) -> Float[np.ndarray, "E N L S K"] | None:
    """Sums over the rows of actions taken, the last axis `QUANTITIES`; None if nobody forecast.

    An outcome is a distribution with all its mass in one place, so the same rules score it. `excess` and `brier` are
    then equal.
    """
    forecast, realised = episodes.forecast, episodes.realised
    if forecast is None or realised is None:
        return None
    batch, steps, seats = episodes.active.shape
    reactions = forecast.shape[-1]
    sums = np.zeros((batch, seats, 2, 2, len(QUANTITIES)))
    shown = np.zeros((batch, seats, reactions))
    for t in range(steps):
        allowed = _allowed(episodes, t)
        for seat in range(seats):
            row = taken_row(episodes, t, seat)
            scored = (realised[:, t, seat] >= 0) & ~np.isnan(row[..., 0])
            if not scored.any():
                continue
            p = np.where(scored[..., None], row, 0.0)
            q = outcome(realised[:, t, seat], reactions)
            missed = excess(p, q)
            uniform, marginal = excess(uniform_over(allowed), q), excess(spread(shown[:, None] + 1.0, allowed), q)
            columns = (np.ones_like(missed), missed, uniform, marginal, missed, expected_log(p, q))
            score = np.where(scored[..., None], np.stack(columns, axis=-1), 0.0)
            others = [other for other in range(seats) if other != seat]
            sums[:, seat, :, OTHERS] += over(score[:, :, others], axis=2)
            sums[:, seat, :, SELF] += score[:, :, seat]
        shown += outcome(episodes.reactions[:, t], reactions)
    if episodes.legal is None:
        # Nobody wrote down what the rules allowed, and knowing that must not earn skill: no reference, then.
        sums[..., [QUANTITIES.index("uniform"), QUANTITIES.index("marginal")]] = np.nan
    return sums


def taken_row(episodes: Episodes, t: int, seat: int) -> Float[np.ndarray, "E L N R"]:
    """What `seat` forecast at step `t` for the action it then took; nan where it did not forecast."""
    assert episodes.forecast is not None
    chosen = np.maximum(episodes.actions[:, t, seat], 0).astype(np.intp)
    found = episodes.forecast[np.arange(len(episodes)), t, seat, :, chosen].astype(np.float64)
    return np.where(episodes.active[:, t, seat, None, None, None], found, np.nan)


def _allowed(episodes: Episodes, t: int) -> Bool[np.ndarray, "E L N R"]:
    """Which reactions the rules allowed each seat on the path played: in this step, and at its first choice after."""
    spec = episodes.spec
    if episodes.legal is None:
        return np.ones((len(episodes), 2, spec.seats, len(spec.reactions)), dtype=bool)
    now = attainable(spec, episodes.legal[:, t])
    later: NDArray[np.bool_] = np.zeros_like(now)
    for ahead in range(min(spec.window, episodes.active.shape[1] - 1 - t), 0, -1):
        acts = episodes.active[:, t + ahead, :, None]
        can = attainable(spec, episodes.legal[:, t + ahead])
        if spec.ranked:
            can = np.where(later.any(axis=-1, keepdims=True), more_significant(can, later), can)
        later = np.where(acts, can, later)
    return np.stack([now, later], axis=1)
