"""`avenging_zapper`: holds back in the orchard, and sends off whoever does not, or whoever has fired a beam.

Sources: people in common-pool experiments punish those who take too much, at a cost to themselves (Ostrom, Walker and
Gardner 1992; Janssen et al. 2010); in gridworlds a taboo is kept by sending off those who break it (Koester et al.
2022, "Spurious normativity enhances learning of compliance and enforcement behavior in artificial agents").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.strategies.foragers import Forager, Scene, neighbours, steps
from prospect_env.core.policy import Event, Memory, Table
from prospect_env.games.grid_walk import MOVES

ZAP = len(MOVES)  #: its number, where there is that action


@dataclass(frozen=True)
class Grudges:
    """For how many steps more there is a grudge against each seat, Int32 `[B, N]`."""

    left: Int[np.ndarray, "B N"]


class AvengingZapper(Forager):
    """Takes the nearest apple that has `leave` others within distance 2, but first sends off whoever offends.

    Whoever stands where apples grow and fewer than `leave` are left within distance 2 offends, and so does, for
    `grudge` steps (1 or more), whoever has fired a beam. It fires where one of them is in its beam, and turns where
    one then would be.
    """

    tools = ("zap",)

    def __init__(self, leave: int = 3, grudge: int = 5) -> None:
        self.leave, self.grudge = neighbours(leave), steps("grudge", grudge)

    def begin(self, table: Table) -> Grudges:
        super().begin(table)
        return Grudges(np.zeros((table.matches, table.game.spec.seats), dtype=np.int32))

    def wishes(self, scene: Scene, memory: Grudges) -> list[Float[np.ndarray, "B A"]]:
        return [scene.use("zap", self._offenders(scene, memory)), scene.sparing(self.leave)]

    def observe(self, memory: Grudges, event: Event) -> Memory:
        fired = event.seen == ZAP
        return Grudges(np.where(fired, self.grudge, np.maximum(memory.left - 1, 0)).astype(np.int32))

    def _offenders(self, scene: Scene, memory: Grudges) -> Bool[np.ndarray, "B cells"]:
        """The cells of those whom it would send off."""
        orchard = np.zeros(scene.chart.cells + 1, dtype=bool)
        orchard[scene.chart.orchard] = True
        bare = orchard & (scene.nearby(scene.apples()) < self.leave)
        hated = np.zeros_like(bare)
        match, seat = np.nonzero(memory.left > 0)
        hated[match, scene.field.place[match, seat]] = True
        # Never its own cell: these are cells where others are.
        return scene.taken & (bare | hated)
