"""Every policy, predictor and planner of this package by name: the one line that adding one touches.

`policies` is what the entry-point group `prospect_env.policies` names; `predictors` and `planners` are looked up by
policies that are made of them.
"""

from __future__ import annotations

from prospect_env.core.registry import Registry

policies = {
    "always": "prospect_agents.strategies.constant:Always",
    "always_cooperate": "prospect_agents.strategies.constant:always_cooperate",
    "always_defect": "prospect_agents.strategies.constant:always_defect",
    "random": "prospect_agents.strategies.constant:Random",
    "tit_for_tat": "prospect_agents.strategies.reciprocal:TitForTat",
    "reverse_tit_for_tat": "prospect_agents.strategies.reciprocal:ReverseTitForTat",
    "tit_for_two_tats": "prospect_agents.strategies.reciprocal:TitForTwoTats",
    "grim": "prospect_agents.strategies.reciprocal:Grim",
    "win_stay_lose_shift": "prospect_agents.strategies.memory_one:win_stay_lose_shift",
    "generous_tit_for_tat": "prospect_agents.strategies.memory_one:generous_tit_for_tat",
    "memory_one": "prospect_agents.strategies.memory_one:MemoryOne",
    "random_memory_one": "prospect_agents.strategies.memory_one:RandomMemoryOne",
    "human": "prospect_agents.strategies.human:Human",
    "prospective": "prospect_agents.prospective:prospective",
    "forecasting": "prospect_agents.prospective:forecasting",
    "steerer": "prospect_agents.controls:Steerer",
    "rationaliser": "prospect_agents.controls:Rationaliser",
    "decorator": "prospect_agents.controls:decorator",
    "magical_thinker": "prospect_agents.controls:MagicalThinker",
    "sandbagger": "prospect_agents.controls:Sandbagger",
    "spiteful": "prospect_agents.controls:spiteful",
    "considerate": "prospect_agents.controls:considerate",
    "lm": "prospect_agents.language.policy:lm",
}

#: what `prospect models` calls
models = {
    "available": "prospect_agents.language.pull:available",
    "pull": "prospect_agents.language.pull:pull",
}

predictors = Registry(
    "predictor",
    {
        "uniform": "prospect_env.core.baselines:Uniform",
        "marginal": "prospect_env.core.baselines:Marginal",
        "counts": "prospect_agents.predictors.counts:Counts",
        "bayes": "prospect_agents.predictors.counts:Bayes",
        "oracle": "prospect_agents.predictors.oracle:Oracle",
        "lm": "prospect_agents.language.predictor:lm",
    },
)

planners = Registry(
    "planner",
    {
        "myopic": "prospect_agents.planners.lookahead:Myopic",
        "lookahead": "prospect_agents.planners.lookahead:LookAhead",
        "softmax": "prospect_agents.planners.lookahead:Softmax",
    },
)
