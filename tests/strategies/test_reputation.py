"""Whom strategies of reputation give to, name by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core import position
from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.games.donation import GIVE, KEEP, Donation

GAME = Donation(seats=3, rounds=8, error=0.0)


def choice(spec: str, game: Donation, recipient: int, own: int, others: int) -> int:
    """What seat 0 does about a recipient that is good or bad in its eyes, or (`others`) in everybody else's."""
    players = Players(game, {seat: make_policy(spec) for seat in range(game.seats)})
    at = players.begin(episode_seeds(0, 1))
    image = np.full((1, 3, 3), others, dtype=np.int8)
    image[0, 0] = [own, recipient, 1 - recipient]
    state = replace(at.state, recipient=np.array([[1, 2, 0]], dtype=np.int8), image=image)
    at = replace(at, state=state)
    turn = players.turn(at, position.active(game, at), (0,))
    return int(turn.decisions[0].action[0])


@pytest.mark.parametrize("others", [0, 1])
def test_discriminators_go_by_their_own_image(others: int) -> None:
    assert choice("discriminator", GAME, recipient=1, own=0, others=others) == GIVE
    assert choice("discriminator", GAME, recipient=0, own=1, others=others) == KEEP


@pytest.mark.parametrize(
    ("norm", "recipient", "own", "expected"),
    [
        ("image_scoring", 1, 1, KEEP),
        ("image_scoring", 1, 0, GIVE),
        ("image_scoring", 0, 0, GIVE),
        # Where to keep from the bad is good, keeping is enough.
        ("stern_judging", 0, 0, KEEP),
        ("simple_standing", 0, 0, KEEP),
        ("stern_judging", 1, 0, GIVE),
        ("simple_standing", 1, 0, GIVE),
        # Where nothing done to the bad is good, giving to them is wasted.
        ("shunning", 0, 0, KEEP),
        ("shunning", 1, 0, GIVE),
    ],
)
def test_launderers_give_where_it_mends_their_name(norm: str, recipient: int, own: int, expected: int) -> None:
    game = Donation(seats=3, rounds=8, error=0.0, norm=norm)
    assert choice("launderer", game, recipient, own, others=1) == expected


def test_a_launderer_by_turns_keeps_and_gives_under_image_scoring() -> None:
    game = Donation(seats=3, rounds=6, error=0.0, norm="image_scoring")
    episodes = play(game, ["launderer", "discriminator", "discriminator"], episodes=3)
    assert (episodes.actions[:, :, 0] == [KEEP, GIVE] * 3).all()


@pytest.mark.parametrize("spec", ["discriminator", "launderer"])
def test_they_play_through_modifiers(spec: str) -> None:
    game = make_game("donation", rounds=4, noise=0.1, termination_probability=0.2)
    episodes = play(game, [spec] * 4, episodes=20, branch="none")
    assert set(np.unique(episodes.actions[episodes.active])) <= {GIVE, KEEP}


@pytest.mark.parametrize("spec", ["discriminator", "launderer"])
def test_elsewhere_they_do_not_sit_down(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match=f"{spec} plays Donation and no other game"):
        play(make_game("prisoners_dilemma", rounds=3), [spec, "random"])
