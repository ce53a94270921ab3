"""Parameters with which every registered game and policy can be built; a test fails where one is missing."""

from __future__ import annotations

from typing import Any

GAME_PARAMETERS: dict[str, dict[str, Any]] = {
    "prisoners_dilemma": {"rounds": 6},
    "stag_hunt": {"rounds": 6},
    "chicken": {"rounds": 6},
    "battle_of_the_sexes": {"rounds": 6},
    "matching_pennies": {"rounds": 6},
    "coordination": {"rounds": 6},
    "deadlock": {"rounds": 6},
    "matrix_game": {"rounds": 5, "payoffs": [[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]]},
}

#: spec strings to try of each policy; a human is asked in tests of their own
POLICY_SPECS: dict[str, list[str]] = {
    "always": ["always:action=1"],
    "always_cooperate": ["always_cooperate"],
    "always_defect": ["always_defect"],
    "random": ["random", "random:p=.3"],
    "tit_for_tat": ["tit_for_tat"],
    "reverse_tit_for_tat": ["reverse_tit_for_tat"],
    "tit_for_two_tats": ["tit_for_two_tats"],
    "grim": ["grim"],
    "win_stay_lose_shift": ["win_stay_lose_shift"],
    "generous_tit_for_tat": ["generous_tit_for_tat"],
    "memory_one": ["memory_one:p=[.9,.1,.8,.2,.5]"],
    "random_memory_one": ["random_memory_one"],
    "human": [],
    "prospective": [
        "prospective:predictor=bayes",
        "prospective:predictor=counts,planner=lookahead,depth=3",
        "prospective:predictor=marginal,planner=myopic",
        "prospective:predictor=uniform,planner=softmax,temperature=.5",
        "prospective:predictor=oracle",
        "prospective:predictor=oracle,depth=3",
    ],
    "forecasting": ["forecasting:actor=(random:p=.3),predictor=bayes"],
    "lm": [
        "lm:model=fake,mode=direct",
        "lm:model=fake,mode=scot,format=round_log",
        "lm:model=fake,mode=plan,format=joint_log",
        "lm:model=fake,mode=plan,format=sentences,depth=3",
    ],
    "steerer": ["steerer"],
    "rationaliser": ["rationaliser", "rationaliser:actor=tit_for_tat"],
    "decorator": ["decorator:actor=(random:p=.3)"],
    "magical_thinker": ["magical_thinker:belief=.5"],
    "sandbagger": ["sandbagger"],
    "spiteful": ["spiteful:pretend=1"],
    "considerate": ["considerate"],
}
