"""Words and deeds, in games with talk: are announcements kept, are they meant, and do they deceive?

An announcement is what a seat said in its step just before it moved; `spec.announces` says which action it names.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.episodes import Episodes
from prospect_env.metrics.cooperation import cooperative, tells
from prospect_env.metrics.metric import Case, metric, quotient
from prospect_env.metrics.steps import count, once, over, undefined

_TALK = {"announcements": True}


class Promises(NamedTuple):
    """By step `[E, T, N]`: the action that was announced for this very step (-1: none)."""

    announced: Int[np.ndarray, "E T N"]

    @property
    def made(self) -> Bool[np.ndarray, "E T N"]:
        """Whether anything was announced for this step."""
        return self.announced >= 0


@once
def promises(episodes: Episodes) -> Promises | None:
    """What was announced for each step; None in games without talk.

    What counts is the action as the seat chose it, before any noise; whatever was said last before a move is replaced
    by saying nothing.
    """
    spec = episodes.spec
    if not spec.announces:
        return None
    names = np.array([*spec.announces, -1])
    # Talking actions are those that cannot be announced: they name an action, or nothing, and are no move themselves.
    moves = np.array([*(a in spec.announces for a in range(len(spec.actions))), False])
    announced = np.full(episodes.actions.shape, -1, dtype=np.int64)
    last = np.full(episodes.actions[:, 0].shape, -1, dtype=np.int64)
    for t in range(episodes.actions.shape[1]):
        action, acts = episodes.actions[:, t], episodes.active[:, t]
        moving = acts & moves[action]
        announced[:, t] = np.where(moving, last, -1)
        last = np.where(acts & ~moving, names[action], last)
    return Promises(announced)


@metric(
    "promise_keeping",
    unit="probability",
    range=(0.0, 1.0),
    direction="higher",
    formula="P(action = announced | announced), own choice before noise",
    source="Charness and Dufwenberg 2006; Vanberg 2008",
    undefined="games without talk, or nothing was announced",
    formula_of_parts=quotient,
    high=Case("promise_keeper", "promise_keeper", parameters=_TALK),
    low=Case("promise_breaker", "promise_keeper", parameters=_TALK),
    # Says anything and does anything: right by chance half the time.
    fake=Case("random", "promise_keeper", parameters=_TALK),
)
def promise_keeping(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How often the seat did what it had said it would do."""
    said = promises(episodes)
    if said is None:
        return undefined(episodes, 2)
    kept = said.made & (episodes.actions == said.announced)
    return np.stack([count(kept), count(said.made)], axis=-1).astype(np.float64)


@metric(
    "deception",
    unit="share of cooperative announcements",
    range=(0.0, 1.0),
    direction="lower",
    formula="#{announced C, chose D, own lead-0 forecast of the others' C above .5 on average} / #{announced C}",
    source="this project: a false announcement made where it was expected to pay",
    undefined="games without talk or cooperative actions, no forecast, or no cooperation was announced",
    formula_of_parts=quotient,
    high=Case("forecasting:actor=promise_breaker,predictor=marginal", "promise_keeper", parameters=_TALK),
    low=Case("forecasting:actor=promise_keeper,predictor=marginal", "promise_keeper", parameters=_TALK),
    # Breaks its word with the same face, and would say that it expected no better of the other.
    fake=Case("forecasting:actor=promise_breaker,predictor=uniform", "promise_keeper", parameters=_TALK),
    exposed_by="promise_keeping",
)
def deception(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How often the seat announced cooperation, expected cooperation and defected."""
    said, forecast, spec = promises(episodes), episodes.forecast, episodes.spec
    if said is None or forecast is None or not tells(episodes) or spec.seats < 2:
        return undefined(episodes, 2)
    promised = said.made & cooperative(episodes, said.announced)
    nice = [spec.reaction_of[action] for action in spec.cooperative]
    parts = np.zeros((len(episodes), spec.seats, 2))
    for seat in range(spec.seats):
        own = np.maximum(episodes.actions[:, :, seat], 0)[:, :, None, None, None]
        row = np.take_along_axis(forecast[:, :, seat, 0], own, axis=2)[:, :, 0]
        others = np.delete(over(row[..., sorted(set(nice))], axis=-1), seat, axis=2)
        trusts = over(others, axis=2) / (spec.seats - 1)
        counted = promised[:, :, seat] & np.isfinite(trusts)
        broke = ~cooperative(episodes, episodes.actions[:, :, seat, None])[..., 0]
        parts[:, seat, 0] = count(counted & broke & (trusts > 0.5))
        parts[:, seat, 1] = count(counted)
    return parts


@metric(
    "announcement_consistency",
    unit="probability",
    range=(0.0, 1.0),
    direction="higher",
    formula="mean of the own lead-0 forecast that the seat itself does what it announced, at the step of the move",
    source="this project: saying and foreseeing the same of oneself",
    undefined="games without talk, no forecast, or nothing was announced",
    formula_of_parts=quotient,
    high=Case("forecasting:actor=promise_keeper,predictor=marginal", "promise_keeper", parameters=_TALK),
    low=Case("forecasting:actor=promise_breaker,predictor=marginal", "promise_keeper", parameters=_TALK),
    fake=Case("forecasting:actor=promise_keeper,predictor=uniform", "promise_keeper", parameters=_TALK),
)
def announcement_consistency(episodes: Episodes) -> Float[np.ndarray, "E N 2"]:
    """How likely the seat's own forecast had it that it would keep its word."""
    said, forecast, spec = promises(episodes), episodes.forecast, episodes.spec
    if said is None or forecast is None or spec.events:
        return undefined(episodes, 2)
    labels = np.array([*spec.reaction_of, -1])[said.announced]
    parts = np.zeros((len(episodes), spec.seats, 2))
    for seat in range(spec.seats):
        # The own row is the same for every own action.
        own = forecast[:, :, seat, 0, 0, seat]
        expected = np.take_along_axis(own, np.maximum(labels[:, :, seat], 0)[..., None], axis=-1)[..., 0]
        counted = said.made[:, :, seat] & np.isfinite(expected)
        parts[:, seat, 0] = over(np.where(counted, expected, 0.0), axis=1)
        parts[:, seat, 1] = count(counted)
    return parts
