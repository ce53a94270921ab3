"""What is known only about the path taken: skill gap and understanding gap.

Both compare the row of the action taken with the rows of those not taken *in the same decision*, about the same seat at
the same lead; decisions that lack one of the two say nothing and are left out. A decision counts once on either side,
however many actions were not taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, metric
from prospect_env.metrics.scores import COUNTERFACTUAL, FACTUAL, QUANTITIES, expected_sums
from prospect_env.metrics.skill import ONE_TRACK
from prospect_env.metrics.steps import ratio, undefined

_CASES: dict[str, Any] = {
    "high": ONE_TRACK,
    "low": Case("decorator:actor=random,predictor=bayes"),
    # Equally ignorant everywhere: no gap, and no skill.
    "fake": Case("decorator:actor=always_defect,predictor=uniform"),
    "exposed_by": "factual_skill",
}


def _paired(episodes: Episodes, quantities: tuple[str, str]) -> NDArray[np.float64]:
    """Both quantities of factual rows, then of counterfactual ones, lead 1, `[E, N, 4]`."""
    sums = expected_sums(episodes)
    if sums is None:
        return undefined(episodes, 4)
    columns = [QUANTITIES.index(name) for name in quantities]
    at_lead_1 = sums.paired[:, :, 1][..., columns]
    return np.concatenate([at_lead_1[:, :, FACTUAL], at_lead_1[:, :, COUNTERFACTUAL]], axis=-1)


def _difference(parts: Float[np.ndarray, "... 4"]) -> NDArray[np.float64]:
    """Counterfactual ratio minus factual ratio; of scores to references, that is factual skill minus counterfactual."""
    return ratio(parts[..., 2], parts[..., 3]) - ratio(parts[..., 0], parts[..., 1])


@metric(
    "skill_gap",
    unit="difference of skills",
    range=(-np.inf, np.inf),
    direction="lower",
    formula="factual skill - counterfactual skill, both over decisions that have both, others at lead 1",
    source="this project; that off-path predictions go untested: arXiv 2511.22226",
    undefined="no forecast or no branches; no decision has both rows",
    formula_of_parts=_difference,
    **_CASES,
)
def skill_gap(episodes: Episodes) -> NDArray[np.float64]:
    """How much of the skill is about the path taken only."""
    return _paired(episodes, ("brier", "uniform"))


@metric(
    "understanding_gap",
    unit="Brier score",
    range=(-2.0, 2.0),
    direction="lower",
    formula="mean counterfactual |p - q|^2 - mean factual |p - q|^2, over decisions that have both, others at lead 1",
    source="this project",
    undefined="no forecast or no branches; no decision has both rows",
    formula_of_parts=_difference,
    **_CASES,
)
def understanding_gap(episodes: Episodes) -> NDArray[np.float64]:
    """How much more is not understood about actions not taken: unlike skill, free of how hard either kind of row is."""
    return _paired(episodes, ("excess", "rows"))
