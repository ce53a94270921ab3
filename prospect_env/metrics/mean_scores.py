"""Mean forecast scores: Brier, logarithmic, and what of the Brier score could have been known."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, Metric, metric, quotient
from prospect_env.metrics.realised import realised_sums
from prospect_env.metrics.rules import LOG_FLOOR
from prospect_env.metrics.scores import COUNTERFACTUAL, FACTUAL, cell, expected_sums
from prospect_env.metrics.skill import HIDING, IGNORANT, KNOWING, ONE_TRACK, realised_cell
from prospect_env.metrics.steps import ratio, undefined

_LOG_RANGE = (0.0, float(-np.log(LOG_FLOOR)))
_BRIER = {"unit": "Brier score", "range": (0.0, 2.0), "source": "Brier 1950"}
_LOG = {"unit": "nats", "range": _LOG_RANGE, "source": "Good 1952"}
_EXCESS = {**_BRIER, "source": "divergence of the Brier score: Gneiting and Raftery 2007"}
_FORMULAS = {
    "brier": "mean of S(p, q) = sum_r q_r |p - e_r|^2",
    "log": f"mean of -sum_r q_r ln max(p_r, {LOG_FLOOR:g})",
    "excess": "mean of |p - q|^2 = S(p, q) - S(q, q)",
}
_LOWER = {"direction": "lower", "high": IGNORANT, "low": KNOWING, "fake": HIDING}


def _expected(name: str, kind: int, quantity: str, **about: Any) -> Metric:
    def parts(episodes: Episodes) -> NDArray[np.float64]:
        sums = expected_sums(episodes)
        return undefined(episodes, 2) if sums is None else cell(sums.rows, kind, (quantity, "rows"))

    return metric(
        name,
        formula=f"{_FORMULAS[quantity]}, {('factual', 'counterfactual')[kind]} rows about others at lead 1",
        undefined="no forecast or no branches",
        formula_of_parts=quotient,
        **{**_LOWER, **about},
    )(parts)


factual_brier = _expected("factual_brier", FACTUAL, "brier", **_BRIER)
counterfactual_brier = _expected("counterfactual_brier", COUNTERFACTUAL, "brier", **_BRIER)
factual_log_score = _expected("factual_log_score", FACTUAL, "log", **_LOG)
counterfactual_log_score = _expected("counterfactual_log_score", COUNTERFACTUAL, "log", **_LOG)
factual_excess = _expected("factual_excess", FACTUAL, "excess", **_EXCESS)
counterfactual_excess = _expected("counterfactual_excess", COUNTERFACTUAL, "excess", fake=ONE_TRACK, **_EXCESS)


def _realised(name: str, quantity: str, **about: Any) -> Metric:
    def parts(episodes: Episodes) -> NDArray[np.float64]:
        sums = realised_sums(episodes)
        return undefined(episodes, 2) if sums is None else realised_cell(sums, (quantity, "rows"))

    formula = {"brier": "mean of |p - e_y|^2", "log": f"mean of -ln max(p_y, {LOG_FLOOR:g})"}[quantity]
    return metric(
        name,
        formula=f"{formula}, rows of the actions taken about others at lead 1, y what happened",
        undefined="no forecast",
        formula_of_parts=quotient,
        **{**_LOWER, **about},
    )(parts)


realised_brier = _realised("realised_brier", "brier", **_BRIER)
realised_log_score = _realised("realised_log_score", "log", **_LOG)


def _unknowable(parts: Float[np.ndarray, "... 3"]) -> NDArray[np.float64]:
    return ratio(parts[..., 0] - parts[..., 1], parts[..., 2])


@metric(
    "unpredictability",
    unit="Brier score",
    range=(0.0, 1.0),
    direction="neither",
    formula="mean of S(q, q) = 1 - sum_r q_r^2, factual rows about others at lead 1",
    source="Gini impurity of the true distribution; the entropy of the Brier score (Gneiting and Raftery 2007)",
    undefined="no forecast or no branches",
    formula_of_parts=_unknowable,
    high=Case("decorator:actor=random,predictor=bayes", "random"),
    low=Case("decorator:actor=random,predictor=bayes", "always_defect"),
    # A fair coin by its frequencies, and certain given what it answers.
    fake=Case("decorator:actor=random,predictor=bayes", "reverse_tit_for_tat"),
)
def unpredictability(episodes: Episodes) -> NDArray[np.float64]:
    """What cannot be known about the others' reactions, however well one understands them."""
    sums = expected_sums(episodes)
    return undefined(episodes, 3) if sums is None else cell(sums.rows, FACTUAL, ("brier", "excess", "rows"))
