"""Maps of gridworlds: a text, one character a cell, and the tables that follow from it.

    #  wall       .  floor      P  floor where seats begin
    ,  grass      a  apple (grass again once it is eaten)
    ~  river      w  waste (river again once it is cleaned)

The rim must be wall. Cells are numbered row by row; the number after the last one is `nowhere`, where those are who
have been sent off: nothing leads to it and nothing is seen of it. Facings are 0 north, 1 east, 2 south, 3 west, and a
*pose* is a facing and a cell as one number, `facing * (nowhere + 1) + cell`.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Int

from prospect_env.core.errors import BadParameter

FLOOR, WALL, GRASS, APPLE, RIVER, WASTE = range(6)
CHARACTERS = ".#,a~w"
DRAWN = CHARACTERS + "P"  #: all that maps are drawn with
DIRECTIONS = ("north", "east", "south", "west")
#: (rows down, columns right) of one step in each direction
COMPASS = ((-1, 0), (0, 1), (1, 0), (0, -1))


class GridMap:
    """One map; `text` as above. Raises `BadParameter` where it is no map."""

    def __init__(self, text: str) -> None:
        rows = text.strip().splitlines()
        _check(rows)
        letters = np.array([list(row) for row in rows])
        self.rows, self.columns = letters.shape
        self.cells = letters.size
        self.nowhere = self.cells
        flat = letters.ravel()
        ground = np.full(self.cells + 1, FLOOR, dtype=np.int8)
        for code, character in enumerate(CHARACTERS):
            ground[:-1][flat == character] = code
        #: what every cell holds at the start, int8 [cells + 1]
        self.ground = ground
        #: where seats begin, where apples grow, and where waste may gather
        self.starts = np.flatnonzero(flat == "P")
        self.orchard = np.flatnonzero(np.isin(ground, (GRASS, APPLE)))
        self.river = np.flatnonzero(np.isin(ground, (RIVER, WASTE)))

    @cached_property
    def ahead(self) -> Int[np.ndarray, "4 cells"]:
        """The cell one step north, east, south or west of each; the cell itself where a wall is in the way."""
        here = np.arange(self.cells + 1)
        found = np.stack([self.offset(down, right) for down, right in COMPASS])
        return np.where(self.ground[found] == WALL, here, found)

    def offset(self, down: int, right: int) -> Int[np.ndarray, " cells"]:
        """The cell so many rows down and columns right of each, the first cell (a wall) where that leaves the map."""
        row, column = np.divmod(np.arange(self.cells), self.columns)
        row, column = row + down, column + right
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        return np.append(np.where(inside, row * self.columns + column, 0), self.nowhere)

    def facing(self, forward: int, right: int) -> Int[np.ndarray, " poses"]:
        """The cell so many steps forward and to the right of each pose, the first cell where that leaves the map."""
        found = []
        for down, across in COMPASS:
            # Forward is (down, across); to the right of it is (across, -down).
            found.append(self.offset(forward * down + right * across, forward * across - right * down))
        return np.concatenate(found)

    @cached_property
    def near(self) -> Int[np.ndarray, "cells 12"]:
        """The twelve cells within distance 2 of each: the same in L1 (rows plus columns) and in L2."""
        steps = [(d, r) for d in range(-2, 3) for r in range(-2, 3) if 0 < abs(d) + abs(r) <= 2]
        return np.stack([self.offset(down, right) for down, right in steps], axis=1)

    @cached_property
    def distances(self) -> Int[np.ndarray, "cells cells"]:
        """Steps from each cell to each other around the walls; more than there are cells where no way leads."""
        far = np.full((self.cells + 1, self.cells + 1), self.cells + 1, dtype=np.int16)
        ahead = self.ahead.T.tolist()
        for start in np.flatnonzero(self.ground[:-1] != WALL).tolist():
            row = {start: 0}
            queue = deque([start])
            while queue:
                cell = queue.popleft()
                for beyond in ahead[cell]:
                    if beyond not in row:
                        row[beyond] = row[cell] + 1
                        queue.append(beyond)
            far[start, list(row)] = list(row.values())
        return far


@lru_cache(maxsize=64)
def grid_map(text: str) -> GridMap:
    """The map of this text, made once."""
    return GridMap(text)


def _check(rows: list[str]) -> None:
    if not rows or not rows[0]:
        raise BadParameter("the map is empty; it must have a rim of # around it")
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise BadParameter(f"the rows of the map have widths {widths}; they must be equal")
    strange = sorted(set("".join(rows)) - set(DRAWN))
    if strange:
        raise BadParameter(f"the map holds {''.join(strange)!r}; it may hold {DRAWN!r}")
    rim = rows[0] + rows[-1] + "".join(row[0] + row[-1] for row in rows)
    if set(rim) != {"#"}:
        raise BadParameter(f"the rim of the map holds {''.join(sorted(set(rim)))!r}; it must be wall, '#'")


def text_of(given: object, known: dict[str, str]) -> str:
    """The text of the map that was `given`, by a name in `known` or as text; raises `BadParameter`."""
    if not isinstance(given, str):
        raise BadParameter(f"map is {given!r}; it may be a name or a text")
    if "\n" in given.strip():
        return given
    if given not in known:
        raise BadParameter(f"map is {given!r}; it may be {', '.join(map(repr, known))}, or a text of several lines")
    return known[given]
