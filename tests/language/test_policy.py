"""Language models at the table: what they are asked word for word, what becomes of the answers, what is recorded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from prospect_agents.language.fake import FakeModel
from prospect_agents.language.formats import FORMATS, Telling, symbols
from prospect_agents.language.model import Query, Scored, load_model
from prospect_agents.language.policy import LanguagePolicy, lm
from prospect_agents.language.predictor import LanguagePredictor
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from tests.toys import Cards

GAME = make_game("prisoners_dilemma", rounds=6, noise=0.1, termination_probability=0.05)
TELLING = Telling(GAME, 0, ("A", "B"))
ROUNDS = [(0, 1), (1, 1), (1, 0)]
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


@pytest.mark.parametrize(("name", "own"), list(TOLD))
def test_prompts_word_for_word(name: str, own: bool) -> None:
    told = FORMATS[name]
    segments = told.segments(TELLING, ROUNDS, own)
    assert "".join(segments) + "|" + told.question(TELLING, ROUNDS, own, len(ROUNDS)) == TOLD[name, own]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", list(FORMATS))
def test_history_only_grows_and_may_be_cut_anywhere(name: str, own: bool) -> None:
    told = FORMATS[name]
    whole = "".join(told.segments(TELLING, ROUNDS, own)) + told.question(TELLING, ROUNDS, own, len(ROUNDS))
    for cut in range(len(ROUNDS) + 1):
        begun = told.segments(TELLING, ROUNDS[:cut], own)
        assert begun == told.segments(TELLING, ROUNDS, own)[: len(begun)]
        assert "".join(begun) + told.question(TELLING, ROUNDS, own, cut) == whole


def test_the_other_seat_is_told_its_own_payoffs() -> None:
    game = make_game("matrix_game", payoffs=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    told = FORMATS["round_log"].segments(Telling(game, 1, ("A", "B")), [], True)[0]
    assert "I choose A, they choose B: I get 6, they get 5.\n" in told


def test_symbols_are_counterbalanced() -> None:
    assert [symbols(3, match) for match in range(3)] == [("A", "B", "C"), ("B", "C", "A"), ("C", "A", "B")]
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
    assert {call.purpose for call in fresh} == {"own choice", "other's choice"}


def test_recorded_calls_replay_without_the_model() -> None:
    first = played(LanguagePolicy(LanguagePredictor(FakeModel()), "scot"))
    silent = LanguagePredictor(FakeModel())
    silent.preload(first.calls)
    again = played(LanguagePolicy(silent, "scot"))
    assert np.array_equal(first.actions, again.actions)
    assert all(call.replayed for call in again.calls)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"mode": "fast"}, BadParameter),
        ({"mode": "scot", "forecast": False}, BadParameter),
        ({"mode": "direct", "depth": 3}, BadParameter),
        ({"mode": "direct", "temperature": -1}, BadParameter),
        ({"format": "haiku"}, UnknownName),
        ({"planner": "looking"}, UnknownName),
    ],
)
def test_bad_parameters(keywords: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        lm(model="fake", **keywords)  # type: ignore[arg-type]


def test_games_of_other_sizes_are_refused() -> None:
    with pytest.raises(UnsuitablePolicy, match="2 seats"):
        play(Cards(), ["lm:model=fake", "random", "random"])


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
