"""Checks that what a game says of its own noise is what its noise does: forecasts are scored against it."""

from __future__ import annotations

import numpy as np

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.conformance.walk import Walk, difference
from prospect_env.core.state import take

DRAWS = 2000  #: copies of one match whose next step is played
SIGMAS = 6.0  #: how far a frequency may be from its probability; the draws are fixed, so this does not flicker


def executed_probabilities(walk: Walk) -> str | None:
    """`executed` gives probabilities over legal actions, each row summing to 1."""
    for moment in walk.moments[:: max(1, len(walk.moments) // 12)]:
        weights = moment.legal * (1.0 + np.arange(moment.legal.shape[2]))
        probs = weights / weights.sum(axis=2, keepdims=True)
        told = np.asarray(walk.game.executed(moment.state, probs))
        if told.shape != probs.shape:
            return f"step {moment.step}: executed gave {list(told.shape)}; it must be {list(probs.shape)}"
        acts = moment.active & moment.live[:, None]
        if (told[acts] < 0).any() or not np.allclose(told[acts].sum(axis=-1), 1.0, atol=1e-9):
            return f"step {moment.step}: the executed-action probabilities of a seat do not sum to 1"
        if (told[acts] * ~moment.legal[acts] > 0).any():
            return f"step {moment.step}: an action that is not legal has a probability of being executed"
    return None


def executed_frequencies(walk: Walk) -> str | None:
    """Actions are executed as often as `executed` says, many times over."""
    game = walk.game
    moment = walk.moments[0]
    copies = np.zeros(DRAWS, dtype=np.int64)
    state, actions = take(moment.state, copies), moment.actions[copies]
    streams = Streams.of(episode_seeds(11, DRAWS, "conformance"), game.spec.seats)
    done = np.asarray(game.step(state, actions, streams.game(moment.step)).executed)
    labels = np.arange(len(game.spec.actions))
    told = np.asarray(
        game.executed(take(moment.state, copies[:1]), (actions[:1, :, None] == labels).astype(np.float64))
    )[0]
    for seat in np.flatnonzero(moment.active[0]):
        found = (done[:, seat, None] == labels).mean(axis=0)
        allowed = SIGMAS * np.sqrt(told[seat] * (1 - told[seat]) / DRAWS) + 1e-12
        worst = int(np.argmax(np.abs(found - told[seat]) - allowed))
        if abs(found[worst] - told[seat, worst]) > allowed[worst]:
            chosen, did = game.spec.actions[actions[0, seat]], game.spec.actions[worst]
            return (
                f"seat {seat} chose {chosen!r} and executed {did!r} in {found[worst]:.3f} of {DRAWS} tries; "
                f"executed says {told[seat, worst]:.3f}"
            )
    return None


def noiseless(walk: Walk) -> str | None:
    """The `noiseless` rules play on the same states and execute every choice as chosen."""
    rules = walk.game.noiseless
    for moment in walk.moments:
        outcome = rules.step(moment.state, moment.actions, walk.streams.game(moment.step))
        acts = moment.active & moment.live[:, None]
        if (np.asarray(outcome.executed)[acts] != moment.actions[acts]).any():
            return f"step {moment.step}: the noiseless rules executed another action than was chosen"
    return None


def deterministic(walk: Walk) -> str | None:
    """Noise and ends by chance aside, a step draws no chance, unless the spec says that it does."""
    if not walk.game.spec.deterministic:
        return None
    rules = walk.game.unending
    other = Streams.of(episode_seeds(12, len(walk.moments[0].live), "conformance"), walk.game.spec.seats)
    for moment in walk.moments:
        luck = (walk.streams.game(moment.step), other.game(moment.step))
        one, two = (rules.step(moment.state, moment.actions, chance) for chance in luck)
        apart = difference(one.state, two.state) or difference(one.rewards, two.rewards)
        if apart is not None:
            return f"step {moment.step}: other chance, other outcome ({apart}); set deterministic=False in the spec"
    return None
