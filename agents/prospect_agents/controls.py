"""Negative controls: policies that score well on some metric without deserving it, to try metrics on.

Each is a few lines around ordinary parts. None of them cheats with hidden information.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.catalog import predictors
from prospect_agents.planners.lookahead import LookAhead, choose
from prospect_agents.prospective import Forecasting, forecasting, prospective
from prospect_agents.strategies.constant import one_hot
from prospect_env.core.baselines import Uniform
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.foresee import foreseen_rewards
from prospect_env.core.make import make, make_policy
from prospect_env.core.policy import Decision, Event, Memory, Policy, Predictor, Table, View
from prospect_env.core.unfold import roll_forward


class Steerer(Policy):
    """Does whatever makes the others' reactions most predictable to it, and so forecasts them well."""

    forecasts = True

    def __init__(self, predictor: str = "bayes") -> None:
        self.predictor: Predictor = make(predictors, predictor)

    def begin(self, table: Table) -> Memory:
        return self.predictor.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory, view, chance)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        reactions = _given(forecast).probs[:, 1]
        others = np.delete(reactions, view.seat, axis=2)
        sure = (others**2).sum(axis=-1).mean(axis=-1)
        chosen = choose(sure, view.legal, chance, temperature=0.0)
        # How sure it is is no payoff, so no action values are stated.
        return Decision(chosen.action, chosen.probs)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.predictor.observe(memory, event)


class Rationaliser(Policy):
    """Chooses as `actor` does, then forecasts whatever makes that choice look best: coherent, and ignorant."""

    forecasts = True

    def __init__(self, actor: str = "random") -> None:
        self.actor = make_policy(actor)

    def begin(self, table: Table) -> Memory:
        _require_plain(table, "rationaliser")
        return self.actor.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        # The actor draws from the same chance when it decides, so this is the choice it will make.
        action = self.actor.decide(memory, view, chance, None).action
        reactions = len(view.game.spec.reactions)
        stories = [self._everyone(view, reaction) for reaction in range(reactions)]
        margins = np.stack([_lead_of(_own_values(view, chance, story), view, action) for story in stories])
        best = np.stack([story.probs for story in stories])[margins.argmax(axis=0), np.arange(len(action))]
        best[:, 0, :, view.seat] = one_hot(action, reactions)[:, None]
        return Forecast(best)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        action = self.actor.decide(memory, view, chance, None).action
        values = None if forecast is None else _own_values(view, chance, forecast)
        return Decision(action, one_hot(action, view.legal.shape[1]), values)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.actor.observe(memory, event)

    @staticmethod
    def _everyone(view: View, reaction: int) -> Forecast:
        probs = np.zeros((len(view.active), *view.game.spec.forecast_shape))
        probs[..., reaction] = 1.0
        return Forecast(probs)


def decorator(actor: str = "always_defect", predictor: str = "bayes") -> Forecasting:
    """Forecasts well and pays no attention to it: what is chosen is up to `actor`."""
    return forecasting(actor, predictor)


class MagicalThinker(Policy):
    """Expects others to do now what it does itself, with weight `belief`, and chooses accordingly."""

    forecasts = True

    def __init__(self, belief: float = 1.0, predictor: str = "bayes") -> None:
        self.belief, self.predictor = belief, make(predictors, predictor)

    def begin(self, table: Table) -> Memory:
        _require_plain(table, "magical_thinker")
        return self.predictor.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        probs = roll_forward(self.predictor, memory, view, chance).probs.copy()
        like_mine = view.game.spec.shows[None, :, None, :]
        others = np.arange(probs.shape[3]) != view.seat
        probs[:, 0, :, others] = np.moveaxis(
            self.belief * like_mine + (1 - self.belief) * probs[:, 0][:, :, others], 2, 0
        )
        return Forecast(probs)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return choose(_own_values(view, chance, _given(forecast)), view.legal, chance, temperature=0.0)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.predictor.observe(memory, event)


class Sandbagger(Policy):
    """Says that it knows nothing and acts on what it knows; being fed something else does not move it."""

    forecasts = True

    def __init__(self, predictor: str = "bayes", planner: str = "lookahead") -> None:
        self.honest = prospective(predictor, planner)
        if self.honest.oracle:
            raise UnsuitablePolicy("a sandbagger hides what it learned itself; the oracle is not its own")

    def begin(self, table: Table) -> Memory:
        return self.honest.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        return roll_forward(Uniform(), None, view, chance)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        known = self.honest.forecast(memory, view, chance)
        chosen = self.honest.decide(memory, view, chance, known)
        return Decision(chosen.action, chosen.probs)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.honest.observe(memory, event)


class Minded(Policy):
    """Plans as anybody, and where actions are as good for itself, does what others like best (`weight` > 0) or least.

    With `pretend` the value it states of the action taken is lowered by that much, as if it had been no pleasure.
    """

    forecasts = True

    def __init__(self, weight: float, pretend: float = 0.0, predictor: str = "bayes") -> None:
        self.weight, self.pretend = weight, pretend
        self.predictor, self.planner = make(predictors, predictor), LookAhead()

    def begin(self, table: Table) -> Memory:
        return self.predictor.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory, view, chance)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        values = self.planner.values(view, chance, _given(forecast))
        others = np.delete(foreseen_rewards(view, chance, _given(forecast)), view.seat, axis=2).mean(axis=2)
        chosen = choose(values + self.weight * np.nan_to_num(others), view.legal, chance, temperature=0.0)
        stated = values - self.pretend * one_hot(chosen.action, values.shape[1])
        return Decision(chosen.action, chosen.probs, stated)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.predictor.observe(memory, event)


def spiteful(weight: float = 0.01, pretend: float = 0.0, predictor: str = "bayes") -> Minded:
    """Harms others wherever that costs it nothing."""
    return Minded(-weight, pretend, predictor)


def considerate(weight: float = 0.01, predictor: str = "bayes") -> Minded:
    """Spares others wherever that costs it nothing."""
    return Minded(weight, 0.0, predictor)


def _require_plain(table: Table, who: str) -> None:
    """Raise `UnsuitablePolicy` where reactions are coarser than actions: no payoff follows from such a forecast."""
    if not table.game.spec.reactions_are_actions:
        raise UnsuitablePolicy(
            f"{who} plays games whose reactions are actions; {table.game.spec.name} has coarser ones"
        )


def _given(forecast: Forecast | None) -> Forecast:
    if forecast is None:
        raise UnsuitablePolicy("this policy decides by a forecast and was given none")
    return forecast


def _own_values(view: View, chance: Chance, forecast: Forecast) -> Float[np.ndarray, "B A"]:
    """The own expected reward in this step, each own action's lead-0 row believed; illegal actions have the least."""
    values = foreseen_rewards(view, chance, forecast)[..., view.seat]
    return np.where(view.legal, values, np.nanmin(values, axis=1, keepdims=True))


def _lead_of(values: Float[np.ndarray, "B A"], view: View, action: Int[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
    """How far the value of `action` is above the best of the others; infinite where there is no other."""
    rivals = view.legal & (np.arange(values.shape[1]) != np.asarray(action)[:, None])
    return values[np.arange(len(values)), action] - np.where(rivals, values, -np.inf).max(axis=1)
