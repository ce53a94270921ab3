"""`conditional_cleaner`: cleans the river as long as somebody else does.

Sources: many people give to a public good if others do (Fischbacher, Gaechter and Fehr 2001); reciprocators of this
kind are among the background players of `clean_up` in Melting Pot 2.0 (Agapiou et al. 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.foragers import Forager, Scene, share, steps
from prospect_env.core.policy import Event, Memory, Table


@dataclass(frozen=True)
class Reminded:
    """Who it is, which action reminds it, and for how many steps more it does its share, Int32 `[B]`."""

    seat: int
    clean: int
    left: Int[np.ndarray, " B"]


class ConditionalCleaner(Forager):
    """Cleans for `patience` steps (1 or more) after another seat did, while more than `level` of the river is waste.

    Otherwise it takes the nearest apple. It begins as if another had just cleaned, unless `trusting` is False.
    """

    tools = ("clean",)

    def __init__(self, level: float = 0.1, patience: int = 5, trusting: bool = True) -> None:
        self.level, self.patience, self.trusting = share("level", level), steps("patience", patience), trusting

    def begin(self, table: Table) -> Reminded:
        super().begin(table)
        left = np.full(table.matches, self.patience if self.trusting else 0, dtype=np.int32)
        return Reminded(table.seat, table.game.spec.actions.index("clean"), left)

    def wishes(self, scene: Scene, memory: Reminded) -> list[Float[np.ndarray, "B A"]]:
        return scene.cleaning((memory.left > 0) & (scene.waste_share() > self.level))

    def observe(self, memory: Reminded, event: Event) -> Memory:
        others = np.delete(event.seen, memory.seat, axis=1)
        reminded = (others == memory.clean).any(axis=1)
        left = np.where(reminded, self.patience, np.maximum(memory.left - 1, 0)).astype(np.int32)
        return Reminded(memory.seat, memory.clean, left)
