"""Levels of thinking in repeated games of simultaneous choices: what one does who thinks k steps ahead.

Level 0 does anything; level k answers others at level k - 1, by what one round pays (Stahl and Wilson 1995;
Costa-Gomes and Crawford 2006). In the beauty contest the answer is the guess nearest to the fraction of the mean of
what others are expected to guess (Nagel 1995), one's own share in the mean neglected.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.equilibrium import TIE, action_values
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import normalised
from prospect_env.core.game import Game
from prospect_env.games.beauty_contest import BeautyContest
from prospect_env.games.layers import layers
from prospect_env.games.repeated import Repeated


@lru_cache(maxsize=256)
def level(game: Game, k: int) -> Float[np.ndarray, "N A"]:
    """What every seat does at level `k`, as probabilities; seats that the rules do not tell apart do alike.

    Raises `BadParameter` if the others may do too many things together to enumerate them.
    """
    if k == 0:
        profile = normalised(stage_of(game).options.astype(np.float64))
    else:
        below = level(game, k - 1)
        profile = np.empty_like(below)
        grouped = {seat: min(group) for group in game.spec.interchangeable for seat in group}
        for seat in range(len(profile)):
            first = grouped.get(seat, seat)
            profile[seat] = profile[first] if first < seat else _answer(game, below, seat)
    profile.setflags(write=False)
    return profile


def _answer(game: Game, profile: Float[np.ndarray, "N A"], seat: int) -> Float[np.ndarray, " A"]:
    """The best answers of `seat` to what the others do, equally likely."""
    stage = stage_of(game)
    if isinstance(stage, BeautyContest):
        means = (profile * np.arange(profile.shape[1])).sum(axis=1)
        return (np.arange(profile.shape[1]) == guess(stage, np.delete(means, seat).mean(keepdims=True))).astype(
            np.float64
        )
    return normalised(best_of(game, action_values(game, profile, seat)).astype(np.float64))


def best_of(game: Game, values: Float[np.ndarray, "... A"]) -> Bool[np.ndarray, "... A"]:
    """Which actions are worth most, payoffs being float32; nan where an action is not legal."""
    tie = TIE * max(1.0, *map(abs, game.spec.payoff_bounds))
    return np.asarray(np.nan_to_num(values, nan=-np.inf) >= np.nanmax(values, axis=-1, keepdims=True) - tie)


def guess(stage: BeautyContest, mean: Float[np.ndarray, " B"]) -> Int[np.ndarray, " B"]:
    """The guess nearest to the fraction of the others' mean."""
    return np.rint(stage.fraction * mean).astype(np.int64)


def stage_of(game: Game) -> Repeated:
    """The repeated game that `game` is, under modifiers that leave its choices as they are."""
    *_, rules = layers(game)
    if not isinstance(rules, Repeated) or rules.spec.actions != game.spec.actions:
        raise UnsuitablePolicy(f"{game.spec.name} is no repeated game of simultaneous choices, as thinking ahead needs")
    return rules
