"""Introspection: does a seat know what it is itself about to do?

The own row at lead 0 is committed before the choice and scored against the probabilities of what is then done: those
the choice is drawn from and, as in all rows, the trembling of hands.
A constant policy is trivial to foresee, so the skill over its own marginal is read beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, Metric, metric
from prospect_env.metrics.realised import realised_sums
from prospect_env.metrics.scores import FACTUAL, SELF, cell, expected_sums
from prospect_env.metrics.skill import realised_cell, skill_of
from prospect_env.metrics.steps import undefined

_SOURCE = "arXiv 2410.13787; scored as in Brier 1950"
#: answers a co-player that varies, so that its own choices vary and can be known all the same
_HIGH = Case("decorator:actor=tit_for_tat,predictor=bayes", "random", parameters={"rounds": 40})
_LOW = Case("decorator:actor=tit_for_tat,predictor=uniform", "random", parameters={"rounds": 40})
_CONSTANT = Case("decorator:actor=always_defect,predictor=marginal", "random", parameters={"rounds": 40})


def _self(name: str, reference: str, realised: bool, **about: Any) -> Metric:
    def parts(episodes: Episodes) -> NDArray[np.float64]:
        if realised:
            happened = realised_sums(episodes)
            found = None if happened is None else realised_cell(happened, ("brier", reference), (0,), SELF)
        else:
            sums = expected_sums(episodes)
            found = None if sums is None else cell(sums.rows, FACTUAL, ("brier", reference), (0,), SELF)
        return undefined(episodes, 2) if found is None else found

    against = "y, what it then did" if realised else "q, the probabilities of what it then did"
    return metric(
        name,
        unit="skill",
        range=(-np.inf, 1.0),
        direction="higher",
        formula=f"1 - sum S(p, {against[0]}) / sum S({reference}, {against[0]}), own row at lead 0; {against}",
        source=_SOURCE,
        undefined="no forecast" + ("" if realised else " or no branches") + "; nothing was uncertain to the reference",
        formula_of_parts=skill_of,
        **{"high": _HIGH, "low": _LOW, "fake": _CONSTANT, **about},
    )(parts)


_EXPOSED = {"exposed_by": "self_forecast_skill_over_marginal"}
self_forecast_skill = _self("self_forecast_skill", "uniform", realised=False, **_EXPOSED)
self_forecast_skill_over_marginal = _self("self_forecast_skill_over_marginal", "marginal", realised=False)
realised_self_forecast_skill = _self("realised_self_forecast_skill", "uniform", realised=True, **_EXPOSED)
