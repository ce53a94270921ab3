"""A walk through a game: some matches of random legal play, kept step by step, for the checks to look at."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game, Outcome, State

MATCHES = 24  #: played side by side
STEPS = 200  #: looked at one by one; longer games are followed to their end without keeping every step


class Moment(NamedTuple):
    """A state, who is in the game still, what they do and what comes of it; `copy` was made before the step."""

    step: int
    state: State
    copy: State
    live: Bool[np.ndarray, " B"]
    active: Bool[np.ndarray, "B N"]
    legal: Bool[np.ndarray, "B N A"]
    actions: Int[np.ndarray, "B N"]
    outcome: Outcome


@dataclass(frozen=True)
class Walk:
    """Random play of a game by matches with these episode numbers."""

    game: Game
    numbers: Int[np.ndarray, " B"]

    @cached_property
    def streams(self) -> Streams:
        """The chance of these matches."""
        return Streams.of(episode_seeds(7, self.numbers, "conformance"), self.game.spec.seats)

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Every step until all matches are over, at most `STEPS`."""
        game, batch = self.game, len(self.numbers)
        state, over = game.initial(batch, self.streams.game(0)), np.zeros(batch, dtype=bool)
        made = []
        for step in range(1, min(game.spec.horizon, STEPS) + 1):
            if over.all():
                break
            active, legal = game.active(state), game.legal(state)
            actions = self.choices(np.asarray(legal), np.asarray(active), step)
            before = copy.deepcopy(state)
            outcome = game.step(state, actions.copy(), self.streams.game(step))
            made.append(Moment(step, state, before, ~over, active, legal, actions, outcome))
            state, over = outcome.state, over | np.asarray(outcome.terminated)
        return tuple(made)

    def choices(self, legal: NDArray[np.bool_], active: NDArray[np.bool_], step: int) -> NDArray[np.int64]:
        """A legal action drawn for every seat, -1 for inactive ones."""
        drawn = np.full(active.shape, -1, dtype=np.int64)
        for seat in range(active.shape[1]):
            luck = self.streams.seat(seat, step)
            # A broken game may leave a seat nothing to choose; another check says so.
            weights = np.where(legal[:, seat].any(axis=1, keepdims=True), legal[:, seat], True).astype(np.float64)
            drawn[:, seat] = luck.categorical("walk", weights)
        return np.where(active, drawn, -1)


def difference(one: Any, other: Any, where: str = "") -> str | None:
    """Where two trees of arrays differ, in words; None where they are equal bit for bit."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{where or 'it'} is {a.dtype}{list(a.shape)} here and {b.dtype}{list(b.shape)} there"
        nans = a.dtype.kind in "fc"
        return None if np.array_equal(a, b, equal_nan=nans) else f"the values of {where or 'it'} differ"
    if type(one) is not type(other):
        return f"{where or 'it'} is a {type(one).__name__} here and a {type(other).__name__} there"
    if is_dataclass(one) and not isinstance(one, type):
        pairs = [(f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(one)]
    elif isinstance(one, dict):
        if one.keys() != other.keys():
            return f"the keys of {where or 'it'} differ"
        pairs = [(str(key), one[key], other[key]) for key in one]
    elif isinstance(one, tuple | list):
        if len(one) != len(other):
            return f"the length of {where or 'it'} differs"
        names = getattr(one, "_fields", range(len(one)))
        pairs = [(str(name), a, b) for name, a, b in zip(names, one, other, strict=True)]
    else:
        return None if one is other or one == other else f"{where or 'it'} is {one!r} here and {other!r} there"
    for name, a, b in pairs:
        found = difference(a, b, f"{where}.{name}" if where else name)
        if found:
            return found
    return None


def pickled(thing: Any) -> Any:
    """`thing` through pickle and back."""
    return pickle.loads(pickle.dumps(thing))
