"""Beams in gridworlds: which cells they cover, and who is hit where several are fired at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.state import take
from prospect_env.games.grid_map import WALL, GridMap
from prospect_env.games.grid_walk import order


@lru_cache(maxsize=64)
def lanes(chart: GridMap, reach: int) -> Int[np.ndarray, "poses 3 reach"]:
    """The cells of a beam from each pose: three lanes, `reach` cells long, `nowhere` from the first wall on."""
    sides = [[chart.facing(step, side) for step in range(1, reach + 1)] for side in (-1, 0, 1)]
    cells = np.moveaxis(np.array(sides), -1, 0)
    blocked = np.logical_or.accumulate(chart.ground[cells] == WALL, axis=2)
    return np.where(blocked, chart.nowhere, cells)


@lru_cache(maxsize=64)
def covered(chart: GridMap, reach: int) -> Bool[np.ndarray, "poses cells"]:
    """Which cells a beam covers from each pose."""
    cells = lanes(chart, reach).reshape(4 * (chart.cells + 1), -1)
    found = np.zeros((len(cells), chart.cells + 1), dtype=bool)
    np.put_along_axis(found, cells, True, axis=1)
    found[:, chart.nowhere] = False
    return found


def fired(
    reached: Bool[np.ndarray, "poses cells"],
    firing: Bool[np.ndarray, "B N"],
    place: Int[np.ndarray, "B N"],
    pose: Int[np.ndarray, "B N"],
    chance: Chance,
) -> tuple[Bool[np.ndarray, "B N"], Float[np.ndarray, "B N"]]:
    """Who is hit, and how many each seat hits, when those `firing` fire one after another as chance orders them.

    Whoever has been hit fires no more and is hit no more, so the last who hits somebody stands.
    """
    struck, hits = np.zeros(firing.shape, dtype=bool), np.zeros(firing.shape, dtype=np.float32)
    match, shooter = np.nonzero(firing)
    strikes = reached[pose[match, shooter][:, None], place[match]]
    some = strikes.any(axis=1)
    matches, row = np.unique(match[some], return_inverse=True)
    if len(matches) == 0:
        return struck, hits
    table = np.zeros((len(matches), firing.shape[1], firing.shape[1]), dtype=bool)
    table[row, shooter[some]] = strikes[some]
    standing, rows = np.ones(table.shape[:2], dtype=bool), np.arange(len(matches))
    for seat in order(take(chance, matches), firing.shape[1]).T:
        hit = table[rows, seat] & standing & standing[rows, seat][:, None]
        standing &= ~hit
        hits[matches, seat] = np.count_nonzero(hit, axis=1)
    struck[matches] = ~standing
    return struck, hits
