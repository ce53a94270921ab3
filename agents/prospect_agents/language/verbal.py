"""`Verbal`: a language model that states its probabilities in numbers, as JSON under a schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from prospect_agents.language.log import Log
from prospect_agents.language.model import Request, Written
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import Row
from prospect_env.core.errors import ModelError
from prospect_env.core.policy import Table, View

#: Numbers that may be stated. They are listed, since what writes under a schema often ignores the bounds of a number.
STEPS = tuple(step / 100 for step in range(101))
#: Characters that a label may take besides its name: quotation marks, a colon, a number, a comma, blanks.
ROOM = 16


class Statement(NamedTuple):
    """Probabilities `[K]` that sum to 1, and what the stated numbers summed to."""

    probs: NDArray[np.float64]
    total: float


class Verbal(LanguagePredictor):
    """Foresees others by what the model writes down: a number from 0 to 1 for each option, in hundredths.

    The numbers are divided by their sum, which is recorded as the `mass` of the call (1 where the model is coherent).
    All zeros say nothing: they count as uniform, with mass 0. The own choice is asked by scoring, as in other modes.

    Raises `ModelError`, when it sits down, for a model that cannot write, and later for a text that is no such
    statement, which only a server that does not keep to schemas, or a limit of its own, can bring about.
    """

    def begin(self, table: Table) -> Log:
        if not self.model.writes:
            raise ModelError(f"{self.identity} scores labels and cannot write, which stating probabilities needs")
        return super().begin(table)

    def expect(self, memory: Log, view: View, asked: Sequence[Row]) -> None:
        super().expect(memory, view, [row for row in asked if not _stated(view, row)])

    def answers(self, memory: Log, view: View, asked: Sequence[Row]) -> list[NDArray[np.float64]]:
        scored = iter(super().answers(memory, view, [row for row in asked if not _stated(view, row)]))
        stated = self._statements(memory, view, [row for row in asked if _stated(view, row)])
        return [next(stated if _stated(view, row) else scored) for row in asked]

    def _statements(self, memory: Log, view: View, asked: Sequence[Row]) -> Iterator[NDArray[np.float64]]:
        told = [self.request(memory, view, row) for row in asked]
        found = self.model.recall([request for request, _ in told], "write")
        probs = []
        for row, (request, names), answer in zip(asked, told, found, strict=True):
            statement = read(answer.said, names)
            self.note(view, row, request, answer, mass=statement.total)
            probs.append(statement.probs)
        return iter(probs)

    def request(self, memory: Log, view: View, row: Row) -> tuple[Request, tuple[str, ...]]:
        """What the model is asked to write, and the names of the options in it."""
        match, moments = int(view.match[row.row]), memory.past(row.row)
        told = self.setting(view.game, view.seat, match, moments, row.asked)
        names = self.format.replies(told.telling, row.asked)
        cue = self.format.cue(told.telling, told.past, row.asked)
        form = "{" + ", ".join(f"{json.dumps(name)}: ..." for name in names) + "}"
        ask = f"as numbers from 0 to 1 that sum to 1: {form}"
        if self.style == "chat":
            tail = f"{cue} ...\nHow probable is each way in which the last line may go on? Answer in JSON alone, {ask}"
        else:
            # The line to be continued comes last, as everywhere in this style: what is asked for is said before it.
            tail = f"(How probable each is to come next, in JSON, {ask})\n{cue}"
        limit = ROOM + sum(len(json.dumps(name)) + ROOM for name in names)
        return Request(told.context, told.rest + tail, limit, schema=schema(names), chat=self.style == "chat"), names


def schema(names: Sequence[str]) -> str:
    """The JSON schema of a statement about these options, as text: all of them, and no others."""
    number = {"type": "number", "enum": list(STEPS)}
    form = {
        "type": "object",
        "properties": dict.fromkeys(names, number),
        "required": list(names),
        "additionalProperties": False,
    }
    return json.dumps(form)


def read(said: Written, names: Sequence[str]) -> Statement:
    """What was stated of these options; raises `ModelError`, with the text, where that is nothing a schema allows."""
    if not said.finished:
        raise ModelError(f"the limit ended a statement of probabilities: {said.text!r}")
    try:
        numbers = json.loads(said.text)
    except ValueError as error:
        raise ModelError(f"a statement of probabilities is no JSON ({error}): {said.text!r}") from None
    if not isinstance(numbers, dict) or set(numbers) != set(names) or not all(map(_probable, numbers.values())):
        raise ModelError(
            f"probabilities must be stated of {', '.join(names)}, as numbers from 0 to 1, not by {said.text!r}"
        )
    stated = np.array([numbers[name] for name in names], dtype=np.float64)
    total = float(stated.sum())
    return Statement(stated / total if total > 0 else np.full(len(names), 1.0 / len(names)), total)


def _stated(view: View, row: Row) -> bool:
    """Whether the answer is to be written: what others do, where there is more than one thing that they may do."""
    return row.asked.about != view.seat and len(row.asked.options) > 1


def _probable(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= 1
