"""What views record: column by column what the arena does, but for what no view can know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

import prospect_env
from prospect_env.core.episodes import Episodes, columns, fill_value
from prospect_env.core.game import Game
from prospect_env.core.policy import Call
from prospect_env.metrics import compute
from tests.toys import Cards, Offers

C, D = 0, 1
UNIFORM = np.full((2, 2, 2, 2), 0.5)

DILEMMA = prospect_env.make_game("prisoners_dilemma", rounds=8, noise=0.1, termination_probability=0.05)
COUNTING = "forecasting:actor=(random:p=.3),predictor=counts"
TABLES: dict[str, tuple[Game, list[str]]] = {
    "a random co-player": (DILEMMA, ["prospective:predictor=bayes", "random_memory_one"]),
    "a forecasting co-player": (DILEMMA, ["prospective:predictor=bayes", "prospective:predictor=counts"]),
    "a guarded co-player": (
        DILEMMA,
        ["prospective:predictor=bayes", "guarded:actor=random,predictor=counts,limit=.2,epsilon=.5"],
    ),
    "a language model": (DILEMMA, ["forecasting:actor=random,predictor=bayes", "lm:model=fake,mode=plan"]),
    "in turns, coarse reactions": (Offers(), ["forecasting:actor=random,predictor=counts"] * 2),
    "three seats, hidden cards": (Cards(), [COUNTING, "random:p=.3", "random:p=.6"]),
}


def parallel(rules: Game, others: list[str]) -> Any:
    return prospect_env.parallel_env(rules, co_players=dict(zip(rules.spec.agents[1:], others, strict=True)))


def alone(rules: Game, others: list[str]) -> Any:
    return prospect_env.gym_env(rules, opponents=others, forecast="probabilities")


def replayed(view: Any, arena: Episodes, row: int) -> tuple[Episodes, dict[str, Any]]:
    """The next episode of `view`, its outside seat 0 sending what was recorded; its record and its last info."""
    assert arena.forecast is not None
    several, ended = hasattr(view, "possible_agents"), False
    for t in range(int(arena.length[row])):
        assert not ended
        sent = {"action": int(arena.actions[row, t, 0]), "forecast": arena.forecast[row, t, 0]}
        if several:
            _, _, terminated, _, infos = view.step({"player_0": sent} if arena.active[row, t, 0] else {})
            ended, info = terminated["player_0"], infos["player_0"]
        else:
            _, _, ended, _, info = view.step(sent)
    assert ended
    return view.episodes(), info


def knowable(arena: Episodes) -> Episodes:
    """What the arena recorded of one match, without what a view with seat 0 outside cannot know; see `zoo.history`."""
    found: dict[str, Any] = {}
    for column in columns():
        array = getattr(arena, column.name)
        if array is None:
            continue
        array = array.copy() if column.metadata["axes"] == "E" else array[:, : int(arena.length[0])].copy()
        if column.name in ("probs", "values"):
            array[:, :, 0] = np.nan
        # Nobody inside is branched.
        if column.name in ("truth", "mask", "attainable", "branch_rewards"):
            array[:, :, 1:] = fill_value(column.metadata["unit"])
        # Action and forecast arrive together.
        if column.name == "mask":
            array[:, :, 0, 0, :, 0] = False
        if column.name == "realised":
            array[:, :, 0, 0, 0] = -1
        if column.name == "foreseen_rewards" and not arena.spec.reactions_are_actions:
            array[:, :, 0] = np.nan
        found[column.name] = array
    return replace(arena, **found)


def assert_same(mine: Episodes, theirs: Episodes, without: tuple[str, ...] = ()) -> None:
    for column in columns():
        x, y = getattr(mine, column.name), getattr(theirs, column.name)
        if column.name in without:
            continue
        if y is None:
            assert x is None, column.name
            continue
        if column.metadata["axes"] != "E":
            x = x[:, : int(mine.length[0])]
        if column.name == "truth":
            # Of the own choice the arena knows what it was drawn from, a view what it came to; neither is scored there.
            x, y = x.copy(), y.copy()
            x[:, :, 0, 0, :, 0] = y[:, :, 0, 0, :, 0] = np.nan
        assert x.dtype == y.dtype, column.name
        # A forecast is recorded, and so fed again, in single precision.
        exact = column.name != "foreseen_rewards"
        np.testing.assert_allclose(x, y, rtol=0 if exact else 1e-5, atol=0 if exact else 1e-6, err_msg=column.name)


def asked(calls: Iterable[Call]) -> list[tuple[Any, ...]]:
    return [(call.step, call.purpose, call.imagined, call.prompt, call.labels, call.logprobs) for call in calls]


@pytest.mark.parametrize("view_of", [parallel, alone])
@pytest.mark.parametrize(("rules", "policies"), TABLES.values(), ids=TABLES)
def test_every_column_is_the_arenas(rules: Game, policies: list[str], view_of: Any) -> None:
    seed, matches = 5, 2
    arena = prospect_env.play(rules, policies, episodes=matches, seed=seed, branch="all")
    view = view_of(rules, policies[1:])
    for row in range(matches):
        view.reset(seed=seed if row == 0 else None)
        mine, info = replayed(view, arena, row)
        one = arena.select(np.array([row]))
        assert_same(mine, knowable(one))
        assert mine.policies == ("outside", *one.policies[1:])
        assert asked(mine.calls) == asked(call for call in arena.calls if call.match == row)
        found, expected = compute(mine), compute(one)
        for name, values in expected.items():
            if name in ("coherence", "foreseen_harm", "causal_influence") or "self_forecast" in name:
                # A view knows neither what the seat drew from or thought actions worth, nor what it forecast before.
                assert np.isnan(found[name][0, 0]), name
                assert name not in info["episode"]
            else:
                np.testing.assert_allclose(found[name][0, 0], values[0, 0], atol=1e-9, err_msg=name)
                assert (name in info["episode"]) == (not np.isnan(values[0, 0])), name
        if policies[1].startswith("prospective"):
            for name in ("coherence", "foreseen_harm", "magical_thinking", "realised_skill"):
                assert found[name][0, 1] == pytest.approx(expected[name][0, 1]), name


@pytest.mark.parametrize("others", [{"player_1": "random"}, None], ids=["inside", "outside"])
def test_saying_nothing_earns_nothing(others: Any) -> None:
    view = prospect_env.parallel_env("prisoners_dilemma", co_players=others, rounds=5)
    view.reset(seed=1)
    while view.agents:
        *_, infos = view.step({agent: {"action": D, "forecast": UNIFORM} for agent in view.agents})
    for name in ("realised_skill", "magical_thinking", "mirror_index"):
        assert infos["player_0"]["episode"][name] == pytest.approx(0.0, abs=1e-12)


def test_a_mirror_is_recognised_with_everybody_outside() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma", rounds=2)
    view.reset(seed=1)
    mirror = UNIFORM.copy()
    mirror[0, C, :], mirror[0, D, :] = [1.0, 0.0], [0.0, 1.0]
    while view.agents:
        *_, infos = view.step(
            {"player_0": {"action": C, "forecast": mirror}, "player_1": {"action": C, "forecast": UNIFORM}}
        )
    # Rows of C and D have all their mass in different places: distance 1, and all of it on "the same as mine".
    assert infos["player_0"]["episode"]["magical_thinking"] == 1.0
    assert infos["player_0"]["episode"]["mirror_index"] == 1.0
    assert infos["player_1"]["episode"]["magical_thinking"] == 0.0
    assert "coherence" not in infos["player_0"]["episode"]
    recorded = view.episodes()
    assert recorded.legal.all()
    # By hand: if player_1 does as I do, C brings 3 and 3, D 1 and 1; by equal shares C brings 1.5 and 4, D 3 and .5.
    np.testing.assert_allclose(recorded.foreseen_rewards[0, 0, 0], [[3, 3], [1, 1]])
    np.testing.assert_allclose(recorded.foreseen_rewards[0, 0, 1], [[4, 1.5], [0.5, 3]])


def test_a_vector_environment_records_what_single_ones_do() -> None:
    size, seed = 4, 20
    keywords: dict[str, Any] = {
        "opponents": ["prospective:predictor=counts"], "rounds": 5, "termination_probability": 0.2, "noise": 0.1,
        "forecast": "probabilities",
    }  # fmt: skip
    vector = prospect_env.vector_env("prisoners_dilemma", size, **keywords)
    singles = [prospect_env.gym_env("prisoners_dilemma", **keywords) for _ in range(size)]
    vector.action_space.seed(1)
    vector.reset(seed=seed)
    for i, single in enumerate(singles):
        single.reset(seed=seed + i)
    over = np.zeros(size, dtype=bool)
    staggered = False
    for _ in range(8):
        actions = vector.action_space.sample()
        _, _, terminated, *_ = vector.step(actions)
        for i, single in enumerate(singles):
            if over[i]:
                single.reset()
            else:
                single.step({key: part[i] for key, part in actions.items()})
        over = terminated
        recorded = vector.episodes()
        staggered |= len(set(recorded.length.tolist())) > 1
    assert staggered
    for i, single in enumerate(singles):
        # Numbers count all matches of a vector environment.
        assert_same(recorded.select(np.array([i])), single.episodes(), without=("episode",))


@pytest.mark.parametrize("forecast", ["off", "probabilities"])
def test_a_vector_environment_records_questions_to_language_models(forecast: str) -> None:
    keywords: dict[str, Any] = {"opponents": ["lm:model=fake,mode=direct"], "forecast": forecast, "rounds": 3}
    vector = gymnasium.make_vec("prospect/prisoners_dilemma-v0", num_envs=3, **keywords)
    single = prospect_env.gym_env("prisoners_dilemma", **keywords)
    vector.action_space.seed(1)
    vector.reset(seed=4)
    single.reset(seed=4)
    for _ in range(3):
        actions = vector.action_space.sample()
        vector.step(actions)
        single.step({key: part[0] for key, part in actions.items()} if isinstance(actions, dict) else actions[0])

    calls = vector.unwrapped.episodes().calls
    assert {call.match for call in calls} == {0, 1, 2}
    for match in range(3):
        assert {call.step for call in calls if call.match == match and not call.imagined} == {0, 1, 2}
    # The first match has the same number in both, so the same symbols.
    assert asked(call for call in calls if call.match == 0) == asked(single.episodes().calls)
    # Symbols are turned from match to match.
    assert calls[0].labels != next(call for call in calls if call.match == 1).labels
