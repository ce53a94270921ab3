"""`Swapped`: what a prompt audit found, which those who ask models hand on to those who reckon with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped


@dataclass(frozen=True)
class Swapped:
    """What a model says of its own choice at positions `P` of one game, told in `K` turns of labels.

    `nothing` `[P, K, A]` are its probabilities where nothing is written, `said` `[P, K, R, A]` where it is written that
    the other will do `r`, `placebo` where as long a line names `r` and predicts nothing. `predicted` `[P, K]` is what
    the model itself holds likeliest (-1: a tie). `best` `[R]` is the best response to each `r` (-1: none, or several),
    and `turn` the number of the twin. `cluster` `[P]` numbers the episode. `tokens` and `mass` `[P, K, 1 + 2 R]` are
    the length of each prompt and the probability of saying any label: of nothing, each `said`, each `placebo`.
    """

    game: str
    turn: int
    best: Int[np.ndarray, " R"]
    nothing: Float[np.ndarray, "P K A"]
    said: Float[np.ndarray, "P K R A"]
    placebo: Float[np.ndarray, "P K R A"]
    predicted: Int[np.ndarray, "P K"]
    cluster: Shaped[np.ndarray, " P"]
    tokens: Float[np.ndarray, "P K C"]
    mass: Float[np.ndarray, "P K C"]
