"""Predictors that count what each seat did in each context: Dirichlet posteriors with a uniform prior.

With memory-one co-players whose parameters are uniform on 0..1, counting per last joint action is exact Bayes: the
probability of C in a state is (n_C + 1) / (n + 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from prospect_env.core.baselines import lawful
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.policy import Event, Predictor, Table, View

LARGEST = 2**62  #: contexts that can be told apart
DENSE = 4  #: a table is kept while it is at most this many times as large as a journal of all steps


@dataclass(frozen=True)
class Counted:
    """A table, `[B, N, S, A]`: how often each seat did what in each context. For games of few contexts."""

    counts: Int[np.ndarray, "B N S A"]

    def of(self, context: Int[np.ndarray, "B N"]) -> NDArray[np.int32]:
        """How often each seat did what in these contexts, `[B, N, A]`."""
        return np.take_along_axis(self.counts, context[:, :, None, None], axis=2)[:, :, 0]

    def with_step(self, context: Int[np.ndarray, "B N"], seen: Int[np.ndarray, "B N"]) -> Counted:
        """The table after a step in which this was seen (-1: nothing)."""
        rows, cols = np.nonzero(seen >= 0)
        counts = self.counts.copy()
        counts[rows, cols, context[rows, cols], seen[rows, cols]] += 1
        return Counted(counts)


@dataclass(frozen=True)
class Journal:
    """What each seat did in which context, step by step, `[B, N, H]` (-1: nothing). For games of many contexts.

    `written` Int64 `[B]` is the number of steps written down.
    """

    labels: int
    contexts: Int[np.ndarray, "B N H"]
    actions: Int[np.ndarray, "B N H"]
    written: Int[np.ndarray, " B"]

    def of(self, context: Int[np.ndarray, "B N"]) -> NDArray[np.int32]:
        """How often each seat did what in these contexts, `[B, N, A]`."""
        rows, cols, steps = np.nonzero(self.contexts == context[:, :, None])
        found = np.zeros((*context.shape, self.labels), dtype=np.int32)
        np.add.at(found, (rows, cols, self.actions[rows, cols, steps]), 1)
        return found

    def with_step(self, context: Int[np.ndarray, "B N"], seen: Int[np.ndarray, "B N"]) -> Journal:
        """The journal after a step in which this was seen (-1: nothing)."""
        rows, cols = np.nonzero(seen >= 0)
        contexts, actions = self.contexts.copy(), self.actions.copy()
        # A plan may look beyond the last step of the game; nothing happens there.
        at = np.minimum(self.written, contexts.shape[2] - 1)[rows]
        contexts[rows, cols, at], actions[rows, cols, at] = context[rows, cols], seen[rows, cols]
        return replace(self, contexts=contexts, actions=actions, written=self.written + 1)


@dataclass(frozen=True)
class Contexts:
    """What was counted, and the context each seat is in, `now` Int `[B, N]`."""

    seat: int
    past: Counted | Journal
    now: Int[np.ndarray, "B N"]


class _Counting(Predictor):
    """P(a | context) = (n_a + prior) / (n + prior A), for every seat."""

    def __init__(self, prior: float, joint: bool) -> None:
        if not prior > 0:
            raise BadParameter(f"prior is {prior!r}; it must be above 0")
        self.prior, self.joint = prior, joint

    def begin(self, table: Table) -> Contexts:
        spec = table.game.spec
        batch, seats, actions, horizon = table.matches, spec.seats, len(spec.actions), spec.horizon
        # Context 0 is the first choice; the others are what was done last, by the forecaster or by everybody.
        contexts = 1 + actions ** (seats if self.joint else 1)
        if contexts > LARGEST:
            raise UnsuitablePolicy(f"{self.name}: {spec.name} has {contexts} contexts; {LARGEST} can be told apart")
        past: Counted | Journal
        if contexts * actions <= DENSE * horizon:
            past = Counted(np.zeros((batch, seats, contexts, actions), dtype=np.int32))
        else:
            nothing = np.full((batch, seats, horizon), -1)
            past = Journal(actions, nothing, nothing.astype(np.int8), np.zeros(batch, dtype=np.int64))
        return Contexts(table.seat, past, np.zeros((batch, seats), dtype=np.int64))

    def predict(self, memory: Contexts, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        return lawful(view, memory.past.of(memory.now) + self.prior)

    def observe(self, memory: Contexts, event: Event) -> Contexts:
        seats, actions = event.seen.shape[1], self._actions(memory)
        # A seat that was not seen is taken to have done 0 for the sake of the next context.
        done = np.maximum(event.seen, 0).astype(np.int64)
        if self.joint:
            index = 1 + done @ (actions ** np.arange(seats - 1, -1, -1))
        else:
            index = 1 + done[:, memory.seat]
        played = np.asarray(event.active.any(axis=1))
        now = np.where(played[:, None], index[:, None], memory.now)
        return replace(memory, past=memory.past.with_step(memory.now, event.seen), now=now)

    @staticmethod
    def _actions(memory: Contexts) -> int:
        past = memory.past
        return past.labels if isinstance(past, Journal) else past.counts.shape[-1]


class Counts(_Counting):
    """How often each seat answered each of the forecaster's last actions with what."""

    name = "counts"

    def __init__(self, prior: float = 1.0) -> None:
        super().__init__(prior, joint=False)


class Bayes(_Counting):
    """Exact Bayes against memory-one co-players with uniform parameters: counts per last joint action."""

    name = "bayes"

    def __init__(self, prior: float = 1.0) -> None:
        super().__init__(prior, joint=True)
