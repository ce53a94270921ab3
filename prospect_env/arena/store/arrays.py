"""`Episodes` back from their long tables, equal bit for bit to what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from prospect_env.arena.store.schema import LISTS, column_of, fields_of
from prospect_env.core.episodes import Entry, Episodes, fill_value
from prospect_env.core.game import Game
from prospect_env.core.policy import Call
from prospect_env.core.record import realised

Arrays = dict[str, Any]


def episodes(
    game: Game, policies: tuple[str, ...], feeds: tuple[str, ...], tables: Mapping[str, pa.Table], seconds: float
) -> Episodes:
    """The episodes in these tables (one pairing's, in the order of their numbers) by kind."""
    seats = game.spec.seats
    number = _numbers(tables["episodes"], "episode")[::seats]
    found: Arrays = {entry.name: _numbers(tables["episodes"], entry.name)[::seats] for entry in fields_of("episodes")}
    played = np.arange(int(found["length"].max(initial=0))) < found["length"][:, None]
    found |= _steps(game, tables["steps"], played)
    found |= _forecasts(game, tables["forecasts"], number, played.shape)
    if found["forecast"] is not None:
        # Recorded of every seat that acts, forecasts or not; it follows from what they did.
        found["realised"] = realised(
            found["active"], found["reactions"], game.spec, found["length"], found["terminated"]
        )
    return Episodes(game, policies, feeds, episode=number, **found, calls=calls(tables["calls"]), seconds=seconds)


def _steps(game: Game, table: pa.Table, played: NDArray[np.bool_]) -> Arrays:
    seats, found = game.spec.seats, {}
    for entry in fields_of("steps"):
        values = _values(table, entry)
        actions, measures = len(game.spec.actions), len(game.spec.measures)
        widths = {"E T N A": (actions,), "E T N M": (measures,), "E T N A J": (actions, seats)}
        trailing = widths.get(entry.axes, ())
        if values is not None:
            array = np.full((*played.shape, seats, *trailing), fill_value(entry.unit), dtype=values.dtype)
            array[played] = values.reshape(-1, seats, *trailing)
            values = array
        found[entry.name] = values
    return found


def _forecasts(game: Game, table: pa.Table, number: NDArray[np.int64], shape: tuple[int, ...]) -> Arrays:
    entries = fields_of("forecasts")
    if table.num_rows == 0:
        return {entry.name: None for entry in entries}
    leads, actions, seats, reactions = game.spec.forecast_shape
    each = leads * actions * seats
    row = np.searchsorted(number, _numbers(table, "episode")[::each])
    where = row, _numbers(table, "step")[::each], _numbers(table, "forecaster")[::each]
    found: Arrays = {}
    for entry in entries:
        values = _values(table, entry)
        if values is not None:
            axes: tuple[int, ...] = (leads, actions, seats) + ((reactions,) if entry.axes in LISTS else ())
            values = values.reshape(-1, *axes)
            if entry.axes == "E T N A N":
                values, axes = values[:, 0], axes[1:]
            array = np.full((*shape, seats, *axes), fill_value(entry.unit), dtype=values.dtype)
            array[where] = values
            values = array
        found[entry.name] = values
    return found


def calls(table: pa.Table) -> tuple[Call, ...]:
    """The recorded questions to language models, in the order in which they were asked."""
    made = []
    for row in table.to_pylist():
        row["match"] = row.pop("episode")
        row.pop("pairing")
        made.append(Call(**{**row, "labels": tuple(row["labels"]), "logprobs": tuple(row["logprobs"])}))
    return tuple(made)


def _values(table: pa.Table, entry: Entry) -> NDArray[Any] | None:
    """A field's column as one flat array, lists one after another; None where nothing was recorded."""
    column = table[column_of(entry.name)].combine_chunks()
    if column.null_count:
        return None
    values = np.asarray((column.flatten() if entry.axes in LISTS else column).to_numpy(zero_copy_only=False))
    # The files are wider, so that a game may have more actions than a byte has room for; `Episodes` holds bytes.
    return values.astype(np.int8) if "index" in entry.unit else values


def _numbers(table: pa.Table, column: str) -> NDArray[Any]:
    return np.asarray(table[column].combine_chunks().to_numpy(zero_copy_only=False))
