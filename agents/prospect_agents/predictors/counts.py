"""Predictors that count what each seat did in each context: Dirichlet posteriors with a uniform prior.

With memory-one co-players whose parameters are uniform on 0..1, counting per last joint action is exact Bayes: the
probability of C in a state is (n_C + 1) / (n + 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.baselines import lawful
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.policy import Event, Predictor, Table, View

LARGEST = 10_000  #: contexts a match up to which counting is sensible


@dataclass(frozen=True)
class Contexts:
    """`counts` Int `[B, N, S, A]`: what each seat did in each context; `now` Int `[B, N]`: the context each is in."""

    seat: int
    counts: Int[np.ndarray, "B N S A"]
    now: Int[np.ndarray, "B N"]


class _Counting(Predictor):
    """P(a | context) = (n_a + prior) / (n + prior A), for every seat."""

    def __init__(self, prior: float, joint: bool) -> None:
        if not prior > 0:
            raise BadParameter(f"prior is {prior!r}; it must be above 0")
        self.prior, self.joint = prior, joint

    def begin(self, table: Table) -> Contexts:
        spec = table.game.spec
        # Context 0 is the first choice; the others are what was done last, by the forecaster or by everybody.
        contexts = 1 + len(spec.actions) ** (spec.seats if self.joint else 1)
        if contexts > LARGEST:
            raise UnsuitablePolicy(
                f"{self.name}: {spec.name} has {contexts} contexts to count in; {LARGEST} is the limit"
            )
        counts = np.zeros((table.matches, spec.seats, contexts, len(spec.actions)), dtype=np.int32)
        return Contexts(table.seat, counts, np.zeros((table.matches, spec.seats), dtype=np.int64))

    def predict(self, memory: Contexts, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        here = np.take_along_axis(memory.counts, memory.now[:, :, None, None], axis=2)[:, :, 0]
        return lawful(view, here + self.prior)

    def observe(self, memory: Contexts, event: Event) -> Contexts:
        seats = event.seen.shape[1]
        actions = memory.counts.shape[-1]
        rows, cols = np.nonzero(event.seen >= 0)
        counts = memory.counts.copy()
        counts[rows, cols, memory.now[rows, cols], event.seen[rows, cols]] += 1
        # A seat that was not seen is taken to have done 0 for the sake of the next context.
        done = np.maximum(event.seen, 0).astype(np.int64)
        if self.joint:
            index = 1 + done @ (actions ** np.arange(seats - 1, -1, -1))
        else:
            index = 1 + done[:, memory.seat]
        played = np.asarray(event.active.any(axis=1))
        return replace(memory, counts=counts, now=np.where(played[:, None], index[:, None], memory.now))


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
