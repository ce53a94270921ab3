"""Strategies that think a number of steps ahead: about everybody's first guess, or about everybody's last choice.

Both answer by what a round pays; they do not look at later rounds, nor reckon with trembles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.equilibrium import TIE, action_values
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.games.beauty_contest import BeautyContest
from prospect_env.games.modifier import Modifier
from prospect_env.games.repeated import Repeated

DEEPEST = 100  #: steps of thinking


@dataclass(frozen=True)
class Thought:
    """What it does by itself, the same in all matches, as probabilities `[B, A]`."""

    probs: Float[np.ndarray, "B A"]


class LevelK(Policy):
    """Best answer to others who think one step less than `k`; with 0 steps every action is equally likely.

    It answers the first guess in every round, whatever happened (Stahl and Wilson 1995; Costa-Gomes and Crawford 2006).
    Exact, by enumerating what the others may do; equally good answers are equally likely. In the beauty contest the
    answer is the guess nearest to `fraction` times the mean of what others are expected to guess (Nagel 1995), one's
    own share in the mean neglected. With probability `noise` it does anything at all.
    """

    def __init__(self, k: int = 1, noise: float = 0.0) -> None:
        self.k, self.noise = _depth(k, 0), _noise(noise)

    def begin(self, table: Table) -> Thought:
        _require_stage(table.game, self.name or "level_k")
        try:
            probs = level(table.game, self.k)[table.seat]
        except BadParameter as error:
            raise UnsuitablePolicy(f"{self.name or 'level_k'} cannot think this through: {error}") from error
        return Thought(np.repeat(probs[None], table.matches, axis=0))

    def decide(self, memory: Thought, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return _trembling(memory.probs, self.noise, view, chance)


@lru_cache(maxsize=256)
def level(game: Game, k: int) -> Float[np.ndarray, "N A"]:
    """What every seat does at level `k`, as probabilities; seats that the rules do not tell apart do alike.

    Raises `BadParameter` if the others may do too many things together to enumerate them.
    """
    if k == 0:
        profile = normalised(_stage(game).options.astype(np.float64))
    else:
        below = level(game, k - 1)
        profile = np.empty_like(below)
        grouped = {seat: min(group) for group in game.spec.interchangeable for seat in group}
        for seat in range(len(profile)):
            first = grouped.get(seat, seat)
            profile[seat] = profile[first] if first < seat else _answer(game, below, seat)
    profile.setflags(write=False)
    return profile


def _answer(game: Game, profile: Float[np.ndarray, "N A"], seat: int) -> Float[np.ndarray, " A"]:
    """The best answers of `seat` to what the others do, equally likely."""
    stage = _stage(game)
    if isinstance(stage, BeautyContest):
        means = (profile * np.arange(profile.shape[1])).sum(axis=1)
        return one_hot(_guess(stage, np.delete(means, seat).mean(keepdims=True)), profile.shape[1])[0]
    return normalised(_best(game, action_values(game, profile, seat)).astype(np.float64))


@dataclass(frozen=True)
class Seen:
    """Everybody's last choice, Int8 `[B, N]` (-1: not seen yet)."""

    last: Int[np.ndarray, "B N"]


