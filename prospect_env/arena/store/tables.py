"""`Episodes` as long tables, one row a thing that happened; `store.arrays` is the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from prospect_env.arena.store.schema import LISTS, column_of, fields_of, schema
from prospect_env.core.episodes import Episodes
from prospect_env.core.policy import Call


def tables(episodes: Episodes, pairing: int, metrics: Mapping[str, NDArray[Any]]) -> dict[str, pa.Table]:
    """Every table of these episodes by kind; `metrics` are columns, one value per episode and seat, in that order."""
    return {
        "episodes": _episodes(episodes, pairing, metrics),
        "steps": _steps(episodes, pairing),
        "forecasts": _forecasts(episodes, pairing),
        "calls": _calls(episodes.calls, pairing),
    }


def _episodes(episodes: Episodes, pairing: int, metrics: Mapping[str, NDArray[Any]]) -> pa.Table:
    count, seats = len(episodes), episodes.spec.seats
    names = episodes.policies
    others = [" + ".join(names[:seat] + names[seat + 1 :]) for seat in range(seats)]
    columns = {
        "pairing": np.full(count * seats, pairing),
        "game": [episodes.spec.name] * (count * seats),
        "episode": np.repeat(episodes.episode, seats),
        "seat": np.tile(np.arange(seats), count),
        "agent": list(episodes.spec.agents) * count,
        "policy": list(names) * count,
        "co_players": others * count,
        "feed": list(episodes.feeds) * count,
        **{column_of(entry.name): np.repeat(getattr(episodes, entry.name), seats) for entry in fields_of("episodes")},
        **{name: np.asarray(values, dtype=np.float64) for name, values in metrics.items()},
    }
    return _table("episodes", columns, metrics)


def _steps(episodes: Episodes, pairing: int) -> pa.Table:
    seats = episodes.spec.seats
    played = episodes.played
    row, step = np.nonzero(played)
    columns: dict[str, Any] = {
        "pairing": np.full(len(row) * seats, pairing),
        "episode": np.repeat(episodes.episode[row], seats),
        "step": np.repeat(step, seats),
        "seat": np.tile(np.arange(seats), len(row)),
    }
    for entry in fields_of("steps"):
        array = getattr(episodes, entry.name)
        columns[column_of(entry.name)] = None if array is None else _flat(array[played], entry.axes)
    return _table("steps", columns)


def _forecasts(episodes: Episodes, pairing: int) -> pa.Table:
    if episodes.forecast is None:
        return schema("forecasts").empty_table()
    leads, actions, seats, _ = episodes.spec.forecast_shape
    made = episodes.played[:, :, None] & ~np.isnan(episodes.forecast[:, :, :, 0, 0, 0, 0])
    row, step, forecaster = np.nonzero(made)
    count, each = len(row), leads * actions * seats
    lead, own, seat = (np.tile(axis.reshape(-1), count) for axis in np.indices((leads, actions, seats)))
    taken = own == np.repeat(episodes.actions[made], each)
    columns: dict[str, Any] = {
        "pairing": np.full(count * each, pairing),
        "episode": np.repeat(episodes.episode[row], each),
        "step": np.repeat(step, each),
        "forecaster": np.repeat(forecaster, each),
        "lead": lead,
        "own_action": own,
        "seat": seat,
        "taken": taken,
    }
    whole = (count, leads, actions, seats)
    for entry in fields_of("forecasts"):
        array = getattr(episodes, entry.name)
        values = None if array is None else array[made]
        if values is not None and entry.axes == "E T N A N":
            values = np.broadcast_to(values[:, None], whole)
        elif values is not None and entry.axes == "E T N L N":
            values = np.where(taken.reshape(whole), values[:, :, None], -1)
        columns[column_of(entry.name)] = None if values is None else _flat(values, entry.axes)
    return _table("forecasts", columns)


def _calls(calls: Sequence[Call], pairing: int) -> pa.Table:
    columns: dict[str, Any] = {"pairing": [pairing] * len(calls), "episode": [call.match for call in calls]}
    for name in schema("calls").names[2:]:
        columns[name] = [getattr(call, name) for call in calls]
    return _table("calls", columns)


def _table(kind: str, columns: Mapping[str, Any], metrics: Mapping[str, Any] | None = None) -> pa.Table:
    plan = schema(kind, metrics or ())
    rows = len(columns["pairing"])
    return pa.Table.from_arrays([_column(columns[field.name], field.type, rows) for field in plan], schema=plan)


def _column(values: Any, dtype: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        return pa.nulls(rows, dtype)
    if isinstance(values, pa.Array):
        return values.cast(dtype)
    if isinstance(values, np.ndarray) and not pa.types.is_string(dtype):
        return pa.array(np.ascontiguousarray(values)).cast(dtype)
    return pa.array(values, dtype)


def _flat(array: NDArray[Any], axes: str) -> Any:
    """One value a row, or one list a row: of the last axis, or of what every own action brought every seat."""
    if axes not in LISTS:
        return array.reshape(-1)
    width = array.shape[-1] * (array.shape[-2] if axes.endswith("J") else 1)
    values = np.ascontiguousarray(array).reshape(-1)
    offsets = pa.array(np.arange(0, len(values) + 1, width, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(values))
