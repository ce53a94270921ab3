"""The Parquet files of a run: their columns, each described by the data dictionary of `core.episodes`.

=====================  ==========================================================================
`episodes.parquet`     one row per episode and seat, with that seat's metrics
`steps.parquet`        one row per episode, step and seat
`forecasts.parquet`    one row per episode, step, forecaster, lead, own action and seat forecast
`calls.parquet`        one row per question to a language model
=====================  ==========================================================================

Each is a folder of parts, one a shard, which DuckDB, pyarrow, pandas and polars read by the folder's name as one table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow as pa

from prospect_env.core.episodes import DICTIONARY

KINDS = ("episodes", "steps", "forecasts", "calls")

#: columns that are a field of `Episodes` under another name: one row of a long table holds one, not many
FIELDS = {
    "action": "actions",
    "reaction": "reactions",
    "reward": "rewards",
    "p": "forecast",
    "q": "truth",
    "branch_reward": "branch_rewards",
}

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
    "purpose": ("text", "what the question was asked for"),
    "imagined": ("true/false", "whether it was asked in a branch"),
    "model": ("identity", "the language model: name, weight hash, dtype, device"),
    "prompt_hash": ("hex", "what a recorded answer is found by"),
    "prompt": ("text", "the question"),
    "labels": ("texts", "the answers that were scored"),
    "logprobs": ("nats", "log-probability of each label"),
    "mass": ("probability", "probability that any of the labels would be said at all"),
    "tokens_in": ("tokens", "tokens of the prompt"),
    "tokens_cached": ("tokens", "tokens of the prompt that were not computed again"),
    "tokens_out": ("tokens", "tokens of the labels that were scored"),
    "latency": ("seconds", "this question's share of its batch"),
    "replayed": ("true/false", "whether a recorded answer was used"),
}

_BOOLS, _FLOATS = pa.list_(pa.bool_()), pa.list_(pa.float32())

_EPISODES = {
    "pairing": pa.int32(), "game": pa.string(), "episode": pa.int64(), "seat": pa.int16(), "agent": pa.string(),
    "policy": pa.string(), "co_players": pa.string(), "feed": pa.string(), "length": pa.int32(), "terminated": pa.bool_(),
}  # fmt: skip
_STEPS = {
    "pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "seat": pa.int16(), "active": pa.bool_(),
    "action": pa.int16(), "executed": pa.int16(), "reaction": pa.int16(), "reward": pa.float32(),
    "probs": _FLOATS, "values": _FLOATS,
}  # fmt: skip
_FORECASTS = {
    "pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "forecaster": pa.int16(), "lead": pa.int8(),
    "own_action": pa.int16(), "seat": pa.int16(), "taken": pa.bool_(), "p": _FLOATS, "fed": _FLOATS, "q": _FLOATS,
    "attainable": _BOOLS, "mask": pa.bool_(), "realised": pa.int16(), "branch_reward": pa.float32(),
}  # fmt: skip
_CALLS = {
    "pairing": pa.int32(), "episode": pa.int64(), "step": pa.int32(), "seat": pa.int16(), "purpose": pa.string(),
    "imagined": pa.bool_(), "model": pa.string(), "prompt_hash": pa.string(), "prompt": pa.string(),
    "labels": pa.list_(pa.string()), "logprobs": pa.list_(pa.float64()), "mass": pa.float64(), "tokens_in": pa.int32(),
    "tokens_cached": pa.int32(), "tokens_out": pa.int32(), "latency": pa.float64(), "replayed": pa.bool_(),
}  # fmt: skip


def schema(kind: str, metrics: Iterable[str] = ()) -> pa.Schema:
    """The columns of one of the files; those of `episodes` go on with one a metric."""
    columns = {"episodes": _EPISODES, "steps": _STEPS, "forecasts": _FORECASTS, "calls": _CALLS}[kind]
    made = [pa.field(name, dtype, metadata=_meaning(name)) for name, dtype in columns.items()]
    if kind == "episodes":
        made += [pa.field(name, pa.float64(), metadata={"meaning": f"metric {name}: see prospect list metrics"}) for name in metrics]
    dictionary = json.dumps({field.name: {k.decode(): v.decode() for k, v in field.metadata.items()} for field in made})
    return pa.schema(made, metadata={"prospect_env.dictionary": dictionary})


def _meaning(column: str) -> dict[str, str]:
    if column in OTHERS:
        unit, meaning = OTHERS[column]
        return {"unit": unit, "meaning": meaning}
    entry = next(entry for entry in DICTIONARY if entry.name == FIELDS.get(column, column))
    return {"unit": entry.unit, "meaning": entry.meaning, "when": entry.when, "field": entry.name}
