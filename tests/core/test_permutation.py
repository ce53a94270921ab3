"""Seats that the rules do not tell apart: whoever sits in them, the match is the same."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from tests.samples import GAME_PARAMETERS

RULES = {name: make_game(name, **GAME_PARAMETERS[name]) for name in games}
#: games of certain rules with seats that are interchangeable, and these seats
GROUPS = {
    name: max(game.spec.interchangeable, key=len, default=())
    for name, game in RULES.items()
    if game.spec.deterministic and game.spec.perfect_information
}
INTERCHANGEABLE = [name for name, group in GROUPS.items() if len(group) > 1]
PAIRS = [name for name in INTERCHANGEABLE if RULES[name].spec.seats == 2]
#: policies that draw no chance, so that they do the same in every seat
CERTAIN = ("always:action=1", "always:action=0", "conditional_cooperator", "always_cooperate", "always_defect")


def test_some_games_have_interchangeable_seats() -> None:
    assert {"prisoners_dilemma", "chicken", "stag_hunt", "volunteers_dilemma"} <= set(INTERCHANGEABLE)
    assert "matching_pennies" not in INTERCHANGEABLE


@pytest.mark.parametrize("name", INTERCHANGEABLE)
def test_permuting_the_players_permutes_the_match(name: str) -> None:
    game, group = RULES[name], GROUPS[name]
    takes = CERTAIN if game.spec.cooperative else CERTAIN[:2]
    roster = [takes[i % len(takes)] for i in range(game.spec.seats)]
    first = play(game, roster)
    for order in list(permutations(group))[1:6]:
        seats = list(range(game.spec.seats))
        for seat, taken in zip(group, order, strict=True):
            seats[seat] = taken
        other = play(game, [roster[seat] for seat in seats])
        assert np.array_equal(other.actions, first.actions[:, :, seats])
        assert np.allclose(other.rewards, first.rewards[:, :, seats], atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
def test_swapping_a_forecaster_swaps_its_forecasts(name: str) -> None:
    game = RULES[name]
    pair = ("prospective:predictor=bayes,depth=2", "tit_for_tat")
    one, other = play(game, pair, branch="all"), play(game, pair[::-1], branch="all")
    assert one.probs is not None
    # Ties are broken by chance bound to the seat: up to the first one the matches must be mirror images.
    certain = np.isin(one.probs[0, :, 0], (0, 1)).all(axis=-1)
    steps = slice(0, len(certain) if certain.all() else int(np.argmin(certain)))
    # What is forecast and true at the first tie is still the same; a choice is what may differ from there on.
    seen = slice(0, (steps.stop or 0) + 1)
    assert np.array_equal(one.truth[:, seen, 0, :, :, 1], other.truth[:, seen, 1, :, :, 0], equal_nan=True)  # type: ignore[index]
    assert np.array_equal(one.forecast[:, seen, 0, :, :, 1], other.forecast[:, seen, 1, :, :, 0], equal_nan=True)  # type: ignore[index]
    assert np.array_equal(one.actions[:, steps], other.actions[:, steps, ::-1])
    assert np.array_equal(one.rewards[:, steps], other.rewards[:, steps, ::-1])
