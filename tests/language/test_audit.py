"""The causal audit: twins by hand, and models that prime, respond or ignore, told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from prospect_agents.language.asked import Asked, Note, Past
from prospect_agents.language.audit import choices, prompt_audit
from prospect_agents.language.formats import FORMATS, prompt_format
from prospect_agents.language.model import Query, Scored
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.twins import best_responses, twins
from prospect_agents.language.visits import asker, visits
from prospect_agents.planners.lookahead import Softmax
from prospect_env import make_game, play
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_policy
from prospect_env.core.players import Players
from prospect_env.metrics.agreement import agreement
from prospect_env.metrics.use import rows, use
from prospect_env.stories.fitting import fitting

RULE = re.compile(r"I choose (\w), they choose (\w): I get (\S+),")
COORDINATION = make_game("coordination", rounds=4)
THREE = make_game("matrix_game", payoffs=[[[float(a == b)] * 2 for b in range(3)] for a in range(3)], rounds=4)


class Stub:
    """A model whose probability of each letter is what `rule(prompt, letters)` says."""

    def __init__(self, rule: Callable[[str, list[str]], list[float]]) -> None:
        self.rule, self.identity = rule, f"stub {id(rule)}"

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        return [self._score(query) for query in queries]

    def _score(self, query: Query) -> Scored:
        prompt = "".join(query.context) + query.tail
        said = self.rule(prompt, [label.strip() for label in query.labels])
        return Scored(np.log(said), len(prompt), 0, 1, 0.0)


def leaning(letters: list[str], towards: str | None, share: float) -> list[float]:
    """`share` on one letter, the rest in equal parts; all equal where there is none."""
    if towards is None:
        return [1 / len(letters)] * len(letters)
    return [share if letter == towards else (1 - share) / (len(letters) - 1) for letter in letters]


def copies(prompt: str, letters: list[str]) -> list[float]:
    """Pure priming: whatever label was written last."""
    seen = re.findall(r"\b[A-C]\b", prompt)
    return leaning(letters, seen[-1] if seen else None, 0.9)


def hears_predictions_louder(prompt: str, letters: list[str]) -> list[float]:
    """Priming that no placebo takes away: a predicted label counts for more than one on a page."""
    said, marked = re.search(r"will choose (\w)", prompt), re.search(r"is marked (\w)", prompt)
    if said:
        return leaning(letters, said[1], 0.9)
    return leaning(letters, marked[1] if marked else None, 0.6)


def responds(prompt: str, letters: list[str]) -> list[float]:
    """The best response by the rules it was told, to predictions alone."""
    said = re.search(r"will choose (\w)", prompt)
    paid = {own: float(pay) for own, other, pay in RULE.findall(prompt) if said and other == said[1]}
    return leaning(letters, max(paid, key=paid.__getitem__) if paid else None, 0.95)


def ignores(prompt: str, letters: list[str]) -> list[float]:
    return leaning(letters, min(letters), 0.7)


def audited(rule: Callable[[str, list[str]], list[float]], game: Game = COORDINATION, format: str = "round_log"):
    policy = LanguagePolicy(LanguagePredictor(Stub(rule), format), "scot")
    others = ["tit_for_tat", "random_memory_one"] if game is not THREE else ["random"]
    return prompt_audit(policy, game, others, episodes=3, steps=(0, 2))


def test_twins_by_hand() -> None:
    straight, turned = twins(make_game("chicken", rounds=3))
    # Chicken pays (3,3) (1,5) / (5,1) (0,0): swerve against straight, straight against swerve. It is its own twin 1;
    # with the own labels swapped the best answer to either label is that label.
    assert np.array_equal(turned.payoffs, make_game("chicken").payoffs)  # type: ignore[attr-defined]
    assert straight.payoffs.tolist() == [[[5, 1], [0, 0]], [[3, 3], [1, 5]]]
    assert best_responses(straight).tolist() == [0, 1]
    assert best_responses(turned).tolist() == [1, 0]
    assert (straight.rounds, straight.spec.actions) == (3, ("swerve", "straight"))


@pytest.mark.parametrize("name", ["coordination", "battle_of_the_sexes", "matching_pennies", "stag_hunt"])
def test_twins_hold_the_same_payoffs_in_another_pairing(name: str) -> None:
    for seat in (0, 1):
        pair = twins(make_game(name), seat)
        assert [best_responses(one, seat).tolist() for one in pair] == [[0, 1], [1, 0]]
        held = {tuple(sorted(map(tuple, one.payoffs.reshape(-1, 2).tolist()))) for one in pair}
        assert len(held) == 1
    # Who wants to match and who does not, in matching pennies.
    assert best_responses(make_game("matching_pennies"), 1).tolist() == [1, 0]


def test_three_actions_have_three_twins_in_which_each_is_the_best_response_once() -> None:
    assert [best_responses(one).tolist() for one in twins(THREE)] == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]


def test_games_without_twins_say_so() -> None:
    assert best_responses(make_game("prisoners_dilemma")).tolist() == [1, 1]
    with pytest.raises(BadParameter, match=r"\[1, 1\]; twins need a different one to each"):
        twins(make_game("prisoners_dilemma"))
    # Everything pays the same: no best response.
    assert best_responses(make_game("matrix_game", payoffs=np.zeros((2, 2, 2)).tolist())).tolist() == [-1, -1]
    with pytest.raises(BadParameter, match="plain matrix games"):
        twins(make_game("coordination", noise=0.1))
    for other in ("trust", "volunteers_dilemma", "centipede"):
        with pytest.raises(BadParameter, match="choose at once"):
            best_responses(make_game(other))


def test_pure_priming_is_no_use() -> None:
    for game, share in ((COORDINATION, 0.4), (THREE, 0.9 - 1 / 3)):
        found = rows(audited(copies, game))
        # The label on the page gets .9 instead of 1/n on average, whatever it is.
        assert found[0]["priming"].value == pytest.approx(share)
        assert found[0]["use"].value == pytest.approx(0)
        # Seen in one twin alone, it looks like an answer there, and like its opposite in the other.
        assert found[1]["prediction"].value == pytest.approx(share)
        assert found[2]["prediction"].value < -0.2


@pytest.mark.parametrize("game", [COORDINATION, THREE, make_game("battle_of_the_sexes", rounds=4)])
def test_priming_that_a_placebo_does_not_match_adds_up_to_nothing_over_twins(game: Game) -> None:
    found = rows(audited(hears_predictions_louder, game))
    # .9 - .6 in the coordination twin, however many actions; with two, .1 - .4 in the other one.
    assert found[1]["use"].value == pytest.approx(0.3)
    assert found[0]["use"].value == pytest.approx(0)
    assert found[0]["use"].low == pytest.approx(found[0]["use"].high, abs=1e-9)


@pytest.mark.parametrize("format", ["round_log", "reaction_log"])
def test_who_best_responds_to_predictions_comes_close_to_the_most(format: str) -> None:
    for game, most in ((COORDINATION, 0.95 - 1 / 2), (THREE, 0.95 - 1 / 3)):
        found = use(audited(responds, game, format))
        # Nothing and placebos leave it at 1/n, so 1 - 1/n is the most there is.
        assert found["use"].value == pytest.approx(most)
        assert found["placebo"].value == pytest.approx(0)
        assert found["priming"].value == pytest.approx(0)


def test_who_ignores_what_is_written_uses_nothing() -> None:
    found = use(audited(ignores))
    assert all(found[name].value == pytest.approx(0) for name in ("use", "prediction", "placebo", "priming"))
    assert found["use_of_own"].value == pytest.approx(0)


def test_use_is_undefined_where_one_action_is_best_whatever_is_predicted() -> None:
    swapped = audited(copies, make_game("prisoners_dilemma", rounds=4))
    assert len(swapped) == 1
    (row,) = rows(swapped)
    assert np.isnan(row["use"].value)
    assert np.isnan(row["use_of_own"].value)
    assert row["priming"].value == pytest.approx(0.4)


def test_every_position_is_asked_in_every_turn_of_the_labels() -> None:
    asked: list[str] = []

    def kept(prompt: str, letters: list[str]) -> list[float]:
        asked.append(prompt)
        return leaning(letters, None, 0)

    coordination, twin = audited(kept)
    # Two co-players, three episodes, steps 0 and 2.
    assert coordination.nothing.shape == (12, 2, 2)
    assert coordination.said.shape == (12, 2, 2, 2)
    # Equally numbered episodes share their luck, whoever the other is.
    assert sorted(set(coordination.cluster.tolist())) == [0, 1, 2]
    assert rows([coordination, twin])[0]["episodes"] == 3
    # At the first step, with nothing to tell yet: each letter said of each action, in predictions and in placebos.
    for line in ("they will choose", "the page is marked"):
        found = {prompt[-len(line) - 15 :] for prompt in asked if f"Round 1: {line}" in prompt}
        assert len(found) == 2


def test_all_notes_of_a_turn_are_told_in_its_labels() -> None:
    # It likes the letter A, which is action 0 in turn 0 and action 1 in turn 1, whatever is written.
    coordination, _ = audited(ignores)
    for turn, liked in ((0, [0.7, 0.3]), (1, [0.3, 0.7])):
        assert np.allclose(coordination.nothing[:, turn], liked)
        assert np.allclose(coordination.said[:, turn], liked)
        assert np.allclose(coordination.placebo[:, turn], liked)


def test_own_predictions_are_those_of_the_turn() -> None:
    # The first of two letters in the alphabet is foreseen of everybody; in turn 1 it stands for action 1.
    coordination, _ = audited(ignores)
    assert coordination.predicted.tolist() == [[0, 1]] * 12


def test_a_planner_that_asks_a_model_can_be_audited_and_nothing_else_can() -> None:
    found = prompt_audit("lm:model=fake,mode=plan,format=round_log", COORDINATION, ["random"], 2, steps=(1,))
    assert [one.turn for one in found] == [0, 1]
    with pytest.raises(UnsuitablePolicy, match="no language model"):
        prompt_audit("tit_for_tat", COORDINATION, ["random"])
    for keywords in ({"episodes": 0}, {"steps": (9,)}):
        with pytest.raises(BadParameter):
            prompt_audit("lm:model=fake,mode=scot", COORDINATION, ["random"], **keywords)  # type: ignore[arg-type]


def test_who_talks_in_its_own_words_can_be_audited() -> None:
    game = make_game("prisoners_dilemma", rounds=2, announcements=True)
    talking = make_policy("lm:model=fake,mode=direct,format=story,talk=true")
    found = choices(talking, game, ["promise_keeper"], episodes=2, steps=(1, 3))
    # Announced first and moved then: four steps, of which moves are asked about in as many turns as there are labels.
    assert len(found.cluster) == 2 * 2 * len(game.spec.actions)
    moves = [game.spec.actions.index(label) for label in ("cooperate", "defect")]
    assert np.allclose(found.direct[:, moves].sum(axis=1), 1)


@pytest.mark.parametrize("format", ["round_log", "story"])
def test_words_said_aloud_are_told_at_the_positions_of_an_audit(format: str) -> None:
    game = make_game("prisoners_dilemma", rounds=2, announcements=True)
    moves = (1, 3)
    talking = make_policy(f"lm:model=fake,mode=direct,talk=true,format={format}")
    played = play(game, [talking, "promise_keeper"], episodes=2)
    real = {call.prompt for call in played.calls if call.purpose == "own choice" and call.step in moves}
    assert len(real) == 4
    assert all("said: " in prompt for prompt in real)
    language, asked = asker(talking), set()
    for visit in visits(talking, game, "promise_keeper", np.arange(2), steps=moves):
        language.calls()
        language.decide(visit.memory, visit.view, visit.chance, None)
        asked |= {call.prompt for call in language.calls() if call.purpose == "own choice"}
    assert asked == real


def test_visits_are_what_was_played() -> None:
    policy = LanguagePolicy(LanguagePredictor(Stub(ignores), "round_log"), "direct")
    numbers = np.arange(3)
    stops = list(visits(policy, COORDINATION, "tit_for_tat", numbers))
    assert [stop.view.step for stop in stops] == [0, 1, 2, 3]
    for before, after in pairwise(stops):
        # Tit for tat does what the seat did before.
        assert np.array_equal(after.memory.seen[:, before.view.step, 1], _previous(before))
    assert stops[0].cluster.tolist() == [0, 1, 2]


def _previous(stop) -> np.ndarray:
    step = stop.view.step
    return stop.memory.seen[:, step - 1, 0] if step else np.zeros(len(stop.cluster), dtype=np.int8)


def test_what_is_said_is_held_against_what_the_forecasts_imply() -> None:
    def rule(prompt: str, letters: list[str]) -> list[float]:
        return [0.7, 0.3]  # the first label is action 0, of everybody

    policy = LanguagePolicy(LanguagePredictor(Stub(rule), "round_log"), "direct")
    for game, same, apart in zip(twins(COORDINATION), (1.0, 0.0), (0.3, 0.7), strict=True):
        found = choices(policy, game, ["random"], episodes=2)
        # Action 0 is foreseen: coordination asks for 0, its twin for 1. |.7 - 1| and |.3 - 0| make .3; the other, .7.
        figures = agreement(*found)
        assert figures["agreement"].value == pytest.approx(same)
        assert figures["total_variation"].value == pytest.approx(apart)
        # Two episodes of four steps in two turns.
        assert len(found.cluster) == 16


SCOT = "lm:model=fake,mode=scot,format=round_log"


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("asked", [prompt_audit, choices])
@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"others": []}, r"others is \[\]; it must be a list of one or more policies"),
        ({"others": "random"}, "others is 'random'; it must be a list"),
        ({"others": None}, "others is None; it must be a list"),
        ({"others": ["random", 3]}, "a policy is a spec string or a Policy, not 3"),
        ({"steps": []}, r"steps is \[\]; it must be None or a list of one or more; coordination has .* 0 to 3"),
        ({"steps": 1}, "steps is 1; it must be None or a list"),
        ({"steps": "12"}, "steps is '12'; it must be None or a list"),
        ({"steps": [1, 4]}, "steps has 4; coordination has steps 0 to 3"),
        ({"steps": [0.5]}, "steps has 0.5; coordination has steps 0 to 3"),
        ({"steps": ["1"]}, "steps has '1'; coordination has steps 0 to 3"),
        ({"steps": [True]}, "steps has True; coordination has steps 0 to 3"),
        ({"seat": 2}, "seat is 2; coordination has seats 0 to 1"),
        ({"seat": -1}, "seat is -1; coordination has seats 0 to 1"),
        ({"seat": "0"}, "seat is '0'; coordination has seats 0 to 1"),
        ({"seat": True}, "seat is True; coordination has seats 0 to 1"),
        ({"seed": "x"}, "seed is 'x'; it must be a whole number"),
        ({"episodes": 1.5}, "episodes is 1.5; it may be 1 or more"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_played(
    asked: Callable[..., object], keywords: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(*arguments: object, **named: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(Players, "turn", turn)
    with pytest.raises(BadParameter, match=message):
        asked(SCOT, COORDINATION, **{"others": ["random"], "episodes": 2, **keywords})


def test_twins_are_made_for_a_seat_of_the_game() -> None:
    for made in (best_responses, twins):
        with pytest.raises(BadParameter, match="seat is 2; coordination has seats 0 to 1"):
            made(COORDINATION, 2)


def test_a_seat_that_is_never_met_is_named() -> None:
    # Who is trusted moves second, at step 1.
    with pytest.raises(BadParameter, match=r"seat 1 of trust chooses at none of the steps \[0\]"):
        choices(SCOT, make_game("trust", rounds=1), ["random"], episodes=2, steps=[0], seat=1)
    # An end by chance, which in these two episodes comes before the last step.
    ending = make_game("prisoners_dilemma", rounds=12, termination_probability=0.9)
    for asked in (prompt_audit, choices):
        with pytest.raises(BadParameter, match=r"seat 0 of prisoners_dilemma chooses at none of the steps \[11\]"):
            asked(SCOT, ending, ["random"], episodes=2, steps=[11])
    # Whoever never moves is met nowhere.
    with pytest.raises(BadParameter, match="seat 1 of trust chooses at none of the steps of these episodes"):
        choices(SCOT, make_game("trust", rounds=1), ["always:action=0"], episodes=2, seat=1)


def test_the_planner_may_be_a_spec_string() -> None:
    named = choices(SCOT, COORDINATION, ["random"], "softmax:temperature=3", episodes=2)
    built = choices(SCOT, COORDINATION, ["random"], Softmax(temperature=3), episodes=2)
    assert np.array_equal(named.implied, built.implied)
    assert not np.array_equal(named.implied, choices(SCOT, COORDINATION, ["random"], episodes=2).implied)
    with pytest.raises(UnknownName, match="planner 'nope'"):
        choices(SCOT, COORDINATION, ["random"], "nope")


@pytest.mark.usefixtures("untyped")
def test_what_is_no_planner_is_refused() -> None:
    with pytest.raises(BadParameter, match="planner is 3; it may be None, a spec string or a Planner"):
        choices(SCOT, COORDINATION, ["random"], 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["trust", "volunteers_dilemma", "centipede", "minority"])
def test_agreement_knows_turns_and_more_seats(name: str) -> None:
    found = choices("lm:model=fake,mode=plan", name, ["random"], episodes=2, steps=(0, 1))
    assert np.allclose(found.direct.sum(axis=1), 1)
    assert np.allclose(found.implied.sum(axis=1), 1)


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "about", "given"),
    [
        ("coordination", 1, None), ("chicken", 1, None), ("public_goods", 1, None), ("trust", 1, 2),
        ("ultimatum", 1, 2), ("centipede", 1, 2), ("bargaining", 1, 3), ("stackelberg", 1, 4), ("audit", 2, 3),
    ],
)  # fmt: skip
def test_placebos_are_as_long_as_predictions(real: str, name: str, about: int, given: int | None) -> None:
    from transformers import AutoTokenizer

    from prospect_agents.language.pull import model_folder

    tokens = AutoTokenizer.from_pretrained(model_folder(real))
    game = make_game(name)
    told = [form for form in FORMATS if form != "story"]
    told += [f"story:frame={frame},variant={number}" for frame in fitting(game) for number in range(3)]
    for form in told:
        made = prompt_format(form)
        telling = made.telling(game, 0, 0)
        # Whoever reacts has the last actions of these games.
        options = (0, 1) if given is None else (len(game.spec.actions) - 2, len(game.spec.actions) - 1)
        for label in options:
            lengths = []
            for placebo in (False, True):
                note = Note(about, label, options, placebo, given)
                cue = made.cue(telling, Past(()), Asked(0, (0, 1), now=(0, 1), notes=(note,)))
                lengths.append(len(tokens(cue)["input_ids"]))
            assert abs(lengths[0] - lengths[1]) <= 1, form


def test_the_planner_of_a_policy_that_talks_is_its_own() -> None:
    game = make_game("chicken", rounds=3, announcements=True)
    policy = "lm:model=fake,mode=plan,talk=true,temperature=5"
    asked = {"episodes": 2, "steps": [1, 3]}
    found = choices(policy, game, ["random"], **asked)
    own = choices(policy, game, ["random"], planner="lookahead:temperature=5", **asked)
    other = choices(policy, game, ["random"], planner="lookahead", **asked)
    assert np.array_equal(found.implied, own.implied)
    assert not np.array_equal(found.implied, other.implied)
