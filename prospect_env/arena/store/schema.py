"""The Parquet files of a run: their columns, each described by the data dictionary of `core.episodes`.

=====================  ==========================================================================
`episodes.parquet`     one row per episode and seat, with that seat's metrics
`steps.parquet`        one row per episode, step and seat
`forecasts.parquet`    one row per episode, step, forecaster, lead, own action and seat forecast
`calls.parquet`        one row per question to a language model
=====================  ==========================================================================

Each is a folder of parts, one a shard, which pyarrow and DuckDB 2 read by the folder's name as one table; every version
of DuckDB reads `steps.parquet/*.parquet`.
Fields of `Episodes` find their table by their axes, so a field that is added there needs nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from prospect_env.core.episodes import DICTIONARY, Entry

KINDS = ("episodes", "steps", "forecasts", "calls")

#: fields of `Episodes` under another name, since a row of a long table holds one of many
COLUMNS = {
    "actions": "action",
    "reactions": "reaction",
    "rewards": "reward",
    "forecast": "p",
    "truth": "q",
    "branch_rewards": "branch_reward",
    "foreseen_rewards": "foreseen_reward",
    "branch_returns": "branch_return",
    "messages": "message",
}

#: the table of a field by its axes; axes beyond those of the table's rows become a list in the column
TABLES = {
    "E": "episodes",
    "E T N": "steps",
    "E T N A": "steps",
    "E T N M": "steps",
    "E T N A J": "steps",
    "E T N L A N": "forecasts",
    "E T N L A N R": "forecasts",
    "E T N A N": "forecasts",  # a payoff belongs to a step: both leads of an own action show the same one
    "E T N L N": "forecasts",  # what happened happened: shown in the rows of the own action that was taken
}
LISTS = ("E T N A", "E T N M", "E T N A J", "E T N L A N R")  #: axes of the fields whose columns hold lists

#: what is said of the columns that are no field of `Episodes`
OTHERS = {
    "pairing": ("number", "which of the run's pairings, in the order of config.yaml"),
    "game": ("name", "the game"),
    "seat": ("seat index", "the seat the row is about"),
    "agent": ("name", "the seat's name"),
    "policy": ("spec string", "the policy at the seat"),
    "co_players": ("spec strings", "the policies at the other seats, joined by ' + '"),
    "feed": ("spec string", "what its planner decided by; 'own': its own forecast"),
    "step": ("number", "steps before this one"),
    "forecaster": ("seat index", "the seat that forecasts"),
    "lead": ("0 or 1", "0: a choice in this very step; 1: the first choice after it, the reaction proper"),
    "own_action": ("action index", "the forecaster's own action that the row supposes"),
    "taken": ("true/false", "whether the forecaster did take it: the factual row"),
    "purpose": ("text", "what the question was for; 'own choice' decides, 'own forecast' foresees that decision"),
    "imagined": ("true/false", "whether it was asked in a branch"),
    "model": ("identity", "the language model: name, weight hash, dtype, device"),
    "prompt_hash": ("hex", "what a recorded answer is found by"),
    "prompt": ("text", "the question"),
    "labels": ("texts", "the answers that were scored"),
    "logprobs": ("nats", "log-probability of each label"),
    "mass": ("probability", "that any of the labels would be said at all; where probabilities were stated, their sum"),
    "tokens_in": ("tokens", "tokens of the prompt"),
    "tokens_cached": ("tokens", "tokens of the prompt that were not computed again"),
    "tokens_out": ("tokens", "tokens of the labels that were scored"),
    "latency": ("seconds", "this question's share of its batch"),
    "replayed": ("true/false", "whether a recorded answer was used"),
    "tokens_dropped": ("tokens", "tokens of the prompt that were left out because the model holds no more"),
    "text": ("text", "what was written, where words were asked for and no labels scored"),
}

_KEYS = {
    "episodes": {
        "pairing": pa.int32(), "game": pa.string(), "episode": pa.int64(), "seat": pa.int16(), "agent": pa.string(),
        "policy": pa.string(), "co_players": pa.string(), "feed": pa.string(),
    },
    "steps": {"pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "seat": pa.int16()},
    "forecasts": {
        "pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "forecaster": pa.int16(), "lead": pa.int8(),
        "own_action": pa.int16(), "seat": pa.int16(), "taken": pa.bool_(),
    },
}  # fmt: skip
_CALLS = {
    "pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "seat": pa.int16(), "purpose": pa.string(),
    "imagined": pa.bool_(), "model": pa.string(), "prompt_hash": pa.string(), "prompt": pa.string(),
    "labels": pa.list_(pa.string()), "logprobs": pa.list_(pa.float64()), "mass": pa.float64(), "tokens_in": pa.int32(),
    "tokens_cached": pa.int32(), "tokens_out": pa.int32(), "latency": pa.float64(), "replayed": pa.bool_(),
    "text": pa.string(), "tokens_dropped": pa.int32(),
}  # fmt: skip


def fields_of(kind: str) -> tuple[Entry, ...]:
    """The fields of `Episodes` that are columns of this table, in their order."""
    return tuple(entry for entry in DICTIONARY if TABLES[entry.axes] == kind and entry.name != "episode")


def column_of(field: str) -> str:
    """The name of a field's column."""
    return COLUMNS.get(field, field)


def schema(kind: str, metrics: Iterable[str] = ()) -> pa.Schema:
    """The columns of one of the files; those of `episodes` go on with one a metric."""
    if kind == "calls":
        made = [_field(name, dtype) for name, dtype in _CALLS.items()]
    else:
        made = [_field(name, dtype) for name, dtype in _KEYS[kind].items()]
        for entry in fields_of(kind):
            dtype = _dtype(entry)
            made.append(_field(column_of(entry.name), pa.list_(dtype) if entry.axes in LISTS else dtype, entry))
    if kind == "episodes":
        made += [
            pa.field(name, pa.float64(), metadata={"meaning": f"the metric {name}; see 'prospect list metrics'"})
            for name in metrics
        ]
    dictionary = json.dumps({field.name: {k.decode(): v.decode() for k, v in field.metadata.items()} for field in made})
    return pa.schema(made, metadata={"prospect_env.dictionary": dictionary})


def _dtype(entry: Entry) -> pa.DataType:
    if entry.unit == "true/false":
        return pa.bool_()
    if entry.unit.startswith("text"):
        return pa.string()
    if "index" in entry.unit:
        return pa.int16()
    return pa.int32() if entry.axes == "E" else pa.float32()


def _field(name: str, dtype: pa.DataType, entry: Entry | None = None) -> Any:
    if entry is None and name in OTHERS:
        unit, meaning = OTHERS[name]
        return pa.field(name, dtype, metadata={"unit": unit, "meaning": meaning})
    entry = entry or next(entry for entry in DICTIONARY if entry.name == name)
    about = {"unit": entry.unit, "meaning": entry.meaning, "when": entry.when, "field": entry.name}
    return pa.field(name, dtype, metadata=about)
