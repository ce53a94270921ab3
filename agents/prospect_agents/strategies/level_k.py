"""Strategies that think a number of steps ahead: about everybody's first guess, or about everybody's last choice.

Both answer by what a round pays; they do not look at later rounds, nor reckon with trembles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.strategies.constant import one_hot
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.games.beauty_contest import BeautyContest
from prospect_env.games.levels import best_of, guess, level, stage_of

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
    stage, batch = stage_of(game), np.arange(len(joint))
    if isinstance(stage, BeautyContest):
        return guess(stage, np.delete(joint, seat, axis=1).sum(axis=1) / (joint.shape[1] - 1))
    rules, thought = game.unending, chance.imagine()
    start = rules.initial(len(joint), thought)
    values = np.full((len(joint), len(game.spec.actions)), np.nan)
    for action in np.flatnonzero(stage.options[seat]):
        tried = joint.copy()
        tried[:, seat] = action
        values[:, action] = rules.step(start, tried, thought).rewards[:, seat]
    best = best_of(game, values)
    return np.where(best[batch, joint[:, seat]], joint[:, seat], np.argmax(best, axis=1))


def _trembling(probs: Float[np.ndarray, "B A"], noise: float, view: View, chance: Chance) -> Decision:
    """`probs`, but with probability `noise` any legal action; index 0 in matches that are over."""
    anything = normalised(view.legal.astype(np.float64))
    mixed = normalised(((1.0 - noise) * probs + noise * anything) * view.legal, anything)
    return Decision(chance.categorical("action", mixed), mixed)


def _require_stage(game: Game, who: str) -> None:
    """Raise `UnsuitablePolicy` where `who` cannot think ahead."""
    try:
        stage_of(game)
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
