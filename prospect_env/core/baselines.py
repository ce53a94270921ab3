"""The two predictors that everything is measured against: knowing nothing, and knowing only how often."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.forecast import normalised
from prospect_env.core.policy import Event, Memory, Predictor, Table, View


class Uniform(Predictor):
    """Every legal action is equally likely."""

    name = "uniform"

    def begin(self, table: Table) -> Memory:
        return None

    def predict(self, memory: Memory, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        return lawful(view, np.ones((len(view.active), view.game.spec.seats, len(view.game.spec.actions))))


@dataclass(frozen=True)
class Tally:
    """How often each seat was seen to do each action, Int `[B, N, A]`."""

    counts: Int[np.ndarray, "B N A"]


class Marginal(Predictor):
    """How often each seat did what in the earlier steps of this episode, plus one, whatever came before it."""

    name = "marginal"

    def begin(self, table: Table) -> Tally:
        spec = table.game.spec
        return Tally(np.zeros((table.matches, spec.seats, len(spec.actions)), dtype=np.int64))

    def predict(self, memory: Tally, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        return lawful(view, memory.counts + 1.0)

    def observe(self, memory: Tally, event: Event) -> Tally:
        seen = event.seen[..., None] == np.arange(memory.counts.shape[-1])
        return replace(memory, counts=memory.counts + seen)


def lawful(view: View, weights: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
    """`weights` as probabilities over what the rules allow each seat, as far as `view` shows it."""
    game = view.game
    if not game.spec.perfect_information:
        # Which actions are legal to others may be hidden; a predictor then spreads over all of them.
        return normalised(weights)
    return normalised(weights * game.legal(view.known))
