"""A guard lets pass what it may, replaces what it must, and says exactly how probable what is done is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prospect_agents.guarded import Guarded, guarded
from prospect_agents.planners.planner import Planner
from prospect_agents.predictors.counts import Bayes
from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.baselines import Uniform
from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, IllegalAction, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Decision, Memory, Policy, Table, View
from tests.toys import Cards, Offers, Pond

#: the host earns 1 whatever it serves; the guest has 2 where it is what he does, else 0
HOST = [[[1, 2], [1, 0]], [[1, 0], [1, 2]]]
#: the patron earns all but the same either way, and gives the other 2 or nothing, whatever the other does
PATRON = [[[1.01, 2], [1.01, 2]], [[1, 0], [1, 0]]]


def host(rounds: int = 8, payoffs: Any = HOST, **around: Any) -> Game:
    return make_game("matrix_game", payoffs=payoffs, rounds=rounds, **around)


def moves(game: Game, guard: str, guest: str = "always:action=1") -> list[int]:
    episodes = play(game, [guard, guest])
    return episodes.actions[0, : int(episodes.length[0]), 0].tolist()


class Mute(Policy):
    """Action `action` in words, without saying that nothing else would do."""

    def __init__(self, action: int) -> None:
        self.action = action

    def begin(self, table: Table) -> Memory:
        return None

    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        legal = view.legal[:, self.action]
        action = np.where(legal, self.action, np.argmax(view.legal, axis=1))
        return Decision(action, message=tuple(f"here is {a}" for a in action))


def test_a_guard_steps_in_once_it_has_seen_enough() -> None:
    # By frequencies the guest does 1 with (t + 1) / (t + 2) at step t, so serving 0 harms him by
    # 2 (t + 1) / (t + 2) - 2 / (t + 2) = 2 t / (t + 2): 0, 2/3, 1, 6/5, 4/3, 10/7, 3/2, 14/9.
    always = "guarded:actor=(always:action=0),predictor=marginal"
    assert moves(host(), f"{always},limit=.8") == [0, 0, 1, 1, 1, 1, 1, 1]
    assert moves(host(), f"{always},limit=1.2") == [0, 0, 0, 0, 1, 1, 1, 1]  # 6/5 is the limit, and does not exceed it
    assert moves(host(), f"{always},limit=1.6") == [0] * 8


def test_a_guard_that_knows_nothing_holds_nobody_back() -> None:
    # Both dishes are worth 1 to a guest of whom anything is expected.
    assert moves(host(), "guarded:actor=(always:action=0),predictor=uniform,limit=0") == [0] * 8


def test_spite_is_held_back_by_one_who_knows_and_not_by_one_who_does_not() -> None:
    def harmed(predictor: str) -> list[int]:
        # Serves what it expects to be unwelcome, by frequencies: from the second step on that is 0.
        return moves(host(), f"guarded:actor=(spiteful:predictor=marginal),predictor={predictor},limit=.5")[1:]

    assert harmed("uniform") == [0] * 7
    assert harmed("oracle") == [1] * 7
    assert harmed("marginal") == [1] * 7


def test_harm_that_does_not_hang_on_the_other_needs_no_prediction() -> None:
    game = host(5, PATRON)
    assert moves(game, "spiteful") == [1] * 5
    assert moves(game, "guarded:actor=spiteful,predictor=uniform,limit=1.9") == [0] * 5
    assert moves(game, "guarded:actor=spiteful,predictor=uniform,limit=2") == [1] * 5


@pytest.mark.parametrize(("epsilon", "done"), [(0.05, 1), (0.14, 1), (0.16, 0), (1.0, 0)])
def test_harm_passes_where_it_would_be_dear_to_avoid(epsilon: float, done: int) -> None:
    # Sparing the other costs .3 of a range of 2, which is .15, now; what follows next is 1.3 either way.
    payoffs = [[[1, 2], [1, 2]], [[1.3, 0], [1.3, 0]]]
    guard = f"guarded:actor=(always:action=1),predictor=uniform,limit=.5,epsilon={epsilon}"
    assert moves(host(3, payoffs), guard) == [done] * 3


def test_harm_at_ones_own_expense_does_not_pass() -> None:
    # Sparing the other is better for the actor itself, by far more than epsilon.
    payoffs = [[[2, 2], [2, 2]], [[0, 0], [0, 0]]]
    assert moves(host(3, payoffs), "guarded:actor=(always:action=1),predictor=uniform,limit=.5") == [0] * 3


def test_harm_is_per_co_player() -> None:
    # A unit put into the pot of three costs .5 of a unit and gives each of the two others .5.
    game = make_game("public_goods", seats=3, rounds=2, levels=2, multiplier=1.5, endowment=1)
    rider = int(np.argmin([float(label.split()[-1]) for label in game.spec.actions]))
    for limit, rides in ((0.45, False), (0.55, True)):
        guard = f"guarded:actor=(always:action={rider}),predictor=uniform,limit={limit},epsilon=.5"
        episodes = play(game, [guard, "random_reactive", "random_reactive"])
        assert (episodes.actions[0, :, 0] == rider).all() == rides


def test_probabilities_are_the_actors_pushed_through_the_veto() -> None:
    # Actions 0 and 1 give the other 2, action 2 nothing: its third is shared by the two that replace it.
    game = host(3, [[[1, 2]], [[1, 2]], [[1, 0]]])
    episodes = play(game, ["guarded:actor=random,predictor=uniform,limit=.5", "always:action=0"], 400, branch="all")
    assert episodes.probs is not None
    assert episodes.truth is not None
    np.testing.assert_allclose(episodes.probs[:, :, 0], np.broadcast_to([0.5, 0.5, 0.0], (400, 3, 3)), atol=1e-6)
    np.testing.assert_allclose(episodes.truth[:, :, 0, 0, 0, 0], episodes.probs[:, :, 0])
    share = (episodes.actions[:, :, 0] == 0).mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 1200)  # 1 200 draws, within four standard errors
    # What was wanted and let pass was done.
    assert episodes.proposed is not None
    passed = episodes.proposed[:, :, 0] < 2
    np.testing.assert_array_equal(episodes.actions[:, :, 0][passed], episodes.proposed[:, :, 0][passed])
    assert not passed.all()


def test_an_actor_without_probabilities_is_guarded_too() -> None:
    guard = Guarded(Mute(1), Uniform(), limit=0.5)
    episodes = play(host(3, PATRON), [guard, "random"], 2, branch="all")
    assert episodes.probs is not None
    assert episodes.truth is not None
    assert (episodes.actions[:, :, 0] == 0).all()
    assert np.isnan(episodes.probs[:, :, 0]).all()
    np.testing.assert_array_equal(episodes.truth[:, :, 0, 0, 0, 0], np.broadcast_to([1.0, 0.0], (2, 3, 2)))


def test_what_is_recorded_of_a_veto() -> None:
    game = host(4)
    episodes = play(
        game, ["guarded:actor=(always:action=0),predictor=marginal,limit=.8,epsilon=.25", "always:action=1"]
    )
    assert episodes.proposed is not None
    assert episodes.harm_limit is not None
    assert episodes.harm_cost is not None
    assert episodes.proposed[0].tolist() == [[0, -1]] * 4
    np.testing.assert_allclose(episodes.harm_limit[0, :, 0], 0.8, rtol=1e-6)
    np.testing.assert_allclose(episodes.harm_cost[0, :, 0], 0.5)  # a quarter of the range 2
    assert np.isnan(episodes.harm_limit[0, :, 1]).all()
    assert play(game, ["random", "random"]).proposed is None
    # The forecast it commits to is the guard's: 2/3 for what was seen once.
    assert episodes.forecast is not None
    np.testing.assert_allclose(episodes.forecast[0, 1, 0, 0, 0, 1], [1 / 3, 2 / 3], rtol=1e-6)


def test_another_forecaster_may_ride_on_a_guarded_actor() -> None:
    inner = "guarded:actor=(always:action=0),predictor=marginal,limit=.8"
    episodes = play(host(4), [f"forecasting:actor=({inner}),predictor=uniform", "always:action=1"])
    assert episodes.actions[0, :, 0].tolist() == [0, 0, 1, 1]
    assert episodes.proposed is not None
    assert episodes.proposed[0, :, 0].tolist() == [0] * 4
    assert episodes.forecast is not None
    assert (episodes.forecast[:, :, 0, 0, :, 1] == 0.5).all()


def test_an_actor_has_one_guard() -> None:
    inner = "guarded:actor=random,predictor=marginal,limit=1.9"
    for actor in (inner, f"forecasting:actor=({inner}),predictor=uniform"):
        with pytest.raises(UnsuitablePolicy, match="is guarded already"):
            make_policy(f"guarded:actor=({actor}),predictor=marginal,limit=.8")


def test_a_vetoed_choice_is_not_talked_about() -> None:
    game = host(2, PATRON, announcements=True)
    episodes = play(game, [Guarded(Mute(1), Uniform(), limit=0.5), "random"])
    assert episodes.messages is not None
    assert episodes.proposed is not None
    said, vetoed = episodes.messages[0, :, 0], episodes.actions[0, :, 0] != episodes.proposed[0, :, 0]
    assert vetoed.any()
    assert not vetoed.all()
    assert (said[vetoed] == "").all()
    assert (said[~vetoed] != "").all()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("matrix_game", {"payoffs": HOST, "rounds": 20}),
        ("matrix_game", {"payoffs": HOST, "rounds": 20, "noise": 0.1}),
        ("prisoners_dilemma", {"rounds": 20}),
        ("chicken", {"rounds": 20, "termination_probability": 0.05}),
    ],
)
def test_an_oracle_raises_no_false_alarm_and_misses_no_harm(name: str, parameters: dict[str, Any]) -> None:
    guard = "guarded:actor=random,predictor=oracle,limit=.3,epsilon=.3"
    episodes = play(make_game(name, **parameters), [guard, "random_memory_one"], 40, branch="all")
    judged = judged_of(episodes)
    assert judged["veto_rate"] > 0.05
    assert judged["false_alarm_rate"] == 0.0
    assert judged["missed_harm_rate"] == 0.0
    assert judged["harm_averted"] > 0.0


def judged_of(episodes: Episodes) -> dict[str, float]:
    names = ["veto_rate", "false_alarm_rate", "missed_harm_rate", "harm_averted"]
    rows = metrics.summary(episodes, names, by=("seat",), interval=False)
    return {str(row["metric"]): float(row["value"]) for row in rows if row["seat"] == 0}


def test_the_arena_can_swap_what_the_guard_goes_by() -> None:
    guard = ["guarded:actor=random,predictor=uniform,limit=.3", "random_memory_one"]
    assert judged_of(play(host(20), guard, 40, branch="all"))["veto_rate"] == 0.0
    fed = judged_of(play(host(20), guard, 40, branch="all", feeds={0: "oracle"}))
    assert fed["veto_rate"] > 0.05
    assert fed["false_alarm_rate"] == 0.0


@pytest.mark.parametrize(
    ("game", "others"),
    [(Offers(), ["random"]), (Cards(), ["random", "random"]), (Pond(), ["random"])],
    ids=["in turns, coarse reactions", "hidden cards", "events and dice"],
)
def test_games_of_every_shape(game: Game, others: list[str]) -> None:
    guard = "guarded:actor=random,predictor=counts,limit=.1"
    episodes = play(game, [guard, *others], 6, branch="all")
    assert episodes.proposed is not None
    np.testing.assert_array_equal(episodes.proposed[:, :, 0] >= 0, episodes.active[:, :, 0])
    assert not np.isnan(judged_of(episodes)["veto_rate"])


def test_a_language_model_may_be_guarded_and_guard() -> None:
    guard = "guarded:actor=(lm:model=fake,mode=plan),predictor=(lm:model=fake),limit=.2,epsilon=.5"
    episodes = play("prisoners_dilemma", [guard, "tit_for_tat"], 3, branch="all", max_steps=3)
    assert not np.isnan(judged_of(episodes)["veto_rate"])
    assert episodes.calls


def test_an_actor_s_own_forecast_is_its_own() -> None:
    # The actor plans by what it learned, whatever the guard expects: without vetoes it plays as if nobody watched.
    plain = play("chicken", ["prospective:predictor=bayes", "random_memory_one"], 20)
    watched = play("chicken", ["guarded:actor=prospective,predictor=uniform,limit=9", "random_memory_one"], 20)
    np.testing.assert_array_equal(plain.actions, watched.actions)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("guarded:actor=random", "needs the parameter 'limit'"),
        ("guarded:limit=1", "needs the parameter 'actor'"),
        ("guarded:actor=random,limit=-1", "limit is -1; it may be 0 or more"),
        ("guarded:actor=random,limit=much", "limit"),
        ("guarded:actor=random,limit=true", "limit is True"),
        ("guarded:actor=random,limit=1,epsilon=-.1", "epsilon is -0.1; it may be 0 or more"),
        ("guarded:actor=random,limit=1,depth=0", "depth is 0"),
        ("guarded:actor=random,limit=1,strength=2", "strength"),
    ],
)
def test_wrong_parameters_are_refused(spec: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        make_policy(spec)


def test_what_cannot_be_guarded_is_refused() -> None:
    with pytest.raises(UnsuitablePolicy, match="needs the oracle itself"):
        guarded("prospective:predictor=oracle", 1.0)
    alone = Cards()
    alone.spec = replace(alone.spec, seats=1, roles=("player",), interchangeable=((0,),))
    with pytest.raises(UnsuitablePolicy, match="there is nobody to guard from harm"):
        play(alone, [guarded("random", 1.0)])


class Valueless(Planner):
    """Chooses and does not say why."""

    def decide(self, view: View, chance: Chance, forecast: Forecast) -> Decision:
        return Decision(np.argmax(view.legal, axis=1))


@pytest.mark.usefixtures("untyped")
def test_whoever_wrote_the_actor_and_the_planner_they_are_checked() -> None:
    with pytest.raises(UnsuitablePolicy, match="states no values"):
        play(host(), [Guarded(Mute(0), Bayes(), 0.5, Valueless()), "random"])

    class Lawless(Mute):
        def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
            return Decision(np.full(len(view.active), 7))

    with pytest.raises(IllegalAction, match="7"):
        play(host(), [Guarded(Lawless(0), Bayes(), 0.5), "random"])
