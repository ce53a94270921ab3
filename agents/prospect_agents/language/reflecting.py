"""`Reflecting`: a language model that puts guesses at the others' rules into words and believes those that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prospect_agents.language.asked import Asked, Moment
from prospect_agents.language.formats import PromptFormat
from prospect_agents.language.hypotheses import GOOD, KEPT, RATE, Held, Hypothesis, asking, joined, relied_on, supposed
from prospect_agents.language.log import Log
from prospect_agents.language.model import LanguageModel, Query, Request
from prospect_agents.language.predictor import LanguagePredictor, Setting
from prospect_agents.language.questions import Row
from prospect_agents.language.wording import called
from prospect_env.core.errors import BadParameter, ModelError
from prospect_env.core.game import Game, GameSpec
from prospect_env.core.policy import Table, View


@dataclass(frozen=True)
class Supposing(Asked):
    """A question with a guess, in words, at the rule behind what seat `about` does."""

    supposed: str = ""


class Case(NamedTuple):
    """A seat about which something is to be known: the view's row, game, seat and match, and the history there."""

    row: int
    game: Game
    seat: int
    match: int
    about: int
    moments: tuple[Moment, ...]

    def cut(self, length: int) -> Case:
        return self._replace(moments=self.moments[:length])

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self[1:])


