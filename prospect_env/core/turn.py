"""`Turn`: what the players at a table forecast, were fed and decided in one step, and what they said aloud."""

from __future__ import annotations

from dataclasses import dataclass

from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.policy import Decision


@dataclass(frozen=True)
class Turn:
    """What was forecast, what the planner was fed, and what was decided, by seat, among the seats asked."""

    forecasts: dict[int, Forecast]
    fed: dict[int, Forecast]
    decisions: dict[int, Decision]


def said_aloud(game: Game, turn: Turn) -> tuple[tuple[str, ...], ...] | None:
    """The free texts of a turn, one tuple a match of one text a seat; None where nobody may talk or nobody does.

    In a branch nothing is said: a text belongs to the action that it came with, and branches take other actions.
    """
    texts = {seat: decision.message for seat, decision in turn.decisions.items() if decision.message is not None}
    if not game.spec.announces or not texts:
        return None
    batch = len(next(iter(texts.values())))
    silence = ("",) * batch
    return tuple(zip(*(texts.get(seat, silence) for seat in range(game.spec.seats)), strict=True))
