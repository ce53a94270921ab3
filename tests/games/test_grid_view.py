"""What seats see of a gridworld, and what onlookers do."""

from __future__ import annotations

import numpy as np

from prospect_env.games.grid_map import APPLE, GRASS, WALL
from prospect_env.games.gridworld import Field
from prospect_env.games.harvest import Harvest
from tests.games.grid import EAST, NORTH, SOUTH, WEST, Seat, luck, room, shown, standing


def seen(game: Harvest, *seats: Seat) -> np.ndarray:
    """What seat 0 sees: rows from the farthest, columns from the left, planes."""
    return game.observe(standing(game, *seats))[0, 0].reshape(game.eyes.shape)


WALLS, GRASSES, APPLES, SAME, RIGHT, TOWARDS, LEFT = range(7)


def test_the_window_is_turned_with_the_seat() -> None:
    game = room(2, view=(2, 1, 1))
    assert game.eyes.shape == (4, 3, 7)
    north = seen(game, (2, 1, NORTH), (2, 2, NORTH))
    # Ahead two rows, behind one, one to each side: rows 0 to 3 and columns 0 to 2 of the map.
    assert north[:, :, WALLS].tolist() == [[1, 1, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert np.argwhere(north[:, :, SAME]).tolist() == [[2, 1], [2, 2]]
    east = seen(game, (2, 1, EAST), (2, 2, NORTH))
    # Ahead is column 3 of the map, left is row 1; the other faces to the left of it.
    assert east[:, :, WALLS].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert np.argwhere(east[:, :, LEFT]).tolist() == [[1, 1]]
    south = seen(game, (2, 1, SOUTH), (2, 2, NORTH))
    assert south[:, :, WALLS].tolist() == [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]]
    assert np.argwhere(south[:, :, TOWARDS]).tolist() == [[2, 0]]
    west = seen(game, (2, 1, WEST), (2, 2, NORTH))
    assert west[:, :, WALLS].tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert np.argwhere(west[:, :, RIGHT]).tolist() == [[3, 1]]


def test_one_sees_what_others_stand_on_and_walls_beyond_the_map() -> None:
    game = room(2, view=(3, 0, 2))
    window = seen(game, (5, 4, SOUTH), (5, 5, EAST))
    assert window[:3, :, WALLS].all()
    assert window[3, :, GRASSES].tolist() == [0, 0, 1, 0, 0]
    # Facing south, the east is to the left, and so is whoever looks there.
    assert np.argwhere(window[:, :, LEFT]).tolist() == [[3, 1]]


def brute_view(game: Harvest, match: int, field: Field, seat: int) -> np.ndarray:
    """The window cell by cell, from coordinates."""
    chart = game.chart
    ahead, behind, aside = game.view
    row, column = divmod(int(field.place[match, seat]), chart.columns)
    facing = int(field.facing[match, seat])
    down, across = {NORTH: (-1, 0), EAST: (0, 1), SOUTH: (1, 0), WEST: (0, -1)}[facing]
    window = np.zeros(game.eyes.shape, dtype=np.float32)
    for i, forward in enumerate(range(ahead, -behind - 1, -1)):
        for j, right in enumerate(range(-aside, aside + 1)):
            r, c = row + forward * down + right * across, column + forward * across - right * down
            inside = 0 <= r < chart.rows and 0 <= c < chart.columns
            ground = field.cells[match, r * chart.columns + c] if inside else WALL
            for plane, code in enumerate((WALL, GRASS, APPLE)):
                window[i, j, plane] = ground == code
            for other in range(game.seats):
                if inside and field.place[match, other] == r * chart.columns + c:
                    window[i, j, 3 + (int(field.facing[match, other]) - facing) % 4] = 1
    return window


def test_observations_agree_with_a_count_cell_by_cell() -> None:
    game = Harvest(seats=5, view=(4, 2, 3), steps=50)
    state = game.initial(200, luck(0, 200))
    drawn = np.random.default_rng(1)
    for t in range(1, 20):
        state = game.step(state, drawn.integers(0, 8, size=(200, 5)), luck(t, 200)).state
    looked = game.observe(state).reshape(200, 5, *game.eyes.shape)
    for match in range(0, 200, 17):
        for seat in range(5):
            if state.away[match, seat] == 0:
                assert np.array_equal(looked[match, seat], brute_view(game, match, state, seat))


def test_the_picture_and_the_numbers_of_a_situation() -> None:
    game = room(2)
    state = standing(game, (2, 3, EAST), (5, 4, WEST))
    assert shown(game, state) == "#########\n#.......#\n#..0....#\n#.......#\n#...#...#\n#...1...#\n#########"
    told = {name: value.tolist() for name, value in game.situation(state, 1).items()}
    assert told == {
        "row": [5],
        "column": [4],
        "facing": [WEST],
        "steps_off": [0],
        "steps_left": [100],
    }
