"""Checks of the rules themselves: shapes, who may do what, when it ends, what it pays."""

from __future__ import annotations

import numpy as np

from prospect_env.core.conformance.walk import Moment, Walk
from prospect_env.core.game import GameSpec

SLACK = 1e-5  #: float32 payoffs may miss their float64 bounds by this much, relative to the bound


def shapes(walk: Walk) -> str | None:
    """Every array has the shape and dtype that the contract gives."""
    spec, batch = walk.game.spec, len(walk.numbers)
    seats, actions = spec.seats, len(spec.actions)
    for moment in walk.moments:
        outcome = moment.outcome
        arrays = [
            ("active", moment.active, (batch, seats), "b"),
            ("legal", moment.legal, (batch, seats, actions), "b"),
            ("rewards", outcome.rewards, (batch, seats), "f"),
            ("executed", outcome.executed, (batch, seats), "i"),
            ("reactions", outcome.reactions, (batch, seats), "i"),
            ("round_end", outcome.round_end, (batch,), "b"),
            ("terminated", outcome.terminated, (batch,), "b"),
        ]
        if outcome.seen is not None:
            arrays.append(("seen", outcome.seen, (batch, seats, seats), "i"))
        for name, array, shape, kind in arrays:
            if not isinstance(array, np.ndarray):
                return _at(moment, f"{name} is a {type(array).__name__}, not an array")
            if array.shape != shape or array.dtype.kind != kind:
                wanted = {"b": "bool", "f": "float", "i": "int"}[kind]
                return _at(moment, f"{name} is {array.dtype}{list(array.shape)}; it must be {wanted}{list(shape)}")
    return None


def legal(walk: Walk) -> str | None:
    """Active seats have something to choose, and inactive ones index 0 alone."""
    for moment in walk.moments:
        options = moment.legal.sum(axis=2)
        if (moment.active & (options == 0)).any():
            return _at(moment, f"seat {_seat(moment.active & (options == 0))} is active and has no legal action")
        idle = ~moment.active & ((options != 1) | ~moment.legal[:, :, 0])
        if idle.any():
            return _at(moment, f"seat {_seat(idle)} is inactive; its legal actions must be index 0 and nothing else")
    last = walk.moments[-1].outcome
    after = np.asarray(walk.game.legal(last.state))[np.asarray(last.terminated)]
    if after.size and (after[:, :, 1:].any() or not after[:, :, 0].all()):
        return "the match is over; the legal actions of every seat must be index 0 and nothing else"
    return None


def ends(walk: Walk) -> str | None:
    """Somebody is active until the match is terminated, and nobody after."""
    for moment in walk.moments:
        someone = moment.active.any(axis=1)
        if (moment.live & ~someone).any():
            return _at(moment, "nobody is active, but the match was not terminated")
        if (~moment.live & someone).any():
            return _at(moment, "somebody is active in a match that was terminated")
    last = walk.moments[-1].outcome
    if (np.asarray(last.terminated) & walk.game.active(last.state).any(axis=1)).any():
        return "somebody is active in a match that was terminated by the last step"
    return None


def horizon(walk: Walk) -> str | None:
    """Every match is terminated within `spec.horizon` steps."""
    game, moments = walk.game, walk.moments
    last = moments[-1]
    over, state, step = ~last.live | last.outcome.terminated, last.outcome.state, last.step
    while not over.all() and step < game.spec.horizon:
        step += 1
        actions = walk.choices(game.legal(state), game.active(state), step)
        outcome = game.step(state, actions, walk.streams.game(step))
        over, state = over | outcome.terminated, outcome.state
    return None if over.all() else f"{int((~over).sum())} matches are not terminated after {step} steps, the horizon"


def payoffs(walk: Walk) -> str | None:
    """Payoffs are finite and within `payoff_bounds`, their sum within `welfare_bounds`."""
    spec = walk.game.spec
    for moment in walk.moments:
        rewards = moment.outcome.rewards[moment.live]
        if not np.isfinite(rewards).all():
            return _at(moment, "a payoff is not finite")
        for what, values, bounds in (
            ("payoff", rewards, spec.payoff_bounds),
            ("sum of payoffs", rewards.sum(axis=1, dtype=np.float64), spec.welfare_bounds),
        ):
            low, high = bounds
            if low == low and (values < low - _slack(low)).any():
                return _at(moment, f"a {what} is {values.min():g}; the lower bound is {low:g}")
            if high == high and (values > high + _slack(high)).any():
                return _at(moment, f"a {what} is {values.max():g}; the upper bound is {high:g}")
    return None


def executed(walk: Walk) -> str | None:
    """Executed actions are legal ones, -1 for inactive seats, and reactions are their labels."""
    spec = walk.game.spec
    for moment in walk.moments:
        acts = moment.active & moment.live[:, None]
        done, shown = np.asarray(moment.outcome.executed), np.asarray(moment.outcome.reactions)
        if (acts & ((done < 0) | (done >= len(spec.actions)))).any():
            return _at(moment, "an active seat executed something that is no action")
        allowed = np.take_along_axis(moment.legal, np.clip(done, 0, None)[..., None], axis=2)[..., 0]
        if (acts & ~allowed).any():
            return _at(moment, f"seat {_seat(acts & ~allowed)} executed an action that is not legal")
        idle = ~moment.active & moment.live[:, None]
        if (idle & ((done != -1) | (shown != -1))).any():
            return _at(moment, "an inactive seat executed something; it must be -1, and so its reaction")
        if spec.events:
            if (acts & ((shown < 0) | (shown >= len(spec.reactions)))).any():
                return _at(moment, "an active seat showed something that is no reaction")
        elif (acts & (shown != _label(spec, done))).any():
            return _at(moment, "a reaction is not the label of the executed action (spec.reaction_of)")
        if moment.outcome.seen is not None:
            seen = moment.outcome.seen
            strange = (seen != -1) & (seen != done[:, None, :])
            if (strange & acts[:, None, :]).any() and walk.game.spec.perfect_information:
                return _at(moment, "somebody saw another action than was executed, in a game of perfect information")
    return None


def observation(walk: Walk) -> str | None:
    """Observations are float32 `[B, N, spec.observation_size]`, finite and within -1..1."""
    wanted = (len(walk.numbers), walk.game.spec.seats, walk.game.spec.observation_size)
    for moment in walk.moments:
        for state in (moment.state, moment.outcome.state):
            seen = walk.game.observe(state)
            if not isinstance(seen, np.ndarray) or seen.shape != wanted or seen.dtype != np.float32:
                return _at(moment, f"observe gave {_kind(seen)}; it must be float32{list(wanted)}")
            if not np.isfinite(seen).all() or np.abs(seen).max(initial=0.0) > 1.0:
                return _at(moment, f"an observation of {np.abs(seen).max():g} is not within -1..1")
    return None


def _label(spec: GameSpec, done: np.ndarray) -> np.ndarray:
    return np.array(spec.reaction_of)[np.clip(done, 0, None)]


def _slack(bound: float) -> float:
    return SLACK * max(1.0, abs(bound))


def _kind(array: object) -> str:
    return f"{array.dtype}{list(array.shape)}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"


def _seat(where: np.ndarray) -> int:
    return int(np.argmax(where.any(axis=0)))


def _at(moment: Moment, what: str) -> str:
    return f"step {moment.step}: {what}"
