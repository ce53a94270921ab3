"""Language models at the table: what they are asked word for word, what becomes of the answers, what is recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from prospect_agents.language.asked import Asked as Question
from prospect_agents.language.asked import Moment, Note, Past
from prospect_agents.language.fake import FakeModel
from prospect_agents.language.formats import FORMATS, prompt_format
from prospect_agents.language.model import Query, Scored, load_model
from prospect_agents.language.policy import LanguagePolicy, lm
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.symbols import lettered, symbols
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from prospect_env.stories.plain import narrate
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards

GAME = make_game("prisoners_dilemma", rounds=6, noise=0.1, termination_probability=0.05)
TELLING = lettered(GAME, 0, 0)
PAST = Past(tuple(Moment(pair) for pair in [(0, 1), (1, 1), (1, 0)]))
LOGS = [name for name in FORMATS if name != "story"]
RULES = """Two players choose A or B at the same time, again and again.
I choose A, they choose A: I get 3, they get 3.
I choose A, they choose B: I get 0, they get 5.
I choose B, they choose A: I get 5, they get 0.
I choose B, they choose B: I get 1, they get 1.
"""
TOLD = {
    ("reaction_log", False): "What I chose -> what they chose next:\nstart -> B\nA -> B\nB -> A\n|B ->",
    ("reaction_log", True): RULES + "What they chose -> what I chose next, for as many points as possible:\n"
    "start -> A\nB -> B\nB -> B\n|A ->",
    ("joint_log", False): "What I chose -> what they chose next:\nstart -> B\nA B -> B\nB B -> A\n|B A ->",
    ("round_log", False): RULES + "Round 1: they chose B, I chose A.\nRound 2: they chose B, I chose B.\n"
    "Round 3: they chose A, I chose B.\n|Round 4: they chose",
    ("round_log", True): RULES + "Round 1: they chose B, I chose A.\nRound 2: they chose B, I chose B.\n"
    "Round 3: they chose A, I chose B.\n|Round 4: I choose",
    ("sentences", False): RULES + "In round 1 I chose A and the other player chose B.\n"
    "In round 2 I chose B and the other player chose B.\nIn round 3 I chose B and the other player chose A.\n"
    "|In round 4 the other player chose",
}  # fmt: skip


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


def question(own: bool) -> Question:
    return Question(0 if own else 1, (0, 1), now=(0, 1))


@pytest.mark.parametrize(("name", "own"), list(TOLD))
def test_prompts_word_for_word(name: str, own: bool) -> None:
    told = prompt_format(name)
    segments = told.segments(TELLING, PAST, question(own))
    assert "".join(segments) + "|" + told.question(TELLING, PAST, question(own), 3) == TOLD[name, own]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", LOGS)
def test_history_only_grows_and_may_be_cut_anywhere(name: str, own: bool) -> None:
    told, asked = prompt_format(name), question(own)
    whole = "".join(told.segments(TELLING, PAST, asked)) + told.question(TELLING, PAST, asked, 3)
    for cut in range(4):
        begun = told.segments(TELLING, Past(PAST.moments[:cut]), asked)
        assert begun == told.segments(TELLING, PAST, asked)[: len(begun)]
        assert "".join(begun) + told.question(TELLING, PAST, asked, cut) == whole


@pytest.mark.parametrize(
    ("name", "cue"),
    [
        ("reaction_log", "A ->"),
        ("joint_log", "A ? ->"),
        ("round_log", "Round 4: they chose ?, I chose A.\nRound 5: they chose"),
        ("sentences", "In round 4 I chose A and the other player chose ?.\nIn round 5 the other player chose"),
    ],
)
def test_what_comes_after_an_own_action_is_asked_without_the_move_that_is_not_seen_yet(name: str, cue: str) -> None:
    asked = Question(1, (0, 1), given=0, reactions=True, now=(0, 1))
    assert prompt_format(name).cue(TELLING, PAST, asked) == cue


@pytest.mark.parametrize(
    ("name", "note", "placebo"),
    [
        ("reaction_log", "(they will choose B now)\nA ->", "(the page is marked B now)\nA ->"),
        ("round_log", "Round 4: they will choose B, so I choose", "Round 4: the page is marked B, so I choose"),
        (
            "sentences",
            "In round 4 the other player will choose B. In round 4 I chose",
            "In round 4 the page is marked B. In round 4 I chose",
        ),
    ],
)
def test_notes_name_a_label_as_a_prediction_or_as_a_placebo(name: str, note: str, placebo: str) -> None:
    for said, blank in ((note, False), (placebo, True)):
        asked = Question(0, (0, 1), now=(0, 1), notes=(Note(1, 1, (0, 1), blank),))
        assert prompt_format(name).cue(TELLING, PAST, asked) == said


def test_games_of_more_seats_name_the_players() -> None:
    game = make_game("volunteers_dilemma", seats=3, rounds=4)
    telling = lettered(game, 1, 0)
    past = Past((Moment((0, 1, 1)), Moment((1, 0, 1))))
    assert prompt_format("round_log").line(telling, past, 0, Question(2, (0, 1))) == (
        "Round 1: player 1 chose A, player 3 chose B, I chose B.\n"
    )
    log = prompt_format("reaction_log")
    asked = Question(2, (0, 1))
    assert log.opening(telling, asked) == "What I chose -> what player 3 chose next:\n"
    # Seat 1 did 1 (B), then seat 2 did 1 (B).
    assert log.line(telling, past, 1, asked) + log.cue(telling, past, asked) == "B -> B\nA ->"
    # What I do comes after what the others did: 0 and 1, in the order of seats.
    assert log.line(telling, past, 1, Question(1, (0, 1))) == "A B -> A\n"


def test_turns_are_told_as_choices_and_what_came_before_them() -> None:
    game = make_game("centipede", rounds=1, nodes=3)
    telling = lettered(game, 1, 0)
    # pass (1), pass (1), pass (1): the seats take turns, beginning with seat 0.
    past = Past((Moment((1, -1)), Moment((-1, 1)), Moment((1, -1))))
    asked = Question(0, (1, 2))
    log = prompt_format("reaction_log")
    lines = "".join(log.line(telling, past, at, asked) for at in range(3))
    assert lines == "start -> B\nB -> B\n"
    assert log.labels(telling, asked) == (" B", " C")


def test_the_other_seat_is_told_its_own_payoffs() -> None:
    game = make_game("matrix_game", payoffs=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    told = prompt_format("round_log").opening(lettered(game, 1, 0), question(True))
    assert "I choose A, they choose B: I get 6, they get 5.\n" in told


def test_payoffs_are_told_as_they_are_paid() -> None:
    # Scale 2 and shift 1 for both, then for the first seat alone scale 3: 3 (2 x 3 + 1) = 21, 2 x 3 + 1 = 7.
    game = make_game(make_game("prisoners_dilemma", affine=(2, 1)), affine=[[3, 0], [1, 0]])
    told = prompt_format("round_log").opening(lettered(game, 0, 0), question(True))
    assert "I choose A, they choose A: I get 21, they get 7.\n" in told
    assert "you cooperate, player_1 cooperate: you get 21, player_1 gets 7" in narrate(game, 0, 0, [0, 1])


@pytest.mark.parametrize(
    ("memory", "prompt"),
    [
        ("full", TOLD["joint_log", False]),
        (1, "What I chose -> what they chose next:\n|B B -> A\nB A ->"),
        (2, "What I chose -> what they chose next:\n|A B -> B\nB B -> A\nB A ->"),
        (9, TOLD["joint_log", False]),
        # After A came B (it follows what was done before it), after B came A.
        (
            "counts",
            "What I chose -> what they chose next:\n|So far, after A: B once.\n"  # noqa: ISC004
            "So far, after B: A once.\nB B -> A\nB A ->",
        ),
    ],
)
def test_what_is_remembered_of_the_past(memory: str | int, prompt: str) -> None:
    predictor = LanguagePredictor(FakeModel(), "joint_log", memory=memory)
    query = predictor.told(GAME, 0, 0, PAST.moments, 3, question(False))
    whole = "".join(query.context) + query.tail
    assert whole == prompt.replace("|", "")
    assert whole.endswith(query.tail)


def test_a_model_that_is_loaded_takes_no_options() -> None:
    with pytest.raises(BadParameter, match="dtype belong"):
        LanguagePredictor(FakeModel(), dtype="float32")


def test_chat_asks_for_a_label_alone_and_what_is_written_first_comes_first() -> None:
    predictor = LanguagePredictor(FakeModel(), "round_log", style="chat", preamble="Play well.\n")
    query = predictor.told(GAME, 0, 0, PAST.moments, 3, question(True))
    assert query.chat
    assert query.labels == ("A", "B")
    # One segment with the rules, so that a model which leaves out what is old keeps both.
    assert query.context[0] == "Play well.\n" + RULES
    assert query.tail == "Round 4: I choose ...\nHow does the last line go on: A or B? Answer with the letter alone."


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


def test_label_probabilities_become_the_forecast() -> None:
    episodes = played(LanguagePolicy(LanguagePredictor(Asked(0.7)), "direct"))
    assert np.allclose(episodes.forecast[:, :-1, 0, :, :, 1], [0.7, 0.3], atol=1e-6)  # type: ignore[index]


def test_scot_writes_down_the_likeliest_prediction_and_what_it_is_fed() -> None:
    def written(**keywords: object) -> set[str]:
        model = Asked(0.3)
        played(LanguagePolicy(LanguagePredictor(model, "round_log"), "scot"), episodes=1, **keywords)
        own = [
            query.tail for query in model.queries if "so I choose" in query.tail or query.tail.endswith(": I choose")
        ]
        return {tail.split("they will choose ")[1][0] if "they will" in tail else "-" for tail in own}

    # In match 0 action 0 is A and action 1 is B. It says B with .7; the oracle knows that tit for tat starts with A.
    assert "B" in written()
    assert "A" not in written()
    assert "A" in written(feeds={0: "oracle"})
    # Fed one half, nothing is likeliest and nothing is written.
    assert written(feeds={0: "uniform"}, commit=False) == {"-"}


def test_plan_is_the_predictor_with_a_planner() -> None:
    planned = make_policy("lm:model=fake,mode=plan,depth=2,format=joint_log")
    built = make_policy("prospective:predictor=(lm:model=fake,format=joint_log),depth=2")
    a, b = (play(GAME, [policy, "random_memory_one"], episodes=5, branch="all") for policy in (planned, built))
    assert np.array_equal(a.actions, b.actions)
    assert np.array_equal(a.forecast, b.forecast, equal_nan=True)  # type: ignore[arg-type]


def test_what_really_happened_is_context_and_what_is_imagined_is_tail() -> None:
    model = Asked()
    played(LanguagePolicy(LanguagePredictor(model), "direct"), episodes=1)
    about_others = [query for query in model.queries if query.context[0].startswith("What I chose")]
    # One opening and a line a round; the model is asked in rounds 0 to 9 and about continuations of rounds 0 to 8.
    assert {len(query.context) for query in about_others} == set(range(1, 11))
    assert max(query.tail.count("\n") for query in about_others) == 1


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


def test_in_games_by_turns_there_is_nothing_for_scot_to_write() -> None:
    def asked(game: str, mode: str, feeds: dict[int, str] | None = None) -> set[str]:
        found = play(game, [f"lm:model=fake,mode={mode}", "always:action=1"], 1, feeds=feeds, max_steps=3)
        return {call.prompt for call in found.calls if call.purpose == "own choice" and not call.imagined}

    by_turns, at_once = "centipede", "chicken"
    assert asked(by_turns, "scot") == asked(by_turns, "scot", {0: "oracle"}) == asked(by_turns, "direct")
    assert asked(at_once, "scot", {0: "oracle"}) != asked(at_once, "direct")


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


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("model", ["", "3", "[1,2]", "server:"])
def test_a_model_that_is_no_word_is_refused(model: str) -> None:
    # In a spec string, nothing at all, a number and a list are read as such; "server:" is a mapping.
    with pytest.raises(BadParameter, match="it must be a name, a folder, a hub id or a server"):
        make_policy(f"lm:model={model}")


@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
@pytest.mark.parametrize("format", ["reaction_log", "story"])
@pytest.mark.parametrize("mode", ["direct", "scot", "plan"])
def test_every_game_is_played_or_refused_with_a_reason(name: str, format: str, mode: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    planner = ",planner=myopic" if mode == "plan" else ""
    policies = [f"lm:model=fake,mode={mode},format={format}{planner}", *["random"] * (game.spec.seats - 1)]
    events = game.spec.events and format == "reaction_log"
    coarse = mode == "scot" and not game.spec.reactions_are_actions
    if events or coarse:
        with pytest.raises(UnsuitablePolicy, match=r"use format=story|names others' actions"):
            play(game, policies, max_steps=2)
        return
    episodes = play(game, policies, episodes=2, max_steps=3)
    asked = episodes.active[:, :, 0]
    assert np.allclose(episodes.probs[asked][:, 0].sum(axis=-1), 1)  # type: ignore[index]
    assert np.allclose(episodes.forecast[asked][:, 0].sum(axis=-1), 1)  # type: ignore[index]
    purposes = {"own choice", "own forecast", "other's choice", "other's reaction"}
    assert {call.purpose for call in episodes.calls} <= purposes


def test_rows_are_asked_in_one_call_and_rolled_in_two() -> None:
    class Counting(FakeModel):
        calls = 0

        def score(self, queries: Sequence[Query]) -> list[Scored]:
            self.calls += 1
            return super().score(queries)

    counted = {}
    for rows in ("asked", "rolled"):
        model = Counting()
        policy = LanguagePolicy(LanguagePredictor(model, rows=rows), "direct")
        play("prisoners_dilemma", [policy, "tit_for_tat"], episodes=3, max_steps=4)
        counted[rows] = model.calls
    # What it chooses is asked together with what it foresees. Rolling forward asks of continuations in a second call.
    assert counted["asked"] == 4
    assert 4 < counted["rolled"] <= 8


def test_all_at_the_table_are_asked_together() -> None:
    class Counting(FakeModel):
        calls = 0

        def score(self, queries: Sequence[Query]) -> list[Scored]:
            self.calls += 1
            return super().score(queries)

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
