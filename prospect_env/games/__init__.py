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
    "public_goods": "prospect_env.games.public_goods:PublicGoods",
    "collective_risk": "prospect_env.games.collective_risk:CollectiveRisk",
    "commons": "prospect_env.games.commons:Commons",
    "trust": "prospect_env.games.trust:Trust",
    "ultimatum": "prospect_env.games.ultimatum:Ultimatum",
    "centipede": "prospect_env.games.centipede:Centipede",
    "bargaining": "prospect_env.games.bargaining:Bargaining",
    "donation": "prospect_env.games.donation:Donation",
    "audit": "prospect_env.games.audit:Audit",
    "prediction_market_trap": "prospect_env.games.prediction_market_trap:PredictionMarketTrap",
    "coin_game": "prospect_env.games.coin_game:CoinGame",
    "harvest": "prospect_env.games.harvest:Harvest",
    "cleanup": "prospect_env.games.cleanup:Cleanup",
    "travellers_dilemma": "prospect_env.games.travellers_dilemma:TravellersDilemma",
    "beauty_contest": "prospect_env.games.beauty_contest:BeautyContest",
    "volunteers_dilemma": "prospect_env.games.volunteers_dilemma:VolunteersDilemma",
    "minority": "prospect_env.games.minority:Minority",
    "stackelberg": "prospect_env.games.stackelberg:Stackelberg",
}

modifiers = {
    "affine": "prospect_env.games.payoffs:with_payoffs",
    "announcements": "prospect_env.games.announcements:with_announcements",
    "contracts": "prospect_env.games.contracts:with_contracts",
    "private_monitoring": "prospect_env.games.monitoring:with_private_monitoring",
    "noise": "prospect_env.games.noise:with_noise",
    "termination_probability": "prospect_env.games.termination:with_termination_probability",
}
