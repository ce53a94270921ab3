"""Language models at the table: `direct` asks for the choice, `scot` predicts first, `plan` hands to a planner.

In all modes the model's label probabilities about the other become the forecast. Only in `plan` does code wire the
forecast to the choice; in `scot` the likeliest prediction is written into the prompt and the model may use it or not
(social chain of thought, Akata et al.); in `direct` it is not even shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from prospect_agents.catalog import planners
from prospect_agents.language.predictor import LanguagePredictor, Log
from prospect_agents.prospective import Prospective
from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.make import call, parse
from prospect_env.core.policy import Call, Decision, Event, Policy, Table, View
from prospect_env.core.unfold import roll_forward

TIE = 1e-9  #: probabilities closer than this count as equal


class LanguagePolicy(Policy):
    """Chooses by label probabilities, at `temperature` (1: as stated by the model; 0: its likeliest label)."""

    def __init__(
        self, predictor: LanguagePredictor, mode: str, temperature: float = 1.0, forecast: bool = True
    ) -> None:
        if not temperature >= 0:
            raise BadParameter(f"temperature is {temperature!r}; it may be 0 or more")
        if mode == "scot" and not forecast:
            raise BadParameter("scot writes its prediction into the prompt; it needs forecast=true")
        self.predictor, self.mode, self.temperature = predictor, mode, temperature
        self.forecasts = forecast

    @property
    def identity(self) -> str:
        """The model's identity, for manifests."""
        return self.predictor.identity

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then."""
        self.predictor.preload(calls)

    def begin(self, table: Table) -> Log:
        return self.predictor.begin(table)

    def forecast(self, memory: Log, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory, view, chance)

    def decide(self, memory: Log, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        rows = np.flatnonzero(view.active)
        said: list[int | None] | None = None
        if self.mode == "scot":
            said = self._predictions(view, forecast, rows)
        answers = self.predictor.ask(memory, view, [(int(row), True) for row in rows], said)
        probs = normalised(view.legal.astype(np.float64))
        probs[rows] = np.array(answers).reshape(len(rows), -1)
        probs = normalised(probs * view.legal)
        if self.temperature == 0:
            best = probs == probs.max(axis=1, keepdims=True)
            probs = best / best.sum(axis=1, keepdims=True)
        elif self.temperature != 1:
            probs = normalised(probs ** (1.0 / self.temperature))
        return Decision(chance.categorical("action", probs), probs)

    def _predictions(self, view: View, forecast: Forecast | None, rows: np.ndarray) -> list[int | None]:
        """What the forecast says the other will most likely do now, as actions; None where nothing is likeliest."""
        if forecast is None:
            raise UnsuitablePolicy(f"{self.name or 'scot'} writes its forecast into the prompt and was given none")
        spec = view.game.spec
        if not spec.reactions_are_actions:
            raise UnsuitablePolicy(f"scot names the other's action; {spec.name} forecasts coarser reactions")
        # Rows of the tensor may differ by own action; the choice is still to be made, so all legal ones count alike.
        weights = normalised(view.legal[rows].astype(np.float64))[..., None]
        said = short_sum(weights * forecast.probs[rows, 0, :, 1 - view.seat], axis=1)
        ties = (said >= said.max(axis=-1, keepdims=True) - TIE).sum(axis=-1) > 1
        return [None if tie else int(action) for tie, action in zip(ties, np.argmax(said, axis=-1), strict=True)]

    def observe(self, memory: Log, event: Event) -> Log:
        return self.predictor.observe(memory, event)

    def calls(self) -> tuple[Call, ...]:
        return self.predictor.calls()


def lm(
    model: str = "smollm2-135m",
    mode: str = "plan",
    format: str = "reaction_log",
    planner: str = "lookahead",
    temperature: float | None = None,
    forecast: bool = True,
    dtype: str | None = None,
    batch_invariant: bool | None = None,
    **parameters: Any,
) -> Policy:
    """A language model at the table: it chooses (`direct`), predicts first (`scot`), or feeds a planner (`plan`).

    `model` is a known name, a folder, a hub id or `fake`; `mode` is `direct`, `scot` or `plan`; `format` is how the
    match is told, by name, or in a story: `format=(story:frame=business,variant=3)`. In `plan`, `planner` and any other
    parameter (`depth`, `discount`) are the planner's. `temperature` is the model's in `direct` and `scot`, the
    planner's in `plan`. `forecast=false` saves `direct` its forecast.
    """
    options = {"dtype": dtype, "batch_invariant": batch_invariant}
    predictor = LanguagePredictor(model, format, **{key: value for key, value in options.items() if value is not None})
    if mode == "plan":
        name, given = parse(planner)
        if temperature is not None:
            given["temperature"] = temperature
        return Prospective(predictor, call(f"planner {name!r}", planners[name], {**given, **parameters}))
    if mode not in ("direct", "scot"):
        raise BadParameter(f"mode is {mode!r}; it may be direct, scot or plan")
    if parameters:
        raise BadParameter(f"mode={mode} has no planner to take {', '.join(sorted(parameters))}")
    return LanguagePolicy(predictor, mode, 1.0 if temperature is None else temperature, forecast)
