"""What C and D stand for in a game: strategies are told in these words, and games have actions of their own."""

from __future__ import annotations

from typing import TypeVar

from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.game import Game, GameSpec
from prospect_env.core.policy import Table
from prospect_env.games.layers import layers

Rules = TypeVar("Rules", bound=Game)


def c_and_d(spec: GameSpec) -> tuple[int, int]:
    """The actions that C and D stand for.

    C is the game's first cooperative action and D its first other one; where no action counts as cooperative (matching
    pennies, say) C is the first action and D the second.
    """
    if not spec.cooperative:
        return 0, min(1, len(spec.actions) - 1)
    return spec.cooperative[0], spec.alternatives[0] if spec.alternatives else spec.cooperative[0]


def kinds(spec: GameSpec) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """All actions that are kinds of C, and of D; games in phases have some for each phase."""
    c, d = c_and_d(spec)
    return spec.cooperative or (c,), spec.alternatives or (d,)


def require(table: Table, who: str, seats: int | None = None, actions: int | None = None) -> None:
    """Raise `UnsuitablePolicy` unless the game has this many seats and actions."""
    spec = table.game.spec
    if seats is not None and spec.seats != seats:
        raise UnsuitablePolicy(f"{who} plays games of {seats} seats; {spec.name} has {spec.seats}")
    if actions is not None and len(spec.actions) != actions:
        raise UnsuitablePolicy(f"{who} plays games of {actions} actions; {spec.name} has {len(spec.actions)}")


def rules_of(game: Game, kind: type[Rules], who: str) -> Rules:
    """The rules inside all modifiers; raises `UnsuitablePolicy` unless they are of this kind."""
    *_, rules = layers(game)
    if not isinstance(rules, kind):
        raise UnsuitablePolicy(f"{who} plays {kind.__name__} and no other game; it cannot play {game.spec.name}")
    return rules
