"""One match, whatever it is seen through: forks, batches, turns, the arena, and the table of remembered steps."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode

import prospect_env
from prospect_env.core.registry import games
from prospect_env.zoo import tabulated
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards, Offers

ALL_GAMES = [*((name, GAME_PARAMETERS[name]) for name in sorted(games)), (Offers(), {}), (Cards(), {})]
NAMES = [*sorted(games), "sequential", "hidden"]


def equal(x: Any, y: Any) -> bool:
    return bool(data_equivalence(x, y, exact=True))


def sampled(view: Any, observations: Any) -> dict[str, Any]:
    return {a: view.action_space(a).sample(observations[a]["action_mask"]) for a in view.agents}


@pytest.mark.parametrize(("game", "parameters"), ALL_GAMES, ids=NAMES)
def test_a_parallel_fork_goes_on_as_the_original(game: Any, parameters: Any) -> None:
    modifiers = {} if not isinstance(game, str) else {"noise": 0.2, "termination_probability": 0.05}
    view = prospect_env.parallel_env(game, forecast_reward=1.0, **parameters, **modifiers)
    observations, _ = view.reset(seed=7)
    for agent in view.agents:
        view.action_space(agent).seed(1)
    observations, *_ = view.step(sampled(view, observations))
    fork = view.fork()
    while view.agents:
        actions = sampled(view, observations)
        mine, other = view.step(actions), fork.step(actions)
        assert equal(mine, other)
        observations = mine[0]
    assert fork.agents == []
    # The next episode is the same as well.
    assert equal(view.reset(), fork.reset())


def test_forks_go_their_own_ways() -> None:
    view = prospect_env.parallel_env(
        "prisoners_dilemma", forecast="off", co_players={"player_1": "tit_for_tat"}, rounds=4
    )
    view.reset(seed=1)
    view.step({"player_0": 0})
    fork = view.fork()
    # What tit for tat does next is not known yet: it depends on what each does now.
    assert fork.step({"player_0": 1})[1] == {"player_0": 5.0}
    assert view.step({"player_0": 0})[1] == {"player_0": 3.0}
    assert fork.step({"player_0": 1})[1] == {"player_0": 1.0}
    assert view.step({"player_0": 1})[1] == {"player_0": 5.0}
    assert view.episodes().actions.tolist() == [[[0, 0], [0, 0], [1, 0]]]
    assert fork.episodes().actions.tolist() == [[[0, 0], [1, 0], [1, 1]]]


@pytest.mark.parametrize("factory", [prospect_env.env, prospect_env.raw_env])
def test_a_fork_in_the_middle_of_a_turn(factory: Any) -> None:
    view = factory("prisoners_dilemma", forecast="off", rounds=2)
    view.reset(seed=1)
    view.step(0)
    fork = view.fork()
    assert type(fork) is type(view)
    assert fork.agent_selection == "player_1"
    view.step(1)
    fork.step(0)
    assert view.rewards == {"player_0": 0.0, "player_1": 5.0}
    assert fork.rewards == {"player_0": 3.0, "player_1": 3.0}
    for other in (view, fork):
        other.step(0)
        other.step(0)
        assert all(other.terminations.values())
        assert other.infos["player_0"]["episode"]["l"] == 2


def test_a_gymnasium_fork() -> None:
    view = prospect_env.gym_env("chicken", opponents="random_memory_one", forecast="probabilities", forecast_reward=1.0)
    view.reset(seed=3)
    view.action_space.seed(2)
    for _ in range(4):
        view.step(view.action_space.sample())
    fork = view.fork()
    actions = [view.action_space.sample() for _ in range(6)]
    mine = [view.step(action) for action in actions]
    assert equal(mine, [fork.step(action) for action in actions])
    # Its samples are its own, and the same.
    assert equal(fork.action_space.sample()["action"], actions[0]["action"])


def test_a_fork_of_what_gymnasium_made() -> None:
    made = gymnasium.make("prospect/chicken-v0", opponents="random", rounds=6)
    made.reset(seed=3)
    made.step(1)
    # Gymnasium's wrappers hide what they do not know; the documented way is around them.
    assert not hasattr(made, "fork")
    fork = made.unwrapped.fork()
    assert fork is not made.unwrapped
    for action in (0, 1, 1, 0, 1):
        assert equal(made.step(action), fork.step(action))


@pytest.mark.parametrize(("game", "parameters"), ALL_GAMES, ids=NAMES)
def test_in_turns_as_in_parallel(game: Any, parameters: Any) -> None:
    together = prospect_env.parallel_env(game, **parameters)
    turns = prospect_env.env(game, **parameters)
    observations, _ = together.reset(seed=11)
    turns.reset(seed=11)
    for agent in together.agents:
        together.action_space(agent).seed(4)
    while together.agents:
        actions = sampled(together, observations)
        asked = [
            agent
            for agent, seat in zip(together.cast.agents, together.cast.outside, strict=True)
            if together.match.node.active[seat]
        ]
        for agent in asked:
            assert turns.agent_selection == agent
            assert equal(turns.observe(agent), observations[agent])
            turns.step(actions[agent])
        observations, rewards, terminated, truncated, infos = together.step(actions)
        assert turns.rewards == rewards
        assert (turns.terminations, turns.truncations) == (terminated, truncated)
        assert equal(turns.infos, infos)


#: every kind and every mode, but not every pair: how matches begin anew does not depend on what is sent
PAIRS = [
    *(("plain", mode) for mode in AutoresetMode),
    ("forecast", AutoresetMode.SAME_STEP),
    ("all rows", AutoresetMode.NEXT_STEP),
    ("cut", AutoresetMode.SAME_STEP),
    ("words", AutoresetMode.DISABLED),
]


def kinds(name: str) -> dict[str, Any]:
    return {
        "plain": {"forecast": "off"},
        "forecast": {"forecast": "probabilities", "forecast_reward": 0.5},
        "all rows": {"forecast": "probabilities", "forecast_reward": 0.5, "rows": "all"},
        "cut": {"forecast": "off", "max_cycles": 3},
        "words": {"forecast": "off", "text": True},
    }[name]


@pytest.mark.parametrize(("kind", "mode"), PAIRS, ids=[f"{kind}, {mode.value}" for kind, mode in PAIRS])
def test_a_vector_environment_is_that_many_single_ones(kind: str, mode: AutoresetMode) -> None:
    size, seed = 4, 20
    keywords: dict[str, Any] = {
        "opponents": ["random_memory_one"], "seat": 1, "rounds": 6, "termination_probability": 0.2, "noise": 0.1,
        "illegal": "first_legal", **kinds(kind),
    }  # fmt: skip
    vector = gymnasium.make_vec("prospect/prisoners_dilemma-v0", num_envs=size, autoreset_mode=mode, **keywords)
    singles = [prospect_env.gym_env("prisoners_dilemma", **keywords) for _ in range(size)]
    vector.action_space.seed(1)
    shown, _ = vector.reset(seed=seed)
    firsts = [single.reset(seed=seed + i)[0] for i, single in enumerate(singles)]
    assert_rows(shown, firsts)
    over = np.zeros(size, dtype=bool)
    ended = 0
    for _ in range(20):
        actions = vector.action_space.sample()
        if mode is AutoresetMode.DISABLED and over.any():
            shown, _ = vector.reset(options={"reset_mask": over})
            for i in np.flatnonzero(over):
                assert_row(shown, i, singles[i].reset()[0])
        shown, rewards, terminated, truncated, infos = vector.step(actions)
        for i, single in enumerate(singles):
            if mode is AutoresetMode.NEXT_STEP and over[i]:
                assert_row(shown, i, single.reset()[0])
                assert (rewards[i], terminated[i], truncated[i]) == (0.0, False, False)
                continue
            action = {k: v[i] for k, v in actions.items()} if isinstance(actions, dict) else actions[i]
            observation, reward, done, cut, info = single.step(action)
            assert rewards[i] == pytest.approx(reward, abs=1e-12)
            assert (terminated[i], truncated[i]) == (done, cut)
            if done or cut:
                ended += 1
                if mode is AutoresetMode.SAME_STEP:
                    assert equal(infos["final_obs"][i], observation)
                    assert infos["_final_obs"][i]
                    assert infos["final_info"]["_episode"][i]
                    observation, _ = single.reset()
                assert infos["_episode"][i]
                found = {
                    name: values[i] for name, values in infos["episode"].items()
                    if not name.startswith("_") and infos["episode"][f"_{name}"][i]
                }  # fmt: skip
                assert found == pytest.approx(dict(info["episode"]))
            else:
                assert "episode" not in infos or not infos["_episode"][i]
            assert_row(shown, i, observation)
        over = terminated | truncated
    assert ended > size


def assert_row(shown: Any, i: int, single: Any) -> None:
    if isinstance(shown, dict):
        assert shown["text"][i] == single["text"]
        shown, single = shown["observation"], single["observation"]
    np.testing.assert_array_equal(shown[i], single)


def assert_rows(shown: Any, singles: list[Any]) -> None:
    for i, single in enumerate(singles):
        assert_row(shown, i, single)


@pytest.mark.parametrize(("game", "parameters"), ALL_GAMES, ids=NAMES)
def test_views_play_what_the_arena_plays(game: Any, parameters: Any) -> None:
    assert_plays_as_the_arena(game, parameters, {"noise": 0.1, "termination_probability": 0.1})


@pytest.mark.parametrize("modifiers", [{}, {"noise": 0.1, "termination_probability": 0.1}], ids=["sure", "by chance"])
def test_games_too_large_to_remember_are_played_all_the_same(modifiers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabulated, "CAPACITY", 2)
    assert_plays_as_the_arena("chicken", GAME_PARAMETERS["chicken"], modifiers)


def assert_plays_as_the_arena(game: Any, parameters: Any, modifiers: Any) -> None:
    rules = prospect_env.make_game(game, **parameters, **(modifiers if isinstance(game, str) else {}))
    arena = prospect_env.play(rules, ["random"] * rules.spec.seats, episodes=6, seed=9)
    inside = dict.fromkeys(rules.spec.agents[1:], "random")
    view = prospect_env.parallel_env(rules, forecast="off", co_players=inside)
    for number in range(6):
        view.reset(seed=9 if number == 0 else None)
        for t in range(int(arena.length[number])):
            view.step({"player_0": int(arena.actions[number, t, 0])} if arena.active[number, t, 0] else {})
        assert view.agents == []
        mine = view.episodes()
        for name in ("actions", "executed", "reactions", "rewards", "active"):
            expected = getattr(arena, name)[number : number + 1, : arena.length[number]]
            np.testing.assert_array_equal(getattr(mine, name), expected, err_msg=name)


def test_seeds_fix_everything_and_no_seed_fixes_nothing() -> None:
    def play(seed: int | None) -> list[float]:
        view = prospect_env.gym_env("chicken", opponents="random", rounds=40)
        view.reset(seed=seed)
        return [view.step(0)[1] for _ in range(40)]

    assert play(4) == play(4)
    assert play(4) != play(5)
    # 40 coin tosses twice: equal once in 10^12 runs.
    assert play(None) != play(None)


@pytest.mark.parametrize(
    "opponent",
    ["prospective:predictor=bayes", "prospective:predictor=oracle", "forecasting:actor=tit_for_tat,predictor=counts"],
)
def test_co_players_that_forecast_themselves(opponent: str) -> None:
    def play() -> tuple[Any, Any]:
        view = prospect_env.gym_env("chicken", opponents=opponent, forecast="probabilities", rounds=4, noise=0.1)
        view.reset(seed=2)
        view.action_space.seed(1)
        steps = [view.step(view.action_space.sample()) for _ in range(4)]
        return steps, view.episodes()

    (mine, episodes), (again, _) = play(), play()
    assert equal(mine, again)
    # What they forecast is on record beside what I do; only mine is scored by branching.
    assert not np.isnan(episodes.forecast).any()
    assert episodes.mask[:, :, 0].any()
    assert not episodes.mask[:, :, 1].any()
    assert episodes.policies == ("outside", opponent)
