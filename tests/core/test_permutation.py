"""Seats that the rules do not tell apart: whoever sits in them, the match is the same."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from tests.samples import GAME_PARAMETERS

INTERCHANGEABLE = [name for name in games if len(make_game(name, **GAME_PARAMETERS[name]).spec.interchangeable[0]) == 2]


def test_some_games_have_interchangeable_seats() -> None:
    assert {"prisoners_dilemma", "chicken", "stag_hunt"} <= set(INTERCHANGEABLE)
    assert "matching_pennies" not in INTERCHANGEABLE


@pytest.mark.parametrize("name", INTERCHANGEABLE)
@pytest.mark.parametrize(
    "pair", [("tit_for_tat", "always_defect"), ("prospective:predictor=bayes", "win_stay_lose_shift")], ids=str
)
def test_swapping_the_players_swaps_the_match(name: str, pair: tuple[str, str]) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    one, other = play(game, pair, branch="all"), play(game, pair[::-1], branch="all")
    steps = slice(None)
    if "prospective" in pair[0]:
        # Ties are broken by chance bound to the seat: up to the first one the matches must be mirror images.
        assert one.probs is not None
        certain = np.isin(one.probs[0, :, 0], (0, 1)).all(axis=-1)
        steps = slice(0, len(certain) if certain.all() else int(np.argmin(certain)))
        assert np.array_equal(one.truth[:, steps, 0, 0, :, 1], other.truth[:, steps, 1, 0, :, 0])  # type: ignore[index]
        assert np.array_equal(one.forecast[:, steps, 0, :, :, 1], other.forecast[:, steps, 1, :, :, 0])  # type: ignore[index]
    assert np.array_equal(one.actions[:, steps], other.actions[:, steps, ::-1])
    assert np.array_equal(one.rewards[:, steps], other.rewards[:, steps, ::-1])
