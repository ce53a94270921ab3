"""Which questions a forecast is made of: about this step alone, to be rolled forward, or about every row of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_agents.language.asked import Asked
from prospect_env.core.baselines import Uniform, lawful
from prospect_env.core.chance import Chance
from prospect_env.core.forecast import normalised
from prospect_env.core.game import GameSpec, State
from prospect_env.core.policy import View
from prospect_env.core.unfold import PredictorSource, thoughts, unfold_all
from prospect_env.games.gridworld import window_of

FEW = 16  #: joint choices of a step up to which a forecast is rolled forward


class Row(NamedTuple):
    """A question about the match at number `row` of a batch."""

    row: int
    asked: Asked

    def purpose(self, seat: int) -> str:
        """What the question is for, in a word of the record."""
        if self.asked.about == seat:
            return "own forecast"
        return "other's choice" if self.asked.given is None else "other's reaction"


class Choice(Row):
    """A question by which the seat chooses, in the words in which it is asked to foresee what it will choose."""

    __slots__ = ()

    def purpose(self, seat: int) -> str:
        return "own choice"


def rolled(spec: GameSpec) -> bool:
    """Whether a step of the game has so few joint choices that it is rolled forward; events are always asked for."""
    return not spec.events and len(spec.actions) ** spec.seats <= FEW


def standing(view: View) -> list[dict[str, Any]]:
    """How things stand in each match, as its seat knows and sees it, in the words of `Asked`."""
    found = view.game.situation(view.known, view.seat)
    batch = len(view.active)
    stands = [
        {"situation": tuple((name, float(values[row])) for name, values in found.items())} for row in range(batch)
    ]
    if window_of(view.game, np.zeros(view.game.spec.observation_size)) is None:
        return stands
    seen = view.game.observe(view.known)[:, view.seat]
    return [{**stand, "sight": window_of(view.game, seen[row])} for row, stand in enumerate(stands)]


def own_choices(view: View) -> list[Row]:
    """What will you do?, in every match in which the seat chooses."""
    stands = standing(view)
    return [
        Choice(row, Asked(view.seat, _options(view.legal[row]), now=(view.seat,), **stands[row]))
        for row in map(int, np.flatnonzero(view.active))
    ]


def about_now(view: View, chance: Chance) -> list[Row]:
    """What will each seat do in this step? The own seat is asked about in matches that stand there once.

    Hypothetical continuations come several to a match. There the own action is enumerated, never predicted.
    """
    several = bool(np.bincount(np.unique(view.match, return_inverse=True)[1]).max() > 1)
    active, legal = everybody(view, chance)
    stands = standing(view)
    asked = []
    for row in range(len(view.active)):
        now = tuple(map(int, np.flatnonzero(active[row])))
        asked += [
            Row(row, Asked(about, _options(legal[row, about]), now=now, **stands[row]))
            for about in now
            if not (several and about == view.seat)
        ]
    return asked


def stepwise(
    view: View, chance: Chance, asked: Sequence[Row], answers: Sequence[NDArray[np.float64]]
) -> Float[np.ndarray, "B N A"]:
    """Answers about this step as probabilities of everybody's executed actions.

    Of others it is asked what they will be seen to do, of oneself what one will choose, as the choice itself is.
    """
    spec = view.game.spec
    probs = np.ones((len(view.active), spec.seats, len(spec.actions)))
    for (row, question), answer in zip(asked, answers, strict=True):
        probs[row, question.about] = 0.0
        probs[row, question.about, list(question.options)] = answer
    said = lawful(view, probs)
    said[:, view.seat] = own_executed(view, chance, said[:, view.seat])
    return said


def own_executed(view: View, chance: Chance, chosen: Float[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
    """The distribution of what the seat does where it chooses by `chosen`: hands may tremble."""
    game = view.game
    if game.noiseless == game:
        return chosen
    acting = np.repeat(view.legal[:, None].astype(np.float64), game.spec.seats, axis=1)
    acting[:, view.seat] = chosen
    done = game.executed(_supposed(view, chance), acting)[:, view.seat]
    return np.where(view.active[:, None], done, chosen)


def stated_rows(view: View, chance: Chance) -> list[Row]:
    """What will each seat do now, and what first after each own action? As far as the rules let it act at all.

    Of this step it asks for actions, or for events where these are the reactions; later, for reactions. What is
    foreseen of oneself is the own choice alone.
    """
    spec, seat = view.game.spec, view.seat
    active, legal = everybody(view, chance)
    acts, can = possible(view, chance)
    stands = standing(view)
    asked = []
    for row in map(int, np.flatnonzero(view.active)):
        now = tuple(map(int, np.flatnonzero(active[row])))
        for about in now:
            events = spec.events and about != seat
            options = tuple(range(len(spec.reactions))) if events else _options(legal[row, about])
            asked.append(Row(row, Asked(about, options, reactions=events, now=now, **stands[row])))
        for given in map(int, np.flatnonzero(view.legal[row])):
            for about in range(spec.seats):
                if about != seat and acts[row, given, about]:
                    options = _options(can[row, given, about])
                    asked.append(Row(row, Asked(about, options, given, True, now, **stands[row])))
    return asked


def tensor(
    view: View, chance: Chance, asked: Sequence[Row], answers: Sequence[NDArray[np.float64]]
) -> Float[np.ndarray, "B L A N R"]:
    """Answers about every row as a forecast of executed reactions; rows that were not asked about are uniform."""
    spec = view.game.spec
    probs = np.full((len(view.active), *spec.forecast_shape), 1.0 / len(spec.reactions))
    own = view.legal.astype(np.float64)
    for (row, question), answer in zip(asked, answers, strict=True):
        said = np.zeros(len(spec.reactions) if question.reactions else len(spec.actions))
        said[list(question.options)] = answer
        if question.about == view.seat:
            own[row] = said
            continue
        label = said if question.reactions else spec.reactions_from(said)
        if question.given is None:
            probs[row, 0, :, question.about] = label
        else:
            probs[row, 1, question.given, question.about] = label
    # A prediction of one's own move says nothing of the events it will bring.
    if not spec.events:
        done = spec.reactions_from(own_executed(view, chance, normalised(own)))
        probs[:, 0, :, view.seat] = np.where(view.active[:, None], done, probs[:, 0, 0, view.seat])[:, None]
    return normalised(probs)


def _options(allowed: Bool[np.ndarray, " K"]) -> tuple[int, ...]:
    return tuple(map(int, np.flatnonzero(allowed)))


def everybody(view: View, chance: Chance) -> tuple[Bool[np.ndarray, "B N"], Bool[np.ndarray, "B N A"]]:
    """Who chooses now and among what, as far as the seat knows: hidden things are drawn from what it believes."""
    state = _supposed(view, chance)
    return view.game.active(state), view.game.legal(state)


def _supposed(view: View, chance: Chance) -> State:
    """Where things stand, as far as the seat knows."""
    game = view.game
    return view.known if game.spec.perfect_information else game.believe(view.known, view.seat, chance.imagine())


def possible(view: View, chance: Chance) -> tuple[Bool[np.ndarray, "B A N"], Bool[np.ndarray, "B A N R"]]:
    """Whether each seat acts again after each own action, and what reactions the rules then allow it."""
    game, spec = view.game, view.game.spec
    if spec.events:
        # Anything may come of what comes next, and only the rules could tell what cannot.
        shape = (len(view.active), len(spec.actions), spec.seats, len(spec.reactions))
        return np.ones(shape[:-1], dtype=bool), np.ones(shape, dtype=bool)
    anybody = unfold_all(
        PredictorSource(game, Uniform(), view.seat), thoughts(view, chance, {"predictor": None}), view.seat
    )
    return anybody.mask[:, 1], anybody.attainable[:, 1]
