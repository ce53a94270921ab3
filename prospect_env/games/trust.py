"""The trust game: what is sent grows on its way, and who got it decides how much goes back.

Rules: both seats have an endowment. The investor sends a share of its own, which arrives multiplied (tripled, in the
experiment). The trustee returns a share of what arrived and keeps the rest; who was sent nothing has nothing to return.
Payoffs are what is gained and lost on top of the endowments, paid as it changes hands: -s and +3s when s is sent, +r
and -r when r is returned. Source: Berg, Dickhaut and McCabe 1995, "Trust, reciprocity, and social history" (ten rounds
and levels are this project's; theirs was played once, in whole dollars of ten).

A trustee who returns a third gives back just what was sent. A selfish one returns nothing, so that a selfish investor
sends nothing, in every round of finitely many: the subgame-perfect equilibrium, where both gain nothing.
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

SAME = 0.02  #: returning what was sent, give or take 2 percent: a third may be written as .33
SENDS = ("sends nothing", "sends some", "sends all")
RETURNS = ("returns less than was sent", "returns what was sent", "returns more than was sent")


@dataclass(frozen=True)
class Trust(InTurns):
    """`sends` are the shares of `endowment` that may be sent, `returns` those of what arrives that may be returned.

    Both rise within 0..1. What is sent arrives times `multiplier` > 1. Cooperative is sending half or more, and
    returning no less than was sent. `roles`: "fixed" (seat 0 invests) or "alternating" (the seats invest by turns).
    """

    rounds: int = 10
    endowment: float = 10.0
    multiplier: float = 3.0
    sends: Sequence[float] = (0.0, 0.5, 1.0)
    returns: Sequence[float] = (0.0, 1 / 3, 2 / 3)
    roles: str = "fixed"

    def __post_init__(self) -> None:
        check_rounds(self.rounds, self.roles)
        require_number("endowment", self.endowment, 0)
        require_number("multiplier", self.multiplier, 1)
        object.__setattr__(self, "sends", shares("sends", self.sends))
        object.__setattr__(self, "returns", shares("returns", self.returns))
        if 1 + len(self.sends) + len(self.returns) >= LABELS:
            raise BadParameter(f"{len(self.sends)} sends and {len(self.returns)} returns; {LABELS - 2} are possible")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        sent, kept = [*map(_sent, self.sends)], [*map(self._returned, self.returns)]
        shown = ["wait", *sent, *kept]
        reactions = [label for label in ("wait", *SENDS, *RETURNS) if label in shown]
        most = self.sends[-1] * self.endowment
        arrives = most * self.multiplier
        kind = [
            1 + action
            for action, label in enumerate([*sent, *kept])
            if (self.sends[action] >= 0.5 if action < len(sent) else label != RETURNS[0])
        ]
        return GameSpec(
            name="trust",
            version=0,
            seats=2,
            roles=("investor", "trustee") if self.roles == "fixed" else ("investor first", "trustee first"),
            actions=(
                "wait",
                *(f"send {percent(share)}" for share in self.sends),
                *(f"return {percent(share)}" for share in self.returns),
            ),
            reactions=tuple(reactions),
            reaction_of=tuple(reactions.index(label) for label in shown),
            horizon=2 * self.rounds,
            # Who has returned invests next, where roles alternate, and is answered a step later.
            window=1 if self.roles == "fixed" else 2,
            payoff_bounds=(-max(most, arrives * self.returns[-1]), arrives),
            welfare_bounds=(0.0, arrives - most),
            cooperative=tuple(kind),
            uncooperative=tuple(action for action in range(1, len(sent) + len(kept) + 1) if action not in kind),
            interchangeable=((0,), (1,)),
            observation_size=observation_size(len(shown)),
            source="Berg, Dickhaut and McCabe 1995",
        )

    def _returned(self, share: float) -> str:
        gain = share * self.multiplier - 1
        return RETURNS[1] if abs(gain) <= SAME else RETURNS[0] if gain < 0 else RETURNS[2]

    @cached_property
    def sent(self) -> Float[np.ndarray, " A"]:
        """What each action sends; 0 for those that send nothing."""
        return np.array([0.0, *self.sends, *(0.0 for _ in self.returns)]) * self.endowment

    @cached_property
    def returned(self) -> Float[np.ndarray, " A"]:
        """The share of what arrived that each action returns; 0 for those that return nothing."""
        return np.array([0.0, *(0.0 for _ in self.sends), *self.returns])

    @property
    def options(self) -> Bool[np.ndarray, "M A"]:
        action = np.arange(len(self.sent))
        sends = (action >= 1) & (action <= len(self.sends))
        return np.stack([sends, action > len(self.sends)])

    def judge(
        self, move: Int[np.ndarray, " B"], before: Int[np.ndarray, " B"], action: Int[np.ndarray, " B"]
    ) -> Ruling:
        sends = move == 0
        sent = self.sent[action]
        back = self.returned[action] * self.multiplier * self.sent[before]
        pay = np.stack([np.where(sends, -sent, back), np.where(sends, self.multiplier * sent, -back)], axis=1)
        return Ruling(pay, ~sends | (sent == 0))

    def situation(self, known: Turn, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Besides the round: what was sent in it and what arrived, nan before that."""
        before = self.answered(known)
        sent = np.where(before >= 0, self.sent[before], np.nan)
        return super().situation(known, seat) | {"sent": sent, "arrived": sent * self.multiplier}


def _sent(share: float) -> str:
    return SENDS[0] if share == 0 else SENDS[2] if share == 1 else SENDS[1]
