"""Frames: the template files that games are told in, found by looking into `templates/`.

`templates/<game>/<frame>.j2` tells one game, `templates/matrix/<frame>.j2` any matrix game. A macro that a frame does
not have comes from `shared.j2`; so do words. Files whose names begin with `_` are for templates to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from prospect_env.core.errors import UnknownName
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.games.layers import layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.stories.slots import FILTERS

CANONICAL = "canonical"  #: the frame every other is compared with
TEMPLATES = Path(__file__).with_name("templates")
SHARED = "shared.j2"


@dataclass(frozen=True)
class Frame:
    """A template file and what it takes from the shared one; `path` is relative to the folder of templates."""

    path: str

    @property
    def name(self) -> str:
        """What it is asked for by."""
        return PurePosixPath(self.path).stem

    @cached_property
    def words(self) -> dict[str, Any]:
        """The words it declares, each with its alternatives: its own first, then the shared ones."""
        return getattr(_module(SHARED), "words", {}) | getattr(_module(self.path), "words", {})

    def macros(self, context: Mapping[str, Any]) -> dict[str, Macro]:
        """Its macros by name, which see the variables of `context`."""
        found: dict[str, Macro] = {}
        for path in (SHARED, self.path):
            module = environment().get_template(path).make_module(dict(context))
            found |= {name: thing for name, thing in vars(module).items() if isinstance(thing, Macro)}
        return found


@cache
def environment() -> Environment:
    """The one Jinja environment, in which each template is compiled once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - what comes out is plain text and no page
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    return made


def frames(game: str | Game) -> tuple[str, ...]:
    """The frames there are for a game, the canonical one first; none for a game without templates."""
    return tuple(_paths(game))


def frame_of(game: str | Game, name: str) -> Frame:
    """The frame of this name for a game; raises `UnknownName` if there is none."""
    paths = _paths(game)
    if name not in paths:
        raise UnknownName("frame", name, paths)
    return frame_at(paths[name])


@cache
def frame_at(path: str) -> Frame:
    """The frame that this template file is."""
    return Frame(path)


@cache
def _module(path: str) -> Any:
    """A template's words: what stands outside its macros, which is told no game."""
    return environment().get_template(path).make_module({})


def _paths(game: str | Game) -> dict[str, str]:
    """The path of each frame: those of a game's own folder outrank those of all matrix games."""
    *_, rules = layers(make_game(game))
    folders = ["matrix"] * isinstance(rules, MatrixGame) + [rules.spec.name]
    found = {name: path for folder in folders for name, path in _folder(folder).items()}
    return dict(sorted(found.items(), key=lambda item: (item[0] != CANONICAL, item[0])))


@cache
def _folder(name: str) -> dict[str, str]:
    files = (TEMPLATES / name).glob("[!_]*.j2")
    return {file.stem: f"{name}/{file.name}" for file in files}
