"""`comprehend`: does a model understand the game it is told? Asked before play, and a gate that policies may set.

What is asked, and how the right answers are known, is in `quiz`. A question counts as understood where the right label
is the likeliest. Symbols, and the places of right answers, are counterbalanced, so that a model that always prefers one
letter or the first option is right as often as chance.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from prospect_agents.language.memo import Answer
from prospect_agents.language.model import LanguageModel
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.quiz import EACH, KINDS, STEPS, Question, questions
from prospect_agents.language.twins import check_seat
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Call, Policy

SURE = 1.959963984540054  #: normal quantile of a 95% interval


class Asked(NamedTuple):
    """A question and what was answered."""

    question: Question
    answer: Answer

    @property
    def understood(self) -> bool:
        """Whether the right label is the likeliest."""
        return int(np.argmax(self.answer.said.logprobs)) == self.question.right

    @property
    def chance(self) -> float:
        """How often a guess is right."""
        return 1 / len(self.question.query.labels)


class Score(NamedTuple):
    """How much was understood of some questions.

    `share` of `number` questions, with its 95% interval from `low` to `high` (Wilson 1927); `chance` is what guessing
    gets; `probability` is the mean one given to the right answer among the options, and `mass` to the options at all.
    The interval is that of questions drawn anew; it says nothing of other games or other words.
    """

    kind: str
    number: int
    share: float
    low: float
    high: float
    chance: float
    probability: float
    mass: float


@dataclass(frozen=True)
class Comprehension:
    """What `model` made of questions about `game` at `seat`, told in `format` and `style`.

    `each` is how many of a kind were wanted; there may be fewer different ones.
    """

    model: str
    game: str
    seat: int
    format: str
    style: str
    asked: tuple[Asked, ...]
    each: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that something could be asked of."""
        return tuple(kind for kind in KINDS if any(each.question.kind == kind for each in self.asked))

    @property
    def fewer(self) -> dict[str, int]:
        """The kinds of which fewer questions were found than wanted, and how many; 0 of what is not told."""
        counts = Counter(each.question.kind for each in self.asked)
        return {kind: counts[kind] for kind in KINDS if counts[kind] < self.each}

    def score(self, kind: str | None = None) -> Score:
        """How much was understood, of one kind or in all."""
        some = [each for each in self.asked if kind in (None, each.question.kind)]
        right, number = sum(each.understood for each in some), len(some)
        low, high = wilson(right, number)
        return Score(
            kind or "all", number, right / number, low, high,
            float(np.mean([each.chance for each in some])),
            float(np.mean([each.answer.said.probs[each.question.right] for each in some])),
            float(np.mean([each.answer.said.mass for each in some])),
        )  # fmt: skip

    @property
    def scores(self) -> tuple[Score, ...]:
        """Of every kind, and in all."""
        return (*(self.score(kind) for kind in self.kinds), self.score())

    @property
    def worst(self) -> Score:
        """Of the kind of which least is understood."""
        return min((self.score(kind) for kind in self.kinds), key=lambda score: score.share)

    def calls(self) -> tuple[Call, ...]:
        """The questions as they are recorded, as of match 0: whoever keeps the record knows which matches there are."""
        return tuple(_call(self.model, self.seat, each) for each in self.asked)


def comprehend(
    asker: str | Policy | LanguagePredictor | LanguageModel,
    game: str | Game,
    seat: int = 0,
    each: int = EACH,
    steps: int = STEPS,
    seed: int = 0,
) -> Comprehension:
    """Ask a model about the rules, payoffs and history of a game, `each` questions a kind or as many as are found.

    `asker` is a policy or predictor with a language model, or its spec (`lm:...`), which says how the game is told; or
    a model by itself, told logs of reactions. `game` may be a spec. `steps` is the longest history and `seed` what
    questions are drawn by. Histories are told as in play: a policy with a shorter `memory` is asked of what it is told.

    Raises `UnsuitablePolicy` if no language model is in it or its format cannot tell the game, `BadParameter`,
    `UnknownName` or what the model raises.
    """
    rules = make_game(game)
    check_seat(rules, seat)
    for what, value in (("each", each), ("steps", steps)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BadParameter(f"{what} is {value!r}; it must be a whole number, 1 or more")
    predictor = _predictor(make_policy(asker) if isinstance(asker, str) else asker)
    asked = questions(predictor, rules, seat, each, steps, seed)
    answers = predictor.model.recall([question.query for question in asked], "score")
    found = tuple(map(Asked, asked, answers))
    return Comprehension(
        predictor.model.identity, rules.spec.name, seat, predictor.told_as, predictor.style, found, each
    )


def passed(predictor: LanguagePredictor, game: Game, seat: int, limit: float) -> tuple[Call, ...]:
    """Sit the test: the questions as they are recorded; raises `UnsuitablePolicy` below a share of `limit`."""
    found = comprehend(predictor, game, seat)
    score, worst = found.score(), found.worst
    if score.share < limit:
        raise UnsuitablePolicy(
            f"{found.model} understood {score.share:.2f} of {score.number} questions about {found.game} told as "
            f"{found.format} (chance {score.chance:.2f}), less than gate={limit:g}; worst: {worst.kind}, "
            f"{worst.share:.2f} (chance {worst.chance:.2f})"
        )
    return found.calls()


def wilson(right: int, number: int) -> tuple[float, float]:
    """The 95% score interval of a share; source: Wilson 1927."""
    if number == 0:
        return 0.0, 1.0
    share, spread = right / number, SURE**2 / number
    centre, half = share + spread / 2, SURE * sqrt(share * (1 - share) / number + spread / (4 * number))
    return max(0.0, (centre - half) / (1 + spread)), min(1.0, (centre + half) / (1 + spread))


def _predictor(asker: Any) -> LanguagePredictor:
    """The language model in whatever it is in."""
    if isinstance(asker, LanguagePredictor):
        return asker
    if isinstance(asker, Policy):
        found = getattr(asker, "predictor", None)
        if isinstance(found, LanguagePredictor):
            return found
        raise UnsuitablePolicy(f"{asker.name or type(asker).__name__} has no language model to be asked")
    return LanguagePredictor(asker)


def _call(model: str, seat: int, asked: Asked) -> Call:
    (kind, query, _), (key, said, known) = asked.question, asked.answer
    return Call(
        match=0, step=0, seat=seat, purpose=f"comprehension: {kind}", imagined=False, model=model, prompt_hash=key,
        prompt="".join(query.context) + query.tail, labels=query.labels, logprobs=tuple(said.logprobs.tolist()),
        mass=said.mass, tokens_in=said.tokens_in, tokens_cached=said.tokens_cached, tokens_out=said.tokens_out,
        latency=said.latency, replayed=known,
    )  # fmt: skip
