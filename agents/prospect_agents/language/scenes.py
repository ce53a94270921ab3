"""Moments of a game to ask about: matches of random choices, each cut somewhere, with what may come next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from random import Random

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.language.asked import Moment
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.game import Game, State
from prospect_env.core.state import take

JOINT = 256  #: joint choices of a step up to which what each of them pays is reckoned


@dataclass(frozen=True)
class Scene:
    """A match of `game` in which nothing is over yet, as `seat` saw it; `state` holds it alone.

    `rounds` is how many rounds have ended, and `chance` what the game's dice would be rolled with.
    """

    game: Game
    seat: int
    match: int
    moments: tuple[Moment, ...]
    state: State
    rounds: int
    chance: Chance

    @cached_property
    def active(self) -> tuple[int, ...]:
        """The seats that choose now."""
        return tuple(map(int, np.flatnonzero(self.game.active(self.state)[0])))

    def legal(self, seat: int) -> tuple[int, ...]:
        """What a seat may choose now."""
        return tuple(map(int, np.flatnonzero(self.game.legal(self.state)[0, seat])))

    @cached_property
    def known(self) -> bool:
        """Whether what a step pays follows from what is seen."""
        return self.game.spec.perfect_information and self.game.spec.deterministic

    @cached_property
    def ways(self) -> list[tuple[int, ...]]:
        """Every joint choice of this step, one action a seat and -1 for those that wait; none where there are many."""
        each = [self.legal(seat) if seat in self.active else (-1,) for seat in range(self.game.spec.seats)]
        return list(product(*each)) if prod(map(len, each)) <= JOINT else []

    @cached_property
    def pays(self) -> Float[np.ndarray, " K"]:
        """What each of these joint choices pays the seat in this step, as chosen and without trembling hands."""
        if not (self.ways and self.known):
            return np.zeros(0)
        joint = np.maximum(np.array(self.ways, dtype=np.int64), 0)
        many = np.zeros(len(joint), dtype=np.int64)
        rules = self.game.noiseless
        return np.asarray(rules.step(take(self.state, many), joint, take(self.chance, many)).rewards[:, self.seat])

    @property
    def situation(self) -> dict[str, float]:
        """Where things stand, as the seat knows it."""
        known = self.state if self.game.spec.perfect_information else self.game.hide(self.state, self.seat)
        return {name: float(value[0]) for name, value in self.game.situation(known, self.seat).items()}


def scenes(game: Game, seat: int, number: int, steps: int, seed: int) -> list[Scene]:
    """One scene each of `number` matches, after 1 to `steps` steps (fewer where a match is over sooner)."""
    lengths = np.array([Random(f"{seed}/{match}").randint(1, steps) for match in range(number)])
    streams = Streams.of(episode_seeds(seed, number, "comprehension"), game.spec.seats)
    state, seen = game.initial(number, streams.game(0)), list[np.ndarray]()
    rounds = np.zeros(number, dtype=np.int64)
    found: dict[int, Scene] = {}
    for step in range(steps + 1):
        now = game.active(state)
        for match in np.flatnonzero(now.any(axis=1) & (lengths >= step)):
            one = np.array([match])
            moments = tuple(Moment(tuple(map(int, each[match]))) for each in seen)
            luck = take(streams.game(step + 1), one)
            found[int(match)] = Scene(game, seat, int(match), moments, take(state, one), int(rounds[match]), luck)
        outcome = game.step(state, _random(game, state, streams, step + 1), streams.game(step + 1))
        shown = outcome.executed if outcome.seen is None else outcome.seen[:, seat]
        seen.append(np.where(now, shown, -1))
        state, rounds = outcome.state, rounds + outcome.round_end
    return [found[match] for match in range(number)]


def _random(game: Game, state: State, streams: Streams, step: int) -> Int[np.ndarray, "B N"]:
    legal = game.legal(state).astype(np.float64)
    chosen = [streams.seat(seat, step).categorical("action", legal[:, seat]) for seat in range(game.spec.seats)]
    return np.stack(chosen, axis=1)
