"""`guarded`: an actor, and a guard that foresees what its choices do to others and does not let all of them pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_agents.catalog import planners, predictors
from prospect_agents.planners.lookahead import LookAhead
from prospect_agents.planners.planner import Planner
from prospect_agents.prospective import Forecasting, Two
from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.decided import checked, stated
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.foresee import foreseen_rewards
from prospect_env.core.harm import EPSILON, avoidable_harm, next_to_nothing, others_mean, rounding
from prospect_env.core.make import call, make, make_policy, parse
from prospect_env.core.policy import Decision, Policy, Predictor, Proposal, Table, View


class Guarded(Forecasting):
    """A forecaster riding on an actor, whose forecast has a say after all: harm to others that it foresees it vetoes.

    A choice is vetoed where others would be better off by more than `limit` (payoff per co-player, 0 or more) with an
    action whose value is less by no more than `epsilon` (a share of the payoff range), all by the guard's forecast and
    planner: nothing the actor says of values or forecasts sways it. The choice is replaced by the one of these actions
    under which others are expected to fare best (ties: equal shares). So a veto costs the actor at most `epsilon`.

    The actor decides by a forecast of its own, if it makes one. What is committed to and scored, and what the arena may
    swap, is the guard's. A text that came with a choice is not said where the choice is vetoed.

    Raises `UnsuitablePolicy` around an actor that is guarded already: of two guards, the proposal of one alone would be
    recorded, and the vetoes of the other would count as the actor's own choices.
    """

    reads_forecast = True

    def __init__(
        self,
        actor: Policy,
        predictor: Predictor,
        limit: float,
        planner: Planner | None = None,
        epsilon: float = EPSILON,
    ) -> None:
        super().__init__(actor, predictor)
        if actor.guarded:
            name = actor.name or type(actor).__name__
            raise UnsuitablePolicy(
                f"{name!r} is guarded already; an actor may have one guard, whose vetoes are recorded"
            )
        for name, value in (("limit", limit), ("epsilon", epsilon)):
            if isinstance(value, bool) or not value >= 0:
                raise BadParameter(f"{name} is {value!r}; it may be 0 or more")
        self.guarded, self.limit, self.epsilon = True, float(limit), float(epsilon)
        self.planner = LookAhead() if planner is None else planner

    def begin(self, table: Table) -> Two:
        if table.game.spec.seats < 2:
            raise UnsuitablePolicy(f"{table.game.spec.name} has one seat: there is nobody to guard from harm")
        return super().begin(table)

    def decide(self, memory: Two, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        if forecast is None:
            raise UnsuitablePolicy(f"{self.name or 'guarded'} vetoes by a forecast and was given none")
        wanted = checked(super().decide(memory, view, chance, forecast), view)
        values = self.planner.decide(view, chance, forecast).values
        if values is None:
            raise UnsuitablePolicy(f"the planner {self.planner.name or type(self.planner).__name__} states no values")
        instead = self._instead(view, values, others_mean(foreseen_rewards(view, chance, forecast), view.seat))
        proposed = np.where(view.active, wanted.action, 0)
        action = chance.categorical("veto", instead[np.arange(len(proposed)), proposed])
        probs, message = wanted.probs, wanted.message
        if probs is not None:
            said = stated(probs, view, f"the actor {self.actor.name or type(self.actor).__name__}")
            probs = short_sum(said[..., None] * instead, axis=1)
        if message is not None:
            message = tuple(text if kept else "" for text, kept in zip(message, action == proposed, strict=True))
        limit, cost = (np.full(len(proposed), x) for x in (self.limit, next_to_nothing(view.game.spec, self.epsilon)))
        return Decision(action, probs, values, message, Proposal(proposed, limit, cost))

    def _instead(
        self, view: View, values: Float[np.ndarray, "B A"], welfare: Float[np.ndarray, "B A"]
    ) -> NDArray[np.float64]:
        """The veto as a map, `[B, A, A]`: what is done, and how probably, where each action is wanted."""
        spec, kept = view.game.spec, np.eye(view.legal.shape[1])
        cost, equal = next_to_nothing(spec, self.epsilon), rounding(spec)
        usable = view.legal & ~np.isnan(welfare)
        rows = []
        for action in range(len(kept)):
            harm = avoidable_harm(np.full(len(welfare), action), values, welfare, usable, cost, equal)
            vetoed = harm.amount > self.limit + equal
            rows.append(np.where(vetoed[:, None], normalised(harm.spares.astype(np.float64)), kept[action]))
        return np.stack(rows, axis=1)


def guarded(
    actor: str | Policy,
    limit: float,
    predictor: str = "bayes",
    planner: str = "lookahead",
    epsilon: float = EPSILON,
    **parameters: Any,
) -> Guarded:
    """An actor, and a predictor that does not act but vetoes choices by the harm to others that it foresees.

    `actor`, `predictor` and `planner` are spec strings; `limit` is the most harm that passes, in payoff per co-player.
    `epsilon` is the share of the payoff range that an alternative may cost the actor. Any other parameter is the
    planner's (`depth=4`, `discount=.9`).
    """
    name, given = parse(planner)
    plan = call(f"planner {name!r}", planners[name], {**given, **parameters})
    return Guarded(make_policy(actor), make(predictors, predictor), limit, plan, epsilon)
