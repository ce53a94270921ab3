"""`verbal`: what is asked word for word, what becomes of what is stated, and what is recorded of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from prospect_agents.language.asked import Asked, Moment
from prospect_agents.language.fake import FakeModel
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import Row
from prospect_agents.language.verbal import Verbal, read, schema
from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import ModelError
from prospect_env.core.make import make_game
from prospect_env.core.policy import Event, Table, View

GAME = make_game("prisoners_dilemma", rounds=6)
LOG = "What I chose -> what they chose next:\nstart -> B\nA -> B\nB -> A\n"
RULES = """Two players choose A or B at the same time, again and again.
I choose A, they choose A: I get 3, they get 3.
I choose A, they choose B: I get 0, they get 5.
I choose B, they choose A: I get 5, they get 0.
I choose B, they choose B: I get 1, they get 1.
"""
ROUNDS = (
    RULES + "Round 1: they chose B, I chose A.\nRound 2: they chose B, I chose B.\nRound 3: they chose A, I chose B.\n"
)
HINT = '(How probable each is to come next, in JSON, as numbers from 0 to 1 that sum to 1: {"A": ..., "B": ...})\n'
CHAT = (
    "\nHow probable is each way in which the last line may go on? Answer in JSON alone, "
    'as numbers from 0 to 1 that sum to 1: {"A": ..., "B": ...}'
)


class Stating(FakeModel):
    """Always writes the same, and keeps what it was asked."""

    def __init__(self, text: str = '{"A": 0.2, "B": 0.6}', finished: bool = True) -> None:
        super().__init__()
        self.text, self.finished = text, finished
        self.requests: list[Request] = []
        self.queries: list[Query] = []

    def write(self, requests: Sequence[Request]) -> list[Written]:
        self.requests += requests
        return [Written(self.text, self.finished, 9, 3, 5, 0.0) for _ in requests]

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.queries += queries
        return super().score(queries)


def played(predictor: LanguagePredictor, mode: str = "direct", **keywords: Any) -> Episodes:
    return play(GAME, [LanguagePolicy(predictor, mode), "tit_for_tat"], **keywords)


def asked(predictor: Verbal, question: Asked) -> Request:
    """What is asked after three steps: own A, B, B and the other's B, B, A."""
    luck = Chance(np.zeros(1, dtype=np.uint64))
    memory = predictor.begin(Table(GAME, 0, 1, luck))
    state = GAME.initial(1, luck)
    for pair in [(0, 1), (1, 1), (1, 0)]:
        event = Event(np.zeros(1), np.array([pair]), np.ones((1, 2), dtype=bool))
        memory = predictor.observe(memory, event)
    view = View(GAME, 0, state, GAME.legal(state)[:, 0], np.ones(1, dtype=bool), 3, np.zeros(1, dtype=np.int64))
    assert memory.past(0)[0] == Moment((0, 1))
    request, names = predictor.request(memory, view, Row(0, question))
    assert names == ("A", "B")
    return request


@pytest.mark.parametrize(
    ("format", "style", "given", "prompt"),
    [
        ("reaction_log", "completion", None, LOG + "|" + HINT + "B ->"),
        ("reaction_log", "completion", 0, LOG + "|" + HINT + "A ->"),
        ("reaction_log", "chat", None, LOG + "|B -> ..." + CHAT),
        ("round_log", "completion", None, ROUNDS + "|" + HINT + "Round 4: they chose"),
        (
            "round_log",
            "completion",
            0,
            ROUNDS + "|" + HINT + "Round 4: they chose ?, I chose A.\nRound 5: they chose",
        ),
        ("round_log", "chat", None, ROUNDS + "|Round 4: they chose ..." + CHAT),
    ],
)
def test_prompts_word_for_word(format: str, style: str, given: int | None, prompt: str) -> None:
    question = Asked(1, (0, 1), given=given, reactions=given is not None, now=(0, 1))
    request = asked(Verbal(FakeModel(), format, style=style), question)
    assert "".join(request.context) + "|" + request.tail == prompt
    assert request.chat == (style == "chat")
    assert request.schema == schema(("A", "B"))


def test_stories_name_options_by_their_words() -> None:
    model = Stating('{"cooperate": 1, "defect": 0}')
    episodes = played(Verbal(model, "story"), episodes=1, max_steps=2)
    assert np.allclose(episodes.forecast[0, :2, 0, :, :, 1], [1, 0])  # type: ignore[index]
    assert '{"cooperate": ..., "defect": ...})\n' in model.requests[0].tail


def test_the_schema_asks_for_a_number_from_0_to_1_of_each() -> None:
    form = json.loads(schema(("A", "to the left")))
    assert list(form["properties"]) == form["required"] == ["A", "to the left"]
    assert form["additionalProperties"] is False
    for number in form["properties"].values():
        assert number["type"] == "number"
        # Hundredths: 0, .01, ..., 1.
        assert len(number["enum"]) == 101
        assert (number["enum"][0], number["enum"][35], number["enum"][-1]) == (0.0, 0.35, 1.0)


def test_what_writes_under_the_schema_can_write_nothing_else() -> None:
    outlines = pytest.importorskip("outlines_core.json_schema")
    pattern = re.compile(outlines.build_regex_from_schema(schema(("A", "B"))))
    assert pattern.fullmatch('{"A": 0.35, "B": 1.0}')
    for wrong in ('{"A": 0.35}', '{"A": 1.5, "B": 0.1}', '{"A": -0.1, "B": 0.1}', '{"A": 0.333, "B": 0.1}'):
        assert not pattern.fullmatch(wrong)


