"""`Options`: what a view is asked to do, checked whole before the first episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.registry import metrics
from prospect_env.zoo.spaces import ForecastForm

Illegal = Literal["raise", "first_legal"]
Rows = Literal["factual", "all"]


@dataclass(frozen=True)
class Options:
    """How a view treats forecasts, illegal actions and words.

    * `forecast`: `"probabilities"` (rows sum to 1), `"logits"` (a softmax is applied) or `"off"` (plain `Discrete`).
    * `illegal`: `"raise"` raises `IllegalAction`; `"first_legal"` plays the first legal action, flags and counts it.
    * `forecast_reward`: `w`; a row that resolves adds `w (S_uniform - S)`, see `zoo.ledger`.
    * `rows`: `"factual"` (the row of the action taken, by what then happened) or `"all"` (every row, in expectation
      under the co-players' true probabilities; needs co-players inside).
    * `text`: whether observations hold the narration; the name of a story (`"business"`, `"business:variant=3"`) has
      it told in that story, which rendering then uses too.
    * `metrics`: True for all metrics at an episode's end, names for some, False to leave `infos["episode"]` to a
      wrapper of one's own.
    """

    forecast: ForecastForm = "probabilities"
    illegal: Illegal = "raise"
    forecast_reward: float = 0.0
    rows: Rows = "factual"
    text: bool | str = False
    metrics: bool | tuple[str, ...] = True

    def __post_init__(self) -> None:
        _one_of("forecast", self.forecast, get_args(ForecastForm))
        _one_of("illegal", self.illegal, get_args(Illegal))
        _one_of("rows", self.rows, get_args(Rows))
        weight = self.forecast_reward
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or weight != weight
            or abs(weight) == float("inf")
        ):
            raise BadParameter(f"forecast_reward is {weight!r}; it must be a finite number")
        if weight and self.forecast == "off":
            raise BadParameter(f"forecast_reward is {weight!r} with forecast='off'; there is nothing to reward")
        if not isinstance(self.metrics, bool | tuple):
            raise BadParameter(f"metrics is {self.metrics!r}; it may be True, False or a list of names")
        for name in () if isinstance(self.metrics, bool) else self.metrics:
            if name not in metrics:
                raise UnknownName("metric", name, metrics)

    @property
    def forecasting(self) -> bool:
        """Whether choices come with forecasts."""
        return self.forecast != "off"


def check_limit(name: str, value: Any) -> None:
    """Raise `BadParameter` unless `value` is None or a whole number, 1 or more."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise BadParameter(f"{name} is {value!r}; it must be None or a whole number, 1 or more")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BadParameter(f"{name} is {value!r}; it may be {', '.join(map(repr, allowed))}")
