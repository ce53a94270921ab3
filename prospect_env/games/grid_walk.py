"""Walking in gridworlds: turns, steps, who gives way to whom, and coming back onto the map."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from prospect_env.core.chance import Chance
from prospect_env.core.state import take
from prospect_env.games.grid_map import GridMap

MOVES = ("stay", "forward", "back", "step_left", "step_right", "turn_left", "turn_right")
#: how far each action turns, in quarter turns to the right; beams and tools, numbered after the moves, turn nobody
TURNS = np.array([0, 0, 0, 0, 0, 3, 1, 0, 0], dtype=np.int8)
#: which way each action goes, in quarter turns to the right of where one faces; 4: nowhere
WAYS = np.array([4, 0, 2, 3, 1, 4, 4, 4, 4], dtype=np.int8)


def walked(
    chart: GridMap,
    place: Int[np.ndarray, "B N"],
    facing: Int[np.ndarray, "B N"],
    doing: Int[np.ndarray, "B N"],
    chance: Chance,
) -> Int[np.ndarray, "B N"]:
    """Everybody's cell after moving.

    Where two want one cell, or one wants a cell that is taken, the match's seats move one after another in the order
    that chance draws, and whoever finds the cell taken stays.
    """
    way = WAYS[doing]
    ahead = chart.ahead[(facing + way) & 3, place]
    wish = np.where(way == 4, place, ahead).astype(np.int16)
    crowded = np.flatnonzero(_crowded(chart, place, wish))
    if len(crowded) == 0:
        return wish
    wanted, now = wish[crowded], place[crowded]
    rows = np.arange(len(crowded))
    for seat in order(take(chance, crowded), place.shape[1]).T:
        cell = wanted[rows, seat]
        free = (now != cell[:, None]).all(axis=1)
        now[rows[free], seat[free]] = cell[free]
    wish[crowded] = now
    return wish


def order(chance: Chance, seats: int) -> Int[np.ndarray, "B N"]:
    """The seats of each match in the order in which they act in this step."""
    return np.argsort(chance.uniform("order", (seats,)), axis=1)


def _crowded(chart: GridMap, place: Int[np.ndarray, "B N"], wish: Int[np.ndarray, "B N"]) -> Bool[np.ndarray, " B"]:
    """In which matches somebody wants a cell that another has or wants."""
    # Whoever is off stands alone somewhere beyond. The match axis last: the loops of numpy are then long ones.
    alone = chart.nowhere + np.arange(place.shape[1], dtype=np.int16)
    here, there = (np.where(cell == chart.nowhere, alone, cell).T.copy() for cell in (place, wish))
    found = np.zeros(len(place), dtype=bool)
    for seat in range(1, len(here)):
        found |= (there[:seat] == there[seat]).any(axis=0)
        found |= (there[:seat] == here[seat]).any(axis=0)
        found |= (here[:seat] == there[seat]).any(axis=0)
    return found


def returned(
    chart: GridMap,
    back: Bool[np.ndarray, "B N"],
    place: Int[np.ndarray, "B N"],
    facing: Int[np.ndarray, "B N"],
    chance: Chance,
) -> tuple[Int[np.ndarray, "B N"], Int[np.ndarray, "B N"]]:
    """Place and facing when those who are `back` have come to starting places that are free, any with equal chance.

    There must be as many starting places as seats, so that one is always free.
    """
    place, facing = place.copy(), facing.copy()
    for seat in np.flatnonzero(back.any(axis=0)):
        rows = np.flatnonzero(back[:, seat])
        luck = take(chance, rows)
        liking = luck.uniform(f"return/{seat}", (len(chart.starts),))
        liking[(place[rows][:, None, :] == chart.starts[:, None]).any(axis=2)] = -1.0
        place[rows, seat] = chart.starts[np.argmax(liking, axis=1)]
        facing[rows, seat] = luck.integers(f"return/{seat}/facing", 4)
    return place, facing
