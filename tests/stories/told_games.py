"""The games that tests tell: every registered one that has templates, alone and under modifiers."""

from __future__ import annotations

from functools import cache
from typing import Any

from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.stories.frames import frames
from tests.samples import GAME_PARAMETERS

#: modifiers to tell a matrix game under
MODIFIED: list[dict[str, Any]] = [
    {"noise": 0.15},
    {"termination_probability": 0.05, "noise": 0.1},
    {"private_monitoring": 0.2, "termination_probability": 0.3},
    {"announcements": True, "noise": 0.01},
    {"contracts": [1, 2.5]},
    {"contracts": ["once", 3], "announcements": True},
    {"affine": [[2, 3], [0.5, -1]]},
]
UNEVEN = (((0.1, 3.0), (-2.5, 1e-5)), ((1e6, 0.0), (7.0, -0.3)), ((2.0, 2.0), (1.0, 1.0)))


@cache
def told_games() -> dict[str, Game]:
    """Games by what to call them in a test."""
    found = {name: make_game(name, **GAME_PARAMETERS[name]) for name in games if frames(name)}
    for i, around in enumerate(MODIFIED):
        found[f"modified {i}"] = make_game("prisoners_dilemma", rounds=1 + i, **around)
    labels = ("go up", "go_down", "stay")
    found["uneven"] = make_game("matrix_game", payoffs=UNEVEN, rounds=3, discount=0.9, actions=labels, noise=0.5)
    return found
