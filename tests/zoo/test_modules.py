"""The games as importable modules and in the registries, and what `import prospect_env` costs."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys

import gymnasium
import pettingzoo
import pytest

import prospect_env
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.zoo.catalog import register_all


@pytest.fixture(params=sorted(games))
def module_name(request: pytest.FixtureRequest) -> str:
    return f"{request.param}_v{make_game(request.param).spec.version}"


def test_importable_both_ways(module_name: str) -> None:
    module = importlib.import_module(f"prospect_env.{module_name}")
    assert getattr(prospect_env, module_name) is module
    for name in ("env", "raw_env", "parallel_env"):
        factory = getattr(module, name)
        assert pickle.loads(pickle.dumps(factory)) is factory  # noqa: S301
        view = factory(max_cycles=3)
        assert str(view.unwrapped) == module_name


def test_in_a_fresh_interpreter() -> None:
    program = (
        "from prospect_env import prisoners_dilemma_v0\n"
        "import prospect_env.chicken_v0\n"
        "assert prospect_env.chicken_v0.parallel_env().reset(seed=1)\n"
        "assert prisoners_dilemma_v0.parallel_env().possible_agents == ['player_0', 'player_1']\n"
        "import sys, prospect_env\n"
        "prospect_env.metrics.table\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_is_light() -> None:
    program = (
        "import sys, prospect_env\n"
        "heavy = {'torch', 'transformers', 'matplotlib', 'duckdb', 'prospect_agents'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["prisoners_dilemma_v1", "checkers_v0", "prisoners_dilemma"])
def test_other_names_are_not_modules(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(prospect_env, name)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"prospect_env.{name}")


def test_registered_once_with_everybody() -> None:
    register_all()  # nothing is left to register, so nothing is overridden
    for name in games:
        identity = f"prospect/{name}-v{make_game(name).spec.version}"
        assert identity in gymnasium.registry
        assert identity in pettingzoo.parallel_registry
        assert identity in pettingzoo.aec_registry
    specification = gymnasium.registry["prospect/chicken-v0"]
    assert isinstance(specification.entry_point, str)
    assert isinstance(specification.vector_entry_point, str)


def test_a_game_that_cannot_be_built_is_warned_about_and_skipped() -> None:
    name = "game_of_this_test"

    def build(size: int) -> None:
        raise AssertionError

    games.register(name, build)
    try:
        with pytest.warns(UserWarning, match=f"game '{name}' cannot be built by its name alone"):
            register_all()
    finally:
        del games._loaded[name]
    assert f"prospect/{name}-v0" not in gymnasium.registry
