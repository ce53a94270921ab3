"""PettingZoo's own tests on every registered game, with every warning that remains expected by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pettingzoo
import pytest
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, seed_test

import prospect_env
from prospect_env.arena.play import play
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards, Offers

#: every game with forecasts; the other forms once, on a game whose seats have different numbers of actions
CASES = [*((name, "probabilities") for name in sorted(games)), ("matrix_game", "logits"), ("matrix_game", "off")]

#: what PettingZoo's tests say of any environment like these, and why it stays
EXPECTED = {
    "Observation is not a NumPy array": "observations are dicts, so that the action mask travels with them",
    "Observation numpy array is all zeros.": "before the first round nothing has been seen",
    "Observation space for each agent probably should be": "as above: a Dict",
    "Action space for each agent probably should be": "a choice is an action and a forecast: a Dict",
}


@contextmanager
def only_expected_warnings() -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    surprising = [str(w.message) for w in caught if not any(known in str(w.message) for known in EXPECTED)]
    assert not surprising


def arguments(game: str, forecast: str) -> dict[str, Any]:
    # Some tests sample without the mask, and seats of a matrix game may have different numbers of actions.
    return {"forecast": forecast, "illegal": "first_legal", **GAME_PARAMETERS[game]}


@pytest.fixture(params=sorted(games))
def game(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(("game", "form"), CASES)
def test_api(game: str, form: str) -> None:
    with only_expected_warnings():
        api_test(prospect_env.env(game, **arguments(game, form)), num_cycles=20)
        api_test(prospect_env.raw_env(game, text=True, **arguments(game, form)), num_cycles=20)


@pytest.mark.parametrize(("game", "form"), CASES)
def test_parallel_api(game: str, form: str) -> None:
    with only_expected_warnings():
        parallel_api_test(prospect_env.parallel_env(game, **arguments(game, form)), num_cycles=20)


@pytest.mark.parametrize(("game", "form"), CASES)
def test_seeds(game: str, form: str) -> None:
    with only_expected_warnings():
        seed_test(lambda: prospect_env.env(game, **arguments(game, form)), num_cycles=20)
        parallel_seed_test(lambda: prospect_env.parallel_env(game, **arguments(game, form)), num_cycles=20)


def test_max_cycles(game: str) -> None:
    rules = make_game(game, **GAME_PARAMETERS[game])
    asked = arguments(game, "probabilities")
    views: dict[str, Callable[..., Any]] = {
        "env": lambda max_cycles: prospect_env.env(game, max_cycles=max_cycles, **asked),
        "parallel_env": lambda max_cycles: prospect_env.parallel_env(game, max_cycles=max_cycles, **asked),
    }
    if play(rules, ["random"] * rules.spec.seats, 20).active.all() and rules.spec.horizon >= 4:
        max_cycles_test(SimpleNamespace(**views))
        return
    # PettingZoo's test counts on every seat choosing in every step. Where seats wait, two steps are two steps.
    view = views["parallel_env"](2)
    view.reset(seed=1)
    for agent in view.agents:
        view.action_space(agent).seed(1)  # with other draws somebody may walk away at once
    steps = 0
    while view.agents:
        view.step({agent: view.action_space(agent).sample() for agent in view.agents})
        steps += 1
    assert steps == 2


@pytest.mark.parametrize("toy", [Offers(), Cards()], ids=["sequential", "hidden"])
def test_other_kinds_of_games(toy: Any) -> None:
    with only_expected_warnings():
        api_test(prospect_env.env(toy, illegal="first_legal"), num_cycles=6)
        parallel_api_test(prospect_env.parallel_env(toy, illegal="first_legal"), num_cycles=6)
        seed_test(lambda: prospect_env.env(toy, illegal="first_legal"), num_cycles=6)
        parallel_seed_test(lambda: prospect_env.parallel_env(toy, illegal="first_legal"), num_cycles=6)


def test_found_in_pettingzoos_registry(game: str) -> None:
    parameters = GAME_PARAMETERS[game]
    version = prospect_env.make_game(game, **parameters).spec.version
    parallel = pettingzoo.make("parallel", f"prospect/{game}-v{version}", **parameters)
    turns = pettingzoo.make("aec", f"prospect/{game}-v{version}", max_cycles=2, **parameters)
    assert str(parallel) == str(turns.unwrapped) == f"{parallel.cast.spec.name}_v{version}"
    assert turns.unwrapped.max_cycles == 2


def test_the_parallel_view_is_native() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma")
    assert view.unwrapped is view
    assert view.action_space("player_0") is view.action_space("player_0")
    assert view.observation_space("player_1") is view.observation_space("player_1")
