"""What `render` shows: the picture, where a game has one, and the narration in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.state import take
from prospect_env.zoo.batch import Batch
from prospect_env.zoo.history import Step
from prospect_env.zoo.match import Match
from prospect_env.zoo.pictures import drawable, picture_of, text_of


def render_modes(game: Game) -> list[str]:
    """Printed, returned as text, and for games with a board or a network returned as pixels."""
    return ["human", "ansi", *(["rgb_array"] if drawable(game) else [])]


def check_render_mode(mode: str | None, game: Game) -> None:
    """Raise `BadParameter` unless `mode` is None or one of the game's."""
    if mode is None or mode in render_modes(game):
        return
    why = "" if mode != "rgb_array" else f", since {game.spec.name} has neither a board nor a network to draw"
    raise BadParameter(f"render_mode is {mode!r}; it may be None, {', '.join(map(repr, render_modes(game)))}{why}")


def rendered(match: Match, mode: str | None) -> Any:
    """A match as `mode` has it: text, pixels uint8 `[H, W, 3]`, or printed and None."""
    if mode is None:
        return None
    game, state, last = match.cast.game, match.node.state, last_actions(match.steps, 0, match.cast.spec.seats)
    if mode == "rgb_array":
        return picture_of(game, state, last)
    told = (match.text(seat) for seat in match.cast.outside)
    return _said("\n\n".join(part for part in (text_of(game, state, last), *told) if part), mode)


def rendered_batch(batch: Batch, mode: str | None) -> Any:
    """Every match of a batch as `mode` has it, in a tuple; printed and None in mode `human`."""
    if mode is None:
        return None
    shown: list[Any] = []
    for row in range(batch.size):
        game, state = batch.cast.game, take(batch.position.state, np.array([row]))
        last = last_actions(batch.steps_of(row), row, batch.cast.spec.seats)
        if mode == "rgb_array":
            shown.append(picture_of(game, state, last))
        else:
            shown.append("\n\n".join(part for part in (text_of(game, state, last), batch.text(row)) if part))
    if mode == "human":
        return _said("\n\n".join(map(str, shown)), mode)
    return tuple(shown)


def last_actions(steps: Sequence[Step], row: int, seats: int) -> list[int]:
    """What each seat of match `row` did last, -1 for who has done nothing yet."""
    last = [-1] * seats
    for step in reversed(steps):
        done = np.where(step.now[row], step.outcome.executed[row], -1).tolist()
        last = [new if old < 0 else old for old, new in zip(last, done, strict=True)]
        if min(last) >= 0:
            break
    return last


def _said(words: str, mode: str) -> str | None:
    if mode == "human":
        print(words)  # noqa: T201 - what the mode is for
    return words if mode == "ansi" else None
