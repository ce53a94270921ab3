"""What harvest and cleanup share: walking, giving way, beams, being sent off, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.grid_map import WALL, grid_map
from prospect_env.games.grid_walk import MOVES
from tests.games.grid import (
    EAST,
    NORTH,
    ROOM,
    SOUTH,
    WEST,
    Seat,
    did,
    luck,
    measured,
    room,
    shown,
    standing,
    step,
    where,
)


@pytest.mark.parametrize(
    ("facing", "action", "expected"),
    [
        (NORTH, "forward", (1, 3, NORTH)),
        (NORTH, "back", (3, 3, NORTH)),
        (NORTH, "step_left", (2, 2, NORTH)),
        (NORTH, "step_right", (2, 4, NORTH)),
        (EAST, "forward", (2, 4, EAST)),
        (EAST, "step_right", (3, 3, EAST)),
        (SOUTH, "step_right", (2, 2, SOUTH)),
        (WEST, "back", (2, 4, WEST)),
        (NORTH, "turn_left", (2, 3, WEST)),
        (NORTH, "turn_right", (2, 3, EAST)),
        (WEST, "turn_right", (2, 3, NORTH)),
        (SOUTH, "stay", (2, 3, SOUTH)),
        (SOUTH, "zap", (2, 3, SOUTH)),
    ],
)
def test_moves_follow_the_facing(facing: int, action: str, expected: Seat) -> None:
    game = room()
    assert where(game, step(game, standing(game, (2, 3, facing)), action).state) == expected


def test_walls_are_in_the_way() -> None:
    game = room()
    assert where(game, step(game, standing(game, (1, 3, NORTH)), "forward").state) == (1, 3, NORTH)
    assert where(game, step(game, standing(game, (4, 3, NORTH)), "step_right").state) == (4, 3, NORTH)


def test_nobody_walks_into_a_seat_that_stays() -> None:
    game = room(2)
    state = step(game, standing(game, (2, 3, EAST), (2, 4, NORTH)), "forward", "turn_left").state
    assert (where(game, state, 0), where(game, state, 1)) == ((2, 3, EAST), (2, 4, WEST))


def test_seats_never_swap_places() -> None:
    game = room(2)
    after = step(game, standing(game, (2, 3, EAST), (2, 4, WEST), matches=50), "forward", "forward").state
    assert (after.place == standing(game, (2, 3, EAST), (2, 4, WEST), matches=50).place).all()


def test_of_two_who_want_a_cell_each_gets_it_half_the_time() -> None:
    game = room(2)
    matches = 4000
    after = step(game, standing(game, (2, 2, EAST), (2, 4, WEST), matches=matches), "forward", "forward").state
    first, second = (after.place == 2 * 9 + 3).T
    assert (first ^ second).all()
    # Standard error sqrt(.25 / 4000) = .008; four of them.
    assert first.mean() == pytest.approx(0.5, abs=0.032)


@pytest.mark.parametrize("behind", [0, 1])
def test_whether_one_follows_another_depends_on_who_is_first(behind: int) -> None:
    game = room(2)
    seats: list[Seat] = [(2, 2, EAST), (2, 3, EAST)]
    state = standing(game, *(seats if behind == 0 else seats[::-1]), matches=4000)
    after = step(game, state, "forward", "forward").state
    assert (after.place[:, 1 - behind] == 2 * 9 + 4).all()
    followed = after.place[:, behind] == 2 * 9 + 3
    assert (after.place[~followed, behind] == 2 * 9 + 2).all()
    assert followed.mean() == pytest.approx(0.5, abs=0.032)


def test_a_crowd_keeps_one_cell_each() -> None:
    game = room(4)
    state = game.initial(300, luck(0, 300))
    drawn = np.random.default_rng(0)
    for t in range(1, 40):
        actions = drawn.integers(0, 7, size=(300, 4))
        state = game.step(state, actions, luck(t, 300)).state
        assert all(len(set(places)) == 4 for places in state.place.tolist())
        assert (game.chart.ground[state.place] != WALL).all()


# Beams: three lanes of three cells from (3, 1) to the east cover rows 2 to 4 and columns 2 to 4; (4, 4) is a wall.
@pytest.mark.parametrize(
    ("other", "hit"),
    [
        ((3, 2, NORTH), True),
        ((3, 4, NORTH), True),
        ((3, 5, NORTH), False),
        ((2, 4, NORTH), True),
        ((4, 3, NORTH), True),
        ((1, 3, NORTH), False),
        ((5, 2, NORTH), False),
        ((2, 1, NORTH), False),
    ],
)
def test_reach_of_a_beam(other: Seat, hit: bool) -> None:
    game = room(2)
    outcome = step(game, standing(game, (3, 1, EAST), other), "zap", "stay")
    assert did(game, outcome) == ["zapped" if hit else "other", "other"]
    assert game.active(outcome.state).tolist() == [[True, not hit]]
    assert outcome.rewards.tolist() == [[0.0, 0.0]]
    assert measured(game, outcome, "zapped") == [float(hit), 0.0]


def test_walls_stop_a_lane_and_seats_do_not() -> None:
    game = room(3, beam=5)
    # In row 4 the wall at column 4 stops the lane before column 5; in row 3 one seat does not cover the other.
    outcome = step(game, standing(game, (3, 1, EAST), (4, 5, NORTH), (3, 5, NORTH)), "zap", "stay", "stay")
    assert game.active(outcome.state).tolist() == [[True, True, False]]
    outcome = step(game, standing(game, (3, 1, EAST), (3, 3, NORTH), (3, 5, NORTH)), "zap", "stay", "stay")
    assert game.active(outcome.state).tolist() == [[True, False, False]]
    assert measured(game, outcome, "zapped") == [2.0, 0.0, 0.0]


def test_beams_fire_after_moves() -> None:
    game = room(2)
    outcome = step(game, standing(game, (3, 1, EAST), (3, 4, EAST)), "zap", "forward")
    assert did(game, outcome) == ["other", "other"]
    assert where(game, outcome.state, 1) == (3, 5, EAST)


def test_of_two_who_fire_at_each_other_one_stands() -> None:
    game = room(2)
    outcome = step(game, standing(game, (3, 2, EAST), (3, 4, WEST), matches=4000), "zap", "zap")
    active = game.active(outcome.state)
    assert (active.sum(axis=1) == 1).all()
    assert active[:, 0].mean() == pytest.approx(0.5, abs=0.032)
    # Whoever was hit first did not fire.
    assert (outcome.reactions == np.where(active, 0, game.spec.reactions.index("other"))).all()


def test_being_sent_off() -> None:
    game = room(2, timeout=3)
    outcome = step(game, standing(game, (3, 2, EAST), (3, 4, WEST)), "zap", "stay")
    assert measured(game, outcome, "tagged") == [0.0, 0.0]
    assert shown(game, outcome.state).count("1") == 0
    for left in (3, 2, 1):
        state = outcome.state
        assert game.situation(state, 1)["steps_off"].tolist() == [left]
        assert game.situation(state, 1)["row"].tolist() == [-1]
        assert game.legal(state)[0, 1].tolist() == [True] + [False] * 7
        assert not game.observe(state)[0, 1].any()
        # Nobody is hit where nobody is, and what a seat that is off sends is ignored.
        outcome = step(game, state, "zap", "-")
        assert did(game, outcome) == ["other", "-"]
        assert outcome.executed[0, 1] == -1
        assert measured(game, outcome, "tagged") == [0.0, 1.0]
    assert game.active(outcome.state).all()
    row, column, _ = where(game, outcome.state, 1)
    assert (row, column) in {(1, 1), (1, 7), (5, 1), (5, 7)}
    assert measured(game, step(game, outcome.state, "stay", "stay"), "tagged") == [0.0, 0.0]


def test_coming_back_where_nobody_stands() -> None:
    game = room(3, timeout=1)
    matches = 4000
    # Seat 0 stands on the start at (5, 7), and hits both others.
    state = standing(game, (5, 7, WEST), (5, 5, NORTH), (5, 6, NORTH), matches=matches)
    off = step(game, state, "zap", "stay", "stay").state
    assert not game.active(off)[:, 1:].any()
    back = step(game, off, "stay", "-", "-").state
    assert game.active(back).all()
    assert (back.place[:, 1] != back.place[:, 2]).all()
    free = {1 * 9 + 1, 1 * 9 + 7, 5 * 9 + 1}
    for seat in (1, 2):
        cells, counts = np.unique(back.place[:, seat], return_counts=True)
        assert set(cells.tolist()) == free
        # Standard error sqrt(1/3 * 2/3 / 4000) = .0075; four of them.
        assert counts / matches == pytest.approx(1 / 3, abs=0.03)
    assert set(back.facing[:, 1].tolist()) == {NORTH, EAST, SOUTH, WEST}


def test_without_zap_there_is_neither_the_action_nor_the_reaction() -> None:
    game = room(zap=False)
    assert game.spec.actions == MOVES
    assert game.spec.reactions == ("harvested", "other")


def test_starts_are_drawn_evenly_and_are_all_different() -> None:
    game = room(2)
    state = game.initial(4000, luck(0, 4000))
    assert (state.place[:, 0] != state.place[:, 1]).all()
    for seat in range(2):
        _, counts = np.unique(state.place[:, seat], return_counts=True)
        # Four starts; standard error sqrt(.25 * .75 / 4000) = .007; four of them.
        assert counts / 4000 == pytest.approx(0.25, abs=0.028)
        _, counts = np.unique(state.facing[:, seat], return_counts=True)
        assert counts / 4000 == pytest.approx(0.25, abs=0.028)


def test_the_match_ends_after_its_steps() -> None:
    game = room(1, steps=2)
    first = step(game, standing(game, (2, 3, EAST)), "stay")
    assert not first.terminated[0]
    last = step(game, first.state, "forward")
    assert last.terminated[0]
    assert game.legal(last.state)[0, 0].tolist() == [True] + [False] * 7


def test_distances_go_around_walls() -> None:
    chart = grid_map("#####\n#.#P#\n#.#.#\n#..,#\n#####")
    # From (1, 1) down to (3, 1), along to (3, 3) and up to (1, 3): 2 + 2 + 2.
    assert chart.distances[6, 8] == 6
    assert chart.distances[8, 6] == 6
    assert chart.distances[6, 7] > chart.cells


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 5}, "seats is 5; this map has starting places .P. for 4"),
        ({"seats": 0}, "seats is 0"),
        ({"seats": True}, "seats is True"),
        ({"seats": 1.5}, "seats( is |=)1.5"),
        ({"steps": 0}, "steps is 0"),
        ({"timeout": 0}, "timeout is 0"),
        ({"beam": 0}, "beam is 0"),
        ({"window": 0}, "window is 0"),
        ({"zap": 1}, "zap( is |=)1"),
        ({"view": (1, 2)}, "view is .1, 2.; it must be three numbers"),
        ({"view": (1, -2, 0)}, "view is"),
        ({"view": 3}, "view( is |=)3"),
        ({"map": "nowhere"}, "map is 'nowhere'; it may be 'open', 'small', or a text"),
        ({"map": 7}, "map( is |=)7"),
        ({"map": "#####\n#P,.#\n####\n"}, "widths .4, 5."),
        ({"map": "####\n#P,#\n#.,.\n####"}, "rim of the map"),
        ({"map": "####\n#PX#\n####"}, "the map holds 'X'"),
        ({"map": "####\n#P.#\n####"}, "no place for apples"),
        ({"map": "####\n#.,#\n####", "seats": 1}, "seats is 1; this map has starting places .P. for 0"),
    ],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("harvest", **({"seats": 4, "map": ROOM, "steps": 9} | parameters))


def test_rows_and_lists_are_as_good_as_texts_and_tuples() -> None:
    game = make_game("harvest", seats=4, map=ROOM.strip().splitlines(), view=[2, 1, 1], regrowth=[0, 0.1])
    assert game == make_game("harvest", seats=4, map=ROOM.strip(), view=(2, 1, 1), regrowth=(0.0, 0.1))
    assert hash(game) == hash(make_game("harvest", **game.parameters))
