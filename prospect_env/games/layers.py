"""What is inside a modified game: its layers from the outermost to the rules, and how long its rounds go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from prospect_env.core.game import Game
from prospect_env.games.modifier import Modifier
from prospect_env.games.repeated import Repeated

_FRAME = ("initial", "active", "step")


def layers(game: Game) -> Iterator[Game]:
    """The game, what it is around, and so on to the rules themselves."""
    yield game
    while isinstance(game, Modifier):
        game = game.inner
        yield game


def fixed_rounds(game: Game) -> int | None:
    """How many rounds the rules have, whatever anybody does; None where that is not certain.

    It is certain of `Repeated` games that leave the frame of `Repeated` as it is. Modifiers may end a match sooner, by
    chance, and none of them lets a choice decide when.
    """
    *_, rules = layers(game)
    if isinstance(rules, Repeated) and all(getattr(type(rules), name) is getattr(Repeated, name) for name in _FRAME):
        return rules.rounds
    return None


def label(layer: Game) -> str:
    """What a modifier is called: the name of its parameter."""
    return ", ".join(field.name for field in fields(layer) if field.name != "inner")  # type: ignore[arg-type]