def test_there_is_room_for_every_statement() -> None:
    longest = '{ "A" : 0.99 , "B" : 0.99 }'
    assert read(Written(longest, True, 0, 0, 0, 0.0), ("A", "B")).total == pytest.approx(1.98)
    # No token is shorter than a character; one more ends the text.
    assert asked(Verbal(FakeModel()), Asked(1, (0, 1), now=(0, 1))).limit > len(longest)


def test_statements_become_probabilities_and_their_sum_is_recorded() -> None:
    model = Stating()
    assert read(Written(model.text, True, 0, 0, 0, 0.0), ("B", "A")).probs.tolist() == pytest.approx([0.75, 0.25])
    episodes = played(Verbal(model), episodes=2)
    # Match 0 calls action 0 A and match 1 calls it B. .2 / .8 = .25.
    assert np.allclose(episodes.forecast[0, :-1, 0, :, :, 1], [0.25, 0.75], atol=1e-6)  # type: ignore[index]
    assert np.allclose(episodes.forecast[1, :-1, 0, :, :, 1], [0.75, 0.25], atol=1e-6)  # type: ignore[index]
    stated = [call for call in episodes.calls if call.text]
    assert {call.purpose for call in stated} == {"other's choice"}
    assert {(call.text, call.labels, round(call.mass, 9)) for call in stated} == {(model.text, (), 0.8)}
    assert {call.seat for call in stated} == {0}


def test_all_zeros_say_nothing_and_are_recorded_as_that() -> None:
    episodes = played(Verbal(Stating('{"A": 0, "B": 0.0}')), episodes=1)
    assert np.allclose(episodes.forecast[0, :-1, 0, :, :, 1], 0.5)  # type: ignore[index]
    assert {call.mass for call in episodes.calls if call.text} == {0.0}


def test_own_choices_are_scored_as_in_direct() -> None:
    model = Stating()
    episodes = played(Verbal(model), episodes=2)
    direct = played(LanguagePredictor(FakeModel()), episodes=2)
    assert {call.purpose for call in episodes.calls if not call.text} == {"own choice", "own forecast"}
    assert np.array_equal(episodes.actions, direct.actions)
    assert np.array_equal(episodes.probs[:, :, 0], direct.probs[:, :, 0])  # type: ignore[index]
    # What was said of what others do was not scored as well.
    assert all(query.context[0].startswith("Two players") for query in model.queries)


def test_rows_are_stated_too() -> None:
    model = Stating()
    episodes = played(Verbal(model, rows="asked"), episodes=1)
    assert np.allclose(episodes.forecast[0, :-1, 0, :, :, 1], [0.25, 0.75], atol=1e-6)  # type: ignore[index]
    assert "other's reaction" in {call.purpose for call in episodes.calls if call.text}


@pytest.mark.parametrize(
    "text",
    [
        '{"A": 0.2, "B":',
        "A, surely",
        "[0.2, 0.8]",
        '{"A": 0.2}',
        '{"A": 0.2, "B": 0.3, "C": 0.5}',
        '{"A": 0.2, "B": 1.5}',
        '{"A": -0.2, "B": 0.5}',
        '{"A": NaN, "B": 0.5}',
        '{"A": true, "B": 0.5}',
        '{"A": "0.2", "B": 0.5}',
    ],
)
def test_what_is_no_statement_is_an_error_that_shows_the_text(text: str) -> None:
    with pytest.raises(ModelError, match=re.escape(repr(text))):
        played(Verbal(Stating(text)), episodes=1)


def test_a_statement_that_the_limit_ended_is_an_error() -> None:
    text = re.escape(repr(Stating().text))
    with pytest.raises(ModelError, match=f"the limit ended a statement of probabilities: {text}"):
        played(Verbal(Stating(finished=False)), episodes=1)


def test_a_model_that_cannot_write_is_refused() -> None:
    class Scorer:
        identity = "scorer"

        def score(self, queries: Sequence[Query]) -> list[Scored]:
            return [Scored(np.log(np.full(len(query.labels), 0.1)), 1, 0, 1, 0.0) for query in queries]

    with pytest.raises(ModelError, match="which stating probabilities needs"):
        played(Verbal(Scorer()))


@pytest.mark.parametrize("mode", ["direct", "scot"])
def test_recorded_calls_replay_without_the_model(mode: str) -> None:
    class Silent(FakeModel):
        def score(self, queries: Sequence[Query]) -> list[Scored]:
            raise AssertionError("asked")

        def write(self, requests: Sequence[Request]) -> list[Written]:
            raise AssertionError("asked")

    first = played(Verbal(FakeModel()), mode, episodes=2, branch="all")
    again = Verbal(Silent())
    again.preload(first.calls)
    second = played(again, mode, episodes=2, branch="all")
    assert np.array_equal(first.actions, second.actions)
    assert np.array_equal(first.forecast, second.forecast, equal_nan=True)  # type: ignore[arg-type]
    assert [call.mass for call in second.calls if call.text] == [call.mass for call in first.calls if call.text]
    assert all(call.replayed for call in second.calls)


@pytest.mark.model
@pytest.mark.parametrize("style", ["completion", "chat"])
def test_the_real_model_states_numbers(real: str, style: str) -> None:
    predictor = Verbal(real, style=style, rows="asked", dtype="float32")
    episodes = played(predictor, episodes=1, max_steps=1)
    stated = [call for call in episodes.calls if not call.labels]
    # Of the other's choice now, and of its reaction to either own action.
    assert len(stated) == 3
    for call in stated:
        numbers = json.loads(call.text)
        assert set(numbers) == {"A", "B"}
        assert call.mass == pytest.approx(sum(numbers.values()))
    assert np.allclose(episodes.forecast[0, 0, 0, :, :, 1].sum(axis=-1), 1)  # type: ignore[index]