class Reflecting(LanguagePredictor):
    """Mixes the model's answers under guesses that it wrote itself, weighted by the evidence for each.

    After every `every` steps the model writes, in one sentence of at most `longest` tokens, a guess at the rule behind
    what each other seat has chosen, with the earlier guesses and how they fared before it. A guess is tested on every
    later choice of that seat: it was right where the option that the model finds likeliest, with the guess written
    before the question, is what was then seen (or shows the same reaction). Its worth moves towards 1 or 0 by `rate`;
    the best `kept` stay, and `hypotheses.relied_on` says what is mixed, with `good` for its limit. Tests name all
    actions of the game as options, since which of them the rules allowed at the time is not remembered. Own choices are
    foreseen as in the other modes.

    What is held follows from the history alone: a branch, a batch and a replay hold the same. A guess comes into use
    when the game's reaction window has passed since it was written, so that all continuations a forecast speaks of are
    thought about with guesses at what really happened; longer look-ahead writes about what it imagines.
    """

    def __init__(
        self,
        model: str | LanguageModel = "smollm2-135m",
        format: str | PromptFormat = "reaction_log",
        every: int = 5,
        kept: int = KEPT,
        good: float = GOOD,
        rate: float = RATE,
        longest: int = 40,
        **options: Any,
    ) -> None:
        for name, value in (("every", every), ("kept", kept), ("longest", longest)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise BadParameter(f"{name} is {value!r}; it must be a whole number, 1 or more")
        for name, share in (("good", good), ("rate", rate)):
            if not 0 < share <= 1:
                raise BadParameter(f"{name} is {share!r}; it may be above 0 and at most 1")
        super().__init__(model, format, **options)
        self.every, self.kept, self.good, self.rate, self.longest = every, kept, good, rate, longest
        self._held: dict[Any, Held] = {}

    def begin(self, table: Table) -> Log:
        if not self.model.writes:
            raise ModelError(f"{self.identity} scores labels and cannot write, which mode=reflect needs")
        memory = super().begin(table)
        # Known answers make it cheap to think of all this again, and each play records what it asked.
        self._held.clear()
        return memory

    def answers(self, memory: Log, view: View, asked: Sequence[Row]) -> list[NDArray[np.float64]]:
        weighed = self._weighed(memory, view, asked)
        found = super().answers(memory, view, [row for _, _, row in weighed])
        mixed = [np.zeros(len(question.options)) for _, question in asked]
        for (number, weight, _), answer in zip(weighed, found, strict=True):
            mixed[number] += weight * answer
        return mixed

    def expect(self, memory: Log, view: View, asked: Sequence[Row]) -> None:
        # What is not thought through yet is left to be asked in its time: thinking asks the model, and is recorded.
        cases = self._cases(memory, view, asked)
        thought = [row for row, case in zip(asked, cases, strict=True) if case is None or case.key in self._held]
        super().expect(memory, view, [row for _, _, row in self._weighed(memory, view, thought)])

    def setting(self, game: Game, seat: int, match: int, moments: tuple[Moment, ...], asked: Asked) -> Setting:
        found = super().setting(game, seat, match, moments, asked)
        if not isinstance(asked, Supposing):
            return found
        return found._replace(rest=found.rest + supposed(called(found.telling, asked.about), asked.supposed))

    def held(self, view: View, cases: Sequence[Case]) -> list[Held]:
        """What is held about each seat after its history: a function of the history, asked for as far as not known."""
        todo: dict[int, dict[Any, Case]] = {}
        for case in cases:
            for length in range(len(case.moments), -1, -1):
                shorter = case.cut(length)
                if shorter.key in self._held:
                    break
                todo.setdefault(length, {})[shorter.key] = shorter
        for length in sorted(todo):
            self._hold(view, list(todo[length].values()), length)
        return [self._held[case.key] for case in cases]

    def _hold(self, view: View, cases: Sequence[Case], length: int) -> None:
        """What is held after histories of this length, where what is held after shorter ones is known."""
        if length == 0:
            self._held |= {case.key: () for case in cases}
            return
        before = [self._held[case.cut(length - 1).key] for case in cases]
        found = self._tested(view, cases, length - 1, before)
        written = length - view.game.spec.window
        if written > 0 and written % self.every == 0:
            new: list[Held] = [(Hypothesis(text),) if text else () for text in self._written(view, cases, written)]
            for at in range(written, length):
                new = self._tested(view, cases, at, new)
            found = [joined(old, guess[0], self.kept) if guess else old for old, guess in zip(found, new, strict=True)]
        self._held |= {case.key: now for case, now in zip(cases, found, strict=True)}

    def _written(self, view: View, cases: Sequence[Case], length: int) -> list[str]:
        """A guess about each seat from its first `length` steps, recorded; empty where it had not done anything."""
        begun = [case.cut(length) for case in cases]
        # Several continuations may go on from one beginning, which is asked about once.
        able = {case.key: case for case in begun if any(moment.seen[case.about] >= 0 for moment in case.moments)}
        requests = [self._request(view, case) for case in able.values()]
        found = self.model.recall(requests, "write")
        texts = {}
        for case, request, answer in zip(able.values(), requests, found, strict=True):
            self.note(view, Row(case.row, Asked(case.about, ())), request, answer, "hypothesis")
            texts[case.key] = " ".join(answer.said.text.replace('"', "'").split())
        return [texts.get(case.key, "") for case in begun]

    def _request(self, view: View, case: Case) -> Request:
        game, chat = view.game, self.style == "chat"
        asked = Asked(case.about, tuple(range(len(game.spec.actions))))
        told = self.setting(game, view.seat, case.match, case.moments, asked)
        tail = told.rest + asking(called(told.telling, case.about), self._held[case.key], chat)
        return Request(told.context, tail, self.longest, () if chat else ('"', "\n"), chat=chat)

    def _tested(self, view: View, cases: Sequence[Case], at: int, held: Sequence[Held]) -> list[Held]:
        """Each guess after its test on step number `at`, where its seat was seen to choose in it."""
        tests = [
            (place, guess, self._test(view, case, at, guess))
            for place, case in enumerate(cases)
            if case.moments[at].seen[case.about] >= 0
            for guess in held[place]
        ]
        answers = self.model.recall([query for _, _, query in tests], "score")
        after = dict[tuple[int, Hypothesis], Hypothesis]()
        for (place, guess, query), answer in zip(tests, answers, strict=True):
            case = cases[place]
            self.note(view, Row(case.row, Asked(case.about, ())), query, answer, "evidence")
            # All actions are options, so that a label's number is the action's.
            guessed, done = int(np.argmax(answer.said.logprobs)), case.moments[at].seen[case.about]
            after[place, guess] = guess.after(_alike(view.game.spec, guessed, done), self.rate)
        return [tuple(after.get((place, guess), guess) for guess in guesses) for place, guesses in enumerate(held)]

    def _test(self, view: View, case: Case, at: int, guess: Hypothesis) -> Query:
        """What is asked to see whether a guess tells step number `at`: as it would have been asked at the time."""
        now = tuple(seat for seat, done in enumerate(case.moments[at].seen) if done >= 0)
        asked = Supposing(case.about, tuple(range(len(view.game.spec.actions))), now=now, supposed=guess.text)
        return self.told(view.game, view.seat, case.match, case.moments[:at], asked)

    def _cases(self, memory: Log, view: View, asked: Sequence[Row]) -> list[Case | None]:
        """Whom each question is about, and after what history; None where it is about oneself."""
        pasts = {row: memory.past(row) for row in {row for row, question in asked if question.about != view.seat}}
        return [
            Case(row, view.game, view.seat, int(view.match[row]), question.about, pasts[row])
            if question.about != view.seat
            else None
            for row, question in asked
        ]

    def _weighed(self, memory: Log, view: View, asked: Sequence[Row]) -> list[tuple[int, float, Row]]:
        """Every question once for each guess that is relied on: its number, the guess's weight, the question."""
        cases = {number: case for number, case in enumerate(self._cases(memory, view, asked)) if case is not None}
        held = dict(zip(cases, self.held(view, list(cases.values())), strict=True))
        weighed = []
        for number, row in enumerate(asked):
            for guess, weight in relied_on(held[number], self.good) if number in held else [(None, 1.0)]:
                weighed.append((number, weight, row if guess is None else _supposing(row, guess)))
        return weighed


def _supposing(row: Row, guess: Hypothesis) -> Row:
    return Row(row.row, Supposing(**vars(row.asked), supposed=guess.text))


def _alike(spec: GameSpec, guessed: int, done: int) -> bool:
    """Whether two actions are the same in the eyes of others."""
    return guessed == done or (not spec.events and spec.reaction_of[guessed] == spec.reaction_of[done])
