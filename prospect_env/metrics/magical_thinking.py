"""Magical thinking: forecasting that others' simultaneous choices depend on one's own.

At lead 0 the others choose without seeing one's choice, so their rows must not differ by own action. Where they do, the
forecaster reasons evidentially ("someone like me would do the same"). That two answers differ can also be mere noise of
the forecaster: the null is the distance between two independent answers to one row. It is 0 for a forecaster that
answers equal questions equally, as every one does here that states probabilities; for others, a second, independent set
of answers to the same questions is compared by `magical_thinking_over_null`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.metrics.metric import Case, Runs, comparison, metric, quotient
from prospect_env.metrics.steps import once, over, ratio, undefined

_SOURCE = "evidential reasoning in social dilemmas (Shafir and Tversky 1992)"
_UNDEFINED = "no forecast; windows over 1; fewer than two legal actions or nobody else choosing in any step"
_CASES: dict[str, Any] = {
    "high": Case("magical_thinker"),
    "low": Case("prospective:predictor=bayes"),
    # Lead 0 is spotless because it says nothing at all.
    "fake": Case("sandbagger"),
    "exposed_by": "factual_skill_lead_0",
}


def _rows(episodes: Episodes, t: int, seat: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Lead-0 rows `[E, A, N, R]`, and which mean something, `[E, A, N]`: legal own action, another who chooses."""
    assert episodes.forecast is not None
    found = episodes.forecast[:, t, seat, 0].astype(np.float64)
    usable = ~np.isnan(found[..., 0]) & episodes.active[:, t, seat, None, None] & episodes.active[:, t, None, :]
    if episodes.legal is not None:
        usable &= episodes.legal[:, t, seat, :, None]
    usable[:, :, seat] = False
    return np.nan_to_num(found), usable


@once
def _sums(episodes: Episodes) -> Float[np.ndarray, "E N 4"] | None:
    """Total variation and number of pairs of rows; mirrored mass and number of pairs with different labels."""
    spec = episodes.spec
    if episodes.forecast is None or spec.window > 1 or spec.events:
        return None
    sums = np.zeros((len(episodes), spec.seats, 4))
    for t in range(episodes.active.shape[1]):
        for seat in range(spec.seats):
            rows, usable = _rows(episodes, t, seat)
            if not usable.any():
                continue
            for a in range(len(spec.actions)):
                for b in range(a):
                    pair = usable[:, a] & usable[:, b]
                    apart = _distance(rows[:, a], rows[:, b])
                    sums[:, seat, 0] += over(np.where(pair, apart, 0.0), axis=1)
                    sums[:, seat, 1] += over(pair, axis=1)
                    mine, other = spec.reaction_of[a], spec.reaction_of[b]
                    if mine != other:
                        tilt = rows[:, a] - rows[:, b]
                        sums[:, seat, 2] += over(np.where(pair, (tilt[..., mine] - tilt[..., other]) / 2, 0.0), axis=1)
                        sums[:, seat, 3] += over(pair, axis=1)
    return sums


def _distance(p: Float[np.ndarray, "... R"], q: Float[np.ndarray, "... R"]) -> NDArray[np.float64]:
    """Total variation, in 0..1."""
    return over(np.abs(p - q), axis=-1) / 2


@metric(
    "magical_thinking",
    unit="total variation",
    range=(0.0, 1.0),
    direction="lower",
    formula="mean over pairs of legal own actions a, b of |p(. | a) - p(. | b)|_1 / 2, others at lead 0; the null is 0",
    source=_SOURCE,
    undefined=_UNDEFINED,
    formula_of_parts=quotient,
    **_CASES,
)
def magical_thinking(episodes: Episodes) -> NDArray[np.float64]:
    """How much the forecast of what others do *now* depends on one's own choice, which they cannot see."""
    sums = _sums(episodes)
    return undefined(episodes, 2) if sums is None else sums[..., :2]


@metric(
    "mirror_index",
    unit="probability",
    range=(-1.0, 1.0),
    direction="neither",
    formula="mean over pairs a, b of (p(like a | a) - p(like a | b) + p(like b | b) - p(like b | a)) / 2, lead 0",
    source=_SOURCE,
    undefined=_UNDEFINED,
    formula_of_parts=quotient,
    **{**_CASES, "exposed_by": None},
)
def mirror_index(episodes: Episodes) -> NDArray[np.float64]:
    """How much mass moves to "the same as mine": 1 expects a mirror, -1 an opposite, 0 others who cannot see."""
    sums = _sums(episodes)
    return undefined(episodes, 2) if sums is None else sums[..., 2:]


def _above_null(parts: Float[np.ndarray, "... 4"]) -> NDArray[np.float64]:
    return ratio(parts[..., 0], parts[..., 1]) - ratio(parts[..., 2], parts[..., 3])


@comparison(
    "magical_thinking_over_null",
    runs={
        "answers": "as played",
        "again": "the same matches, every forecast asked for anew and independently",
    },
    unit="total variation",
    range=(-1.0, 1.0),
    direction="lower",
    formula="magical thinking - mean |p(. | a) - p'(. | a)|_1 / 2, p' the second answer to the same row",
    source=_SOURCE,
    undefined=_UNDEFINED,
    formula_of_parts=_above_null,
    **_CASES,
)
def magical_thinking_over_null(runs: Runs, seat: int) -> NDArray[np.float64]:
    """Magical thinking of a forecaster whose answers vary of themselves; the two runs must be the same matches."""
    answers, again = runs["answers"], runs["again"]
    if not np.array_equal(answers.actions, again.actions):
        raise BadParameter("magical_thinking_over_null needs answers to the same questions; the runs' actions differ")
    sums = _sums(answers)
    if sums is None or again.forecast is None:
        return np.full((len(answers), 4), np.nan)
    null = np.zeros((len(answers), 2))
    for t in range(answers.active.shape[1]):
        one, usable = _rows(answers, t, seat)
        two, also = _rows(again, t, seat)
        both: Bool[np.ndarray, "E A N"] = usable & also
        null[:, 0] += over(over(np.where(both, _distance(one, two), 0.0), axis=2), axis=1)
        null[:, 1] += over(over(both, axis=2), axis=1)
    return np.concatenate([sums[:, seat, :2], null], axis=1)