class BestReplyDynamics(Policy):
    """Best answer to what the others did last, taking them to do it again (Cournot 1838).

    With `k` above 1 it takes everybody to answer the last choices in this way, and answers that, and so on: level `k`
    from where things stand (Nagel 1995). Of equally good answers it keeps to its last choice, or else takes the first.
    Before everybody was seen to choose, and with probability `noise`, it does anything at all. In the beauty contest it
    answers as `level_k` does.
    """

    def __init__(self, k: int = 1, noise: float = 0.0) -> None:
        self.k, self.noise = _depth(k, 1), _noise(noise)

    def begin(self, table: Table) -> Seen:
        _require_stage(table.game, self.name or "best_reply_dynamics")
        return Seen(np.full((table.matches, table.game.spec.seats), -1, dtype=np.int8))

    def decide(self, memory: Seen, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        joint = np.maximum(memory.last, 0).astype(np.int64)
        for _ in range(self.k - 1):
            joint = np.stack([_reply(view.game, joint, seat, chance) for seat in range(joint.shape[1])], axis=1)
        # Others who are `k - 1` steps on are answered by one who stands where he stood.
        joint[:, view.seat] = np.maximum(memory.last[:, view.seat], 0)
        reply = one_hot(_reply(view.game, joint, view.seat, chance), view.legal.shape[1])
        anything = normalised(view.legal.astype(np.float64))
        known = np.all(memory.last >= 0, axis=1, keepdims=True)
        return _trembling(np.where(known, reply, anything), self.noise, view, chance)

    def observe(self, memory: Seen, event: Event) -> Seen:
        return replace(memory, last=np.where(event.seen >= 0, event.seen, memory.last).astype(np.int8))


def _reply(game: Game, joint: Int[np.ndarray, "B N"], seat: int, chance: Chance) -> Int[np.ndarray, " B"]:
    """The best answer of `seat` to the others' part of `joint`; its own part, if that is as good as any."""
    stage, batch = _stage(game), np.arange(len(joint))
    if isinstance(stage, BeautyContest):
        return _guess(stage, np.delete(joint, seat, axis=1).sum(axis=1) / (joint.shape[1] - 1))
    rules, thought = game.unending, chance.imagine()
    start = rules.initial(len(joint), thought)
    values = np.full((len(joint), len(game.spec.actions)), np.nan)
    for action in np.flatnonzero(stage.options[seat]):
        tried = joint.copy()
        tried[:, seat] = action
        values[:, action] = rules.step(start, tried, thought).rewards[:, seat]
    best = _best(game, values)
    return np.where(best[batch, joint[:, seat]], joint[:, seat], np.argmax(best, axis=1))


def _best(game: Game, values: Float[np.ndarray, "... A"]) -> Bool[np.ndarray, "... A"]:
    """Which actions are worth most, payoffs being float32; nan where an action is not legal."""
    tie = TIE * max(1.0, *map(abs, game.spec.payoff_bounds))
    return np.asarray(np.nan_to_num(values, nan=-np.inf) >= np.nanmax(values, axis=-1, keepdims=True) - tie)


def _guess(stage: BeautyContest, mean: Float[np.ndarray, " B"]) -> Int[np.ndarray, " B"]:
    """The guess nearest to the fraction of the others' mean."""
    return np.rint(stage.fraction * mean).astype(np.int64)


def _trembling(probs: Float[np.ndarray, "B A"], noise: float, view: View, chance: Chance) -> Decision:
    """`probs`, but with probability `noise` any legal action; index 0 in matches that are over."""
    anything = normalised(view.legal.astype(np.float64))
    mixed = normalised(((1.0 - noise) * probs + noise * anything) * view.legal, anything)
    return Decision(chance.categorical("action", mixed), mixed)


def _stage(game: Game) -> Repeated:
    """The repeated game that `game` is, under modifiers that leave its choices as they are."""
    rules = game
    while isinstance(rules, Modifier):
        rules = rules.inner
    if not isinstance(rules, Repeated) or rules.spec.actions != game.spec.actions:
        raise UnsuitablePolicy(f"{game.spec.name} is no repeated game of simultaneous choices, as thinking ahead needs")
    return rules


def _require_stage(game: Game, who: str) -> None:
    """Raise `UnsuitablePolicy` where `who` cannot think ahead."""
    try:
        _stage(game)
    except UnsuitablePolicy as error:
        raise UnsuitablePolicy(f"{who} cannot play: {error}") from error


def _depth(k: object, least: int) -> int:
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not least <= k <= DEEPEST:
        raise BadParameter(f"k is {k!r}; it must be a whole number, {least} to {DEEPEST}")
    return int(k)


def _noise(noise: float) -> float:
    if not 0 <= noise <= 1:
        raise BadParameter(f"noise is {noise!r}; it must be between 0 and 1")
    return float(noise)
