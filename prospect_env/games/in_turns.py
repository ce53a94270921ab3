"""`InTurns`: two seats move one after the other, in rounds that all begin alike.

What trust, ultimatum and centipede have in common; each of them says only what may be done at each move of a round,
what that pays and whether it ends the round. Everybody sees everything. Action 0 is the no-op of who does not move.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Outcome

WAIT = 0  #: the action of a seat that does not move
ROLES = ("fixed", "alternating")  #: seat 0 opens every round, or seats 0 and 1 open by turns


@dataclass(frozen=True)
class Turn:
    """Rounds ended, Int32 `[B]`; moves made since, Int8 `[B]`; each seat's last action, Int8 `[B, 2]` (-1: none)."""

    round: Int[np.ndarray, " B"]
    move: Int[np.ndarray, " B"]
    last: Int[np.ndarray, "B 2"]


class Ruling(NamedTuple):
    """What a move pays who opened the round and who did not, and whether it ends the round."""

    pay: Float[np.ndarray, "B 2"]
    ends: Bool[np.ndarray, " B"]


class InTurns(Game):
    """`rounds` rounds of moves by turns; `roles` says who opens them."""

    rounds: int
    roles: str

    @property
    @abstractmethod
    def options(self) -> Bool[np.ndarray, "M A"]:
        """What may be done at each move of a round."""

    @abstractmethod
    def judge(
        self, move: Int[np.ndarray, " B"], before: Int[np.ndarray, " B"], action: Int[np.ndarray, " B"]
    ) -> Ruling:
        """What `action` at this move (0: the opening) brings, after `before` at the move before it (-1 at the opening).

        Where a match is over, `action` may be anything and nobody reads the ruling.
        """

    def opener(self, state: Turn) -> Int[np.ndarray, " B"]:
        """The seat that opens this round."""
        return state.round % 2 if self.roles == "alternating" else np.zeros_like(state.round)

    def answered(self, state: Turn) -> Int[np.ndarray, " B"]:
        """The action at the move before, in this round; -1 at the opening."""
        waiting = 1 - (self.opener(state) + state.move) % 2
        return np.where(state.move > 0, state.last[np.arange(len(waiting)), waiting], -1)

    def initial(self, batch: int, chance: Chance) -> Turn:
        return Turn(
            np.zeros(batch, dtype=np.int32), np.zeros(batch, dtype=np.int8), np.full((batch, 2), -1, dtype=np.int8)
        )

    def active(self, state: Turn) -> Bool[np.ndarray, "B N"]:
        mover = (self.opener(state) + state.move) % 2
        return (np.arange(2) == mover[:, None]) & (state.round < self.rounds)[:, None]

    def legal(self, state: Turn) -> Bool[np.ndarray, "B N A"]:
        options = self.options
        idle = np.arange(options.shape[1]) == WAIT
        return np.where(self.active(state)[:, :, None], options[state.move][:, None], idle)

    def step(self, state: Turn, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        active = self.active(state)
        going = np.asarray(active.any(axis=1))
        executed = np.where(active, actions, -1).astype(np.int8)
        # One of the two is -1: the larger is what was done.
        pay, ends = self.judge(state.move, self.answered(state), np.maximum(executed[:, 0], executed[:, 1]))
        opened = (self.opener(state) == 0)[:, None]
        rewards = np.where(going[:, None], np.where(opened, pay, pay[:, ::-1]), 0.0).astype(np.float32)
        ends = ends & going
        done = (state.round + ends).astype(np.int32)
        move = np.where(ends, 0, state.move + going).astype(np.int8)
        after = Turn(done, move, np.where(active, executed, state.last))
        reactions = self.spec.reaction_table[executed]
        return Outcome(after, rewards, executed, reactions, None, ends, done >= self.rounds)

    def observe(self, state: Turn) -> Float[np.ndarray, "B N O"]:
        """Own and the other's last action, one-hot; rounds ended, moves made; whether one opens, whether one moves."""
        actions, moves = len(self.spec.actions), len(self.options)
        shown = (state.last[:, :, None] == np.arange(actions)).astype(np.float32)
        clock = np.stack([state.round / self.rounds, state.move / moves], axis=1)
        opens = np.arange(2) == self.opener(state)[:, None]
        mine = np.stack([opens, self.active(state)], axis=2)
        parts = [shown, shown[:, ::-1], np.repeat(clock[:, None], 2, axis=1), mine]
        return np.concatenate(parts, axis=2).astype(np.float32)

    def situation(self, known: Turn, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        return {
            "round": np.minimum(known.round + 1, self.rounds),
            "rounds_left": self.rounds - known.round,
            "you_open": (self.opener(known) == seat).astype(np.int8),
        }


def observation_size(actions: int) -> int:
    """The length of what a seat observes in a game in turns with this many actions."""
    return 2 * actions + 4


def check_rounds(rounds: Any, roles: Any) -> None:
    """Raise `BadParameter` unless these are possible."""
    require_whole("rounds", rounds, 1)
    if roles not in ROLES:
        raise BadParameter(f"roles is {roles!r}; it may be {' or '.join(ROLES)}")


def require_whole(name: str, value: Any, least: int) -> None:
    """Raise `BadParameter` unless `value` is a whole number, `least` or more."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise BadParameter(f"{name} is {value!r}; it must be a whole number, {least} or more")


def require_number(name: str, value: Any, above: float) -> None:
    """Raise `BadParameter` unless `value` is a finite number above `above`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value) or value <= above:
        raise BadParameter(f"{name} is {value!r}; it must be a number above {above:g}")


def shares(name: str, value: Any) -> tuple[float, ...]:
    """`value` as two or more shares between 0 and 1, each larger than the one before; raises `BadParameter`."""
    rule = f"{name} is {value!r}; it must be 2 or more numbers between 0 and 1, each larger than the one before"
    try:
        levels = tuple(float(share) for share in value)
    except (TypeError, ValueError) as error:
        raise BadParameter(rule) from error
    rising = all(low < high for low, high in pairwise(levels))
    if len(levels) < 2 or not rising or not (levels[0] >= 0 and levels[-1] <= 1):
        raise BadParameter(rule)
    if len({percent(share) for share in levels}) < len(levels):
        raise BadParameter(f"{name} is {value!r}; its numbers must differ by a tenth of a percent or more")
    return levels


def percent(share: float) -> str:
    """A share in words: 33.3%."""
    return f"{100 * share:.3g}%"
