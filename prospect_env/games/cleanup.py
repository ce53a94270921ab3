"""`cleanup`: apples grow only while somebody leaves the orchard to clean the river.

Rules (of a step, and of beams: `prospect_env.games.gridworld`). An apple is worth 1. `clean` sends a beam over the same
three lanes as `zap`, and the first waste in each lane becomes river again; where two beams reach the same waste in one
step, both have cleaned it. After that, an apple grows on each grass cell that nobody stands on with a probability
that falls in a straight line with the waste's share of the river: `apple_rate` at a share of `restoration` or less, and
0 from `depletion` on. Then, with probability `waste_rate`, one clean river cell, any with equal chance, becomes waste,
however dirty the river is. Cleaning costs whoever does it apples and brings everybody apples.

Source: Hughes et al. 2018, "Inequity aversion improves cooperation in intertemporal social dilemmas". The numbers
(.05, 0, .4, .5) are those of eugenevinitsky/sequential_social_dilemma_games (`envs/cleanup.py`) and of Melting Pot's
`clean_up`. From the latter are also the 50 steps of being sent off, beams of 3 by 3 cells, the window, and waste that
keeps coming (there from step 50 on; the other lets none come above the depletion threshold, and almost surely one a
step below it). As in both there is no apple at the start, and too much waste for any to grow. Unlike in Melting Pot a
seat may use its beams in every step. The maps are our own: `open` has 25 x 18 cells, `small` is for trying.

Measures: `apples` eaten, `tagged` (1 in a step that a seat sits out), `zapped` (how many it hit), `stock` (apples on
the map after the step), `cleaned` (waste cells it cleaned) and `waste` (the waste's share of the river after the step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.state import take
from prospect_env.games.grid_beam import lanes
from prospect_env.games.grid_map import APPLE, GRASS, RIVER, WALL, WASTE
from prospect_env.games.grid_walk import MOVES
from prospect_env.games.gridworld import GridWorld, probability

OPEN = """
#########################
#w~w~w~........,,,,,,,,,#
#~w~w~w~...P.....,,,,,,,#
#w~w~w~w......P..,,,,,,,#
#~w~w~w~........,,,,,,,,#
#w~w~w~..P.....,,,,,,,,,#
#~w~w~...........,,,,,,,#
#w~w~w......P..P..,,,,,,#
#~w~w~...........,,,,,,,#
#w~w~w~..P......,,,,,,,,#
#~w~w~w~...P...,,,,,,,,,#
#w~w~w~w........,,,,,,,,#
#~w~w~w~w....P...,,,,,,,#
#w~w~w~w~........,,,,,,,#
#~w~w~w~..P.....,,,,,,,,#
#w~w~w~........,,,,,,,,,#
#~w~w~......P..,,,,,,,,,#
#########################
"""

SMALL = """
##########
#w~w..,,,#
#~w~.P,,,#
#w~wP.,,,#
#~w~.P,,,#
#w~w..,,,#
##########
"""


@dataclass(frozen=True)
class Cleanup(GridWorld):
    """An orchard that lives on a clean river, for `seats` foragers and `steps` steps.

    `map` is the name of a map (`open`, `small`), a text (see `grid_map`) or its rows. `apple_rate`, `restoration`,
    `depletion` and `waste_rate` are as above. With `zap` seats may send each other off for `timeout` steps. Both beams
    are `beam` cells long. `view` is what each sees: cells ahead, behind, to each side. `window`: steps in which
    reactions count.
    """

    seats: int = 7
    map: str | Sequence[str] = "open"
    steps: int = 1000
    apple_rate: float = 0.05
    restoration: float = 0.0
    depletion: float = 0.4
    waste_rate: float = 0.5
    zap: bool = True
    timeout: int = 50
    beam: int = 3
    view: Sequence[int] = (9, 1, 5)
    window: int = 3

    name: ClassVar[str] = "cleanup"
    source: ClassVar[str] = "Hughes et al. 2018"
    maps: ClassVar[dict[str, str]] = {"open": OPEN, "small": SMALL}
    planes: ClassVar[tuple[int, ...]] = (WALL, APPLE, RIVER, WASTE)
    cleans: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._check()
        for name in ("apple_rate", "restoration", "depletion", "waste_rate"):
            object.__setattr__(self, name, probability(name, getattr(self, name)))
        if self.restoration >= self.depletion:
            raise BadParameter(f"restoration is {self.restoration}; it must be below depletion, {self.depletion}")
        if not len(self.chart.river):
            raise BadParameter("the map has no river (~ or w); cleanup needs one")

    def clean(
        self, cells: Int[np.ndarray, "B cells"], pose: Int[np.ndarray, "B N"], doing: Int[np.ndarray, "B N"]
    ) -> Float[np.ndarray, "B N"]:
        cleaned = np.zeros(pose.shape, dtype=np.float32)
        match, seat = np.nonzero(doing == len(MOVES) + self.zap)
        lane = lanes(self.chart, self.beam)[pose[match, seat]]
        dirty = cells[match[:, None, None], lane] == WASTE
        first = np.argmax(dirty, axis=2)[:, :, None]
        found = dirty.any(axis=2)
        cleaned[match, seat] = np.count_nonzero(found, axis=1)
        beam, side = np.nonzero(found)
        cells[match[beam], np.take_along_axis(lane, first, axis=2)[beam, side, 0]] = RIVER
        return cleaned

    def grow(self, cells: Int[np.ndarray, "B cells"], place: Int[np.ndarray, "B N"], chance: Chance) -> None:
        share = self.waste_share(cells)
        rate = self.apple_rate * np.clip((self.depletion - share) / (self.depletion - self.restoration), 0.0, 1.0)
        alive = np.flatnonzero(rate > 0)
        luck = take(chance, alive).uniform("growth", (len(self.chart.orchard),))
        match, tree = np.nonzero(luck < rate[alive, None])
        match, cell = alive[match], self.chart.orchard[tree]
        grows = (cells[match, cell] == GRASS) & (place[match] != cell[:, None]).all(axis=1)
        cells[match[grows], cell[grows]] = APPLE
        self._foul(cells, chance)

    def _foul(self, cells: Int[np.ndarray, "B cells"], chance: Chance) -> None:
        """Let waste come to one clean river cell, perhaps; changes `cells` in place."""
        matches = np.flatnonzero(chance.bernoulli("waste", self.waste_rate))
        clean = cells[matches] == RIVER
        count = np.count_nonzero(clean, axis=1)
        matches, clean, count = matches[count > 0], clean[count > 0], count[count > 0]
        # Clean cells of all these matches in one row: each match's begin where the one's before it end.
        cell = np.flatnonzero(clean) % cells.shape[1]
        picked = (take(chance, matches).uniform("where") * count).astype(np.intp)
        cells[matches, cell[np.cumsum(count) - count + picked]] = WASTE

    def waste_share(self, cells: Int[np.ndarray, "B cells"]) -> Float[np.ndarray, " B"]:
        """The waste's share of the river, 0 to 1."""
        return np.asarray(np.count_nonzero(cells == WASTE, axis=1) / len(self.chart.river))

    def _left(self, cells: Int[np.ndarray, "B cells"]) -> dict[str, Float[np.ndarray, "B 1"]]:
        return super()._left(cells) | {"waste": self.waste_share(cells)[:, None]}
