"""Language models at the table: `direct` asks for the choice, `scot` predicts first, and the others hand to a planner.

In all modes what the model says about the others becomes the forecast. In `plan` code wires the forecast to the
choice, and so it does in `simulate`, `reflect` and `verbal`, which are other ways to come by a forecast. In `scot` the
likeliest prediction is written into the prompt and the model may use it or not (social chain of thought, Akata et al.);
in `direct` it is not even shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import signature
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_agents.catalog import planners
from prospect_agents.language.formats import PromptFormat
from prospect_agents.language.log import Log
from prospect_agents.language.notes import noted
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import Row, own_choices
from prospect_agents.language.talk import Talking
from prospect_agents.prospective import Prospective
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.make import call, parse
from prospect_env.core.policy import Call, Decision, Event, Policy, Table, View
from prospect_env.core.registry import load
from prospect_env.core.unfold import roll_forward

#: how a forecast is come by, and whether a planner chooses by it
MODES: dict[str, tuple[str, bool]] = {
    "direct": ("prospect_agents.language.predictor:LanguagePredictor", False),
    "scot": ("prospect_agents.language.predictor:LanguagePredictor", False),
    "plan": ("prospect_agents.language.predictor:LanguagePredictor", True),
    "simulate": ("prospect_agents.language.simulate:Simulating", True),
    "verbal": ("prospect_agents.language.verbal:Verbal", True),
    "reflect": ("prospect_agents.language.reflecting:Reflecting", True),
}


class LanguagePolicy(Policy):
    """Chooses by label probabilities, at `temperature` (1: as stated by the model; 0: its likeliest label).

    Mode `scot` writes before the question what the others will most likely do: now, where they choose in this step, and
    where they act only later, as in games by turns, how they will react to each own action. Where its forecast is a tie
    it writes nothing, and chooses as `direct` does.
    """

    def __init__(
        self, predictor: LanguagePredictor, mode: str, temperature: float = 1.0, forecast: bool = True
    ) -> None:
        if not 0 <= temperature < np.inf:
            raise BadParameter(f"temperature is {temperature!r}; it must be a finite number, 0 or more")
        if mode == "scot" and not forecast:
            raise BadParameter("scot writes its prediction into the prompt; it needs forecast=true")
        self.predictor, self.mode, self.temperature = predictor, mode, temperature
        self.forecasts = forecast
        self.reads_forecast = mode == "scot"

    @property
    def identity(self) -> str:
        """The model's identity, for manifests."""
        return self.predictor.identity

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then."""
        self.predictor.preload(calls)

    def begin(self, table: Table) -> Log:
        return self.predictor.begin(table)

    def prepare(self, memory: Log, view: View, chance: Chance, forecasts: bool = True) -> None:
        if forecasts:
            self.predictor.prepare(memory, view, chance)
        # What scot asks of itself depends on what it foresees.
        if self.mode == "direct":
            self.predictor.expect(memory, view, own_choices(view))

    def forecast(self, memory: Log, view: View, chance: Chance) -> Forecast:
        return roll_forward(self.predictor, memory, view, chance)

    def decide(self, memory: Log, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        asked = own_choices(view)
        if self.mode == "scot":
            if forecast is None:
                raise UnsuitablePolicy(f"{self.name or 'scot'} writes its forecast into the prompt and was given none")
            asked = noted(asked, view, chance, forecast.probs)
        return self.chosen(view, chance, asked, self.predictor.answers(memory, view, asked))

    def chosen(self, view: View, chance: Chance, asked: list[Row], answers: list[Any]) -> Decision:
        """A draw from what the model says of its own choice."""
        probs = normalised(view.legal.astype(np.float64))
        for (row, question), answer in zip(asked, answers, strict=True):
            probs[row] = 0.0
            probs[row, list(question.options)] = answer
        if self.temperature == 0:
            best = probs == probs.max(axis=1, keepdims=True)
            probs = best / best.sum(axis=1, keepdims=True)
        elif self.temperature != 1:
            probs = _tempered(probs, self.temperature)
        return Decision(chance.categorical("action", probs), probs)

    def observe(self, memory: Log, event: Event) -> Log:
        return self.predictor.observe(memory, event)

    def calls(self) -> tuple[Call, ...]:
        return self.predictor.calls()


def lm(
    model: str = "smollm2-135m",
    mode: str = "plan",
    format: str | PromptFormat = "reaction_log",
    planner: str | None = None,
    temperature: float | None = None,
    forecast: bool = True,
    style: str | None = None,
    memory: str | int | None = None,
    rows: str | None = None,
    preamble: str | None = None,
    talk: bool = False,
    dtype: str | None = None,
    batch_invariant: bool | None = None,
    overflow: str | None = None,
    cache_bytes: int | None = None,
    intervention: str | None = None,
    gate: float | None = None,
    **parameters: Any,
) -> Policy:
    """A language model at the table: it chooses (`direct`), predicts first (`scot`), or feeds a planner (`plan`).

    `model` is a known name, a folder, a hub id or `fake`; `mode` is `direct`, `scot`, `plan`, or one of the other ways
    to come by a forecast that a planner acts on. `format` is how the match is told, by name, or in a story:
    `format=(story:frame=business,variant=3)`. `style` is `completion` or `chat`; `memory` is `full`, `counts` or a
    number of last steps; `rows` is `rolled` or `asked`; `preamble` is written before everything. With a planner,
    `planner` (by default `lookahead`) and any other parameter (`depth`, `discount`) are the planner's. `temperature` is
    the model's in `direct` and `scot`, else the planner's. `intervention` is done to the network while it answers:
    `intervention=(steer:layer=15,vector=kind.npy,strength=1)`. `forecast=false` saves `direct` its forecast. With
    `talk`, what is announced in games with talk is said in the model's own words. With `gate`, it sits down only where
    it understands that share of questions about the game. `dtype`, `batch_invariant`, `overflow` and `cache_bytes` are
    those of `TransformersModel`.
    """
    if mode not in MODES:
        raise UnknownName("mode of lm", mode, MODES)
    _truths(forecast=forecast, talk=talk)
    kind, plans = MODES[mode]
    if planner is not None and not plans:
        able = ", ".join(sorted(name for name, (_, has) in MODES.items() if has))
        raise BadParameter(f"planner is {planner!r}; mode={mode} has no planner to take it (those that have: {able})")
    if plans and not forecast:
        raise BadParameter(f"mode={mode} acts on its forecast; it needs forecast=true")
    options = {
        "style": style, "memory": memory, "rows": rows, "preamble": preamble, "dtype": dtype,
        "batch_invariant": batch_invariant, "overflow": overflow, "cache_bytes": cache_bytes,
        "intervention": intervention, "gate": gate,
    }  # fmt: skip
    builder = load(kind)
    # Some ways to come by a forecast have parameters of their own.
    own = {key: parameters.pop(key) for key in list(parameters) if key in signature(builder).parameters}
    given = {key: value for key, value in options.items() if value is not None}
    predictor = call(f"mode={mode}", builder, {"model": model, "format": format, **own, **given})
    chooser: Policy
    if plans:
        name, planned = parse("lookahead" if planner is None else planner)
        if temperature is not None:
            planned["temperature"] = temperature
        # A misspelt parameter of `lm` comes here with the planner's: it is told of both kinds.
        known = {**signature(lm).parameters, **signature(builder).parameters}
        known.pop("parameters")
        built = call(f"lm with planner {name!r}", planners[name], {**planned, **parameters}, known)
        chooser = Prospective(predictor, built)
    elif parameters:
        raise BadParameter(f"mode={mode} has no planner to take {', '.join(sorted(parameters))}")
    else:
        chooser = LanguagePolicy(predictor, mode, 1.0 if temperature is None else temperature, forecast)
    return Talking(chooser, predictor) if talk else chooser


def _tempered(probs: Float[np.ndarray, "B A"], temperature: float) -> NDArray[np.float64]:
    """`probs ** (1 / temperature)`, rescaled; what has probability 0 keeps it."""
    # By logarithms, as a power with a large exponent leaves nothing of any probability. What is beyond the range of
    # numbers here is infinitely less likely than the likeliest.
    with np.errstate(divide="ignore", over="ignore"):
        logs = np.log(probs)
        return normalised(np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature))


def _truths(**flags: Any) -> None:
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise BadParameter(f"{name} is {value!r}; it may be true or false")
