"""Questions are asked ahead to have them answered together: those that come up, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.memo import MemoModel, prompt_hash
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.reflecting import Reflecting
from prospect_agents.language.simulate import Simulating
from prospect_agents.language.talk import Talking
from prospect_agents.prospective import Prospective
from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.core.players import Players
from prospect_env.core.policy import Policy

LABELS = (" A", " B")
#: forecasts, so that the language model is asked in its branches too
OTHER = "forecasting:actor=random,predictor=uniform"


class Heard(FakeModel):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.hashes: list[str] = []

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.hashes += [prompt_hash(self.identity, query) for query in queries]
        return super().score(queries)

    def write(self, requests: Sequence[Request]) -> list[Written]:
        self.hashes += [prompt_hash(self.identity, request) for request in requests]
        return super().write(requests)


class Sure(Heard):
    """Gives all but its likeliest label probability 0, as servers do to labels that they have not seen."""

    @property
    def full_support(self) -> bool:
        return False

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        return [
            replace(said, logprobs=np.where(said.logprobs == said.logprobs.max(), 0.0, -np.inf))
            for said in super().score(queries)
        ]


def seated(mode: str, model: Heard) -> Policy:
    predictors = {"simulate": Simulating, "reflect": Reflecting}
    if mode in ("direct", "scot"):
        return LanguagePolicy(LanguagePredictor(model), mode)
    if mode in ("talk", "talk and choose"):
        predictor = LanguagePredictor(model)
        return Talking(LanguagePolicy(predictor, "direct", forecast=mode == "talk"), predictor)
    options: dict[str, Any] = {"every": 2} if mode == "reflect" else {}
    return Prospective(predictors.get(mode, LanguagePredictor)(model, **options))


GAMES: dict[str, dict[str, Any]] = {"prisoners_dilemma": {"rounds": 5}, "trust": {"rounds": 2}, "centipede": {}}
TALK = {"rounds": 3, "announcements": True}
MODES = ("direct", "scot", "plan", "simulate", "reflect")
CASES = [(mode, game, parameters) for mode in MODES for game, parameters in GAMES.items()]
CASES += [(mode, "prisoners_dilemma", TALK) for mode in (*MODES, "talk", "talk and choose")]


@pytest.mark.parametrize("model", [Heard, Sure])
@pytest.mark.parametrize("branch", ["none", "all"])
@pytest.mark.parametrize(("mode", "game", "parameters"), CASES)
def test_nothing_is_asked_in_vain(
    mode: str, game: str, parameters: dict[str, Any], branch: Any, model: type[Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, expect = model(), MemoModel.expect
    expected: set[str] = set()

    def listened(self: MemoModel, queries: Sequence[Query]) -> None:
        expected.update(prompt_hash(self.identity, query) for query in queries)
        expect(self, queries)

    monkeypatch.setattr(MemoModel, "expect", listened)
    rules = make_game(game, **parameters)
    episodes = play(rules, [seated(mode, heard), OTHER], episodes=2, branch=branch, max_steps=6)
    assert len(set(heard.hashes)) == len(heard.hashes), "nothing is asked twice"
    assert set(heard.hashes) == {call.prompt_hash for call in episodes.calls}
    assert expected <= set(heard.hashes), "nor expected and let go"


@pytest.mark.parametrize("mode", MODES)
def test_preparing_asks_nothing_itself(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, prepare, told = Heard(), Players.prepare, []

    def watched(*given: Any, **named: Any) -> None:
        before = len(heard.hashes)
        prepare(*given, **named)
        told.append(len(heard.hashes) - before)

    monkeypatch.setattr(Players, "prepare", watched)
    play(make_game("prisoners_dilemma", rounds=6), [seated(mode, heard), OTHER], episodes=2, branch="all")
    assert heard.hashes
    assert set(told) == {0}


@pytest.mark.parametrize("mode", MODES)
def test_preparing_changes_nothing_but_when_it_is_asked(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = make_game("prisoners_dilemma", rounds=6)
    table = ["tit_for_tat"]
    ahead = play(game, [seated(mode, Sure()), *table], episodes=2, branch="all")
    monkeypatch.setattr(Players, "prepare", lambda *_, **__: None)
    late = play(game, [seated(mode, Sure()), *table], episodes=2, branch="all")
    assert np.array_equal(ahead.actions, late.actions)
    assert np.array_equal(ahead.forecast, late.forecast, equal_nan=True)  # type: ignore[arg-type]
    keys = [sorted((c.match, c.step, c.seat, c.purpose, c.prompt_hash) for c in each.calls) for each in (ahead, late)]
    assert keys[0] == keys[1]


def test_what_was_expected_for_an_earlier_step_is_let_go() -> None:
    model = Heard()
    memo = MemoModel(model)
    known, never, now = (Query(("r",), tail, LABELS) for tail in ("known", "never", "now"))
    memo.score([known])
    memo.expect([never])
    memo.score([known])
    memo.expect([now])
    memo.score([Query(("r",), "new", LABELS)])
    assert prompt_hash(model.identity, never) not in model.hashes
    assert prompt_hash(model.identity, now) in model.hashes
