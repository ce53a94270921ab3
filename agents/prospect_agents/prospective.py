"""Policies made of parts: `prospective` acts on its forecast, `forecasting` has one ride on a fixed actor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from prospect_agents.catalog import planners, predictors
from prospect_agents.planners.lookahead import LookAhead
from prospect_agents.planners.planner import Planner
from prospect_agents.predictors.oracle import Oracle
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import call, make, make_policy, parse
from prospect_env.core.policy import Call, Decision, Event, Memory, Policy, Predictor, Table, View
from prospect_env.core.unfold import roll_forward


class Prospective(Policy):
    """Rolls a predictor forward into a forecast, and lets a planner choose by it."""

    forecasts = True

    def __init__(self, predictor: Predictor, planner: Planner | None = None) -> None:
        self.predictor, self.planner = predictor, LookAhead() if planner is None else planner
        self.oracle = isinstance(predictor, Oracle)

    def begin(self, table: Table) -> Memory:
        return self.predictor.begin(table)

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory, view, chance)

    def prepare(self, memory: Memory, view: View, chance: Chance, forecasts: bool = True) -> None:
        if forecasts:
            self.predictor.prepare(memory, view, chance)

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        if forecast is None:
            raise UnsuitablePolicy(f"{self.name or 'prospective'} decides by a forecast and was given none")
        return self.planner.decide(view, chance, forecast)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.predictor.observe(memory, event)

    def calls(self) -> tuple[Call, ...]:
        return self.predictor.calls()

    @property
    def identity(self) -> str:
        return self.predictor.identity

    def preload(self, calls: Iterable[Call]) -> None:
        self.predictor.preload(calls)


@dataclass(frozen=True)
class Two:
    """The memories of the actor and of the predictor that rides on it."""

    actor: Memory
    predictor: Memory


class Forecasting(Policy):
    """An actor with a forecaster riding on it: what is forecast has no say in what is chosen."""

    forecasts = True
    reads_forecast = False

    def __init__(self, actor: Policy, predictor: Predictor) -> None:
        self.actor, self.predictor = actor, predictor
        self.oracle = isinstance(predictor, Oracle)
        self.branchable, self.guarded = actor.branchable, actor.guarded
        if actor.oracle:
            raise UnsuitablePolicy(f"{actor.name!r} needs the oracle itself and cannot carry another forecaster")

    def begin(self, table: Table) -> Two:
        return Two(self.actor.begin(table), self.predictor.begin(table))

    def forecast(self, memory: Two, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory.predictor, view, chance)

    def prepare(self, memory: Two, view: View, chance: Chance, forecasts: bool = True) -> None:
        self.actor.prepare(memory.actor, view, chance, self.actor.forecasts)
        if forecasts:
            self.predictor.prepare(memory.predictor, view, chance)

    def decide(self, memory: Two, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        own = self.actor.forecast(memory.actor, view, chance) if self.actor.forecasts else None
        return self.actor.decide(memory.actor, view, chance, own)

    def observe(self, memory: Two, event: Event) -> Two:
        actor = self.actor.observe(memory.actor, event)
        return replace(memory, actor=actor, predictor=self.predictor.observe(memory.predictor, event))

    def calls(self) -> tuple[Call, ...]:
        return self.actor.calls() + self.predictor.calls()

    @property
    def identity(self) -> str:
        return " ".join(part for part in (self.actor.identity, self.predictor.identity) if part)

    def preload(self, calls: Iterable[Call]) -> None:
        recorded = tuple(calls)
        self.actor.preload(recorded)
        self.predictor.preload(recorded)


def prospective(predictor: str = "bayes", planner: str = "lookahead", **parameters: Any) -> Prospective:
    """Acts on its forecast: a predictor rolled forward, and a planner that chooses by it.

    `predictor` and `planner` are spec strings; any other parameter is the planner's (`depth=4`, `discount=.9`).
    """
    name, given = parse(planner)
    return Prospective(make(predictors, predictor), call(f"planner {name!r}", planners[name], {**given, **parameters}))


def forecasting(actor: str | Policy, predictor: str = "bayes") -> Forecasting:
    """A forecaster riding on a fixed actor: what is forecast has no say in what is chosen.

    `actor` and `predictor` are spec strings; write `actor=(memory_one:p=[...])` where the actor has parameters.
    """
    return Forecasting(make_policy(actor), make(predictors, predictor))
