"""Positions that a policy reaches in real play, and the same positions told with every turn of the labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from prospect_agents.language.log import Log
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.talk import Talking
from prospect_agents.language.twins import check_seat
from prospect_agents.prospective import Prospective
from prospect_env.core import position
from prospect_env.core.chance import Chance, episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_policy
from prospect_env.core.players import Players
from prospect_env.core.policy import Policy, View
from prospect_env.core.state import take
from prospect_env.core.turn import said_aloud


class Visit(NamedTuple):
    """Where some matches stand before one seat: what it remembers, sees and may draw from, and `cluster` `[B]`.

    A cluster is the number of an episode: its positions are not independent, nor are equally numbered episodes against
    other co-players, which share their luck.
    """

    memory: Log
    view: View
    chance: Chance
    cluster: Int[np.ndarray, " B"]


def asker(policy: Policy) -> LanguagePolicy:
    """What says how probable each own choice is to the model behind `policy`; raises `UnsuitablePolicy`.

    Of one that talks in its own words it is what chooses behind the words, announcements included.
    """
    if isinstance(policy, LanguagePolicy):
        return policy
    if isinstance(policy, Talking):
        return asker(policy.inner)
    if isinstance(policy, Prospective) and isinstance(policy.predictor, LanguagePredictor):
        return LanguagePolicy(policy.predictor, "direct")
    raise UnsuitablePolicy(f"{policy.name or type(policy).__name__} has no language model that can be asked to choose")


def visits(
    policy: Policy,
    game: Game,
    other: str | Policy,
    episodes: Int[np.ndarray, " E"],
    seed: int = 0,
    steps: Collection[int] | None = None,
    seat: int = 0,
) -> Iterator[Visit]:
    """The positions in which `policy` chooses at `seat`, with `other` in all other seats; one visit a step.

    Equally numbered episodes have equal luck, whatever is played. `steps` are the ones to stop at (from 0; by default
    all). Raises `BadParameter` for a step that the game never reaches and for a seat that there is not, before anything
    is played.
    """
    check_seat(game, seat)
    _check_steps(game, steps)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise BadParameter(f"seed is {seed!r}; it must be a whole number")
    everybody = {one: policy if one == seat else make_policy(other) for one in range(game.spec.seats)}
    return _visits(Players(game, everybody), seat, episodes, seed, steps)


def _visits(
    players: Players, seat: int, episodes: Int[np.ndarray, " E"], seed: int, steps: Collection[int] | None
) -> Iterator[Visit]:
    game = players.game
    at = players.begin(episode_seeds(seed, episodes), episodes)
    for step in range(game.spec.horizon):
        now = position.active(game, at)
        if not now.any():
            return
        rows = np.flatnonzero(now[:, seat])
        if len(rows) and (steps is None or step in steps):
            seen, luck = position.view(game, at, seat, now), position.chance(at, seat)
            yield Visit(take(at.memories[seat], rows), take(seen, rows), take(luck, rows), episodes[rows])
        turn = players.turn(at, now)
        actions = np.full(now.shape, -1, dtype=np.int8)
        for one, decision in turn.decisions.items():
            actions[:, one] = np.where(now[:, one], decision.action, -1)
        at, _ = players.advance(game, at, actions, now, messages=said_aloud(game, turn))


def _check_steps(game: Game, steps: Collection[int] | None) -> None:
    """Raises `BadParameter` unless there are steps to stop at, all of them of the game."""
    spec = game.spec
    allowed = f"{spec.name} has steps 0 to {spec.horizon - 1}"
    if steps is None:
        return
    if isinstance(steps, str) or not isinstance(steps, Collection) or len(steps) == 0:
        raise BadParameter(f"steps is {steps!r}; it must be None or a list of one or more; {allowed}")
    for step in steps:
        if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step < spec.horizon:
            raise BadParameter(f"steps has {step!r}; {allowed}")


def turned(visit: Visit, turns: int) -> Visit:
    """Each position `turns` times, side by side, by match numbers that turn labels or options 0, 1, ... places."""
    rows = np.repeat(np.arange(len(visit.cluster)), turns)
    match = visit.view.match[rows] * turns + np.tile(np.arange(turns), len(visit.cluster))
    view = replace(take(visit.view, rows), match=match)
    return Visit(take(visit.memory, rows), view, take(visit.chance, rows), visit.cluster[rows])
