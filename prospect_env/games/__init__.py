"""The games: rules only, one idea a file. `catalog` and `modifiers` are what the entry points name."""

from __future__ import annotations

_STAGE_GAMES = (
    "prisoners_dilemma",
    "stag_hunt",
    "chicken",
    "battle_of_the_sexes",
    "matching_pennies",
    "coordination",
    "deadlock",
)

catalog = {name: f"prospect_env.games.stage_games:{name}" for name in _STAGE_GAMES} | {
    "matrix_game": "prospect_env.games.matrix:matrix_game",
}

modifiers = {
    "noise": "prospect_env.games.noise:with_noise",
    "termination_probability": "prospect_env.games.termination:with_termination_probability",
}
