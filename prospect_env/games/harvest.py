"""`harvest`: an orchard that everybody eats from and that regrows only where apples are left.

Rules (of a step, and of beams: `prospect_env.games.gridworld`). An apple is worth 1. On grass without an apple, with
nobody on it, an apple grows with a probability that depends on how many apples there are within distance 2 (twelve
cells, the same in L1 and L2) before the step's growth: `regrowth[k]` for k apples, its last entry for more. By default
these are 0, .005, .02 and, from three apples on, .05. So a patch that is eaten bare stays bare: the last apples of a
patch are worth 1 each to whoever takes them, and all that would have grown to everybody.

Source: Janssen et al. 2010; Perolat et al. 2017, "A multi-agent reinforcement learning model of common-pool resource
appropriation"; Hughes et al. 2018, "Inequity aversion improves cooperation in intertemporal social dilemmas". The
probabilities are those of eugenevinitsky/sequential_social_dilemma_games (`envs/harvest.py`); Melting Pot's
`commons_harvest` has 0, .0025, .005 and .025. Being sent off for 25 steps is Perolat et al.'s; window and beam are
Melting Pot's. The maps are our own: `open` is a field of nine patches in 24 x 18 cells, `small` one patch for trying.

Measures: `apples` eaten, `tagged` (1 in a step that a seat sits out), `zapped` (how many it hit), and `stock`, the
apples on the map after the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.games.grid_map import APPLE, GRASS, WALL
from prospect_env.games.gridworld import GridWorld, probability

OPEN = """
########################
#P..P...P......P...P..P#
#....a......a......a...#
#...aaa....aaa....aaa..#
#..aaaaa..aaaaa..aaaaa.#
#...aaa....aaa....aaa..#
#P...a......a......a..P#
#..a......a......a.....#
#.aaa....aaa....aaa....#
#aaaaa..aaaaa..aaaaa..P#
#.aaa....aaa....aaa....#
#..a......a......a.....#
#P...a......a......a..P#
#...aaa....aaa....aaa..#
#..aaaaa..aaaaa..aaaaa.#
#...aaa....aaa....aaa..#
#P...a..P...a..P...a..P#
########################
"""

SMALL = """
#########
#P..a..P#
#..aaa..#
#.aaaaa.#
#..aaa..#
#P..a..P#
#########
"""


@dataclass(frozen=True)
class Harvest(GridWorld):
    """An orchard with regrowth by density, for `seats` foragers and `steps` steps.

    `map` is the name of a map (`open`, `small`), a text (see `grid_map`) or its rows. `regrowth` are probabilities by
    the number of apples nearby. With `zap` seats may send each other off for `timeout` steps with a beam of `beam`
    cells. `view` is what each sees: cells ahead, behind, to each side. `window`: steps in which reactions count.
    """

    seats: int = 7
    map: str | Sequence[str] = "open"
    steps: int = 1000
    regrowth: Sequence[float] = (0.0, 0.005, 0.02, 0.05)
    zap: bool = True
    timeout: int = 25
    beam: int = 3
    view: Sequence[int] = (9, 1, 5)
    window: int = 3

    name: ClassVar[str] = "harvest"
    source: ClassVar[str] = "Perolat et al. 2017; Hughes et al. 2018"
    maps: ClassVar[dict[str, str]] = {"open": OPEN, "small": SMALL}
    planes: ClassVar[tuple[int, ...]] = (WALL, GRASS, APPLE)

    def __post_init__(self) -> None:
        self._check()
        if not isinstance(self.regrowth, list | tuple) or not self.regrowth:
            raise BadParameter(f"regrowth is {self.regrowth!r}; it must be one or more probabilities")
        object.__setattr__(self, "regrowth", tuple(probability("regrowth", chance) for chance in self.regrowth))
        if len(self.chart.river):
            raise BadParameter("the map has river (~) or waste (w); harvest has none")

    def grow(self, cells: Int[np.ndarray, "B cells"], place: Int[np.ndarray, "B N"], chance: Chance) -> None:
        chart, rates = self.chart, np.array(self.regrowth)
        luck = chance.uniform("growth", (len(chart.orchard),))
        # Few draws are low enough for any density: apples nearby are counted for these alone.
        match, tree = np.nonzero(luck < rates.max())
        cell = chart.orchard[tree]
        bare = cells[match, cell] == GRASS
        match, tree, cell = match[bare], tree[bare], cell[bare]
        nearby = np.count_nonzero(cells[match[:, None], chart.near[cell]] == APPLE, axis=1)
        grows = luck[match, tree] < rates[np.minimum(nearby, len(rates) - 1)]
        grows &= (place[match] != cell[:, None]).all(axis=1)
        cells[match[grows], cell[grows]] = APPLE
