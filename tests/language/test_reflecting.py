"""Guesses in words: how they are asked for and tested, what they become worth, and what is believed of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.hypotheses import Hypothesis, asking, joined, relied_on
from prospect_agents.language.memo import MemoModel
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.reflecting import Reflecting
from prospect_agents.prospective import Forecasting, Prospective
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, ModelError, UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from tests.samples import GAME_PARAMETERS

COPY, ALWAYS = "They copy me.", "They always choose A."


class Thinker:
    """Guesses that somebody always chooses A, then that they copy; without a guess both are equally likely to it."""

    identity = "thinker"

    def __init__(self) -> None:
        self.requests, self.queries = list[Request](), list[list[Query]]()

    def write(self, requests: Sequence[Request]) -> list[Written]:
        self.requests += requests
        return [Written(COPY if ALWAYS in each.tail else ALWAYS, True, 9, 0, 4, 0.0) for each in requests]

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.queries.append(list(queries))
        return [Scored(np.log(self._share(query)), 9, 0, 2, 0.0) for query in queries]

    def _share(self, query: Query) -> list[float]:
        last = query.tail.rsplit(" ->", 1)[0].rsplit("\n", 1)[-1]  # what the arrow comes after
        likely = {COPY: f" {last}", ALWAYS: " A"}
        for guess, label in likely.items():
            if guess in query.tail:
                return [0.9 if each == label else 0.1 for each in query.labels]
        return [1 / len(query.labels)] * len(query.labels)


def against_tit_for_tat(predictor: Reflecting, episodes: int = 1, rounds: int = 10) -> Episodes:
    """It watches an actor that always defects."""
    watching = Forecasting(make_policy("always_defect"), predictor)
    return play(make_game("prisoners_dilemma", rounds=rounds), [watching, "tit_for_tat"], episodes=episodes)


def test_worth_by_hand() -> None:
    guess = Hypothesis("They copy me.")
    worths = []
    for right in (True, True, False, True):
        guess = guess.after(right)
        worths.append(guess.worth)
    # 0 + .3 (1 - 0) = .3; .3 + .3 * .7 = .51; .51 - .3 * .51 = .357; .357 + .3 * .643 = .5499
    assert worths == pytest.approx([0.3, 0.51, 0.357, 0.5499])
    assert (guess.right, guess.tested) == (3, 4)
    # Four right in a row: 1 - .7^4 = .7599, the first worth above .7.
    for _ in range(4):
        guess = guess.after(True)
    assert guess.worth == pytest.approx(1 - (1 - 0.5499) * 0.7**4)


def test_what_is_believed() -> None:
    good, better, weak, wrong = (Hypothesis(w, worth) for w, worth in (("a", 0.7), ("b", 0.8), ("c", 0.3), ("d", 0.0)))
    assert relied_on(()) == [(None, 1.0)]
    assert relied_on((wrong,)) == [(None, 1.0)]
    # .7 for the plain answer and .3 for the guess.
    assert [guess for guess, _ in relied_on((weak, wrong))] == [None, weak]
    assert [weight for _, weight in relied_on((weak, wrong))] == pytest.approx([0.7, 0.3])
    # .7 / 1.5 and .8 / 1.5; weaker ones have no say.
    assert [guess for guess, _ in relied_on((good, weak, better))] == [good, better]
    assert [weight for _, weight in relied_on((good, weak, better))] == pytest.approx([0.7 / 1.5, 0.8 / 1.5])


def test_the_best_and_the_newest_are_kept() -> None:
    held = tuple(Hypothesis(str(i), worth) for i, worth in enumerate((0.2, 0.5, 0.2, 0.4)))
    assert [guess.text for guess in joined(held, Hypothesis("new"), 4)] == ["1", "2", "3", "new"]
    assert [guess.text for guess in joined(held, Hypothesis("new"))] == ["0", "1", "2", "3", "new"]
    # The same words again are no new guess, and keep their worth.
    assert joined(held, Hypothesis("1"), 4) == held
    assert joined((Hypothesis("old", 0.9),), Hypothesis("new"), 1) == (Hypothesis("new"),)


def test_guesses_are_asked_for_word_for_word() -> None:
    model = Thinker()
    against_tit_for_tat(Reflecting(model, every=2), rounds=6)
    # In match 0, A cooperates and B defects. Tit for tat answers B with B from the second round on.
    log = "What I chose -> what they chose next:\nstart -> A\nB -> B\n"
    prompts = ["".join(each.context) + each.tail for each in model.requests]
    assert prompts[0] == log + 'The rule behind what they chose, in one sentence: "'
    assert prompts[1] == (
        log + "B -> B\nB -> B\nGuesses at the rule behind what they chose so far:\n"
        '"They always choose A." (right 0 of 2)\nA better guess at the rule behind what they chose, in one sentence: "'
    )
    assert len(prompts) == 2
    assert {each.temperature for each in model.requests} == {0.0}
    assert {each.stop for each in model.requests} == {('"', "\n")}
    assert asking("Bob", (), False) == 'The rule behind what Bob chose, in one sentence: "'
    assert asking("Bob", (), True) == "What is the rule behind what Bob chose? Answer in one sentence."
    assert asking("Bob", (Hypothesis("Bob waits.", 0.3, 1, 1),), True) == (
        'Guesses at the rule behind what Bob chose so far:\n"Bob waits." (right 1 of 1)\n'
        "What is a better guess at the rule behind what Bob chose? Answer in one sentence."
    )


@pytest.mark.parametrize(
    ("format", "who", "cue"),
    [
        ("reaction_log", "they", "B ->"),
        ("round_log", "they", "Round 5: they chose"),
        ("story", "Bob", "What will Bob do now: cooperate or defect?\nBob chose"),
    ],
)
def test_a_guess_is_written_before_the_question(format: str, who: str, cue: str) -> None:
    model = Thinker()
    against_tit_for_tat(Reflecting(model, format, every=2), rounds=6)
    tails = {query.tail for asked in model.queries for query in asked if len(query.context) == 5}
    supposing = {tail for tail in tails if tail.startswith(f"(The rule behind what {who} chose: ")}
    assert f"(The rule behind what {who} chose: {ALWAYS})\n{cue}" in supposing
    assert cue in tails


def test_the_right_guess_is_relied_on_and_the_wrong_one_is_not() -> None:
    episodes = against_tit_for_tat(Reflecting(Thinker(), every=2))
    assert episodes.forecast is not None
    # "Always A" is written after 2 steps and wrong from then on. "They copy me" is written after 4 and right in step 4
    # and every later one: worth .3 before step 5, .51 before 6, .657 before 7, .7599 before 8, and then it is all.
    plain, copying = 0.5, 0.9
    defects = [plain] * 5 + [
        0.7 * plain + 0.3 * copying,  # weights .7 and .3 of 1
        (0.7 * plain + 0.51 * copying) / 1.21,
        (0.7 * plain + 0.657 * copying) / 1.357,
        copying,
        copying,
    ]
    assert episodes.forecast[0, :, 0, 0, 1, 1, 1] == pytest.approx(np.array(defects), abs=1e-6)


def test_guesses_are_written_and_tested_of_what_really_happened() -> None:
    model = Thinker()
    episodes = against_tit_for_tat(Reflecting(model, every=2), episodes=4)
    written = [call for call in episodes.calls if call.purpose == "hypothesis"]
    # After 2, 4, 6 and 8 steps, of two tellings (A and B change places), however many continuations there are.
    assert len([call for call in written if not call.replayed]) == len(model.requests) == 8
    assert {call.match for call in written} == {0, 1, 2, 3}
    evidence = [call for call in episodes.calls if call.purpose == "evidence"]
    assert evidence
    assert all(call.labels and call.text == "" for call in evidence)
    # One call for the tests of all matches, one for what is asked now, one for continuations; and one for tests of the
    # new guess, every other step.
    assert len(model.queries) <= 4 * 10


def test_branches_hold_what_would_be_held() -> None:
    """What a reflecting co-player would do after an action is what it then does, whatever guess comes into use."""
    reflecting = Prospective(Reflecting(Thinker(), every=2))
    game = make_game("prisoners_dilemma", rounds=10)
    watching = "forecasting:actor=(random:p=.5),predictor=uniform"
    episodes = play(game, [watching, reflecting], episodes=6, branch="all")
    assert episodes.truth is not None
    assert episodes.probs is not None
    for step in range(9):
        taken = episodes.actions[:, step, 0]
        foreseen = episodes.truth[np.arange(6), step, 0, 1, taken, 1]
        assert np.array_equal(foreseen, episodes.probs[:, step + 1, 1])


def test_a_match_replays_from_its_own_calls_without_the_model() -> None:
    options = {"style": "chat", "every": 2, "longest": 5}
    first = against_tit_for_tat(Reflecting(FakeModel(), **options), episodes=4)  # type: ignore[arg-type]
    silent = Reflecting(FakeModel(), **options)  # type: ignore[arg-type]
    silent.model = MemoModel(None, identity=FakeModel().identity)
    silent.preload(call for call in first.calls if call.match == 2)
    watching = Forecasting(make_policy("always_defect"), silent)
    game = make_game("prisoners_dilemma", rounds=10)
    again = play(game, [watching, "tit_for_tat"], episodes=np.array([2]))
    assert np.array_equal(again.forecast, first.forecast[2:3], equal_nan=True)  # type: ignore[arg-type, index]
    assert {call.purpose for call in again.calls} >= {"hypothesis", "evidence"}
    assert all(call.replayed for call in again.calls)


def test_every_play_records_all_that_it_rests_on() -> None:
    predictor = Reflecting(Thinker(), every=2)
    first, again = against_tit_for_tat(predictor), against_tit_for_tat(predictor)
    assert [call.prompt_hash for call in again.calls] == [call.prompt_hash for call in first.calls]


def test_one_predictor_may_sit_at_several_seats() -> None:
    shared = Prospective(Reflecting(Thinker(), every=1))
    alone = [Prospective(Reflecting(Thinker(), every=1)) for _ in range(2)]
    game = make_game("volunteers_dilemma", seats=3, rounds=5)
    together, apart = (play(game, [*pair, "random"], episodes=2) for pair in ([shared, shared], alone))
    assert np.array_equal(together.forecast, apart.forecast, equal_nan=True)  # type: ignore[arg-type]
    # Both write about the third seat, each in its own record.
    for seat in (0, 1):
        written = [call.prompt for call in together.calls if call.purpose == "hypothesis" and call.seat == seat]
        assert any("rule behind what player 3 chose" in prompt for prompt in written)


def test_a_model_that_cannot_write_does_not_sit_down() -> None:
    class Mute:
        identity = "mute"

        def score(self, queries: Sequence[Query]) -> list[Scored]:
            raise AssertionError("it was asked")

    with pytest.raises(ModelError, match="mute scores labels and cannot write"):
        play("prisoners_dilemma", [Prospective(Reflecting(Mute())), "random"])


@pytest.mark.parametrize("format", ["reaction_log", "story"])
@pytest.mark.parametrize(
    ("name", "longer"),
    [
        ("trust", {"rounds": 6}),
        ("ultimatum", {"rounds": 6}),
        ("donation", {}),
        ("public_goods", {}),
        ("coin_game", {"steps": 5, "window": 1}),
    ],
)
def test_games_of_other_shapes(name: str, longer: dict[str, int], format: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name] | longer)
    policy = f"lm:model=fake,mode=reflect,format={format},every=1,style=chat,longest=4,planner=myopic"
    policies = [policy, *["random"] * (game.spec.seats - 1)]
    if game.spec.events and format == "reaction_log":
        with pytest.raises(UnsuitablePolicy, match="use format=story"):
            play(game, policies)
        return
    episodes = play(game, policies, episodes=2)
    assert np.allclose(episodes.forecast[episodes.active[:, :, 0]][:, 0].sum(axis=-1), 1)  # type: ignore[index]
    assert {"hypothesis", "evidence"} <= {call.purpose for call in episodes.calls}


@pytest.mark.parametrize("keywords", [{"every": 0}, {"kept": -1}, {"good": 0.0}, {"rate": 2.0}, {"longest": True}])
def test_bad_parameters(keywords: dict[str, object]) -> None:
    with pytest.raises(BadParameter, match=next(iter(keywords))):
        Reflecting(FakeModel(), **keywords)  # type: ignore[arg-type]
