"""`Episodes` back from their long tables, equal bit for bit to what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes, columns, fill_value
from prospect_env.core.game import Game
from prospect_env.core.policy import Call
from prospect_env.core.record import realised

_UNITS = {field.name: field.metadata["unit"] for field in columns()}


def episodes(
    game: Game, policies: tuple[str, ...], feeds: tuple[str, ...], tables: Mapping[str, pa.Table], seconds: float
) -> Episodes:
    """The episodes in these tables (one pairing's, in the order of their numbers) by kind."""
    listed, steps = tables["episodes"], tables["steps"]
    seats = game.spec.seats
    number, length, terminated = (_flat(listed, name)[::seats] for name in ("episode", "length", "terminated"))
    shape = (len(number), int(length.max(initial=0)), seats)
    played = np.arange(shape[1]) < length[:, None]

    def fill(name: str, column: str, width: int = 0) -> NDArray[Any] | None:
        flat = _lists(steps, column) if width else _flat(steps, column)
        if flat is None:
            return None
        trailing = (width,) if width else ()
        array = np.full((*shape, *trailing), fill_value(_UNITS[name]), dtype=flat.dtype)
        array[played] = flat.reshape(-1, seats, *trailing)
        return array

    actions = len(game.spec.actions)
    plain: dict[str, Any] = {
        name: fill(name, column)
        for name, column in (
            ("active", "active"), ("actions", "action"), ("executed", "executed"), ("reactions", "reaction"),
            ("rewards", "reward"),
        )
    }  # fmt: skip
    choices: dict[str, Any] = {name: fill(name, name, actions) for name in ("probs", "values")}
    forecasts = _forecasts(game, tables["forecasts"], number, shape)
    if forecasts:
        happened = realised(plain["active"], plain["reactions"], game.spec.window)
        forecasts["realised"] = happened.astype(np.int8)
    return Episodes(
        game, policies, feeds, episode=number, length=length, terminated=terminated, **plain, **choices, **forecasts,
        calls=calls(tables["calls"]), seconds=seconds,
    )  # fmt: skip


def _forecasts(
    game: Game, table: pa.Table, number: NDArray[np.int64], shape: tuple[int, int, int]
) -> dict[str, NDArray[Any] | None]:
    if table.num_rows == 0:
        return {}
    leads, actions, seats, reactions = game.spec.forecast_shape
    each = leads * actions * seats
    row = np.searchsorted(number, _flat(table, "episode")[::each])
    where = row, _flat(table, "step")[::each], _flat(table, "forecaster")[::each]

    def spread(name: str, flat: NDArray[Any] | None, *axes: int) -> NDArray[Any] | None:
        if flat is None:
            return None
        array = np.full((*shape, *axes), fill_value(_UNITS[name]), dtype=flat.dtype)
        array[where] = flat.reshape(-1, *axes)
        return array

    gains = _flat(table, "branch_reward") if not table["branch_reward"].null_count else None
    if gains is not None:
        gains = np.ascontiguousarray(gains.reshape(-1, leads, actions, seats)[:, 0])
    mask = _flat(table, "mask") if not table["mask"].null_count else None
    full = leads, actions, seats, reactions
    return {
        "forecast": spread("forecast", _lists(table, "p"), *full),
        "fed": spread("fed", _lists(table, "fed"), *full),
        "truth": spread("truth", _lists(table, "q"), *full),
        "attainable": spread("attainable", _lists(table, "attainable"), *full),
        "mask": spread("mask", mask, leads, actions, seats),
        "branch_rewards": spread("branch_rewards", gains, actions, seats),
    }


def calls(table: pa.Table) -> tuple[Call, ...]:
    """The recorded questions to language models, in the order in which they were asked."""
    made = []
    for row in table.to_pylist():
        row["match"] = row.pop("episode")
        row.pop("pairing")
        made.append(Call(**{**row, "labels": tuple(row["labels"]), "logprobs": tuple(row["logprobs"])}))
    return tuple(made)


def _flat(table: pa.Table, column: str) -> NDArray[Any]:
    values = table[column].combine_chunks().to_numpy(zero_copy_only=False)
    # What `Episodes` holds are bytes; the files are wider, so that games may have more actions than a byte has room for.
    return values.astype(np.int8) if column in ("action", "executed", "reaction") else values


def _lists(table: pa.Table, column: str) -> NDArray[Any] | None:
    values = table[column].combine_chunks()
    if values.null_count or not len(values):
        return None
    return np.asarray(values.flatten().to_numpy(zero_copy_only=False))
