"""The oracle: the co-players' true probabilities, which only the arena can give."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from prospect_env.core.baselines import Uniform
from prospect_env.core.chance import Chance
from prospect_env.core.policy import Memory, Predictor, Table, View


class Oracle(Predictor):
    """Stands for the true co-players: a policy made with it is given their real probabilities by the arena.

    Where there is no arena to ask (inside another oracle's branch) it says what `uniform` says.
    """

    name = "oracle"

    def begin(self, table: Table) -> Memory:
        return None

    def predict(self, memory: Memory, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        return Uniform().predict(memory, view, chance)
