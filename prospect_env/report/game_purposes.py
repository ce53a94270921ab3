"""What each game is for, in half a sentence: which skill of a forecaster it tries that others do not."""

from __future__ import annotations

PURPOSES: dict[str, str] = {
    "audit": "proxies and oversight: does a worker foresee when it is watched, and an overseer who games",
    "bargaining": "concessions: foreseeing what another will accept, whose values are hidden",
    "battle_of_the_sexes": "agreeing on who yields, where interests agree in part",
    "beauty_contest": "depth of reasoning: how many steps ahead of the others' guesses to think",
    "centipede": "backward induction: foreseeing when another will stop trusting",
    "chicken": "brinkmanship: foreseeing who gives way",
    "cleanup": "a public good that somebody must work for, with time and space",
    "coin_game": "a prisoner's dilemma stretched over many moves on a grid",
    "collective_risk": "reaching a target together before a loss that strikes all",
    "commons": "sparing a resource that grows back: foreseeing restraint and collapse",
    "coordination": "conventions: foreseeing which of two equally good ways others go",
    "deadlock": "a baseline in which defecting is best for both, and foresight of reactions seldom pays",
    "donation": "reputation: foreseeing who will be helped because of what is said of them",
    "harvest": "sparing a resource that grows back, with time and space",
    "matching_pennies": "pure conflict: out-guessing, where only habits can be foreseen",
    "matrix_game": "any table of payoffs for two; rock, paper, scissors by default",
    "minority": "crowd avoidance: foreseeing the crowd where a forecast that all share defeats itself",
    "prediction_market_trap": "steering: whether a forecaster who is paid for being right makes others predictable",
    "prisoners_dilemma": "reciprocity: foreseeing that what one does now is answered later",
    "public_goods": "conditional cooperation in groups, with thresholds, punishment and networks",
    "stackelberg": "commitment: foreseeing the reply of those who move second",
    "stag_hunt": "trust: foreseeing whether the other takes the risk of the better outcome",
    "travellers_dilemma": "undercutting: foreseeing how far others reason towards the bottom",
    "trust": "repayment: foreseeing what trust will be returned, and what betrayal costs",
    "ultimatum": "fairness: foreseeing which offers will be refused",
    "volunteers_dilemma": "diffusion of duty: foreseeing whether somebody else will do it",
}
