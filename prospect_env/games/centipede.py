"""The centipede game: take the larger pile now, or pass and let both piles grow before the other decides.

Rules: there are a larger and a smaller pile. The seats move by turns, node after node. Who takes gets the larger pile,
the other the smaller, and the round is over; after a pass the piles grow and the other is to move. If the last node is
passed too, whoever would move next gets the larger pile. Sources: Rosenthal 1981, "Games of perfect information,
predatory pricing and the chain-store paradox"; McKelvey and Palfrey 1992, "An experimental study of the centipede
game", whose four nodes and doubling piles (.40 and .10 at first) are the default.

    node                 1         2         3          4         passed
    larger, smaller   .40 .10   .80 .20   1.60 .40   3.20 .80   6.40 1.60

As long as a larger pile exceeds the next smaller one, who is to move would rather take than be taken from, so that
subgame-perfect play takes at once; people did so in 7 of 100 rounds (McKelvey and Palfrey 1992, four nodes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import GameSpec
from prospect_env.games.in_turns import InTurns, Ruling, Turn, check_rounds, observation_size, require_whole

PASS, TAKE = 1, 2
FIRST = (0.4, 0.1)  #: the piles at the first node, in dollars
LONGEST = 100  #: nodes a round may have


@dataclass(frozen=True)
class Centipede(InTurns):
    """`nodes` 1 to 100; `pots` are (larger, smaller) at each node and after the last, `nodes` + 1 pairs.

    Without `pots` the piles of McKelvey and Palfrey double at every pass. Cooperative is passing. `roles`: "fixed"
    (seat 0 opens every round) or "alternating" (the seats open by turns).
    """

    rounds: int = 10
    nodes: int = 4
    pots: Sequence[Sequence[float]] | None = None
    roles: str = "fixed"

    def __post_init__(self) -> None:
        check_rounds(self.rounds, self.roles)
        require_whole("nodes", self.nodes, 1)
        if self.nodes > LONGEST:
            raise BadParameter(f"nodes is {self.nodes}; it may be up to {LONGEST}")
        if self.pots is not None:
            object.__setattr__(self, "pots", _checked(self.pots, self.nodes))

    @cached_property
    def piles(self) -> Float[np.ndarray, "M 2"]:
        """(larger, smaller) at each node and after the last."""
        return np.array(self.pots) if self.pots is not None else np.outer(2.0 ** np.arange(self.nodes + 1), FIRST)

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        actions = ("wait", "pass", "take")
        # A pass pays nothing, unless the only node is the last.
        paid = np.append(self.piles, [[0.0, 0.0]], axis=0) if self.nodes > 1 else self.piles
        together = paid[:, 0] + paid[:, 1]
        return GameSpec(
            name="centipede",
            version=0,
            seats=2,
            roles=("first mover", "second mover") if self.roles == "fixed" else ("opens first", "opens second"),
            actions=actions,
            reactions=actions,
            reaction_of=(0, 1, 2),
            horizon=self.nodes * self.rounds,
            # Who takes may open the next round too, and is answered a step later.
            window=2,
            payoff_bounds=(float(paid.min()), float(paid.max())),
            welfare_bounds=(float(together.min()), float(together.max())),
            cooperative=(PASS,),
            uncooperative=(TAKE,),
            interchangeable=((0,), (1,)),
            observation_size=observation_size(len(actions)),
            source="Rosenthal 1981; McKelvey and Palfrey 1992",
        )

    @property
    def options(self) -> Bool[np.ndarray, "M A"]:
        return np.repeat([[False, True, True]], self.nodes, axis=0)

    def judge(
        self, move: Int[np.ndarray, " B"], before: Int[np.ndarray, " B"], action: Int[np.ndarray, " B"]
    ) -> Ruling:
        takes = action == TAKE
        ends = takes | (move + 1 >= self.nodes)
        # Passing at the last node leaves the larger pile to whoever would move next.
        node = move + ~takes
        larger, smaller = self.piles[node].T
        opener_takes = node % 2 == 0
        first, second = np.where(opener_takes, larger, smaller), np.where(opener_takes, smaller, larger)
        return Ruling(np.where(ends[:, None], np.stack([first, second], axis=1), 0.0), ends)

    def situation(self, known: Turn, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Besides the round: the node, counted from 1, and the piles at it."""
        larger, smaller = self.piles[known.move].T
        here = {"node": known.move + 1, "larger_pile": larger, "smaller_pile": smaller}
        return super().situation(known, seat) | here


def _checked(pots: Any, nodes: int) -> tuple[tuple[float, float], ...]:
    """`pots` as pairs of numbers."""
    try:
        pairs = np.array(pots, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadParameter(f"pots is {pots!r}; it must be {nodes + 1} pairs: a larger and a smaller pile") from error
    if pairs.shape != (nodes + 1, 2):
        raise BadParameter(f"pots has shape {list(pairs.shape)}; for {nodes} nodes it must be {[nodes + 1, 2]}")
    if not np.isfinite(pairs).all() or (pairs[:, 0] < pairs[:, 1]).any():
        raise BadParameter(f"pots is {pots!r}; each pair must be two finite numbers, the larger first")
    return tuple((float(larger), float(smaller)) for larger, smaller in pairs)
