"""Episodes made by hand, for arithmetic that can be checked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from prospect_env.core.episodes import Episodes, columns
from prospect_env.core.game import Game
from prospect_env.core.make import make_game

C, D = 0, 1


def episodes(
    *matches: str | list[tuple[int, ...]], game: str | Game = "prisoners_dilemma", executed: Any = None, **fields: Any
) -> Episodes:
    """Two-seat episodes from strings such as `"CD DD"`, a word a step; rewards are the prisoner's dilemma's.

    Shorter matches are filled up as the recorder does.
    """
    rules = make_game(game) if isinstance(game, str) else game
    played = [[tuple("CD".index(x) for x in word) for word in m.split()] if isinstance(m, str) else m for m in matches]
    steps, seats = max(map(len, played)), rules.spec.seats
    actions = np.full((len(played), steps, seats), -1, dtype=np.int8)
    for e, match in enumerate(played):
        actions[e, : len(match)] = match
    active = actions >= 0
    done = actions if executed is None else np.asarray(executed, dtype=np.int8)
    payoffs = np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], dtype=np.float32)
    if "rewards" not in fields:
        fields["rewards"] = np.where(active, payoffs[done[..., 0], done[..., 1]], 0).astype(np.float32)
    base: dict[str, Any] = {
        **{column.name: None for column in columns()},
        "episode": np.arange(len(played)),
        "length": active.any(axis=2).sum(axis=1),
        "terminated": np.ones(len(played), dtype=bool),
        "active": active,
        "actions": actions,
        "executed": done,
        "reactions": done,
    }
    names = tuple(f"policy_{seat}" for seat in range(seats))
    return Episodes(rules, names, ("own",) * seats, **{**base, **fields})


def forecasting(
    matches: list[str], rows: np.ndarray, truth: np.ndarray, game: str | Game = "prisoners_dilemma", **fields: Any
) -> Episodes:
    """Episodes in which seat 0 forecasts seat 1: `rows` and `truth` `[E, T, A, R]` at lead 1, everything attainable.

    Lead-0 rows and rows about seat 0 itself are uniform and masked.
    """
    plain = episodes(*matches, game=game)
    e, t, a, r = rows.shape
    shape = (e, t, 2, 2, a, 2, r)
    forecast, true = (np.full(shape, np.nan, dtype=np.float32) for _ in range(2))
    mask = np.zeros(shape[:-1], dtype=bool)
    forecast[:, :, 0], true[:, :, 0] = 1 / r, 1 / r
    forecast[:, :, 0, 1, :, 1], true[:, :, 0, 1, :, 1] = rows, truth
    mask[:, :, 0, 1, :, 1] = plain.active[:, :, 0, None]
    later = np.full((e, t), -1)
    later[:, :-1] = plain.reactions[:, 1:, 1]
    realised = np.full((e, t, 2, 2, 2), -1, dtype=np.int8)
    realised[:, :, 0, 1, 1] = later
    base = {
        "forecast": forecast,
        "truth": true,
        "mask": mask,
        "attainable": np.ones(shape, dtype=bool),
        "legal": np.repeat(plain.active[..., None], a, axis=-1),
        "realised": realised,
    }
    return episodes(*matches, game=game, **{**base, **fields})
