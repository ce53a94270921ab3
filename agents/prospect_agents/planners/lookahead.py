"""Expected-utility planners: one step, two by the tensor alone, and deeper by asking the forecaster itself.

With a depth of 1, Q(a) is the expected reward now under lead 0. With 2, the discounted value of what lead 1 says
follows is added: the best own action next, against the reactions forecast for `a`. Deeper planners ask the forecast's
source about hypothetical continuations (expectimax), so that what is fed to them replaces the source too. Where
reactions are coarser than actions no payoff follows from the tensor, and all planners ask.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from prospect_agents.planners.planner import Planner
from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.expand import SAMPLES, Expansion, Fan, Source, expand, own_executed
from prospect_env.core.forecast import Forecast, normalised, softmax
from prospect_env.core.foresee import Rules
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision, View
from prospect_env.core.position import Position, active
from prospect_env.core.ties import largest
from prospect_env.core.unfold import abreast, thoughts

DRAWS = 8  #: of the others' choices, at nodes of a plan where these are too many to list


class LookAhead(Planner):
    """Looks `depth` own choices ahead with `discount` a step; `temperature` 0 takes the best (ties: equal shares)."""

    def __init__(self, depth: int = 2, discount: float = 0.95, temperature: float = 0.0) -> None:
        if not isinstance(depth, int) or not 1 <= depth <= 8:
            raise BadParameter(f"depth is {depth!r}; it may be 1 to 8")
        if not 0 <= discount <= 1:
            raise BadParameter(f"discount is {discount!r}; it may be between 0 and 1")
        if not temperature >= 0:
            raise BadParameter(f"temperature is {temperature!r}; it may be 0 or more")
        self.depth, self.discount, self.temperature = depth, discount, temperature

    def decide(self, view: View, chance: Chance, forecast: Forecast) -> Decision:
        values = self.values(view, chance, forecast)
        return choose(values, view.legal, chance, self.temperature)

    def values(self, view: View, chance: Chance, forecast: Forecast) -> Float[np.ndarray, "B A"]:
        """Q `[B, A]`; illegal actions have the least value of their row."""
        if self.depth <= 2 and view.game.spec.reactions_are_actions:
            q = [self._read(node, view, forecast) for node in thoughts(view, chance, {})]
        elif forecast.asking is not None:
            asking = forecast.asking
            # Many thoughts share the draws that a single one would take; a plan from one chooses at every node, and the
            # best of a single draw would be luck.
            limit = max(SAMPLES // DRAWS, len(asking.nodes))
            q = []
            for some in abreast(asking.nodes):
                found = self._ask(asking.source, some.node, asking.now(some), view.seat, self.depth, some.fan, limit)
                q += np.split(found, len(some.numbers))
        elif self.depth > 2:
            raise UnsuitablePolicy(f"a look-ahead of {self.depth} needs a forecaster that can be asked on; 2 does not")
        else:
            name = view.game.spec.name
            raise UnsuitablePolicy(f"reactions of {name} are coarser than actions: its forecaster must be one to ask")
        return _masked(np.mean(q, axis=0), view.legal)

    def _read(self, node: Position, view: View, forecast: Forecast) -> NDArray[np.float64]:
        """Q `[B, A]` from the tensor alone: row `a` of each lead is what is said to follow from `a`."""
        game, seat, rules = view.game, view.seat, Rules(view.game)
        own = own_executed(game, node, seat)
        q = np.zeros(own.shape[:2])
        for action in range(own.shape[1]):
            now = _lawful(game, node, forecast.probs[:, 0, action])
            now[:, seat] = own[:, action]
            step = expand(rules, node, now, active(game, node), keep=seat)
            value = step.outcome.rewards[:, seat].astype(np.float64)
            if self.depth == 2:
                value = value + self._onward(game, step) * self._next(rules, step, seat, forecast.probs[:, 1, action])
            taken = own[:, action] > 0
            q[:, action] = short_sum(own[:, action] * np.where(taken, step.expected(value), 0.0))
        return q

    def _next(
        self, rules: Rules, step: Expansion, seat: int, reactions: Float[np.ndarray, "B N R"]
    ) -> NDArray[np.float64]:
        """The best own choice after each continuation, against these reactions, `[K]`."""
        game, after = rules.game, step.after
        own = own_executed(game, after, seat)
        said = _lawful(game, after, reactions[step.rows])
        then = _expand(rules, after, seat, said, own, _fewer(step.fan, SAMPLES // DRAWS))
        q = then.by_choice(then.outcome.rewards[:, seat], own)
        return _best(q, game.legal(after.state)[:, seat])

    def _ask(
        self,
        source: Source,
        node: Position,
        said: Float[np.ndarray, "B N A"],
        seat: int,
        depth: int,
        fan: Fan,
        limit: int,
    ) -> NDArray[np.float64]:
        """Expectimax Q `[B, A]`: the source has `said` how all act here, and is asked in every continuation."""
        game = source.game
        own = own_executed(game, node, seat)
        step = _expand(source, node, seat, np.asarray(said, dtype=np.float64), own, fan)
        value = step.outcome.rewards[:, seat].astype(np.float64)
        onward = self._onward(game, step)
        if depth > 1 and onward.any():
            then = source.probs(step.after)
            later = self._ask(source, step.after, then, seat, depth - 1, _fewer(step.fan, limit), limit)
            value = value + onward * _best(later, game.legal(step.after.state)[:, seat])
        return step.by_choice(value, own)

    def _onward(self, game: Game, step: Expansion) -> NDArray[np.float64]:
        """What a unit of payoff in the next step is worth now, `[K]`: nothing where the match is over."""
        going = active(game, step.after).any(axis=1)
        return self.discount * np.where(step.outcome.round_end, game.continuation, 1.0) * going


class Myopic(LookAhead):
    """Expected reward of this step alone."""

    def __init__(self, temperature: float = 0.0) -> None:
        super().__init__(depth=1, discount=0.0, temperature=temperature)


class Softmax(LookAhead):
    """Look-ahead that chooses with probability proportional to exp(Q / temperature)."""

    def __init__(self, temperature: float = 1.0, depth: int = 2, discount: float = 0.95) -> None:
        if not temperature > 0:
            raise BadParameter(f"temperature is {temperature!r}; it must be above 0")
        super().__init__(depth, discount, temperature)


def _expand(
    source: Source,
    node: Position,
    seat: int,
    said: NDArray[np.float64],
    own: Float[np.ndarray, "B A A"],
    fan: Fan,
) -> Expansion:
    """Every lawful continuation of `node`: own actions are enumerated, executed as in `own`, whatever is `said`."""
    support = _lawful(source.game, node, said)
    support[:, seat] = own.max(axis=1) > 0
    return expand(source, node, support, active(source.game, node), keep=seat, fan=fan)


def _fewer(fan: Fan, limit: int) -> Fan:
    """The fan counted as `limit` at most, so that every node is continued by some draws of its own."""
    return Fan(np.minimum(fan.size, limit), fan.number)


def _lawful(game: Game, node: Position, said: Float[np.ndarray, "B N A"]) -> NDArray[np.float64]:
    """What is said of everybody's actions, without those that the rules forbid."""
    legal = game.legal(node.state)
    return normalised(said * legal, normalised(legal.astype(np.float64)))


def _best(q: NDArray[np.float64], legal: Bool[np.ndarray, "B A"]) -> NDArray[np.float64]:
    return np.asarray(np.where(legal, q, -np.inf).max(axis=1))


def _masked(q: NDArray[np.float64], legal: Bool[np.ndarray, "B A"]) -> NDArray[np.float64]:
    worst = np.where(legal, q, np.inf).min(axis=1, keepdims=True)
    return np.where(legal, q, worst)


def choose(
    values: Float[np.ndarray, "B A"], legal: Bool[np.ndarray, "B A"], chance: Chance, temperature: float
) -> Decision:
    """The choice by these values: the best with equal shares among ties, or a softmax at this temperature."""
    if temperature > 0:
        probs = softmax(np.where(legal, values / temperature, -np.inf))
    else:
        best = legal & largest(np.where(legal, values, -np.inf))
        probs = best / best.sum(axis=1, keepdims=True)
    return Decision(chance.categorical("action", probs), probs, values)
