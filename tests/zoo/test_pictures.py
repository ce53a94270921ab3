"""Pictures of boards and networks: pixels and characters by hand, and every game that has any."""

from __future__ import annotations

import numpy as np
import pytest

import prospect_env
from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.zoo.pictures import CANVAS, TILE, drawable, picture_of, text_of
from tests.samples import GAME_PARAMETERS

DRAWN = [name for name in games if drawable(make_game(name, **GAME_PARAMETERS[name]))]


def test_boards_and_networks_there_are() -> None:
    assert {"coin_game", "harvest", "cleanup"} <= set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_every_picture(name: str) -> None:
    view = prospect_env.parallel_env(name, forecast="off", render_mode="rgb_array", **GAME_PARAMETERS[name])
    assert view.metadata["render_modes"] == ["human", "ansi", "rgb_array"]
    view.reset(seed=1)
    first = view.render()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.shape[2] == 3
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 2
    game = view.match.cast.game
    told = prospect_env.parallel_env(game, forecast="off", render_mode="ansi")
    told.reset(seed=1)
    assert told.render().startswith(text_of(game, told.match.node.state, [-1] * game.spec.seats))


def test_a_board_cell_by_cell() -> None:
    view = prospect_env.parallel_env("coin_game", forecast="off", render_mode="rgb_array", steps=5)
    view.reset(seed=3)
    game, state = view.match.cast.game, view.match.node.state
    board, pixels = game.board(state)[0], view.render()
    assert pixels.shape == (board.shape[0] * TILE, board.shape[1] * TILE, 3)
    for (row, column), code in np.ndenumerate(board):
        cell = pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        assert (cell == np.array(game.legend[code].colour)).all()
    rows = text_of(game, state).splitlines()
    assert [len(row) for row in rows[:-1]] == [board.shape[1]] * board.shape[0]
    assert rows[0] == "".join(game.legend[code].character for code in board[0])


def test_a_network_shows_who_did_what() -> None:
    game = make_game("public_goods", seats=4, network="cycle_graph(4)")
    state = game.initial(1, Streams.of(episode_seeds(1, 1), 4).game(0))
    nice = game.spec.cooperative[0]
    nasty = next(a for a in range(len(game.spec.actions)) if a not in game.spec.cooperative)
    lines = text_of(game, state, [nice, nasty, -1, -1]).splitlines()
    assert lines[0] == f"player_0 did {game.spec.actions[nice]} and meets player_1, player_3"
    assert lines[2] == "player_2 meets player_1, player_3"
    pixels = picture_of(game, state, [nice, nasty, -1, -1])
    assert pixels is not None
    # Seat 0 is at the top of the circle, seat 1 on the right, seat 2 below: green, red and grey, beside their numbers.
    top, right, below = (
        pixels[36, CANVAS // 2 - 12],
        pixels[CANVAS // 2, CANVAS - 46],
        pixels[CANVAS - 36, CANVAS // 2 - 12],
    )
    assert [colour.tolist() for colour in (top, right, below)] == [[64, 160, 96], [208, 80, 72], [190, 190, 190]]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(BadParameter, match="prisoners_dilemma has neither a board nor a network"):
        prospect_env.parallel_env("prisoners_dilemma", render_mode="rgb_array")
    with pytest.raises(BadParameter, match="render_mode is 'ascii'"):
        prospect_env.parallel_env("coin_game", render_mode="ascii")


def test_vector_views_draw_each_match() -> None:
    view = prospect_env.vector_env("coin_game", 3, opponents=["random"], render_mode="rgb_array", steps=5)
    view.reset(seed=1)
    pictures = view.render()
    assert len(pictures) == 3
    assert any(not np.array_equal(pictures[0], other) for other in pictures[1:])
