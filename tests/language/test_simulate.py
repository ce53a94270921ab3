"""`simulate`: what the other is asked in its own seat, word for word, and that it then foresees itself exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_agents.language.asked import Asked, Moment, Past
from prospect_agents.language.fake import FakeModel
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import about_now
from prospect_agents.language.simulate import Simulating
from prospect_agents.prospective import Forecasting
from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Table, View
from tests.samples import GAME_PARAMETERS

GAME = make_game("prisoners_dilemma", rounds=6)
LUCK = Chance(np.zeros(1, dtype=np.uint64))
# Seat 0 did A, B, B, and seat 1, which is asked, did B, B, A.
MOMENTS = tuple(Moment(pair) for pair in [(0, 1), (1, 1), (1, 0)])
RULES = """Two players choose A or B at the same time, again and again.
I choose A, they choose A: I get 3, they get 3.
I choose A, they choose B: I get 0, they get 5.
I choose B, they choose A: I get 5, they get 0.
I choose B, they choose B: I get 1, they get 1.
"""
LOG = RULES + "What they chose -> what I chose next, for as many points as possible:\n"
ROUNDS = RULES + (
    "Round 1: they chose A, I chose B.\nRound 2: they chose B, I chose B.\nRound 3: they chose B, I chose A.\n"
)
SENTENCES = RULES + (
    "In round 1 I chose B and the other player chose A.\nIn round 2 I chose B and the other player chose B.\n"
    "In round 3 I chose A and the other player chose B.\n"
)
#: what seat 1 is asked by seat 0: of this step, and after seat 0 did A
PUT = {
    ("reaction_log", None): LOG + "start -> B\nA -> B\nB -> A\n|B ->",
    ("reaction_log", 0): LOG + "start -> B\nA -> B\nB -> A\n|A ->",
    ("joint_log", None): LOG + "start -> B\nA B -> B\nB B -> A\n|B A ->",
    ("round_log", None): ROUNDS + "|Round 4: I choose",
    ("round_log", 0): ROUNDS + "Round 4: they chose A.\n|Round 5: I choose",
    ("sentences", None): SENTENCES + "|In round 4 I chose",
    ("sentences", 0): SENTENCES + "In round 4 the other player chose A.\n|In round 5 I chose",
}  # fmt: skip


def before(game: Game, seat: int, batch: int = 1) -> View:
    """What a seat has before it at the first step of some matches, all told like match 0."""
    luck = Chance(np.arange(batch, dtype=np.uint64))
    state = game.initial(batch, luck)
    numbers = np.arange(batch) * len(game.spec.actions) * len(game.spec.reactions)
    known = game.hide(state, seat)
    return View(game, seat, known, game.legal(state)[:, seat], game.active(state)[:, seat], 0, numbers)


@pytest.mark.parametrize(("format", "given"), list(PUT))
def test_prompts_word_for_word(format: str, given: int | None) -> None:
    predictor = Simulating(FakeModel(), format)
    asked = Asked(1, (0, 1), given=given, reactions=given is not None, now=(0, 1))
    query = predictor.query(before(GAME, 0), 0, MOMENTS, asked)
    assert "".join(query.context) + "|" + query.tail == PUT[format, given]
    assert query.labels == (" A", " B")


def test_a_story_is_told_to_the_other_by_its_name_with_what_it_knows() -> None:
    game = make_game("centipede", rounds=1, nodes=3)
    mine, theirs = Simulating(FakeModel(), "story", rows="asked"), LanguagePredictor(FakeModel(), "story")
    view = before(game, 1)
    (row,) = about_now(view, LUCK)
    assert row.asked.about == 0
    memory = mine.begin(Table(game, 1, 1, LUCK))
    (query,) = mine.queries(memory, view, [row])
    told = before(game, 0)
    (same,) = about_now(told, LUCK)
    (own,) = theirs.queries(theirs.begin(Table(game, 0, 1, LUCK)), told, [same])
    assert query == own
    assert same.asked.situation != row.asked.situation, "the seats are told different things of where they stand"
    # What comes after one's own action is told as done, and where things will stand then is not told at all.
    later = Asked(0, (1, 2), given=1, reactions=True, situation=row.asked.situation)
    (query,) = mine.queries(memory, view, [row._replace(asked=later)])
    done = mine.format.line(mine.format.telling(game, 0, 0), Past((Moment((-1, 1)),)), 0, later)
    assert query.context[-1] == done
    assert "The larger pile is" in own.tail
    assert "The larger pile is" not in query.tail


@pytest.mark.parametrize("format", ["reaction_log", "joint_log", "round_log", "sentences", "story"])
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("prisoners_dilemma", {"rounds": 5}),
        ("battle_of_the_sexes", {"rounds": 5}),
        ("volunteers_dilemma", {"seats": 3, "rounds": 4}),
        ("centipede", {"rounds": 2, "nodes": 3}),
    ],
)
def test_it_foresees_of_itself_what_it_does(name: str, parameters: dict[str, Any], format: str) -> None:
    game = make_game(name, **parameters)
    others = [LanguagePolicy(LanguagePredictor(FakeModel(), format), "direct") for _ in range(game.spec.seats - 1)]
    policy = Forecasting(make_policy("random"), Simulating(FakeModel(), format))
    episodes = play(game, [policy, *others], episodes=4, branch="all")
    assert episodes.forecast is not None
    assert episodes.truth is not None
    assert episodes.probs is not None
    now = episodes.active & episodes.active[:, :, :1]
    checked = 0
    for seat in range(1, game.spec.seats):
        foreseen = episodes.forecast[:, :, 0, 0, 0, seat][now[:, :, seat]]
        assert np.array_equal(foreseen, episodes.probs[:, :, seat][now[:, :, seat]])
        checked += len(foreseen)
        mask = episodes.mask[:, :, 0, 1, :, seat]
        # Lead 1, after each own action: what the very same player does in a branch.
        assert np.array_equal(episodes.forecast[:, :, 0, 1, :, seat][mask], episodes.truth[:, :, 0, 1, :, seat][mask])
        checked += int(mask.sum())
    assert checked >= 8


def test_asked_by_rows_it_foresees_answers_in_turns_exactly() -> None:
    game = make_game("centipede", rounds=2, nodes=3)
    policy = Forecasting(make_policy("random"), Simulating(FakeModel(), "reaction_log", rows="asked"))
    other = LanguagePolicy(LanguagePredictor(FakeModel(), "reaction_log"), "direct")
    episodes = play(game, [policy, other], episodes=4, branch="all")
    # To pass (1) at the first node leaves the next choice to the other, and nothing else is chosen in between: what it
    # is told of that is all that will have happened.
    assert episodes.mask[:, 0, 0, 1, 1, 1].all()  # type: ignore[index]
    assert np.array_equal(episodes.forecast[:, 0, 0, 1, 1, 1], episodes.truth[:, 0, 0, 1, 1, 1])  # type: ignore[index]


def test_trembling_hands_are_reckoned_with() -> None:
    game = make_game("prisoners_dilemma", rounds=4, noise=0.2)
    policy = Forecasting(make_policy("random"), Simulating(FakeModel()))
    other = LanguagePolicy(LanguagePredictor(FakeModel()), "direct")
    episodes = play(game, [policy, other], episodes=4, branch="all")
    assert episodes.probs is not None
    # .8 p + .2 (1 - p)
    assert np.allclose(episodes.forecast[:, :, 0, 0, 0, 1], 0.2 + 0.6 * episodes.probs[:, :, 1], atol=1e-6)  # type: ignore[index]


def test_what_only_the_forecaster_knows_is_not_told() -> None:
    game = make_game("bargaining", goods=[1, 1], total=2, turns=2, outside=[0, 0.5])
    assert not game.spec.perfect_information
    view = before(game, 1, batch=40)
    luck = Chance(np.arange(40, dtype=np.uint64))
    asked = about_now(view, luck)
    assert {row.asked.about for row in asked} == {0}
    assert len({row.asked.situation for row in asked}) > 1, "matches differ in what the forecaster knows"
    predictor = Simulating(FakeModel(), "story")
    memory = predictor.begin(Table(game, 1, 40, luck))
    queries = set(predictor.queries(memory, view, asked))
    assert len(queries) == 1
    # Nor is anything told in place of what it cannot know of the other.
    assert queries.pop().tail.startswith("What do you do now: offer 0-0")
    plain = LanguagePredictor(FakeModel(), "story")
    assert len(set(plain.queries(memory, view, asked))) > 1


@pytest.mark.parametrize(
    ("name", "parameters", "rows", "says"),
    [
        ("coin_game", {"steps": 4}, "rolled", "reactions in coin_game are events"),
        ("prisoners_dilemma", {"rounds": 3, "noise": 0.1}, "asked", "use rows=rolled"),
        ("beauty_contest", GAME_PARAMETERS["beauty_contest"], "asked", "use rows=rolled"),
    ],
)
def test_what_cannot_be_foreseen_so_is_refused(name: str, parameters: dict[str, Any], rows: str, says: str) -> None:
    game, policy = make_game(name, **parameters), f"lm:model=fake,mode=simulate,format=story,rows={rows}"
    with pytest.raises(UnsuitablePolicy, match=says):
        play(game, [policy, *["random"] * (game.spec.seats - 1)])


@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
def test_every_game_is_foreseen_or_refused_with_a_reason(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    policies = ["lm:model=fake,mode=simulate,planner=myopic", *["random"] * (game.spec.seats - 1)]
    if game.spec.events:
        with pytest.raises(UnsuitablePolicy, match="are events"):
            play(game, policies, max_steps=2)
        return
    episodes = play(game, policies, episodes=1, max_steps=2)
    asked = episodes.active[:, :, 0]
    assert np.allclose(episodes.forecast[asked][:, 0].sum(axis=-1), 1)  # type: ignore[index]


@pytest.mark.parametrize("rows", ["rolled", "asked"])
@pytest.mark.parametrize("mode", ["simulate", "verbal"])
@pytest.mark.parametrize("other", ["tit_for_tat", "reverse_tit_for_tat"])
def test_the_rule_of_a_reaction_is_learned(mode: str, other: str, rows: str) -> None:
    policy = f"lm:model=fake,mode={mode},rows={rows},planner=softmax,temperature=5"
    episodes = play(make_game("prisoners_dilemma", rounds=30), [policy, other], episodes=10, branch="all")
    # After 20 rounds, of reactions to both own actions; against one half, which has a Brier score of 1/2 throughout.
    said, truth = (x[:, 20:29, 0, 1, :, 1] for x in (episodes.forecast, episodes.truth))  # type: ignore[index]
    skill = 1 - np.sum((said - truth) ** 2, axis=-1).mean() / 0.5
    assert skill > 0.8
