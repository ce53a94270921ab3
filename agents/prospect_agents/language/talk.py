"""Free talk: what a model says in its own words, and what it thereby announces.

In a step in which a seat may announce something the model first writes what it says to the others. Then it is asked,
among the announcements of the game, which one it made: the words are read by scoring labels and never by parsing. The
announcement is the one that is likeliest so read, so that the record has both, and promise keeping, deception and the
consistency of forecast and message follow as in games where announcements are chosen. Words are written greedily: what
is said follows from the history alone, so branches meet the same speaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from prospect_agents.language.log import Log
from prospect_agents.language.model import Request
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import Row, own_choices
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import GameSpec
from prospect_env.core.policy import Call, Decision, Event, Policy, Table, View
from prospect_env.core.state import take

LONGEST = 32  #: tokens of a message, unless told otherwise


class Talking(Policy):
    """A language-model policy that says in its own words what it announces; it moves as `inner` does.

    `longest` is the most tokens that a message has. Raises `UnsuitablePolicy` in games without talk.
    """

    def __init__(self, inner: Policy, predictor: LanguagePredictor, longest: int = LONGEST) -> None:
        if isinstance(longest, bool) or not isinstance(longest, int) or longest < 1:
            raise BadParameter(f"longest is {longest!r}; it must be a number of tokens, 1 or more")
        self.inner, self.predictor, self.longest = inner, predictor, longest
        self.forecasts, self.reads_forecast = inner.forecasts, inner.reads_forecast

    @property
    def identity(self) -> str:
        return self.inner.identity

    def preload(self, calls: Iterable[Call]) -> None:
        self.inner.preload(calls)

    def calls(self) -> tuple[Call, ...]:
        return self.inner.calls()

    def begin(self, table: Table) -> Log:
        if not table.game.spec.announces:
            raise UnsuitablePolicy(
                f"talk=true needs a game with talk; {table.game.spec.name} is none (make it with announcements=true)"
            )
        memory = self.inner.begin(table)
        assert isinstance(memory, Log)
        return memory

    def prepare(self, memory: Log, view: View, chance: Chance, forecasts: bool = True) -> None:
        if forecasts:
            self.predictor.prepare(memory, view, chance)
        moves = self._moves(view)
        if moves.active.any():
            self.inner.prepare(memory, moves, chance, forecasts=False)

    def forecast(self, memory: Log, view: View, chance: Chance) -> Forecast | None:
        return self.inner.forecast(memory, view, chance)

    def observe(self, memory: Log, event: Event) -> Log:
        return self.predictor.observe(memory, event)

    def decide(self, memory: Log, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        moves = self._moves(view)
        speaks = view.active & ~moves.active
        rows = np.flatnonzero(speaks)
        if not len(rows):
            return self.inner.decide(memory, view, chance, forecast)
        decided = self.inner.decide(memory, moves, chance, forecast)
        texts, read = self._said(take(memory, rows), take(view, rows))
        messages = [""] * len(view.active)
        probs = np.zeros(view.legal.shape)
        for row, text, announced in zip(rows, texts, read, strict=True):
            messages[row] = text
            probs[row] = announced
        action = np.where(speaks, probs.argmax(axis=1), decided.action)
        return Decision(
            action,
            None if decided.probs is None else np.where(speaks[:, None], probs, decided.probs),
            None if decided.values is None else np.where(speaks[:, None], 0.0, decided.values),
            tuple(messages),
        )

    def _moves(self, view: View) -> View:
        """The view with the matches left active in which nothing is to be announced."""
        return replace(view, active=view.active & ~(view.legal & announcing(view.game.spec)).any(axis=1))

    def _said(self, memory: Log, view: View) -> tuple[list[str], list[NDArray[np.float64]]]:
        """What is said in each match, and the announcement that it is likeliest to be, as a one-hot row."""
        asked = own_choices(view)
        texts = speak(self.predictor, memory, view, asked, self.longest)
        spoken = [row._replace(asked=replace(row.asked, spoken=text)) for row, text in zip(asked, texts, strict=True)]
        read = []
        for (_, ask), answer in zip(asked, self.predictor.answers(memory, view, spoken), strict=True):
            announced = np.zeros(view.legal.shape[1])
            announced[ask.options[int(np.argmax(answer))]] = 1.0
            read.append(announced)
        return texts, read


def speak(predictor: LanguagePredictor, memory: Log, view: View, asked: Sequence[Row], longest: int) -> list[str]:
    """What the model says to the others in each of these matches, in one line of its own words; recorded."""
    requests = []
    for row, question in asked:
        match, moments = int(view.match[row]), memory.past(row)
        told = predictor.setting(view.game, view.seat, match, moments, question)
        chat = predictor.style == "chat"
        speech = predictor.format.speech(told.telling, told.past, question)
        tail = "What do you say to the others now? Answer in one sentence." if chat else speech
        requests.append(Request(told.context, told.rest + tail, longest, () if chat else ('"', "\n"), chat=chat))
    found = predictor.model.recall(requests, "write")
    for each, request, answer in zip(asked, requests, found, strict=True):
        predictor.note(view, each, request, answer, "message")
    return [" ".join(answer.said.text.replace('"', "'").split()) for answer in found]


def announcing(spec: GameSpec) -> Bool[np.ndarray, " A"]:
    """Which actions announce something."""
    return np.array(spec.announces) >= 0
