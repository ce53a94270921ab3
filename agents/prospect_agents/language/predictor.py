"""A language model as a predictor: label probabilities after a log of the match, for every seat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from prospect_agents.language.formats import Rounds, prompt_format
from prospect_agents.language.memo import MemoModel, prompt_hash
from prospect_agents.language.model import LanguageModel, Query, load_model
from prospect_env.core.baselines import lawful
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.policy import Call, Event, Predictor, Table, View


@dataclass(frozen=True)
class Log:
    """What was done in each round: Int8 `[B, H, 2]` as (own, other's), and how many rounds that is, Int32 `[B]`."""

    seat: int
    done: Int[np.ndarray, "B H 2"]
    length: Int[np.ndarray, " B"]


class LanguagePredictor(Predictor):
    """Asks a model how each seat will act; also answers for policies that ask it what to do themselves.

    `format` is a prompt format (`prospect_agents.language.formats`), by name or as a spec. Answers are remembered by
    prompt, so that the same question is asked once however often it comes up in branches and paired runs.
    """

    def __init__(
        self, model: str | LanguageModel = "smollm2-135m", format: str = "reaction_log", **options: Any
    ) -> None:
        self.format = prompt_format(format)
        self.model = _remembering(model, **options) if isinstance(model, str) else MemoModel(model)
        told = f"({format})" if ":" in format else format
        self.name = f"lm:model={model if isinstance(model, str) else model.identity},format={told}"
        self._calls: list[Call] = []

    @property
    def identity(self) -> str:
        """The model's identity, for manifests."""
        return self.model.identity

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then."""
        recorded = {call.prompt_hash: np.array(call.logprobs) for call in calls if call.model == self.identity}
        self.model.preload(recorded)

    def begin(self, table: Table) -> Log:
        spec = table.game.spec
        if spec.seats != 2:
            raise UnsuitablePolicy(f"{self.name} is told of games of 2 seats; {spec.name} has {spec.seats}")
        self.format.telling(table.game, table.seat, 0)
        # Scores depend a little on what a model has cached. A batch that starts from nothing can be played again the
        # same, so a run that was killed goes on as if it had not been.
        self.model.forget()
        done = np.zeros((table.matches, spec.horizon, 2), dtype=np.int8)
        return Log(table.seat, done, np.zeros(table.matches, dtype=np.int32))

    def observe(self, memory: Log, event: Event) -> Log:
        pair = event.seen[:, [memory.seat, 1 - memory.seat]]
        played = (pair >= 0).all(axis=1)
        rows = np.flatnonzero(played)
        done = memory.done.copy()
        done[rows, memory.length[rows]] = pair[rows]
        return replace(memory, done=done, length=memory.length + played)

    def predict(self, memory: Log, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        # Hypothetical continuations come several to a match. There the own action is enumerated, never predicted.
        several = np.bincount(np.searchsorted(np.unique(view.match), view.match)).max() > 1
        asked = [
            (int(row), own) for row in np.flatnonzero(view.active) for own in ((False,) if several else (False, True))
        ]
        answers = self.ask(memory, view, asked)
        probs = np.ones((len(view.active), 2, len(view.game.spec.actions)))
        for (row, own), answer in zip(asked, answers, strict=True):
            probs[row, view.seat if own else 1 - view.seat] = answer
        return lawful(view, probs)

    def ask(
        self, memory: Log, view: View, asked: Sequence[tuple[int, bool]], said: Sequence[int | None] | None = None
    ) -> list[Float[np.ndarray, " A"]]:
        """Label probabilities for (match, own?) questions, all in one call to the model, and recorded.

        `said[k]` is a prediction written into question `k` before it is asked.
        """
        told = _shared_rounds(memory, view)
        queries = []
        for k, (row, own) in enumerate(asked):
            telling = self.format.telling(view.game, view.seat, int(view.match[row]))
            rounds: Rounds = [(int(a), int(b)) for a, b in memory.done[row, : memory.length[row]]]
            start = int(told[row])
            context = self.format.segments(telling, rounds[:start], own)
            tail = self.format.question(telling, rounds, own, start, said[k] if said else None)
            queries.append(Query(context, tail, telling.labels))
        known = set(self.model.entries)
        answers = self.model.score(queries)
        step = np.broadcast_to(view.step, view.match.shape)
        for (row, own), query, answer in zip(asked, queries, answers, strict=True):
            digest = prompt_hash(self.identity, query)
            self._calls.append(
                Call(
                    match=int(view.match[row]), step=int(step[row]), seat=view.seat,
                    purpose="own choice" if own else "other's choice", imagined=False, model=self.identity,
                    prompt_hash=digest, prompt="".join(query.context) + query.tail, labels=query.labels,
                    logprobs=tuple(answer.logprobs.tolist()), mass=answer.mass, tokens_in=answer.tokens_in,
                    tokens_cached=answer.tokens_cached, tokens_out=answer.tokens_out, latency=answer.latency,
                    replayed=digest in known,
                )
            )  # fmt: skip
            known.add(digest)
        return [answer.probs for answer in answers]

    def calls(self) -> tuple[Call, ...]:
        drained = tuple(self._calls)
        self._calls.clear()
        return drained


@cache
def _remembering(model: str, **options: Any) -> MemoModel:
    """One memory a model and process: paired runs ask many of the same questions."""
    return MemoModel(load_model(model, **options))


def _shared_rounds(memory: Log, view: View) -> Int[np.ndarray, " B"]:
    """How many of each row's rounds belong to its context; the rest, imagined, goes into the question.

    Several rows of one match are hypothetical continuations of it: what they share is what happened.
    """
    shared = memory.length.copy()
    order = np.argsort(view.match, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(view.match[order])) + 1):
        if len(rows) > 1:
            least = int(memory.length[rows].min())
            same = (memory.done[rows, :least] == memory.done[rows[0], :least]).all(axis=(0, 2))
            shared[rows] = least if same.all() else int(np.argmin(same))
    return shared


def lm(model: str = "smollm2-135m", format: str = "reaction_log", **options: Any) -> LanguagePredictor:
    """A language model as a predictor.

    `model` is a known name, a folder, a hub id or `fake`; `format` how the match is told; `dtype` and the like go on.
    """
    if not isinstance(model, str):
        raise BadParameter(f"model is {model!r}; it must be a name, a folder or a hub id")
    return LanguagePredictor(model, format, **options)
