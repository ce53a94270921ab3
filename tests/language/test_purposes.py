"""What a question is recorded to have been for."""

from __future__ import annotations

from collections import Counter

import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.make import make_game

GAME = make_game("prisoners_dilemma", rounds=3)


def real(episodes: Episodes) -> Counter[tuple[int, str]]:
    """How many questions of the match itself, not of a continuation, were recorded, by step and purpose."""
    return Counter((call.step, call.purpose) for call in episodes.calls if not call.imagined)


@pytest.mark.parametrize("mode", ["direct", "verbal", "reflect"])
def test_to_choose_and_to_foresee_what_one_will_choose_are_two_purposes(mode: str) -> None:
    found = real(play(GAME, [f"lm:model=fake,mode={mode}", "tit_for_tat"]))
    own = {key: count for key, count in found.items() if key[1].startswith("own")}
    chooses = {(step, "own choice"): 1 for step in range(3)} if mode == "direct" else {}
    assert own == chooses | {(step, "own forecast"): 1 for step in range(3)}


def test_equal_words_are_asked_once_whatever_for() -> None:
    fresh = LanguagePolicy(LanguagePredictor(FakeModel()), "direct")
    calls = play(GAME, [fresh, "tit_for_tat"]).calls
    chosen, foreseen = (
        {call.step: call for call in calls if call.purpose == purpose and not call.imagined}
        for purpose in ("own choice", "own forecast")
    )
    assert [chosen[step].prompt_hash for step in range(3)] == [foreseen[step].prompt_hash for step in range(3)]
    assert all(chosen[step].replayed and not foreseen[step].replayed for step in range(3))


def test_what_is_written_before_a_choice_leaves_it_one() -> None:
    calls = play(GAME, ["lm:model=fake,mode=scot", "always_defect"]).calls
    noted = [call for call in calls if "they will choose" in call.prompt]
    assert noted
    assert {call.purpose for call in noted} == {"own choice"}
    spoken = "lm:model=fake,mode=direct,format=story,talk=true"
    calls = play(
        make_game("prisoners_dilemma", rounds=2, announcements=True), [spoken, "promise_keeper"], max_steps=1
    ).calls
    read = [call for call in calls if 'You said: "' in call.prompt and call.labels]
    assert read
    assert {call.purpose for call in read} == {"own choice"}
