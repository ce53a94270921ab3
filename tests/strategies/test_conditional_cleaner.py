"""When a conditional cleaner cleans, and when it leaves the river to itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.games.cleanup import Cleanup
from tests.games.grid import NORTH, WEST, standing
from tests.strategies.foraging import choice

#: three of sixteen river cells are waste, .1875
WATER = """
##########
#~w~~....#
#~ww~..P,#
#~~~~..P,#
#~~~~..Pa#
##########
"""
CLEAN = {"clean": 1.0}
#: from (2, 5), facing west: down or to the right, to the apple at (4, 8)
FORAGE = {"step_left": 0.5, "back": 0.5}
IDLE, MINE, THEIRS = ("stay", "stay"), ("clean", "stay"), ("stay", "clean")


@pytest.mark.parametrize(
    ("policy", "seen", "expected"),
    [
        # It begins as if another had just cleaned: two steps of patience.
        ("conditional_cleaner:patience=2", [], CLEAN),
        ("conditional_cleaner:patience=2", [IDLE], CLEAN),
        ("conditional_cleaner:patience=2", [IDLE, IDLE], FORAGE),
        ("conditional_cleaner:patience=2,trusting=false", [], FORAGE),
        # What it does itself reminds it of nothing; what another does, for two steps each time.
        ("conditional_cleaner:patience=2", [MINE, MINE], FORAGE),
        ("conditional_cleaner:patience=2", [IDLE, IDLE, THEIRS], CLEAN),
        ("conditional_cleaner:patience=2", [IDLE, IDLE, THEIRS, MINE], CLEAN),
        ("conditional_cleaner:patience=2", [IDLE, IDLE, THEIRS, MINE, IDLE], FORAGE),
        ("conditional_cleaner:patience=2", [IDLE, THEIRS, IDLE, THEIRS, IDLE], CLEAN),
        # Where the river is clean enough nobody need clean.
        ("conditional_cleaner:level=.2", [THEIRS], FORAGE),
    ],
)
def test_it_cleans_while_others_do(policy: str, seen: Sequence[Sequence[str]], expected: dict[str, float]) -> None:
    game = Cleanup(seats=2, map=WATER, steps=1000)
    assert choice(policy, game, standing(game, (2, 5, WEST), (1, 8, NORTH)), seen=seen) == expected


def test_any_of_several_others_reminds_it() -> None:
    game = Cleanup(seats=3, map=WATER, steps=1000)
    state = standing(game, (1, 8, NORTH), (2, 5, WEST), (4, 6, NORTH))
    policy = "conditional_cleaner:trusting=false"
    assert choice(policy, game, state, seat=1, seen=[("stay", "stay", "stay")]) == FORAGE
    assert choice(policy, game, state, seat=1, seen=[("stay", "stay", "clean")]) == CLEAN
    assert choice(policy, game, state, seat=1, seen=[("clean", "stay", "-")]) == CLEAN


def test_alone_it_soon_gives_up() -> None:
    game = make_game("cleanup", seats=2, map="small", steps=60)

    def cleaned(beside: str) -> np.ndarray:
        measure = play(game, ["conditional_cleaner:patience=5", beside], episodes=10).measure("cleaned")
        assert measure is not None
        return measure[:, :, 0].sum(axis=0)

    beside_nobody = cleaned("greedy_forager")
    assert beside_nobody[:5].sum() > 0
    assert beside_nobody[5:].sum() == 0
    assert cleaned("cleaner:level=.1")[5:].sum() > 0
