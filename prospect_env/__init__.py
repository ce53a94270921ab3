"""prospect-env: games in which agents predict how others will react, and are scored on the actions not taken too.

`import prospect_env` also registers every game with PettingZoo and Gymnasium under `prospect/<game>-v<version>`, and
makes it importable as `prospect_env.<game>_v<version>` with PettingZoo's `env`, `raw_env` and `parallel_env`.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from prospect_env.arena.play import play
from prospect_env.core.make import make_game, make_policy
from prospect_env.zoo import catalog as _catalog
from prospect_env.zoo import env, gym_env, parallel_env, raw_env, vector_env

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "env",
    "gym_env",
    "make_game",
    "make_policy",
    "parallel_env",
    "play",
    "raw_env",
    "vector_env",
]


def __getattr__(name: str) -> Any:
    # Metrics are loaded when they are asked for, and so are the games' own modules, which have no files.
    if name == "metrics" or re.fullmatch(r"\w+_v\d+", name):
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_catalog.install_finder()
_catalog.register_all()
