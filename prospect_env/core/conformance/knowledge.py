"""Checks of what seats know: hiding, believing, and observations that give nothing else away."""

from __future__ import annotations

import numpy as np

from prospect_env.core.conformance.walk import Moment, Walk, difference
from prospect_env.core.game import State

BELIEFS = 3  #: draws of what a seat believes, per state


def hide_believe(walk: Walk) -> str | None:
    """What a seat knows of any state it believes in is what it knew: hide(believe(hide(s))) == hide(s)."""
    game = walk.game
    for moment, seat, known, believed in _beliefs(walk):
        wrong = difference(game.hide(believed, seat), known)
        if wrong:
            return f"step {moment.step}: after hide, believe and hide, seat {seat} knows something else: {wrong}"
        if game.spec.perfect_information:
            wrong = difference(believed, moment.state)
            if wrong:
                return f"step {moment.step}: information is perfect, but seat {seat} believes in another state: {wrong}"
    return None


def observation_of_known(walk: Walk) -> str | None:
    """A seat's observation is the same in every state it holds possible."""
    game = walk.game
    for moment, seat, _, believed in _beliefs(walk):
        if not np.array_equal(game.observe(believed)[:, seat], game.observe(moment.state)[:, seat]):
            return f"step {moment.step}: what seat {seat} observes depends on something it does not know"
    return None


def legal_of_known(walk: Walk) -> str | None:
    """A seat knows its own legal actions and whether it is to act, and steps from believed states work."""
    game = walk.game
    for moment, seat, _, believed in _beliefs(walk):
        if not np.array_equal(game.legal(believed)[:, seat], moment.legal[:, seat]):
            return f"step {moment.step}: the legal actions of seat {seat} depend on something it does not know"
        if not np.array_equal(game.active(believed)[:, seat], moment.active[:, seat]):
            return f"step {moment.step}: whether seat {seat} is to act depends on something it does not know"
        actions = walk.choices(game.legal(believed), game.active(believed), moment.step)
        game.step(believed, actions, walk.streams.game(moment.step).imagine())
    return None


def _beliefs(walk: Walk) -> list[tuple[Moment, int, State, State]]:
    """Draws of what each seat believes at some of the moments of a walk."""
    game = walk.game
    picked = walk.moments[:: max(1, len(walk.moments) // 12)]
    draws = 1 if game.spec.perfect_information else BELIEFS
    made = []
    for moment in picked:
        for seat in range(game.spec.seats):
            known = game.hide(moment.state, seat)
            for draw in range(draws):
                luck = walk.streams.seat(seat, moment.step).imagine(draw)
                made.append((moment, seat, known, game.believe(known, seat, luck)))
    return made
