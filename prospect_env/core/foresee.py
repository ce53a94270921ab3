"""`foreseen_rewards`: what a forecast says everybody will be paid in this step, for each own action.

It is the forecast put into payoffs: what harm a seat foresaw, and what it could have foreseen instead, is read off it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.expand import Source, expand, own_executed
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game, Outcome
from prospect_env.core.policy import View
from prospect_env.core.position import Position, active, advance
from prospect_env.core.state import take
from prospect_env.core.unfold import abreast, thoughts


@dataclass(frozen=True)
class Rules(Source):
    """Steps through the rules with nobody watching: how others act is said by somebody else."""

    game: Game

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        raise UnsuitablePolicy("the rules do not say how anybody acts")

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        return advance(self.game.unending, node, executed, {}, now)


def foreseen_rewards(seen: View, luck: Chance, forecast: Forecast) -> Float[np.ndarray, "B A N"]:
    """Every seat's expected payoff in this step under each own action, others as `forecast` has them at lead 0.

    Nan in rows of illegal own actions, and everywhere if reactions are coarser than actions and the forecaster cannot
    be asked. Where not everything is known it is an average over thoughts, never over what is hidden.
    """
    spec, asking = seen.game.spec, forecast.asking
    nodes = thoughts(seen, luck, {})
    if spec.reactions_are_actions:
        told = [forecast.probs[:, 0].astype(np.float64)]
    elif asking is not None:
        said = [part for some in abreast(asking.nodes) for part in np.split(asking.now(some), len(some.numbers))]
        told = [np.repeat(part[:, None], len(spec.actions), axis=1) for part in said]
    else:
        return np.full((len(seen.active), len(spec.actions), spec.seats), np.nan)
    found = []
    for some in abreast(nodes):
        others = np.concatenate([told[number % len(told)] for number in some.numbers])
        found += np.split(_paid(seen, some.node, others), len(some.numbers))
    return np.mean(found, axis=0)


def _paid(seen: View, node: Position, said: Float[np.ndarray, "B A N A"]) -> Float[np.ndarray, "B A N"]:
    """Every seat's expected payoff at `node` under each own action, where others act as is `said` for it."""
    game, spec, seat = seen.game, seen.game.spec, seen.seat
    batch, actions = len(node.over), len(spec.actions)
    result = np.full((batch, actions, spec.seats), np.nan)
    legal, now = game.legal(node.state), active(game, node)
    # A forecast may put weight on what the rules forbid; no game is stepped with that.
    said = normalised(said * legal[:, None], np.broadcast_to(normalised(legal.astype(np.float64))[:, None], said.shape))
    said[:, :, seat] = own_executed(game, node, seat) * legal[:, seat, :, None]
    # One row a (match, own action), since what is forecast of others may differ by own action.
    rows = np.repeat(np.arange(batch), actions)
    step = expand(Rules(game), take(node, rows), said.reshape(batch * actions, spec.seats, actions), now[rows])
    paid = step.expected(step.outcome.rewards.astype(np.float64))[:, 0].reshape(result.shape)
    np.copyto(result, paid, where=legal[:, seat, :, None])
    return result
