"""Every policy, predictor, planner and intervention of this package by name: the one line that adding one touches.

`policies` is what the entry-point group `prospect_env.policies` names; `predictors` and `planners` are looked up by
policies that are made of them, `interventions` by language models.
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
    "conditional_cooperator": "prospect_agents.strategies.conditional:ConditionalCooperator",
    "random_reactive": "prospect_agents.strategies.conditional:RandomReactive",
    "sustainable_harvester": "prospect_agents.strategies.harvesters:SustainableHarvester",
    "greedy_harvester": "prospect_agents.strategies.harvesters:GreedyHarvester",
    "promise_keeper": "prospect_agents.strategies.talkers:PromiseKeeper",
    "promise_breaker": "prospect_agents.strategies.talkers:PromiseBreaker",
    "silent": "prospect_agents.strategies.talkers:Silent",
    "conditional_truster": "prospect_agents.strategies.talkers:ConditionalTruster",
    "signer": "prospect_agents.strategies.talkers:Signer",
    "refuser": "prospect_agents.strategies.talkers:refuser",
    "fair_responder": "prospect_agents.strategies.sequential:FairResponder",
    "reciprocal_trustee": "prospect_agents.strategies.sequential:ReciprocalTrustee",
    "centipede_taker": "prospect_agents.strategies.sequential:CentipedeTaker",
    "conceding_proposer": "prospect_agents.strategies.directional:ConcedingProposer",
    "gradual_investor": "prospect_agents.strategies.directional:GradualInvestor",
    "directional_taker": "prospect_agents.strategies.directional:DirectionalTaker",
    "aspiring_bargainer": "prospect_agents.strategies.bargainers:AspiringBargainer",
    "tough_bargainer": "prospect_agents.strategies.bargainers:tough_bargainer",
    "mirroring_bargainer": "prospect_agents.strategies.bargainers:MirroringBargainer",
    "greedy_forager": "prospect_agents.strategies.foragers:GreedyForager",
    "sustainable_forager": "prospect_agents.strategies.foragers:SustainableForager",
    "cleaner": "prospect_agents.strategies.foragers:Cleaner",
    "patrolling_zapper": "prospect_agents.strategies.foragers:PatrollingZapper",
    "avenging_zapper": "prospect_agents.strategies.avengers:AvengingZapper",
    "conditional_cleaner": "prospect_agents.strategies.conditional_cleaner:ConditionalCleaner",
    "level_k": "prospect_agents.strategies.level_k:LevelK",
    "best_reply_dynamics": "prospect_agents.strategies.level_k:BestReplyDynamics",
    "human": "prospect_agents.strategies.human:Human",
    "discriminator": "prospect_agents.strategies.reputation:Discriminator",
    "launderer": "prospect_agents.strategies.reputation:Launderer",
    "honest_worker": "prospect_agents.strategies.overseers:HonestWorker",
    "gaming_worker": "prospect_agents.strategies.overseers:GamingWorker",
    "calculating_worker": "prospect_agents.strategies.overseers:CalculatingWorker",
    "random_overseer": "prospect_agents.strategies.overseers:RandomOverseer",
    "suspicious_overseer": "prospect_agents.strategies.overseers:SuspiciousOverseer",
    "honest_forecaster": "prospect_agents.strategies.overseers:HonestForecaster",
    "locking_forecaster": "prospect_agents.strategies.overseers:LockingForecaster",
    "nudging_forecaster": "prospect_agents.strategies.overseers:NudgingForecaster",
    "crowd_avoider": "prospect_agents.strategies.overseers:CrowdAvoider",
    "greedy_collector": "prospect_agents.strategies.collectors:GreedyCollector",
    "polite_collector": "prospect_agents.strategies.collectors:PoliteCollector",
    "tit_for_tat_collector": "prospect_agents.strategies.collectors:TitForTatCollector",
    "prospective": "prospect_agents.prospective:prospective",
    "forecasting": "prospect_agents.prospective:forecasting",
    "guarded": "prospect_agents.guarded:guarded",
    "steerer": "prospect_agents.controls:Steerer",
    "rationaliser": "prospect_agents.controls:Rationaliser",
    "decorator": "prospect_agents.controls:decorator",
    "magical_thinker": "prospect_agents.controls:MagicalThinker",
    "sandbagger": "prospect_agents.controls:Sandbagger",
    "spiteful": "prospect_agents.controls:spiteful",
    "considerate": "prospect_agents.controls:considerate",
    "lm": "prospect_agents.language.policy:lm",
}

#: what `prospect models` and `prospect comprehend` call
models = {
    "available": "prospect_agents.language.pull:available",
    "pull": "prospect_agents.language.pull:pull",
    "comprehend": "prospect_agents.language.comprehension:comprehend",
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

interventions = Registry(
    "intervention",
    {
        "steer": "prospect_agents.language.interventions:steer",
        "ablate": "prospect_agents.language.interventions:ablate",
    },
)
