"""Whom an avenging zapper sends off, and what it does otherwise."""

from __future__ import annotations

import pytest

from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.games.harvest import Harvest
from tests.games.grid import EAST, NORTH, WEST, Seat, standing
from tests.strategies.foraging import choice

#: Apples within distance 2 of the three apples, (2, 5) to (2, 7): two each, the others. Of the grass at (3, 5): two,
#: (2, 5) and (2, 6). Of the grass at (4, 5): one, (2, 5).
GROVE = """
###########
#P........#
#....aaa..#
#P...,....#
#....,....#
#P........#
###########
"""
HERE: Seat = (4, 2, EAST)  # its beam covers rows 3 to 5 of columns 3 to 5
ZAP = {"zap": 1.0}
#: up or to the right, to the nearest apple at (2, 5)
FORAGE = {"forward": 0.5, "step_left": 0.5}


def grove(seats: int = 2) -> Harvest:
    return Harvest(seats=seats, map=GROVE, steps=100, regrowth=(0.0,))


@pytest.mark.parametrize(
    ("policy", "here", "other", "expected"),
    [
        # Where one apple is left nearby, one may not stand; where two are, one may if these are enough.
        ("avenging_zapper:leave=2", HERE, (4, 5, NORTH), ZAP),
        ("avenging_zapper:leave=2", HERE, (3, 5, NORTH), FORAGE),
        ("avenging_zapper:leave=3", HERE, (3, 5, NORTH), ZAP),
        # Who stands on bare floor takes nothing.
        ("avenging_zapper:leave=2", HERE, (4, 4, NORTH), FORAGE),
        # It turns to where the other would be in its beam, and goes on foraging where none is in reach.
        ("avenging_zapper:leave=2", (4, 2, NORTH), (4, 5, NORTH), {"turn_right": 1.0}),
        ("avenging_zapper:leave=2", (4, 2, WEST), (4, 5, NORTH), {"turn_right": 1.0}),
        ("avenging_zapper:leave=2", (4, 1, EAST), (4, 5, NORTH), FORAGE),
    ],
)
def test_whoever_eats_a_patch_bare_offends(policy: str, here: Seat, other: Seat, expected: dict[str, float]) -> None:
    game = grove()
    assert choice(policy, game, standing(game, here, other)) == expected


def test_it_holds_back_itself() -> None:
    game = grove()
    state = standing(game, HERE, (1, 1, NORTH))
    assert choice("avenging_zapper:leave=2", game, state) == FORAGE
    assert choice("avenging_zapper:leave=3", game, state) == {"stay": 1.0}


def test_whoever_fired_offends_for_some_steps() -> None:
    game = grove()
    state = standing(game, HERE, (4, 4, NORTH))
    policy = "avenging_zapper:leave=2,grudge=2"
    assert choice(policy, game, state, seen=[("stay", "zap")]) == ZAP
    assert choice(policy, game, state, seen=[("stay", "zap"), ("stay", "stay")]) == ZAP
    assert choice(policy, game, state, seen=[("stay", "zap"), ("stay", "stay"), ("stay", "stay")]) == FORAGE
    # Fired at again it begins anew, sent off or not; what it fires itself is no offence.
    assert choice(policy, game, state, seen=[("stay", "zap"), ("-", "stay"), ("-", "zap"), ("-", "stay")]) == ZAP
    assert choice(policy, game, state, seen=[("zap", "stay")]) == FORAGE


def test_the_grudge_is_against_who_fired() -> None:
    game = grove(3)
    policy = "avenging_zapper:leave=2"
    near, far = (4, 4, NORTH), (1, 9, NORTH)
    assert choice(policy, game, standing(game, HERE, near, far), seen=[("stay", "stay", "zap")]) == FORAGE
    assert choice(policy, game, standing(game, HERE, far, near), seen=[("stay", "stay", "zap")]) == ZAP
    # It may sit anywhere, and whoever is off already is nobody to send off.
    assert choice(policy, game, standing(game, near, HERE, far), seat=1, seen=[("zap", "stay", "stay")]) == ZAP
    gone = standing(game, HERE, near, far)
    gone.place[0, 1], gone.away[0, 1] = game.chart.nowhere, 3
    assert choice(policy, game, gone, seen=[("stay", "zap", "stay")]) == FORAGE


def test_sending_the_greedy_off_pays() -> None:
    game = make_game("harvest", seats=2, map="small", steps=100)

    def beside_greed(policy: str) -> tuple[float, float]:
        """Its return, and how often it sends the other off."""
        episodes = play(game, [policy, "greedy_forager"], episodes=40)
        zapped = episodes.measure("zapped")
        assert zapped is not None
        return float(episodes.rewards[:, :, 0].sum(axis=1).mean()), float(zapped[:, :, 0].sum(axis=1).mean())

    avenging, mild = beside_greed("avenging_zapper"), beside_greed("sustainable_forager")
    assert avenging[0] > 1.15 * mild[0]
    assert avenging[1] > 1
    assert mild[1] == 0
