"""Pictures of any game that has something to draw: a board of tiles, or a network of seats.

A game says what is where (`board` and `legend`, or `edges`), and the drawing is done here, once for all games: as text
and as arrays of red, green and blue, uint8 `[height, width, 3]`. On a network a seat's disc has the colour of what it
did last: green for cooperation and red for anything else where the game tells the two apart, one colour a reaction
otherwise, and grey before its first choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from prospect_env.core.game import Game, GameSpec, State
from prospect_env.games.grid_view import Sight
from prospect_env.games.gridworld import window_of

TILE = 16  #: pixels a side of a board's cell
CANVAS = 320  #: pixels a side of a network's picture
_DISC, _LINE = 18.0, 1.5  # radius of a seat and half the width of a tie, in pixels
_BACKGROUND, _INK, _GREY = (255, 255, 255), (40, 40, 40), (190, 190, 190)
_GREEN, _RED = (64, 160, 96), (208, 80, 72)
#: colours that the colour-blind can tell apart, too (Okabe and Ito 2008)
_PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))
#: digits, five rows of three pixels, each row a number of three bits
_GLYPHS = (
    (7, 5, 5, 5, 7), (2, 6, 2, 2, 7), (7, 1, 7, 4, 7), (7, 1, 7, 1, 7), (5, 5, 7, 1, 1),
    (7, 4, 7, 1, 7), (7, 4, 7, 5, 7), (7, 1, 1, 1, 1), (7, 5, 7, 5, 7), (7, 5, 7, 1, 7),
)  # fmt: skip


def drawable(game: Game) -> bool:
    """Whether there is anything to draw."""
    return bool(game.legend) or game.edges is not None


def text_of(game: Game, state: State, last: Sequence[int] | None = None) -> str:
    """The first match's board, a line a row and its legend below; or its network, a line a seat; else nothing.

    `last` is what each seat did last, action indices with -1 for nothing.
    """
    board = board_of(game, state)
    if board is not None:
        names = "; ".join(f"{sign} {name}" for sign, name in board.signs.items())
        return "\n".join([*board.rows, f"({names})"])
    if game.edges is None:
        return ""
    lines = []
    for seat, agent in enumerate(game.spec.agents):
        meets = [game.spec.agents[b if a == seat else a] for a, b in game.edges if seat in (a, b)]
        did = "" if last is None or last[seat] < 0 else f" did {game.spec.actions[last[seat]]} and"
        lines.append(f"{agent}{did} meets {', '.join(meets)}")
    return "\n".join(lines)


def board_of(game: Game, state: State) -> Sight | None:
    """The first match's whole board, drawn in characters; None for games without one."""
    board = game.board(state)
    if board is None:
        return None
    rows = tuple("".join(game.legend[code].character for code in row) for row in board[0].tolist())
    shown = (game.legend[code] for code in np.unique(board[0]).tolist())
    return Sight(rows, {tile.character: tile.name for tile in shown}, whole=True)


def sight_of(game: Game, state: State, seat: int) -> Sight | None:
    """What `seat` sees in the first match: its window where it has one, or the whole board; None without a board."""
    if not game.legend:
        return None
    return window_of(game, game.observe(state)[0, seat]) or board_of(game, state)


def picture_of(game: Game, state: State, last: Sequence[int] | None = None) -> UInt8[np.ndarray, "H W 3"] | None:
    """The first match as pixels; None where there is nothing to draw. `last` is as for `text_of`."""
    board = game.board(state)
    if board is not None:
        colours = np.array([tile.colour for tile in game.legend], dtype=np.uint8)
        return np.repeat(np.repeat(colours[board[0]], TILE, axis=0), TILE, axis=1)
    return None if game.edges is None else _network(game, last)


def _network(game: Game, last: Sequence[int] | None) -> NDArray[np.uint8]:
    """Seats on a circle, ties as lines between them."""
    seats = game.spec.seats
    angles = 2 * np.pi * np.arange(seats) / seats - np.pi / 2
    middle, reach = CANVAS / 2, CANVAS / 2 - 2 * _DISC
    places = np.stack([middle + reach * np.sin(angles), middle + reach * np.cos(angles)], axis=1)
    canvas = np.full((CANVAS, CANVAS, 3), _BACKGROUND, dtype=np.uint8)
    y, x = np.mgrid[:CANVAS, :CANVAS]
    for a, b in game.edges or ():
        canvas[_along(y, x, places[a], places[b]) <= _LINE] = _GREY
    for seat, (row, column) in enumerate(places):
        away = np.hypot(y - row, x - column)
        canvas[away <= _DISC] = _INK
        canvas[away <= _DISC - 2] = _colour(game.spec, -1 if last is None else last[seat])
        _write(canvas, str(seat), int(row), int(column))
    return canvas


def _along(
    y: NDArray[np.int64], x: NDArray[np.int64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distance of each pixel from the line between two points."""
    down, right = end - start
    share = np.clip(((y - start[0]) * down + (x - start[1]) * right) / (down**2 + right**2), 0.0, 1.0)
    return np.asarray(np.hypot(y - start[0] - share * down, x - start[1] - share * right))


def _colour(spec: GameSpec, action: int) -> tuple[int, int, int]:
    if action < 0:
        return _GREY
    if spec.cooperative:
        return _GREEN if action in spec.cooperative else _RED
    label = action if spec.events else spec.reaction_of[action]
    return _PALETTE[label % len(_PALETTE)]


def _write(canvas: NDArray[np.uint8], digits: str, row: int, column: int) -> None:
    """A number in the middle of a disc, every pixel of a digit two pixels a side."""
    left = column - 4 * len(digits) + 1
    for n, digit in enumerate(digits):
        bits = np.array([[code >> shift & 1 for shift in (2, 1, 0)] for code in _GLYPHS[int(digit)]], dtype=bool)
        glyph = np.repeat(np.repeat(bits, 2, axis=0), 2, axis=1)
        at = left + 8 * n
        canvas[row - 5 : row + 5, at : at + 6][glyph] = _INK
