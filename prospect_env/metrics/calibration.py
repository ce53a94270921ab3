"""Calibration: the Murphy decomposition, the reliability curve, and, secondary, the expected calibration error.

All on realised scores: rows of the actions taken about others at lead 1, against what then happened. Each label of a
row is a forecast of its own (it will happen or not), and figures are summed over labels, so that they add up to the
Brier score of 0..2. Source: Murphy 1973, "A new vector partition of the probability score".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, Metric, metric
from prospect_env.metrics.realised import realised_sums, taken_row
from prospect_env.metrics.skill import IGNORANT, KNOWING, realised_cell
from prospect_env.metrics.steps import once, over, ratio, undefined

BINS = 10  #: equal bins of probability; 1 falls into the last


class Murphy(NamedTuple):
    """`brier = reliability - resolution + uncertainty + within`.

    `reliability` (lower is better) is the squared distance of forecasts from frequencies, `resolution` (higher is
    better) how far frequencies differ between forecasts, `uncertainty` what overall frequencies leave open. `within` is
    what bins hide: 0 where all forecasts in a bin are equal (Stephenson, Coelho and Jolliffe 2008).
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float
    brier: float


class Curve(NamedTuple):
    """One row a label, one column a bin: mean forecast, observed frequency (nan in empty bins), number of forecasts."""

    forecast: Float[np.ndarray, "R K"]
    frequency: Float[np.ndarray, "R K"]
    number: Float[np.ndarray, "R K"]


@once
def _bins(episodes: Episodes) -> Float[np.ndarray, "E N R K 3"] | None:
    """Number of forecasts, their sum, and how often the label came, by label and bin."""
    realised = episodes.realised
    if episodes.forecast is None or realised is None:
        return None
    batch, steps, seats = episodes.active.shape
    reactions = episodes.forecast.shape[-1]
    found = np.zeros((batch, seats, reactions, BINS, 3))
    rows = np.arange(batch)[:, None]
    labels = np.arange(reactions)
    for t in range(steps):
        for seat in range(seats):
            row = taken_row(episodes, t, seat)[:, 1]
            for other in range(seats):
                came, p = realised[:, t, seat, 1, other], row[:, other]
                scored = (came >= 0) & ~np.isnan(p[:, 0])
                if other == seat or not scored.any():
                    continue
                p = np.where(scored[:, None], p, 0.0)
                which = np.minimum((p * BINS).astype(np.intp), BINS - 1)
                new = np.stack([np.ones_like(p), p, came[:, None] == labels], axis=-1) * scored[:, None, None]
                # Each (episode, label) is met once here, so this adds nothing twice.
                found[rows, seat, labels, which] += new
    return found


def _decomposed(bins: Float[np.ndarray, "... R K 3"]) -> tuple[NDArray[np.float64], ...]:
    """Reliability, resolution, uncertainty and expected calibration error, `[...]` each."""
    n, p, y = (bins[..., i] for i in range(3))
    total = over(n[..., 0, :], axis=-1)
    off = np.nan_to_num(ratio(p, n) - ratio(y, n))
    base = ratio(over(y, axis=-1), total[..., None])
    apart = np.nan_to_num(ratio(y, n) - base[..., None])
    reliability = ratio(over(over(n * off**2, axis=-1), axis=-1), total)
    resolution = ratio(over(over(n * apart**2, axis=-1), axis=-1), total)
    uncertainty = over(base * (1.0 - base), axis=-1)
    error = ratio(over(over(n * np.abs(off), axis=-1), axis=-1), total * bins.shape[-3])
    return reliability, resolution, uncertainty, error


def murphy(episodes: Episodes, seat: int) -> Murphy:
    """The decomposition of all forecasts of `seat` in these episodes together; all nan if there are none."""
    bins, sums = _bins(episodes), realised_sums(episodes)
    if bins is None or sums is None:
        return Murphy(*[float("nan")] * 5)
    reliability, resolution, uncertainty, _ = (float(x[0]) for x in _decomposed(over(bins[:, seat], axis=0)[None]))
    score, rows = over(realised_cell(sums, ("brier", "rows"))[:, seat], axis=0)
    brier = float(score / rows) if rows else float("nan")
    return Murphy(reliability, resolution, uncertainty, brier - (reliability - resolution + uncertainty), brier)


def reliability_curve(episodes: Episodes, seat: int) -> Curve:
    """How often each label came, by how likely `seat` had said it was; raises nothing, empty bins are nan."""
    bins = _bins(episodes)
    shape = (len(episodes.spec.reactions), BINS, 3)
    pooled = np.zeros(shape) if bins is None else over(bins[:, seat], axis=0)
    return Curve(ratio(pooled[..., 1], pooled[..., 0]), ratio(pooled[..., 2], pooled[..., 0]), pooled[..., 0])


_SOURCES = [*["Murphy 1973"] * 3, "Naeini, Cooper and Hauskrecht 2015; classwise: Kull et al. 2019. Biased upwards"]


def _calibration(name: str, which: int, **about: Any) -> Metric:
    def parts(episodes: Episodes) -> NDArray[np.float64]:
        bins = _bins(episodes)
        if bins is None:
            return undefined(episodes, len(episodes.spec.reactions) * BINS * 3)
        return bins.reshape(*bins.shape[:2], -1)

    def formula(summed: Float[np.ndarray, "... P"]) -> NDArray[np.float64]:
        return _decomposed(summed.reshape(*summed.shape[:-1], -1, BINS, 3))[which]

    return metric(
        name,
        source=_SOURCES[which],
        undefined="no forecast; nothing was realised",
        formula_of_parts=formula,
        unit="Brier score" if which < 3 else "probability",
        **about,
    )(parts)


_BINNED = f"sum over labels and {BINS} bins of"
_SURE_AND_WRONG = Case("rationaliser", "random")
_CALIBRATED: dict[str, Any] = {
    "high": _SURE_AND_WRONG,
    "low": KNOWING,
    # The overall frequency is always calibrated and tells nothing apart.
    "fake": IGNORANT,
    "exposed_by": "resolution",
}
reliability = _calibration(
    "reliability",
    0,
    range=(0.0, 2.0),
    direction="lower",
    formula=f"{_BINNED} n_k (mean p_k - frequency_k)^2 / n",
    **_CALIBRATED,
)
resolution = _calibration(
    "resolution",
    1,
    range=(0.0, 1.0),
    direction="higher",
    formula=f"{_BINNED} n_k (frequency_k - frequency)^2 / n",
    high=KNOWING,
    low=IGNORANT,
    # Sure of something else every time: as sharp as knowledge, and nothing follows from it.
    fake=_SURE_AND_WRONG,
)
uncertainty = _calibration(
    "uncertainty",
    2,
    range=(0.0, 1.0),
    direction="neither",
    formula="sum over labels of frequency (1 - frequency)",
    high=Case("decorator:actor=random,predictor=bayes", "random"),
    low=Case("decorator:actor=random,predictor=bayes", "always_defect"),
    fake=Case("decorator:actor=always_defect,predictor=bayes", "tit_for_tat"),
)
calibration_error = _calibration(
    "calibration_error",
    3,
    range=(0.0, 1.0),
    direction="lower",
    formula=f"{_BINNED} n_k |mean p_k - frequency_k| / (n R)",
    **_CALIBRATED,
)
