"""Forecast skill: how much better than knowing nothing, on the path taken and off it.

Skill is `1 - sum S / sum S_ref` over all rows that are reported together. The reference spreads over *attainable*
reactions, or says how often each was shown in *earlier* steps of the episode: knowing the rules earns no skill with the
first, knowing how often earns none with the second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.metric import Case, Metric, metric
from prospect_env.metrics.realised import realised_sums
from prospect_env.metrics.scores import COUNTERFACTUAL, FACTUAL, OTHERS, QUANTITIES, cell, expected_sums
from prospect_env.metrics.steps import over, ratio, undefined

BRIER = "Brier 1950; skill after Murphy 1973; expectation over the true distribution: Gneiting and Raftery 2007"
ALL_LEADS = (0, 1)
KNOWING = Case("decorator:actor=random,predictor=oracle")
IGNORANT = Case("decorator:actor=random,predictor=uniform")
#: has a record on the path it walks, and knows nothing about the rest
ONE_TRACK = Case("decorator:actor=always_defect,predictor=bayes")
#: knows, and says nothing
HIDING = Case("sandbagger")


def skill_of(parts: Float[np.ndarray, "... 2"]) -> NDArray[np.float64]:
    """`1 - S / S_ref` of the pooled sums; nan where the reference has nothing to lose."""
    return 1.0 - ratio(parts[..., 0], parts[..., 1])


def _expected(name: str, kind: int, leads: tuple[int, ...], reference: str, **about: Any) -> Metric:
    row = ("factual", "counterfactual")[kind]
    lead = "leads 0 and 1" if leads == ALL_LEADS else f"lead {leads[0]}"

    def parts(episodes: Episodes) -> NDArray[np.float64]:
        sums = expected_sums(episodes)
        return undefined(episodes, 2) if sums is None else cell(sums.rows, kind, ("brier", reference), leads)

    return metric(
        name,
        unit="skill",
        range=(-np.inf, 1.0),
        direction="higher",
        formula=f"1 - sum S(p, q) / sum S({reference}, q), Brier, {row} rows about others at {lead}",
        source=BRIER,
        undefined="no forecast or no branches; nothing was uncertain to the reference",
        formula_of_parts=skill_of,
        **{"high": KNOWING, "low": IGNORANT, "fake": HIDING, **about},
    )(parts)


_SEEN_THROUGH = {"fake": ONE_TRACK, "exposed_by": "counterfactual_skill"}
factual_skill = _expected("factual_skill", FACTUAL, (1,), "uniform", **_SEEN_THROUGH)
counterfactual_skill = _expected("counterfactual_skill", COUNTERFACTUAL, (1,), "uniform", fake=ONE_TRACK)
factual_skill_lead_0 = _expected("factual_skill_lead_0", FACTUAL, (0,), "uniform")
counterfactual_skill_lead_0 = _expected("counterfactual_skill_lead_0", COUNTERFACTUAL, (0,), "uniform")
factual_skill_both_leads = _expected("factual_skill_both_leads", FACTUAL, ALL_LEADS, "uniform", **_SEEN_THROUGH)
counterfactual_skill_both_leads = _expected("counterfactual_skill_both_leads", COUNTERFACTUAL, ALL_LEADS, "uniform")
factual_skill_over_marginal = _expected("factual_skill_over_marginal", FACTUAL, (1,), "marginal")
counterfactual_skill_over_marginal = _expected(
    "counterfactual_skill_over_marginal", COUNTERFACTUAL, (1,), "marginal", fake=ONE_TRACK
)


def _realised(name: str, reference: str, **about: Any) -> Metric:
    def parts(episodes: Episodes) -> NDArray[np.float64]:
        sums = realised_sums(episodes)
        return undefined(episodes, 2) if sums is None else realised_cell(sums, ("brier", reference))

    return metric(
        name,
        unit="skill",
        range=(-np.inf, 1.0),
        direction="higher",
        formula=f"1 - sum S(p, y) / sum S({reference}, y), Brier, rows of the actions taken about others at lead 1",
        source=BRIER,
        undefined="no forecast; nothing was uncertain to the reference",
        formula_of_parts=skill_of,
        **{"high": KNOWING, "low": IGNORANT, "fake": HIDING, **about},
    )(parts)


def realised_cell(
    sums: Float[np.ndarray, "E N L S K"], quantities: tuple[str, ...], leads: tuple[int, ...] = (1,), whom: int = OTHERS
) -> NDArray[np.float64]:
    """These quantities `[E, N, K]` of realised scores, summed over these leads, about others or oneself."""
    picked = sums[:, :, :, whom][..., [QUANTITIES.index(name) for name in quantities]]
    return over(picked[:, :, list(leads)], axis=2)


realised_skill = _realised("realised_skill", "uniform", **_SEEN_THROUGH)
realised_skill_over_marginal = _realised("realised_skill_over_marginal", "marginal")
