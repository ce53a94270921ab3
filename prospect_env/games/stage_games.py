"""The classic 2x2 games, one row each: payoffs, action labels, which action cooperates, where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from prospect_env.games.matrix import MatrixGame, matrix_game

_SYMMETRIC = "Rapoport and Guyer 1966, A taxonomy of 2x2 games"

#: name: ((CC, CD), (DC, DD)) as (row, column) payoffs, labels, cooperative actions, source
STAGE_GAMES: dict[str, tuple[Any, tuple[str, str], tuple[int, ...], str]] = {
    "prisoners_dilemma": ((((3, 3), (0, 5)), ((5, 0), (1, 1))), ("cooperate", "defect"), (0,), "Axelrod 1984"),
    "stag_hunt": ((((4, 4), (0, 3)), ((3, 0), (2, 2))), ("stag", "hare"), (0,), "Skyrms 2004"),
    "chicken": ((((3, 3), (1, 5)), ((5, 1), (0, 0))), ("swerve", "straight"), (0,), _SYMMETRIC),
    "battle_of_the_sexes": ((((3, 2), (0, 0)), ((0, 0), (2, 3))), ("opera", "football"), (), "Luce and Raiffa 1957"),
    "matching_pennies": ((((1, -1), (-1, 1)), ((-1, 1), (1, -1))), ("heads", "tails"), (), "von Neumann 1928"),
    "coordination": ((((1, 1), (0, 0)), ((0, 0), (1, 1))), ("left", "right"), (), "Lewis 1969"),
    "deadlock": ((((1, 1), (0, 3)), ((3, 0), (2, 2))), ("cooperate", "defect"), (0,), _SYMMETRIC),
}


def _builder(name: str) -> Callable[..., MatrixGame]:
    table, labels, cooperative, source = STAGE_GAMES[name]
    symmetric = np.array_equal(np.array(table)[..., 0], np.array(table)[..., 1].T)

    def build(rounds: int = 10, discount: float = 1.0, payoffs: Any = table) -> MatrixGame:
        if symmetric and np.shape(payoffs) == (4,):
            cc, cd, dc, dd = payoffs
            payoffs = (((cc, cc), (cd, dc)), ((dc, cd), (dd, dd)))
        return matrix_game(payoffs, rounds, discount, labels, cooperative, name, source)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = (
        f"The repeated {name.replace('_', ' ')} ({source}); actions {labels[0]} and {labels[1]}.\n\n"
        f"`payoffs` [2, 2, 2] defaults to {table}"
        + ("; four numbers stand for one's own at CC, CD, DC, DD" if symmetric else "")
        + ". `rounds` >= 1; `discount` in (0, 1]."
    )
    return build


def __getattr__(name: str) -> Callable[..., MatrixGame]:
    if name in STAGE_GAMES:
        return _builder(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
