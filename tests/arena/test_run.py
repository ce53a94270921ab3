"""Runs on disk: what they hold, and that it is what was played."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from prospect_env.arena import summary
from prospect_env.arena.play import play
from prospect_env.arena.replay import differences, verify
from prospect_env.arena.run import run
from prospect_env.arena.runs import load, read_run
from prospect_env.arena.seating import seat
from prospect_env.core.errors import BadParameter, RunError, UnsuitablePolicy
from prospect_env.core.registry import load as load_target
from tests.arena.small_run import PAIRINGS, config, printed


def test_a_run_gives_back_what_play_gives(finished: Path) -> None:
    seating = seat(config())[0]
    straight = play(seating.game, seating.policies, episodes=10, seed=3, branch="all")
    assert differences(load(finished), straight) == ()
    assert read_run(finished).fingerprint() == printed(finished)


@pytest.mark.parametrize("changes", [{"shard": 1}, {"shard": 100}, {"block": 3}], ids=str)
def test_shards_and_blocks_change_nothing(changes: dict[str, int], finished: Path, tmp_path: Path) -> None:
    assert run(config(**changes), tmp_path / "other").manifest["fingerprint"] == printed(finished)


def test_another_seed_is_another_run(finished: Path, tmp_path: Path) -> None:
    assert run(config(seed=4), tmp_path / "other").manifest["fingerprint"] != printed(finished)


def test_the_manifest_says_what_made_it(finished: Path) -> None:
    manifest = read_run(finished).manifest
    assert manifest["complete"] is True
    assert manifest["schema"] == 1
    assert manifest["packages"]["numpy"]
    assert any("fake" in model for model in manifest["models"])
    assert manifest["pairings"][0]["policies"] == PAIRINGS[0]["policies"]
    assert manifest["episodes"] == 20


@pytest.mark.parametrize("parts", ["", "/*.parquet"])
def test_duckdb_reads_a_folder_as_a_table(parts: str, finished: Path) -> None:
    def count(kind: str) -> int:
        return int(duckdb.sql(f"select count(*) from '{finished}/{kind}.parquet{parts}'").fetchall()[0][0])  # noqa: S608

    assert count("episodes") == 2 * 10 * 2
    assert count("steps") == 2 * 10 * 4 * 2
    assert count("forecasts") == 2 * 10 * 4 * 8
    assert count("calls") > 0
    assert pq.read_table(finished / "episodes.parquet").num_rows == 40


def test_every_part_has_the_same_columns(finished: Path) -> None:
    for kind in ("episodes", "steps", "forecasts", "calls"):
        schemas = {str(pq.read_schema(part)) for part in (finished / f"{kind}.parquet").iterdir()}
        assert len(schemas) == 1, kind


def test_episode_rows_hold_metrics_and_the_sums_they_are_pooled_from(finished: Path) -> None:
    columns = pq.read_schema(next(iter((finished / "episodes.parquet").iterdir()))).names
    assert {"return", "cooperation", "factual_skill", "brier_sum_lead_1_counterfactual_others"} <= set(columns)
    told = load_target("prospect_env.metrics:sums")(load(finished))
    assert set(summary.sum_names(seat(config()), "all")) == set(told)
    plain = config(branch="none")
    told = load_target("prospect_env.metrics:sums")(play("chicken", ["prospective", "grim"], episodes=1))
    assert set(summary.sum_names(seat(plain), "none")) == set(told)


@pytest.mark.parametrize("pairing", [0, 1])
def test_an_episode_played_again_is_the_same(pairing: int, finished: Path) -> None:
    verdict = verify(read_run(finished), 7, pairing)
    assert verdict.same
    assert verdict.differs == ()


def test_recorded_answers_are_used_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prospect_agents.language import fake, predictor

    def refuse(self: object, queries: object) -> None:
        raise AssertionError("the model was asked")

    predictor._remembering.cache_clear()
    monkeypatch.setattr(fake.FakeModel, "score", refuse)
    try:
        assert verify(read_run(finished), 7, 1).same
        with pytest.raises(AssertionError, match="the model was asked"):
            play("prisoners_dilemma", ["lm:model=fake,mode=direct,format=joint_log", "random"])
    finally:
        predictor._remembering.cache_clear()


def test_a_changed_record_is_noticed(copy: Path) -> None:
    receipt = copy / "shards" / "part-00000.json"
    told = json.loads(receipt.read_text())
    told["digests"][2] = "0" * 32
    receipt.write_text(json.dumps(told))
    assert not verify(read_run(copy), 2).same


def test_humans_cannot_be_played_again(tmp_path: Path) -> None:
    made = config(pairings=None, policies=["human", "grim"], episodes=1, branch="none", game="chicken:rounds=1")
    answers = iter("0")
    import builtins

    original = builtins.input
    builtins.input = lambda *_: next(answers)
    try:
        done = run(made, tmp_path / "human")
    finally:
        builtins.input = original
    assert done.episodes().actions[0, 0, 0] == 0
    with pytest.raises(UnsuitablePolicy, match="cannot be asked again"):
        verify(done, 0)


def test_what_is_not_there_is_said(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"not a run.*finished"):
        read_run(finished.parent / "finnished")
    found = read_run(finished)
    with pytest.raises(BadParameter, match=r"no episode 10 .*0 to 9"):
        found.episode(10)
    with pytest.raises(BadParameter, match=r"no pairing 2.*0 to 1"):
        found.episodes(2)


def test_undefined_is_null_in_the_summary(finished: Path) -> None:
    rows = json.loads((finished / "summary.json").read_text())["seats"]
    skill = {(row["pairing"], row["seat"]): row["value"] for row in rows if row["metric"] == "factual_skill"}
    assert skill[0, 1] is None
    assert isinstance(skill[0, 0], float)
    assert all(row["rows"] in range(11) for row in rows)
