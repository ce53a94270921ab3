"""Free talk: what is said word for word, how it is read, what is recorded, and what others are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.policy import LanguagePolicy, lm
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.story_format import StoryFormat
from prospect_agents.language.talk import Talking
from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.errors import BadParameter, ModelError, UnsuitablePolicy
from prospect_env.core.make import make_game

GAME = make_game("prisoners_dilemma", announcements=True, rounds=3)


class Liar(FakeModel):
    """Says that it will cooperate, is read so, and defects."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.queries: list[Query] = []

    def write(self, requests: Sequence[Request]) -> list[Written]:
        self.requests += requests
        return [Written('I  will "cooperate".\n', True, 9, 0, 5, 0.0) for _ in requests]

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.queries += queries
        return [self._judged(query) for query in queries]

    def _judged(self, query: Query) -> Scored:
        likely = "cooperate" if query.tail.rpartition("\n")[0].endswith('."') else "defect"
        odds = np.array([3.0 if label.strip(" .").endswith(likely) else 1.0 for label in query.labels])
        return Scored(np.log(odds / odds.sum()), 9, 0, 1, 0.0)


def liar(format: str = "story") -> tuple[Liar, Talking]:
    model = Liar()
    predictor = LanguagePredictor(model, format)
    return model, Talking(LanguagePolicy(predictor, "direct", temperature=0), predictor)


def test_what_is_said_is_read_as_an_announcement_and_need_not_be_kept() -> None:
    model, policy = liar()
    episodes = play(GAME, [policy, "promise_keeper"], episodes=4)
    say, do = episodes.actions[:, ::2, 0], episodes.actions[:, 1::2, 0]
    assert {GAME.spec.actions[a] for a in say.ravel()} == {"say cooperate"}
    assert {GAME.spec.actions[a] for a in do.ravel()} == {"defect"}
    assert episodes.messages is not None
    # Quotation marks would end the line it is told in.
    assert set(episodes.messages[:, ::2, 0].ravel()) == {"I will 'cooperate'."}
    assert set(episodes.messages[:, 1::2, 0].ravel()) == {""}
    row = metrics.summary(episodes, ["promise_keeping"], by=("seat",))[0]
    assert (row["seat"], row["value"]) == (0, 0.0)
    assert model.requests[0].tail == 'You said: "'
    assert model.requests[0].stop == ('"', "\n")
    assert "You said: \"I will 'cooperate'.\"\nYou announced" in model.queries[-1].tail or any(
        "You said: \"I will 'cooperate'.\"\n" in query.tail for query in model.queries
    )


def test_the_others_are_told_the_words() -> None:
    _, policy = liar()
    heard = Liar()
    listener = LanguagePolicy(LanguagePredictor(heard, "story"), "direct")
    play(GAME, [policy, listener], episodes=1)
    moves = [query for query in heard.queries if "announced" in "".join(query.context)]
    assert any("Ann said: \"I will 'cooperate'.\"\n" in "".join(query.context) for query in moves)


def test_seats_told_one_story_go_by_the_same_names() -> None:
    def told(seat: int, **words: Any) -> tuple[str, tuple[str, ...]]:
        telling = StoryFormat(**words).telling(GAME, seat, match=seat)
        return str(telling.narrator.rules(seat)), telling.narrator.story.names

    stories: list[dict[str, Any]] = [{}, {"frame": "business", "variant": 2}]
    for words in stories:
        (first, names), (second, same) = told(0, **words), told(1, **words)
        assert names == same
        # Each is told what it is called itself, so that it knows when it is addressed.
        assert all(name in rules for name in names for rules in (first, second))
    assert not set(names) & set(told(1)[1])


def test_words_and_readings_are_recorded() -> None:
    _, policy = liar("round_log")
    episodes = play(GAME, [policy, "promise_keeper"], episodes=2)
    written = [call for call in episodes.calls if call.purpose == "message"]
    assert {call.text for call in written} == {'I  will "cooperate".\n'}
    assert all(call.prompt.endswith('I said: "') and call.labels == () for call in written)
    # Liars go by the name of the fake, so its recorded words are taken for the fake's own.
    again = LanguagePredictor(FakeModel(), "round_log")
    again.preload(episodes.calls)
    replayed = play(
        GAME, [Talking(LanguagePolicy(again, "direct", temperature=0), again), "promise_keeper"], episodes=2
    )
    assert np.array_equal(replayed.messages, episodes.messages)  # type: ignore[arg-type]
    assert all(call.replayed for call in replayed.calls)


def test_branches_meet_the_same_speaker() -> None:
    _, policy = liar()
    episodes = play(GAME, [policy, "forecasting:actor=random,predictor=uniform"], episodes=3, branch="all")
    # What the other is truly like, at every step in which it speaks: it announces cooperation, surely.
    say = GAME.spec.reactions.index("says cooperate")
    assert episodes.truth is not None
    assert np.allclose(episodes.truth[:, 0, 1, 0, :, 0, say][episodes.mask[:, 0, 1, 0, :, 0]], 1.0)  # type: ignore[index]


def test_a_planner_may_talk_too() -> None:
    episodes = play(GAME, [lm(model="fake", mode="plan", talk=True), "promise_keeper"], episodes=2)
    assert episodes.messages is not None
    assert episodes.actions.shape == (2, 6, 2)


def test_what_cannot_talk_is_refused() -> None:
    with pytest.raises(UnsuitablePolicy, match="announcements=true"):
        play("prisoners_dilemma", [lm(model="fake", mode="direct", talk=True), "random"])
    with pytest.raises(BadParameter, match="longest is 0"):
        Talking(lm(model="fake", mode="direct"), LanguagePredictor("fake"), longest=0)

    class Scorer:
        identity = "scorer"

        def score(self, queries: Sequence[Query]) -> list[Scored]:
            return [Scored(np.log(np.full(len(query.labels), 0.1)), 1, 0, 1, 0.0) for query in queries]

    predictor = LanguagePredictor(Scorer())
    with pytest.raises(ModelError, match="cannot write"):
        play(GAME, [Talking(LanguagePolicy(predictor, "direct"), predictor), "random"])
