"""`Repeated`: one simultaneous choice of every seat, paid by what all chose, round after round.

What such games have in common; each of them says only what a round pays. After each round everybody sees what everybody
did, so the state is the number of the round and the last choices.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, Outcome


@dataclass(frozen=True)
class Round:
    """Rounds played, Int32 `[B]`, and everybody's last choice, Int8 `[B, N]` (-1 before the first round)."""

    round: Int[np.ndarray, " B"]
    last: Int[np.ndarray, "B N"]


class Repeated(Game):
    """A repeated game of simultaneous moves, `rounds` long; seats see all choices."""

    rounds: int

    @abstractmethod
    def pay(self, actions: Int[np.ndarray, "B N"]) -> Float[np.ndarray, "B N"]:
        """What one round pays each seat, float32; `actions` of matches that are over may be -1, and are not read."""

    @property
    def options(self) -> Bool[np.ndarray, "N A"]:
        """What each seat may choose in every round."""
        return np.ones((self.spec.seats, len(self.spec.actions)), dtype=bool)

    def initial(self, batch: int, chance: Chance) -> Round:
        return Round(np.zeros(batch, dtype=np.int32), np.full((batch, self.spec.seats), -1, dtype=np.int8))

    def active(self, state: Round) -> Bool[np.ndarray, "B N"]:
        return np.repeat((state.round < self.rounds)[:, None], self.spec.seats, axis=1)

    def legal(self, state: Round) -> Bool[np.ndarray, "B N A"]:
        batch, options = len(state.round), self.options
        if batch and int(state.round.max()) < self.rounds:
            return np.broadcast_to(options, (batch, *options.shape))
        idle = np.arange(options.shape[1]) == 0
        return np.where((state.round < self.rounds)[:, None, None], options, idle)

    def step(self, state: Round, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        rewards = self.pay(actions)
        done = state.round + np.int32(1)
        last = actions.astype(np.int8)
        table = self.spec.reaction_table
        reactions = last if self.spec.reactions_are_actions else table[last]
        everywhere = np.ones(len(done), dtype=bool)
        return Outcome(Round(done, last), rewards, last, reactions, None, everywhere, done >= self.rounds)

    def observe(self, state: Round) -> Float[np.ndarray, "B N O"]:
        """Own last choice and the others' in the order of seats after one's own, each one-hot, and the time played."""
        batch, seats = state.last.shape
        actions = len(self.spec.actions)
        shown = (state.last[:, :, None] == np.arange(actions)).astype(np.float32)
        seen = np.empty((batch, seats, seats * actions + 1), dtype=np.float32)
        for ahead in range(seats):
            seen[:, :, ahead * actions : (ahead + 1) * actions] = np.roll(shown, -ahead, axis=1)
        seen[:, :, -1] = (state.round / self.rounds)[:, None]
        return seen
