"""The ultimatum game: one seat says how to share a pie, the other takes it or leaves both with nothing.

Rules: the proposer offers the responder a share of the pie. The responder accepts, and each gets what was said, or
rejects, and nobody gets anything. Source: Guth, Schmittberger and Schwarze 1982, "An experimental analysis of
ultimatum bargaining" (played once; rounds are this project's). People mostly offer 40 to 50 percent, and reject half of
the offers below 20 (Camerer 2003, "Behavioral game theory", chapter 2).

A selfish responder accepts every positive offer, so that a selfish proposer offers the least that is accepted: nothing
if indifference accepts, the smallest positive offer if it rejects. Both are subgame-perfect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import LABELS, GameSpec
from prospect_env.games.in_turns import (
    InTurns,
    Ruling,
    Turn,
    check_rounds,
    observation_size,
    percent,
    require_number,
    shares,
)

FAIR = 0.4  #: the least share that counts as a cooperative offer: what people usually offer


@dataclass(frozen=True)
class Ultimatum(InTurns):
    """`offers` are the shares of the `pie` that may be offered to the responder, rising within 0..1.

    Cooperative are offers of 40 percent and more, and accepting. `roles`: "fixed" (seat 0 proposes) or "alternating"
    (the seats propose by turns).
    """

    rounds: int = 10
    pie: float = 10.0
    offers: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    roles: str = "fixed"

    def __post_init__(self) -> None:
        check_rounds(self.rounds, self.roles)
        require_number("pie", self.pie, 0)
        object.__setattr__(self, "offers", shares("offers", self.offers))
        if len(self.offers) + 3 >= LABELS:
            raise BadParameter(f"{len(self.offers)} offers are too many; up to {LABELS - 4} are possible")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        actions = ("wait", *(f"offer {percent(share)}" for share in self.offers), "accept", "reject")
        fair = tuple(1 + offer for offer, share in enumerate(self.offers) if share >= FAIR)
        return GameSpec(
            name="ultimatum",
            version=0,
            seats=2,
            roles=("proposer", "responder") if self.roles == "fixed" else ("proposer first", "responder first"),
            actions=actions,
            reactions=actions,
            reaction_of=tuple(range(len(actions))),
            horizon=2 * self.rounds,
            # Who has answered proposes next, where roles alternate, and is answered a step later.
            window=1 if self.roles == "fixed" else 2,
            payoff_bounds=(0.0, self.pie * max(self.offers[-1], 1 - self.offers[0])),
            welfare_bounds=(0.0, self.pie),
            cooperative=(*fair, self.accept),
            uncooperative=tuple(a for a in range(1, len(actions)) if a not in (*fair, self.accept)),
            interchangeable=((0,), (1,)),
            observation_size=observation_size(len(actions)),
            source="Guth, Schmittberger and Schwarze 1982",
        )

    @property
    def accept(self) -> int:
        """The action that accepts; the one after it rejects."""
        return 1 + len(self.offers)

    @cached_property
    def offered(self) -> Float[np.ndarray, " A"]:
        """What each action offers the responder; 0 for those that offer nothing."""
        return np.array([0.0, *self.offers, 0.0, 0.0]) * self.pie

    @property
    def options(self) -> Bool[np.ndarray, "M A"]:
        action = np.arange(len(self.offered))
        return np.stack([(action >= 1) & (action < self.accept), action >= self.accept])

    def judge(
        self, move: Int[np.ndarray, " B"], before: Int[np.ndarray, " B"], action: Int[np.ndarray, " B"]
    ) -> Ruling:
        offered = self.offered[before]
        deal = (move == 1) & (action == self.accept)
        pay = np.where(deal[:, None], np.stack([self.pie - offered, offered], axis=1), 0.0)
        return Ruling(pay, move == 1)

    def situation(self, known: Turn, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Besides the round: the pie, and what the responder is offered, nan before that."""
        before = self.answered(known)
        pie = np.full(len(before), float(self.pie))
        return super().situation(known, seat) | {
            "pie": pie,
            "offered": np.where(before >= 0, self.offered[before], np.nan),
        }
