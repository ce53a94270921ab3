"""`builder`: what somebody who writes `mypkg.mymodule:MyGame` means."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, parse
from prospect_env.core.registry import games


def builder(target: str) -> Callable[[], Game] | Game:
    """A game, or what builds it, by `module:attribute`, registered name, or registered name with parameters.

    Raises `BadParameter` if there is no such module or attribute and `UnknownName` if there is no such game; a module
    that exists and fails is left to fail when the game is built.
    """
    name, colon, rest = target.partition(":")
    if not colon or "=" in rest:
        registered, _ = parse(target)
        if registered not in games:
            raise UnknownName("game", registered, games)
        return _named(partial(make_game, target), registered)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise BadParameter(f"there is no module {error.name!r} to find {target!r} in") from None
        return _named(partial(importlib.import_module, name), target)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001
        # Raised again where it is reported as a game that cannot be built.
        return _named(partial(importlib.import_module, name), target)  # type: ignore[arg-type]
    if not hasattr(module, rest):
        public = [attribute for attribute in vars(module) if not attribute.startswith("_")]
        raise BadParameter(f"in {name}: " + str(UnknownName("attribute", rest, public)))
    found = getattr(module, rest)
    if isinstance(found, Game) or callable(found):
        return found
    raise BadParameter(f"{target} is a {type(found).__name__}, not a game or what builds one")


def _named(build: partial[Game], name: str) -> partial[Game]:
    build.__name__ = name  # type: ignore[attr-defined]
    return build
