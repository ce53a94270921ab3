"""Every registered game under its versioned name: with PettingZoo, with Gymnasium, and as an importable module."""

from __future__ import annotations

import importlib.util
import re
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import gymnasium
import pettingzoo

from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.zoo.aec import Ordered, TurnView
from prospect_env.zoo.aec import env as _env
from prospect_env.zoo.aec import raw_env as _raw_env
from prospect_env.zoo.parallel import ParallelView
from prospect_env.zoo.parallel import parallel_env as _parallel_env

NAMESPACE = "prospect"
PACKAGE = "prospect_env"
_MODULE = re.compile(rf"{PACKAGE}\.(?P<game>\w+)_v(?P<version>\d+)")

_registered: set[str] = set()


def register_all() -> None:
    """Register every game that is not registered yet; a game that cannot be built by its name alone is warned about."""
    for name in games:
        if name in _registered:
            continue
        try:
            spec = make_game(name).spec
        except Exception as error:  # noqa: BLE001 - a broken plugin must not take everybody else's import down
            warnings.warn(f"game {name!r} cannot be built by its name alone and gets no views: {error}", stacklevel=2)
            continue
        _registered.add(name)
        identity, keywords = f"{NAMESPACE}/{name}-v{spec.version}", {"game": name}
        pettingzoo.register("parallel", identity, "prospect_env.zoo.parallel:parallel_env", kwargs=keywords)
        pettingzoo.register("aec", identity, "prospect_env.zoo.aec:env", kwargs=keywords)
        gymnasium.register(
            identity,
            entry_point="prospect_env.zoo.single:gym_env",
            vector_entry_point="prospect_env.zoo.vector:vector_env",
            kwargs=keywords,
        )


class _GameModule(Loader):
    """Fills the module of one game: `env`, `raw_env` and `parallel_env`, as PettingZoo's own modules have them."""

    def __init__(self, game: str) -> None:
        self.game = game

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        game = self.game

        def env(**arguments: Any) -> Ordered:
            return _env(game, **arguments)

        def raw_env(**arguments: Any) -> TurnView:
            return _raw_env(game, **arguments)

        def parallel_env(**arguments: Any) -> ParallelView:
            return _parallel_env(game, **arguments)

        for function, source in ((env, _env), (raw_env, _raw_env), (parallel_env, _parallel_env)):
            # Found again by module and name, so that they pickle.
            function.__module__, function.__qualname__ = module.__name__, function.__name__
            function.__doc__ = f"`{game}` by `prospect_env.{source.__name__}`, whose keyword arguments it takes."
            setattr(module, function.__name__, function)
        module.__doc__ = f"The game `{game}` as PettingZoo environments."
        module.__all__ = ["env", "parallel_env", "raw_env"]  # type: ignore[attr-defined]


class _GameFinder(MetaPathFinder):
    """Finds `prospect_env.<game>_v<version>` for every registered game, without a file a game."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = _MODULE.fullmatch(fullname)
        if found is None or found["game"] not in games:
            return None
        if make_game(found["game"]).spec.version != int(found["version"]):
            return None
        return importlib.util.spec_from_loader(fullname, _GameModule(found["game"]))


def install_finder() -> None:
    """Make the games' modules importable."""
    if not any(isinstance(finder, _GameFinder) for finder in sys.meta_path):
        sys.meta_path.append(_GameFinder())
