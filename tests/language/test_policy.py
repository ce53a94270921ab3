"""Language models at the table: what becomes of a model's answers, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.model import Query, Scored, load_model
from prospect_agents.language.policy import LanguagePolicy, lm
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.symbols import symbols
from prospect_agents.planners.lookahead import LookAhead, Softmax
from prospect_agents.prospective import Prospective
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards

GAME = make_game("prisoners_dilemma", rounds=6, noise=0.1, termination_probability=0.05)


class Stated:
    """A model that says of the first labels what it is given, in odds."""

    identity = "stated"

    def __init__(self, *odds: float) -> None:
        self.odds = odds

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        return [self._score(query) for query in queries]

    def _score(self, query: Query) -> Scored:
        said = np.array(self.odds[: len(query.labels)])
        with np.errstate(divide="ignore"):
            return Scored(np.log(said / said.sum()), 10, 4, 2, 0.01)


class Asked:
    """A model that keeps its questions and always says that the first label has `p`."""

    identity = "asked"

    def __init__(self, p: float = 0.7) -> None:
        self.p, self.queries = p, list[Query]()

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.queries += queries
        said = np.log([self.p, 1 - self.p])
        return [Scored(said, 10, 4, 2, 0.01) for _ in queries]


def played(policy: LanguagePolicy, episodes: int = 2, **keywords: object) -> Episodes:
    return play("prisoners_dilemma", [policy, "tit_for_tat"], episodes=episodes, **keywords)  # type: ignore[arg-type]


def test_a_model_that_is_loaded_takes_no_options() -> None:
    with pytest.raises(BadParameter, match="dtype belong"):
        LanguagePredictor(FakeModel(), dtype="float32")


def test_symbols_are_counterbalanced() -> None:
    assert [symbols(3, match) for match in range(3)] == [("A", "B", "C"), ("B", "C", "A"), ("C", "A", "B")]
    # Numbers of one width: no label begins another.
    assert symbols(101, 0)[:2] == ("000", "001")
    model = Asked()
    episodes = played(LanguagePolicy(LanguagePredictor(model), "direct"), episodes=40)
    assert episodes.probs is not None
    # The first label of each query is the first action's symbol: A in even matches and B in odd ones.
    assert {query.labels for query in model.queries} == {(" A", " B"), (" B", " A")}


def test_direct_chooses_as_the_model_says() -> None:
    episodes = played(LanguagePolicy(LanguagePredictor(Asked(0.7)), "direct"), episodes=300)
    assert np.allclose(episodes.probs[:, :, 0], [0.7, 0.3])  # type: ignore[index]
    assert abs((episodes.actions[:, :, 0] == 0).mean() - 0.7) < 0.04
    sure = played(LanguagePolicy(LanguagePredictor(Asked(0.7)), "direct", temperature=0), episodes=5)
    assert (sure.actions[:, :, 0] == 0).all()
    # .7^2 / (.7^2 + .3^2) = .8448
    sharp = played(LanguagePolicy(LanguagePredictor(Asked(0.7)), "direct", temperature=0.5), episodes=5)
    assert np.allclose(sharp.probs[:, :, 0, 0], 0.8448, atol=1e-4)  # type: ignore[index]


def first_probs(game: Game, temperature: float, *odds: float) -> np.ndarray:
    """How probable the first choice of seat 0 is, where the model says these odds of the legal actions."""
    policy = LanguagePolicy(LanguagePredictor(Stated(*odds)), "direct", temperature=temperature)
    probs = play(game, [policy, "random"], episodes=1).probs
    assert probs is not None
    return probs[0, 0, 0]


FIVE = make_game("matrix_game", payoffs=[[[float(a == b)] * 2 for b in range(5)] for a in range(5)], rounds=1)


@pytest.mark.parametrize("temperature", [1e-3, 1e-4, 1e-300, 5e-324])
def test_a_small_temperature_takes_the_likeliest(temperature: float) -> None:
    # Even of .25, nothing is left by a plain power of 1000.
    assert first_probs(FIVE, temperature, 0.25, 0.20, 0.19, 0.18, 0.18).tolist() == [1, 0, 0, 0, 0]
    # Of ties equal shares are taken, and what was impossible stays so.
    assert first_probs(FIVE, temperature, 0.4, 0.4, 0.2, 0, 0).tolist() == [0.5, 0.5, 0, 0, 0]
    # Of centipede's three actions, the first may not be taken here.
    assert first_probs(make_game("centipede"), temperature, 0.6, 0.4).tolist() == [0, 1, 0]


def test_a_great_temperature_evens_out_what_is_possible() -> None:
    assert np.allclose(first_probs(FIVE, 1e300, 0.5, 0.3, 0.2, 0, 0), [1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert np.allclose(first_probs(make_game("centipede"), 1e300, 0.9, 0.1), [0, 0.5, 0.5])


@pytest.mark.parametrize("temperature", [float("inf"), float("nan"), -1.0])
def test_a_temperature_is_finite(temperature: float) -> None:
    with pytest.raises(BadParameter, match=f"temperature is {temperature}; it must be a finite number, 0 or more"):
        LanguagePolicy(LanguagePredictor("fake"), "direct", temperature=temperature)


def test_label_probabilities_become_the_forecast() -> None:
    episodes = played(LanguagePolicy(LanguagePredictor(Asked(0.7)), "direct"))
    assert np.allclose(episodes.forecast[:, :-1, 0, :, :, 1], [0.7, 0.3], atol=1e-6)  # type: ignore[index]


def test_plan_is_the_predictor_with_a_planner() -> None:
    planned = make_policy("lm:model=fake,mode=plan,depth=2,format=joint_log")
    built = make_policy("prospective:predictor=(lm:model=fake,format=joint_log),depth=2")
    a, b = (play(GAME, [policy, "random_memory_one"], episodes=5, branch="all") for policy in (planned, built))
    assert np.array_equal(a.actions, b.actions)
    assert np.array_equal(a.forecast, b.forecast, equal_nan=True)  # type: ignore[arg-type]


def test_what_happened_and_what_is_supposed_are_told_alike_and_asked_about_once() -> None:
    model = Asked()
    played(LanguagePolicy(LanguagePredictor(model), "direct"), episodes=1)
    about_others = [query for query in model.queries if query.context[0].startswith("What I chose")]
    # One opening and a line a round; the model is asked in rounds 0 to 9 and about continuations of rounds 0 to 8.
    assert {len(query.context) for query in about_others} == set(range(1, 11))
    assert not any("\n" in query.tail for query in about_others)
    texts = ["".join((*query.context, query.tail)) for query in model.queries]
    assert len(set(texts)) == len(texts)


def test_calls_are_recorded_where_they_were_asked() -> None:
    episodes = played(LanguagePolicy(LanguagePredictor(Asked()), "direct"), episodes=2)
    assert {call.step for call in episodes.calls} == set(range(10))
    assert {call.match for call in episodes.calls} == {0, 1}
    fresh = [call for call in episodes.calls if not call.replayed]
    assert fresh[0].tokens_in == 10
    assert fresh[0].tokens_cached == 4
    assert fresh[0].mass == pytest.approx(1.0)
    assert any(call.imagined for call in fresh)
    assert {call.purpose for call in fresh} == {"own forecast", "other's choice"}


def test_recorded_calls_replay_without_the_model() -> None:
    first = played(LanguagePolicy(LanguagePredictor(FakeModel()), "scot"))
    silent = LanguagePredictor(FakeModel())
    silent.preload(first.calls)
    again = played(LanguagePolicy(silent, "scot"))
    assert np.array_equal(first.actions, again.actions)
    assert all(call.replayed for call in again.calls)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"mode": "fast"}, UnknownName),
        ({"style": "shouting"}, BadParameter),
        ({"memory": 0}, BadParameter),
        ({"memory": "some"}, BadParameter),
        ({"rows": "guessed"}, BadParameter),
        ({"mode": "scot", "forecast": False}, BadParameter),
        ({"mode": "direct", "depth": 3}, BadParameter),
        ({"mode": "direct", "temperature": -1}, BadParameter),
        ({"format": "haiku"}, UnknownName),
        ({"planner": "looking"}, UnknownName),
        ({"planner": 3}, BadParameter),
        ({"format": 3}, BadParameter),
        ({"format": None}, BadParameter),
        ({"preamble": 3}, BadParameter),
        ({"forecast": "no"}, BadParameter),
        ({"forecast": None}, BadParameter),
        ({"mode": "plan", "forecast": False}, BadParameter),
        ({"talk": "yes"}, BadParameter),
    ],
)
def test_bad_parameters(keywords: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        lm(model="fake", **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize(("wrong", "right"), [("formt=story", "format"), ("dept=3", "depth"), ("memry=2", "memory")])
def test_a_misspelt_parameter_is_told_of_those_of_lm_and_of_its_planner(wrong: str, right: str) -> None:
    with pytest.raises(BadParameter, match=f"lm with planner 'lookahead': unknown parameter .* mean '{right}'"):
        make_policy(f"lm:model=fake,{wrong}")


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("model", ["", "3", "[1,2]", "server:"])
def test_a_model_that_is_no_word_is_refused(model: str) -> None:
    # In a spec string, nothing at all, a number and a list are read as such; "server:" is a mapping.
    with pytest.raises(BadParameter, match="it must be a name, a folder, a hub id or a server"):
        make_policy(f"lm:model={model}")


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(("flag", "value"), [("forecast", "0"), ("talk", "3")])
def test_a_flag_is_true_or_false(flag: str, value: str) -> None:
    with pytest.raises(BadParameter, match=f"{flag} is {value}; it may be true or false"):
        make_policy(f"lm:model=fake,mode=direct,{flag}={value}")


@pytest.mark.parametrize("mode", ["direct", "scot"])
@pytest.mark.parametrize("planner", ["nope", "lookahead", "(softmax:temperature=2)"])
def test_what_chooses_itself_takes_no_planner(mode: str, planner: str) -> None:
    with pytest.raises(BadParameter, match=f"mode={mode} has no planner to take it .*plan, reflect, simulate, verbal"):
        make_policy(f"lm:model=fake,mode={mode},planner={planner}")


def test_the_planner_is_a_look_ahead_unless_another_is_named() -> None:
    for spec, kind in (("", LookAhead), (",planner=lookahead", LookAhead), (",planner=softmax", Softmax)):
        policy = make_policy(f"lm:model=fake,mode=plan{spec}")
        assert isinstance(policy, Prospective)
        assert type(policy.planner) is kind


@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
@pytest.mark.parametrize("format", ["reaction_log", "story"])
@pytest.mark.parametrize("mode", ["direct", "scot", "plan"])
def test_every_game_is_played_or_refused_with_a_reason(name: str, format: str, mode: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    planner = ",planner=myopic" if mode == "plan" else ""
    policies = [f"lm:model=fake,mode={mode},format={format}{planner}", *["random"] * (game.spec.seats - 1)]
    events = game.spec.events and format == "reaction_log"
    if events:
        with pytest.raises(UnsuitablePolicy, match="use format=story"):
            play(game, policies, max_steps=2)
        return
    episodes = play(game, policies, episodes=2, max_steps=3)
    asked = episodes.active[:, :, 0]
    assert np.allclose(episodes.probs[asked][:, 0].sum(axis=-1), 1)  # type: ignore[index]
    assert np.allclose(episodes.forecast[asked][:, 0].sum(axis=-1), 1)  # type: ignore[index]
    purposes = {"own choice", "own forecast", "other's choice", "other's reaction"}
    assert {call.purpose for call in episodes.calls} <= purposes


class Counting(FakeModel):
    """Counts how often it is called."""

    calls = 0

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.calls += 1
        return super().score(queries)


@pytest.mark.parametrize("branch", ["none", "all"])
def test_all_that_a_step_asks_is_asked_in_one_call(branch: str) -> None:
    counted = {}
    for rows in ("asked", "rolled"):
        model = Counting()
        policy = LanguagePolicy(LanguagePredictor(model, rows=rows), "direct")
        play("prisoners_dilemma", [policy, "tit_for_tat"], episodes=3, max_steps=4, branch=branch)
        counted[rows] = model.calls
    # What it chooses, what it foresees now, and what it foresees of every continuation.
    assert counted == {"asked": 4, "rolled": 4}


def test_all_branches_of_all_seats_are_asked_about_in_one_call() -> None:
    model = Counting()
    planning, choosing = LanguagePredictor(model), LanguagePredictor(model, "round_log")
    choosing.model = planning.model
    pair = [Prospective(planning), LanguagePolicy(choosing, "direct")]
    play("prisoners_dilemma", pair, episodes=3, max_steps=4, branch="all")
    # Before the choices, and before the branches that follow from them.
    assert model.calls == 8


def test_all_at_the_table_are_asked_together() -> None:
    model = Counting()
    shared = LanguagePredictor(model, rows="asked")
    other = LanguagePredictor(model, "round_log", rows="asked")
    other.model = shared.model
    table = [LanguagePolicy(shared, "direct"), LanguagePolicy(other, "direct")]
    episodes = play("prisoners_dilemma", table, episodes=3, max_steps=4)
    assert model.calls == 4
    # The cost of a question is borne once, whoever had it asked.
    fresh = [call for call in episodes.calls if not call.replayed]
    assert len({call.prompt_hash for call in fresh}) == len(fresh)


def test_what_is_asked_of_rows_is_what_the_model_says() -> None:
    policy = LanguagePolicy(LanguagePredictor(Asked(0.7), rows="asked"), "direct")
    episodes = played(policy)
    # Match 0 has A for action 0, match 1 has B: the first label is always the first action's.
    assert np.allclose(episodes.forecast[:, :-1, 0, :, :, 1], [0.7, 0.3], atol=1e-6)  # type: ignore[index]
    assert np.allclose(episodes.forecast[:, :, 0, 0, :, 0], [0.7, 0.3], atol=1e-6)  # type: ignore[index]


def test_games_without_a_story_are_refused_in_stories() -> None:
    with pytest.raises((UnknownName, BadParameter)):
        play(Cards(), ["lm:model=fake,format=story", "random", "random"])


@pytest.mark.model
def test_a_batch_of_a_real_model_does_not_depend_on_the_batches_before_it(real: str) -> None:
    """What lets a killed run end with the fingerprint it would have had: an empty cache and the recorded answers."""
    model = load_model(real)
    first, second = np.arange(2), np.arange(2, 4)

    def batch(predictor: LanguagePredictor, numbers: np.ndarray) -> Episodes:
        policy = LanguagePolicy(predictor, "direct")
        return play(make_game("chicken", rounds=4), [policy, "random_memory_one"], episodes=numbers)

    going_on = LanguagePredictor(model)
    before = batch(going_on, first)
    whole = batch(going_on, second)
    resumed = LanguagePredictor(model)
    resumed.preload(before.calls)
    assert np.array_equal(whole.forecast, batch(resumed, second).forecast, equal_nan=True)  # type: ignore[arg-type]


def test_the_same_question_is_recorded_once_a_step_however_many_thoughts_ask_it() -> None:
    # Dice make 64 thoughts of every moment; all of them ask what the others will do here.
    game = make_game("coin_game", steps=2)
    episodes = play(game, ["lm:model=fake,planner=myopic,format=story", "random"], max_steps=1)
    keys = [(call.step, call.seat, call.purpose, call.prompt_hash) for call in episodes.calls]
    assert len(keys) == len(set(keys)) < 20
