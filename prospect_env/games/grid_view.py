"""What is seen of a gridworld: each seat's window as rows of 0s and 1s and as a drawing, and the onlooker's picture."""

from __future__ import annotations

import colorsys
import string
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from prospect_env.core.game import Tile
from prospect_env.games.grid_map import APPLE, FLOOR, GRASS, RIVER, WALL, WASTE, GridMap

#: by code of `grid_map`
GROUNDS = (
    Tile("floor", ".", (222, 221, 189)),
    Tile("wall", "#", (95, 95, 95)),
    Tile("grass", ",", (164, 189, 75)),
    Tile("apple", "a", (212, 80, 57)),
    Tile("river", "~", (66, 173, 212)),
    Tile("waste", "w", (113, 75, 24)),
)
CHUNK = 512  #: windows made at a time: what is needed for that many stays in the cache
ME = "@"  #: oneself in a drawing of one's window
#: others in it, by how they face: as I do, to my right, towards me, to my left
OTHERS = {
    "^": "somebody facing the way you do",
    ">": "somebody facing to your right",
    "v": "somebody facing the opposite way",
    "<": "somebody facing to your left",
}
NAMES = string.digits + string.ascii_uppercase  #: seats in pictures, so there are at most this many


class Sight(NamedTuple):
    """What a seat sees of a board: rows of characters (none: nothing), and what those in them stand for.

    It is the whole board, or else what is around the seat, drawn so that what is ahead of it is at the top.
    """

    rows: tuple[str, ...]
    signs: dict[str, str]
    whole: bool = False


class GridView:
    """A window on a map: `view` cells (ahead, behind, to each side), and what each of its cells may show.

    Each of `planes`, codes of ground, has a plane of its own. After these come four planes for a seat in the cell:
    facing as I do, to my right, towards me, to my left.
    """

    def __init__(self, chart: GridMap, view: tuple[int, int, int], planes: tuple[int, ...]) -> None:
        ahead, behind, aside = view
        self.chart, self.planes = chart, planes
        self.place = ahead, aside  #: the row and column of the window where the seat itself is
        cells = [chart.facing(f, r) for f in range(ahead, -behind - 1, -1) for r in range(-aside, aside + 1)]
        #: the cells seen from each pose, row by row from the farthest
        self.window = np.ascontiguousarray(np.stack(cells, axis=1), dtype=np.intp)
        self.shape = (ahead + behind + 1, 2 * aside + 1, len(planes) + 4)
        self.size = int(np.prod(self.shape))
        self.rows = _rows(planes)

    def seen(
        self, cells: Int[np.ndarray, "B cells"], place: Int[np.ndarray, "B N"], facing: Int[np.ndarray, "B N"]
    ) -> Float[np.ndarray, "B N O"]:
        """What every seat sees, float32, 0 or 1; nothing at all from `nowhere`."""
        batch, seats = place.shape
        size = self.chart.cells + 1
        shown = cells.copy()
        # Added to the code of the ground, so that one sees what a seat stands on.
        shown[np.arange(batch)[:, None], place] += (len(GROUNDS) * (1 + facing)).astype(np.int8)
        shown[:, self.chart.nowhere] = FLOOR
        facing = facing.astype(np.intp)
        pose = (facing * size + place).ravel()
        # Others' facings are seen relative to one's own, so each facing of the observer has a block of rows.
        block = (facing * (len(GROUNDS) * 5)).reshape(-1, 1)
        start = np.repeat(np.arange(batch) * size, seats)[:, None]
        seen = np.empty((batch * seats, self.window.shape[1], self.rows.shape[1]), dtype=np.float32)
        flat = shown.ravel()
        for first in range(0, batch * seats, CHUNK):
            chunk = slice(first, first + CHUNK)
            index = self.window.take(pose[chunk], axis=0)
            index += start[chunk]
            rows = flat.take(index).astype(np.intp)
            rows += block[chunk]
            # Every index is in range; "clip" lets numpy write straight into the result.
            self.rows.take(rows, axis=0, out=seen[chunk], mode="clip")
        return seen.reshape(batch, seats, self.size)

    def sight(self, seen: Float[np.ndarray, " O"]) -> Sight:
        """A seat's observation drawn: so it shows just what `seen` says, and nothing from `nowhere`."""
        shown = seen.reshape(self.shape) > 0
        if not shown[(*self.place, len(self.planes))]:
            return Sight((), {})
        # Whoever stands on a cell hides its ground; where no plane is on, the ground is one that has none.
        last = self.shape[2] - np.argmax(shown[:, :, ::-1], axis=2)
        drawn = np.array(list(self.signs))[np.where(shown.any(axis=2), last, 0)]
        drawn[self.place] = ME
        rows = tuple("".join(row) for row in drawn)
        known = self.signs | {ME: "you"}
        return Sight(rows, {sign: name for sign, name in known.items() if any(sign in row for row in rows)})

    @cached_property
    def signs(self) -> dict[str, str]:
        """What a cell may show and its name: the grounds that have no plane, as one; then a sign for each plane."""
        possible = [FLOOR, WALL]
        possible += [GRASS, APPLE] if len(self.chart.orchard) else []
        possible += [RIVER, WASTE] if len(self.chart.river) else []
        alike = " or ".join(GROUNDS[code].name for code in possible if code not in self.planes)
        return {GROUNDS[FLOOR].character: alike} | {GROUNDS[code][1]: GROUNDS[code][0] for code in self.planes} | OTHERS


@lru_cache(maxsize=64)
def grid_view(chart: GridMap, view: tuple[int, int, int], planes: tuple[int, ...]) -> GridView:
    """This window on this map, made once."""
    return GridView(chart, view, planes)


def _rows(planes: tuple[int, ...]) -> NDArray[np.float32]:
    """For each facing of the observer and each code of a cell (ground, and a seat's facing if any), its planes."""
    rows = np.zeros((4, 5, len(GROUNDS), len(planes) + 4), dtype=np.float32)
    for plane, ground in enumerate(planes):
        rows[:, :, ground, plane] = 1.0
    for mine in range(4):
        for other in range(4):
            rows[mine, 1 + other, :, len(planes) + (other - mine) % 4] = 1.0
    return rows.reshape(4 * 5 * len(GROUNDS), -1)


def picture(
    chart: GridMap, cells: Int[np.ndarray, "B cells"], place: Int[np.ndarray, "B N"]
) -> Int[np.ndarray, "B H W"]:
    """Indices into `legend`: the grounds, and the seats that are on the map."""
    shown = cells.astype(np.int16)
    shown[np.arange(len(place))[:, None], place] = len(GROUNDS) + np.arange(place.shape[1], dtype=np.int16)
    return shown[:, :-1].reshape(-1, chart.rows, chart.columns)


def legend(seats: int) -> tuple[Tile, ...]:
    """What a picture may show: grounds, then seats, each in a colour of its own."""
    tiles = []
    for seat in range(seats):
        # Steps by the golden ratio keep neighbours in number apart in hue, however many there are.
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(0.618 * seat % 1, 0.85, 0.9))
        tiles.append(Tile(f"seat {seat}", NAMES[seat], (red, green, blue)))
    return GROUNDS + tuple(tiles)
