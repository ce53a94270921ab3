"""What mode `scot` writes before its question: the likeliest of what is foreseen of the others, as notes.

Of a seat that chooses in this very step it is written what it will do now: lead 0, which no own action can change. Of
one that acts only later, as in games by turns, it is written for each own action what it will then do: lead 1, the
reaction. Who acts when is looked up in the rules, so that rows of a forecast which mean nothing are never written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.language.asked import Note
from prospect_agents.language.questions import Row, everybody, possible
from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import normalised
from prospect_env.core.policy import View
from prospect_env.core.ties import SEVERAL, sole


class _Later(NamedTuple):
    """By own action: which seats act later, `[B, A, N]`, and what reactions the rules then allow, `[B, A, N, R]`."""

    acts: Bool[np.ndarray, "B A N"]
    can: Bool[np.ndarray, "B A N R"]


def noted(asked: Sequence[Row], view: View, chance: Chance, probs: Float[np.ndarray, "B L A N R"]) -> list[Row]:
    """Each question with notes on every other seat, in the order of seats and own actions; ties say nothing.

    `probs` is the forecast that is written, the own or whatever is fed in its place.
    """
    spec = view.game.spec
    now, legal = everybody(view, chance)
    # Of what the rules allow now, the reactions; of events, which only the rules could tell apart, any.
    anything = np.ones((*now.shape, len(spec.reactions)), dtype=bool)
    shown = anything if spec.events else spec.reactions_from(legal.astype(np.float64)) > 0
    others = np.arange(spec.seats) != view.seat
    waiting = (others & ~now)[view.active].any()
    later = _Later(*possible(view, chance)) if waiting else None
    found = []
    for row in asked:
        notes: list[Note] = []
        for about in map(int, np.flatnonzero(others)):
            if now[row.row, about]:
                notes += _moves(row.row, about, view, probs, np.flatnonzero(shown[row.row, about]))
            elif later is not None:
                notes += _reactions(row.row, about, view, probs, later)
        found.append(row._replace(asked=replace(row.asked, notes=tuple(notes))))
    return found


def _moves(
    row: int, about: int, view: View, probs: Float[np.ndarray, "B L A N R"], options: Int[np.ndarray, " K"]
) -> list[Note]:
    """What a seat will most likely do in this step, among what it may."""
    # Rows of the tensor may differ by own action; the choice is still to be made, so all legal ones count alike.
    weights = normalised(view.legal[row].astype(np.float64))[:, None]
    said = short_sum(weights * probs[row, 0, :, about], axis=0)
    return _likeliest(about, said, options)


def _reactions(row: int, about: int, view: View, probs: Float[np.ndarray, "B L A N R"], later: _Later) -> list[Note]:
    """What a seat will most likely do first after each own action, among what it then may."""
    found = []
    for given in map(int, np.flatnonzero(view.legal[row] & later.acts[row, :, about])):
        options = np.flatnonzero(later.can[row, given, about])
        found += _likeliest(about, probs[row, 1, given, about], options, given)
    return found


def _likeliest(
    about: int, said: Float[np.ndarray, " R"], options: Int[np.ndarray, " K"], given: int | None = None
) -> list[Note]:
    """A note of the likeliest of these reactions, unless several are."""
    found = int(sole(said[options]))
    return [] if found == SEVERAL else [Note(about, int(options[found]), tuple(map(int, options)), given=given)]
