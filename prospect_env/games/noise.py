"""`with_noise`: the trembling hand. With probability `noise` an active seat executes another of its legal actions.

Source: Selten 1975; in the repeated prisoner's dilemma, Axelrod and Dion 1988. The other actions are equally likely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Outcome, State
from prospect_env.games.layers import layers
from prospect_env.games.modifier import Modifier


@dataclass(frozen=True)
class _Noisy(Modifier):
    noise: float

    def step(self, state: State, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        legal = self.inner.legal(state)
        options = legal.sum(axis=-1)
        slip = chance.derive("noise")
        seats = actions.shape[1]
        trembles = (slip.uniform("tremble", (seats,)) < self.noise) & (options > 1)
        if not trembles.any():
            return self.inner.step(state, actions, chance)
        # The k-th legal action other than the chosen one.
        k = (slip.uniform("other", (seats,)) * (options - 1)).astype(np.int64)
        others = legal & (np.arange(legal.shape[-1]) != np.asarray(actions)[..., None])
        other = np.argmax(np.cumsum(others, axis=-1) == k[..., None] + 1, axis=-1)
        return self.inner.step(state, np.where(trembles, other, actions), chance)

    def executed(self, state: State, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        legal = self.inner.legal(state)
        options = legal.sum(axis=-1, keepdims=True)
        away = np.where(options > 1, self.noise / np.maximum(options - 1, 1), 0.0)
        total = probs.sum(axis=-1, keepdims=True)
        kept = np.where(options > 1, 1.0 - self.noise, 1.0)
        return self.inner.executed(state, np.where(legal, kept * probs + away * (total - probs), 0.0))


def with_noise(game: Game, noise: float) -> Game:
    """`game` with a trembling hand; `noise` in 0..1 is the probability that another than the chosen action is done."""
    if any(isinstance(layer, _Noisy) for layer in layers(game)):
        raise BadParameter(f"{game.spec.name} has noise already; hands tremble once")
    if not 0 <= noise <= 1:
        raise BadParameter(f"noise is {noise!r}; it must be between 0 and 1")
    return _Noisy(game, float(noise)) if noise > 0 else game
