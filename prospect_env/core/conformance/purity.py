"""Checks that a game is a pure function of state, actions and chance, one match at a time."""

from __future__ import annotations

import numpy as np

from prospect_env.core.chance import Streams
from prospect_env.core.conformance.walk import Moment, Walk, difference, pickled
from prospect_env.core.game import Outcome
from prospect_env.core.state import batch_size, put, take


def pure(walk: Walk) -> str | None:
    """A step changes neither state nor actions, and made again it comes out the same."""
    for moment in walk.moments:
        wrong = difference(moment.copy, moment.state)
        if wrong:
            return f"step {moment.step}: the step changed the state it was made from: {wrong}"
        actions = moment.actions.copy()
        again = walk.game.step(moment.state, actions, walk.streams.game(moment.step))
        if not np.array_equal(actions, moment.actions):
            return f"step {moment.step}: the step changed the actions it was given"
        wrong = difference(again, moment.outcome)
        if wrong:
            return f"step {moment.step}: the same step came out differently the second time: {wrong}"
    wrong = difference(_first(walk), _first(walk))
    return f"initial came out differently the second time: {wrong}" if wrong else None


def take_put(walk: Walk) -> str | None:
    """States are trees that `take` and `put` cut and join, and stepping a cut is cutting the step."""
    batch = len(walk.numbers)
    some = np.arange(batch)[1::2][::-1]
    for moment in _some(walk):
        found = batch_size(moment.state)
        if found != batch:
            return f"step {moment.step}: the match axis of a state is {found}; there are {batch} matches"
        wrong = difference(put(moment.state, some, take(moment.state, some)), moment.state)
        if wrong:
            return f"step {moment.step}: putting back what was taken changes the state: {wrong}"
        cut = walk.game.step(take(moment.state, some), moment.actions[some], _cut(walk, some).game(moment.step))
        wrong = difference(cut, _taken(moment.outcome, some))
        if wrong:
            return f"step {moment.step}: a step of some matches is not some of the step of all: {wrong}"
    return None


def batch_invariance(walk: Walk) -> str | None:
    """A match comes out the same alone, among others, and in another order."""
    batch = len(walk.numbers)
    orders = {
        "in another order": np.arange(batch)[::-1],
        "alone": np.array([batch // 2]),
        "among fewer": np.arange(0, batch, 3),
    }
    for how, index in orders.items():
        other = Walk(walk.game, walk.numbers[index])
        for moment, there in zip(walk.moments, other.moments, strict=False):
            mine = (
                take(moment.state, index),
                moment.legal[index],
                moment.actions[index],
                _taken(moment.outcome, index),
            )
            wrong = difference(mine, (there.state, there.legal, there.actions, there.outcome))
            if wrong:
                return f"step {moment.step}: a match {how} comes out differently: {wrong}"
    return None


def inactive_ignored(walk: Walk) -> str | None:
    """What inactive seats send changes nothing, in matches that are over too."""
    last = len(walk.game.spec.actions) - 1
    for moment in walk.moments:
        if moment.active.all():
            continue
        for stray in (0, last):
            actions = np.where(moment.active, moment.actions, stray)
            outcome = walk.game.step(moment.state, actions, walk.streams.game(moment.step))
            here, there = _taken(moment.outcome, moment.live), _taken(outcome, moment.live)
            wrong = difference(here, there)
            if wrong:
                return f"step {moment.step}: an inactive seat that sent {stray} changed something: {wrong}"
    return None


def pickles(walk: Walk) -> str | None:
    """Game and states survive pickle, and play on as before."""
    game = pickled(walk.game)
    wrong = difference(game.spec, walk.game.spec)
    if wrong:
        return f"the spec of a pickled game differs: {wrong}"
    for moment in _some(walk):
        state = pickled(moment.state)
        wrong = difference(state, moment.state)
        if wrong:
            return f"step {moment.step}: a pickled state differs: {wrong}"
        wrong = difference(game.step(state, moment.actions, walk.streams.game(moment.step)), moment.outcome)
        if wrong:
            return f"step {moment.step}: a pickled game plays on differently: {wrong}"
    return None


def _some(walk: Walk) -> tuple[Moment, ...]:
    return walk.moments[:: max(1, len(walk.moments) // 12)]


def _first(walk: Walk) -> object:
    return walk.game.initial(len(walk.numbers), walk.streams.game(0))


def _cut(walk: Walk, index: np.ndarray) -> Streams:
    return take(walk.streams, index)


def _taken(outcome: Outcome, index: np.ndarray) -> Outcome:
    rows = np.flatnonzero(index) if index.dtype == bool else index
    return Outcome._make(take(part, rows) for part in outcome)
