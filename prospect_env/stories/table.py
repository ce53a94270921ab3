"""The table of a matrix game as facts, one a pair of choices, from the side of the seat that is told; and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prospect_env.core.errors import BadParameter
from prospect_env.games.matrix import MatrixGame
from prospect_env.stories.numerals import plainest

UNTOLD = ("actions", "cooperative", "source")  #: what `matrix_game` is made of besides rules


def cells(game: MatrixGame, seat: int) -> list[dict[str, Any]]:
    """What `seat` is told: its choice `mine`, the other's `theirs`, and what the two then get, `own` and `other`."""
    rows = game.payoffs if seat == 0 else game.payoffs.transpose(1, 0, 2)
    return [
        {"mine": mine, "theirs": theirs, "own": plainest(pays[seat]), "other": plainest(pays[1 - seat])}
        for mine, row in enumerate(rows)
        for theirs, pays in enumerate(row)
    ]


def payoffs(told: Sequence[dict[str, Any]], seat: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The table that these cells make up; raises `BadParameter` where one is left out or told twice."""
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for cell in told:
        pair = (cell["mine"], cell["theirs"]) if seat == 0 else (cell["theirs"], cell["mine"])
        if pair in found:
            raise BadParameter(f"the payoffs of choices {pair} are told twice")
        found[pair] = (cell["own"], cell["other"]) if seat == 0 else (cell["other"], cell["own"])
    rows, columns = (1 + max(pair[axis] for pair in found) for axis in (0, 1))
    for pair in np.ndindex(rows, columns):
        if pair not in found:
            raise BadParameter(f"the payoffs of choices {pair} are not told")
    return tuple(tuple(found[row, column] for column in range(columns)) for row in range(rows))
