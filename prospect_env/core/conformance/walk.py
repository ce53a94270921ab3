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
    what = where or "it"
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _array_difference(np.asarray(one), np.asarray(other), what)
    if type(one) is not type(other):
        return f"{what} is a {type(one).__name__} here and a {type(other).__name__} there"
    mine, theirs = _branches(one), _branches(other)
    if mine is None or theirs is None:
        # The second comparison is for nan, which is a value like any other here.
        same = one is other or one == other or (one != one and other != other)
        return None if same else f"{what} is {one!r} here and {other!r} there"
    if mine.keys() != theirs.keys():
        return f"{what} has other parts here than there"
    differences = (difference(mine[name], theirs[name], f"{where}.{name}" if where else name) for name in mine)
    return next((found for found in differences if found), None)


def _branches(tree: Any) -> dict[str, Any] | None:
    """The parts of a tree by name, None for a leaf."""
    if is_dataclass(tree) and not isinstance(tree, type):
        return {field.name: getattr(tree, field.name) for field in fields(tree)}
    if isinstance(tree, dict):
        return {str(key): value for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        return {str(name): value for name, value in zip(getattr(tree, "_fields", range(len(tree))), tree, strict=True)}
    return None


def _array_difference(a: NDArray[Any], b: NDArray[Any], what: str) -> str | None:
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{what} is {a.dtype}{list(a.shape)} here and {b.dtype}{list(b.shape)} there"
    return None if np.array_equal(a, b, equal_nan=a.dtype.kind in "fc") else f"the values of {what} differ"


def pickled(thing: Any) -> Any:
    """`thing` through pickle and back."""
    return pickle.loads(pickle.dumps(thing))  # noqa: S301  (it was made on this very line)
