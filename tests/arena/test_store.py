"""Episodes on disk: back bit for bit, described, and read by anybody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prospect_env.arena.play import play
from prospect_env.arena.replay import differences
from prospect_env.arena.store import arrays
from prospect_env.arena.store.fingerprint import digests, fingerprint
from prospect_env.arena.store.schema import KINDS, schema
from prospect_env.arena.store.tables import tables
from prospect_env.core.episodes import DICTIONARY, Episodes
from prospect_env.core.make import make_game
from tests.toys import Cards, Offers

CASES: dict[str, dict[str, Any]] = {
    "plain": {"game": "prisoners_dilemma", "policies": ["tit_for_tat", "random_memory_one"]},
    "one forecaster, branched": {"game": "chicken", "policies": ["prospective", "random"], "branch": "all"},
    "two forecasters, one fed": {
        "game": "matching_pennies",
        "policies": ["prospective:predictor=counts", "forecasting:actor=random"],
        "branch": "all",
        "feeds": {1: "marginal"},
    },
    "not branched": {"game": "stag_hunt", "policies": ["random", "prospective:predictor=uniform"]},
    "in turns, coarse reactions": {
        "game": Offers(),
        "policies": ["forecasting:actor=random,predictor=uniform", "random"],
        "branch": "all",
    },
    "three seats, hidden": {
        "game": Cards(),
        "policies": ["random", "forecasting:actor=random,predictor=marginal", "random"],
        "branch": "all",
    },
    "a language model": {"game": "chicken", "policies": ["lm:model=fake,mode=scot", "grim"], "branch": "all"},
    "ends at random": {
        "game": make_game("deadlock", rounds=9, noise=0.1, termination_probability=0.3),
        "policies": ["prospective", "random"],
        "branch": "all",
    },
}


def played(case: str, episodes: Any = 6) -> Episodes:
    return play(**CASES[case], episodes=episodes, seed=5)


@pytest.mark.parametrize("case", CASES)
def test_episodes_come_back_bit_for_bit(case: str, tmp_path: Path) -> None:
    one = played(case)
    back = {}
    for kind, table in tables(one, 3, {}).items():
        pq.write_table(table, tmp_path / kind)
        back[kind] = pq.ParquetFile(tmp_path / kind).read()
    two = arrays.episodes(one.game, one.policies, one.feeds, back, one.seconds)
    assert differences(one, two) == ()
    assert two.calls == one.calls
    assert digests(two) == digests(one)


@pytest.mark.parametrize("case", CASES)
def test_the_fingerprint_does_not_see_how_episodes_were_cut(case: str) -> None:
    whole = digests(played(case, 5))
    pieces = [
        digest for start, stop in ((0, 1), (1, 4), (4, 5)) for digest in digests(played(case, np.arange(start, stop)))
    ]
    assert pieces == whole
    assert len(set(whole)) > 1 or "grim" in CASES[case]["policies"]


def test_the_fingerprint_sees_every_field() -> None:
    one = played("two forecasters, one fed", 1)
    before = digests(one)
    for entry in DICTIONARY:
        array = getattr(one, entry.name)
        if entry.name in ("episode", "length") or array is None:
            continue
        changed = array.copy()
        flat = changed.reshape(-1)
        flat[0] = ~flat[0] if changed.dtype == bool else flat[0] + 1
        assert digests(replace(one, **{entry.name: changed})) != before, entry.name


def test_the_fingerprint_does_not_see_latency_or_the_kind_of_nan() -> None:
    one = played("two forecasters, one fed", 1)
    assert one.forecast is not None
    odd = one.forecast.copy()
    odd[np.isnan(odd)] = -np.float32(np.nan)
    assert digests(replace(one, forecast=odd, seconds=7.0, calls=())) == digests(one)
    assert fingerprint([["00"], ["01"]]) != fingerprint([["00", "01"]])


def test_every_column_says_what_it_is() -> None:
    for kind in KINDS:
        found = schema(kind, ["return"])
        assert b"prospect_env.dictionary" in found.metadata
        for column in found:
            assert column.metadata[b"meaning"], column.name
    told = {column.metadata.get(b"field", b"").decode() for kind in KINDS for column in schema(kind)}
    assert {entry.name for entry in DICTIONARY} <= told | {"episode"}


def test_rows_are_as_described() -> None:
    one = played("one forecaster, branched", 2)
    made = tables(one, 0, {"return": np.arange(4.0)})
    steps = int(one.length.sum())
    leads, actions, seats, _ = one.spec.forecast_shape
    assert made["episodes"].num_rows == 4
    assert made["episodes"]["return"].to_pylist() == [0, 1, 2, 3]
    assert made["episodes"]["co_players"].to_pylist()[:2] == ["random", "prospective"]
    assert made["steps"].num_rows == steps * seats
    assert made["forecasts"].num_rows == steps * leads * actions * seats
    rows = made["forecasts"].to_pylist()
    taken = [row for row in rows if row["taken"]]
    assert len(taken) == len(rows) // 2
    assert all(row["realised"] == -1 for row in rows if not row["taken"])
    assert all(abs(sum(row["p"]) - 1) < 1e-6 for row in rows)
    row = next(row for row in taken if row["lead"] == 0 and row["seat"] == 1)
    assert row["realised"] == one.reactions[0, row["step"], 1]
    assert isinstance(made["calls"], pa.Table)
