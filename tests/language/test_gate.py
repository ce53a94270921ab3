"""`gate`: a policy that sits down only where its model understands the game, by questions asked before play."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.formats import prompt_format
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.quiz import KINDS
from prospect_env.arena.config import Config
from prospect_env.arena.play import play
from prospect_env.arena.run import run
from prospect_env.core.errors import UnsuitablePolicy
from tests.language.test_comprehension import GAME, Answering, questions


def test_a_gate_asks_as_the_policy_plays() -> None:
    model = FakeModel()
    gated = LanguagePolicy(LanguagePredictor(model, "round_log", memory=2, gate=0.0), "direct")
    calls = play(GAME, [gated, "tit_for_tat"]).calls
    histories = [call.prompt for call in calls if call.purpose == "comprehension: history"]
    assert len(histories) == 12
    assert max(prompt.count("they chose") for prompt in histories) == 2


def test_the_worst_kind_is_named_by_the_gate() -> None:
    asked = questions(GAME, 0, prompt_format("reaction_log"))
    right = {question.query: question.right for question in asked}
    wrong = {question.query for question in asked if question.kind == "payoffs"}
    model = Answering(lambda query: (right[query] + (query in wrong)) % len(query.labels))
    gated = LanguagePolicy(LanguagePredictor(model, gate=0.7), "direct")
    said = (
        r"understood 0\.67 of 36 .*prisoners_dilemma told as reaction_log .*less than gate=0\.7; worst: payoffs, 0\.00"
    )
    with pytest.raises(UnsuitablePolicy, match=said):
        play(GAME, [gated, "random"])
    assert model.asked == 36
    play(GAME, [LanguagePolicy(LanguagePredictor(Answering(lambda _: 0), gate=0.0), "direct"), "random"])


def test_the_test_is_recorded_of_every_match_and_costs_once() -> None:
    gated = LanguagePolicy(LanguagePredictor(FakeModel(), gate=0.1), "direct")
    episodes = play(GAME, [gated, "tit_for_tat"], episodes=4, block=2)
    test = [call for call in episodes.calls if call.purpose.startswith("comprehension: ")]
    assert Counter(call.match for call in test) == {0: 36, 1: 36, 2: 36, 3: 36}
    assert {call.purpose.removeprefix("comprehension: ") for call in test} == set(KINDS)
    assert {call.match for call in test if not call.replayed} == {0}
    assert {(call.step, call.seat, call.imagined) for call in test} == {(0, 0, False)}
    assert all(call.labels and call.prompt.endswith("Answer:") for call in test)


def test_a_run_tests_before_anything_is_written(tmp_path: Path) -> None:
    config: dict[str, Any] = {"name": "x", "game": "prisoners_dilemma", "episodes": 2, "policies": ["", "tit_for_tat"]}
    failing = Config(**config | {"policies": ["lm:model=fake,mode=direct,gate=1", "tit_for_tat"]})
    with pytest.raises(UnsuitablePolicy, match="gate=1"):
        run(failing, tmp_path / "failing")
    assert not (tmp_path / "failing").exists()
    passing = Config(**config | {"policies": ["lm:model=fake,mode=direct,gate=.1", "tit_for_tat"]})
    calls = run(passing, tmp_path / "passing").episode(1).calls
    assert len([call for call in calls if call.purpose.startswith("comprehension")]) == 36
