"""`Planner`: the interface between forecasts and choices."""

from __future__ import annotations

from abc import ABC, abstractmethod

from prospect_env.core.chance import Chance
from prospect_env.core.forecast import Forecast
from prospect_env.core.policy import Decision, View


class Planner(ABC):
    """Turns a forecast into values of the own actions, and values into a choice."""

    name: str = ""

    @abstractmethod
    def decide(self, view: View, chance: Chance, forecast: Forecast) -> Decision:
        """The choice by this forecast, with its probabilities and the values `[B, A]` behind it."""
