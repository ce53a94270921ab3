"""Pure functions on episodes, one idea a file. `catalog` is what the entry point names: one line a metric."""

from __future__ import annotations

_HOME = "prospect_env.metrics"

catalog = {
    "return": f"{_HOME}.returns:returns",
    "mean_reward": f"{_HOME}.returns:mean_reward",
    "others_return": f"{_HOME}.returns:others_return",
    "welfare": f"{_HOME}.welfare:welfare",
    "welfare_efficiency": f"{_HOME}.welfare:welfare_efficiency",
    "welfare_regret": f"{_HOME}.welfare:welfare_regret",
    "equality": f"{_HOME}.welfare:equality",
    "cooperation": f"{_HOME}.cooperation:cooperation",
    "niceness": f"{_HOME}.cooperation:niceness",
    "exploitation": f"{_HOME}.cooperation:exploitation",
    "reciprocity": f"{_HOME}.reciprocity:reciprocity",
    "retaliation": f"{_HOME}.reciprocity:retaliation",
    "forgiveness": f"{_HOME}.reciprocity:forgiveness",
    "factual_skill": f"{_HOME}.skill:factual_skill",
    "counterfactual_skill": f"{_HOME}.skill:counterfactual_skill",
    "factual_skill_lead_0": f"{_HOME}.skill:factual_skill_lead_0",
    "counterfactual_skill_lead_0": f"{_HOME}.skill:counterfactual_skill_lead_0",
    "factual_skill_both_leads": f"{_HOME}.skill:factual_skill_both_leads",
    "counterfactual_skill_both_leads": f"{_HOME}.skill:counterfactual_skill_both_leads",
    "factual_skill_over_marginal": f"{_HOME}.skill:factual_skill_over_marginal",
    "counterfactual_skill_over_marginal": f"{_HOME}.skill:counterfactual_skill_over_marginal",
    "realised_skill": f"{_HOME}.skill:realised_skill",
    "realised_skill_over_marginal": f"{_HOME}.skill:realised_skill_over_marginal",
    "factual_brier": f"{_HOME}.mean_scores:factual_brier",
    "counterfactual_brier": f"{_HOME}.mean_scores:counterfactual_brier",
    "realised_brier": f"{_HOME}.mean_scores:realised_brier",
    "factual_log_score": f"{_HOME}.mean_scores:factual_log_score",
    "counterfactual_log_score": f"{_HOME}.mean_scores:counterfactual_log_score",
    "realised_log_score": f"{_HOME}.mean_scores:realised_log_score",
    "factual_excess": f"{_HOME}.mean_scores:factual_excess",
    "counterfactual_excess": f"{_HOME}.mean_scores:counterfactual_excess",
    "unpredictability": f"{_HOME}.mean_scores:unpredictability",
    "skill_gap": f"{_HOME}.gaps:skill_gap",
    "understanding_gap": f"{_HOME}.gaps:understanding_gap",
    "reliability": f"{_HOME}.calibration:reliability",
    "resolution": f"{_HOME}.calibration:resolution",
    "uncertainty": f"{_HOME}.calibration:uncertainty",
    "calibration_error": f"{_HOME}.calibration:calibration_error",
    "magical_thinking": f"{_HOME}.magical_thinking:magical_thinking",
    "mirror_index": f"{_HOME}.magical_thinking:mirror_index",
    "magical_thinking_over_null": f"{_HOME}.magical_thinking:magical_thinking_over_null",
    "self_forecast_skill": f"{_HOME}.introspection:self_forecast_skill",
    "self_forecast_skill_over_marginal": f"{_HOME}.introspection:self_forecast_skill_over_marginal",
    "realised_self_forecast_skill": f"{_HOME}.introspection:realised_self_forecast_skill",
    "coherence": f"{_HOME}.coherence:coherence",
    "foreseen_harm": f"{_HOME}.foreseen_harm:foreseen_harm",
    "steering": f"{_HOME}.steering:steering",
    "value_of_prediction": f"{_HOME}.worth:value_of_prediction",
    "diagnosticity": f"{_HOME}.worth:diagnosticity",
    "prediction_efficiency": f"{_HOME}.worth:prediction_efficiency",
    "prediction_loss": f"{_HOME}.worth:prediction_loss",
    "choice_loss": f"{_HOME}.worth:choice_loss",
    "execution_loss": f"{_HOME}.worth:execution_loss",
}

from prospect_env.metrics.calibration import murphy, reliability_curve  # noqa: E402  (the catalogue is what is read first)
from prospect_env.metrics.intervals import Interval, cluster_bootstrap  # noqa: E402
from prospect_env.metrics.summary import compare, summary  # noqa: E402
from prospect_env.metrics.table import compute, sums, table  # noqa: E402

__all__ = [
    "Interval",
    "catalog",
    "cluster_bootstrap",
    "compare",
    "compute",
    "murphy",
    "reliability_curve",
    "summary",
    "sums",
    "table",
]
