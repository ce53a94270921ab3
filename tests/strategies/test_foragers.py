"""What foragers choose where one can say what they must, and what comes of it on the games' own maps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from prospect_env.arena.play import play
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.games.cleanup import Cleanup
from prospect_env.games.gridworld import Field
from prospect_env.games.harvest import Harvest
from tests.games.grid import EAST, NORTH, SOUTH, WEST, Seat, standing
from tests.strategies.foraging import choice

FORAGERS = (
    "greedy_forager",
    "sustainable_forager",
    "cleaner",
    "patrolling_zapper",
    "avenging_zapper",
    "conditional_cleaner",
)
YARD = """
###########
#P..a..#.a#
#......#..#
#......#..#
#.........#
#P..,....P#
###########
"""


def yard(seats: int = 1, text: str = YARD) -> Harvest:
    return Harvest(seats=seats, map=text, steps=100, regrowth=(0.0,))


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        # The apple at (1, 4) is straight ahead, to the side, or behind.
        ((3, 4, NORTH), {"forward": 1.0}),
        ((3, 4, EAST), {"step_left": 1.0}),
        ((3, 4, SOUTH), {"back": 1.0}),
        ((3, 4, WEST), {"step_right": 1.0}),
        # Up or to the right: both are shortest.
        ((3, 2, NORTH), {"forward": 0.5, "step_right": 0.5}),
        # (1, 9) is near as the crow flies, but seven steps off around the wall from (1, 6), and (1, 4) is two.
        ((1, 6, NORTH), {"step_left": 1.0}),
        # From (4, 7) it is three steps up and two across to (1, 9), and six to (1, 4).
        ((4, 7, EAST), {"forward": 1.0}),
    ],
)
def test_greedy_walks_to_the_nearest_apple(here: Seat, expected: dict[str, float]) -> None:
    game = yard()
    assert choice("greedy_forager", game, standing(game, here)) == expected


def test_greedy_steps_aside_where_somebody_is_in_the_way() -> None:
    game = yard(2)
    assert choice("greedy_forager", game, standing(game, (3, 4, NORTH), (2, 4, NORTH))) == pytest.approx(
        {"back": 1 / 3, "step_left": 1 / 3, "step_right": 1 / 3}
    )
    # Of two ways the open one.
    assert choice("greedy_forager", game, standing(game, (3, 2, NORTH), (2, 2, NORTH))) == {"step_right": 1.0}


def test_greedy_stays_where_there_is_no_apple_or_no_way_to_one() -> None:
    bare = yard(1, YARD.replace("a", ","))
    assert choice("greedy_forager", bare, standing(bare, (3, 4, NORTH))) == {"stay": 1.0}
    cut = yard(1, "#######\n#P.#.a#\n#######")
    assert choice("greedy_forager", cut, standing(cut, (1, 1, NORTH))) == {"stay": 1.0}


def test_sustainable_leaves_apples_that_have_too_few_beside_them() -> None:
    # Around (1, 3): the apples at (1, 4) and (2, 3), two; (1, 4) has (1, 3) and (2, 3); (2, 3) has both others.
    game = yard(1, "#########\n#P.aa...#\n#..a....#\n#.......#\n#########")
    state = standing(game, (1, 1, EAST))
    assert choice("sustainable_forager:leave=3", game, state) == {"stay": 1.0}
    assert choice("sustainable_forager:leave=2", game, state) == {"forward": 1.0}
    # (1, 5) has three apples within distance 2, the others have fewer; the way goes around these.
    game = yard(1, "#########\n#P.a.aaa#\n#.......#\n#########")
    state = standing(game, (1, 2, EAST))
    assert choice("sustainable_forager:leave=3", game, state) == pytest.approx({"back": 0.5, "step_right": 0.5})
    assert choice("greedy_forager", game, state) == {"forward": 1.0}


WATER = """
##########
#~w~~....#
#~ww~..P,#
#~~~~..P,#
#~~~~..Pa#
##########
"""


def river(seats: int = 1) -> Cleanup:
    return Cleanup(seats=seats, map=WATER, steps=1000)


@pytest.mark.parametrize(
    ("policy", "here", "expected"),
    [
        # Three of sixteen river cells are waste. From (2, 5) facing west the lanes reach column 2.
        ("cleaner:level=.1", (2, 5, WEST), {"clean": 1.0}),
        ("cleaner:level=.1", (2, 5, NORTH), {"turn_left": 1.0}),
        ("cleaner:level=.1", (2, 5, SOUTH), {"turn_right": 1.0}),
        ("cleaner:level=.1", (2, 5, EAST), {"turn_right": 1.0}),
        # Out of reach: nearer to the nearest waste.
        ("cleaner:level=.1", (2, 7, WEST), {"forward": 1.0}),
        # Clean enough: to the apple at (4, 8).
        ("cleaner:level=.2", (2, 5, WEST), {"step_left": 0.5, "back": 0.5}),
        ("cleaner:level=.2", (4, 7, EAST), {"forward": 1.0}),
    ],
)
def test_cleaner(policy: str, here: Seat, expected: dict[str, float]) -> None:
    game = river()
    assert choice(policy, game, standing(game, here)) == expected


def test_crews_take_turns() -> None:
    game = river(3)
    state = standing(game, (2, 5, WEST), (2, 4, WEST), (3, 5, WEST))
    policy = "cleaner:level=.1,crew=1,shift=10"

    def cleaning(time: int) -> list[bool]:
        later = Field(state.cells, state.place, state.facing, state.away, np.array([time], dtype=np.int32))
        return [choice(policy, game, later, seat) == {"clean": 1.0} for seat in range(3)]

    assert cleaning(0) == cleaning(9) == [True, False, False]
    assert cleaning(10) == [False, True, False]
    assert cleaning(20) == [False, False, True]
    assert cleaning(30) == [True, False, False]


def test_patrolling_zapper() -> None:
    game = yard(2)
    assert choice("patrolling_zapper", game, standing(game, (4, 2, EAST), (4, 5, NORTH))) == {"zap": 1.0}
    assert choice("patrolling_zapper", game, standing(game, (4, 2, NORTH), (4, 5, NORTH))) == {"turn_right": 1.0}
    assert choice("patrolling_zapper", game, standing(game, (4, 2, EAST), (4, 6, NORTH))) == {"forward": 1.0}
    # Where one faces comes first, then the right.
    three = yard(3, YARD.replace("..P#", ".PP#"))
    for facing, action in ((EAST, "zap"), (WEST, "zap"), (NORTH, "turn_right"), (SOUTH, "turn_right")):
        among = standing(three, (4, 5, facing), (4, 8, NORTH), (4, 2, NORTH))
        assert choice("patrolling_zapper", three, among) == {action: 1.0}
    gone = standing(game, (4, 2, EAST), (4, 5, NORTH))
    gone.place[0, 1], gone.away[0, 1] = game.chart.nowhere, 3
    assert choice("patrolling_zapper", game, gone) == {"stay": 1.0}
    # Whoever is off stays.
    assert choice("patrolling_zapper", game, gone, seat=1) == {"stay": 1.0}


@pytest.mark.parametrize("policy", FORAGERS)
def test_no_forager_plays_other_games(policy: str) -> None:
    with pytest.raises(UnsuitablePolicy, match="foragers play gridworlds"):
        play("prisoners_dilemma", [policy, "random"])


def test_what_a_forager_needs_must_be_there() -> None:
    with pytest.raises(UnsuitablePolicy, match="needs the action 'clean'; harvest here has it not"):
        play(make_game("harvest", seats=1), ["cleaner"])
    with pytest.raises(UnsuitablePolicy, match="needs the action 'zap'"):
        play(make_game("harvest", seats=1, zap=False), ["patrolling_zapper"])
    with pytest.raises(UnsuitablePolicy, match="conditional_cleaner needs the action 'clean'"):
        play(make_game("harvest", seats=1), ["conditional_cleaner"])
    with pytest.raises(UnsuitablePolicy, match="avenging_zapper needs the action 'zap'"):
        play(make_game("cleanup", seats=1, zap=False), ["avenging_zapper"])


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("sustainable_forager:leave=13", "leave is 13"),
        ("sustainable_forager:leave=1.5", "leave is 1.5|leave=1.5"),
        ("cleaner:level=2", "level is 2"),
        ("cleaner:crew=0", "crew is 0"),
        ("cleaner:shift=0", "shift is 0"),
        ("avenging_zapper:leave=-1", "leave is -1"),
        ("avenging_zapper:grudge=0", "grudge is 0"),
        ("conditional_cleaner:level=-.1", "level is -0.1"),
        ("conditional_cleaner:patience=0", "patience is 0"),
    ],
)
def test_bad_parameters(policy: str, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_policy(policy)


@pytest.mark.parametrize("modifier", [{"noise": 0.1}, {"termination_probability": 0.02}])
def test_foragers_play_inside_modifiers(modifier: dict[str, float]) -> None:
    game: Game = make_game("harvest", seats=2, steps=40, **modifier)
    assert play(game, ["greedy_forager", "sustainable_forager"], episodes=4).rewards.sum() > 0


def returns(game: str, policies: list[str]) -> NDArray[np.float64]:
    episodes = play(make_game(game, steps=250), policies, episodes=4)
    return np.asarray(episodes.rewards.sum(axis=1).mean(axis=0), dtype=np.float64)


def test_greed_is_a_tragedy_in_the_orchard() -> None:
    greedy = returns("harvest", ["greedy_forager"] * 7)
    assert returns("harvest", ["sustainable_forager:leave=3"] * 7).mean() > 3 * greedy.mean()
    # And yet, beside those who hold back, whoever does not earns more than they do.
    mixed = returns("harvest", ["greedy_forager"] + ["sustainable_forager:leave=3"] * 6)
    assert mixed[0] > 1.5 * mixed[1:].mean()


def test_where_nobody_cleans_nothing_grows() -> None:
    assert returns("cleanup", ["greedy_forager"] * 7).max() == 0
    cleaned = returns("cleanup", ["cleaner:level=.05"] * 2 + ["greedy_forager"] * 5)
    assert cleaned.mean() > 50
    assert cleaned[2:].min() > 10 * cleaned[:2].max()
